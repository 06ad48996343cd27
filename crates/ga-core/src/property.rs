//! What names a property: its number.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/property-id>
//!
//! Other ids that users copy from Analytics are refused by name, since the API only says 403, as if access were missing.

use std::fmt;

use gauth_text::Typed;

use crate::error::Error;

/// The most digits that are sent; Google's numbers have nine or ten.
const DIGITS: usize = 18;

/// A property, or the request for the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// The first property that the token can see, written `0`.
    First,
    /// The property of this number.
    Number(PropertyNumber),
}

/// The number of a property: only digits, so it can never change where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PropertyNumber(String);

impl PropertyNumber {
    /// Reads `123` or `properties/123`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix("properties/").unwrap_or(text);
        if digits.is_empty() || digits.len() > DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong(text));
        }
        // One property has one spelling: `07` beside `7` would give its rows twice.
        let significant = digits.trim_start_matches('0');
        Ok(Self(if significant.is_empty() { "0" } else { significant }.to_owned()))
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
            PropertyNumber(digits) if digits == "0" => Ok(Self::First),
            number => Ok(Self::Number(number)),
        }
    }
}

/// The properties of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The first one that the token can see, written `0`.
    First,
    /// Every one that the token can see, written `all`.
    All,
    /// One.
    One(PropertyNumber),
    /// Those of a list, each once; there may be only one.
    List(Vec<PropertyNumber>),
}

impl Selection {
    /// Reads `0`, `all`, or properties with commas, blanks or line breaks between them.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let words: Vec<&str> = texts.into_iter().flat_map(words).collect();
        match words[..] {
            [] => Err(Error::usage("no property given")),
            ["all"] => Ok(Self::All),
            [word] => match Property::parse(word)? {
                Property::First => Ok(Self::First),
                Property::Number(number) => Ok(Self::One(number)),
            },
            _ => Self::list(words),
        }
    }

    /// Reads the text of a file of properties, one a line, with comments from `#` to the end of a line.
    pub fn parse_file(text: &str) -> Result<Self, Error> {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        match Self::list(lines.flat_map(words))? {
            Self::List(numbers) if numbers.is_empty() => Err(Error::usage("the list contains no property")),
            list => Ok(list),
        }
    }

    fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut numbers = Vec::new();
        for word in words {
            if word == "all" || word.starts_with('@') {
                let what = if word == "all" { word } else { "@FILE" };
                return Err(Error::usage(format!("{what} cannot be combined with other properties")));
            }
            match Property::parse(word)? {
                Property::First => {
                    return Err(Error::usage("0, the first property, cannot be combined with other properties"));
                }
                Property::Number(number) if numbers.contains(&number) => {}
                Property::Number(number) => numbers.push(number),
            }
        }
        Ok(Self::List(numbers))
    }

    /// Whether each row names its property, since there may be several.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::All | Self::List(_))
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty())
}

fn wrong(text: &str) -> Error {
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let what = if starts("UA-") {
        "is a Universal Analytics id: its data is gone, and GA4 properties have numbers"
    } else if starts("G-") {
        "is the measurement id of a data stream, not a property"
    } else if starts("GTM-") {
        "is the id of a Tag Manager container, not a property"
    } else if starts("AW-") {
        "is the id of a Google Ads account, not a property"
    } else if starts("ga:") {
        "is a Universal Analytics view: pass it with --ids, or pass a property number"
    } else if starts("accounts/") {
        "is an account, not a property"
    } else {
        "is not a property: expected digits, properties/DIGITS or 0"
    };
    Error::usage(format!("{} {what}", Typed(text)))
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
    fn lists_have_commas_blanks_or_line_breaks_and_each_property_once() {
        let list = |numbers: &[&str]| {
            Selection::List(numbers.iter().map(|number| PropertyNumber((*number).to_owned())).collect())
        };
        for (texts, selection) in [
            (&["0"][..], Selection::First),
            (&["properties/0"], Selection::First),
            (&[" all\n"], Selection::All),
            (&["7"], Selection::One(PropertyNumber("7".into()))),
            (&["7\n"], Selection::One(PropertyNumber("7".into()))),
            (&["7\n8\r\n9\n"], list(&["7", "8", "9"])),
            (&["8, 7 ,,properties/9", "7"], list(&["8", "7", "9"])),
            (&["7", "properties/7"], list(&["7"])),
            (&["7", "07", "properties/007", "70"], list(&["7", "70"])),
            (&["000"], Selection::First),
        ] {
            assert_eq!(Selection::parse(texts.iter().copied()).unwrap(), selection, "{texts:?}");
        }
        for (texts, why) in [
            (&[""][..], "no property given"),
            (&["\n"], "no property given"),
            (&["0,7"], "0, the first property, cannot be combined"),
            (&["7", "all"], "all cannot be combined"),
            (&["7 @file"], "@FILE cannot be combined"),
            (&["7 UA-1-1"], "Universal Analytics"),
        ] {
            let error = Selection::parse(texts.iter().copied()).unwrap_err();
            assert!(error.to_string().contains(why), "{texts:?}: {error}");
        }
        let file = "# shops\n7 # the first\r\n\n properties/8\n7\n";
        assert_eq!(Selection::parse_file(file).unwrap(), list(&["7", "8"]));
        assert_eq!(Selection::parse_file("7").unwrap(), list(&["7"]));
        for wrong in ["", "# 7", "0", "all", "G-ABC"] {
            assert!(Selection::parse_file(wrong).is_err(), "{wrong}");
        }
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
