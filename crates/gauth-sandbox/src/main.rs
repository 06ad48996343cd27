//! gauth-sandbox: Google's OAuth and Analytics endpoints on loopback, until it is told to stop or for as long as a
//! command runs.

mod command;
mod environment;
mod follow;
mod signals;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gauth_cli::{Context, Failure, Kind, Program, completions, files};
use gauth_sandbox::{Options, Sandbox};

use crate::command::Surroundings;
use crate::environment::Export;
use crate::signals::Event;

/// a local mock of the Google APIs that gauth and other clients use
#[derive(argh::FromArgs, argh::ArgsInfo)]
struct Arguments {
    /// listen on this port of 127.0.0.1; default: any free port
    #[argh(option, arg_name = "N", default = "0")]
    port: u16,

    /// write the credentials files here; default: a folder that ends with the sandbox
    #[argh(option, arg_name = "DIR")]
    dir: Option<PathBuf>,

    /// rows of a report by date, country and page over the default dates; default 1000
    #[argh(option, arg_name = "N", default = "1000")]
    rows: u64,

    /// consent without showing the page; inside, BROWSER follows the redirect
    #[argh(switch)]
    auto_consent: bool,

    /// refuse consent without showing the page
    #[argh(switch)]
    deny: bool,

    /// give a new refresh token with every refresh; the old one must not come back
    #[argh(switch)]
    rotate: bool,

    /// print, or set for COMMAND, also what Google's client libraries and gcloud need: env or shell
    #[argh(option, arg_name = "FORMAT", from_str_fn(environment::export))]
    export: Option<Export>,

    /// run this command, after --, with everything set for it, and end with its status
    #[argh(positional, greedy, arg_name = "COMMAND")]
    command: Vec<String>,
}

const PROGRAM: Program = Program {
    name: "gauth-sandbox",
    timeout: None,
    values: completions::no_values,
    manual: &[include_str!("../manual.txt")],
};

fn main() -> ExitCode {
    if let Some(opened) = follow::called() {
        return opened.map_or_else(
            |error| {
                eprintln!("{}: cannot open the page: {error}", follow::NAME);
                ExitCode::FAILURE
            },
            |()| ExitCode::SUCCESS,
        );
    }
    // The status of a command, or of a signal, is not one of those that `run` knows.
    let mut status = ExitCode::SUCCESS;
    let code = gauth_cli::run(&PROGRAM, |arguments: Arguments, context: Context| {
        status = serve(arguments, context)?;
        Ok(())
    });
    if code == ExitCode::SUCCESS { status } else { code }
}

fn serve(arguments: Arguments, context: Context) -> anyhow::Result<ExitCode> {
    if arguments.auto_consent && arguments.deny {
        return Err(Failure::usage("--auto-consent and --deny exclude each other").into());
    }
    arguments.dir.as_deref().map_or(Ok(()), files::refuse_secret_as_name)?;
    let deadline = context.timeout.and_then(|time| Instant::now().checked_add(time));
    let (sender, events) = mpsc::channel();
    signals::watch(sender.clone()).context("watch for signals")?;
    let sandbox = Sandbox::start(Options {
        port: arguments.port,
        dir: arguments.dir,
        rows: arguments.rows,
        auto_consent: arguments.auto_consent,
        deny: arguments.deny,
        rotate: arguments.rotate,
        tls: false,
    })
    .context("start the sandbox")?;

    if let [program, rest @ ..] = &arguments.command[..] {
        let surroundings = Surroundings {
            sandbox: &sandbox,
            variables: environment::variables(&sandbox, arguments.export.is_some()),
            is_automatic: arguments.auto_consent || arguments.deny,
        };
        return command::run(surroundings, program, rest, sender, &events, deadline);
    }
    environment::print(&sandbox, arguments.export)?;
    match next(&events, deadline)? {
        Event::Signal(number) => Ok(signals::status(number)),
        Event::Ended(_) => Ok(ExitCode::SUCCESS),
    }
}

/// Waits for a signal or the end of the command.
fn next(events: &mpsc::Receiver<Event>, deadline: Option<Instant>) -> anyhow::Result<Event> {
    let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    events.recv_timeout(left).map_err(|_| Failure::new(Kind::Temporary, "the time given by --timeout is over").into())
}
