//! ga-query: runs Google Analytics reports. Rows go to stdout or a file, everything for people to stderr.

mod arguments;
mod client;
mod columns;
mod days;
mod display_names;
mod download;
mod exchange;
mod format;
mod interrupt;
mod output;
mod pages;
mod preview;
mod progress;
mod properties;
mod question;
mod request_file;
mod reserve;
mod resume;
mod task;
mod translation;
mod waiting;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use ga_client::token_argument::{TokenArgument, TokenSource};
use gauth_cli::exit::no_thread;
use gauth_cli::{Context, Failure, Program, environment};
use tokio::runtime;

use arguments::Arguments;
use client::Client;
use download::Download;
use output::{Output, OutputOptions};
use progress::Progress;
use task::Task;

const PROGRAM: Program = Program {
    name: "ga-query",
    summary: "run a Google Analytics report",
    timeout: None,
    token_options: &["--token"],
    values: arguments::values,
    examples: &[
        (
            "ga-query 123456 28daysAgo yesterday sessions --token $(gauth-token)",
            "the old form: sessions of the last four weeks",
        ),
        (
            "gauth-token | ga-query -p 123456 -m sessions -d date,country -f csv > report.csv",
            "the token through a pipe, the rows into a file",
        ),
        (
            "ga-query -p 0 -m activeUsers -d pagePath --filter 'country==France and pagePath=@blog' --limit 20",
            "the twenty most-viewed blog pages, for visitors from France",
        ),
        (
            "ga-query --ids ga:123456 --start-date 2024-01-01 --end-date 2024-01-31 --metrics ga:users -f v3",
            "an old script, answered from GA4",
        ),
    ],
    notes: &[
        "The token comes from --token, --token-command, GAUTH_TOKEN, GOOGLE_OAUTH_ACCESS_TOKEN, GAUTH_TOKEN_COMMAND, or a pipe or file on standard input that holds nothing else, whichever is first.",
        "Each request has 300 seconds with its tries; --timeout limits the whole run.",
    ],
    manual: include_str!("../manual.txt"),
};

const MOST_PARALLEL: usize = 9;

fn main() -> ExitCode {
    ga_client::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    let started = Instant::now();
    let deadline = context.timeout.map(|timeout| started + timeout);
    let terminal = context.terminal;
    let token = TokenArgument {
        token: arguments.token.as_deref(),
        command: arguments.token_command.as_deref(),
        stdin_reader: arguments.stdin_reader()?,
    };
    let task = Task::read(&arguments, deadline, &terminal)?;
    let parallel @ 1..=MOST_PARALLEL = arguments.parallel.unwrap_or(4) else {
        return Err(Failure::usage("--parallel: expected a number from 1 to 9").into());
    };
    let policy = environment::policy()?;
    let data_api = policy.google(ga_core::request::DATA_API, "");
    let admin_api = policy.google(ga_core::request::ADMIN_API, "");
    let quota_project = match &arguments.quota_project {
        Some(project) => Some(project.clone()),
        None => environment::text("GOOGLE_CLOUD_QUOTA_PROJECT")?,
    };
    if arguments.dry_run && arguments.curl {
        return Err(Failure::usage("--dry-run and --curl exclude each other").into());
    }
    let options = OutputOptions::read(&arguments, &task)?;
    if (arguments.dry_run || arguments.curl) && task.needs_today() {
        days::note_machine("the property's time zone was not requested", &terminal);
    }
    if arguments.dry_run {
        return preview::dry_run(data_api.as_str(), &task, &terminal);
    }
    if arguments.curl {
        return preview::curl(data_api.as_str(), &task, quota_project.as_deref());
    }

    let source = TokenSource::choose(&token, true, context.timeout)?;
    let mut output = Output::open(options, &task, deadline)?;
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(no_thread)?;
    let _inside = runtime.enter();
    interrupt::watch(output.unfinished()).context("watch for signals")?;
    let client =
        Arc::new(Client::new(data_api.as_str(), source, quota_project.as_deref(), deadline, parallel, terminal)?);
    let progress = Arc::new(Progress::default());
    if std::io::stderr().is_terminal() && !terminal.quiet() {
        runtime.spawn(Arc::clone(&progress).show());
    }

    let download = Download {
        arguments: &arguments,
        given: &context.given,
        task: &task,
        client,
        data_api,
        admin_api,
        parallel,
        progress: Arc::clone(&progress),
        terminal,
    };
    let result = runtime.block_on(download.run(&mut output));
    progress.end();
    runtime.shutdown_background();
    let findings = result?;
    findings.tell(&terminal, &arguments)?;
    output.commit()?;
    Ok(findings.check()?)
}
