//! The signals that end the sandbox, as events beside the end of its command. Where there are no signals the system's
//! own ways end the process.

use std::io;
use std::process::{ExitCode, ExitStatus};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use gauth_cli::{Failure, Kind};

/// What the program waits for.
pub(crate) enum Event {
    /// SIGINT, SIGTERM or SIGHUP, by number.
    Signal(i32),
    /// The command has ended.
    Ended(io::Result<ExitStatus>),
}

pub(crate) const INTERRUPT: i32 = 2;
pub(crate) const TERMINATE: i32 = 15;
#[cfg(unix)]
const HANG_UP: i32 = 1;

/// Sends an event for each signal from now on.
#[cfg(unix)]
pub(crate) fn watch(sender: Sender<Event>) -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([INTERRUPT, TERMINATE, HANG_UP])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for number in signals.forever() {
            if sender.send(Event::Signal(number)).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn watch(_sender: Sender<Event>) -> io::Result<()> {
    Ok(())
}

/// Waits for a signal or the end of the command.
///
/// # Errors
/// [`Kind::Temporary`] at the deadline.
pub(crate) fn next(events: &Receiver<Event>, deadline: Option<Instant>) -> Result<Event, Failure> {
    let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    events.recv_timeout(left).map_err(|_| Failure::new(Kind::Temporary, "the time given by --timeout is over"))
}

/// Sends a signal to the process `id`, which may have ended.
#[cfg(unix)]
pub(crate) fn pass_on(id: u32, number: i32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let (Some(id), Some(signal)) = (i32::try_from(id).ok().and_then(Pid::from_raw), Signal::from_named_raw(number)) {
        let _ = kill_process(id, signal);
    }
}

#[cfg(not(unix))]
pub(crate) fn pass_on(_id: u32, _number: i32) {}

/// The status that shells give to what a signal ended.
pub(crate) fn status(number: i32) -> ExitCode {
    ExitCode::from(u8::try_from(128 + number).unwrap_or(1))
}
