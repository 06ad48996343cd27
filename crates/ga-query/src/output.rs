//! From checked pages to stdout or a file, in one format.
//!
//! A file appears when everything is in it ([`gauth_cli::files::Report`]); on stdout a document that is not
//! complete lacks its end.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use ga_client::rows::replaced_nul_note;
use ga_core::report::DateRange;
use ga_core::response::ReportHead;
use ga_core::v3::Merge;
use gauth_cli::Failure;
use gauth_cli::files::Report;
use gauth_cli::terminal::{Stdout, draws_unicode, stdout, width};
use gauth_text::Typed;

use crate::arguments::Arguments;
use crate::columns;
use crate::display_names::DisplayNames;
use crate::exchange::Fetched;
use crate::format::{self, Beginning, Content, Format, Layout, NewWriter, RowWriter};
use crate::question::Question;
use crate::task::Task;
use crate::translation;

/// Written out when it has grown to this.
const BUFFER: usize = 64 * 1024;

/// Formats whose rows may be followed by those of another run.
const OPEN_ENDED: [&str; 4] = ["csv", "tsv", "ndjson", "raw"];

/// Formats that are drawn with a terminal's own sequences, around text that they make harmless themselves.
const DRAWINGS: [&str; 1] = ["chart"];

/// Where the reports go.
pub(crate) struct Output<'q> {
    target: Target,
    form: Form,
    wants_display_names: bool,
    display_names: Option<DisplayNames>,
    names_property: bool,
    /// Those of the first property, where they are its own.
    date_ranges: Option<Vec<DateRange>>,
    wants_property_name: bool,
    property_name: Option<String>,
    is_open_ended: bool,
    has_header_line: bool,
    /// What stands before, between and after reports, if there are several.
    marks: Option<[&'static str; 3]>,
    layout: Layout,
    /// Made when the columns are known.
    writer: Option<Box<dyn RowWriter>>,
    /// Rows that are put together here wait for all others.
    merge: Option<(Merge<'q>, ReportHead)>,
    /// Totals and their like, which are written last.
    aggregates: Vec<Vec<String>>,
    buffer: Vec<u8>,
    is_terminal: bool,
    format: &'static str,
    replaced_nul: bool,
}

/// What the rows are of.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a, 'q> {
    pub(crate) question: &'q Question,
    /// The number of the property.
    pub(crate) property: &'a str,
    /// Whether it is the first column.
    pub(crate) is_named: bool,
    /// Its own date ranges, if they are not those of the question.
    pub(crate) date_ranges: Option<&'a [DateRange]>,
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

/// What the command line says about the output, checked.
pub(crate) struct OutputOptions {
    path: Option<PathBuf>,
    is_terminal: bool,
    format: &'static Format,
    form: Form,
    layout: Layout,
    wants_display_names: bool,
}

impl OutputOptions {
    /// Settles the format: what `-f` names, else what the ending of the file says, a table on a terminal, or csv.
    pub(crate) fn read(arguments: &Arguments, task: &Task) -> Result<Self, Failure> {
        let path = arguments.file().map(Path::new);
        let is_terminal = path.is_none() && std::io::stdout().is_terminal();
        let format = match (arguments.format(), path) {
            (name, Some(path)) => format::named(format::of_file(path, name)?)?,
            (Some(name), None) => format::named(name)?,
            (None, None) => format::named(if is_terminal { "table" } else { "csv" })?,
        };
        if arguments.excel && format.name != "csv" {
            return Err(Failure::usage("--excel: only csv has a form for spreadsheets"));
        }
        let header = match arguments.header.as_deref() {
            None | Some("api" | "ui") => true,
            Some("none") => false,
            Some(other) => {
                return Err(Failure::usage(format!("--header: {} is neither api nor ui nor none", Typed(other))));
            }
        };
        let form = match (format.content, &task.questions[..]) {
            (Content::Rows(new), _) => Form::Rows(Box::new(move |layout, _| new(layout))),
            (Content::Report(prepare), [question]) => Form::Rows(prepare(arguments, question)?),
            (Content::Report(_), _) => {
                let text = format!("-f {}: it has no room for several reports", format.name);
                return Err(Failure::usage(text));
            }
            (Content::Answers, _) => Form::Answers,
        };
        Ok(Self {
            path: path.map(Path::to_owned),
            is_terminal,
            format,
            form,
            layout: Layout {
                columns: Vec::new(),
                header,
                excel: arguments.excel,
                terminal_width: is_terminal.then(width),
                is_ascii: !draws_unicode(),
            },
            wants_display_names: arguments.header.as_deref() == Some("ui"),
        })
    }
}

impl<'q> Output<'q> {
    /// Opens what `-o` names; a FIFO must have a reader by `deadline`.
    pub(crate) fn open(options: OutputOptions, task: &'q Task, deadline: Option<Instant>) -> Result<Self, Failure> {
        let OutputOptions { path, is_terminal, format, form, layout, wants_display_names } = options;
        let mut output = Self {
            target: match &path {
                Some(path) => Target::File(Report::create(path, deadline)?),
                None if DRAWINGS.contains(&format.name) => Target::Stdout(stdout().of_drawing()),
                None => Target::Stdout(stdout()),
            },
            form,
            wants_display_names,
            display_names: None,
            names_property: format.names_property,
            date_ranges: None,
            wants_property_name: format.shows_property_name,
            property_name: None,
            has_header_line: ["csv", "tsv"].contains(&format.name),
            is_open_ended: path.is_none() && OPEN_ENDED.contains(&format.name),
            marks: format.several.filter(|_| task.questions.len() > 1),
            layout,
            writer: None,
            merge: None,
            aggregates: Vec::new(),
            buffer: Vec::with_capacity(BUFFER + BUFFER / 4),
            is_terminal,
            format: format.name,
            replaced_nul: false,
        };
        output.mark(0);
        Ok(output)
    }

    /// Whether answers are wanted as they were sent.
    pub(crate) fn is_raw(&self) -> bool {
        matches!(self.form, Form::Answers)
    }

    /// Whether the columns are to be called as Analytics calls them, and the names are not there yet.
    pub(crate) fn wants_display_names(&self) -> bool {
        self.wants_display_names && self.display_names.is_none()
    }

    /// The names to put over the columns.
    pub(crate) fn set_display_names(&mut self, names: DisplayNames) {
        self.display_names = Some(names);
    }

    /// Whether the name of the property is shown, and is not there yet.
    pub(crate) fn wants_property_name(&self) -> bool {
        self.wants_property_name && self.writer.is_none()
    }

    /// The name to show.
    pub(crate) fn set_property_name(&mut self, name: Option<String>) {
        self.property_name = name;
    }

    /// Whether the property is a column even when there is one alone.
    pub(crate) fn names_property(&self) -> bool {
        self.names_property
    }

    /// Writes out the rows that are there, if the rest may come from another run; whether it may, and whether the
    /// format has a first line.
    pub(crate) fn leave_open(&mut self) -> anyhow::Result<Option<bool>> {
        if !self.is_open_ended || self.merge.is_some() {
            return Ok(None);
        }
        self.finish()?;
        Ok(Some(self.has_header_line))
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

    /// Writes one page.
    pub(crate) fn page(&mut self, source: Source<'_, 'q>, fetched: Fetched) -> anyhow::Result<()> {
        if self.is_raw() {
            let target = &mut self.target;
            return fetched.waiting.for_each(|part| Ok(target.write_all(part)?));
        }
        let head = &fetched.page.head;
        let width = head.dimension_headers.len() + head.metric_headers.len();
        let property = source.is_named.then_some(source.property.as_bytes());
        match source.question.translation() {
            Some(plan) if plan.merges() => {
                let new = || (Merge::new(plan), head.clone());
                let (merge, _) = self.merge.get_or_insert_with(new);
                fetched.waiting.for_each(|block| {
                    translation::each_row(block, width, None, |row| {
                        merge.add(row);
                        Ok(())
                    })
                })
            }
            Some(plan) => {
                self.begin(source, head)?;
                fetched.waiting.for_each(|block| {
                    translation::each_translated_row(block, width, property, plan, |row| self.row(row))
                })
            }
            None => {
                self.begin(source, head)?;
                fetched.waiting.for_each(|block| translation::each_row(block, width, property, |row| self.row(row)))
            }
        }
    }

    /// After the last page of one property.
    pub(crate) fn end_property(&mut self, source: Source<'_, 'q>) -> anyhow::Result<()> {
        let Some((merge, mut head)) = self.merge.take() else {
            return Ok(());
        };
        let rows = merge.finish();
        head.row_count = Some(rows.len() as u64);
        self.begin(source, &head)?;
        let question = source.question;
        let offset = usize::try_from(question.offset).unwrap_or(usize::MAX);
        let limit = question.limit.and_then(|limit| usize::try_from(limit).ok());
        let property = source.is_named.then_some(source.property.as_bytes());
        for row in rows.iter().skip(offset).take(limit.unwrap_or(usize::MAX)) {
            let cells = property.into_iter().chain(row.iter().map(Vec::as_slice));
            self.row(&cells.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// After the last property of one report.
    pub(crate) fn end_report(&mut self, is_last: bool) -> anyhow::Result<()> {
        let aggregates = std::mem::take(&mut self.aggregates);
        if let Some(mut writer) = self.writer.take() {
            for row in &aggregates {
                let cells: Vec<&[u8]> = row.iter().map(String::as_bytes).collect();
                writer.aggregate(&cells, &mut self.buffer)?;
            }
            writer.end(&mut self.buffer);
            self.replaced_nul |= writer.replaced_nul();
        }
        self.mark(if is_last { 2 } else { 1 });
        Ok(())
    }

    /// What the format could not hold, after the last report.
    pub(crate) fn loss(&self) -> Option<String> {
        self.replaced_nul.then(|| replaced_nul_note(self.format))
    }

    /// Writes everything out; a file waits for [`Output::commit`].
    pub(crate) fn finish(&mut self) -> anyhow::Result<()> {
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

    /// Begins the document with the first page, and checks the columns of all others.
    fn begin(&mut self, source: Source<'_, 'q>, head: &ReportHead) -> anyhow::Result<()> {
        let Form::Rows(new_writer) = &self.form else {
            return Ok(());
        };
        let mut columns = columns::of(source.question, source.is_named, head);
        if let Some(names) = &self.display_names {
            names.put_over(&mut columns);
        }
        if self.writer.is_none() {
            self.layout.columns = columns;
            let property_name = self.property_name.as_deref();
            let mut request = source.question.request.clone();
            if let Some(ranges) = source.date_ranges {
                request.date_ranges = ranges.to_vec();
            }
            let beginning = Beginning { property: source.property, property_name, request: &request, head };
            let mut writer = new_writer(self.layout.clone(), &beginning);
            writer.begin(&mut self.buffer);
            self.writer = Some(writer);
            self.date_ranges = source.date_ranges.map(<[_]>::to_vec);
        } else if self.names_property
            && self.date_ranges.as_deref() != source.date_ranges
            && !format::names_days(&source.question.request)
        {
            let text = format!(
                "-f sql: the date range is part of the key, and today is another day at property {} than at the first",
                source.property
            );
            return Err(Failure::usage(text).hint("request each property by itself, or add -d date").into());
        } else if !columns::have_same_names(&columns, &self.layout.columns) {
            return Err(
                ga_core::Error::Response("the columns of the report changed between two responses".to_owned()).into()
            );
        }
        self.aggregates.extend(columns::aggregates(source, head));
        Ok(())
    }

    fn row(&mut self, cells: &[&[u8]]) -> anyhow::Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.row(cells, &mut self.buffer)?;
        }
        if self.buffer.len() >= BUFFER {
            self.target.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    fn mark(&mut self, place: usize) {
        if let Some(marks) = self.marks {
            self.buffer.extend_from_slice(marks[place].as_bytes());
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
