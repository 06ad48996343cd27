//! What names a property: its number.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/property-id>
//!
//! The other ids that people copy out of Analytics are told apart, since the API's own answer to them
//! (403) sends people to look for rights they have.

use std::fmt;

use crate::error::Error;

/// The longest number that is sent; Google's have nine or ten digits.
const DIGITS: usize = 18;

/// A property, or the wish for the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// The first property that the token can see, written `0`.
    First,
    /// The property of this number.
    Number(PropertyNumber),
}

/// The number of a property: digits and nothing else, so it can never change where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PropertyNumber(String);

impl PropertyNumber {
    /// Reads `123` or `properties/123`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix("properties/").unwrap_or(text);
        if digits.is_empty() || digits.len() > DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong(text));
        }
        Ok(Self(digits.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PropertyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("0"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl Property {
    /// Reads `0`, `123` or `properties/123`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match PropertyNumber::parse(text)? {
            PropertyNumber(digits) if digits.bytes().all(|byte| byte == b'0') => Ok(Self::First),
            number => Ok(Self::Number(number)),
        }
    }
}

fn wrong(text: &str) -> Error {
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let what = if starts("UA-") {
        "is a Universal Analytics id, whose data is gone; GA4 properties have numbers"
    } else if starts("G-") {
        "is the measurement id of a data stream, not of a property"
    } else if starts("GTM-") {
        "is the id of a Tag Manager container, not of a property"
    } else if starts("AW-") {
        "is the id of an Ads account, not of a property"
    } else if starts("ga:") {
        "is a view of Universal Analytics; pass it as --ids, or the number of a property"
    } else if starts("accounts/") {
        "is an account, which has properties"
    } else {
        "is not a property: digits, properties/DIGITS or 0 were expected"
    };
    Error::usage(format!("{text} {what}"))
        .with_hint("run ga-properties to find the number, or pass 0 for the first property")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_both_forms() {
        for (text, number) in [("123456", "123456"), ("properties/7", "7")] {
            let property = Property::parse(text).unwrap();
            assert_eq!(property, Property::Number(PropertyNumber(number.into())));
        }
        assert_eq!(Property::parse("0").unwrap(), Property::First);
        assert_eq!(Property::parse("properties/0").unwrap(), Property::First);
    }

    #[test]
    fn other_ids_are_named_and_refused() {
        for (text, word) in [
            ("UA-1234-5", "Universal Analytics"),
            ("ua-1234-5", "Universal Analytics"),
            ("G-ABC123", "measurement id"),
            ("GTM-ABC", "Tag Manager"),
            ("ga:123", "view"),
            ("accounts/12", "account"),
            ("", "not a property"),
            ("x@evil.test/", "not a property"),
            ("../1", "not a property"),
            ("1%2f2", "not a property"),
            ("١٢٣", "not a property"),
            ("properties/properties/1", "not a property"),
            ("12345678901234567890", "not a property"),
        ] {
            let error = Property::parse(text).unwrap_err();
            assert_eq!(error.kind(), crate::Kind::Usage, "{text}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
