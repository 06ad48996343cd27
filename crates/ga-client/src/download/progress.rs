//! A progress bar on stderr, for people, when the work takes longer than a second.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gauth_cli::Terminal;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Nothing is shown before this.
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(200);

/// How much has arrived and how much there will be, over all jobs of the run.
#[derive(Debug, Default)]
pub(super) struct Progress {
    rows: AtomicU64,
    promised: AtomicU64,
    reports: AtomicUsize,
    /// How many of them have reported their number of rows.
    counted: AtomicUsize,
    jobs: usize,
    /// How many of them have ended.
    ended: AtomicU64,
    bar: Mutex<Bar>,
}

#[derive(Debug, Default)]
enum Bar {
    #[default]
    Hidden,
    Shown(ProgressBar),
    Over,
}

impl Progress {
    /// Nothing yet, of this many jobs.
    pub(super) fn new(jobs: usize) -> Self {
        Self { jobs, ..Self::default() }
    }

    /// So many reports will come.
    pub(super) fn expect(&self, reports: usize) {
        self.reports.fetch_add(reports, Ordering::Relaxed);
    }

    /// One job has ended.
    pub(super) fn end_job(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds the rows of one report to the total.
    pub(super) fn promise(&self, rows: u64) {
        self.promised.fetch_add(rows, Ordering::Relaxed);
        self.counted.fetch_add(1, Ordering::Relaxed);
    }

    /// A counter for one try of one page.
    pub(super) fn count(self: &Arc<Self>) -> Count {
        Count { progress: Arc::clone(self), rows: 0 }
    }

    /// Removes the bar for good.
    pub(super) fn end(&self) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Bar::Shown(bar) = std::mem::replace(&mut *bar, Bar::Over) {
            bar.finish_and_clear();
        }
    }

    /// Shows the bar from the first second on until the work ends, if a person watches.
    pub(super) fn show_on(self: &Arc<Self>, terminal: &Terminal) {
        if !std::io::stderr().is_terminal() || terminal.quiet() {
            return;
        }
        let progress = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            while progress.draw() {
                tokio::time::sleep(STEP).await;
            }
        });
    }

    /// Prints something else where the bar is.
    pub(super) fn suspend(&self, print: impl FnOnce()) {
        match &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            Bar::Shown(bar) => bar.suspend(print),
            Bar::Hidden | Bar::Over => print(),
        }
    }

    fn draw(&self) -> bool {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*bar, Bar::Hidden) {
            *bar = Bar::Shown(self.new_bar());
        }
        let Bar::Shown(bar) = &*bar else {
            return false;
        };
        let rows = self.rows.load(Ordering::Relaxed);
        if self.jobs > 1 {
            bar.set_message(HumanCount(rows).to_string());
            bar.set_position(self.ended.load(Ordering::Relaxed));
            return true;
        }
        // The total is shown once every report has reported its own.
        let counted = self.counted.load(Ordering::Relaxed);
        if bar.length().is_none() && counted > 0 && counted == self.reports.load(Ordering::Relaxed) {
            bar.set_style(style("{bar:30} {human_pos} of {human_len} rows, {elapsed}"));
            bar.set_length(self.promised.load(Ordering::Relaxed));
        }
        bar.set_position(rows);
        true
    }

    fn new_bar(&self) -> ProgressBar {
        let bar = |length, template| {
            ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr()).with_style(style(template))
        };
        match self.jobs {
            1 => bar(None, "{human_pos} rows, {elapsed}"),
            jobs => bar(Some(jobs as u64), "{pos} of {len} properties, {msg} rows, {elapsed}").with_message("0"),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Counts the rows of one try, and subtracts them again unless they are kept.
pub(super) struct Count {
    progress: Arc<Progress>,
    rows: u64,
}

impl Count {
    /// This many rows have arrived in this try.
    pub(super) fn set(&mut self, rows: u64) {
        self.progress.rows.fetch_add(rows - self.rows, Ordering::Relaxed);
        self.rows = rows;
    }

    /// The try succeeded.
    pub(super) fn keep(mut self) {
        self.rows = 0;
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.progress.rows.fetch_sub(self.rows, Ordering::Relaxed);
    }
}
