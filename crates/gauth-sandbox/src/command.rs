//! A command that runs inside the sandbox: its environment, the signals it is passed, its status.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

use anyhow::Context as _;
use gauth_cli::{Failure, exit, terminal};
use gauth_sandbox::Sandbox;

use crate::next;
use crate::signals::{self, Event};

/// What a program must know to use the sandbox.
fn variables(sandbox: &Sandbox) -> [(&'static str, PathBuf); 3] {
    [
        ("GAUTH_SANDBOX_URL", sandbox.url().into()),
        ("GAUTH_CLIENT_SECRETS", sandbox.client_secrets()),
        ("GAUTH_SANDBOX_SERVICE_ACCOUNT", sandbox.service_account_key()),
    ]
}

pub(crate) fn print_variables(sandbox: &Sandbox) -> io::Result<()> {
    let mut stdout = terminal::stdout();
    for (name, value) in variables(sandbox) {
        writeln!(stdout, "{name}={}", value.display())?;
    }
    stdout.finish()
}

/// Runs the command to its end and passes on what signals come meanwhile.
pub(crate) fn run(
    sandbox: &Sandbox,
    program: &str,
    arguments: &[String],
    sender: Sender<Event>,
    events: &Receiver<Event>,
    deadline: Option<Instant>,
) -> anyhow::Result<ExitCode> {
    let home = tempfile::Builder::new().prefix("gauth-sandbox-home-").tempdir().context("make a private home")?;
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["GAUTH_", "GOOGLE_", "CLOUDSDK_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(&*name);
        }
    }
    // XDG_RUNTIME_DIR stays: it leads to the desktop, and a browser may be wanted.
    command
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path().join(".config"))
        .env("XDG_CACHE_HOME", home.path().join(".cache"))
        .env("XDG_DATA_HOME", home.path().join(".local/share"))
        .env("XDG_STATE_HOME", home.path().join(".local/state"))
        .envs(variables(sandbox));

    let mut child =
        command.spawn().map_err(|error| Failure::usage(format!("run {program}: {}", exit::reason(&error))))?;
    let id = child.id();
    let waiter = std::thread::spawn(move || {
        let status = child.wait();
        // Nobody listens any more if the time was over.
        let _ = sender.send(Event::Ended(status));
    });
    let result = loop {
        match next(events, deadline) {
            Ok(Event::Ended(status)) => {
                break status.map(status_of).context("wait for the command");
            }
            // A terminal's Ctrl-C has reached the command already.
            Ok(Event::Signal(signals::INTERRUPT)) if io::stdin().is_terminal() => {}
            Ok(Event::Signal(number)) => signals::pass_on(id, number),
            Err(late) => {
                signals::pass_on(id, signals::TERMINATE);
                break Err(late);
            }
        }
    };
    // The home goes after the command, and so does the server.
    let _ = waiter.join();
    result
}

/// Its exit code, or 128 and the number of the signal that ended it.
fn status_of(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(number) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return signals::status(number);
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}
