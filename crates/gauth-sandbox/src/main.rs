//! gauth-sandbox: Google's OAuth and Analytics endpoints on loopback, until a signal ends it or for as long as a
//! command runs.

mod arguments;
mod command;
mod environment;
mod follow;

use std::process::ExitCode;

use anyhow::Context as _;
use gauth_cli::command::Events;
use gauth_cli::{Context, Program, completions, files};
use gauth_sandbox::Sandbox;

use arguments::Arguments;
use command::Surroundings;

const PROGRAM: Program = Program {
    name: "gauth-sandbox",
    timeout: None,
    values: completions::no_values,
    manual: &[include_str!("../manual.txt")],
};

fn main() -> ExitCode {
    if let Some(status) = follow::called() {
        return status;
    }
    // The status of a command, or of a signal, is not one of those that `run` knows.
    let mut status = ExitCode::SUCCESS;
    let code = gauth_cli::run(&PROGRAM, |arguments: Arguments, context: Context| {
        status = run(arguments, context)?;
        Ok(())
    });
    if code == ExitCode::SUCCESS { status } else { code }
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<ExitCode> {
    context.given.refuse_pairs(&[("--auto-consent", "--deny")])?;
    let options = arguments.sandbox();
    options.dir.as_deref().map_or(Ok(()), files::refuse_secret_as_name)?;
    let deadline = context.deadline();
    let events = Events::watch()?;
    let sandbox = Sandbox::start(options).context("cannot start the sandbox")?;

    if let [program, rest @ ..] = &arguments.command[..] {
        let surroundings = Surroundings {
            sandbox: &sandbox,
            variables: environment::variables(&sandbox, arguments.export.is_some()),
            is_automatic: arguments.is_automatic(),
        };
        return command::run(surroundings, program, rest, &events, deadline);
    }
    environment::print(&sandbox, arguments.export)?;
    events.wait(deadline)
}
