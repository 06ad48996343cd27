//! The drawing of a report: a line over time if one of its dimensions is a time, else a bar for each row.
//!
//! Only as many rows are kept as can be read in a drawing; the rest is counted, and the drawing says so. Several date
//! ranges are overlaid: the first day of one on the first day of the others, and so on.

use std::collections::BTreeSet;

use ga_client::rows::{Detail, Role, moment};
use ga_core::moment::{bounds, step};
use ga_core::paging::DATE_RANGE;
use gauth_cli::terminal::sanitise;

use super::days::{Days, Range};
use super::{Column, Layout};

/// Dimensions of time, each with its step.
const TIMES: [(&str, &str); 14] = [
    ("date", "day"),
    ("dateHour", "hour"),
    ("dateHourMinute", "minute"),
    ("yearMonth", "month"),
    ("yearWeek", "week"),
    ("isoYearIsoWeek", "week"),
    ("year", "year"),
    ("nthDay", "day"),
    ("nthWeek", "week"),
    ("nthMonth", "month"),
    ("nthHour", "hour"),
    ("nthMinute", "minute"),
    ("hour", "hour"),
    ("minutesAgo", "minute"),
];
const MOST_BARS: usize = 30;
const MOST_LINES: usize = 8;
const MOST_POINTS: usize = 20_000;
/// The most steps between the first and the last moment; beyond that, only moments with a point are steps.
const MOST_STEPS: i64 = 10_000;

/// The part of the rows that is drawn.
pub(super) struct Figure {
    pub(super) metrics: Vec<Column>,
    /// The column of moments; bars are drawn without one.
    time: Option<usize>,
    /// The dimension of time, and its step.
    unit: (&'static str, &'static str),
    /// The column of ranges, if they are overlaid.
    range: Option<usize>,
    ranges: Vec<Range>,
    labels: Vec<usize>,
    values: Vec<usize>,
    pub(super) series: Vec<Series>,
    /// From the first to the last moment.
    pub(super) steps: usize,
    points: usize,
    pub(super) rows: u64,
    pub(super) left_out: u64,
}

/// A line, or a bar with one point.
pub(super) struct Series {
    pub(super) label: String,
    pub(super) points: Vec<Point>,
}

pub(super) struct Point {
    /// The moment, in steps; at the end counted from the first of the drawing.
    pub(super) step: i64,
    range: usize,
    /// The moment, formatted for people.
    pub(super) moment: String,
    /// A value for each metric.
    pub(super) values: Vec<f64>,
}

impl Figure {
    pub(super) fn new(layout: &Layout, days: Days) -> Self {
        let columns = || layout.columns.iter().enumerate();
        let unit = |column: &Column| TIMES.into_iter().find(|(name, _)| !column.is_metric && column.name == *name);
        let time = columns().find_map(|(place, column)| Some((place, unit(column)?)));
        let range = columns().position(|(_, c)| time.is_some() && !c.is_metric && c.name == DATE_RANGE);
        let labels = columns().filter(|&(place, c)| !c.is_metric && Some(place) != time.map(|(time, _)| time));
        let values = columns().filter(|(_, c)| c.is_metric);
        Self {
            metrics: values.clone().map(|(_, column)| column.clone()).collect(),
            time: time.map(|(place, _)| place),
            unit: time.map_or(("", ""), |(_, unit)| unit),
            range: range.filter(|_| days.ranges.len() > 1),
            ranges: days.ranges,
            labels: labels.map(|(place, _)| place).collect(),
            values: values.map(|(place, _)| place).collect(),
            series: Vec::new(),
            steps: 0,
            points: 0,
            rows: 0,
            left_out: 0,
        }
    }

    pub(super) fn is_over_time(&self) -> bool {
        self.time.is_some()
    }

    pub(super) fn add(&mut self, cells: &[&[u8]]) {
        self.rows += 1;
        let text = |place: usize| String::from_utf8_lossy(cells[place]);
        let label: Vec<String> = self.labels.iter().map(|place| sanitise(&text(*place))).collect();
        let label = label.join(" / ");
        let number = |place: &usize| text(*place).parse().ok().filter(|value: &f64| value.is_finite());
        let values = self.values.iter().map(|place| number(place).unwrap_or_default()).collect();
        let range = self.range.and_then(|place| {
            let name = text(place);
            self.ranges.iter().position(|range| range.name == name)
        });
        let (step, moment) = match self.time {
            Some(place) => match step(self.unit.0, &text(place)) {
                Some(step) => (step, moment(self.unit.0, &text(place)).unwrap_or_else(|| text(place).into_owned())),
                // `(other)` is not a moment.
                None => {
                    self.left_out += 1;
                    return;
                }
            },
            None => (0, String::new()),
        };
        if self.is_outside(range, step) {
            return;
        }
        let known = match self.time {
            Some(_) => self.series.iter().position(|series| series.label == label),
            None => None,
        };
        let most = if self.is_over_time() { MOST_LINES } else { MOST_BARS };
        let is_full = known.is_none() && self.series.len() == most;
        if is_full || self.points == MOST_POINTS {
            self.left_out += 1;
            return;
        }
        self.points += 1;
        let place = known.unwrap_or_else(|| {
            self.series.push(Series { label, points: Vec::new() });
            self.series.len() - 1
        });
        self.series[place].points.push(Point { step, range: range.unwrap_or(0), moment, values });
    }

