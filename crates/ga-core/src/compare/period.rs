//! The days that a report is compared with, as typed, and as dates.

use gauth_text::Typed;
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::dates::{self, TypedRange, before, check_first_day};
use crate::error::Error;
use crate::report::DateRange;

/// The other period as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherPeriod {
    /// As many days, just before.
    Previous,
    /// The same dates, one year before.
    Year,
    /// Any days.
    Days(TypedRange),
}

/// The first and the last day of a report, and of the other period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// The report's own.
    pub own: (Date, Date),
    /// Those that it is compared with.
    pub other: (Date, Date),
}

impl OtherPeriod {
    /// Reads `previous`, `year`, or a date range without a name.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "previous" => return Ok(Self::Previous),
            "year" => return Ok(Self::Year),
            _ => {}
        }
        let unknown =
            || Error::usage(format!("--compare: expected previous, year or a date range A..B, got {:?}", Typed(text)));
        if text.contains('=') {
            return Err(unknown());
        }
        match dates::named_range(text) {
            Ok(range) => Ok(Self::Days(range)),
            Err(error) if text.contains("..") || text.contains(|c: char| c.is_ascii_digit()) => {
                let hint = error.hint().unwrap_or_else(|| "use previous, year or a date range A..B".to_owned());
                Err(error.within("--compare").with_hint(hint))
            }
            Err(_) => Err(unknown()),
        }
    }

    /// Whether the days of a report of `own` and the other ones depend on today's date.
    pub fn needs_today(&self, own: &TypedRange) -> bool {
        own.is_relative() || matches!(self, Self::Days(range) if range.is_relative())
    }

    /// The days of a report of `own` and the other ones, where it is `today`.
    pub fn periods(&self, own: &TypedRange, today: Date) -> Result<Periods, Error> {
        let own = own.dates(today)?;
        let outside = || Error::usage("--compare: the other period is outside the calendar");
        let other = match self {
            Self::Days(range) => return Ok(Periods { own, other: range.dates(today).map_err(other_error)? }),
            Self::Previous => {
                let last = before(own.0, 1);
                let first = before(own.0, i64::from((own.1 - own.0).get_days()) + 1);
                first.zip(last)
            }
            // 29 February becomes 28 February.
            Self::Year => own.0.checked_sub(1.year()).ok().zip(own.1.checked_sub(1.year()).ok()),
        };
        let other = other.ok_or_else(outside)?;
        check_first_day(other.0, &other.0.to_string()).map_err(other_error)?;
        Ok(Periods { own, other })
    }
}

/// Says which of the two periods an error is about.
fn other_error(error: Error) -> Error {
    error.within("--compare: the other period")
}

impl Periods {
    /// The report's own days as they are sent.
    pub fn own_range(&self) -> DateRange {
        range(self.own)
    }

    /// The other days as they are sent.
    pub fn other_range(&self) -> DateRange {
        range(self.other)
    }
}

fn range((first, last): (Date, Date)) -> DateRange {
    DateRange { start_date: first.to_string(), end_date: last.to_string(), name: None }
}
