//! The document that the reports become: its columns, its rows in one format, and what comes before, between and after
//! reports. On standard output a document that is not complete lacks its end.

use std::sync::Arc;

use ga_client::rows::target::Target;
use ga_core::compare::Periods;
use ga_core::response::ReportHead;

use crate::arguments::Arguments;
use crate::columns;
use crate::display_names::DisplayNames;
use crate::format::{Column, Content, Format, Layout, Output, RowWriter, Start};
use crate::property::Property;
use crate::report::Report;

/// What is being written, and where.
pub(crate) struct Document<'q> {
    pub(crate) target: Target,
    pub(crate) format: Format,
    arguments: &'q Arguments,
    properties: &'q [Arc<Property>],
    /// The names of columns, if they are not the API's.
    pub(crate) display_names: Option<DisplayNames>,
    /// With the columns of the current report, once they are known.
    layout: Layout,
    /// Writes the rows of the current report, once its columns are known.
    writer: Option<Box<dyn RowWriter>>,
    /// The property that it was begun for.
    first: Option<&'q Property>,
    /// Totals and their like, which come after all rows of the report.
    aggregates: Vec<Vec<String>>,
    /// What comes before, between and after reports, if there are several.
    marks: Option<[&'static str; 3]>,
    /// What the format could not hold.
    loss: Option<String>,
}

/// What rows are of.
#[derive(Clone, Copy)]
pub(crate) struct Source<'q> {
    pub(crate) report: &'q Report,
    pub(crate) property: &'q Property,
    /// Whether the property is the first column.
    pub(crate) is_named: bool,
}

impl Source<'_> {
    /// The first cell of each row, if the property is a column.
    pub(crate) fn property_cell(&self) -> Option<&[u8]> {
        self.is_named.then_some(self.property.number.as_str().as_bytes())
    }
}

impl<'q> Document<'q> {
    /// Begins a document of this number of reports.
    pub(crate) fn new(
        output: Output,
        target: Target,
        arguments: &'q Arguments,
        properties: &'q [Arc<Property>],
        reports: usize,
    ) -> Self {
        let mut document = Self {
            target,
            format: output.format,
            arguments,
            properties,
            display_names: None,
            layout: output.layout,
            writer: None,
            first: None,
            aggregates: Vec::new(),
            marks: output.format.several.filter(|_| reports > 1),
            loss: None,
        };
        document.mark(0);
        document
    }

    /// Begins the report with its first page, and checks the columns of every other.
    pub(crate) fn page(&mut self, source: Source<'q>, head: &ReportHead) -> anyhow::Result<()> {
        self.aggregates.extend(columns::aggregates(source, head));
        self.begin(source, head, columns::of(source.report, source.is_named, head))
    }

    /// Begins the report with what is known of two periods, and checks the columns of every other. Returns the columns of
    /// either period.
    pub(crate) fn compared(&mut self, source: Source<'q>, heads: [&ReportHead; 2]) -> anyhow::Result<Vec<Column>> {
        let [own, other] = heads.map(|head| columns::of(source.report, source.is_named, head));
        if !columns::have_same_names(&own, &other) {
            return Err(changed());
        }
        // The types are unknown without headers, which an answer without rows may omit.
        let columns = if heads[0].metric_headers.is_empty() { other } else { own };
        self.aggregates.extend(columns::compared_aggregates(source, heads, &columns));
        self.begin(source, heads[0], columns.clone())?;
        Ok(columns)
    }

    fn begin(&mut self, source: Source<'q>, head: &ReportHead, mut columns: Vec<Column>) -> anyhow::Result<()> {
        if let Some(names) = &self.display_names {
            names.apply(&mut columns);
        }
        let periods = source.report.periods(source.property.span());
        if periods.is_some() {
            columns = columns::compared(columns, self.display_names.is_some());
        }
        if self.writer.is_some() {
            if !columns::have_same_names(&columns, &self.layout.columns) {
                return Err(changed());
            }
            let first = self.first.unwrap_or(source.property);
            return Ok((self.format.check_properties)(source.report, first, source.property)?);
        }
        self.first = Some(source.property);
        self.layout.columns = columns;
        let layout = self.layout.clone();
        let Source { report, property, .. } = source;
        let request = report.request_on(property.span());
        let other = periods.map(Periods::other_range);
        let properties = self.properties;
        let (arguments, names) = (self.arguments, self.display_names.as_ref());
        let start =
            Start { arguments, report, property, properties, request: &request, other: other.as_ref(), head, names };
        self.writer = match self.format.content {
            Content::Rows(begin) => Some(begin(layout, &mut self.target.buffer)),
            Content::Report(begin) => Some(begin(layout, &start, &mut self.target.buffer)?),
            Content::Answers => None,
        };
        Ok(())
    }

    /// Writes one row.
    pub(crate) fn row(&mut self, cells: &[&[u8]]) -> anyhow::Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.row(cells, &mut self.target.buffer)?;
        }
        Ok(self.target.drain()?)
    }

    /// Writes a part of an answer as it was sent.
    pub(crate) fn answer(&mut self, part: &[u8]) -> anyhow::Result<()> {
        self.target.buffer.extend_from_slice(part);
        Ok(self.target.drain()?)
    }

    /// Ends one report, after its last property, with what is to be known about its rows.
    pub(crate) fn end_report(&mut self, is_last: bool, notes: &[String]) -> anyhow::Result<()> {
        let aggregates = std::mem::take(&mut self.aggregates);
        if let Some(mut writer) = self.writer.take() {
            for row in &aggregates {
                let cells: Vec<&[u8]> = row.iter().map(String::as_bytes).collect();
                writer.aggregate(&cells, &mut self.target.buffer)?;
            }
            writer.notes(notes);
            writer.end(&mut self.target.buffer)?;
            self.loss = self.loss.take().or_else(|| writer.loss());
        }
        self.mark(if is_last { 2 } else { 1 });
        Ok(())
    }

    /// What the format could not hold, after the last report.
    pub(crate) fn loss(&mut self) -> Option<String> {
        self.loss.take()
    }

    fn mark(&mut self, place: usize) {
        if let Some(marks) = self.marks {
            self.target.buffer.extend_from_slice(marks[place].as_bytes());
        }
    }
}

fn changed() -> anyhow::Error {
    ga_core::Error::Response("the columns of the report changed between two responses".to_owned()).into()
}
