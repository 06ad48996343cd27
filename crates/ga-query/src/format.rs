//! Output formats: those of [`gauth_cli::rows`], and more, each one file and one line in [`FORMATS`].

mod raw;

use gauth_cli::{Failure, rows};

pub(crate) use gauth_cli::rows::{Column, Layout, RowWriter};

/// Every format, by the names that `-f` takes.
pub(crate) const FORMATS: &[Format] = &[
    of_rows(rows::CSV),
    of_rows(rows::TSV),
    of_rows(rows::JSON),
    of_rows(rows::NDJSON),
    of_rows(rows::TABLE),
    raw::FORMAT,
];

/// One format.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    /// Endings of files that are written in it unless `-f` says otherwise.
    pub(crate) extensions: &'static [&'static str],
    pub(crate) content: Content,
}

/// What a format is made of.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// Rows, by a writer.
    Rows(fn(Layout) -> Box<dyn RowWriter>),
    /// The server's answers as they were sent.
    Answers,
}

const fn of_rows(format: rows::Format) -> Format {
    Format {
        name: format.name,
        extensions: format.extensions,
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
