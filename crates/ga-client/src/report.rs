//! A report in the words of the command line: the options for fields, filters, currency and old names, which several
//! programs have, become a [`Translation`] with its request.
//!
//! Names are translated by [`ga_core::v3`], filters are read by [`ga_core::filter`]. Which words exclude each other, and the
//! days, are left to the program.

use std::time::Instant;

use ga_core::filter::{self, Expression, SyntaxError};
use ga_core::v3::{Column, FieldMap, Question, Translation};
use gauth_cli::Failure;
use gauth_text::{Seems, Typed};

use crate::properties;

/// The parts of comma-separated lists; an empty part is a typo, and so is one that is repeated.
///
/// # Errors
/// Either of them, as a usage error.
pub fn names(option: &str, texts: &[impl AsRef<str>]) -> Result<Vec<String>, Failure> {
    let mut parts: Vec<String> = Vec::new();
    for text in texts {
        for part in text.as_ref().split(',').map(str::trim) {
            if part.is_empty() {
                return Err(Failure::usage(format!("{option}: empty name")));
            }
            if parts.iter().any(|known| known == part) {
                return Err(Failure::usage(format!("{option}: {} is named twice", Typed(part))));
            }
            parts.push(part.to_owned());
        }
    }
    Ok(parts)
}

/// The file of `--map`, which is read until `deadline`.
///
/// # Errors
/// A file that cannot be read, as a usage error.
pub fn field_map(path: Option<&str>, deadline: Option<Instant>) -> anyhow::Result<FieldMap> {
    match path {
        Some(path) => Ok(FieldMap::parse(&properties::text_of(path, "--map", deadline)?)?),
        None => Ok(FieldMap::default()),
    }
}

/// The filters of `--filter`, then those in v3's grammar, of `--filters`.
///
/// # Errors
/// A filter that cannot be read, as a usage error that shows the place.
pub fn filters<'a>(
    filters: impl IntoIterator<Item = &'a String>,
    old: impl IntoIterator<Item = &'a String>,
) -> Result<Vec<Expression>, Failure> {
    let filters = filters.into_iter().map(|text| filter::parse(text));
    let old = old.into_iter().map(|text| filter::parse_v3(text));
    filters.chain(old).map(|filter| filter.map_err(unreadable)).collect()
}

/// A filter that cannot be read, with the place unless the text may hold a secret.
fn unreadable(error: SyntaxError) -> Failure {
    if error.text.trim().is_empty() {
        return Failure::usage("invalid filter: empty");
    }
    let mut failure = Failure::usage(error.to_string());
    if Seems::of(&error.text).is_none() {
        failure = error.caret().lines().fold(failure, Failure::hint);
    }
    error.hint.into_iter().fold(failure, Failure::hint)
}

/// The code of `--currency`.
///
/// # Errors
/// What cannot be one, as a usage error.
pub fn currency(code: &str) -> Result<String, Failure> {
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(code.to_owned());
    }
    Err(Failure::usage(format!("--currency: {:?} is not an ISO 4217 code, such as EUR", Typed(code))))
}

/// Translates what was asked for; each column is in the report once.
///
/// # Errors
/// What GA4 has no equivalent for, and two names for one field.
pub fn translation(question: Question, map: &FieldMap) -> anyhow::Result<Translation> {
    let translation = Translation::new(question, map)?;
    for (place, column) in translation.columns.iter().enumerate() {
        let is_same = |other: &&Column| other.unchanged().is_some() && other.unchanged() == column.unchanged();
        if let Some(other) = translation.columns[..place].iter().find(is_same) {
            let (name, other) = (Typed(&column.name), Typed(&other.name));
            let text = format!("{name} is the same as {other}, which is already in the report");
            return Err(Failure::usage(text).into());
        }
    }
    Ok(translation)
}
