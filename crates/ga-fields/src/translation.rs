//! Names of Universal Analytics and former names of GA4 become today's, which is said once.

use gauth_text::Typed;

use ga_core::{Error, catalogue, v3};
use gauth_cli::{Failure, Terminal};

/// Translates, and remembers what it has said.
pub(crate) struct Translator {
    terminal: Terminal,
    said: Vec<String>,
}

impl Translator {
    pub(crate) fn new(terminal: Terminal) -> Self {
        Self { terminal, said: Vec::new() }
    }

    /// Words to search for: `ga:users` becomes the names of what answers it, anything else stays.
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

    /// The fields of a report, from comma lists; old names and former names become today's.
    pub(crate) fn names(&mut self, lists: &[String]) -> anyhow::Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for name in lists.iter().flat_map(|list| list.split(',')).map(str::trim) {
            if name.is_empty() {
                return Err(Failure::usage("--compatible-with: empty name").into());
            }
            let today = match catalogue::renamed(name) {
                Some(today) => {
                    self.say(format!("{} is now called {}", Typed(name), Typed(&today)));
                    vec![today]
                }
                None => self.old_name(name)?.unwrap_or_else(|| vec![name.to_owned()]),
            };
            for name in today {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        Ok(names)
    }

    /// Says what answers those words that are names of Universal Analytics alone.
    pub(crate) fn mention(&mut self, words: &[String]) {
        for word in words {
            // Found by its letters as well; without an equivalent there is nothing to say.
            let _ = self.old_name(word);
        }
    }

    /// What answers a name of Universal Analytics; `None` if it is none, or GA4's too.
    pub(crate) fn old_name(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let Some(equivalent) = v3::equivalent(name)? else {
            return Ok(None);
        };
        self.say(equivalent.sentence);
        Ok(Some(equivalent.fields))
    }

    fn say(&mut self, sentence: String) {
        if !self.said.contains(&sentence) {
            self.terminal.note(&sentence);
            self.said.push(sentence);
        }
    }
}
