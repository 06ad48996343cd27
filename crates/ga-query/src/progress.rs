//! A bar on stderr for work that takes longer than a second, for people only.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Nothing is shown before.
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(200);

/// How many rows have come and how many are promised, over all reports of the run.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    rows: AtomicU64,
    promised: AtomicU64,
    /// How many reports there are; 0 while that is not known.
    reports: AtomicUsize,
    /// How many of them have told how many rows they have.
    told: AtomicUsize,
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
    /// There are that many reports.
    pub(crate) fn expect(&self, reports: usize) {
        self.reports.store(reports, Ordering::Relaxed);
    }

    /// One of the reports has this many rows.
    pub(crate) fn promise(&self, rows: u64) {
        self.promised.fetch_add(rows, Ordering::Relaxed);
        self.told.fetch_add(1, Ordering::Relaxed);
    }

    /// A counter for one try of one page.
    pub(crate) fn count(self: &Arc<Self>) -> Count {
        Count { progress: Arc::clone(self), rows: 0 }
    }

    /// Takes the bar away for good.
    pub(crate) fn end(&self) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Bar::Shown(bar) = std::mem::replace(&mut *bar, Bar::Over) {
            bar.finish_and_clear();
        }
    }

    /// Shows the bar from the first second on until the work ends.
    pub(crate) async fn show(self: Arc<Self>) {
        tokio::time::sleep(PATIENCE).await;
        while self.draw() {
            tokio::time::sleep(STEP).await;
        }
    }

    fn draw(&self) -> bool {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*bar, Bar::Hidden) {
            *bar = Bar::Shown(new_bar());
        }
        let Bar::Shown(bar) = &*bar else {
            return false;
        };
        // A total that is not yet known is not shown.
        let reports = self.reports.load(Ordering::Relaxed);
        if bar.length().is_none() && reports > 0 && self.told.load(Ordering::Relaxed) == reports {
            bar.set_style(style("{bar:30} {human_pos} of {human_len} rows, {elapsed}"));
            bar.set_length(self.promised.load(Ordering::Relaxed));
        }
        bar.set_position(self.rows.load(Ordering::Relaxed));
        true
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(style("{human_pos} rows, {elapsed}"));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Counts the rows of one try, and takes them back unless they are kept.
pub(crate) struct Count {
    progress: Arc<Progress>,
    rows: u64,
}

impl Count {
    /// So many rows have come in this try.
    pub(crate) fn set(&mut self, rows: u64) {
        self.progress.rows.fetch_add(rows - self.rows, Ordering::Relaxed);
        self.rows = rows;
    }

    /// The try succeeded.
    pub(crate) fn keep(mut self) {
        self.rows = 0;
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.progress.rows.fetch_sub(self.rows, Ordering::Relaxed);
    }
}
