//! A report as a sequence of pages: the first alone, the rest in parallel, passed on in order.
//!
//! Each page is read to its end and checked before it is passed on. At most as many pages as run in parallel are fetched or
//! spooled. Which pages there are is decided by [`ga_core::paging`].

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::Context as _;
use ga_core::Error;
use ga_core::check::Method;
use ga_core::page::Repetitions;
use ga_core::paging::{self, Paging, Stretch};
use ga_core::report::RunReportRequest;
use tokio::task::JoinHandle;

use super::exchange::{Exchange, Expected, Fetched};
use super::reserve::Reserve;

/// The reports of one property.
pub(super) struct Pages {
    /// What their requests share.
    pub(super) exchange: Arc<Exchange>,
    /// How they are requested.
    pub(super) method: Method,
    /// The most pages in flight.
    pub(super) parallel: usize,
    /// Tokens of the quota that must stay.
    pub(super) reserve: Option<u64>,
}

/// What arrives, in order.
pub enum Piece {
    /// A page of a report.
    Page(Box<Fetched>),
    /// The end of a report.
    End,
}

impl Pages {
    /// Fetches one report after the other; their first pages come in one answer.
    ///
    /// # Errors
    /// The server's refusal, an incomplete report, or what `take` returns.
    pub(super) async fn fetch(
        &self,
        requests: &[RunReportRequest],
        mut take: impl FnMut(Piece) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let firsts = self.first_pages(requests).await?;
        for (first, request) in firsts.into_iter().zip(requests) {
            self.pages(request, first, |page| take(Piece::Page(Box::new(page)))).await?;
            take(Piece::End)?;
        }
        Ok(())
    }

    async fn first_pages(&self, requests: &[RunReportRequest]) -> anyhow::Result<Vec<Fetched>> {
        let firsts: Vec<_> = requests.iter().map(|request| first_page(self.method, request)).collect();
        let expected: Vec<_> = firsts
            .iter()
            // The pivots of a report say themselves how many rows there are.
            .map(|request| Expected { request, most: if self.method.counts_rows() { most(request) } else { u64::MAX } })
            .collect();
        let fetched = self.exchange.reports(self.method, &expected).await;
        fetched.map_err(|error| with_field_hint(self.exchange.about(error), requests))
    }

    /// Fetches the pages after the first; `take` gets all of them in order.
    async fn pages(
        &self,
        request: &RunReportRequest,
        mut fetched: Fetched,
        mut take: impl FnMut(Fetched) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let progress = &self.exchange.progress;
        if !self.method.counts_rows() {
            progress.promise(fetched.page.rows);
            return take(fetched);
        }
        let mut repetitions = Repetitions::default();
        let paging = Paging::after(request, &fetched.page).map_err(|error| self.exchange.about(error))?;
        self.check_new(&mut repetitions, paging::first(request), &mut fetched)?;
        progress.promise(paging.wanted);
        let shared = Arc::new(Shared {
            exchange: Arc::clone(&self.exchange),
            method: self.method.of_further_pages(),
            request: request.clone(),
            paging,
        });
        let mut rest = shared.paging.rest().peekable();
        if !self.method.has_pages() && rest.peek().is_some() {
            return Err(self.exchange.about(Error::Incomplete(format!(
                "the report has {} rows, but the API returns only {}: realtime reports have one page",
                shared.paging.wanted, fetched.page.combinations
            ))));
        }
        let start = |stretch: Stretch| (stretch, Worker(tokio::spawn(Arc::clone(&shared).stretch(stretch))));
        let mut running = VecDeque::new();
        let mut reserve = Reserve::new(self.reserve);
        reserve.add(fetched.page.head.property_quota.as_ref());
        while running.len() < self.parallel
            && reserve.allows_another(running.len())
            && let Some(stretch) = rest.next()
        {
            running.push_back(start(stretch));
        }
        take(fetched)?;
        while let Some((stretch, mut worker)) = running.pop_front() {
            let pages = (&mut worker.0).await.context("cannot wait for a page")?;
            let pages = pages.map_err(|error| self.exchange.about(error))?;
            for fetched in &pages {
                reserve.add(fetched.page.head.property_quota.as_ref());
            }
            if reserve.allows_another(running.len()) {
                running.extend(rest.next().map(start));
            }
            for mut fetched in pages {
                self.check_new(&mut repetitions, stretch, &mut fetched)?;
                take(fetched)?;
            }
        }
        match rest.next() {
            Some(_) => Err(self.exchange.about(reserve.failure())),
            None => Ok(()),
        }
    }

    /// Checks that a page holds only rows that have not come before.
    fn check_new(&self, repetitions: &mut Repetitions, stretch: Stretch, fetched: &mut Fetched) -> anyhow::Result<()> {
        if repetitions.take(std::mem::take(&mut fetched.page.keys)) {
            return Ok(());
        }
        let text = format!("the server repeated rows at offset {}", stretch.offset);
        Err(self.exchange.about(Error::Incomplete(text)))
    }
}

/// The request that is sent first for `request`.
pub fn first_page(method: Method, request: &RunReportRequest) -> RunReportRequest {
    if method.counts_rows() { paging::page(request, paging::first(request), true) } else { request.clone() }
}

/// Only the server knows which fields can be combined; this adds where to ask.
fn with_field_hint(error: anyhow::Error, requests: &[RunReportRequest]) -> anyhow::Error {
    let is_about_fields = error.downcast_ref::<Error>().is_some_and(Error::is_incompatible);
    let ([request], true) = (requests, is_about_fields) else {
        return error;
    };
    let dimensions = request.dimensions.iter().map(|dimension| &*dimension.name);
    let metrics = request.metrics.iter().map(|metric| &*metric.name);
    let names: Vec<&str> = dimensions.chain(metrics).collect();
    crate::failure(&error)
        .hint(format!(
            "remove what the server names; ga-fields --compatible-with NAMES lists what can be combined with the rest (requested: {})",
            names.join(",")
        ))
        .into()
}

/// What the workers of one report share.
struct Shared {
    exchange: Arc<Exchange>,
    method: Method,
    request: RunReportRequest,
    paging: Paging,
}

impl Shared {
    /// All pages of one stretch: one, unless the server sends less than requested.
    async fn stretch(self: Arc<Self>, stretch: Stretch) -> anyhow::Result<Vec<Fetched>> {
        let mut pages = Vec::new();
        let mut left = Some(stretch);
        while let Some(stretch) = left {
            let request = paging::page(&self.request, stretch, false);
            let expected = Expected { request: &request, most: most(&request) };
            let fetched = self
                .exchange
                .reports(self.method, &[expected])
                .await
                .with_context(|| format!("rows from {} on", stretch.offset))?;
            left = None;
            for fetched in fetched {
                left = self.paging.check(stretch, &fetched.page)?;
                pages.push(fetched);
            }
        }
        Ok(pages)
    }
}

/// The most rows that may come in answer to the request for a page.
fn most(page: &RunReportRequest) -> u64 {
    page.limit.unwrap_or(u64::MAX).saturating_mul(paging::slices(page))
}

/// A task that ends with its owner.
struct Worker<T>(JoinHandle<T>);

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
