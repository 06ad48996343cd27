//! Date ranges as they are typed.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/DateRange>
//!
//! `today`, `yesterday` and `NdaysAgo` are passed through: they are days of the property's zone, which
//! only the server knows.

use gauth_text::Typed;

use crate::error::Error;
use crate::report::{DateRange, MinuteRange};

/// The most date ranges that one request may have.
pub const MOST_RANGES: usize = 4;

/// What the names of ranges that were given none begin with; their number follows.
pub const RANGE_NAMES: &str = "date_range_";

/// The range from `start` to `end`; either may be left out.
pub fn range(start: Option<&str>, end: Option<&str>) -> Result<DateRange, Error> {
    let range = DateRange {
        start_date: start.unwrap_or("28daysAgo").to_owned(),
        end_date: end.unwrap_or("yesterday").to_owned(),
        name: None,
    };
    check(range)
}

/// Reads `[NAME=]A..B`, or `[NAME=]A` for a single day.
pub fn named_range(text: &str) -> Result<DateRange, Error> {
    let (name, dates) = match text.split_once('=') {
        Some((name, dates)) => (Some(name), dates),
        None => (None, text),
    };
    if let Some(name) = name {
        check_name("date range", RANGE_NAMES, name)?;
    }
    let (start, end) = dates.split_once("..").unwrap_or((dates, dates));
    check(DateRange { start_date: start.to_owned(), end_date: end.to_owned(), name: name.map(str::to_owned) })
}

/// Reads `[NAME=]A..B`: from A minutes ago to B minutes ago, the larger number first.
pub fn minute_range(text: &str) -> Result<MinuteRange, Error> {
    let (name, minutes) = match text.split_once('=') {
        Some((name, minutes)) => (Some(name), minutes),
        None => (None, text),
    };
    if let Some(name) = name {
        check_name("minute range", RANGE_NAMES, name)?;
    }
    let number = |text: &str| text.parse::<u32>().ok();
    let (start, end) = minutes.split_once("..").unwrap_or((minutes, minutes));
    match (number(start), number(end)) {
        (Some(start), Some(end)) if start >= end => Ok(MinuteRange {
            start_minutes_ago: Some(start),
            end_minutes_ago: Some(end),
            name: name.map(str::to_owned),
        }),
        (Some(_), Some(_)) => Err(Error::usage(format!(
            "the minutes {minutes} end before they start: the longer ago comes first, as in 29..0"
        ))),
        _ => Err(Error::usage(format!(
            "{:?} are no minutes: 29..0 was expected, from 29 minutes ago until now",
            Typed(minutes)
        ))),
    }
}

/// Whether so many ranges of these names fit into one request.
pub fn check_ranges(ranges: &[DateRange]) -> Result<(), Error> {
    if ranges.len() > MOST_RANGES {
        return Err(Error::usage(format!("{} date ranges: at most {MOST_RANGES} go into one report", ranges.len())));
    }
    for (place, range) in ranges.iter().enumerate() {
        if let Some(name) = &range.name
            && ranges[..place].iter().any(|r| r.name.as_ref() == Some(name))
        {
            return Err(Error::usage(format!("two date ranges have the name {}", Typed(name))));
        }
    }
    Ok(())
}

fn check(range: DateRange) -> Result<DateRange, Error> {
    let (start, end) = (day(&range.start_date)?, day(&range.end_date)?);
    // Both calendar days, or both counted back from today: those can be compared.
    let reversed = match (start, end) {
        (Day::Calendar(start), Day::Calendar(end)) => start > end,
        (Day::Ago(start), Day::Ago(end)) => start < end,
        _ => false,
    };
    if reversed {
        return Err(Error::usage(format!(
            "the date range {} to {} ends before it starts",
            range.start_date, range.end_date
        )));
    }
    Ok(range)
}

enum Day {
    /// Year, month, day.
    Calendar((u16, u8, u8)),
    /// Days before today.
    Ago(u64),
}

