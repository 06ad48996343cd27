//! Output formats: those of [`ga_client::rows`], and those that only reports have, each one file and one line in [`OWN`].

mod chart;
mod days;
mod figure;
mod heading;
mod html;
mod parquet;
mod raw;
mod sql;
mod v3;

use std::path::PathBuf;
use std::sync::Arc;

use ga_client::rows::target::Place;
use ga_client::rows::{self, Key};
use ga_core::report::{DateRange, RunReportRequest};
use ga_core::response::ReportHead;
use gauth_cli::Failure;
use gauth_cli::files;
use gauth_cli::terminal::width;
use gauth_text::Typed;

pub(crate) use ga_client::rows::{Column, Layout, RowWriter};

use crate::arguments::Arguments;
use crate::display_names::DisplayNames;
use crate::property::Property;
use crate::query::Query;
use crate::report::Report;

const OWN: &[Format] = &[chart::FORMAT, html::FORMAT, sql::FORMAT, parquet::FORMAT, v3::FORMAT, raw::FORMAT];

/// One format, and what it can do.
#[derive(Clone, Copy)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    /// Extensions of files that are written in it unless `-f` says otherwise.
    extensions: &'static [&'static str],
    /// What comes before, between and after several reports, if it has room for them.
    pub(crate) several: Option<[&'static str; 3]>,
    /// Whether the first line names the columns.
    pub(crate) has_header_line: bool,
    /// Whether the rows of another run may follow.
    pub(crate) is_open_ended: bool,
    has_excel_form: bool,
    /// Whether `.gz` behind the ending of a file compresses it.
    is_compressible: bool,
    has_totals: bool,
    /// Whether it is text, which a terminal can show.
    is_text: bool,
    /// Whether it is drawn with a terminal's own sequences, around text that it makes harmless itself.
    pub(crate) is_drawing: bool,
    /// Whether the property is a column even if there is only one.
    pub(crate) has_property_column: bool,
    pub(crate) shows_property_name: bool,
    /// Whether columns are called in words unless `--header` says otherwise.
    is_in_words: bool,
    /// Refuses what it cannot hold, before anything is sent.
    check: fn(&Arguments, &Query) -> Result<(), Failure>,
    /// Refuses two properties that it cannot hold together.
    pub(crate) check_properties: fn(&Report, &Property, &Property) -> Result<(), Failure>,
    pub(crate) content: Content,
}

/// What a format is made of. `begin` writes what comes before the first row, and makes the writer of the rows.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// Rows of any kind.
    Rows(fn(Layout, &mut Vec<u8>) -> Box<dyn RowWriter>),
    /// Rows of a report.
    Report(Begin),
    /// The server's answers as they were sent.
    Answers,
}

/// Begins the rows of a report.
type Begin = fn(Layout, &Start<'_>, &mut Vec<u8>) -> Result<Box<dyn RowWriter>, Failure>;

/// What is known when the first page has arrived.
pub(crate) struct Start<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) report: &'a Report,
    pub(crate) property: &'a Property,
    /// All of them.
    pub(crate) properties: &'a [Arc<Property>],
    /// The request with the property's own days.
    pub(crate) request: &'a RunReportRequest,
    /// The days that it is compared with.
    pub(crate) other: Option<&'a DateRange>,
    /// What the first page says beside its rows.
    pub(crate) head: &'a ReportHead,
    /// The names of fields, if they are not the API's.
    pub(crate) names: Option<&'a DisplayNames>,
}

impl Format {
    /// A format for one report that can do nothing special, to take the rest of the fields from.
    const fn new(name: &'static str, content: Content) -> Self {
        Self {
            name,
            extensions: &[],
            several: None,
            has_header_line: false,
            is_open_ended: false,
            has_excel_form: false,
            is_compressible: false,
            has_totals: true,
            is_text: true,
            is_drawing: false,
            has_property_column: false,
            shows_property_name: false,
            is_in_words: false,
            check: |_, _| Ok(()),
            check_properties: |_, _, _| Ok(()),
            content,
        }
    }

