//! One report as a sequence of pages: the first alone, the rest side by side, handed over in order.
//!
//! Each page is read to its end and checked before it is handed over. At most as many pages as run side by
//! side are fetched or waiting. Which pages there are is decided by [`ga_core::paging`].

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::Context as _;
use ga_core::Error;
use ga_core::page::{Page, PageDecoder};
use ga_core::paging::{self, Plan, Repetitions, Stretch};
use ga_core::property::PropertyNumber;
use ga_core::report::RunReportRequest;
use ga_core::request;
use tokio::task::JoinHandle;

use crate::client::{Client, Trouble, connection};
use crate::progress::Progress;
use crate::waiting::{Budget, Waiting};

/// A page of 250,000 rows with the longest of texts stays below this.
const ANSWER_LIMIT: u64 = 4 << 30;

/// A page that has come and is checked.
pub(crate) struct Fetched {
    pub(crate) page: Page,
    /// Blocks of rows, or the answer as it was sent.
    pub(crate) waiting: Waiting,
}

/// What it takes to fetch the pages of one report.
pub(crate) struct Report {
    pub(crate) client: Arc<Client>,
    /// Where the Data API is.
    pub(crate) base: String,
    pub(crate) property: PropertyNumber,
    pub(crate) request: RunReportRequest,
    /// Keep answers as they were sent, not their rows.
    pub(crate) raw: bool,
    pub(crate) parallel: usize,
    pub(crate) budget: Arc<Budget>,
    pub(crate) progress: Arc<Progress>,
}

impl Report {
    /// Fetches all pages; `take` gets them in order.
    pub(crate) async fn fetch(
        self,
        mut take: impl FnMut(Fetched) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let report = Arc::new(self);
        let first = paging::first(&report.request);
        let mut repetitions = Repetitions::of(&report.request);
        let fetched = report.page(first, true).await?;
        let plan = Arc::new(Plan::after(&report.request, &fetched.page)?);
        repetitions.check(first, &fetched.page)?;
        report.progress.promise(plan.wanted);

        let mut rest = plan.rest();
        let mut running = VecDeque::new();
        let start = |stretch: Stretch| {
            let pages = Arc::clone(&report).stretch(Arc::clone(&plan), stretch);
            (stretch, Worker(tokio::spawn(pages)))
        };
        running.extend(rest.by_ref().take(report.parallel).map(start));
        take(fetched)?;
        while let Some((stretch, mut worker)) = running.pop_front() {
            let pages = (&mut worker.0).await.context("wait for a page")??;
            running.extend(rest.next().map(start));
            for fetched in pages {
                repetitions.check(stretch, &fetched.page)?;
                take(fetched)?;
            }
        }
        Ok(())
    }

    /// All pages of one stretch: one, unless the server sends less than it is asked for.
    async fn stretch(
        self: Arc<Self>,
        plan: Arc<Plan>,
        stretch: Stretch,
    ) -> anyhow::Result<Vec<Fetched>> {
        let mut pages = Vec::new();
        let mut left = Some(stretch);
        while let Some(stretch) = left {
            let fetched = self.page(stretch, false).await?;
            left = plan.check(stretch, &fetched.page)?;
            pages.push(fetched);
        }
        Ok(pages)
    }

    async fn page(&self, stretch: Stretch, is_first: bool) -> anyhow::Result<Fetched> {
        let body = paging::body(&self.request, stretch, is_first);
        let request = request::run_report(&self.base, &self.property, &body)?;
        self.client
            .retrying(|| self.attempt(&request, stretch))
            .await
            .with_context(|| match stretch.offset {
                0 => format!("ask for the report of property {}", self.property),
                offset => format!(
                    "ask for the rows of property {} from {offset} on",
                    self.property
                ),
            })
    }

    async fn attempt(
        &self,
        request: &http::Request<Vec<u8>>,
        stretch: Stretch,
    ) -> Result<Fetched, Trouble> {
        let mut response = self.client.send(request).await?;
        let mut decoder = match paging::range_column(&self.request) {
            Some(column) => PageDecoder::with_date_ranges(column),
            None => PageDecoder::new(),
        };
        let ranges = self.request.date_ranges.len().max(1) as u64;
        let most = stretch.left.saturating_mul(ranges);
        let mut waiting = Waiting::new(&self.budget);
        let mut blocks = Vec::new();
        let mut bytes = 0;
        let mut counted = self.progress.count();
        while let Some(chunk) = response.chunk().await.map_err(connection)? {
            bytes += chunk.len() as u64;
            if bytes > ANSWER_LIMIT {
                return Err(Error::Answer("the answer is longer than 4 GiB".to_owned()).into());
            }
            decoder.feed(&chunk, &mut blocks)?;
            if decoder.rows() > most {
                return Err(Error::Incomplete(format!(
                    "the server sent more rows at offset {} than the {most} that were asked for",
                    stretch.offset
                ))
                .into());
            }
            counted.set(decoder.rows());
            if self.raw {
                blocks.clear();
                keep(&mut waiting, chunk.to_vec())?;
            }
            for block in blocks.drain(..) {
                keep(&mut waiting, block.into_bytes())?;
            }
        }
        let page = decoder.finish(&mut blocks)?;
        for block in blocks.drain(..).filter(|_| !self.raw) {
            keep(&mut waiting, block.into_bytes())?;
        }
        counted.keep();
        Ok(Fetched { page, waiting })
    }
}

fn keep(waiting: &mut Waiting, bytes: Vec<u8>) -> Result<(), Trouble> {
    waiting
        .push(bytes)
        .context("keep a page in a temporary file")
        .map_err(Trouble::Other)
}

/// A task that ends with its owner.
struct Worker<T>(JoinHandle<T>);

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
