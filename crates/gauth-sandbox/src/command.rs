//! A command that runs inside the sandbox: its environment, and what an interactive shell is told.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Context as _;
use gauth_cli::command::{Events, is_shell};
use gauth_sandbox::Sandbox;

#[cfg(unix)]
use crate::follow;

/// The environment of the command.
pub(crate) struct Surroundings<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Whether no person answers the consent page.
    #[cfg_attr(not(unix), expect(dead_code, reason = "without links there is no browser of ours"))]
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

/// Runs the command to its end; its private home goes after it, and so does the sandbox.
pub(crate) fn run(
    surroundings: Surroundings<'_>,
    program: &str,
    arguments: &[String],
    events: &Events,
    deadline: Option<Instant>,
) -> anyhow::Result<ExitCode> {
    let own = tempfile::Builder::new().prefix("gauth-sandbox-home-").tempdir().context("cannot make a private home")?;
    let mut command = Command::new(program);
    command.args(arguments);
    surroundings.apply(&mut command, own.path())?;
    if is_shell(program) && arguments.is_empty() && io::stdin().is_terminal() {
        let url = surroundings.sandbox.url();
        eprintln!("gauth-sandbox: this shell runs inside the sandbox at {url}; type exit to leave it");
    }
    events.run(&mut command, deadline)
}
