//! The standard output of a child process, read within a limit of bytes and of time, without a thread, and only while the
//! child runs. Its own children may keep the pipe open for longer; that is not waited for.

use std::io::{self, Read};
#[cfg(unix)]
use std::process::ChildStdout;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use gauth_text::Seems;

use crate::exit::Failure;

/// How long it can take to notice that a child has ended while another process holds its pipe.
const TICK: Duration = Duration::from_millis(20);

/// Up to one byte more than `limit` of what the child prints before it ends or closes its output; `None` at the deadline.
#[cfg(unix)]
pub fn output(child: &mut Child, limit: usize, deadline: Option<Instant>) -> io::Result<Option<Vec<u8>>> {
    use rustix::event::{PollFd, PollFlags, poll};

    let Some(mut stdout) = child.stdout.take() else {
        return Ok(Some(Vec::new()));
    };
    rustix::io::ioctl_fionbio(&stdout, true)?;
    let mut bytes = Vec::new();
    loop {
        // Checked first: everything that was printed before the end is in the pipe by then.
        let has_ended = child.try_wait()?.is_some();
        if read_what_is_there(&mut stdout, limit, &mut bytes)? || has_ended {
            return Ok(Some(bytes));
        }
        let left = deadline.map_or(TICK, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Ok(None);
        }
        let timeout = left.min(TICK).try_into().ok();
        match poll(&mut [PollFd::new(&stdout, PollFlags::IN)], timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether that was all: the end, or more than `limit`.
#[cfg(unix)]
fn read_what_is_there(stdout: &mut ChildStdout, limit: usize, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let left = (limit + 1 - bytes.len()) as u64;
    match stdout.take(left).read_to_end(bytes) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(bytes.len() > limit),
        Err(error) => Err(error),
    }
}

/// Elsewhere there is no poll(2): a thread reads until the pipe is closed.
#[cfg(not(unix))]
pub fn output(child: &mut Child, limit: usize, deadline: Option<Instant>) -> io::Result<Option<Vec<u8>>> {
    let Some(stdout) = child.stdout.take() else {
        return Ok(Some(Vec::new()));
    };
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.take(limit as u64 + 1).read_to_end(&mut bytes);
        // After the deadline there is no receiver.
        let _ = sender.send(read.map(|_| bytes));
    })?;
    let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    receiver.recv_timeout(left).ok().transpose()
}

/// Variables with tokens for the ga-* programs, which a command that gets one or prints credentials does not need.
pub const TOKEN_VARIABLES: [&str; 3] = ["GAUTH_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN", "GAUTH_TOKEN_COMMAND"];

/// A command of the user's for `sh -c`, without standard input and without [`TOKEN_VARIABLES`]. What is a secret instead is
/// refused, since the shell would repeat it as the name of a program; `origin` is where it was given.
///
/// # Errors
/// A usage error that does not repeat it.
pub fn shell(command: &str, origin: &str) -> Result<Command, Failure> {
    let word = match command.split_whitespace().next() {
        Some("{") if !command.contains("\":") => "",
        word => word.unwrap_or_default(),
    };
    if let Some(seems) = Seems::of(word) {
        return Err(Failure::usage(format!("{origin}: this looks like {seems}, not a command")));
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    Ok(printing(shell))
}

/// A command that is run for what it prints: without standard input and without [`TOKEN_VARIABLES`].
pub fn printing(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    for name in TOKEN_VARIABLES {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end: what it prints, up to one byte more than `limit`, and how it ended, unless it prints more. `None`
/// at the deadline.
pub fn run(
    command: &mut Command,
    limit: usize,
    deadline: Option<Instant>,
) -> io::Result<Option<(Vec<u8>, Option<ExitStatus>)>> {
    let mut child = command.spawn()?;
    let printed = output(&mut child, limit, deadline);
    let status = match &printed {
        Ok(Some(bytes)) if bytes.len() <= limit => end(&mut child, deadline),
        _ => Ok(None),
    };
    if !matches!(status, Ok(Some(_))) {
        // It may have more to say than anyone reads, or be late.
        let _ = child.kill();
        let _ = child.wait();
    }
    let Some(bytes) = printed? else { return Ok(None) };
    Ok(match status? {
        None if bytes.len() <= limit => None,
        status => Some((bytes, status)),
    })
}

/// How the child ended; `None` if it has not at the deadline.
pub fn end(child: &mut Child, deadline: Option<Instant>) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_micros(100);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = deadline.map_or(TICK, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Ok(None);
        }
        std::thread::sleep(left.min(pause));
        pause = (pause * 2).min(TICK);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn run(script: &str, limit: usize, patience: Duration) -> (Option<Vec<u8>>, Duration) {
        let started = Instant::now();
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = shell.spawn().unwrap();
        let bytes = output(&mut child, limit, Some(started + patience)).unwrap();
        let _ = child.kill();
        end(&mut child, None).unwrap().unwrap();
        (bytes, started.elapsed())
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_whole_output_comes_whether_the_child_or_its_output_ends_first() {
        for script in ["printf whole", "printf wh; sleep 0.05; printf ole", "printf whole; exec >&-; sleep 60"] {
            let (bytes, took) = run(script, 100, LONG);
            assert_eq!(bytes.unwrap(), b"whole", "{script}");
            assert!(took < LONG);
        }
        assert_eq!(run("head -c 1000000 /dev/zero", 1_000_000, LONG).0.unwrap().len(), 1_000_000);
    }

    #[test]
    fn e5_a_grandchild_that_holds_the_pipe_is_not_waited_for() {
        let (bytes, took) = run("(exec sleep 5) & printf whole", 100, LONG);
        assert_eq!(bytes.unwrap(), b"whole");
        assert!(took < Duration::from_secs(5));
    }

    #[test]
    fn no_more_is_read_than_the_limit_and_no_longer_than_the_deadline() {
        assert_eq!(run("yes", 10, LONG).0.unwrap().len(), 11);
        assert_eq!(run("printf half; sleep 60", 100, Duration::from_millis(50)).0, None);
        assert_eq!(run("exec >&-; printf ''", 0, LONG).0.unwrap(), b"");
    }
}