    /// Google sends a row for each range at each moment, with zeros if the moment is outside the range.
    fn is_outside(&self, range: Option<usize>, step: i64) -> bool {
        let bounds = range.and_then(|range| bounds(self.unit.0, self.ranges[range].days?));
        bounds.is_some_and(|(first, last)| step < first || step > last)
    }

    /// After the last row: sorts the points of each line by time.
    pub(super) fn finish(&mut self) {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let earliest = |range: Option<usize>| {
            let of_range = points().filter(|point| range.is_none_or(|range| point.range == range));
            of_range.map(|point| point.step).min().unwrap_or(0)
        };
        // The start of each range, or, unless ranges are overlaid, the common start.
        let mut begins = vec![earliest(None); self.ranges.len().max(1)];
        if self.range.is_some() {
            for (place, (begin, range)) in begins.iter_mut().zip(&self.ranges).enumerate() {
                let first = range.days.and_then(|days| bounds(self.unit.0, days)).map(|(first, _)| first);
                *begin = first.unwrap_or_else(|| earliest(Some(place)));
            }
        }
        for series in &mut self.series {
            for point in &mut series.points {
                point.step -= begins[point.range];
            }
            series.points.sort_by_key(|point| point.step);
        }
        // In the order of the request: a row outside its range may have come first.
        self.series.sort_by_key(|series| series.points[0].range);
        let steps: BTreeSet<i64> = self.series.iter().flat_map(|s| s.points.iter().map(|point| point.step)).collect();
        let last = steps.last().copied().unwrap_or(0);
        if last < MOST_STEPS {
            self.steps = usize::try_from(last + 1).unwrap_or(0);
            return;
        }
        let steps: Vec<i64> = steps.into_iter().collect();
        for point in self.series.iter_mut().flat_map(|series| &mut series.points) {
            point.step = steps.binary_search(&point.step).unwrap_or(0) as i64;
        }
        self.steps = steps.len();
    }

    /// The label of a step: its moment, or `day 3` with several ranges.
    pub(super) fn step_label(&self, step: usize) -> String {
        if self.range.is_some() {
            return format!("{} {}", self.unit.1, step + 1);
        }
        let points = self.series.iter().flat_map(|series| &series.points);
        let nearest = points.min_by_key(|point| point.step.abs_diff(step as i64));
        nearest.map_or_else(String::new, |point| point.moment.clone())
    }

    /// The smallest and the largest value of a metric, zero included.
    pub(super) fn range(&self, metric: usize) -> (f64, f64) {
        let points = self.series.iter().flat_map(|series| &series.points);
        points.fold((0.0, 0.0), |(low, high), point| (point.values[metric].min(low), point.values[metric].max(high)))
    }

    /// A scale with round numbers for a metric, from bottom to top.
    pub(super) fn scale(&self, metric: usize) -> (f64, f64) {
        let (low, high) = self.range(metric);
        let bottom = if low < 0.0 { -rounded_up(-low) } else { 0.0 };
        (bottom, rounded_up(high))
    }

    pub(super) fn shown(&self, metric: usize, value: f64) -> String {
        self.metrics[metric].shown_value(value, Detail::FULL)
    }

    /// A value on the scale.
    pub(super) fn mark(&self, metric: usize, value: f64) -> String {
        self.metrics[metric].shown_value(value, Detail::ROUND)
    }
}

impl Series {
    /// Runs of points without a gap.
    pub(super) fn unbroken(&self) -> impl Iterator<Item = &[Point]> {
        self.points.chunk_by(|a, b| b.step - a.step <= 1)
    }
}

/// `Sessions and Total users by country`.
pub(super) fn title(layout: &Layout) -> String {
    let names = |is_metric| {
        let columns = layout.columns.iter().filter(move |c| c.is_metric == is_metric && c.role == Role::Value);
        columns.map(move |column| sanitise(&if is_metric { column.heading.clone() } else { within_a_line(column) }))
    };
    let (metrics, dimensions): (Vec<_>, Vec<_>) = (names(true).collect(), names(false).collect());
    match (&metrics[..], &dimensions[..]) {
        (metrics, []) => listed(metrics, "metrics"),
        ([], dimensions) => listed(dimensions, "dimensions"),
        (metrics, dimensions) => format!("{} by {}", listed(metrics, "metrics"), listed(dimensions, "dimensions")),
    }
}

/// A name in words, as it is written within a line: `Page title` as `page title`, but `URL` as it is.
fn within_a_line(column: &Column) -> String {
    let mut letters = column.heading.chars();
    match letters.next() {
        Some(first) if column.heading != column.name && letters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => column.heading.clone(),
    }
}

/// `a, b and c`; of many, the first two and the number of the others.
fn listed(names: &[String], kind: &str) -> String {
    match names {
        [first, second, rest @ ..] if rest.len() > 1 => format!("{first}, {second} and {} more {kind}", rest.len()),
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        names => names.concat(),
    }
}

/// The smallest of 1, 1.5, 2, 3, … 10, 15, … that is not below the value.
fn rounded_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let unit = 10f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let fits = steps.iter().map(|step| step * unit);
    fits.clone().find(|top| *top >= value).unwrap_or(10.0 * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_number() {
        for (value, top) in [(0.0, 1.0), (1.0, 1.0), (11.0, 15.0), (0.34, 0.4), (99.0, 100.0)] {
            assert!((rounded_up(value) - top).abs() < 1e-9, "{value}");
        }
    }
}
