//! A user of a ga program, with or without a token, against the sandbox or a scripted server. The program's output is
//! searched for the token.

use std::path::PathBuf;
use std::process::Command;

use gauth_sandbox::Sandbox;

use crate::home::Home;
use crate::run::{Run, run};

/// A user of one of the ga programs.
pub struct Analyst {
    pub home: Home,
    pub url: String,
    pub token: String,
    program: PathBuf,
}

impl Analyst {
    /// The token of all tests whose server accepts any.
    pub const TOKEN: &str = "ya29.canary-V5wq0Zt7kPd3XyA1mEoB";

    /// A user of `program`, which is `env!("CARGO_BIN_EXE_…")`, without a token; a request would fail.
    pub fn offline(program: &str) -> Self {
        let url = "http://127.0.0.1:1".to_owned();
        Self { home: Home::new(), url, token: String::new(), program: program.into() }
    }

    /// A user of a server that accepts any token.
    pub fn of(program: &str, url: &str) -> Self {
        Self { url: url.to_owned(), token: Self::TOKEN.to_owned(), ..Self::offline(program) }
    }

    /// A user of the sandbox, with a token that it issued.
    pub fn of_sandbox(program: &str, sandbox: &Sandbox) -> Self {
        let token = sandbox.access_token(&["https://www.googleapis.com/auth/analytics.readonly"]);
        Self { token, ..Self::of(program, sandbox.url()) }
    }

    /// The program with the token in its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command_without_token(arguments);
        command.env("GAUTH_TOKEN", &self.token);
        command
    }

    pub fn command_without_token(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(&self.program);
        command.env("GAUTH_SANDBOX_URL", &self.url).args(arguments);
        command
    }

    /// Runs the program; its output must not contain the token.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.finish(self.command(arguments))
    }

    #[track_caller]
    pub fn finish(&self, command: Command) -> Run {
        let run = run(command);
        if !self.token.is_empty() {
            run.assert_no_secret(std::slice::from_ref(&self.token), false);
        }
        run
    }

    /// ga-query's report of sessions by page, with further arguments.
    #[track_caller]
    pub fn pages(&self, arguments: &[&str]) -> Run {
        self.run(&[&["-p", "1", "-d", "pagePath", "-m", "sessions"], arguments].concat())
    }

    /// The rows that a run prints, the header first, in cells without commas.
    #[track_caller]
    pub fn cells(&self, arguments: &[&str]) -> Vec<Vec<String>> {
        let run = self.run(arguments).expect(0);
        run.stdout().lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }
}
