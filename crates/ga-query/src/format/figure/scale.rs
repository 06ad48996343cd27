//! The scale of an axis of values: round numbers at equal distances, and how they are written there.

use ga_client::rows::{Column, Detail, Measure, grouped};

/// The most distances between marks.
const MOST_PARTS: f64 = 5.0;
/// Round durations, in seconds.
const DURATIONS: [f64; 16] =
    [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21_600.0, 43_200.0];

pub(in crate::format) struct Scale {
    pub(in crate::format) bottom: f64,
    pub(in crate::format) top: f64,
    /// From the top to the bottom.
    pub(in crate::format) marks: Vec<(f64, String)>,
}

impl Scale {
    /// From `low`, which is at most 0, to `high`, which is at least 0, in units of the column.
    pub(super) fn new(column: &Column, low: f64, high: f64) -> Self {
        let step = step(column, low, high);
        let (below, above) = ((-low / step).ceil(), (high / step).ceil().max(if low < 0.0 { 0.0 } else { 1.0 }));
        // At most a few, so they are exact as integers.
        let marks = (-(below as i32)..=above as i32).rev().map(|place| f64::from(place) * step);
        let marks = marks.map(|value| (value, mark(column, value))).collect();
        Self { bottom: -below * step, top: above * step, marks }
    }

    /// Where a value is, from 0 at the bottom to 1 at the top.
    pub(in crate::format) fn share(&self, value: f64) -> f64 {
        (value - self.bottom) / (self.top - self.bottom)
    }
}

/// The smallest round number that divides the scale into few parts.
fn step(column: &Column, low: f64, high: f64) -> f64 {
    let fits = |step: &f64| (high / step).ceil() + (-low / step).ceil() <= MOST_PARTS;
    let decades = (-9..=308).flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(exponent)));
    let least = if column.is_integer { 1.0 } else { 0.0 };
    let mut decades = decades.filter(|step| *step >= least);
    let found = match column.measure {
        Measure::Time(unit) if high - low > f64::from(1000 / unit.max(1)).max(1.0) => {
            let second = 1000.0 / f64::from(unit);
            let days = decades.map(|days| days * 86_400.0).filter(|seconds| *seconds >= 86_400.0);
            let mut seconds = DURATIONS.into_iter().chain(days).map(|seconds| seconds * second);
            seconds.find(fits)
        }
        _ => decades.find(fits),
    };
    found.filter(|_| high > low).unwrap_or(1.0)
}

/// A round number as short as it can be.
fn mark(column: &Column, value: f64) -> String {
    match &column.measure {
        Measure::Number | Measure::Money(_) => match value.abs() {
            size if size >= 1e9 => digits(value / 1e9) + "B",
            size if size >= 1e6 => digits(value / 1e6) + "M",
            size if size >= 1e4 => digits(value / 1e3) + "K",
            _ => digits(value),
        },
        Measure::Rate => digits(value * 100.0) + "%",
        Measure::Percent => digits(value) + "%",
        Measure::Time(_) | Measure::Change => column.shown_value(value, Detail::ROUND),
    }
}

/// With the decimals that a round number has.
fn digits(value: f64) -> String {
    let text = format!("{value:.9}");
    grouped(text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_few_and_round() {
        let column = |measure, is_integer| Column { is_integer, measure, ..Column::new("m", true) };
        let whole = || column(Measure::Number, true);
        let any = |measure| column(measure, false);
        for (column, low, high, expected) in [
            (whole(), 0.0, 0.0, "1 0"),
            (whole(), 0.0, 1.0, "1 0"),
            (whole(), 0.0, 3.0, "3 2 1 0"),
            (whole(), 0.0, 41.0, "50 40 30 20 10 0"),
            (whole(), 0.0, 101.0, "150 100 50 0"),
            (whole(), 0.0, 48_000.0, "50K 40K 30K 20K 10K 0"),
            (whole(), -30.0, 100.0, "100 50 0 -50"),
            (whole(), -3.0, 0.0, "0 -1 -2 -3"),
            (whole(), 0.0, 7.3e9, "8B 6B 4B 2B 0"),
            (any(Measure::Money("EUR".to_owned())), 0.0, 1_234_567.0, "1.5M 1M 500K 0"),
            (any(Measure::Number), 0.0, 0.0, "1 0"),
            (any(Measure::Number), 0.0, 1e-300, "0.000000001 0"),
            (any(Measure::Number), 0.0, 1.09, "1.5 1 0.5 0"),
            (any(Measure::Rate), 0.0, 0.43657, "50% 40% 30% 20% 10% 0%"),
            (any(Measure::Rate), 0.0, 0.012, "1.5% 1% 0.5% 0%"),
            (any(Measure::Time(1000)), 0.0, 123.0, "2m 30s|2m 00s|1m 30s|1m 00s|30s|0s"),
            (any(Measure::Time(1000)), 0.0, 0.3, "300ms|200ms|100ms|0s"),
            (any(Measure::Time(60_000)), 0.0, 185.0, "4h 00m|3h 00m|2h 00m|1h 00m|0s"),
            (any(Measure::Time(1)), 0.0, 2500.0, "3s|2s|1s|0s"),
        ] {
            let scale = Scale::new(&column, low, high);
            let marks: Vec<_> = scale.marks.iter().map(|(_, mark)| mark.replace(' ', "_")).collect();
            let expected = match expected.contains('|') {
                true => expected.replace(' ', "_").replace('|', " "),
                false => expected.to_owned(),
            };
            assert_eq!(marks.join(" "), expected, "{high}");
            assert!(scale.bottom <= low && scale.top >= high && scale.top > scale.bottom);
        }
    }
}
