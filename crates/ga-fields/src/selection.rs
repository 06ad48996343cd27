//! Selects fields by the words of the command line.

use ga_core::Error;
use ga_core::metadata::{self, Definition, Found};
use gauth_text::Typed;

use crate::known::Known;
use crate::translation::Translator;

/// The fields that match the words, and whether the words are their names.
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
            return Err(Error::field(format!("{} cannot be combined with {}", Typed(&fields[0].name), Typed(&report)))
                .with_hint(format!(
                    "run ga-fields --compatible-with {} to list the fields that can",
                    Typed(&report).quoted()
                ))
                .into());
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

/// The error for a name or word that matches nothing, with the closest names.
pub(crate) fn unknown(fields: &[Definition], name: &str) -> Error {
    let error = Error::field(format!("no field matches {}", Typed(name)));
    match metadata::nearest(fields, name) {
        near if near.is_empty() => error.with_hint("run ga-fields to list them all"),
        near => error.with_hint(format!("did you mean `{}`?", Typed(&near.join("` or `")))),
    }
}
