//! What only the user knows about an old view: the events that replace its goals, the parameters that replace its
//! custom dimensions, and its property. Read from the file of `--map`:
//!
//! ```text
//! # a comment
//! ga:12345   = 987654321              a view and its property
//! goal1      = sign_up                a goal and its key event
//! dimension3 = customEvent:author     any v3 field and the GA4 field that replaces it
//! ```

use gauth_text::Typed;

use super::names;
use crate::error::Error;

/// The lines of a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldMap {
    views: Vec<(String, String)>,
    goals: Vec<(String, String)>,
    fields: Vec<(String, String)>,
}

impl FieldMap {
    /// Reads a map; refuses lines that make no sense.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut map = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let refused = |why: String| Error::usage(format!("cannot read the map: line {}: {why}", index + 1));
            let Some((name, value)) = line.split_once('=') else {
                return Err(refused("expected NAME = VALUE".to_owned()));
            };
            let (name, value) = (name.trim(), value.trim());
            let name = name.strip_prefix("ga:").unwrap_or(name);
            let is_word = |c: char| c.is_alphanumeric() || "_:[]".contains(c);
            if value.is_empty() || !value.chars().all(is_word) {
                return Err(refused(format!("{:?} is not a GA4 name", Typed(value))));
            }
            let goal = name.strip_prefix("goal").filter(|rest| is_digits(rest));
            let (list, name) = match goal {
                Some(number) => (&mut map.goals, number),
                None if is_digits(name) && is_digits(value) => (&mut map.views, name),
                None if is_digits(name) => {
                    return Err(refused(format!("{:?} is not a property number", Typed(value))));
                }
                None if names::find(name).is_some() => (&mut map.fields, name),
                None => return Err(refused(format!("{:?} is not a v3 field", Typed(name)))),
            };
            if list.iter().any(|(known, _)| known == name) {
                return Err(refused(format!("{} is defined twice", Typed(name))));
            }
            list.push((name.to_owned(), value.to_owned()));
        }
        Ok(map)
    }

    /// The property that replaces a view.
    pub(super) fn property(&self, view: &str) -> Option<&str> {
        value(&self.views, view)
    }

    /// The key event that replaces a goal.
    pub(super) fn goal(&self, number: &str) -> Option<&str> {
        value(&self.goals, number)
    }

    /// The GA4 field that replaces a v3 field (without `ga:`).
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        value(&self.fields, name)
    }
}

fn value<'a>(list: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = list.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The property for `--ids`, and a note about it: `ga:N` is property N unless the map has the view.
pub fn property(ids: &str, map: &FieldMap) -> Result<(String, String), Error> {
    let Some(view) = ids.strip_prefix("ga:").filter(|view| is_digits(view)) else {
        return Err(Error::usage(format!("--ids: expected ga:NUMBER, got {:?}", Typed(ids)))
            .with_hint("pass the GA4 property with -p NUMBER"));
    };
    Ok(match map.property(view) {
        Some(property) => {
            (property.to_owned(), format!("using property {property} for view {}, as the map says", Typed(ids)))
        }
        None => (view.to_owned(), format!("treating {} as property {view}: views no longer exist", Typed(ids))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_goals_and_fields_are_distinguished() {
        let map = FieldMap::parse(
            "# old site\n\nga:123 = 456\n goal2=sign_up\nga:dimension3 = customEvent:author\nnetworkDomain = customUser:isp\n",
        )
        .unwrap();
        assert_eq!(map.property("123"), Some("456"));
        assert_eq!(map.goal("2"), Some("sign_up"));
        assert_eq!(map.goal("1"), None);
        assert_eq!(map.field("dimension3"), Some("customEvent:author"));
        assert_eq!(map.field("networkDomain"), Some("customUser:isp"));
    }

    #[test]
    fn a_line_that_makes_no_sense_is_refused_by_number() {
        for (text, message) in [
            ("goal1", "line 1: expected NAME = VALUE"),
            ("\ngoal1 =", "line 2: \"\""),
            ("goal1 = two words", "line 1: \"two words\""),
            ("nothing = x", "line 1: \"nothing\" is not a v3 field"),
            ("ga:12 = UA", "line 1: \"UA\" is not a property number"),
            ("goal1 = a\ngoal1 = b", "line 2: 1 is defined twice"),
        ] {
            let error = FieldMap::parse(text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn ids_name_a_property() {
        let map = FieldMap::parse("ga:1 = 2").unwrap();
        assert_eq!(property("ga:1", &map).unwrap().0, "2");
        assert_eq!(property("ga:7", &map).unwrap().0, "7");
        for wrong in ["7", "ga:", "UA-7-1", "ga:7x"] {
            assert!(property(wrong, &map).is_err(), "{wrong}");
        }
    }
}
