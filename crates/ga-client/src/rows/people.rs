//! Cells formatted for people: figures with thousands separators and few decimals, rates in per cent, money with its
//! currency, durations in hours, minutes and seconds, days as YYYY-MM-DD, months and days of the week by name. Formats for
//! programs keep the server's digits.

use gauth_cli::terminal::sanitise;
use gauth_text::{counted, grouped};
use jiff::civil::Date;

use super::{Column, is_number};

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
        self.formatted(&text, detail).unwrap_or_else(|| sanitise(&text))
    }

    /// A figure or a moment of this column; `None` for any other text, which stays what it is.
    pub fn formatted(&self, text: &str, detail: Detail) -> Option<String> {
        if self.is_metric {
            return self.figure(text, detail);
        }
        let moment = moment(&self.name, text)?;
        let weekday = weekday(&moment).filter(|_| detail == Detail::FULL && api_name(&self.name) == "date");
        Some(weekday.map_or_else(|| moment.clone(), |weekday| format!("{moment} {weekday}")))
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
            Measure::Rate => format!("{}%", number(value * 100.0, decimals.min(1))),
            Measure::Percent => format!("{}%", number(value, decimals.min(1))),
            Measure::Money(code) => format!("{} {code}", number(value, money_decimals(value, code, detail))),
            Measure::Change => signed(&number(value * 100.0, decimals.min(1))) + "%",
            Measure::Time(unit) => duration(value * f64::from(*unit) / 1000.0, decimals),
            // In the server's digits: 64 bits do not fit into a double.
            Measure::Number if is_whole(text) && !is_short => grouped(text),
            Measure::Number => number(value, decimals.max(least_decimals(value, decimals))),
        })
    }
}

/// The decimals that a small number needs: three significant digits in full detail.
fn least_decimals(value: f64, decimals: usize) -> usize {
    match value.abs() {
        whole if whole.fract() == 0.0 => 0,
        small if decimals == Detail::FULL.decimals && small > 1e-9 && small < 0.1 => {
            (2.0 - small.log10().floor()) as usize
        }
        some if some < 9.95 => 1,
        _ => 0,
    }
}

/// Those of the currency, or none where there is little room for a large amount.
fn money_decimals(value: f64, code: &str, detail: Detail) -> usize {
    if detail == Detail::FULL || least_decimals(value, 0) > 0 { minor_digits(code) } else { 0 }
}

/// How many decimals amounts in a currency have (ISO 4217, table A.1).
fn minor_digits(code: &str) -> usize {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
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
pub(crate) fn duration(seconds: f64, decimals: usize) -> String {
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
            format!("{}h {:02}m", counted(minutes / 60), minutes % 60)
        }
    };
    format!("{sign}{text}")
}

/// Whether the values of a dimension are moments, which are read as a whole.
pub(super) fn is_moment(dimension: &str) -> bool {
    MOMENTS.iter().any(|(name, ..)| *name == api_name(dimension))
}

/// `20261120` of a dimension of days as `2026-11-20`, and other parts of the calendar likewise: hours, weeks, months, days
/// of the week; `None` for what is not a moment.
pub fn moment(dimension: &str, text: &str) -> Option<String> {
    let (_, digits, form) = MOMENTS.iter().find(|(name, ..)| *name == api_name(dimension))?;
    if text.len() != *digits || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    form(text)
}

/// The name without the prefix of v3.
fn api_name(dimension: &str) -> &str {
    dimension.strip_prefix("ga:").unwrap_or(dimension)
}

/// Writes the digits of a moment for people.
type Form = fn(&str) -> Option<String>;

/// Dimensions of moments: how many digits their values have, and how people write them.
const MOMENTS: [(&str, usize, Form); 10] = [
    ("date", 8, |text| Some(day(text))),
    ("firstSessionDate", 8, |text| Some(day(text))),
    ("dateHour", 10, |text| Some(format!("{} {}:00", day(text), &text[8..]))),
    ("dateHourMinute", 12, |text| Some(format!("{} {}:{}", day(text), &text[8..10], &text[10..]))),
    ("yearMonth", 6, |text| Some(format!("{}-{}", &text[..4], &text[4..]))),
    ("yearWeek", 6, |text| Some(format!("{}-W{}", &text[..4], &text[4..]))),
    ("isoYearIsoWeek", 6, |text| Some(format!("{}-W{}", &text[..4], &text[4..]))),
    ("hour", 2, |text| Some(format!("{text}:00"))),
    ("month", 2, |text| MONTHS.get(text.parse::<usize>().ok()?.checked_sub(1)?).map(|name| (*name).to_owned())),
    ("dayOfWeek", 1, |text| DAYS.get(text.parse::<usize>().ok()?).map(|name| (*name).to_owned())),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// From 0.
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

fn day(text: &str) -> String {
    format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..8])
}

/// `Fri` of `2026-11-20`; `None` for a day that no calendar has.
fn weekday(day: &str) -> Option<&'static str> {
    let day: Date = day.parse().ok()?;
    let place = usize::try_from(day.weekday().to_sunday_zero_offset()).ok()?;
    Some(&DAYS[place][..3])
}

