//! The rows of a report beside those of another period: kept until both are complete, then matched, sorted and written.

use std::borrow::Cow;

use ga_core::compare::Comparison;
use ga_core::response::ReportHead;

use crate::columns;
use crate::document::{Document, Source};
use crate::report;

/// The rows of both periods of one report of one property.
pub(super) struct Compared<'q> {
    source: Source<'q>,
    report: &'q report::Compared,
    rows: Comparison,
    /// What the first pages of the periods say beside their rows; the last of them is arriving.
    heads: Vec<ReportHead>,
    /// How many periods are complete.
    complete: usize,
}

impl<'q> Compared<'q> {
    /// Nothing yet; `None` if the report is not compared.
    pub(super) fn of(source: Source<'q>) -> Option<Self> {
        let report = source.report.comparison.as_ref()?;
        let periods = source.report.periods(source.property.span())?;
        let rows = Comparison::new(&source.report.dimensions(), periods);
        Some(Self { source, report, rows, heads: Vec::new(), complete: 0 })
    }

    /// Begins a page.
    pub(super) fn begin(&mut self, head: &ReportHead) {
        if self.heads.len() == self.complete {
            self.heads.push(head.clone());
        }
    }

    pub(super) fn add(&mut self, row: &[&[u8]]) {
        if self.complete == 0 { self.rows.add(row) } else { self.rows.add_other(row) }
    }

    pub(super) fn end_period(&mut self) {
        self.complete += 1;
    }

    /// Writes what is requested of the matched rows.
    pub(super) fn write(self, document: &mut Document<'q>) -> anyhow::Result<()> {
        // Answers that are written as they were sent have none.
        let [own, other] = &self.heads[..] else {
            return Ok(());
        };
        let columns = document.compared(self.source, [own, other])?;
        let metrics = columns.iter().filter(|column| column.is_metric);
        let sorted = self.rows.sorted(metrics.map(columns::is_sum).collect(), &self.report.sort);
        let property = self.source.property_cell();
        let mut row: Vec<Cow<'_, [u8]>> = Vec::new();
        for place in self.source.report.window(sorted.len()) {
            sorted.row(place, &mut row);
            let cells = property.into_iter().chain(row.iter().map(|cell| &**cell));
            document.row(&cells.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}
