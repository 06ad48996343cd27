//! Reports on their way from the server: one async client over HTTP/2, pages in parallel and in order, and memory that does
//! not grow with the report.
//!
//! What the rows become is left to the program, which gets one checked page after the other.

mod client;
mod exchange;
mod pages;
mod progress;
mod reserve;
mod runtime;
mod spool;

use std::sync::Arc;

use ga_core::check::Method;
use ga_core::property::PropertyNumber;
use ga_core::report::RunReportRequest;
use gauth_cli::Failure;

use crate::analytics::Analytics;

pub use exchange::{Fetched, body};
pub use pages::{Piece, first_page};
pub use reserve::Reserve;
pub use runtime::Runtime;
pub use spool::Spool;

use client::Client;
use exchange::Exchange;
use pages::Pages;
use progress::Progress;
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
    /// The most requests in flight.
    pub parallel: usize,
    /// Tokens of the quota that must stay.
    pub reserve: Option<u64>,
    /// Whether answers are kept as they were sent, instead of their rows.
    pub raw: bool,
}

/// Fetches reports, with one progress bar over all of them.
pub struct Download {
    runtime: Runtime,
    client: Arc<Client>,
    budget: Arc<Budget>,
    progress: Arc<Progress>,
    options: Options,
}

impl Download {
    /// Sets up HTTPS for `reports` reports, with the token that `analytics` has.
    ///
    /// # Errors
    /// Unusable proxy variables, as usage errors.
    pub fn new(runtime: Runtime, analytics: &Analytics, options: Options, reports: usize) -> anyhow::Result<Self> {
        let client = Arc::new(runtime.block_on(async { Client::new(analytics, options.parallel) })?);
        let progress = Arc::new(Progress::new(reports));
        runtime.block_on(async { progress.show_on(&analytics.terminal) });
        Ok(Self { runtime, client, budget: Budget::new(MEMORY), progress, options })
    }

    /// Fetches the reports of one property, one after the other; `take` gets their pages in order.
    ///
    /// # Errors
    /// The server's refusal, an incomplete report, or what `take` returns.
    pub fn reports(
        &self,
        property: &PropertyNumber,
        method: Method,
        requests: &[RunReportRequest],
        take: impl FnMut(Piece) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let exchange = Arc::new(Exchange {
            client: Arc::clone(&self.client),
            property: property.clone(),
            raw: self.options.raw,
            budget: Arc::clone(&self.budget),
            progress: Arc::clone(&self.progress),
        });
        let Options { parallel, reserve, .. } = self.options;
        self.runtime.block_on(Pages { exchange, method, parallel, reserve }.fetch(requests, take))
    }

    /// Removes the progress bar for good.
    pub fn end_progress(&self) {
        self.progress.end();
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.progress.end();
    }
}
