//! ga-query: runs Google Analytics reports. Rows go to stdout or a file, everything for people to stderr.

mod arguments;
mod client;
mod first_property;
mod format;
mod interrupt;
mod output;
mod pages;
mod preview;
mod progress;
mod question;
mod waiting;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use ga_core::property::Property;
use ga_core::quality::{Consumption, Quality};
use gauth_cli::token_argument::{self, TokenArgument, TokenSource};
use gauth_cli::{Context, Failure, Kind, Program, environment};
use tokio::runtime;

use arguments::Arguments;
use client::Client;
use output::Output;
use pages::Report;
use progress::Progress;
use question::Question;
use waiting::Budget;

const PROGRAM: Program = Program {
    name: "ga-query",
    summary: "run a Google Analytics report",
    timeout: None,
    empty_if_missing: &["--token"],
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
            "ga-query -p 0 -m activeUsers -d pagePath --filter 'country==France;pagePath=@blog' --limit 20",
            "the twenty most read pages of the first property, for some",
        ),
    ],
    notes: &[
        "The token comes from --token, --token-command, GAUTH_TOKEN, GOOGLE_OAUTH_ACCESS_TOKEN, or standard input when that is not a terminal, whichever is first.",
        "Each request has 300 seconds with its tries; --timeout limits the whole run.",
    ],
};

/// What waiting pages may take of the memory.
const WAITING: usize = 8 << 20;
const MOST_PARALLEL: usize = 9;

fn main() -> ExitCode {
    gauth_cli::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    let started = Instant::now();
    let terminal = context.terminal;
    let token = TokenArgument {
        token: arguments.token.as_deref(),
        command: arguments.token_command.as_deref(),
        stdin_reader: None,
    };
    token_argument::hide(&token, &terminal)?;
    let question = Question::read(&arguments, &terminal)?;
    let parallel @ 1..=MOST_PARALLEL = arguments.parallel.unwrap_or(4) else {
        return Err(Failure::usage("--parallel: 1 to 9 were expected").into());
    };
    let policy = environment::policy()?;
    let data_api = policy.google("analyticsdata.googleapis.com", "");
    let admin_api = policy.google("analyticsadmin.googleapis.com", "");
    let quota_project = match &arguments.quota_project {
        Some(project) => Some(project.clone()),
        None => environment::text("GOOGLE_CLOUD_QUOTA_PROJECT")?,
    };
    if arguments.dry_run {
        return preview::dry_run(data_api.as_str(), &question, &terminal);
    }
    if arguments.curl {
        return preview::curl(data_api.as_str(), &question, quota_project.as_deref());
    }

    let source = TokenSource::choose(&token, true)?;
    let mut output = Output::open(&arguments)?;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("start the threads")?;
    let _inside = runtime.enter();
    interrupt::watch(output.unfinished()).context("watch for signals")?;
    let client = Arc::new(Client::new(
        data_api.as_str(),
        source,
        quota_project.as_deref(),
        context.timeout.map(|timeout| started + timeout),
        terminal,
    )?);
    let progress = Arc::new(Progress::default());
    if std::io::stderr().is_terminal() && !terminal.quiet() {
        runtime.spawn(Arc::clone(&progress).show());
    }

    let budget = Budget::new(WAITING);
    let several = question.properties.len() > 1;
    let mut consumption = Consumption::default();
    let mut is_lossy = false;
    let work = async {
        for property in &question.properties {
            let number = match property {
                Property::Number(number) => number.clone(),
                Property::First => {
                    first_property::find(&client, admin_api.as_str(), &terminal).await?
                }
            };
            let report = Report {
                client: Arc::clone(&client),
                base: data_api.as_str().to_owned(),
                property: number.clone(),
                request: question.request.clone(),
                raw: output.is_raw(),
                parallel,
                budget: Arc::clone(&budget),
                progress: Arc::clone(&progress),
            };
            let mut quality = Quality::default();
            let fetch = report.fetch(|fetched| {
                quality.add(&fetched.page.head);
                if let Some(quota) = &fetched.page.head.property_quota {
                    consumption.add(quota);
                }
                if output.is_terminal() {
                    progress.end();
                }
                let name = several.then_some(number.as_str());
                output.page(&question.request, name, fetched)
            });
            fetch.await?;
            for note in quality.notes() {
                is_lossy |= note.lossy;
                let about = if several {
                    format!("property {number}: ")
                } else {
                    String::new()
                };
                terminal.note(&format!("{about}{}", note.text));
            }
        }
        output.finish()
    };
    let result = runtime.block_on(work);
    progress.end();
    runtime.shutdown_background();
    result?;
    if arguments.quota {
        for line in consumption.lines() {
            terminal.note(&line);
        }
    }
    if arguments.strict && is_lossy {
        return Err(Failure::new(Kind::Incomplete, "the data is lossy, as noted above").into());
    }
    output.commit()
}
