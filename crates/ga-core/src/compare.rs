//! A report of one period beside the same report of another: beside each metric its value in the other period, and the
//! change.
//!
//! [`Periods`] are the days of both. [`Comparison`] takes the rows of the two reports, matches them by their dimensions, a
//! moment by its place within its period, and has them sorted. Which columns there are, and limits, are left to the caller.

mod moments;
mod order;
mod period;
mod rows;

pub use order::Sorted;
pub use period::{OtherPeriod, Periods};
pub use rows::Comparison;

use std::borrow::Cow;

/// The columns that a comparison makes of one: its value, the value of the other period, the change.
pub const PARTS: usize = 3;

/// The cells of one metric: its value, the value of the other period, and the change. A missing value is 0 if `is_sum` says
/// that the metric counts something, and otherwise empty.
pub fn cells<'a>(own: Option<&'a [u8]>, other: Option<&'a [u8]>, is_sum: bool) -> [Cow<'a, [u8]>; PARTS] {
    let missing: &[u8] = if is_sum { b"0" } else { b"" };
    let (own, other) = (own.unwrap_or(missing), other.unwrap_or(missing));
    let change = change(own, other).map_or_else(Vec::new, |change| change.to_string().into_bytes());
    [Cow::Borrowed(own), Cow::Borrowed(other), Cow::Owned(change)]
}

/// `(own - other) / other`; `None` if either is not a number, or nothing can be divided by the other.
fn change(own: &[u8], other: &[u8]) -> Option<f64> {
    let change = match (Number::parse(own)?, Number::parse(other)?) {
        (Number::Whole(own), Number::Whole(other)) => (own - other) as f64 / other as f64,
        (own, other) => (own.double() - other.double()) / other.double(),
    };
    // A negative zero has no sign.
    change.is_finite().then_some(change + 0.0)
}

/// A number as the server writes it; whole ones are exact.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Whole(i128),
    Double(f64),
}

impl Number {
    fn parse(cell: &[u8]) -> Option<Self> {
        let text = str::from_utf8(cell).ok()?;
        match text.parse::<i64>() {
            Ok(whole) => Some(Self::Whole(whole.into())),
            Err(_) => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Double),
        }
    }

    fn double(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Double(number) => number,
        }
    }
}

#[cfg(test)]
mod tests;
