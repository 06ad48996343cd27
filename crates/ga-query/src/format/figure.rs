//! What of a report can be drawn: a line over time if time is among its dimensions, else a bar for each row.
//!
//! Only so much is kept as an eye can take in. What is left out is counted, and the drawing says so.

use std::collections::BTreeSet;

use ga_core::report::RunReportRequest;
use gauth_cli::rows::grouped;
use gauth_cli::terminal::sanitise;

use super::Layout;

/// Dimensions whose values are moments and sort as text.
const TIMES: [&str; 12] = [
    "date",
    "dateHour",
    "dateHourMinute",
    "yearMonth",
    "yearWeek",
    "isoYearIsoWeek",
    "year",
    "nthDay",
    "nthWeek",
    "nthMonth",
    "nthHour",
    "nthMinute",
];
const MOST_BARS: usize = 30;
const MOST_LINES: usize = 8;
const MOST_POINTS: usize = 20_000;

/// The drawable part of the rows.
pub(super) struct Figure {
    pub(super) metrics: Vec<String>,
    /// The column of moments; without one there are bars.
    time: Option<usize>,
    labels: Vec<usize>,
    values: Vec<usize>,
    pub(super) series: Vec<Series>,
    points: usize,
    pub(super) rows: u64,
    pub(super) left_out: u64,
}

/// A line, or a bar with one point.
pub(super) struct Series {
    pub(super) label: String,
    /// Each with its moment and a value for each metric.
    pub(super) points: Vec<(String, Vec<f64>)>,
}

impl Figure {
    pub(super) fn new(layout: &Layout) -> Self {
        let columns = || layout.columns.iter().enumerate();
        let time = columns().find(|(_, c)| !c.is_metric && TIMES.contains(&&*c.name));
        let time = time.map(|(place, _)| place);
        let labels = columns().filter(|&(place, c)| !c.is_metric && Some(place) != time);
        let values = columns().filter(|(_, c)| c.is_metric);
        Self {
            metrics: values.clone().map(|(_, c)| sanitise(&c.heading)).collect(),
            time,
            labels: labels.map(|(place, _)| place).collect(),
            values: values.map(|(place, _)| place).collect(),
            series: Vec::new(),
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
        let text = |place: &usize| sanitise(&String::from_utf8_lossy(cells[*place]));
        let label: Vec<String> = self.labels.iter().map(text).collect();
        let label = label.join(" · ");
        let number = |place: &usize| {
            let text = std::str::from_utf8(cells[*place]).ok()?;
            text.parse().ok().filter(|value: &f64| value.is_finite())
        };
        let values = self.values.iter().map(number);
        let values = values.map(Option::unwrap_or_default).collect();
        let moment = self.time.map_or_else(String::new, |place| text(&place));
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
            let points = Vec::new();
            self.series.push(Series { label, points });
            self.series.len() - 1
        });
        self.series[place].points.push((moment, values));
    }

    /// After the last row: the lines run from the left to the right.
    pub(super) fn finish(&mut self) {
        for series in &mut self.series {
            series.points.sort_by(|a, b| a.0.cmp(&b.0));
        }
    }

    /// Every moment, in order. Days that are missing between two others are there as well.
    pub(super) fn moments(&self) -> Vec<String> {
        let points = self.series.iter().flat_map(|series| &series.points);
        let sent: BTreeSet<&String> = points.map(|(moment, _)| moment).collect();
        let (Some(first), Some(last)) = (sent.first(), sent.last()) else {
            return Vec::new();
        };
        match (day_number(first), day_number(last)) {
            (Some(from), Some(to)) if to - from < 10_000 => (from..=to).map(day_of).collect(),
            _ => sent.into_iter().cloned().collect(),
        }
    }

    /// The largest and the smallest value of a metric, with the zero line in sight.
    pub(super) fn range(&self, metric: usize) -> (f64, f64) {
        let points = self.series.iter().flat_map(|series| &series.points);
        points.fold((0.0, 0.0), |(low, high), (_, values)| (values[metric].min(low), values[metric].max(high)))
    }
}

/// `sessions, totalUsers by country`.
pub(super) fn title(layout: &Layout) -> String {
    let names = |is_metric| {
        let columns = layout.columns.iter().filter(move |c| c.is_metric == is_metric);
        let names: Vec<String> = columns.map(|column| sanitise(&column.heading)).collect();
        names.join(", ")
    };
    match (names(true), names(false)) {
        (metrics, dimensions) if dimensions.is_empty() => metrics,
        (metrics, dimensions) if metrics.is_empty() => dimensions,
        (metrics, dimensions) => format!("{metrics} by {dimensions}"),
    }
}

/// The days of the question, as they were typed.
pub(super) fn days(request: &RunReportRequest) -> String {
    let ranges = request.date_ranges.iter().map(|range| {
        let days = format!("{} to {}", range.start_date, range.end_date);
        match &range.name {
            Some(name) => format!("{name}: {days}"),
            None => days,
        }
    });
    ranges.collect::<Vec<_>>().join(", ")
}

/// `20261120` as `2026-11-20`; what is no day stays.
pub(super) fn shown_moment(text: &str) -> String {
    match day_number(text) {
        Some(_) => format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]),
        None => text.to_owned(),
    }
}

/// A value in few digits: whole ones grouped, others to what matters.
pub(super) fn shown_value(value: f64) -> String {
    let decimals = match value.abs() {
        whole if whole.fract() == 0.0 || whole >= 1000.0 => 0,
        large if large >= 10.0 => 1,
        middle if middle >= 1.0 => 2,
        _ => 4,
    };
    grouped(&format!("{value:.decimals$}"))
}

/// The next of 1, 2, 5, 10, 20, … that is not below the value.
pub(super) fn rounded_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let unit = 10f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let fits = steps.iter().map(|step| step * unit);
    fits.clone().find(|top| *top >= value).unwrap_or(10.0 * unit)
}

/// Days since 0000-03-01 of a `YYYYMMDD`.
/// <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>
fn day_number(text: &str) -> Option<i64> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let months = (month + 9) % 12;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * months + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year)
}

/// The way back.
fn day_of(number: i64) -> String {
    let era = number.div_euclid(146_097);
    let day = number.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let months = (5 * of_year + 2) / 153;
    let month = if months < 10 { months + 3 } else { months - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let day = of_year - (153 * months + 2) / 5 + 1;
    format!("{year:04}{month:02}{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_through_leap_years() {
        let first = day_number("20231231").unwrap();
        for (place, day) in ["20231231", "20240101", "20240102"].iter().enumerate() {
            assert_eq!(day_of(first + place as i64), *day);
        }
        for (before, after) in
            [("20240228", "20240229"), ("20240229", "20240301"), ("20230228", "20230301"), ("21000228", "21000301")]
        {
            assert_eq!(day_of(day_number(before).unwrap() + 1), after);
        }
        for none in ["", "2024-1-1", "20241301", "(other)", "202401"] {
            assert_eq!(day_number(none), None);
        }
    }

    #[test]
    fn values_are_short() {
        for (value, shown) in [
            (0.0, "0"),
            (1_234_567.0, "1,234,567"),
            (1234.56, "1,235"),
            (12.345, "12.3"),
            (1.234, "1.23"),
            (0.337_02, "0.3370"),
            (-5.0, "-5"),
        ] {
            assert_eq!(shown_value(value), shown);
        }
        for (value, top) in [(0.0, 1.0), (1.0, 1.0), (11.0, 15.0), (0.34, 0.4), (99.0, 100.0)] {
            assert!((rounded_up(value) - top).abs() < 1e-9, "{value}");
        }
    }
}
