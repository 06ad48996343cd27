//! What is drawn of a report, in the terminal and on a page: lines if one of its dimensions is a time, else bars; in
//! panels of their own where lines would tangle and where bars have two dimensions.
//!
//! Only as many rows are kept as can be read in a drawing; the rest is counted, and the drawing says so. Several date
//! ranges are overlaid, the first day of one on the first day of the others, and so is the period that a report is
//! compared with.

mod scale;
mod ticks;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ga_client::rows::{Detail, Measure, Role, moment};
use ga_core::moment::{bounds, step};
use ga_core::paging::DATE_RANGE;
use gauth_cli::terminal::sanitise;

use super::days::{Days, Range};
use super::{Column, Layout};
pub(super) use scale::Scale;
pub(super) use ticks::Tick;

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
/// The most lines in one drawing; more are drawn in panels.
const MOST_LINES: usize = 5;
const MOST_LINE_PANELS: usize = 12;
const MOST_BAR_PANELS: usize = 8;
const MOST_BARS_OF_PANEL: usize = 10;
/// How many rows are kept before it is decided which of them are drawn.
const MOST_CELLS: usize = 600;
const MOST_POINTS: usize = 20_000;
/// The most steps between the first and the last moment; beyond that, only moments with a point are steps.
const MOST_STEPS: i64 = 10_000;

/// The part of the rows that is drawn.
pub(super) struct Figure {
    pub(super) metrics: Vec<Metric>,
    /// The column of moments; bars are drawn without one.
    time: Option<usize>,
    /// The dimension of time, and its step.
    unit: (&'static str, &'static str),
    /// The column of ranges, if they are overlaid.
    range: Option<usize>,
    ranges: Vec<Range>,
    /// The period that they are compared with.
    other: Option<Range>,
    /// The columns of its labels, and where they are.
    labels: Vec<(usize, Column)>,
    /// All that may be drawn, until the last row has come, and where each is by its label.
    series: Vec<Series>,
    places: HashMap<String, usize>,
    /// Whether those that are known are all that may be drawn.
    is_full: bool,
    points: usize,
    /// The moments by their numbers, formatted for people.
    moments: BTreeMap<i64, String>,
    /// The number of the first moment that is drawn.
    first: i64,
    /// Whether moments without a point are left out.
    is_sparse: bool,
    pub(super) rows: u64,
    drawn: u64,
    pub(super) panels: Vec<Panel>,
    /// From the first to the last moment.
    pub(super) steps: usize,
}

/// One metric, and what a comparison adds to it.
pub(super) struct Metric {
    pub(super) column: Column,
    place: usize,
    previous: Option<usize>,
    change: Option<Column>,
}

/// Lines or bars that share their axes.
pub(super) struct Panel {
    /// Empty if it is the only one.
    pub(super) title: String,
    pub(super) series: Vec<Series>,
}

/// A line, or a bar with one point.
pub(super) struct Series {
    pub(super) label: String,
    /// What the label is made of.
    names: Vec<String>,
    pub(super) points: Vec<Point>,
    rows: u64,
}

pub(super) struct Point {
    /// The number of its moment.
    number: i64,
    /// The moment, in steps from the first of the drawing.
    pub(super) step: i64,
    range: usize,
    /// For each metric its value and that of the other period; not a number where there is none.
    pub(super) values: Vec<[f64; 2]>,
}

impl Figure {
    pub(super) fn new(layout: &Layout, days: Days) -> Self {
        let columns = || layout.columns.iter().enumerate();
        let unit = |column: &Column| TIMES.into_iter().find(|(name, _)| !column.is_metric && column.name == *name);
        let time = columns().find_map(|(place, column)| Some((place, unit(column)?)));
        let range = columns().position(|(_, c)| time.is_some() && !c.is_metric && c.name == DATE_RANGE);
        let labels = columns().filter(|&(place, c)| !c.is_metric && Some(place) != time.map(|(time, _)| time));
        Self {
            metrics: metrics(layout),
            time: time.map(|(place, _)| place),
            unit: time.map_or(("", ""), |(_, unit)| unit),
            range: range.filter(|_| days.ranges.len() > 1),
            ranges: days.ranges,
            other: days.other,
            labels: labels.map(|(place, column)| (place, column.clone())).collect(),
            series: Vec::new(),
            places: HashMap::new(),
            is_full: false,
            points: 0,
            moments: BTreeMap::new(),
            first: 0,
            is_sparse: false,
            rows: 0,
            drawn: 0,
            panels: Vec::new(),
            steps: 0,
        }
    }

