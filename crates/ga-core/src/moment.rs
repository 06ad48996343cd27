//! Moments in the dimensions of time: the number of a moment, so that consecutive ones have consecutive numbers and each has
//! a place within the days of a report; and the texts of a day.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema#dimensions>
//!
//! Drawing and comparing rows is left to others.

use jiff::civil::{Date, ISOWeekDate, Weekday};

/// The number of a moment of this dimension; consecutive moments have consecutive numbers. `None` for what is not a moment.
pub fn step(dimension: &str, text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let day = || {
        let day = Date::new(number(0..4)? as i16, number(4..6)? as i8, number(6..8)? as i8).ok()?;
        Some(day_number(day))
    };
    let is_long = |digits: usize| text.len() == digits;
    match dimension {
        "date" if is_long(8) => day(),
        "dateHour" if is_long(10) => Some(day()? * 24 + number(8..10)?),
        "dateHourMinute" if is_long(12) => Some((day()? * 24 + number(8..10)?) * 60 + number(10..12)?),
        "yearMonth" if is_long(6) => Some(number(0..4)? * 12 + number(4..6)? - 1),
        "yearWeek" if is_long(6) => {
            let first = Date::new(number(0..4)? as i16, 1, 1).ok()?;
            Some(week_from_sunday(first) + number(4..6)? - 1)
        }
        "isoYearIsoWeek" if is_long(6) => {
            let week = ISOWeekDate::new(number(0..4)? as i16, number(4..6)? as i8, Weekday::Monday).ok()?;
            Some(week_from_monday(week.date()))
        }
        "minutesAgo" => text.parse::<i64>().ok().map(|minutes| -minutes),
        "date" | "dateHour" | "dateHourMinute" | "yearMonth" | "yearWeek" | "isoYearIsoWeek" => None,
        _ => text.parse().ok(),
    }
}

/// The numbers of the first and the last moment of these days; `None` if moments are counted within the range or the day.
pub fn bounds(dimension: &str, (first, last): (Date, Date)) -> Option<(i64, i64)> {
    let both = |number: fn(Date) -> i64| Some((number(first), number(last)));
    let parts = |of_day: i64| Some((day_number(first) * of_day, (day_number(last) + 1) * of_day - 1));
    match dimension {
        "date" => both(day_number),
        "dateHour" => parts(24),
        "dateHourMinute" => parts(24 * 60),
        "yearMonth" => both(|day| i64::from(day.year()) * 12 + i64::from(day.month()) - 1),
        "yearWeek" => both(week_from_sunday),
        "isoYearIsoWeek" => both(week_from_monday),
        "year" => both(|day| day.year().into()),
        _ => None,
    }
}

/// The dimensions that are the same for all of a day, and their text on it.
pub(crate) const OF_DAYS: [(&str, TextOfDay); 12] = [
    ("date", |day| day.strftime("%Y%m%d").to_string()),
    ("year", |day| format!("{:04}", day.year())),
    ("month", |day| format!("{:02}", day.month())),
    ("day", |day| format!("{:02}", day.day())),
    ("yearMonth", |day| format!("{:04}{:02}", day.year(), day.month())),
    ("week", |day| format!("{:02}", week(day))),
    ("yearWeek", |day| format!("{:04}{:02}", day.year(), week(day))),
    ("isoYear", |day| format!("{:04}", day.iso_week_date().year())),
    ("isoWeek", |day| format!("{:02}", day.iso_week_date().week())),
    ("isoYearIsoWeek", |day| format!("{:04}{:02}", day.iso_week_date().year(), day.iso_week_date().week())),
    ("dayOfWeek", |day| day.weekday().to_sunday_zero_offset().to_string()),
    ("dayOfWeekName", |day| day.strftime("%A").to_string()),
];

/// What a dimension says of a day.
pub(crate) type TextOfDay = fn(Date) -> String;

/// Weeks begin on Sunday, and the first and the last of a year end with it.
fn week(day: Date) -> i64 {
    week_from_sunday(day) - week_from_sunday(day.first_of_year()) + 1
}

/// Days since 1970.
fn day_number(day: Date) -> i64 {
    (day - Date::constant(1970, 1, 1)).get_days().into()
}

/// 1970 began on a Thursday.
fn week_from_sunday(day: Date) -> i64 {
    (day_number(day) + 4).div_euclid(7)
}

fn week_from_monday(day: Date) -> i64 {
    (day_number(day) + 3).div_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_moments_have_consecutive_numbers() {
        for (dimension, moments) in [
            ("date", ["20240228", "20240229", "20240301"]),
            ("date", ["20231231", "20240101", "20240102"]),
            ("dateHour", ["2026112022", "2026112023", "2026112100"]),
            ("dateHourMinute", ["202611202358", "202611202359", "202611210000"]),
            ("yearMonth", ["202611", "202612", "202701"]),
            ("isoYearIsoWeek", ["202652", "202653", "202701"]),
            ("yearWeek", ["202651", "202652", "202701"]),
            ("year", ["2025", "2026", "2027"]),
            ("nthDay", ["0008", "0009", "0010"]),
            ("hour", ["08", "09", "10"]),
            ("minutesAgo", ["02", "01", "00"]),
        ] {
            let numbers = moments.map(|moment| step(dimension, moment).unwrap());
            assert_eq!(numbers.map(|number| number - numbers[0]), [0, 1, 2], "{dimension} {moments:?}");
        }
        for (dimension, none) in
            [("date", ""), ("date", "2024-1-1"), ("date", "20241301"), ("date", "(other)"), ("date", "202401")]
        {
            assert_eq!(step(dimension, none), None);
        }
        let days = (Date::constant(2026, 11, 20), Date::constant(2026, 11, 21));
        for (dimension, first, last) in [
            ("date", "20261120", "20261121"),
            ("dateHour", "2026112000", "2026112123"),
            ("dateHourMinute", "202611200000", "202611212359"),
            ("yearMonth", "202611", "202611"),
            ("isoYearIsoWeek", "202647", "202647"),
            ("yearWeek", "202647", "202647"),
            ("year", "2026", "2026"),
        ] {
            let expected = (step(dimension, first).unwrap(), step(dimension, last).unwrap());
            assert_eq!(bounds(dimension, days), Some(expected), "{dimension}");
        }
    }
    #[test]
    fn a_day_has_the_texts_that_analytics_gives_it() {
        let texts = |day: Date| OF_DAYS.map(|(_, text)| text(day)).join(" ");
        for (day, expected) in [
            (Date::constant(2026, 11, 27), "20261127 2026 11 27 202611 48 202648 2026 48 202648 5 Friday"),
            (Date::constant(2026, 1, 1), "20260101 2026 01 01 202601 01 202601 2026 01 202601 4 Thursday"),
            (Date::constant(2026, 1, 4), "20260104 2026 01 04 202601 02 202602 2026 01 202601 0 Sunday"),
            (Date::constant(2026, 12, 31), "20261231 2026 12 31 202612 53 202653 2026 53 202653 4 Thursday"),
            (Date::constant(2024, 12, 30), "20241230 2024 12 30 202412 53 202453 2025 01 202501 1 Monday"),
        ] {
            assert_eq!(texts(day), expected);
        }
    }
}
