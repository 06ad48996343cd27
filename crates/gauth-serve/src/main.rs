//! Runs a command beside a metadata server on the loopback interface, which hands out tokens of the credentials it was
//! given, and ends with the command's status.

mod answer;
mod arguments;
mod environment;
mod metadata;
mod request;
mod server;
mod tokens;

use std::process::{Command, ExitCode};
use std::time::Duration;

use gauth_cli::command::Events;
use gauth_cli::{Context, Program};
use gauth_store::credentials;

use arguments::Arguments;
use environment::Surroundings;
use metadata::Metadata;
use server::Server;
use tokens::Tokens;

const PROGRAM: Program = Program {
    name: "gauth-serve",
    timeout: Some(Duration::from_secs(60)),
    values: gauth_store::values,
    manual: &[include_str!("../manual.txt"), gauth_store::MANUAL],
};

fn main() -> ExitCode {
    // The status of a command is not one of those that `run` knows.
    let mut status = ExitCode::SUCCESS;
    let code = gauth_cli::run(&PROGRAM, |arguments, context| {
        status = serve(&arguments, &context)?;
        Ok(())
    });
    if code == ExitCode::SUCCESS { status } else { code }
}

fn serve(arguments: &Arguments, context: &Context) -> anyhow::Result<ExitCode> {
    let (program, words) = arguments.command()?;
    let request = arguments.request()?;
    let policy = gauth_cli::environment::policy()?;
    let found = credentials::find(arguments.source()?, &policy, context.deadline(), &context.terminal)?;
    let surroundings = Surroundings::of(&found)?;
    let tokens = Tokens::new(found, request, policy, context)?;
    let events = Events::watch()?;
    let server = Server::start(arguments.port, Metadata::new(tokens, arguments.project()?), context.terminal)?;
    let mut command = Command::new(program);
    command.args(words);
    surroundings.apply(&mut command, &server.address, &context.terminal);
    events.run(&mut command, None)
}
