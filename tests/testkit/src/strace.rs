//! Runs a program under strace(1), to see what it does to files and sockets, or to make system calls fail.

use std::collections::HashMap;
use std::fs;
use std::process::Command;

use crate::run::{Run, run};
use crate::tool;

/// One system call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Process (thread) id.
    pub pid: u32,
    /// `openat`, `write`, …; empty for signals and exits.
    pub name: String,
    /// The whole line after the process id: `openat(AT_FDCWD, "x", O_RDONLY) = 3`.
    pub text: String,
}

impl Call {
    /// What follows ` = `: `3`, or `-1 ENOENT (No such file or directory)`.
    pub fn result(&self) -> &str {
        self.text.rsplit_once(" = ").map_or("", |(_, result)| result.trim())
    }
}

/// A traced run.
#[derive(Debug)]
pub struct Trace {
    /// How the program ended; strace passes its status on.
    pub run: Run,
    /// The calls in order, those of all its processes and threads.
    pub calls: Vec<Call>,
}

impl Trace {
    /// The calls of one name.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(move |call| call.name == name)
    }
}

/// Runs `command`, which comes from [`Home::command`](crate::Home::command), under `strace -f` with these options
/// (`-e`, `trace=openat,write`, …). `None`, with `skipped: no strace` printed, where it is missing or not permitted.
#[track_caller]
pub fn strace(options: &[&str], command: Command) -> Option<Trace> {
    let strace = tool("strace")?;
    let permitted = Command::new(&strace).args(["-f", "-o", "/dev/null", "true"]).output().expect("start strace");
    if !permitted.status.success() {
        println!("skipped: no strace");
        return None;
    }
    let directory = tempfile::tempdir().expect("create a directory for the trace");
    let file = directory.path().join("trace");
    let mut traced = Command::new(strace);
    traced.args(["-f", "-qq", "-s", "4096", "-o"]).arg(&file).args(options);
    traced.arg("--").arg(command.get_program()).args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            traced.env(name, value);
        }
    }
    if let Some(directory) = command.get_current_dir() {
        traced.current_dir(directory);
    }
    // As with Home::command, standard input is empty.
    let run = run(traced);
    let text = String::from_utf8_lossy(&fs::read(&file).expect("read the trace")).into_owned();
    Some(Trace { run, calls: calls(&text) })
}

/// Reads strace's output. A call that was interrupted by another thread's is on two lines, which are joined.
fn calls(text: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut unfinished: HashMap<u32, String> = HashMap::new();
    for line in text.lines() {
        let (pid, text) = line.split_once(' ').unwrap_or((line, ""));
        let pid = pid.parse().unwrap_or(0);
        let text = text.trim_start();
        if let Some(begin) = text.strip_suffix(" <unfinished ...>") {
            unfinished.insert(pid, begin.to_owned());
            continue;
        }
        let text = match text.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            Some((_, end)) => unfinished.remove(&pid).unwrap_or_default() + end,
            None => text.to_owned(),
        };
        let name = text.split_once('(').map_or("", |(name, _)| name);
        let name = if name.contains(' ') { "" } else { name };
        calls.push(Call { pid, name: name.to_owned(), text });
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;

    #[test]
    fn calls_on_two_lines_are_joined() {
        let calls = calls(
            "10  openat(AT_FDCWD, \"a (b\", O_RDONLY <unfinished ...>\n\
             11  close(3)                = 0\n\
             10  <... openat resumed>) = -1 ENOENT (No such file or directory)\n\
             11  --- SIGCHLD {si_signo=SIGCHLD} ---\n",
        );
        let names: Vec<_> = calls.iter().map(|call| (call.pid, call.name.as_str())).collect();
        assert_eq!(names, [(11, "close"), (10, "openat"), (11, "")]);
        assert_eq!(calls[0].result(), "0");
        assert_eq!(calls[1].text, "openat(AT_FDCWD, \"a (b\", O_RDONLY) = -1 ENOENT (No such file or directory)");
    }

    #[test]
    fn a_program_is_traced_with_its_own_environment() {
        let home = Home::new();
        let mut command = home.command("sh");
        command.args(["-c", "echo $WORD; exit 7"]).env("WORD", "traced");
        let Some(trace) = strace(&["-e", "trace=write"], command) else {
            return;
        };
        assert_eq!(trace.run.expect(7).stdout(), "traced\n");
        assert!(trace.calls.iter().any(|call| call.name == "write" && call.text.contains("traced")));
    }
}
