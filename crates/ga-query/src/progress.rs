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
    /// Reports that have not yet told how many rows they have.
    untold: AtomicUsize,
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
    /// Of that many reports.
    pub(crate) fn new(reports: usize) -> Self {
        Self { untold: AtomicUsize::new(reports), ..Self::default() }
    }

    /// One of the reports has this many rows.
    pub(crate) fn promise(&self, rows: u64) {
        self.promised.fetch_add(rows, Ordering::Relaxed);
        self.untold.fetch_sub(1, Ordering::Relaxed);
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
        if bar.length().is_none() && self.untold.load(Ordering::Relaxed) == 0 {
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
