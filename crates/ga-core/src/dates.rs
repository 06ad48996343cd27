//! Date ranges as users type them.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/DateRange>
//!
//! `today`, `yesterday` and `NdaysAgo` are passed through: they are days in the time zone of the property, which the
//! server knows. Words for weeks and months are our own; they need today's date there, which the caller provides.

use gauth_text::Typed;
use jiff::Span;
use jiff::civil::Date;

use crate::error::Error;
use crate::report::{DateRange, MinuteRange};

/// The most date ranges in one request.
pub(crate) const MOST_RANGES: usize = 4;

/// The prefix of the names of unnamed ranges; their number follows.
pub(crate) const RANGE_NAMES: &str = "date_range_";

/// The first day that the API accepts.
const FIRST_DAY: Date = jiff::civil::date(2015, 8, 14);

/// A date range as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedRange {
    name: Option<String>,
    start: End,
    end: End,
}

/// One end of a range, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Day(Date),
    /// Days before today, in the words of the API.
    Ago(u64, String),
    /// A calendar month, by its first day.
    Month(Date),
    Word(Word),
}

/// Weeks, from Monday to Sunday, and months. The current ones end yesterday, or today on their first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    LastMonth,
    ThisMonth,
    LastWeek,
    ThisWeek,
}

const WORDS: [(&str, Word); 4] = [
    ("lastMonth", Word::LastMonth),
    ("thisMonth", Word::ThisMonth),
    ("lastWeek", Word::LastWeek),
    ("thisWeek", Word::ThisWeek),
];

/// The range from `start` to `end`; either may be left out. A week or a month as `start` without `end` is the whole period.
pub fn range(start: Option<&str>, end: Option<&str>) -> Result<TypedRange, Error> {
    let start = match (start, end) {
        (Some(start), None) if start.ends_with("..") || !End::parse(start)?.is_period() => {
            start.strip_suffix("..").unwrap_or(start)
        }
        (Some(start), None) => return TypedRange::parse(None, start, start),
        (start, _) => start.unwrap_or("28daysAgo"),
    };
    TypedRange::parse(None, start, end.unwrap_or("yesterday"))
}

/// Reads `[NAME=]A..B`, `[NAME=]A..` (until yesterday), or `[NAME=]A` for a single day, week or month.
pub fn named_range(text: &str) -> Result<TypedRange, Error> {
    let (name, dates) = match text.split_once('=') {
        Some((name, dates)) => (Some(name), dates),
        None => (None, text),
    };
    if let Some(name) = name {
        check_name("date range", RANGE_NAMES, name)?;
    }
    let (start, end) = match dates.split_once("..") {
        Some((start, "")) => (start, "yesterday"),
        Some(ends) => ends,
        None => (dates, dates),
    };
    TypedRange::parse(name, start, end)
}

impl TypedRange {
    fn parse(name: Option<&str>, start: &str, end: &str) -> Result<Self, Error> {
        let range = Self { name: name.map(str::to_owned), start: End::parse(start)?, end: End::parse(end)? };
        if !range.needs_today() {
            range.days(None)?;
        }
        Ok(range)
    }

    /// Whether the days of the range are known only together with today's date.
    pub fn needs_today(&self) -> bool {
        [&self.start, &self.end].into_iter().any(|end| matches!(end, End::Word(_)))
    }

    /// The range as it is sent, where it is `today`.
    pub fn on(&self, today: Date) -> Result<DateRange, Error> {
        self.days(self.needs_today().then_some(today))
    }

    /// Whether its dates depend on today's, if only by a word that the API knows.
    pub fn is_relative(&self) -> bool {
        [&self.start, &self.end].into_iter().any(|end| matches!(end, End::Ago(..) | End::Word(_)))
    }