fn day(text: &str) -> Result<Day, Error> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text {
        "today" => return Ok(Day::Ago(0)),
        "yesterday" => return Ok(Day::Ago(1)),
        _ => {}
    }
    if let Some(number) = text.strip_suffix("daysAgo").filter(|text| digits(text))
        && let Ok(days) = number.parse()
    {
        return Ok(Day::Ago(days));
    }
    let parts: Vec<&str> = text.split('-').collect();
    if let [year, month, day] = parts[..]
        && (year.len(), month.len(), day.len()) == (4, 2, 2)
        && parts.iter().all(|part| digits(part))
        && let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse())
        && (1..=days_in(year, month)).contains(&day)
    {
        return Ok(Day::Calendar((year, month, day)));
    }
    Err(Error::usage(format!(
        "{:?} is not a date: YYYY-MM-DD, NdaysAgo, yesterday or today were expected",
        Typed(text)
    )))
}

/// Days of a month in the Gregorian calendar; 0 for a month that is none.
fn days_in(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u8::from(leap),
        _ => 0,
    }
}

/// Whether `what` may have this name: `own` is the prefix of the names that the server gives to those without one.
pub(crate) fn check_name(what: &str, own: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() || name.contains(char::is_control) {
        return Err(Error::usage(format!("{:?} cannot name a {what}: expected printable text", Typed(name))));
    }
    match [own, "RESERVED_"].into_iter().find(|prefix| name.starts_with(prefix)) {
        Some(prefix) => {
            let why = format!("the server reserves names that begin with {prefix}");
            Err(Error::usage(format!("{:?} cannot name a {what}: {why}", Typed(name))))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_end_keeps_the_others_default() {
        let pair = |start, end| {
            let range = range(start, end).unwrap();
            (range.start_date, range.end_date)
        };
        let texts = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        assert_eq!(pair(None, None), texts("28daysAgo", "yesterday"));
        assert_eq!(pair(Some("7daysAgo"), None), texts("7daysAgo", "yesterday"));
        assert_eq!(pair(None, Some("today")), texts("28daysAgo", "today"));
    }

    #[test]
    fn dates_that_are_none_are_refused() {
        for text in [
            "",
            "tomorrow",
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "2024-1-01",
            "24-01-01",
            "daysAgo",
            "-1daysAgo",
            "7DaysAgo",
            "2024-00-10",
            "2024-01-00",
            "2024-01-01-01",
            "99999999999999999999daysAgo",
        ] {
            assert!(range(Some(text), None).is_err(), "{text}");
        }
        for text in ["2024-02-29", "2000-02-29", "0daysAgo", "365daysAgo", "today"] {
            assert!(range(Some(text), Some("today")).is_ok(), "{text}");
        }
        for (start, end) in [("2024-02-02", "2024-02-01"), ("today", "yesterday"), ("1daysAgo", "2daysAgo")] {
            let error = range(Some(start), Some(end)).unwrap_err();
            assert!(error.to_string().contains("ends before it starts"));
        }
    }

    #[test]
    fn minutes_are_counted_back() {
        let range = minute_range("now=4..0").unwrap();
        assert_eq!(range.name.as_deref(), Some("now"));
        assert_eq!((range.start_minutes_ago, range.end_minutes_ago), (Some(4), Some(0)));
        assert_eq!(minute_range("7").unwrap().end_minutes_ago, Some(7));
        for wrong in ["", "0..4", "x", "4..", "-1..0", "date_range_1=4..0", "=4..0"] {
            assert!(minute_range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn named_ranges_are_read_with_their_names() {
        let range = named_range("before=2024-01-01..2024-01-31").unwrap();
        assert_eq!(range.name.as_deref(), Some("before"));
        assert_eq!((&*range.start_date, &*range.end_date), ("2024-01-01", "2024-01-31"));
        let day = named_range("yesterday").unwrap();
        assert_eq!((&*day.start_date, &*day.end_date), ("yesterday", "yesterday"));
        for wrong in ["=today", "date_range_0=today", "a\nb=today", "RESERVED_X=today", "today..", "a=..today"] {
            assert!(named_range(wrong).is_err(), "{wrong}");
        }
        for name in ["cohort_1", "last week", "é"] {
            let range = named_range(&format!("{name}=today")).unwrap();
            assert_eq!(range.name.as_deref(), Some(name));
        }
        let twice = [range.clone(), range.clone()];
        assert!(check_ranges(&twice).is_err());
        assert!(check_ranges(&vec![day; 5]).is_err());
    }
}
