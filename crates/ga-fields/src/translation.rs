//! Names of Universal Analytics and former names of GA4 are replaced by current ones, with one note each.

use gauth_text::Typed;

use ga_core::{Error, catalogue, v3};
use gauth_cli::{Failure, Terminal};

/// Translates names; each note is printed once.
pub(crate) struct Translator {
    terminal: Terminal,
    noted: Vec<String>,
}

impl Translator {
    pub(crate) fn new(terminal: Terminal) -> Self {
        Self { terminal, noted: Vec::new() }
    }

    /// Words to search for: `ga:users` is replaced by GA4 names, anything else stays.
    pub(crate) fn words(&mut self, words: &[String]) -> anyhow::Result<Vec<String>> {
        let mut translated = Vec::new();
        for word in words {
            if word.trim().is_empty() {
                return Err(Failure::usage("empty argument").into());
            }
            if word.starts_with("ga:") {
                translated.extend(self.old_name(word)?.unwrap_or_default())
            } else {
                translated.push(word.clone())
            }
        }
        Ok(translated)
    }

    /// The fields of a report, from comma lists; old and former names are replaced by current ones.
    pub(crate) fn names(&mut self, lists: &[String]) -> anyhow::Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for name in lists.iter().flat_map(|list| list.split(',')).map(str::trim) {
            if name.is_empty() {
                return Err(Failure::usage("--compatible-with: empty name").into());
            }
            let current = match catalogue::renamed(name) {
                Some(name_now) => {
                    self.note(format!("{} is now called {}", Typed(name), Typed(&name_now)));
                    vec![name_now]
                }
                None => self.old_name(name)?.unwrap_or_else(|| vec![name.to_owned()]),
            };
            for name in current {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        Ok(names)
    }

    /// Prints the notes for words that are names of Universal Analytics.
    pub(crate) fn mention(&mut self, words: &[String]) {
        for word in words {
            // The word matches GA4 fields as well, so a missing equivalent is not an error.
            let _ = self.old_name(word);
        }
    }

    /// The GA4 fields for a name of Universal Analytics; `None` if it is not one, or also a GA4 name.
    pub(crate) fn old_name(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let Some(equivalent) = v3::equivalent(name)? else {
            return Ok(None);
        };
        self.note(equivalent.sentence);
        Ok(Some(equivalent.fields))
    }

    fn note(&mut self, sentence: String) {
        if !self.noted.contains(&sentence) {
            self.terminal.note(&sentence);
            self.noted.push(sentence);
        }
    }
}