    /// The first and the last day, where it is `today`; refused before the first day of the API.
    pub fn dates(&self, today: Date) -> Result<(Date, Date), Error> {
        let range = self.days(Some(today))?;
        let (start, end) = self.ends(Some(today))?;
        let days = start.date.zip(end.date).ok_or_else(|| Error::usage("the date is outside the calendar"))?;
        check_first_day(days.0, &range.start_date)?;
        Ok(days)
    }

    fn ends(&self, today: Option<Date>) -> Result<(Day, Day), Error> {
        Ok((self.start.days(today)?.0, self.end.days(today)?.1))
    }

    fn days(&self, today: Option<Date>) -> Result<DateRange, Error> {
        let (start, end) = self.ends(today)?;
        let range = DateRange { start_date: start.text, end_date: end.text, name: self.name.clone() };
        let is_reversed = match (start.date, end.date, start.ago, end.ago) {
            (Some(start), Some(end), _, _) => start > end,
            (_, _, Some(start), Some(end)) => start < end,
            _ => false,
        };
        if is_reversed {
            Err(Error::usage(format!(
                "the date range {} to {} ends before it starts",
                range.start_date, range.end_date
            )))
        } else {
            Ok(range)
        }
    }
}

/// A single day as it was typed: a date, `NdaysAgo`, `yesterday` or `today`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedDay(End);

impl TypedDay {
    /// Reads it; weeks and months are refused.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match End::parse(text)? {
            end if end.is_period() => Err(Error::usage(format!("{text:?} is not a single day"))),
            end => Ok(Self(end)),
        }
    }

    /// The date, unless it depends on today's.
    pub fn date(&self) -> Option<Date> {
        match self.0 {
            End::Day(date) => Some(date),
            _ => None,
        }
    }

    /// The date where it is `today`.
    pub fn on(&self, today: Date) -> Result<Date, Error> {
        let (day, _) = self.0.days(Some(today))?;
        day.date.ok_or_else(|| Error::usage("the date is outside the calendar"))
    }
}

/// One day, as it is sent and, if known, as a date.
struct Day {
    text: String,
    date: Option<Date>,
    ago: Option<u64>,
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self { text: date.to_string(), date: Some(date), ago: None }
    }
}

impl End {
    fn parse(text: &str) -> Result<Self, Error> {
        if let Some((_, word)) = WORDS.iter().find(|(name, _)| *name == text) {
            return Ok(Self::Word(*word));
        }
        match text {
            "today" => return Ok(Self::Ago(0, text.to_owned())),
            "yesterday" => return Ok(Self::Ago(1, text.to_owned())),
            _ => {}
        }
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        if let Some(days) = text.strip_suffix("daysAgo").and_then(number) {
            return Ok(Self::Ago(days, text.to_owned()));
        }
        let (typing, first) = match text.split('-').collect::<Vec<_>>()[..] {
            [year, month] if (year.len(), month.len()) == (4, 2) => {
                date(year, month, "01").map(|first| (Self::Month(first), first))
            }
            [year, month, day] if (year.len(), month.len(), day.len()) == (4, 2, 2) => {
                date(year, month, day).map(|day| (Self::Day(day), day))
            }
            _ => None,
        }
        .ok_or_else(|| not_a_date(text))?;
        check_first_day(first, text)?;
        Ok(typing)
    }

    /// Whether this is more than one day.
    fn is_period(&self) -> bool {
        matches!(self, Self::Month(_) | Self::Word(_))
    }

    /// Its first and its last day.
    fn days(&self, today: Option<Date>) -> Result<(Day, Day), Error> {
        let (first, last) = match (self, today) {
            (Self::Ago(days, text), _) => {
                let date = today.and_then(|today| before(today, i64::try_from(*days).ok()?));
                let day = || Day { text: text.clone(), date, ago: Some(*days) };
                return Ok((day(), day()));
            }
            (Self::Day(date), _) => (*date, *date),
            (Self::Month(first), _) => (*first, first.last_of_month()),
            (Self::Word(word), Some(today)) => {
                word.days(today).ok_or_else(|| Error::usage("the date is outside the calendar"))?
            }
            (Self::Word(_), None) => return Err(Error::usage("today's date is not known")),
        };
        Ok((first.into(), last.into()))
    }
}

