//! Cells formatted for people: figures with thousands separators and few decimals, rates in per cent, money with its
//! currency, durations in hours, minutes and seconds, and days as YYYY-MM-DD. Formats for programs keep the server's digits.

use super::{Column, is_number};
use gauth_cli::terminal::sanitise;

/// What the numbers of a column measure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Anything.
    #[default]
    Number,
    /// A part of a whole, from 0 to 1.
    Rate,
    /// A part of a whole, from 0 to 100.
    Percent,
    /// An amount in the currency of this code (ISO 4217).
    Money(String),
    /// A duration, whose unit is this number of milliseconds.
    Time(u32),
    /// A change as a part of the earlier value; -1 for all of it.
    Change,
}

/// How much of a figure is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    decimals: usize,
    /// Whether large numbers are shortened with a unit, as in 2.18M.
    is_short: bool,
}

impl Detail {
    /// What people usually read.
    pub const FULL: Self = Self { decimals: 2, is_short: false };
    /// Without decimals that are not needed.
    pub const ROUND: Self = Self { decimals: 0, is_short: false };
    /// All of them, the most detailed first.
    pub(super) const LEVELS: [Self; 4] =
        [Self::FULL, Self { decimals: 1, is_short: false }, Self::ROUND, Self { decimals: 0, is_short: true }];
}

impl Column {
    /// A cell of this column for a terminal.
    pub fn shown(&self, cell: &[u8], detail: Detail) -> String {
        let text = String::from_utf8_lossy(cell);
        if self.is_metric {
            self.figure(&text, detail).unwrap_or_else(|| sanitise(&text))
        } else {
            moment(&self.name, &text).unwrap_or_else(|| sanitise(&text))
        }
    }

    /// A number of this column, formatted as by [`Column::shown`].
    pub fn shown_value(&self, value: f64, detail: Detail) -> String {
        let text = value.to_string();
        self.figure(&text, detail).unwrap_or(text)
    }

    /// `None` for what is not a number.
    fn figure(&self, text: &str, detail: Detail) -> Option<String> {
        if !is_number(text.as_bytes()) {
            return None;
        }
        let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
        let Detail { decimals, is_short } = detail;
        let is_whole = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let number = |value: f64, decimals: usize| {
            if is_short && value.abs() >= 9_999.5 { shortened(value) } else { rounded(value, decimals) }
        };
        Some(match &self.measure {
            Measure::Rate => format!("{}%", number(value * 100.0, decimals)),
            Measure::Percent => format!("{}%", number(value, decimals)),
            Measure::Money(code) => {
                format!("{} {code}", number(value, decimals.max(least_decimals(value, 0)).min(minor_digits(code))))
            }
            Measure::Change => signed(&number(value * 100.0, decimals.min(1))) + "%",
            Measure::Time(unit) => duration(value * f64::from(*unit) / 1000.0, decimals),
            // In the server's digits: 64 bits do not fit into a double.
            Measure::Number if is_whole(text) && !is_short => grouped(text),
            Measure::Number => number(value, decimals.max(least_decimals(value, decimals))),
        })
    }
}

/// The decimals that a small number needs.
fn least_decimals(value: f64, decimals: usize) -> usize {
    match value.abs() {
        whole if whole.fract() == 0.0 => 0,
        small if decimals == Detail::FULL.decimals && small > 1e-9 && small < 0.1 => {
            (1.0 - small.log10().floor()) as usize
        }
        some if some < 9.95 => 1,
        _ => 0,
    }
}

/// How many decimals amounts in a currency have (ISO 4217, table A.1).
fn minor_digits(code: &str) -> usize {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        _ => 2,
    }
}

fn rounded(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        // A number that rounds to zero has no sign.
        Some(digits) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => digits.to_owned(),
        _ => grouped(&text),
    }
}

