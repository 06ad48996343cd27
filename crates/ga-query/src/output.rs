//! From checked pages to stdout or a file, in one format.
//!
//! A file appears when everything is in it ([`gauth_cli::files::Report`]); on stdout a document that is not
//! complete lacks its end.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use ga_core::answer::ReportHead;
use ga_core::block::Rows;
use ga_core::paging::DATE_RANGE;
use ga_core::report::RunReportRequest;
use gauth_cli::Failure;
use gauth_cli::files::Report;
use gauth_cli::terminal::{Stdout, stdout, width};

use crate::arguments::Arguments;
use crate::format::{self, Column, Content, Layout, NewWriter, RowWriter};
use crate::pages::Fetched;
use crate::question::Question;

/// Written out when it has grown to this.
const BUFFER: usize = 64 * 1024;

/// Where the report goes.
pub(crate) struct Output {
    target: Target,
    form: Form,
    names_property: bool,
    layout: Layout,
    /// Made when the columns are known.
    writer: Option<Box<dyn RowWriter>>,
    buffer: Vec<u8>,
    is_terminal: bool,
}

enum Form {
    /// Answers as they were sent.
    Answers,
    Rows(NewWriter),
}

enum Target {
    Stdout(Stdout),
    File(Report),
}

impl Output {
    /// Opens what `-o` names, and settles the format.
    pub(crate) fn open(arguments: &Arguments, question: &Question) -> anyhow::Result<Self> {
        let path = arguments.output.as_deref().map(Path::new);
        let is_terminal = path.is_none() && std::io::stdout().is_terminal();
        let format = match (&arguments.format, path) {
            (Some(name), _) => format::named(name)?,
            (None, Some(path)) => path
                .extension()
                .and_then(|extension| format::of_extension(extension.to_str()?))
                .map_or_else(|| format::named("csv"), Ok)?,
            (None, None) => format::named(if is_terminal { "table" } else { "csv" })?,
        };
        if arguments.excel && format.name != "csv" {
            return Err(Failure::usage("--excel: only csv has a form for spreadsheets").into());
        }
        let header = match arguments.header.as_deref() {
            None | Some("api") => true,
            Some("none") => false,
            Some(other) => {
                return Err(
                    Failure::usage(format!("--header: {other} is neither api nor none")).into(),
                );
            }
        };
        let form = match format.content {
            Content::Rows(new_writer) => Form::Rows(Box::new(new_writer)),
            Content::Report(prepare) => Form::Rows(prepare(arguments, question)?),
            Content::Answers => Form::Answers,
        };
        Ok(Self {
            target: match path {
                Some(path) => Target::File(Report::create(path)?),
                None => Target::Stdout(stdout()),
            },
            form,
            names_property: format.names_property,
            layout: Layout {
                columns: Vec::new(),
                header,
                excel: arguments.excel,
                terminal_width: is_terminal.then(width),
            },
            writer: None,
            buffer: Vec::with_capacity(BUFFER + BUFFER / 4),
            is_terminal,
        })
    }

    /// Whether answers are wanted as they were sent.
    pub(crate) fn is_raw(&self) -> bool {
        matches!(self.form, Form::Answers)
    }

    /// Whether the property is a column even when there is one alone.
    pub(crate) fn names_property(&self) -> bool {
        self.names_property
    }

    /// Whether rows appear on a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// The file to remove when the process is interrupted.
    pub(crate) fn unfinished(&self) -> Option<PathBuf> {
        match &self.target {
            Target::File(report) => report.unfinished().map(Path::to_owned),
            Target::Stdout(_) => None,
        }
    }

    /// Writes one page; `property` fills the first column when several are asked.
    pub(crate) fn page(
        &mut self,
        request: &RunReportRequest,
        property: Option<&str>,
        fetched: Fetched,
    ) -> anyhow::Result<()> {
        let Form::Rows(new_writer) = &self.form else {
            let target = &mut self.target;
            return fetched.waiting.for_each(|part| Ok(target.write_all(part)?));
        };
        let columns = columns(request, property.is_some(), &fetched.page.head);
        let writer = match &mut self.writer {
            Some(_) if !have_same_names(&columns, &self.layout.columns) => {
                return Err(ga_core::Error::Answer(
                    "the columns of the report changed between two answers".to_owned(),
                )
                .into());
            }
            Some(writer) => writer,
            none => {
                self.layout.columns = columns;
                let writer = none.insert(new_writer(self.layout.clone()));
                writer.begin(&mut self.buffer);
                writer
            }
        };
        let (target, buffer) = (&mut self.target, &mut self.buffer);
        let width = self.layout.columns.len() - usize::from(property.is_some());
        let property = property.map(str::as_bytes);
        fetched.waiting.for_each(|block| {
            let mut rows = Rows::new(block, width);
            let mut cells = Vec::with_capacity(width + 1);
            while rows.next_into(&mut cells) {
                if let Some(property) = property {
                    cells.insert(0, property);
                }
                writer.row(&cells, buffer)?;
                if buffer.len() >= BUFFER {
                    target.write_all(buffer)?;
                    buffer.clear();
                }
            }
            Ok(())
        })
    }

    /// Ends the document and writes everything out; a file waits for [`Output::commit`].
    pub(crate) fn finish(&mut self) -> anyhow::Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.end(&mut self.buffer);
        }
        self.target.write_all(&self.buffer)?;
        self.buffer.clear();
        if let Target::Stdout(stdout) = &mut self.target {
            stdout.flush()?;
        }
        Ok(())
    }

    /// Puts a file in its place.
    pub(crate) fn commit(self) -> anyhow::Result<()> {
        match self.target {
            Target::Stdout(_) => Ok(()),
            Target::File(report) => Ok(report.commit()?),
        }
    }
}

impl Target {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.write_all(bytes),
            Self::File(report) => report.write_all(bytes),
        }
    }
}

/// The columns of an answer; an empty one may leave out its headers, and then the question tells.
fn columns(request: &RunReportRequest, has_property: bool, head: &ReportHead) -> Vec<Column> {
    let column = |name: &str, is_metric| Column {
        name: name.to_owned(),
        is_metric,
        is_integer: false,
    };
    let mut columns = Vec::new();
    if has_property {
        columns.push(column("property", false));
    }
    if head.dimension_headers.is_empty() && head.metric_headers.is_empty() {
        let dimensions = request.dimensions.iter().map(|d| &*d.name);
        columns.extend(dimensions.map(|name| column(name, false)));
        let is_asked = request.dimensions.iter().any(|d| d.name == DATE_RANGE);
        if request.date_ranges.len() > 1 && !is_asked {
            columns.push(column(DATE_RANGE, false));
        }
        let visible = request.metrics.iter().filter(|m| m.invisible != Some(true));
        columns.extend(visible.map(|metric| column(&metric.name, true)));
    } else {
        let dimensions = head.dimension_headers.iter();
        columns.extend(dimensions.map(|header| column(&header.name, false)));
        let metrics = head.metric_headers.iter();
        columns.extend(metrics.map(|header| Column {
            is_integer: header.r#type == "TYPE_INTEGER",
            ..column(&header.name, true)
        }));
    }
    columns
}

/// An answer without rows may leave out its headers, and with them the types.
fn have_same_names(some: &[Column], others: &[Column]) -> bool {
    some.iter()
        .map(|column| &column.name)
        .eq(others.iter().map(|column| &column.name))
}
