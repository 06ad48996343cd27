//! The table of v3 names.

use std::sync::LazyLock;

use crate::catalogue::{FieldKind, edit_distance};

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(Entry::parse).collect());
static TABLE: &str = include_str!("../../data/v3.tsv");
static NOTES: &str = include_str!("../../data/v3-notes.tsv");

/// How the names of calculated metrics begin; the rest is the user's.
const CALCULATED: &str = "calcMetric_";

/// One v3 field, as the table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Without `ga:`; `XX` represents a number.
    pub(super) name: &'static str,
    pub(super) kind: FieldKind,
    pub(super) answer: Answer,
    /// The letter of v3's dataType; empty for a dimension, which is a STRING.
    pub(super) data_type: &'static str,
    /// How the values are converted.
    pub(super) values: &'static str,
    /// The filter that the fields need.
    pub(super) filter: &'static str,
    /// The key of the note.
    note: &'static str,
}

/// Where the values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// One GA4 field, or an expression over several.
    Fields(&'static str),
    /// None; this one is closest. May be empty.
    None(&'static str),
}

impl Entry {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let name = columns.next()?;
        let kind = FieldKind::of_letter(columns.next()?);
        let fields = columns.next()?;
        if let Some(other) = fields.strip_prefix('@') {
            let other = TABLE.lines().find(|line| line.split('\t').next() == Some(other))?;
            return Some(Self { name, ..Self::parse(other)? });
        }
        let mut column = || columns.next().unwrap_or_default();
        Some(Self {
            name,
            kind,
            answer: match fields.strip_prefix('~') {
                Some(nearest) => Answer::None(nearest),
                None => Answer::Fields(fields),
            },
            data_type: column(),
            values: column(),
            filter: column(),
            note: column(),
        })
    }

    /// How the meaning differs, or why there is no equivalent.
    pub(super) fn note(&self) -> Option<&'static str> {
        NOTES.lines().skip(1).find_map(|line| {
            let (key, text) = line.split_once('\t')?;
            (key == self.note).then_some(text)
        })
    }

    /// Whether only the name differs.
    fn is_plain(&self) -> bool {
        let is_one_field = |fields: &str| !fields.contains(['/', '-', '+', '*', '#', ':']);
        matches!(self.answer, Answer::Fields(fields) if is_one_field(fields))
            && self.values.is_empty()
            && self.filter.is_empty()
    }
}

/// The entry of a name without `ga:`, and the part of the name that the table leaves open: the number
/// for `XX`, the end for `*`.
pub(super) fn find(name: &str) -> Option<(&'static Entry, Option<&str>)> {
    let named = |name: &str| ENTRIES.iter().find(|entry| entry.name == name);
    if let Some(entry) = named(name) {
        return Some((entry, None));
    }
    if let Some(rest) = name.strip_prefix(CALCULATED).filter(|rest| !rest.is_empty()) {
        return Some((named("calcMetric_*")?, Some(rest)));
    }
    let start = name.find(|c: char| c.is_ascii_digit())?;
    let length = name[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len() - start);
    let (number, rest) = name[start..].split_at(length);
    let entry = named(&format!("{}XX{rest}", &name[..start]))?;
    Some((entry, Some(number)))
}

/// The v3 name closest to one that does not exist.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let distance = |entry: &&Entry| edit_distance(&entry.name.to_lowercase(), &name);
    let entry = ENTRIES.iter().min_by_key(distance)?;
    (distance(&entry) <= (name.len() / 4).max(1)).then_some(entry.name)
}

/// The GA4 name of a v3 field whose values need no other change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rename {
    /// GA4's name.
    pub name: &'static str,
    /// How the meaning differs, to be reported once; `None` if it does not.
    pub note: Option<&'static str>,
}

/// The GA4 name of a v3 field, if only the name differs: `ga:sessions`, or a bare name that GA4
/// itself does not have (`users`, `pageviews`, `visits`). `None` otherwise.
pub fn rename(name: &str) -> Option<Rename> {
    let bare = match name.strip_prefix("ga:") {
        Some(bare) => bare,
        None if is_ga4(name) => return None,
        None => name,
    };
    let (entry, None) = find(bare)? else {
        return None;
    };
    let Answer::Fields(fields) = entry.answer else {
        return None;
    };
    entry.is_plain().then_some(Rename { name: fields, note: entry.note() })
}

