//! `--realtime --watch SECS`: the report again and again in its place, as watch and top show theirs, until Ctrl-C.
//!
//! Each frame is a run of its own into a buffer, and is drawn in one write, on the terminal's alternate screen (xterm's
//! private mode 1049), so that what was on the terminal stays there. At the end the last frame is left on the normal screen.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ga_client::download::Arriving;
use ga_client::rows::cut;
use ga_client::rows::target::Target;
use ga_core::quality::Consumption;
use ga_core::refusal::Quota;
use gauth_cli::terminal::{self, ellipsis, moves_cursor, painted, sanitise};
use gauth_cli::{Failure, Kind};
use gauth_text::counted;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::arguments::Arguments;
use crate::display_names::DisplayNames;
use crate::document::Document;
use crate::download::Run;
use crate::format::{Layout, Output};

/// The formats that can be drawn in place.
const FORMATS: [&str; 2] = ["table", "chart"];
/// How often the size of the terminal is looked at.
const STEP: Duration = Duration::from_millis(200);
/// The least time between two frames when the terminal has another size.
const RESIZED: Duration = Duration::from_secs(1);
/// The longest wait after errors.
const LONGEST: Duration = Duration::from_secs(300);

/// Refuses what cannot be watched, before anything is sent.
pub(crate) fn check(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let refused = |text: &str| Err(Failure::usage(format!("--watch {text}")));
    match arguments.watch {
        None => Ok(()),
        Some(_) if !arguments.realtime => refused("goes with --realtime"),
        Some(_) if arguments.file().is_some() => refused("and -o exclude each other"),
        Some(_) if !output.is_terminal => refused("needs a terminal as standard output"),
        Some(_) if !FORMATS.contains(&output.format.name) => refused("can only draw table and chart"),
        Some(_) if !moves_cursor() => refused("cannot draw on this terminal: TERM is dumb or not set"),
        Some(_) => Ok(()),
    }
}

/// The terminal while frames are drawn on it.
#[derive(Clone, Default)]
pub(crate) struct Screen(Arc<Mutex<Shown>>);

#[derive(Default)]
struct Shown {
    is_open: bool,
    is_over: bool,
    /// The lines of the last frame.
    lines: Vec<String>,
}

impl Screen {
    /// Draws a frame over the one before.
    fn draw(&self, lines: Vec<String>) -> io::Result<()> {
        let mut shown = self.shown();
        if shown.is_over {
            return Ok(());
        }
        let begin = if shown.is_open { "\x1b[H" } else { "\x1b[?1049h\x1b[?25l\x1b[H" };
        shown.is_open = true;
        write(&format!("{begin}{}\x1b[K\x1b[J", lines.join("\x1b[K\n")))?;
        shown.lines = lines;
        Ok(())
    }