/// A row of totals, or of the smallest or largest numbers, with words instead of RESERVED_TOTAL and the like: one word in
/// place of as many equal cells.
pub fn worded<'a>(cells: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let word = |cell: &[u8]| -> Option<&'static [u8]> {
        Some(match cell {
            b"RESERVED_TOTAL" => b"Total",
            b"RESERVED_MIN" => b"Minimum",
            b"RESERVED_MAX" => b"Maximum",
            _ => return None,
        })
    };
    let mut last = None;
    let cells = cells.iter().map(|cell| {
        let Some(word) = word(cell) else {
            return *cell;
        };
        if last.replace(word) == Some(word) { &b""[..] } else { word }
    });
    cells.collect()
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
            (Measure::Number, "0.0003371234", "0.000337"),
            (Measure::Number, "0.04999", "0.0500"),
            (Measure::Number, "0.1234", "0.12"),
            (Measure::Number, "2.499999999999", "2.50"),
            (Measure::Number, "-0.0", "0.00"),
            (Measure::Number, "", ""),
            (Measure::Number, "NaN", "NaN"),
            (Measure::Number, "(other)\u{1b}", "(other)\\x1b"),
            (Measure::Rate, "0.43657142857142855", "43.7%"),
            (Measure::Rate, "1", "100.0%"),
            (Measure::Rate, "0", "0.0%"),
            (Measure::Percent, "43.657", "43.7%"),
            (euros(), "1234.5", "1,234.50 EUR"),
            (euros(), "0.004", "0.00 EUR"),
            (Measure::Money("JPY".to_owned()), "1234.6", "1,235 JPY"),
            (Measure::Money("KWD".to_owned()), "1234.5", "1,234.500 KWD"),
            (Measure::Money("CLF".to_owned()), "0.12345", "0.1235 CLF"),
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
        assert_eq!(shown(Measure::Rate, "0.43657"), ["43.7%", "43.7%", "44%", "44%"]);
        assert_eq!(shown(Measure::Change, "123.4567"), ["+12,345.7%", "+12,345.7%", "+12,346%", "+12.3K%"]);
        assert_eq!(shown(Measure::Number, "2.2499"), ["2.25", "2.2", "2.2", "2.2"]);
        let money = Measure::Money("EUR".to_owned());
        assert_eq!(shown(money, "999999.5"), ["999,999.50 EUR", "1,000,000 EUR", "1,000,000 EUR", "1.00M EUR"]);
        let dinars = Measure::Money("BHD".to_owned());
        assert_eq!(shown(dinars, "0.5554"), ["0.555 BHD"; 4]);
        for (value, short) in [(12_345.0, "12.3K"), (-999_499.0, "-999K"), (9_999.5, "10.0K"), (5e12, "5.00T")] {
            assert_eq!(shortened(value), short);
        }
    }

    #[test]
    fn moments_are_written_as_iso_8601_has_them_and_months_and_weekdays_by_name() {
        for (dimension, text, expected) in [
            ("date", "20261120", Some("2026-11-20")),
            ("ga:date", "20261120", Some("2026-11-20")),
            ("dateHour", "2026112007", Some("2026-11-20 07:00")),
            ("dateHourMinute", "202611200705", Some("2026-11-20 07:05")),
            ("yearMonth", "202611", Some("2026-11")),
            ("yearWeek", "202648", Some("2026-W48")),
            ("isoYearIsoWeek", "202601", Some("2026-W01")),
            ("hour", "07", Some("07:00")),
            ("month", "11", Some("November")),
            ("month", "00", None),
            ("month", "13", None),
            ("dayOfWeek", "0", Some("Sunday")),
            ("dayOfWeek", "7", None),
            ("dayOfWeek", "(not set)", None),
            ("date", "(other)", None),
            ("date", "2026112", None),
            ("customEvent:x", "20261120", None),
        ] {
            assert_eq!(moment(dimension, text).as_deref(), expected);
        }
    }

    #[test]
    fn a_day_has_its_weekday_where_there_is_room() {
        let column = |name: &str| Column { name: name.to_owned(), ..two_columns().columns.remove(0) };
        let shown = |name: &str, text: &str| Detail::LEVELS.map(|detail| column(name).shown(text.as_bytes(), detail));
        assert_eq!(shown("date", "20261125"), ["2026-11-25 Wed", "2026-11-25", "2026-11-25", "2026-11-25"]);
        for (name, text, full) in [
            ("ga:date", "20240229", "2024-02-29 Thu"),
            ("date", "20230229", "2023-02-29"),
            ("date", "(other)", "(other)"),
            ("firstSessionDate", "20261125", "2026-11-25"),
            ("dateHour", "2026112507", "2026-11-25 07:00"),
        ] {
            assert_eq!(shown(name, text)[0], full);
        }
    }

    #[test]
    fn totals_have_one_word_instead_of_reserved_names() {
        assert_eq!(worded(&[b"123", b"RESERVED_TOTAL", b"RESERVED_TOTAL", b"5"]), [&b"123"[..], b"Total", b"", b"5"]);
        assert_eq!(worded(&[b"RESERVED_MIN", b"old", b"RESERVED_MAX"]), [&b"Minimum"[..], b"old", b"Maximum"]);
    }
}
