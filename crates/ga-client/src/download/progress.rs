//! A line of progress on stderr, for people, when the work takes longer than a second. It is drawn at most five times a
//! second, and only if it has changed; it never fills the terminal's width, so that it is one line everywhere.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gauth_cli::Terminal;
use gauth_cli::terminal::{draws_unicode, ellipsis, error_width, moves_cursor, sanitise};
use gauth_text::counted;
use unicode_width::UnicodeWidthStr;

use crate::rows::{cut, duration};

/// Nothing is shown before this.
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(200);
/// The widest bar.
const BAR: usize = 30;

/// How much has arrived and how much there will be, over all jobs of the run.
#[derive(Debug)]
pub(super) struct Progress {
    begun: Instant,
    rows: AtomicU64,
    promised: AtomicU64,
    reports: AtomicUsize,
    /// How many of them have reported their number of rows.
    counted: AtomicUsize,
    jobs: usize,
    /// How many of them have ended.
    ended: AtomicU64,
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
enum Line {
    #[default]
    Hidden,
    /// What it shows.
    Shown(String),
    Over,
}

/// Whether there is a line on the terminal, for a process that is ended by a signal.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Removes the line that is shown, if there is one.
pub(super) fn erase() {
    if IS_SHOWN.swap(false, Ordering::Relaxed) {
        write("\r\x1b[K");
    }
}

/// In one write, so that the terminal shows no half of it; a closed stderr is not an error.
fn write(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

impl Progress {
    /// Nothing yet, of this many jobs.
    pub(super) fn new(jobs: usize) -> Self {
        Self {
            begun: Instant::now(),
            rows: AtomicU64::new(0),
            promised: AtomicU64::new(0),
            reports: AtomicUsize::new(0),
            counted: AtomicUsize::new(0),
            jobs,
            ended: AtomicU64::new(0),
            line: Mutex::default(),
        }
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

    /// Removes the line for good.
    pub(super) fn end(&self) {
        *self.line() = Line::Over;
        erase();
    }

    /// Shows the line from the first second on until the work ends, if a person watches.
    pub(super) fn show_on(self: &Arc<Self>, terminal: &Terminal) {
        if !is_watched(terminal) {
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

    /// Prints something else where the line is; the next step shows it again.
    pub(super) fn suspend(&self, print: impl FnOnce()) {
        let mut line = self.line();
        if let Line::Shown(text) = &mut *line {
            text.clear();
            erase();
        }
        print();
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows how far the work is, unless that has not changed. `false` if it is over.
    fn draw(&self) -> bool {
        let mut line = self.line();
        let shown = match &*line {
            Line::Over => return false,
            Line::Hidden => "",
            Line::Shown(text) => text,
        };
        let text = self.text(width(), !draws_unicode());
        if text != shown {
            show(&text);
            *line = Line::Shown(text);
        }
        true
    }

    /// `12,000 of 250,000 rows, 3s`, behind a bar if there is room.
    fn text(&self, width: usize, is_ascii: bool) -> String {
        let rows = self.rows.load(Ordering::Relaxed);
        let ended = self.ended.load(Ordering::Relaxed);
        let (promised, counted_reports) = (self.promised.load(Ordering::Relaxed), self.counted.load(Ordering::Relaxed));
        // The total is shown once every report has reported its own.
        let is_counted = counted_reports > 0 && counted_reports == self.reports.load(Ordering::Relaxed);
        let (share, work) = if self.jobs > 1 {
            let jobs = self.jobs as u64;
            (Some((ended, jobs)), format!("{} of {} properties, {} rows", counted(ended), counted(jobs), counted(rows)))
        } else if is_counted {
            (Some((rows, promised)), format!("{} of {} rows", counted(rows), counted(promised)))
        } else {
            (None, format!("{} rows", counted(rows)))
        };
        let text = format!("{work}, {}", duration(self.begun.elapsed().as_secs() as f64, 0));
        let room = width.saturating_sub(text.width() + 1).min(BAR);
        let bar = share.filter(|_| room >= BAR / 3).map(|(done, all)| bar(done, all, room, is_ascii));
        cut(&bar.map_or_else(|| text.clone(), |bar| format!("{bar} {text}")), width, ellipsis(is_ascii))
    }
}

/// A line about what is waited for, with the time since this began, if a person watches.
pub struct Waiting {
    begun: Instant,
    is_watched: bool,
}

impl Waiting {
    /// Nothing yet.
    pub fn new(terminal: &Terminal) -> Self {
        Self { begun: Instant::now(), is_watched: is_watched(terminal) }
    }

    /// Sleeps while the line shows `text`, which may come from a server.
    pub fn pause(&self, text: &str, pause: Duration) {
        let end = Instant::now() + pause;
        loop {
            if self.is_watched {
                let text = format!("{}, {}", sanitise(text), duration(self.begun.elapsed().as_secs() as f64, 0));
                show(&cut(&text, width(), ellipsis(!draws_unicode())));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(PATIENCE));
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        erase();
    }
}

/// Whether a person sees what is drawn on stderr.
fn is_watched(terminal: &Terminal) -> bool {
    io::stderr().is_terminal() && moves_cursor() && !terminal.quiet()
}

/// A character in the last column could break the line.
fn width() -> usize {
    error_width().saturating_sub(1)
}

fn show(text: &str) {
    write(&format!("\r{text}\x1b[K"));
    IS_SHOWN.store(true, Ordering::Relaxed);
}

fn bar(done: u64, all: u64, width: usize, is_ascii: bool) -> String {
    let full = (width as u64 * done.min(all)).checked_div(all).unwrap_or(0) as usize;
    let [stroke, rest] = if is_ascii { ["#", "."] } else { ["━", "─"] };
    stroke.repeat(full) + &rest.repeat(width - full)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fits_every_terminal() {
        let one = Progress::new(1);
        one.expect(1);
        assert_eq!(one.text(79, false), "0 rows, 0s");
        one.promise(2_000_000);
        one.rows.store(1_000_000, Ordering::Relaxed);
        assert_eq!(
            one.text(79, false),
            format!("{}{} 1,000,000 of 2,000,000 rows, 0s", "━".repeat(15), "─".repeat(15))
        );
        assert_eq!(one.text(79, true), format!("{}{} 1,000,000 of 2,000,000 rows, 0s", "#".repeat(15), ".".repeat(15)));
        assert_eq!(one.text(39, false), "1,000,000 of 2,000,000 rows, 0s");
        assert_eq!(one.text(19, false), "1,000,000 of 2,000…");
        let many = Progress::new(1200);
        many.end_job();
        assert_eq!(many.text(45, true), "........... 1 of 1,200 properties, 0 rows, 0s");
        for width in 0..80 {
            assert!(one.text(width, true).width() <= width && many.text(width, false).width() <= width, "{width}");
        }
        assert_eq!(bar(5, 0, 3, true), "...");
        assert_eq!(bar(7, 5, 3, true), "###");
    }
}