/// Whether GA4 or v3 has a field of this name, or had it before Google renamed it.
pub(crate) fn is_field(name: &str) -> bool {
    match name.strip_prefix("ga:") {
        Some(bare) => find(bare).is_some(),
        None => is_ga4(name) || find(name).is_some() || crate::catalogue::renamed(name).is_some(),
    }
}

/// Whether GA4 has a field of this name, so that it is a v3 name only with `ga:`.
pub(super) fn is_ga4(name: &str) -> bool {
    [FieldKind::Dimension, FieldKind::Metric].into_iter().any(|kind| crate::catalogue::find(name, kind).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn every_line_is_an_entry_and_every_name_of_ga4_exists() {
        assert_eq!(ENTRIES.len(), TABLE.lines().count() - 1);
        for entry in ENTRIES.iter() {
            let (Answer::Fields(names) | Answer::None(names)) = entry.answer;
            for name in names.split(['/', '-', '+']).flat_map(|name| name.split(" or ")) {
                let name = name.replace('*', "x").replace('#', "");
                let is_empty = name.is_empty() && matches!(entry.answer, Answer::None(_));
                assert!(is_empty || is_ga4(&name), "{}: {name}", entry.name);
                if matches!(entry.answer, Answer::Fields(_)) {
                    assert!(catalogue::find(&name, entry.kind).is_some(), "{name}");
                }
            }
        }
    }

    #[test]
    fn every_filter_can_be_read_and_no_computed_name_is_ga4s() {
        for entry in ENTRIES.iter() {
            let filter = entry.filter.replace('*', "x");
            assert!(filter.is_empty() || crate::filter::parse(&filter).is_ok(), "{filter}");
            let is_computed = matches!(entry.answer, Answer::Fields(fields) if fields.contains(['/', '-']));
            assert!(!is_computed || !is_ga4(entry.name), "{}", entry.name);
        }
    }

    #[test]
    fn every_note_has_a_text() {
        for entry in ENTRIES.iter() {
            assert!(entry.note.is_empty() || entry.note().is_some(), "{}", entry.name);
        }
    }

    #[test]
    fn the_names_that_old_scripts_use_are_renamed() {
        for (name, expected) in [
            ("users", Some("totalUsers")),
            ("ga:users", Some("totalUsers")),
            ("visitors", Some("totalUsers")),
            ("pageviews", Some("screenPageViews")),
            ("visits", Some("sessions")),
            ("ga:sessions", Some("sessions")),
            ("ga:source", Some("sessionSource")),
            ("campaign", Some("sessionCampaignName")),
            // GA4 has these itself.
            ("sessions", None),
            ("source", None),
            ("newUsers", None),
            // More than a name.
            ("ga:bounceRate", None),
            ("percentNewSessions", None),
            ("screenviews", None),
            ("ga:goal1Completions", None),
            ("ga:exits", None),
            ("nobodyKnows", None),
        ] {
            assert_eq!(rename(name).map(|rename| rename.name), expected, "{name}");
        }
        assert!(rename("users").unwrap().note.is_none());
        assert!(rename("visits").unwrap().note.is_some());
    }

    #[test]
    fn a_number_in_a_name_replaces_xx() {
        let found = |name| find(name).map(|(entry, number)| (entry.name, number));
        assert_eq!(found("goal12Completions"), Some(("goalXXCompletions", Some("12"))));
        assert_eq!(found("dimension3"), Some(("dimensionXX", Some("3"))));
        assert_eq!(found("goalPreviousStep1"), Some(("goalPreviousStep1", None)));
        assert_eq!(found("7dayUsers"), Some(("7dayUsers", None)));
        assert_eq!(found("calcMetric_Rate"), Some(("calcMetric_*", Some("Rate"))));
        assert_eq!(found("goalCompletions"), None);
    }
}
