//! ga-properties: the accounts and properties that a token can see, as rows or as ids only.

mod columns;
mod ids;
mod selection;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use ga_client::rows;
use ga_client::token_argument::TokenSource;
use ga_core::account;
use gauth_cli::completions::Values;
use gauth_cli::{Context, Failure, Program};

const PROGRAM: Program = Program {
    name: "ga-properties",
    timeout: Some(Duration::from_secs(60)),
    values,
    manual: &[include_str!("../manual.txt"), ga_client::MANUAL],
};

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

fn values(name: &str) -> Values {
    if name == "--format" { rows::names(&[ids::FORMAT]) } else { Values::Text }
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
    if listing.format() == ids::FORMAT.name {
        listed.retain(|one| one.property.is_some());
    }
    selection::keep_matching(&mut listed, arguments.r#match.as_deref(), &context.terminal)?;
    listing.write(&columns::NAMES, &columns::rows(&listed), &context.terminal)
}
