//! Which of the known fields are meant by the words and switches; names of Universal Analytics are translated.

use ga_core::catalogue::{self, FieldKind};
use ga_core::compatibility::Compatibility;
use ga_core::metadata::{self, Definition, Found};
use ga_core::{Error, v3};
use gauth_cli::{Failure, Terminal};

use crate::arguments::Arguments;

/// The fields to choose from.
pub(crate) struct Known {
    fields: Vec<Definition>,
    /// Fields that exist, but cannot join the report of `report`.
    incompatible: Vec<Definition>,
    report: Vec<String>,
}

impl Known {
    /// Fields that nothing excludes.
    pub(crate) fn all(fields: Vec<Definition>) -> Self {
        Self {
            fields,
            incompatible: Vec::new(),
            report: Vec::new(),
        }
    }

    /// What a server says about the fields of a report.
    pub(crate) fn judged(judged: Compatibility, report: Vec<String>) -> Self {
        Self {
            fields: judged.compatible,
            incompatible: judged.incompatible,
            report,
        }
    }

    /// What the switches leave.
    pub(crate) fn narrowed(mut self, arguments: &Arguments) -> Self {
        self.fields.retain(|field| {
            (!arguments.realtime || field.realtime)
                && (!arguments.dimensions || field.kind == FieldKind::Dimension)
                && (!arguments.metrics || field.kind == FieldKind::Metric)
                && (!arguments.custom || field.custom)
        });
        self
    }
}

/// The fields that the words mean, and whether the words are their names.
pub(crate) fn select<'a>(
    known: &'a Known,
    words: &[String],
    translator: &mut Translator,
) -> anyhow::Result<(Vec<&'a Definition>, bool)> {
    let found = metadata::search(&known.fields, words);
    if let Found::Named(fields) = found {
        return Ok((fields, true));
    }
    for word in words {
        let word = std::slice::from_ref(word);
        if let Found::Named(fields) = metadata::search(&known.incompatible, word)
            && !matches!(metadata::search(&known.fields, word), Found::Named(_))
        {
            let report = known.report.join(",");
            return Err(
                Error::field(format!("{} cannot join {report}", fields[0].name))
                    .with_hint(format!(
                        "ga-fields --compatible-with {report} lists what can"
                    ))
                    .into(),
            );
        }
    }
    if let Found::Matching(fields) = found
        && (words.is_empty() || !fields.is_empty())
    {
        translator.mention(words);
        return Ok((fields, false));
    }
    if let [word] = words
        && let Some(fields) = translator.old_name(word)?
        && let Found::Named(fields) = metadata::search(&known.fields, &fields)
    {
        return Ok((fields, true));
    }
    let words = words.join(" ");
    Err(unknown(&known.fields, &words).into())
}

/// A name or word that leads nowhere, with the nearest names.
pub(crate) fn unknown(fields: &[Definition], name: &str) -> Error {
    let error = Error::field(format!("no field is found by {name}"));
    match metadata::nearest(fields, name) {
        near if near.is_empty() => error.with_hint("ga-fields alone lists them all"),
        near => error.with_hint(format!("did you mean {}?", near.join(" or "))),
    }
}

/// Turns old names into today's, and says so once.
pub(crate) struct Translator {
    terminal: Terminal,
    said: Vec<String>,
}

impl Translator {
    pub(crate) fn new(terminal: Terminal) -> Self {
        Self {
            terminal,
            said: Vec::new(),
        }
    }

    /// Words to search for: `ga:users` becomes the names of what answers it, anything else stays.
    pub(crate) fn words(&mut self, words: &[String]) -> anyhow::Result<Vec<String>> {
        let mut translated = Vec::new();
        for word in words {
            if word.trim().is_empty() {
                return Err(Failure::usage("a word is empty").into());
            }
            match word.starts_with("ga:") {
                true => translated.extend(self.old_name(word)?.unwrap_or_default()),
                false => translated.push(word.clone()),
            }
        }
        Ok(translated)
    }

    /// The fields of a report, from comma lists; old names and former names become today's.
    pub(crate) fn names(&mut self, lists: &[String]) -> anyhow::Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for name in lists.iter().flat_map(|list| list.split(',')).map(str::trim) {
            if name.is_empty() {
                return Err(Failure::usage("--compatible-with: an empty name").into());
            }
            let today = match catalogue::renamed(name) {
                Some(today) => {
                    self.say(format!("{name} is called {today} now"));
                    vec![today]
                }
                None => self
                    .old_name(name)?
                    .unwrap_or_else(|| vec![name.to_owned()]),
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
    fn mention(&mut self, words: &[String]) {
        for word in words {
            // Found by its letters as well; without an equivalent there is nothing to say.
            let _ = self.old_name(word);
        }
    }

    /// What answers a name of Universal Analytics; `None` if it is none, or GA4's too.
    fn old_name(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
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
