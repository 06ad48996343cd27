//! Suggestions for a name that does not exist.

use super::{FieldKind, edit_distance, fields, renamed};

/// At most this many names are suggested.
const GUESSES: usize = 3;

/// Existing names similar to `name`, the likeliest first, at most three.
///
/// A name that differs only in case is the only suggestion, and so is a renamed field; otherwise names
/// at a small edit distance come first, then names that contain `name` or are contained in it.
/// Names of `kind` come before names of the other kind at the same distance.
pub fn nearest(name: &str, kind: FieldKind) -> Vec<String> {
    let (family, parameter) = match name.split_once(':') {
        Some((family, parameter)) => (format!("{family}:"), parameter),
        None => (name.to_owned(), ""),
    };
    let complete = |known: &str| match known.ends_with(':') {
        true if parameter.is_empty() => format!("{known}NAME"),
        true => format!("{known}{parameter}"),
        false => known.to_owned(),
    };

    let mut candidates: Vec<(usize, bool, &'static str)> = fields()
        .iter()
        .filter_map(|field| {
            let distance = distance_of(&family, field.name)?;
            Some((distance, field.kind != kind, field.name))
        })
        .collect();
    candidates.sort_unstable();
    candidates.dedup_by_key(|(_, _, name)| *name);

    if let Some((0, _, only)) = candidates.first() {
        return vec![complete(only)];
    }
    if let Some(present) = renamed(name) {
        return vec![present];
    }
    candidates.truncate(GUESSES);
    candidates.into_iter().map(|(_, _, known)| complete(known)).collect()
}

/// The distance from `typed` to `known`: 0 if they differ only in case, `None` if they are not similar.
fn distance_of(typed: &str, known: &str) -> Option<usize> {
    let typed = typed.to_lowercase();
    let known = known.to_lowercase();
    let edits = edit_distance(&typed, &known);
    let tolerated = (typed.len() / 4).clamp(1, 3);
    if edits <= tolerated {
        return Some(edits);
    }
    let (short, long) = if typed.len() < known.len() { (&typed, &known) } else { (&known, &typed) };
    // Names that share a whole part rank behind every typing error, the closest in length first.
    (short.len() >= 4 && long.contains(short.as_str())).then(|| 100 + long.len() - short.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_name_comes_first() {
        let metric = FieldKind::Metric;
        let dimension = FieldKind::Dimension;
        for (typed, kind, expected) in [
            ("screenpageviews", metric, "screenPageViews"),
            ("Sessions", metric, "sessions"),
            ("sesions", metric, "sessions"),
            ("contry", dimension, "country"),
            ("coutnry", dimension, "country"),
            ("conversions", metric, "keyEvents"),
            ("pageviews", metric, "screenPageViews"),
            ("sessionSources", dimension, "sessionSource"),
            ("CustomEvent:plan", dimension, "customEvent:plan"),
            ("customUser", dimension, "customUser:NAME"),
            ("defaultChannelGrouping", dimension, "defaultChannelGroup"),
        ] {
            let names = nearest(typed, kind);
            assert_eq!(names.first().map(String::as_str), Some(expected), "{typed}");
            assert!(names.len() <= GUESSES);
        }
    }

    #[test]
    fn a_name_that_differs_only_in_case_is_the_only_suggestion() {
        assert_eq!(nearest("PAGEPATH", FieldKind::Dimension), ["pagePath"]);
    }

    #[test]
    fn nothing_is_invented_for_a_name_unlike_any() {
        assert!(nearest("zzqqxxyy", FieldKind::Metric).is_empty());
        assert!(nearest("", FieldKind::Metric).is_empty());
    }

    #[test]
    fn edit_distance_counts_a_swap_once() {
        for (a, b, expected) in [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3)] {
            assert_eq!(edit_distance(a, b), expected, "{a} {b}");
        }
    }
}
