//! The GA4 fields for one v3 name, for users who look it up.

use gauth_text::Typed;

use super::map::FieldMap;
use super::names;
use super::resolve::{Fields, resolve};
use crate::catalogue::FieldKind;
use crate::error::Error;

/// The GA4 fields behind a v3 name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivalent {
    /// Their names.
    pub fields: Vec<String>,
    /// How they replace the name, as a sentence.
    pub sentence: String,
}

/// What replaces `name`, with or without `ga:`; `None` if it is not a v3 name, or also a GA4 name.
///
/// # Errors
/// A name that GA4 has no equivalent of, with the nearest one; one that begins with `ga:` and is unknown.
pub fn equivalent(name: &str) -> Result<Option<Equivalent>, Error> {
    let bare = name.strip_prefix("ga:").unwrap_or(name);
    if bare == name && (names::is_ga4(name) || names::find(name).is_none()) {
        return Ok(None);
    }
    let entry = names::find(bare).map(|(entry, _)| entry);
    let kind = entry.map_or(FieldKind::Metric, |entry| entry.kind);
    let resolved = resolve(name, kind, &FieldMap::default())?;
    let factor = match resolved.values {
        "x100" => " times 100",
        "x1000" => " times 1000",
        _ => "",
    };
    let note = entry.and_then(|entry| entry.note());
    let note = note.map_or_else(String::new, |note| format!(": {note}"));
    let sentence = format!("using {}{factor} for {}{note}", resolved.fields, Typed(name));
    Ok(Some(Equivalent {
        fields: match resolved.fields {
            Fields::One(name) => vec![name],
            Fields::Quotient(a, b) | Fields::Difference(a, b) => vec![a, b],
            Fields::Joined(names) => names,
        },
        sentence,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn each_name_leads_to_its_fields() {
        for (name, fields, word) in [
            ("ga:users", &["totalUsers"][..], "using totalUsers for ga:users"),
            ("visits", &["sessions"], "using sessions for visits: "),
            ("ga:percentNewSessions", &["newUsers", "sessions"], "newUsers/sessions times 100"),
            ("ga:bounceRate", &["bounceRate"], "times 100"),
            ("ga:sourceMedium", &["sessionSourceMedium"], "sessionSourceMedium"),
        ] {
            let found = equivalent(name).unwrap().unwrap();
            assert_eq!(found.fields, fields, "{name}");
            assert!(found.sentence.contains(word), "{}", found.sentence);
        }
        for name in ["sessions", "country", "nobodyKnows", "page"] {
            assert_eq!(equivalent(name).unwrap(), None, "{name}");
        }
    }

    #[test]
    fn what_has_no_equivalent_is_refused() {
        for name in ["ga:exits", "exits", "ga:nobodyKnows", "ga:goal1Completions"] {
            assert_eq!(equivalent(name).unwrap_err().kind(), Kind::Refused, "{name}");
        }
    }
}
