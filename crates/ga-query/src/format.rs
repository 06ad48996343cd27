//! Output formats: those of [`gauth_cli::rows`], and more, each one file and one line in [`FORMATS`].

mod raw;
mod sql;

use gauth_cli::{Failure, rows};

pub(crate) use gauth_cli::rows::{Column, Layout, RowWriter};

use crate::arguments::Arguments;
use crate::question::Question;

/// Every format, by the names that `-f` takes.
pub(crate) const FORMATS: &[Format] = &[
    of_rows(rows::CSV),
    of_rows(rows::TSV),
    of_rows(rows::JSON),
    of_rows(rows::NDJSON),
    of_rows(rows::TABLE),
    sql::FORMAT,
    raw::FORMAT,
];

/// One format.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    /// Endings of files that are written in it unless `-f` says otherwise.
    pub(crate) extensions: &'static [&'static str],
    /// Whether the property is a column even when there is one alone.
    pub(crate) names_property: bool,
    pub(crate) content: Content,
}

/// What a format is made of.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// Rows, by a writer.
    Rows(fn(Layout) -> Box<dyn RowWriter>),
    /// Rows, by a writer that wants to know the question, too, or refuses it.
    Report(fn(&Arguments, &Question) -> Result<NewWriter, Failure>),
    /// The server's answers as they were sent.
    Answers,
}

/// Makes a writer when the columns are known.
pub(crate) type NewWriter = Box<dyn Fn(Layout) -> Box<dyn RowWriter>>;

const fn of_rows(format: rows::Format) -> Format {
    Format {
        name: format.name,
        extensions: format.extensions,
        names_property: false,
        content: Content::Rows(format.writer),
    }
}

/// The format of that name.
pub(crate) fn named(name: &str) -> Result<&'static Format, Failure> {
    FORMATS
        .iter()
        .find(|format| format.name == name)
        .ok_or_else(|| {
            let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
            Failure::usage(format!("--format: {name} is none of {}", names.join(", ")))
        })
}

/// The format that a file's ending asks for.
pub(crate) fn of_extension(extension: &str) -> Option<&'static Format> {
    FORMATS
        .iter()
        .find(|format| format.extensions.contains(&extension))
}