    pub(super) fn is_over_time(&self) -> bool {
        self.time.is_some()
    }

    /// Whether a metric has the values of another period.
    pub(super) fn is_compared(&self) -> bool {
        self.metrics.iter().any(|metric| metric.previous.is_some())
    }

    /// The number of rows that are not drawn.
    pub(super) fn left_out(&self) -> u64 {
        self.rows - self.drawn
    }

    pub(super) fn add(&mut self, cells: &[&[u8]]) {
        self.rows += 1;
        let text = |place: usize| String::from_utf8_lossy(cells[place]);
        let range = self.range.and_then(|place| {
            let name = text(place);
            self.ranges.iter().position(|range| range.name == name)
        });
        let number = match self.time {
            Some(place) => match step(self.unit.0, &text(place)) {
                Some(number) => number,
                // `(other)` is not a moment.
                None => return,
            },
            None => 0,
        };
        if self.is_outside(range, number) {
            self.drawn += 1;
            return;
        }
        if !self.is_over_time() && self.series.len() == self.most() {
            return;
        }
        let names: Vec<String> =
            self.labels.iter().map(|(place, column)| column.shown(cells[*place], Detail::ROUND)).collect();
        let Some(place) = self.place(names) else {
            return;
        };
        if let Some(time) = self.time.filter(|_| !self.moments.contains_key(&number)) {
            let text = text(time);
            self.moments.insert(number, moment(self.unit.0, &text).unwrap_or_else(|| text.into_owned()));
        }
        let values = self.metrics.iter().map(|metric| metric.values(cells)).collect();
        self.series[place].points.push(Point { number, step: number, range: range.unwrap_or(0), values });
        self.series[place].rows += 1;
        self.points += 1;
        if self.points == MOST_POINTS {
            self.close();
        }
    }

    /// Google sends a row for each range at each moment, with zeros if the moment is outside the range.
    fn is_outside(&self, range: Option<usize>, number: i64) -> bool {
        let bounds = range.and_then(|range| bounds(self.unit.0, self.ranges[range].days?));
        bounds.is_some_and(|(first, last)| number < first || number > last)
    }

    /// The most series that are kept until the last row.
    fn most(&self) -> usize {
        match (self.time, self.labels.len()) {
            (Some(_), _) => MOST_POINTS,
            (None, 2) => MOST_CELLS,
            (None, _) => MOST_BARS,
        }
    }

    /// Where the series of this label is. `None` if it cannot be drawn.
    fn place(&mut self, names: Vec<String>) -> Option<usize> {
        let label = names.join(" / ");
        let known = self.places.get(&label).copied().filter(|_| self.is_over_time());
        let is_full = self.is_full || self.series.len() == self.most();
        match known {
            Some(place) => Some(place).filter(|_| self.points < 10 * MOST_POINTS),
            None if is_full => None,
            None => {
                self.places.insert(label.clone(), self.series.len());
                self.series.push(Series { label, names, points: Vec::new(), rows: 0 });
                Some(self.series.len() - 1)
            }
        }
    }

    /// Keeps twice as many lines as are drawn, the largest until now, and takes no other from now on.
    fn close(&mut self) {
        self.is_full = true;
        self.keep_largest(2 * MOST_LINE_PANELS);
        self.places = self.series.iter().enumerate().map(|(place, s)| (s.label.clone(), place)).collect();
        self.points = self.series.iter().map(|series| series.points.len()).sum();
    }

    /// Keeps the series with the largest sums of the first metric, the largest first.
    fn keep_largest(&mut self, most: usize) {
        let size = |series: &Series| {
            let values = series.points.iter().filter_map(|point| point.values.first());
            values.map(|[value, _]| value.abs()).filter(|value| !value.is_nan()).sum::<f64>()
        };
        self.series.sort_by(|a, b| size(b).total_cmp(&size(a)));
        self.series.truncate(most);
    }

