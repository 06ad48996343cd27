//! From the pages of one report of one property to rows of the document: as they were sent, in the requested columns, or
//! merged or beside those of another period, which takes all of them.

mod compared;

use std::borrow::Cow;

use ga_client::download::Fetched;
use ga_core::block;
use ga_core::response::ReportHead;
use ga_core::v3::{Merge, Translation};

use crate::document::{Document, Source};
use compared::Compared;

/// A report of a property on its way to the document.
pub(crate) struct Rows<'q> {
    source: Source<'q>,
    /// Rows to merge, and what the first page says about them.
    merge: Option<(Merge<'q>, ReportHead)>,
    /// Rows of two periods.
    compared: Option<Compared<'q>>,
}

impl<'q> Rows<'q> {
    pub(crate) fn new(source: Source<'q>) -> Self {
        Self { source, merge: None, compared: Compared::of(source) }
    }

    /// Writes one page, or keeps it for later.
    pub(crate) fn page(&mut self, fetched: Fetched, document: &mut Document<'q>) -> anyhow::Result<()> {
        if document.format.is_raw() {
            return fetched.spool.for_each(|part| document.answer(part));
        }
        let head = &fetched.page.head;
        let width = head.dimension_headers.len() + head.metric_headers.len();
        let property = self.source.property_cell();
        match (self.source.report.translation(), &mut self.compared) {
            (Some(translation), _) if translation.merges() => {
                let (merge, _) = self.merge.get_or_insert_with(|| (Merge::new(translation), head.clone()));
                fetched.spool.for_each(|block| {
                    each_row(block, width, None, |row| {
                        merge.add(row);
                        Ok(())
                    })
                })
            }
            (translation, Some(compared)) => {
                compared.begin(head);
                let mut add = |row: &[&[u8]]| {
                    compared.add(row);
                    Ok(())
                };
                fetched.spool.for_each(|block| {
                    each_row(block, width, None, |row| match translation {
                        Some(translation) => translated(row, None, translation, &mut add),
                        None => add(row),
                    })
                })
            }
            (Some(translation), None) => {
                document.page(self.source, head)?;
                let mut write = |row: &[&[u8]]| document.row(row);
                fetched.spool.for_each(|block| {
                    each_row(block, width, None, |row| translated(row, property, translation, &mut write))
                })
            }
            (None, None) => {
                document.page(self.source, head)?;
                fetched.spool.for_each(|block| each_row(block, width, property, |row| document.row(row)))
            }
        }
    }

    /// After the last page of the first of two periods.
    pub(crate) fn end_period(&mut self) {
        let Some(compared) = &mut self.compared else {
            return;
        };
        if let Some((merge, head)) = self.merge.take() {
            compared.begin(&head);
            for row in merge.finish() {
                compared.add(&row.iter().map(Vec::as_slice).collect::<Vec<_>>());
            }
        }
        compared.end_period();
    }

    /// Writes what has been kept.
    pub(crate) fn end(mut self, document: &mut Document<'q>) -> anyhow::Result<()> {
        self.end_period();
        if let Some(compared) = self.compared {
            return compared.write(document);
        }
        let Some((merge, mut head)) = self.merge else {
            return Ok(());
        };
        let rows = merge.finish();
        head.row_count = Some(rows.len() as u64);
        document.page(self.source, &head)?;
        let property = self.source.property_cell();
        for row in &rows[self.source.report.window(rows.len())] {
            let cells = property.into_iter().chain(row.iter().map(Vec::as_slice));
            document.row(&cells.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

/// Passes on each row of `width` cells, with the property before it if there is one.
fn each_row(
    block: &[u8],
    width: usize,
    property: Option<&[u8]>,
    mut take: impl FnMut(&[&[u8]]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut rows = block::Rows::new(block, width);
    let mut cells = Vec::with_capacity(width + 1);
    while rows.next_into(&mut cells) {
        if let Some(property) = property {
            cells.insert(0, property);
        }
        take(&cells)?;
    }
    Ok(())
}

fn translated(
    row: &[&[u8]],
    property: Option<&[u8]>,
    translation: &Translation,
    take: &mut impl FnMut(&[&[u8]]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut cells: Vec<Cow<'_, [u8]>> = Vec::new();
    translation.row(row, &mut cells);
    let cells: Vec<&[u8]> = property.into_iter().chain(cells.iter().map(|cell| &**cell)).collect();
    take(&cells)
}