/// A figure with its sign, unless it is zero.
fn signed(figure: &str) -> String {
    let is_positive = !figure.starts_with('-') && figure.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    format!("{}{figure}", if is_positive { "+" } else { "" })
}

/// Three digits and a unit: `2.18M`.
fn shortened(value: f64) -> String {
    let (unit, scaled) = match value.abs() {
        size if size < 999_500.0 => ("K", value / 1e3),
        size if size < 999_500_000.0 => ("M", value / 1e6),
        size if size < 999_500_000_000.0 => ("B", value / 1e9),
        _ => ("T", value / 1e12),
    };
    let decimals = match scaled.abs() {
        small if small < 9.995 => 2,
        middle if middle < 99.95 => 1,
        _ => 0,
    };
    format!("{}{unit}", rounded(scaled, decimals))
}

/// `3h 05m`, `2m 03s`, `4.2s`, `120ms`.
fn duration(seconds: f64, decimals: usize) -> String {
    let (sign, seconds) = if seconds < 0.0 { ("-", -seconds) } else { ("", seconds) };
    let text = match seconds {
        0.0 => "0s".to_owned(),
        little if little < 0.9995 => format!("{}ms", rounded(little * 1000.0, 0)),
        few if few < 9.95 && decimals > 0 => format!("{few:.1}s"),
        some if some < 59.5 => format!("{some:.0}s"),
        minutes if minutes < 3599.5 => {
            let seconds = minutes.round() as u64;
            format!("{}m {:02}s", seconds / 60, seconds % 60)
        }
        hours => {
            let minutes = (hours / 60.0).round() as u64;
            format!("{}h {:02}m", grouped(&(minutes / 60).to_string()), minutes % 60)
        }
    };
    format!("{sign}{text}")
}

/// The number of digits of a moment of this dimension.
fn moment_digits(dimension: &str) -> Option<usize> {
    match dimension.strip_prefix("ga:").unwrap_or(dimension) {
        "date" | "firstSessionDate" => Some(8),
        "dateHour" => Some(10),
        "dateHourMinute" => Some(12),
        "yearMonth" => Some(6),
        _ => None,
    }
}

/// The width of a moment of this dimension, as [`moment`] formats it.
pub(super) fn moment_width(dimension: &str) -> Option<usize> {
    Some(match moment_digits(dimension)? {
        6 => "2026-11".len(),
        8 => "2026-11-20".len(),
        _ => "2026-11-20 07:05".len(),
    })
}

/// `20261120` of a dimension of days as `2026-11-20`, and hours, minutes and months likewise; `None` for what is not a moment.
pub fn moment(dimension: &str, text: &str) -> Option<String> {
    let digits = moment_digits(dimension)?;
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut shown = format!("{}-{}", &text[..4], &text[4..6]);
    if digits > 6 {
        shown += &format!("-{}", &text[6..8]);
    }
    if digits > 8 {
        let minute = if digits > 10 { &text[10..] } else { "00" };
        shown += &format!(" {}:{minute}", &text[8..10]);
    }
    Some(shown)
}

