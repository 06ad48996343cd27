//! The report of one property and day: fetched whole before anything is stored, so that no transaction waits for the
//! network. What has arrived waits in ga-client's spool, in little memory whatever its size.

use std::collections::BTreeSet;

use anyhow::Context as _;
use ga_client::download::{Download, Fetched, Job, Piece};
use ga_core::block;
use ga_core::check::Method;
use ga_core::property::PropertyNumber;
use ga_core::quality::{Loss, Quality};
use ga_core::report::RunReportRequest;
use ga_core::response::ReportHead;
use gauth_cli::{Failure, Kind};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::columns::{Column, Value};

/// All rows of one property and day.
pub(crate) struct Report<'c> {
    pub(crate) day: Date,
    /// When it was requested.
    pub(crate) requested_at: Timestamp,
    /// How its data is lost, in words with commas between them, if it is.
    pub(crate) quality: Option<String>,
    /// The number of its rows.
    pub(crate) rows: u64,
    columns: &'c [Column],
    pages: Vec<Fetched>,
}

impl<'c> Report<'c> {
    /// Fetches the report that `request` asks for, whose cells are those of `columns`.
    ///
    /// # Errors
    /// The server's refusal, or an answer that is not this report.
    pub(crate) fn fetch(
        download: &Download,
        property: &PropertyNumber,
        day: Date,
        request: &RunReportRequest,
        columns: &'c [Column],
    ) -> anyhow::Result<Self> {
        let requested_at = Timestamp::now();
        let mut quality = Quality::default();
        let mut pages = Vec::new();
        let requests = Box::new({
            let request = request.clone();
            move || Ok(vec![request])
        });
        for piece in
            download.start(Job { property: property.clone(), method: Method::RunReport, export: None, requests })
        {
            if let Piece::Page(page) = piece? {
                let head = &page.page.head;
                check_headers(head, request).with_context(|| format!("property {property}"))?;
                quality.add(request, head);
                pages.push(*page);
            }
        }
        let losses: BTreeSet<Loss> = quality.notes().iter().filter_map(|note| note.loss).collect();
        let words: Vec<&str> = losses.into_iter().map(Loss::word).collect();
        let quality = (!words.is_empty()).then(|| words.join(","));
        let rows = pages.iter().map(|page| page.page.rows).sum();
        Ok(Self { day, requested_at, quality, rows, columns, pages })
    }

    /// Passes the values of each row to `store`, one for each column.
    ///
    /// # Errors
    /// A cell that its column cannot hold, or what `store` returns.
    pub(crate) fn for_each(self, mut store: impl FnMut(&[Value<'_>]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let columns = self.columns;
        self.for_each_row(|cells| {
            let values = columns.iter().zip(cells).map(|(column, cell)| column.value(cell));
            store(&values.collect::<Result<Vec<_>, _>>()?)
        })
    }

    /// Passes the cells of each row to `store`, one for each column, as the server sent them.
    ///
    /// # Errors
    /// What `store` returns.
    pub(crate) fn for_each_row(self, mut store: impl FnMut(&[&[u8]]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        for page in self.pages {
            page.spool.for_each(|bytes| {
                let mut rows = block::Rows::new(bytes, self.columns.len());
                let mut cells = Vec::new();
                while rows.next_into(&mut cells) {
                    store(&cells)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// That the cells of an answer are those of the request. An empty answer may omit its headers.
fn check_headers(head: &ReportHead, request: &RunReportRequest) -> Result<(), Failure> {
    let dimensions = head.dimension_headers.iter().map(|header| &header.name);
    let sent = dimensions.chain(head.metric_headers.iter().map(|header| &header.name));
    let metrics = request.metrics.iter().filter(|metric| metric.invisible != Some(true));
    let asked = request.dimensions.iter().map(|dimension| &dimension.name).chain(metrics.map(|metric| &metric.name));
    let omits = head.dimension_headers.is_empty() && head.metric_headers.is_empty();
    if omits || sent.eq(asked) {
        return Ok(());
    }
    Err(Failure::new(Kind::Failed, "the columns of the response are not those of the request"))
}
