//! Downloads reports: one async client over HTTP/2, properties and their pages in parallel but read in order, and memory that
//! grows with neither.
//!
//! A job is the reports of one property, or of a part of its days. Each is a task that requests its pages when `admission`
//! permits it. The program reads the jobs one after the other, as an iterator, regardless of the order in which they arrive,
//! and decides what becomes of the rows.

mod admission;
mod client;
mod exchange;
mod pages;
mod progress;
mod reserve;
mod runtime;
mod spool;

use std::sync::Arc;

use anyhow::Context as _;
use ga_core::check::Method;
use ga_core::property::PropertyNumber;
use ga_core::report::{PAGE_ROWS, RunReportRequest};
use gauth_cli::{Failure, Kind};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::analytics::Analytics;

pub use exchange::{Fetched, body};
pub use pages::{Piece, first_page};
pub use progress::Waiting;
pub use runtime::Runtime;
pub use spool::Spool;

use admission::Admission;
use client::Client;
use exchange::Exchange;
use pages::Pages;
use progress::Progress;
use runtime::Worker;
use spool::Budget;

/// Requests in flight unless the user says otherwise, and the most that Analytics takes.
const PARALLEL: usize = 4;
const MOST_PARALLEL: usize = 9;
/// How much memory pages may use before they are written or kept in a temporary file.
const MEMORY: usize = 8 << 20;

/// The number of `--parallel`.
///
/// # Errors
/// One that is out of range, as a usage error.
pub fn parallel(given: Option<usize>) -> Result<usize, Failure> {
    match given.unwrap_or(PARALLEL) {
        parallel @ 1..=MOST_PARALLEL => Ok(parallel),
        _ => Err(Failure::usage(format!("--parallel: expected a number from 1 to {MOST_PARALLEL}"))),
    }
}

/// How reports are fetched.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The most requests in flight, over all properties.
    pub parallel: usize,
    /// Tokens of each property's quota that must stay.
    pub reserve: Option<u64>,
    /// Whether answers are kept as they were sent, instead of their rows.
    pub raw: bool,
    /// Whether a failure ends the jobs that were started after the one that failed.
    pub ends_at: fn(Kind) -> bool,
}

/// Reports of one property.
pub struct Job {
    /// The property.
    pub property: PropertyNumber,
    /// How they are requested.
    pub method: Method,
    /// The name of the audience export that the method reads, if it is that one.
    pub export: Option<String>,
    /// What is requested.
    pub requests: Requests,
}

/// Makes the requests of a job when its turn has come. It may call the API, which counts as the job's request in flight.
pub type Requests = Box<dyn FnOnce() -> anyhow::Result<Vec<RunReportRequest>> + Send>;

/// Fetches reports, with one line of progress over all of them.
pub struct Download {
    runtime: Runtime,
    client: Arc<Client>,
    admission: Arc<Admission>,
    budget: Arc<Budget>,
    progress: Arc<Progress>,
    options: Options,
}

impl Download {
    /// Sets up HTTPS for this many jobs, with the token that `analytics` has.
    ///
    /// # Errors
    /// Unusable proxy variables, as usage errors.
    pub fn new(runtime: Runtime, analytics: &Analytics, options: Options, jobs: usize) -> anyhow::Result<Self> {
        let guard = runtime.handle().enter();
        let client = Arc::new(Client::new(analytics)?);
        let progress = Arc::new(Progress::new(jobs));
        progress.show_on(&analytics.terminal);
        drop(guard);
        let admission = Admission::new(options.parallel, options.reserve);
        Ok(Self { runtime, client, admission, budget: Budget::new(MEMORY), progress, options })
    }

    /// Starts a job behind those that were started before.
    pub fn start(&self, job: Job) -> Arriving {
        let Options { parallel, raw, ends_at, .. } = self.options;
        let Job { property, method, export, requests } = job;
        let admission = Arc::clone(&self.admission);
        let job = admission.add_job(&property);
        let turn = admission.queue(job, PAGE_ROWS);
        let exchange = Arc::new(Exchange {
            client: Arc::clone(&self.client),
            property,
            export,
            raw,
            budget: Arc::clone(&self.budget),
            progress: Arc::clone(&self.progress),
        });
        let (pieces, arrived) = mpsc::unbounded_channel();
        let pages = Pages { exchange, admission: Arc::clone(&admission), job, method, parallel, ends_at, pieces };
        let handle = self.runtime.handle().clone();
        let task = Some(Worker(handle.spawn(pages.fetch(turn, requests))));
        Arriving { pieces: arrived, task, job, admission, handle }
    }

    /// Calls the API for a property, as one of the requests in flight.
    ///
    /// # Errors
    /// What `call` returns.
    pub fn call<T>(&self, property: &PropertyNumber, call: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let mut turn = self.admission.queue(self.admission.add_job(property), 0);
        self.runtime.handle().block_on(turn.enter())?;
        call()
    }

    /// Prints something to stderr, where the progress is shown.
    pub fn print(&self, print: impl FnOnce()) {
        self.progress.suspend(print);
    }

    /// Removes the line of progress for good.
    pub fn end_progress(&self) {
        self.progress.end();
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.progress.end();
    }
}

/// The pieces of one job as they arrive, in order. A job is given up by dropping this.
pub struct Arriving {
    pieces: UnboundedReceiver<Piece>,
    task: Option<Worker<anyhow::Result<()>>>,
    job: usize,
    admission: Arc<Admission>,
    handle: Handle,
}

impl Iterator for Arriving {
    type Item = anyhow::Result<Piece>;

    /// Waits for the next piece; an error is the last.
    fn next(&mut self) -> Option<Self::Item> {
        self.admission.read(self.job);
        if let Some(mut piece) = self.pieces.blocking_recv() {
            if let Piece::Page(fetched) = &mut piece {
                fetched.room = None;
            }
            return Some(Ok(piece));
        }
        let mut task = self.task.take()?;
        let ended = self.handle.block_on(&mut task.0).context("cannot wait for a page");
        ended.and_then(|result| result).err().map(Err)
    }
}