    /// After the last row: decides what is drawn.
    pub(super) fn finish(&mut self) {
        if self.is_over_time() {
            self.align();
            self.keep_largest(MOST_LINE_PANELS);
            // In the order of the request.
            self.series.sort_by_key(|series| series.points[0].range);
        }
        let series = std::mem::take(&mut self.series);
        let most_lines = if self.is_compared() { 2 } else { MOST_LINES };
        self.panels = if self.is_over_time() && series.len() > most_lines {
            let alone = |series: Series| Panel { title: series.label.clone(), series: vec![series] };
            series.into_iter().map(alone).collect()
        } else if series.is_empty() {
            Vec::new()
        } else if !self.is_over_time() && self.labels.len() == 2 {
            bar_panels(series)
        } else {
            vec![Panel { title: String::new(), series }]
        };
        self.drawn += self.series().map(|series| series.rows).sum::<u64>();
    }

    /// Everything that is drawn.
    pub(super) fn series(&self) -> impl Iterator<Item = &Series> {
        self.panels.iter().flat_map(|panel| &panel.series)
    }

    /// Counts the steps of all points from the first one, or from the first of their range.
    fn align(&mut self) {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let earliest = |range: Option<usize>| {
            let of_range = points().filter(|point| range.is_none_or(|range| point.range == range));
            of_range.map(|point| point.number).min().unwrap_or(0)
        };
        // The start of each range, or, unless ranges are overlaid, the common start.
        let mut begins = vec![earliest(None); self.ranges.len().max(1)];
        self.first = begins[0];
        if self.range.is_some() {
            for (place, (begin, range)) in begins.iter_mut().zip(&self.ranges).enumerate() {
                let first = range.days.and_then(|days| bounds(self.unit.0, days)).map(|(first, _)| first);
                *begin = first.unwrap_or_else(|| earliest(Some(place)));
            }
        }
        for series in &mut self.series {
            for point in &mut series.points {
                point.step = point.number - begins[point.range];
            }
            series.points.sort_by_key(|point| point.step);
        }
        let steps: BTreeSet<i64> = self.series.iter().flat_map(|s| s.points.iter().map(|point| point.step)).collect();
        let last = steps.last().copied().unwrap_or(0);
        self.is_sparse = last >= MOST_STEPS;
        if !self.is_sparse {
            self.steps = usize::try_from(last + 1).unwrap_or(0);
            return;
        }
        let steps: Vec<i64> = steps.into_iter().collect();
        for point in self.series.iter_mut().flat_map(|series| &mut series.points) {
            point.step = steps.binary_search(&point.step).unwrap_or(0) as i64;
        }
        self.steps = steps.len();
    }

    /// The moment of a point.
    pub(super) fn moment(&self, point: &Point) -> &str {
        self.moments.get(&point.number).map_or("", |moment| moment)
    }

    /// The smallest and the largest value of a metric in a panel and both periods, zero included. Bars of all panels are
    /// compared with each other; lines are read for their course, so each panel has its own range.
    pub(super) fn range(&self, metric: usize, panel: &Panel) -> (f64, f64) {
        let all = if self.is_over_time() { std::slice::from_ref(panel) } else { &self.panels };
        let points = all.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
        let values = points.flat_map(|point| point.values[metric]);
        values.fold((0.0, 0.0), |(low, high): (f64, f64), value| (low.min(value), high.max(value)))
    }

    /// A scale with round numbers for a metric.
    pub(super) fn scale(&self, metric: usize, panel: &Panel) -> Scale {
        let (low, high) = self.range(metric, panel);
        Scale::new(&self.metrics[metric].column, low, high)
    }

    /// What the other period is called: its days, if they are known.
    pub(super) fn other(&self) -> String {
        self.other.as_ref().map_or_else(|| "before".to_owned(), Range::text)
    }

    /// What the report's own period is called beside the other.
    pub(super) fn own(&self) -> String {
        self.ranges.first().map_or_else(String::new, Range::text)
    }
}

impl Metric {
    pub(super) fn heading(&self) -> String {
        sanitise(&self.column.heading)
    }