    fn of_rows(format: rows::Format) -> Self {
        Self {
            extensions: format.extensions,
            several: Some(format.several),
            has_header_line: format.has_header_line,
            is_open_ended: format.is_open_ended,
            has_excel_form: format.has_excel_form,
            is_compressible: format.is_compressible,
            is_drawing: format.is_drawing,
            ..Self::new(format.name, Content::Rows(format.begin))
        }
    }

    fn key(&self) -> Key {
        Key { name: self.name, extensions: self.extensions, is_compressible: self.is_compressible }
    }

    /// Whether answers are kept as they were sent.
    pub(crate) fn is_raw(&self) -> bool {
        matches!(self.content, Content::Answers)
    }
}

/// Every format.
fn formats() -> impl Iterator<Item = Format> {
    rows::FORMATS.iter().copied().map(Format::of_rows).chain(OWN.iter().copied())
}

/// The names that `-f` takes.
pub(crate) fn names() -> Vec<&'static str> {
    formats().map(|format| format.name).collect()
}

/// Where the output goes, and how.
#[derive(Clone)]
pub(crate) struct Output {
    /// `-o`; standard output without it.
    path: Option<PathBuf>,
    is_compressed: bool,
    pub(crate) is_terminal: bool,
    pub(crate) format: Format,
    /// The layout, without its columns.
    pub(crate) layout: Layout,
    pub(crate) names: Names,
}

/// What columns are called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// As the API calls them.
    Api,
    /// As Analytics shows them.
    Shown,
    /// As Analytics shows them if it says so, and otherwise in words.
    InWords,
}

impl Output {
    /// Reads what the command line says about the output, and checks that the format can hold the reports.
    pub(crate) fn choose(arguments: &Arguments, query: &Query) -> Result<Self, Failure> {
        let path = arguments.file().map(PathBuf::from);
        let is_terminal = path.is_none() && files::is_terminal(None);
        let formats = formats().collect();
        let (format, is_compressed) =
            rows::choose(arguments.format(), path.as_deref(), is_terminal, formats, Format::key)?;
        if arguments.excel && !format.has_excel_form {
            return Err(Failure::usage("--excel: only csv has a form for spreadsheets"));
        }
        let header = match arguments.header.as_deref() {
            None | Some("api" | "ui") => true,
            Some("none") => false,
            Some(other) => {
                return Err(Failure::usage(format!("--header: expected api, ui or none, got {}", Typed(other))));
            }
        };
        if query.reports.len() != 1 && format.several.is_none() {
            return Err(Failure::usage(format!("-f {}: cannot hold several reports", format.name)));
        }
        if !format.has_totals && query.reports.iter().any(|report| !report.request.metric_aggregations.is_empty()) {
            return Err(Failure::usage(format!("-f {}: cannot hold totals among its rows", format.name)));
        }
        if !format.is_text && !arguments.is_preview()? && files::is_terminal(path.as_deref()) {
            return Err(Failure::usage(format!("-f {}: a terminal cannot show it", format.name))
                .hint("name a file with -o FILE, or pipe the output into a program that reads it"));
        }
        (format.check)(arguments, query)?;
        let layout = Layout { header, excel: arguments.excel, ..Layout::of_terminal(is_terminal.then(width)) };
        let names = match arguments.header.as_deref() {
            Some("ui") => Names::Shown,
            None if format.is_in_words => Names::InWords,
            _ => Names::Api,
        };
        Ok(Self { path, is_compressed, is_terminal, format, layout, names })
    }

    /// Where the output goes.
    pub(crate) fn place(&self) -> Place<'_> {
        let path = self.path.as_deref();
        Place { path, is_compressed: self.is_compressed, is_drawing: self.format.is_drawing }
    }
}
