//! ga-properties: the accounts and properties that a token can see, as rows or as ids only.

mod ids;

use std::process::ExitCode;

use anyhow::Context as _;
use ga_client::rows::FORMATS;
use ga_client::token_argument::TokenSource;
use ga_core::account::{self, Listed};
use gauth_cli::completions::Values;
use gauth_cli::{Context, Failure, Kind, Program};
use gauth_text::Typed;

const PROGRAM: Program = Program {
    name: "ga-properties",
    timeout: Some(std::time::Duration::from_secs(60)),
    values,
    manual: &[include_str!("../manual.txt"), ga_client::MANUAL],
};

const COLUMNS: [&str; 6] = ["account", "account_name", "property", "property_name", "type", "parent"];

ga_client::arguments! {
    /// list the Google Analytics accounts and properties that a token can see
    struct Arguments {
        /// only those whose property name, account name or number contains this, in any case
        #[argh(option, arg_name = "NAME")]
        r#match: Option<String>,

        /// one of VALUES; id prints the property numbers only (default: table on a terminal, otherwise csv or as -o says)
        #[argh(option, short = 'f', arg_name = "FORMAT")]
        format: Option<String>,
    }
}

/// Values that `--help` does not show.
fn values(name: &str) -> Values {
    match name {
        "--format" => Values::OneOf(FORMATS.iter().chain([&ids::FORMAT]).map(|format| format.name).collect()),
        _ => Values::Text,
    }
}

fn main() -> ExitCode {
    ga_client::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    let (options, deadline) = (arguments.options(), context.deadline());
    if arguments.r#match.as_deref() == Some("") {
        return Err(Failure::usage("--match: empty name").into());
    }
    let listing = options.listing(arguments.format.as_deref(), &[ids::FORMAT], deadline)?;
    let source = TokenSource::choose(&options.token(None), true, context.timeout)?;
    let analytics = options.analytics(source, deadline, &context)?;
    let mut accounts = Vec::new();
    for page in analytics.accounts(None) {
        accounts.extend(page.context("cannot list the accounts")?.account_summaries);
    }
    let mut listed = account::listed(&accounts)?;
    if let Some(text) = &arguments.r#match {
        listed.retain(|one| one.contains(text));
    }
    if listing.format() == ids::FORMAT.name {
        listed.retain(|one| one.property.is_some());
    }
    if listed.is_empty() {
        match &arguments.r#match {
            Some(text) => {
                let message = format!("no property matching {} is visible to this token", Typed(text));
                return Err(Failure::new(Kind::Refused, message)
                    .hint("run ga-properties by itself to list all")
                    .into());
            }
            None => context.terminal.note("no property is visible to this token"),
        }
    }
    let rows: Vec<Vec<String>> = listed.iter().map(|one| row(one).into()).collect();
    listing.write(&COLUMNS, &rows, &context.terminal)
}

fn row(one: &Listed<'_>) -> [String; COLUMNS.len()] {
    let account = one.account;
    let [number, name, kind, parent] = match &one.property {
        Some((number, property)) => {
            [number.to_string(), property.display_name.clone(), property.kind(), property.parent.clone()]
        }
        None => Default::default(),
    };
    [account.number().to_owned(), account.display_name.clone(), number, name, kind, parent]
}