    /// What is to be done at a signal: `others`, and the terminal is given back.
    pub(crate) fn clean_up(&self, others: impl Fn() + Send + Sync + 'static) -> impl Fn() + Send + Sync + 'static {
        let screen = self.clone();
        move || {
            others();
            screen.leave();
        }
    }

    /// Gives the terminal back, with the last frame.
    fn leave(&self) {
        let mut shown = self.shown();
        shown.is_over = true;
        if std::mem::take(&mut shown.is_open) {
            // A terminal that is gone shows nothing.
            let _ = write(&format!("\x1b[?1049l\x1b[?25h{}\n", shown.lines.join("\n")));
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In one write; all text is harmless already.
fn write(text: &str) -> io::Result<()> {
    let mut stdout = terminal::stdout().of_drawing();
    stdout.write_all(text.as_bytes())?;
    stdout.finish()
}

/// A report that is drawn every so often.
pub(crate) struct Watch<'a, 'q> {
    pub(crate) run: &'a Run<'q>,
    pub(crate) output: Output,
    pub(crate) screen: &'a Screen,
    pub(crate) every: Duration,
    /// `--timeout`.
    pub(crate) deadline: Option<Instant>,
}

/// What is known after a frame.
#[derive(Default)]
struct State {
    /// The report as it was last drawn.
    body: Vec<String>,
    /// When it arrived.
    time: String,
    names: Option<DisplayNames>,
    quota: Consumption,
    /// What is to be known about it, or why there is no newer one.
    note: String,
    /// Failures in a row.
    failures: u32,
}

impl<'q> Watch<'_, 'q> {
    /// Draws frames until a signal ends the process, or an error that is not temporary. `start` requests the report.
    pub(crate) fn run(&self, start: impl Fn() -> Vec<Arriving>) -> anyhow::Result<()> {
        self.run.download.end_progress();
        let result = self.frames(start);
        self.screen.leave();
        result
    }

    fn frames(&self, start: impl Fn() -> Vec<Arriving>) -> anyhow::Result<()> {
        let mut state = State::default();
        loop {
            let begun = Instant::now();
            let size = size();
            match self.frame(size, start(), &mut state) {
                Ok(()) => state.failures = 0,
                Err(error) if self.is_passing(&error) => {
                    state.failures += 1;
                    state.note = sanitise(&ga_client::failure(&error).to_string());
                }
                Err(error) => return Err(error),
            }
            let pause = self.pause(&state)?;
            self.screen.draw(self.lines(size, pause, &state))?;
            while begun.elapsed() < pause {
                if self::size() != size && begun.elapsed() >= pause.min(RESIZED) {
                    break;
                }
                sleep(STEP.min(pause.saturating_sub(begun.elapsed())));
                if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                    return Err(Failure::new(Kind::Temporary, "--watch: the time of --timeout is over").into());
                }
            }
        }
    }

    /// Fetches the report and writes it for a terminal of this size.
    fn frame(&self, (width, height): (usize, usize), arriving: Vec<Arriving>, state: &mut State) -> anyhow::Result<()> {
        let run = self.run;
        let mut output = self.output.clone();
        output.layout.terminal_width = Some(width);
        output.layout.height = Some(room(height));
        let mut document =
            Document::new(output, Target::kept(), run.arguments, run.properties, run.query.reports.len());
        document.display_names = state.names.take();
        let result = run.run(arriving, &mut document);
        state.names = document.display_names.take();
        let findings = result?;
        findings.report(&run.analytics.terminal().quieted(), run.arguments)?;
        let body = String::from_utf8_lossy(&document.target.buffer);
        state.body = body.lines().map(str::to_owned).collect();
        state.quota = findings.consumption().clone();
        state.note = sanitise(&findings.about_rows().join("; "));
        state.time = Timestamp::now().to_zoned_datetime(TimeZone::system()).strftime("%H:%M:%S").to_string();
        Ok(())
    }

    /// Whether the next try may succeed. A quota that is used up is renewed in an hour at the earliest.
    fn is_passing(&self, error: &anyhow::Error) -> bool {
        let is_late = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        let refusal = error.chain().find_map(|cause| match cause.downcast_ref::<ga_core::Error>()? {
            ga_core::Error::Refusal(refusal) => refusal.quota(),
            _ => None,
        });
        let is_used_up = refusal.is_some_and(|quota| quota != Quota::Concurrent);
        ga_client::failure(error).kind() == Kind::Temporary && !is_late && !is_used_up
    }

    /// The time from frame to frame: as requested, unless the quota would not last, or the server fails again and again.
    fn pause(&self, state: &State) -> Result<Duration, Failure> {
        let kept = self.run.arguments.reserve.unwrap_or(0);
        let Some(pace) = state.quota.pace(kept) else {
            let left = counted(state.quota.tokens_left().unwrap_or(0));
            let text = format!("the quota has {left} tokens left, too few for another frame");
            return Err(Failure::new(Kind::Temporary, text)
                .hint("run it again in an hour, or after midnight Pacific time; --quota shows what is left"));
        };
        let back_off = Duration::from_secs(1 << state.failures.min(9)).min(LONGEST);
        let pause = self.every.max(Duration::from_secs(pace.as_secs_f64().ceil() as u64));
        Ok(if state.failures > 1 { pause.max(back_off) } else { pause })
    }

    /// The frame: a line that says what it is, a line for notes, and the report.
    fn lines(&self, (width, height): (usize, usize), pause: Duration, state: &State) -> Vec<String> {
        let Layout { is_ascii, has_color, .. } = self.output.layout;
        let ellipsis = ellipsis(is_ascii);
        let painted = |code: &str, text: &str| painted(has_color, code, &cut(text, width, ellipsis));
        let properties = match self.run.properties {
            [one] => format!("property {}", one.number),
            several => format!("{} properties", counted(several.len())),
        };
        let time = if state.time.is_empty() { "no report yet" } else { &state.time };
        let mut heading = format!("{time}  {properties}, every {} s", pause.as_secs());
        if let Some(left) = state.quota.tokens_left() {
            let slower = if pause > self.every && state.failures == 0 { " to save the quota" } else { "" };
            heading += &format!("{slower}, {} tokens left", counted(left));
        }
        let note = match state.failures {
            0 => painted("2", &state.note),
            _ => painted("31", &format!("trying again in {} s: {}", pause.as_secs(), state.note)),
        };
        let mut lines = vec![painted("1", &heading), note];
        let room = room(height);
        lines.extend(state.body.iter().take(room).cloned());
        if state.body.len() > room {
            lines.pop();
            lines.push(format!("{ellipsis} and {} more lines", counted(state.body.len() + 1 - room)));
        }
        lines.truncate(height);
        lines
    }
}

/// The columns and lines of a frame. In the last column of a terminal the end of a line could not be erased.
fn size() -> (usize, usize) {
    let (columns, lines) = terminal::size();
    (columns.saturating_sub(1).max(1), lines)
}

/// The lines of the report in a terminal of this height.
fn room(height: usize) -> usize {
    height.saturating_sub(2).max(1)
}