/// `1234567.5` as `1,234,567.5`; anything but a plain number stays.
pub fn grouped(text: &str) -> String {
    let (sign, number) = match text.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", text),
    };
    let (whole, fraction) = match number.find('.') {
        Some(point) => number.split_at(point),
        None => (number, ""),
    };
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_plain(whole) || !is_plain(fraction.trim_start_matches('.')) {
        return text.to_owned();
    }
    let mut grouped = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::super::two_columns;
    use super::*;

    fn shown(measure: Measure, text: &str) -> [String; 4] {
        let mut column = two_columns().columns.remove(1);
        column.measure = measure;
        Detail::LEVELS.map(|detail| column.shown(text.as_bytes(), detail))
    }

    #[test]
    fn figures_are_formatted_for_people() {
        let euros = || Measure::Money("EUR".to_owned());
        for (measure, text, full) in [
            (Measure::Number, "9223372036854775807", "9,223,372,036,854,775,807"),
            (Measure::Number, "-1234567.5", "-1,234,567.50"),
            (Measure::Number, "0.0003371234", "0.00034"),
            (Measure::Number, "2.499999999999", "2.50"),
            (Measure::Number, "-0.0", "0.00"),
            (Measure::Number, "", ""),
            (Measure::Number, "NaN", "NaN"),
            (Measure::Number, "(other)\u{1b}", "(other)\\x1b"),
            (Measure::Rate, "0.43657142857142855", "43.66%"),
            (Measure::Rate, "1", "100.00%"),
            (Measure::Percent, "43.657", "43.66%"),
            (euros(), "1234.5", "1,234.50 EUR"),
            (Measure::Money("JPY".to_owned()), "1234.5", "1,234 JPY"),
            (Measure::Time(1000), "0", "0s"),
            (Measure::Time(1), "120", "120ms"),
            (Measure::Time(1000), "4.249", "4.2s"),
            (Measure::Time(1000), "59.7", "1m 00s"),
            (Measure::Time(1000), "123.4", "2m 03s"),
            (Measure::Time(60_000), "185", "3h 05m"),
            (Measure::Time(1000), "-7200", "-2h 00m"),
            (Measure::Change, "0.12345", "+12.3%"),
            (Measure::Change, "-0.04", "-4.0%"),
            (Measure::Change, "0", "0.0%"),
            (Measure::Change, "-0.0001", "0.0%"),
            (Measure::Change, "12.3456", "+1,234.6%"),
            (Measure::Change, "", ""),
        ] {
            assert_eq!(shown(measure, text)[0], full, "{text}");
        }
    }

    #[test]
    fn with_less_room_decimals_go_first_and_then_comes_a_unit() {
        assert_eq!(shown(Measure::Number, "2179345.678"), ["2,179,345.68", "2,179,345.7", "2,179,346", "2.18M"]);
        assert_eq!(shown(Measure::Number, "2179345"), ["2,179,345", "2,179,345", "2,179,345", "2.18M"]);
        assert_eq!(shown(Measure::Rate, "0.43657"), ["43.66%", "43.7%", "44%", "44%"]);
        assert_eq!(shown(Measure::Change, "123.4567"), ["+12,345.7%", "+12,345.7%", "+12,346%", "+12.3K%"]);
        assert_eq!(shown(Measure::Number, "2.2499"), ["2.25", "2.2", "2.2", "2.2"]);
        let money = Measure::Money("EUR".to_owned());
        assert_eq!(shown(money, "999999.5"), ["999,999.50 EUR", "999,999.5 EUR", "1,000,000 EUR", "1.00M EUR"]);
        for (value, short) in [(12_345.0, "12.3K"), (-999_499.0, "-999K"), (9_999.5, "10.0K"), (5e12, "5.00T")] {
            assert_eq!(shortened(value), short);
        }
    }

    #[test]
    fn moments_are_written_as_iso_8601_has_them() {
        for (dimension, text, expected) in [
            ("date", "20261120", Some("2026-11-20")),
            ("ga:date", "20261120", Some("2026-11-20")),
            ("dateHour", "2026112007", Some("2026-11-20 07:00")),
            ("dateHourMinute", "202611200705", Some("2026-11-20 07:05")),
            ("yearMonth", "202611", Some("2026-11")),
            ("date", "(other)", None),
            ("date", "2026112", None),
            ("customEvent:x", "20261120", None),
        ] {
            assert_eq!(moment(dimension, text).as_deref(), expected);
        }
    }

    #[test]
    fn thousands_are_grouped_in_plain_numbers_only() {
        assert_eq!(grouped("-1234567.50"), "-1,234,567.50");
        for same in ["", "-", "999", "0.12345", "NaN", "1e10", "12.3.4", "."] {
            assert_eq!(grouped(same), same);
        }
    }
}