impl Word {
    fn days(self, today: Date) -> Option<(Date, Date)> {
        let monday = before(today, i64::from(today.weekday().to_monday_zero_offset()))?;
        let first = today.first_of_month();
        Some(match self {
            Self::LastMonth => {
                let last = before(first, 1)?;
                (last.first_of_month(), last)
            }
            Self::ThisMonth => (first, first.max(before(today, 1)?)),
            Self::LastWeek => (before(monday, 7)?, before(monday, 1)?),
            Self::ThisWeek => (monday, monday.max(before(today, 1)?)),
        })
    }
}

/// This number of days earlier.
pub(crate) fn before(date: Date, days: i64) -> Option<Date> {
    date.checked_sub(Span::new().try_days(days).ok()?).ok()
}

/// A day of the Gregorian calendar.
fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if ![year, month, day].into_iter().all(is_number) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn not_a_date(text: &str) -> Error {
    let error = Error::usage(format!(
        "{:?} is not a date: expected YYYY-MM-DD, YYYY-MM, NdaysAgo, today, yesterday, lastMonth, thisMonth, lastWeek or \
         thisWeek",
        Typed(text)
    ));
    let names = WORDS.iter().map(|(name, _)| *name).chain(["today", "yesterday"]);
    match names.into_iter().find(|name| name.eq_ignore_ascii_case(text)) {
        Some(name) => error.with_hint(format!("did you mean `{name}`?")),
        None => error,
    }
}

/// Refuses a day before the first; `text` is how the message names it.
pub(crate) fn check_first_day(date: Date, text: &str) -> Result<(), Error> {
    if date < FIRST_DAY {
        Err(Error::usage(format!(
            "{text} is before {FIRST_DAY}, the first day that the API accepts: Universal Analytics data is gone, and \
         GA4 data starts when the property was created"
        )))
    } else {
        Ok(())
    }
}

/// Refuses a date of an official request before the first day; anything else is left to the server.
pub(crate) fn check_sent(text: &str) -> Result<(), Error> {
    match text.parse::<Date>() {
        Ok(date) => check_first_day(date, text),
        Err(_) => Ok(()),
    }
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
            "the minute range {minutes} ends before it starts: expected the larger number first, as in 29..0"
        ))),
        _ => Err(Error::usage(format!(
            "{:?} is not a minute range: expected START..END, such as 29..0 for the last 30 minutes",
            Typed(minutes)
        ))),
    }
}

/// Checks the number and the names of the ranges of one request.
pub fn check_ranges(ranges: &[TypedRange]) -> Result<(), Error> {
    if ranges.len() > MOST_RANGES {
        return Err(Error::usage(format!(
            "{} date ranges: at most {MOST_RANGES} are allowed in one report",
            ranges.len()
        )));
    }
    for (place, range) in ranges.iter().enumerate() {
        if let Some(name) = &range.name
            && ranges[..place].iter().any(|r| r.name.as_ref() == Some(name))
        {
            return Err(Error::usage(format!("two date ranges are named {}", Typed(name))));
        }
    }
    Ok(())
}

/// Checks the name of a `what`; `own` is the prefix of the names that the server generates.
pub(crate) fn check_name(what: &str, own: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() || name.contains(char::is_control) {
        return Err(Error::usage(format!("invalid {what} name {:?}: expected printable text", Typed(name))));
    }
    match [own, "RESERVED_"].into_iter().find(|prefix| name.starts_with(prefix)) {
        Some(prefix) => {
            let why = format!("names that begin with {prefix} are reserved");
            Err(Error::usage(format!("invalid {what} name {:?}: {why}", Typed(name))))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
