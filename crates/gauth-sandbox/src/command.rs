//! A command that runs inside the sandbox: its environment, the signals it is passed, its status.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

use anyhow::Context as _;
use gauth_cli::{Failure, exit};
use gauth_sandbox::Sandbox;
use gauth_text::Typed;

use crate::follow;
use crate::signals::{self, Event};

/// Shells that are interactive when they are given nothing to do.
const SHELLS: [&str; 6] = ["bash", "dash", "fish", "ksh", "sh", "zsh"];

/// What the command runs in.
pub(crate) struct Surroundings<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Whether there is nobody to click on a consent page.
    pub(crate) is_automatic: bool,
}

impl Surroundings<'_> {
    /// Gives the command a home below `own`, the variables of the sandbox, and none of the user's credentials.
    fn apply(&self, command: &mut Command, own: &Path) -> anyhow::Result<()> {
        let home = own.join("home");
        fs::create_dir(&home).context("cannot make a private home")?;
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["GAUTH_", "GOOGLE_", "CLOUDSDK_"].iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(&*name);
            }
        }
        // XDG_RUNTIME_DIR stays: it leads to the desktop, and a browser may be needed.
        command
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("XDG_DATA_HOME", home.join(".local/share"))
            .env("XDG_STATE_HOME", home.join(".local/state"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        #[cfg(unix)]
        if self.is_automatic {
            let browser = own.join(follow::NAME);
            let executable = std::env::current_exe().context("cannot find this program")?;
            std::os::unix::fs::symlink(executable, &browser).context("cannot link the browser")?;
            command.env("BROWSER", browser);
        }
        Ok(())
    }
}

/// Runs the command to its end and passes on what signals come meanwhile.
pub(crate) fn run(
    surroundings: Surroundings<'_>,
    program: &str,
    arguments: &[String],
    sender: Sender<Event>,
    events: &Receiver<Event>,
    deadline: Option<Instant>,
) -> anyhow::Result<ExitCode> {
    let own = tempfile::Builder::new().prefix("gauth-sandbox-home-").tempdir().context("cannot make a private home")?;
    let mut command = Command::new(program);
    command.args(arguments);
    surroundings.apply(&mut command, own.path())?;
    let name = Path::new(program).file_name().unwrap_or_default();
    if SHELLS.iter().any(|shell| name == *shell) && arguments.is_empty() && io::stdin().is_terminal() {
        let url = surroundings.sandbox.url();
        eprintln!("gauth-sandbox: this shell runs inside the sandbox at {url}; type exit to leave it");
    }

    let mut child = command
        .spawn()
        .map_err(|error| Failure::usage(format!("cannot run {}: {}", Typed(program), exit::reason(&error))))?;
    let id = child.id();
    let waiter = std::thread::spawn(move || {
        let status = child.wait();
        // Nothing receives it if the time was over.
        let _ = sender.send(Event::Ended(status));
    });
    let result = loop {
        match signals::next(events, deadline) {
            Ok(Event::Ended(status)) => {
                break status.map(status_of).context("cannot wait for the command");
            }
            // A terminal's Ctrl-C has reached the command already.
            Ok(Event::Signal(signals::INTERRUPT)) if io::stdin().is_terminal() => {}
            Ok(Event::Signal(number)) => signals::pass_on(id, number),
            Err(late) => {
                signals::pass_on(id, signals::TERMINATE);
                break Err(late.into());
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
