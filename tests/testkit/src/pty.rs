//! Programs on a pseudo-terminal: what a person would see, and typing to them.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

const LIMIT: Duration = Duration::from_secs(60);

/// A program whose stdin, stdout and stderr are one terminal. Dropping it kills it.
pub struct Pty {
    child: Child,
    master: File,
    shown: Arc<(Mutex<(String, bool)>, Condvar)>,
}

impl Pty {
    /// Starts a program on a new terminal of this many columns and 24 rows.
    #[track_caller]
    pub fn start(mut command: Command, columns: u16) -> Self {
        let (master, terminal) = open(columns).expect("open a pseudo-terminal");
        let stream = || terminal.try_clone().expect("duplicate a file descriptor");
        let child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().expect("start the program");
        // While this process holds the terminal open, its end is not visible.
        drop((command, terminal));
        let shown = Arc::new((Mutex::new((String::new(), false)), Condvar::new()));
        let reader = master.try_clone().expect("duplicate a file descriptor");
        let writer = Arc::clone(&shown);
        thread::spawn(move || read(reader, &writer));
        Self { child, master, shown }
    }

    /// Types text; end a line with `\r` or `\n`.
    #[track_caller]
    pub fn type_in(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).expect("type to the program");
    }

    /// Waits until `text` is shown, and returns everything shown so far.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let shown = self.wait(|shown, _| shown.contains(text));
        assert!(shown.contains(text), "{text:?} was not shown: {shown:?}");
        shown
    }

    /// Waits until `text` is shown this many times.
    #[track_caller]
    pub fn wait_for_times(&self, text: &str, times: usize) {
        let shown = self.wait(|shown, _| shown.matches(text).count() >= times);
        assert!(shown.matches(text).count() >= times, "{text:?} was not shown {times} times: {shown:?}");
    }

    /// Sends the program a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("send a signal");
    }

    /// Changes the number of columns and lines.
    #[track_caller]
    pub fn resize(&self, columns: u16, lines: u16) {
        let size = Winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.master, size).expect("resize the terminal");
    }

    /// Waits for the end, and returns the status and everything that was shown.
    #[track_caller]
    pub fn finish(mut self) -> (ExitStatus, String) {
        let shown = self.wait(|_, ended| ended);
        // The terminal is closed when its last user has ended, so this does not wait long.
        (self.child.wait().expect("wait for the program"), shown)
    }

    fn wait(&self, enough: impl Fn(&str, bool) -> bool) -> String {
        let (state, changed) = &*self.shown;
        let deadline = Instant::now() + LIMIT;
        let mut state = state.lock().expect("no reader panics");
        while !enough(&state.0, state.1) && !state.1 {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the program on the terminal takes longer than {LIMIT:?}: {:?}", state.0);
            state = changed.wait_timeout(state, left).expect("no reader panics").0;
        }
        state.0.clone()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn open(columns: u16) -> std::io::Result<(File, OwnedFd)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let name = name.to_str().map_err(std::io::Error::other)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    // The terminal must not become the test's own.
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, OpenptFlags::NOCTTY.bits() as i32);
    let terminal = options.open(name)?;
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })?;
    Ok((master.into(), terminal.into()))
}

fn read(mut master: File, shown: &(Mutex<(String, bool)>, Condvar)) {
    let mut buffer = [0; 4096];
    // A character may come in two parts.
    let mut pending = Vec::new();
    loop {
        // Linux answers EIO when the last user of the terminal is gone.
        let count = master.read(&mut buffer).unwrap_or(0);
        pending.extend_from_slice(&buffer[..count]);
        let whole = match std::str::from_utf8(&pending) {
            Err(error) if error.error_len().is_none() && count > 0 => error.valid_up_to(),
            _ => pending.len(),
        };
        let mut state = shown.0.lock().expect("no reader panics");
        state.0.push_str(&String::from_utf8_lossy(&pending.drain(..whole).collect::<Vec<_>>()));
        state.1 = count == 0;
        shown.1.notify_all();
        if count == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_sees_a_terminal_and_what_is_typed() {
        let mut command = Command::new("sh");
        command.args(["-c", "test -t 0 && test -t 2 && stty size && read line && echo \"got $line\"; exit 3"]);
        let mut pty = Pty::start(command, 77);
        pty.wait_for("24 77");
        pty.type_in("hello\n");
        let (status, shown) = pty.finish();
        assert_eq!(status.code(), Some(3));
        assert!(shown.contains("got hello"), "{shown:?}");
    }
}
