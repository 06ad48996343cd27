//! Output formats: those of [`ga_client::rows`], and more, each one file and one line in [`FORMATS`].

mod chart;
mod days;
mod figure;
mod html;
mod raw;
mod sql;
mod v3;

use std::path::Path;

use ga_client::rows;
use ga_core::report::RunReportRequest;
use ga_core::response::ReportHead;
use gauth_cli::Failure;

pub(crate) use self::sql::names_days;
pub(crate) use ga_client::rows::{Column, Layout, RowWriter};
use gauth_text::Typed;

use crate::arguments::Arguments;
use crate::question::Question;

/// Every format, by the names that `-f` takes.
pub(crate) const FORMATS: &[Format] = &[
    of_rows(rows::CSV, ["", "\n", ""]),
    of_rows(rows::TSV, ["", "\n", ""]),
    of_rows(rows::JSON, ["[\n", ",\n", "]\n"]),
    of_rows(rows::NDJSON, ["", "", ""]),
    of_rows(rows::TABLE, ["", "\n", ""]),
    chart::FORMAT,
    html::FORMAT,
    sql::FORMAT,
    v3::FORMAT,
    raw::FORMAT,
];

/// One format.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    /// Endings of files that are written in it unless `-f` says otherwise.
    pub(crate) extensions: &'static [&'static str],
    /// Whether the property is a column even when there is one alone.
    pub(crate) names_property: bool,
    /// Whether it says what the property is called.
    pub(crate) shows_property_name: bool,
    /// What stands before, between and after several reports, if it has room for them.
    pub(crate) several: Option<[&'static str; 3]>,
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
pub(crate) type NewWriter = Box<dyn Fn(Layout, &Beginning<'_>) -> Box<dyn RowWriter>>;

/// What is known when the first rows are there.
pub(crate) struct Beginning<'a> {
    /// The number of the property.
    pub(crate) property: &'a str,
    /// What Analytics calls it, if that is known.
    pub(crate) property_name: Option<&'a str>,
    /// What the property was asked, with its own days.
    pub(crate) request: &'a RunReportRequest,
    /// What the first page says beside its rows.
    pub(crate) head: &'a ReportHead,
}

const fn of_rows(format: rows::Format, several: [&'static str; 3]) -> Format {
    Format {
        name: format.name,
        extensions: format.extensions,
        names_property: false,
        shows_property_name: false,
        several: Some(several),
        content: Content::Rows(format.writer),
    }
}

/// The format of that name.
pub(crate) fn named(name: &str) -> Result<&'static Format, Failure> {
    FORMATS.iter().find(|format| format.name == name).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        Failure::usage(format!("--format: {} is none of {}", Typed(name), names.join(", ")))
    })
}

/// The name of the format for a file: `named` by `-f`, or by its ending.
pub(crate) fn of_file<'a>(path: &Path, named: Option<&'a str>) -> Result<&'a str, Failure> {
    rows::format_of_file(path, named, FORMATS.iter().map(|format| (format.name, format.extensions)))
}
