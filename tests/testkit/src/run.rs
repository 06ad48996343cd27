//! Runs programs under a watchdog: everything that a test starts ends with the test.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use assert_cmd::assert::Assert;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::secrets::assert_no_secret;

/// A program that runs longer fails the test.
const LIMIT: Duration = Duration::from_secs(60);

/// An upper bound for a program with its own deadline, even on a busy machine. It is less than the default time limit
/// of a minute, so that it shows which of the two ended the program.
pub const IN_TIME: Duration = Duration::from_secs(50);

/// A program that has ended.
#[derive(Debug)]
pub struct Run {
    /// What was run, for messages.
    pub name: String,
    /// Exit status, stdout and stderr.
    pub output: Output,
}

/// Runs a program to its end.
#[track_caller]
pub fn run(command: Command) -> Run {
    Running::start(command).finish()
}

/// Runs a program to its end with `input` on its standard input.
#[track_caller]
pub fn run_with_input(command: Command, input: impl Into<Vec<u8>>) -> Run {
    let input = input.into();
    let mut running = Running::start_on(command, Stdio::piped());
    let mut stdin = running.child.stdin.take().expect("stdin is a pipe");
    // The program may end without reading all of it.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let run = running.finish();
    writer.join().expect("write the program's input");
    run
}

impl Run {
    /// The exit code; a program that a signal ended has 128 + its number, as in a shell.
    pub fn code(&self) -> i32 {
        let status = self.output.status;
        status.code().or_else(|| status.signal().map(|signal| 128 + signal)).expect("it has ended")
    }

    /// Standard output, which must be UTF-8.
    #[track_caller]
    pub fn stdout(&self) -> &str {
        std::str::from_utf8(&self.output.stdout).expect("stdout is UTF-8")
    }

    /// Standard error, which must be UTF-8.
    #[track_caller]
    pub fn stderr(&self) -> &str {
        std::str::from_utf8(&self.output.stderr).expect("stderr is UTF-8")
    }

    /// Expects an exit code, and shows both streams if it is another one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert!(
            self.code() == code,
            "{}: exit code {} instead of {code}\nstdout: {}\nstderr: {}",
            self.name,
            self.code(),
            String::from_utf8_lossy(&self.output.stdout),
            String::from_utf8_lossy(&self.output.stderr),
        );
        self
    }

    /// Expects a failure of the gauth programs: this exit code and nothing on stdout.
    #[track_caller]
    pub fn expect_failure(self, code: i32) -> Self {
        let run = self.expect(code);
        assert!(run.output.stdout.is_empty(), "{} failed and yet printed: {}", run.name, run.stdout());
        run
    }

    /// The assertions of assert_cmd.
    pub fn assert(self) -> Assert {
        Assert::new(self.output).append_context("program", self.name)
    }

    /// Searches stderr for secrets, and also stdout, unless a secret belongs there (D3).
    #[track_caller]
    pub fn assert_no_secret(&self, secrets: &[String], stdout_may_hold_one: bool) {
        assert_no_secret(&format!("{}: stderr", self.name), &self.output.stderr, secrets);
        if !stdout_may_hold_one {
            assert_no_secret(&format!("{}: stdout", self.name), &self.output.stdout, secrets);
        }
    }
}

/// A program that is running. Dropping it kills it and its children.
pub struct Running {
    name: String,
    child: Child,
    stdout: Arc<Stream>,
    stderr: Arc<Stream>,
    deadline: Instant,
    ended: bool,
}

impl Running {
    /// Starts a program with an empty standard input, in a process group of its own. The tests' own standard input
    /// may be a terminal, where such a program would be stopped when it reads.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        Self::start_on(command, Stdio::null())
    }

    /// The same with this standard input.
    #[track_caller]
    pub fn start_on(mut command: Command, stdin: Stdio) -> Self {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let name = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let mut child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("start {name}: {error}"));
        let stdout = Stream::read(child.stdout.take().expect("stdout is a pipe"));
        let stderr = Stream::read(child.stderr.take().expect("stderr is a pipe"));
        Self { name, child, stdout, stderr, deadline: Instant::now() + LIMIT, ended: false }
    }

    /// Waits for a line of stderr that `is_it` accepts, and returns it.
    #[track_caller]
    pub fn stderr_line(&self, is_it: impl Fn(&str) -> bool) -> String {
        self.line(&self.stderr, is_it)
    }

    /// Waits for a line of stdout that `is_it` accepts, and returns it.
    #[track_caller]
    pub fn stdout_line(&self, is_it: impl Fn(&str) -> bool) -> String {
        self.line(&self.stdout, is_it)
    }

    #[track_caller]
    fn line(&self, stream: &Stream, is_it: impl Fn(&str) -> bool) -> String {
        let found = stream.wait(self.deadline, |bytes, _| {
            let text = String::from_utf8_lossy(bytes);
            text.split_inclusive('\n')
                .filter_map(|line| line.strip_suffix('\n'))
                .find(|line| is_it(line))
                .map(str::to_owned)
        });
        found.unwrap_or_else(|| {
            panic!("{}: no such line. stderr: {}", self.name, String::from_utf8_lossy(&self.stderr.bytes()))
        })
    }

    /// Whether stderr contains this so far.
    pub fn has_said(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.stderr.bytes()).contains(text)
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the program has ended by itself.
    #[track_caller]
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("look at the program").is_some()
    }

    /// Sends a signal to the program, but not to its children.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("signal the program");
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for the end. A program that takes longer than a minute is killed and fails the test.
    #[track_caller]
    pub fn finish(mut self) -> Run {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("wait for the program") {
                break status;
            }
            assert!(
                Instant::now() < self.deadline,
                "{}: still running after {LIMIT:?}. stderr: {}",
                self.name,
                String::from_utf8_lossy(&self.stderr.bytes()),
            );
            thread::sleep(Duration::from_millis(1));
        };
        self.ended = true;
        // A grandchild may hold the pipes open; the program's own output has arrived.
        let patience = Instant::now() + Duration::from_secs(5);
        for stream in [&self.stdout, &self.stderr] {
            stream.wait(patience, |_, complete| complete.then_some(()));
        }
        let output = Output { status, stdout: self.stdout.bytes(), stderr: self.stderr.bytes() };
        Run { name: std::mem::take(&mut self.name), output }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            // It may have ended by itself in the meantime.
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// The output of a pipe so far, and whether it is complete.
#[derive(Default)]
struct Stream {
    state: Mutex<(Vec<u8>, bool)>,
    changed: Condvar,
}

impl Stream {
    fn read(mut pipe: impl Read + Send + 'static) -> Arc<Self> {
        let stream = Arc::new(Self::default());
        let writer = Arc::clone(&stream);
        thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            loop {
                let count = pipe.read(&mut buffer).unwrap_or(0);
                let mut state = writer.state.lock().expect("no reader panics");
                state.0.extend_from_slice(&buffer[..count]);
                state.1 = count == 0;
                writer.changed.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        stream
    }

    fn bytes(&self) -> Vec<u8> {
        self.state.lock().expect("no reader panics").0.clone()
    }

    /// Waits until `found` finds something; `None` when the stream has ended or the deadline has passed.
    fn wait<T>(&self, deadline: Instant, found: impl Fn(&[u8], bool) -> Option<T>) -> Option<T> {
        let mut state = self.state.lock().expect("no reader panics");
        loop {
            let result = found(&state.0, state.1);
            let left = deadline.saturating_duration_since(Instant::now());
            if result.is_some() || state.1 || left.is_zero() {
                return result;
            }
            state = self.changed.wait_timeout(state, left).expect("no reader panics").0;
        }
    }
}
