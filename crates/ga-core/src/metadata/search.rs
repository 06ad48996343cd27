//! Finds fields by the words that users type.

use super::Definition;
use crate::catalogue::{self, FieldKind, edit_distance};

/// At most this many names are suggested.
const GUESSES: usize = 3;

/// The result of a search.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Each word is the name of a field: those, in the order of the words.
    Named(Vec<&'a Definition>),
    /// Those that have every word in one of their names or in their category; may be empty.
    Matching(Vec<&'a Definition>),
}

/// Looks for fields. Names are exact; a former name counts as one. Other words match in any case.
pub fn search<'a>(definitions: &'a [Definition], words: &[String]) -> Found<'a> {
    if !words.is_empty() {
        let named = words.iter().map(|word| definitions.iter().filter(|one| one.is_called(word)).collect());
        let named: Vec<Vec<&Definition>> = named.collect();
        if named.iter().all(|of_word| !of_word.is_empty()) {
            return Found::Named(named.concat());
        }
    }
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let matches = |one: &&Definition| words.iter().all(|word| one.contains(word));
    Found::Matching(definitions.iter().filter(matches).collect())
}

/// Names similar to `name`, the likeliest first, at most three.
pub fn nearest(definitions: &[Definition], name: &str) -> Vec<String> {
    let typed = name.to_lowercase();
    let tolerated = (typed.chars().count() / 4).clamp(1, 3);
    let mut near: Vec<(usize, &str)> = definitions
        .iter()
        .map(|one| (edit_distance(&typed, &one.name.to_lowercase()), &*one.name))
        .filter(|(distance, _)| *distance <= tolerated)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(GUESSES);
    if !near.is_empty() {
        return near.into_iter().map(|(_, name)| name.to_owned()).collect();
    }
    let guesses = catalogue::nearest(name, FieldKind::Metric);
    guesses.into_iter().filter(|guess| guess != name).collect()
}

impl Definition {
    fn is_called(&self, name: &str) -> bool {
        let is = |known: &str| catalogue::matches(known, name);
        is(&self.name) || self.former_names.iter().any(|former| is(former))
    }

    fn contains(&self, word: &str) -> bool {
        let former_names = self.former_names.iter().map(String::as_str);
        [&*self.name, &self.ui_name, &self.category]
            .into_iter()
            .chain(former_names)
            .any(|text| text.to_lowercase().contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::super::standard;
    use super::*;

    fn names(found: Found<'_>) -> (bool, Vec<&str>) {
        let (is_named, definitions) = match found {
            Found::Named(definitions) => (true, definitions),
            Found::Matching(definitions) => (false, definitions),
        };
        (is_named, definitions.iter().map(|one| &*one.name).collect())
    }

    fn searched(words: &[&str]) -> (bool, Vec<String>) {
        let all = standard();
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let (is_named, names) = names(search(&all, &words));
        (is_named, names.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn exact_names_lead_only_to_their_fields() {
        for (words, expected) in [
            (&["sessions"][..], &["sessions"][..]),
            (&["sessions", "country"], &["sessions", "country"]),
            (&["conversions"], &["keyEvents"]),
            (&["customUser:plan"], &["customUser:"]),
        ] {
            let (is_named, names) = searched(words);
            assert!(is_named, "{words:?}");
            assert_eq!(names, expected);
        }
        assert_eq!(searched(&["customEvent:x"]).1.len(), 2);
    }

    #[test]
    fn other_words_must_all_be_found_somewhere() {
        let (is_named, names) = searched(&["page", "VIEWS"]);
        assert!(!is_named);
        assert!(names.contains(&"screenPageViews".to_owned()));
        assert!(names.iter().all(|name| name.to_lowercase().contains("view")));
        assert!(searched(&["geography"]).1.contains(&"city".to_owned()));
        assert_eq!(searched(&["zzz"]).1, [""; 0]);
        assert_eq!(searched(&[]).1.len(), standard().len());
    }

    #[test]
    fn a_typo_gets_the_right_name() {
        let mut all = standard();
        all.push(Definition { name: "customEvent:plan".to_owned(), ..all[0].clone() });
        for (typed, expected) in [
            ("screenpageview", "screenPageViews"),
            ("contry", "country"),
            ("customEvent:plna", "customEvent:plan"),
            ("pageviews", "screenPageViews"),
        ] {
            assert_eq!(nearest(&all, typed).first().map(String::as_str), Some(expected));
        }
        assert!(nearest(&all, "zzqqxxyy").is_empty());
    }
}