    /// The currency, which marks on a scale do not have.
    pub(super) fn currency(&self) -> Option<&str> {
        match &self.column.measure {
            Measure::Money(code) => Some(code),
            _ => None,
        }
    }

    /// The value in a row and that of the other period, as in a [`Point`].
    pub(super) fn values(&self, cells: &[impl AsRef<[u8]>]) -> [f64; 2] {
        [Some(self.place), self.previous].map(|place| {
            let text = place.map(|place| String::from_utf8_lossy(cells[place].as_ref()));
            let value = text.and_then(|text| text.parse().ok());
            value.filter(|value: &f64| value.is_finite()).unwrap_or(f64::NAN)
        })
    }

    pub(super) fn shown(&self, value: f64) -> String {
        if value.is_nan() { "-".to_owned() } else { self.column.shown_value(value, Detail::FULL) }
    }

    /// `+12.5%` from the second value to the first, if there is such a change.
    pub(super) fn change(&self, [value, previous]: [f64; 2]) -> Option<String> {
        let change = (value - previous) / previous;
        Some(self.change.as_ref()?.shown_value(change, Detail::FULL)).filter(|_| change.is_finite())
    }
}

impl Series {
    /// Runs of points without a gap, as steps with their values in the report's own period (0) or the other (1).
    pub(super) fn unbroken(&self, metric: usize, period: usize) -> Vec<Vec<(i64, f64)>> {
        let points = self.points.iter().map(|point| (point.step, point.values[metric][period]));
        let points: Vec<_> = points.filter(|(_, value)| !value.is_nan()).collect();
        points.chunk_by(|(a, _), (b, _)| b - a <= 1).map(<[_]>::to_vec).collect()
    }
}

/// Each metric with the columns that a comparison puts behind it.
fn metrics(layout: &Layout) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    for (place, column) in layout.columns.iter().enumerate().filter(|(_, column)| column.is_metric) {
        match (column.role, metrics.last_mut()) {
            (Role::Previous, Some(metric)) => metric.previous = Some(place),
            (Role::Change, Some(metric)) => metric.change = Some(column.clone()),
            _ => metrics.push(Metric { column: column.clone(), place, previous: None, change: None }),
        }
    }
    metrics
}

