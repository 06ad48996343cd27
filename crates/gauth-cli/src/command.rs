//! A command that a program runs in surroundings of its own and ends with: it shares the terminal, gets the signals, and
//! gives its status. Where there are no signals the system's own ways end both.

use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gauth_text::Typed;

use crate::exit::{Failure, Kind, no_thread};

/// What a program waits for.
enum Event {
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no signals"))]
    Signal(Signal),
    /// The command has ended.
    Ended(io::Result<ExitStatus>),
}

#[derive(Clone, Copy)]
struct Signal {
    number: i32,
    /// Whether it was typed at the terminal, which sends it to every process in the foreground.
    is_typed: bool,
}

const TERMINATE: Signal = Signal { number: 15, is_typed: false };

/// The signals that end a program, as events, from its creation on.
pub struct Events {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
}

impl Events {
    /// Signals no longer end the program by themselves. Those that were ignored when it started (nohup) stay ignored, also
    /// in the command.
    ///
    /// # Errors
    /// What the system refused.
    pub fn watch() -> anyhow::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        watch(sender.clone()).context("cannot watch for signals")?;
        Ok(Self { sender, receiver })
    }

    /// Waits for a signal, and returns the status that shells give to what it ended.
    ///
    /// # Errors
    /// [`Kind::Temporary`] at the deadline.
    pub fn wait(&self, deadline: Option<Instant>) -> anyhow::Result<ExitCode> {
        match self.next(deadline)? {
            Event::Signal(signal) => Ok(status(signal.number)),
            Event::Ended(_) => Ok(ExitCode::SUCCESS),
        }
    }

    /// Runs the command to its end, passes on the signals that come meanwhile, and returns its status: its exit code, or 128
    /// and the number of the signal that ended it.
    ///
    /// # Errors
    /// A usage error if it cannot be run; [`Kind::Temporary`] at the deadline, after it was ended.
    pub fn run(&self, command: &mut Command, deadline: Option<Instant>) -> anyhow::Result<ExitCode> {
        let mut child = command.spawn().map_err(|error| {
            let program = command.get_program().to_string_lossy();
            Failure::of_system(&format!("cannot run {}", Typed(&program)), &error, Kind::Usage)
        })?;
        let id = child.id();
        let sender = self.sender.clone();
        let waiter = std::thread::Builder::new().name("command".to_owned());
        let waiter = waiter.spawn(move || {
            let status = child.wait();
            // Nobody listens any more once the time is over.
            let _ = sender.send(Event::Ended(status));
        });
        let waiter = waiter.map_err(no_thread)?;
        let result = loop {
            match self.next(deadline) {
                Ok(Event::Ended(status)) => break status.map(status_of).context("cannot wait for the command"),
                Ok(Event::Signal(signal)) if signal.is_typed => {}
                Ok(Event::Signal(signal)) => pass_on(id, signal),
                Err(late) => {
                    pass_on(id, TERMINATE);
                    break Err(late);
                }
            }
        };
        // What the command uses goes after it.
        let _ = waiter.join();
        result
    }

    fn next(&self, deadline: Option<Instant>) -> anyhow::Result<Event> {
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        self.receiver
            .recv_timeout(left)
            .map_err(|_| Failure::new(Kind::Temporary, "the time given by --timeout is over").into())
    }
}

/// Whether a program of this name is a shell, which is interactive when it is given nothing to do.
pub fn is_shell(program: &str) -> bool {
    let name = Path::new(program).file_name().unwrap_or_default();
    ["bash", "dash", "fish", "ksh", "sh", "zsh"].iter().any(|shell| name == *shell)
}

fn status_of(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(number) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return self::status(number);
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}

/// The status that shells give to what a signal ended.
fn status(number: i32) -> ExitCode {
    ExitCode::from(u8::try_from(128 + number).unwrap_or(1))
}

/// Sends an event for each signal from now on.
#[cfg(unix)]
fn watch(sender: Sender<Event>) -> io::Result<()> {
    use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::origin::WithOrigin;
    use signal_hook::low_level::siginfo::Cause;

    let numbers = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];
    let numbers = numbers.into_iter().filter(|number| !crate::signals::is_ignored(*number));
    // If this program was started with SIGCHLD ignored, the system would not keep the status of the command.
    let mut signals = SignalsInfo::<WithOrigin>::new(numbers.chain([SIGCHLD]))?;
    let watcher = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for origin in signals.forever() {
            let number = origin.signal;
            if number == SIGCHLD {
                continue;
            }
            let is_typed = matches!(origin.cause, Cause::Kernel) && [SIGINT, SIGQUIT].contains(&number);
            if sender.send(Event::Signal(Signal { number, is_typed })).is_err() {
                return;
            }
        }
    });
    watcher.map_err(no_thread)?;
    Ok(())
}

#[cfg(not(unix))]
fn watch(_sender: Sender<Event>) -> io::Result<()> {
    Ok(())
}

/// Sends a signal to the process `id`, which may have ended.
#[cfg(unix)]
fn pass_on(id: u32, signal: Signal) {
    use rustix::process::{Pid, Signal, kill_process};
    let signal = Signal::from_named_raw(signal.number);
    if let (Some(id), Some(signal)) = (i32::try_from(id).ok().and_then(Pid::from_raw), signal) {
        let _ = kill_process(id, signal);
    }
}

#[cfg(not(unix))]
fn pass_on(_id: u32, _signal: Signal) {}
