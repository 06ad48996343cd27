//! A report as a sequence of pages: the first on its own, the rest in parallel, passed on in order.
//!
//! Each page is read to its end and checked before it is passed on. Which pages there are is decided by
//! [`ga_core::paging`], and when each may be requested by [`super::admission`].

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::Context as _;
use ga_core::Error;
use ga_core::check::Method;
use ga_core::page::Repetitions;
use ga_core::paging::{self, Paging, Stretch};
use ga_core::report::RunReportRequest;
use gauth_cli::Kind;
use tokio::sync::mpsc::UnboundedSender;

use super::Requests;
use super::admission::{Admission, Turn};
use super::exchange::{Exchange, Expected, Fetched};
use super::runtime::Worker;

/// The reports of one job.
pub(super) struct Pages {
    /// What their requests share.
    pub(super) exchange: Arc<Exchange>,
    /// Says when they are sent.
    pub(super) admission: Arc<Admission>,
    /// The number of the job.
    pub(super) job: usize,
    /// How they are requested.
    pub(super) method: Method,
    /// The most pages in flight.
    pub(super) parallel: usize,
    /// Whether a failure ends the jobs behind this one.
    pub(super) ends_at: fn(Kind) -> bool,
    /// Takes what arrives, in order.
    pub(super) pieces: UnboundedSender<Piece>,
}

/// What arrives, in order.
pub enum Piece {
    /// A page of a report.
    Page(Box<Fetched>),
    /// The end of a report.
    End,
}

impl Pages {
    /// Fetches one report after the other; their first pages come in one answer. After a failure that ends the jobs
    /// behind it, none of their requests is sent any more.
    ///
    /// # Errors
    /// The server's refusal, or an incomplete report.
    pub(super) async fn fetch(self, mut turn: Turn, requests: Requests) -> anyhow::Result<()> {
        let fetched = self.reports(&mut turn, requests).await;
        if let Err(error) = &fetched
            && (self.ends_at)(crate::failure(error).kind())
        {
            self.admission.end_after(self.job);
        }
        self.exchange.progress.end_job();
        // Only now may the next request be sent.
        drop(turn);
        fetched
    }

    async fn reports(&self, turn: &mut Turn, requests: Requests) -> anyhow::Result<()> {
        turn.enter().await.map_err(|error| self.exchange.about(error))?;
        let requests = tokio::task::spawn_blocking(requests).await??;
        self.exchange.progress.expect(requests.len());
        let firsts = self.first_pages(turn, &requests).await?;
        for (first, request) in firsts.into_iter().zip(&requests) {
            let pages = self.pages(turn, request, first).await;
            pages.map_err(|error| self.exchange.about(error))?;
            self.pass_on(Piece::End);
        }
        Ok(())
    }

    /// The first pages of all reports: of a batch in one answer, else one after the other.
    async fn first_pages(&self, turn: &mut Turn, requests: &[RunReportRequest]) -> anyhow::Result<Vec<Fetched>> {
        let firsts: Vec<_> = requests.iter().map(|request| first_page(self.method, request)).collect();
        let expected: Vec<_> = firsts
            .iter()
            // The pivots of a report say themselves how many rows there are.
            .map(|request| Expected { request, most: if self.method.counts_rows() { most(request) } else { u64::MAX } })
            .collect();
        let at_once = if self.method.is_batch() { expected.len() } else { 1 };
        let mut fetched = Vec::new();
        for expected in expected.chunks(at_once.max(1)) {
            let reports = self.exchange.reports(turn, self.method, expected).await;
            fetched.extend(reports.map_err(|error| self.explained(self.exchange.about(error), requests))?);
        }
        if let Some(first) = fetched.first_mut() {
            first.room = turn.take_room(first.page.combinations);
        }
        Ok(fetched)
    }