/// A panel for each name of the dimension that has fewer, with the same names of the other in each; one panel for both
/// if they would have few bars.
fn bar_panels(mut series: Vec<Series>) -> Vec<Panel> {
    let names = |place: usize| {
        let mut names: Vec<String> = Vec::new();
        for series in &series {
            if !names.contains(&series.names[place]) {
                names.push(series.names[place].clone());
            }
        }
        names
    };
    let (first, second) = (names(0), names(1));
    let (outer, titles, labels) = if first.len() < second.len() { (0, first, second) } else { (1, second, first) };
    if titles.len() > MOST_CELLS / MOST_BARS || series.len() < 3 * titles.len() {
        series.truncate(MOST_BARS);
        return vec![Panel { title: String::new(), series }];
    }
    let labels = &labels[..labels.len().min(MOST_BARS_OF_PANEL)];
    let mut panels = Vec::new();
    for title in titles.into_iter().take(MOST_BAR_PANELS) {
        let is_drawn = |one: &mut Series| one.names[outer] == title && labels.contains(&one.names[1 - outer]);
        let mut drawn: Vec<Series> = series.extract_if(.., is_drawn).collect();
        for one in &mut drawn {
            one.label.clone_from(&one.names[1 - outer]);
        }
        drawn.sort_by_key(|one| labels.iter().position(|label| *label == one.label));
        panels.push(Panel { title, series: drawn });
    }
    panels.retain(|panel| !panel.series.is_empty());
    panels
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::format::days::Days;

    /// The drawing of one metric by these dimensions.
    fn figure(dimensions: &[&str], rows: &[Vec<String>]) -> Figure {
        let dimensions = dimensions.iter().map(|name| Column::new(name, false));
        let sessions = Column { is_integer: true, ..Column::new("sessions", true) };
        let layout = Layout { columns: dimensions.chain([sessions]).collect(), header: true, ..Layout::default() };
        let mut figure = Figure::new(&layout, Days::default());
        for row in rows {
            figure.add(&row.iter().map(String::as_bytes).collect::<Vec<_>>());
        }
        figure.finish();
        figure
    }

    fn row(cells: &[&str], value: usize) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).chain([value.to_string()]).collect()
    }

    fn panels(figure: &Figure) -> Vec<(&str, Vec<&str>)> {
        let panels = figure.panels.iter();
        panels.map(|panel| (&*panel.title, panel.series.iter().map(|series| &*series.label).collect())).collect()
    }

    #[test]
    fn up_to_five_lines_share_a_drawing_and_of_more_the_largest_are_panels() {
        let days = ["20261101", "20261102"];
        let lines = |count: usize| {
            let rows =
                days.iter().flat_map(|day| (0..count).map(move |place| row(&[day, &format!("c{place:03}")], place)));
            figure(&["date", "country"], &rows.collect::<Vec<_>>())
        };
        assert_eq!(panels(&lines(5)), [("", vec!["c004", "c003", "c002", "c001", "c000"])]);
        let six = lines(6);
        assert_eq!((six.panels.len(), six.left_out()), (6, 0));
        assert_eq!(panels(&six)[0], ("c005", vec!["c005"]));
        let many = lines(15_000);
        assert_eq!((many.panels.len(), many.left_out()), (12, 30_000 - 24));
        assert_eq!(panels(&many)[0].0, "c14999", "the largest has come among the last");
    }

    #[test]
    fn bars_of_two_dimensions_are_panels_unless_each_would_have_few() {
        let pair = |a: usize, b: usize| row(&[&format!("a{a}"), &format!("b{b}")], 100 - a - b);
        let rows: Vec<_> = (0..14).flat_map(|a| (0..2).map(move |b| pair(a, b))).collect();
        let matrix = figure(&["country", "deviceCategory"], &rows);
        let labels: Vec<String> = (0..10).map(|a| format!("a{a}")).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        assert_eq!(panels(&matrix), [("b0", labels.clone()), ("b1", labels)]);
        assert_eq!(matrix.left_out(), 8);
        let rows: Vec<_> = (0..40).map(|a| pair(a, a)).collect();
        let paired = figure(&["pagePath", "pageTitle"], &rows);
        assert_eq!((paired.panels.len(), paired.left_out()), (1, 10));
        assert_eq!(panels(&paired)[0].1[..2], ["a0 / b0", "a1 / b1"]);
    }

    #[test]
    fn marks_of_time_are_round_and_do_not_touch() {
        let days = |count: i64| {
            let day = |n| jiff::civil::Date::constant(2026, 1, 5).saturating_add(jiff::Span::new().days(n));
            let rows = (0..count).map(|n| row(&[&day(n).strftime("%Y%m%d").to_string()], 1));
            figure(&["date"], &rows.collect::<Vec<_>>())
        };
        let texts = |figure: &Figure, width| {
            let ticks = figure.ticks(width);
            let ends = ticks.windows(2).all(|pair| pair[0].column + pair[0].text.width() + 2 <= pair[1].column);
            assert!(ends && ticks.iter().all(|tick| tick.column + tick.text.width() <= width));
            ticks.into_iter().map(|tick| tick.text).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(texts(&days(1), 40), "2026-01-05");
        assert_eq!(texts(&days(3), 40), "2026-01-05 2026-01-06 2026-01-07");
        assert_eq!(texts(&days(28), 80), "2026-01-05 2026-01-12 2026-01-19 2026-01-26");
        assert_eq!(texts(&days(28), 24), "2026-01-05 2026-02-01");
        assert_eq!(texts(&days(28), 12), "2026-01-05");
        assert_eq!(texts(&days(28), 9), "");
        assert_eq!(texts(&days(100), 60), "2026-02-01 2026-03-01 2026-04-01");
        assert_eq!(texts(&days(700), 80), "2026-07-01 2027-01-01 2027-07-01");
        let months: Vec<_> = (1..=12).map(|month| row(&[&format!("2026{month:02}")], 1)).collect();
        assert_eq!(texts(&figure(&["yearMonth"], &months), 44), "2026-01 2026-04 2026-07 2026-10");
    }
}
