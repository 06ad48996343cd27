//! One report as a sequence of pages: the first alone, the rest side by side, handed over in order.
//!
//! Each page is read to its end and checked before it is handed over. At most as many pages as run side by
//! side are fetched or waiting. Which pages there are is decided by [`ga_core::paging`].

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::Context as _;
use ga_core::Error;
use ga_core::check::Method;
use ga_core::page::Repetitions;
use ga_core::paging::{self, Paging, Stretch};
use tokio::task::JoinHandle;

use crate::exchange::{Exchange, Expected, Fetched};
use crate::question::Question;
use crate::reserve::Reserve;
use crate::task::Task;

/// The report of one question at one property.
pub(crate) struct Report<'q> {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) method: Method,
    pub(crate) question: &'q Question,
    pub(crate) parallel: usize,
    /// Tokens of the quota that are to stay.
    pub(crate) reserve: Option<u64>,
}

/// The first pages of all questions: one each, in one answer.
pub(crate) async fn first_pages(exchange: &Exchange, task: &Task) -> anyhow::Result<Vec<Fetched>> {
    let questions = task.questions.iter();
    let expected: Vec<_> = questions
        .map(|question| Expected {
            request: &question.request,
            most: most(question, paging::first(&question.request), task.method),
        })
        .collect();
    exchange
        .reports(task.method, task.first_body(), &expected)
        .await
        .map_err(|error| explained(exchange.about(error), task))
}

/// Which fields go together only the server knows; where to ask is said here.
fn explained(error: anyhow::Error, task: &Task) -> anyhow::Error {
    let is_about_fields = error.downcast_ref::<Error>().is_some_and(Error::is_incompatible);
    let [question] = &task.questions[..] else {
        return error;
    };
    if !is_about_fields {
        return error;
    }
    let request = &question.request;
    let dimensions = request.dimensions.iter().map(|dimension| &*dimension.name);
    let metrics = request.metrics.iter().map(|metric| &*metric.name);
    let names: Vec<&str> = dimensions.chain(metrics).collect();
    ga_client::failure(&error)
        .hint(format!(
            "leave out what the server names; of the rest, ga-fields --compatible-with NAMES tells what goes with it (asked for: {})",
            names.join(",")
        ))
        .into()
}

impl Report<'_> {
    /// Fetches the pages that follow the first; `take` gets all of them in order.
    pub(crate) async fn fetch(
        &self,
        mut fetched: Fetched,
        mut take: impl FnMut(Fetched) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let request = &self.question.request;
        let progress = &self.exchange.progress;
        if !self.method.counts_rows() {
            progress.promise(fetched.page.rows);
            return take(fetched);
        }
        let first = paging::first(request);
        let mut repetitions = Repetitions::default();
        let plan = Arc::new(Paging::after(request, &fetched.page).map_err(|error| self.exchange.about(error))?);
        self.check_new(&mut repetitions, first, &mut fetched)?;
        progress.promise(plan.wanted);

        let mut rest = plan.rest().peekable();
        if !self.method.has_pages() && rest.peek().is_some() {
            return Err(self.exchange.about(Error::Incomplete(format!(
                "the report has {} rows, of which the API hands out {}: realtime reports have one page",
                plan.wanted, fetched.page.combinations
            ))));
        }
        let shared = Arc::new(Shared {
            exchange: Arc::clone(&self.exchange),
            method: self.method.of_further_pages(),
            body: self.question.body.clone(),
            request: request.clone(),
            plan: Arc::clone(&plan),
        });
        let mut running = VecDeque::new();
        let start = |stretch: Stretch| {
            let pages = Arc::clone(&shared).stretch(stretch);
            (stretch, Worker(tokio::spawn(pages)))
        };
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
            let pages = (&mut worker.0).await.context("wait for a page")?;
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

    /// Whether a page holds only rows that did not come before.
    fn check_new(&self, repetitions: &mut Repetitions, stretch: Stretch, fetched: &mut Fetched) -> anyhow::Result<()> {
        match repetitions.take(std::mem::take(&mut fetched.page.keys)) {
            true => Ok(()),
            false => {
                let text = format!("the server sent rows again at offset {}", stretch.offset);
                Err(self.exchange.about(Error::Incomplete(text)))
            }
        }
    }
}

/// What the workers of one report have in common.
struct Shared {
    exchange: Arc<Exchange>,
    method: Method,
    body: serde_json::Map<String, serde_json::Value>,
    request: ga_core::report::RunReportRequest,
    plan: Arc<Paging>,
}

impl Shared {
    /// All pages of one stretch: one, unless the server sends less than it is asked for.
    async fn stretch(self: Arc<Self>, stretch: Stretch) -> anyhow::Result<Vec<Fetched>> {
        let mut pages = Vec::new();
        let mut left = Some(stretch);
        while let Some(stretch) = left {
            let expected =
                Expected { request: &self.request, most: stretch.left.saturating_mul(paging::slices(&self.request)) };
            let body = paging::body(&self.body, stretch, false);
            let fetched = self
                .exchange
                .reports(self.method, body.into(), &[expected])
                .await
                .with_context(|| format!("rows from {} on", stretch.offset))?;
            left = None;
            for fetched in fetched {
                left = self.plan.check(stretch, &fetched.page)?;
                pages.push(fetched);
            }
        }
        Ok(pages)
    }
}

/// The most rows that may come in one answer; the pivots of a report say that themselves.
fn most(question: &Question, stretch: Stretch, method: Method) -> u64 {
    match method.counts_rows() {
        true => stretch.left.saturating_mul(paging::slices(&question.request)),
        false => u64::MAX,
    }
}

/// A task that ends with its owner.
struct Worker<T>(JoinHandle<T>);

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