    /// The error with where to ask about what only the server knows: which fields can be combined, and which conversions
    /// there are.
    fn explained(&self, error: anyhow::Error, requests: &[RunReportRequest]) -> anyhow::Error {
        let has_same_fields = |other: &RunReportRequest, request: &RunReportRequest| {
            other.dimensions == request.dimensions && other.metrics == request.metrics
        };
        let request = requests.first().filter(|request| requests.iter().all(|other| has_same_fields(other, request)));
        let (Some(refusal), Some(request)) = (error.downcast_ref::<Error>(), request) else {
            return error;
        };
        let property = &self.exchange.property;
        let mut actions = request.conversion_spec.iter().flat_map(|spec| &spec.conversion_actions);
        let hint = if actions.any(|action| refusal.to_string().contains(action)) {
            format!("run ga-fields -p {property} --conversion-actions")
        } else if !refusal.is_incompatible() {
            return error;
        } else if self.method == Method::RunReportAlpha {
            format!("run ga-fields -p {property} --conversions")
        } else {
            let dimensions = request.dimensions.iter().map(|dimension| &*dimension.name);
            let metrics = request.metrics.iter().map(|metric| &*metric.name);
            let names: Vec<&str> = dimensions.chain(metrics).collect();
            format!(
                "remove what the server names; ga-fields --compatible-with NAMES lists what can be combined with the rest (requested: {})",
                names.join(",")
            )
        };
        crate::failure(&error).hint(hint).into()
    }

    /// Fetches the pages after the first, whose turn ends when they are queued.
    async fn pages(&self, turn: &mut Turn, request: &RunReportRequest, mut first: Fetched) -> anyhow::Result<()> {
        let progress = &self.exchange.progress;
        if !self.method.counts_rows() {
            progress.promise(first.page.rows);
            self.pass_on(Piece::Page(Box::new(first)));
            return Ok(());
        }
        let mut repetitions = Repetitions::default();
        let paging = Paging::after(request, &first.page)?;
        check_new(&mut repetitions, paging::first(request), &mut first)?;
        progress.promise(paging.wanted);
        let shared = Arc::new(Shared {
            exchange: Arc::clone(&self.exchange),
            method: self.method.of_further_pages(),
            request: request.clone(),
            paging,
        });
        let mut rest = shared.paging.rest().peekable();
        if !self.method.has_pages() && rest.peek().is_some() {
            return Err(Error::Incomplete(format!(
                "the report has {} rows, but the API returns only {}: realtime reports have one page",
                shared.paging.wanted, first.page.combinations
            ))
            .into());
        }
        let start = |stretch: Stretch| {
            let turn = self.admission.queue(self.job, stretch.left);
            (stretch, Worker(tokio::spawn(Arc::clone(&shared).stretch(turn, stretch))))
        };
        let mut running: VecDeque<_> = rest.by_ref().take(self.parallel).map(start).collect();
        turn.leave();
        self.pass_on(Piece::Page(Box::new(first)));
        while let Some((stretch, mut worker)) = running.pop_front() {
            let pages = (&mut worker.0).await.context("cannot wait for a page")??;
            running.extend(rest.next().map(start));
            for mut fetched in pages {
                check_new(&mut repetitions, stretch, &mut fetched)?;
                self.pass_on(Piece::Page(Box::new(fetched)));
            }
        }
        Ok(())
    }

    fn pass_on(&self, piece: Piece) {
        // When nobody reads any more, this task is about to be aborted.
        let _ = self.pieces.send(piece);
    }
}

/// Checks that a page holds only rows that have not come before.
fn check_new(repetitions: &mut Repetitions, stretch: Stretch, fetched: &mut Fetched) -> Result<(), Error> {
    if repetitions.take(std::mem::take(&mut fetched.page.keys)) {
        return Ok(());
    }
    Err(Error::Incomplete(format!("the server repeated rows at offset {}", stretch.offset)))
}

/// The request that is sent first for `request`.
pub fn first_page(method: Method, request: &RunReportRequest) -> RunReportRequest {
    if method.counts_rows() { paging::page(request, paging::first(request), true) } else { request.clone() }
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
    async fn stretch(self: Arc<Self>, mut turn: Turn, stretch: Stretch) -> anyhow::Result<Vec<Fetched>> {
        turn.enter().await?;
        let mut pages: Vec<Fetched> = Vec::new();
        let mut left = Some(stretch);
        while let Some(stretch) = left {
            let request = paging::page(&self.request, stretch, false);
            let expected = Expected { request: &request, most: most(&request) };
            let fetched = self
                .exchange
                .reports(&mut turn, self.method, &[expected])
                .await
                .with_context(|| format!("rows from {} on", stretch.offset))?;
            left = None;
            for fetched in fetched {
                left = self.paging.check(stretch, &fetched.page)?;
                pages.push(fetched);
            }
        }
        if let Some(last) = pages.last_mut() {
            last.room = turn.take_room(stretch.left);
        }
        Ok(pages)
    }
}

/// The most rows that may come in answer to the request for a page.
fn most(page: &RunReportRequest) -> u64 {
    page.limit.unwrap_or(u64::MAX).saturating_mul(paging::slices(page))
}
