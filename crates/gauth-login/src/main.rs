//! Interactive consent: the authorization code grant (RFC 6749 §4.1) of a native app (RFC 8252) from the first check to
//! the credentials file. What the protocol says is in gauth-core; here is the order of the work.

mod browser;
mod client;
mod consent;
mod exchange;
mod loopback;
mod page;
mod paste;
mod save;
mod signals;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use argh::{ArgsInfo, FromArgs};
use gauth_cli::completions::Values;
use gauth_cli::http_agent::HttpAgent;
use gauth_cli::{Context, Failure, Program, environment, random};
use gauth_core::authorization::{self, AuthorizationRequest};
use gauth_core::client_secrets::Redirect;
use gauth_core::pkce::CodeVerifier;
use gauth_core::scope::Scopes;
use gauth_text::Seems;

use loopback::Loopback;
use save::Target;
use signals::Signals;

const PROGRAM: Program = Program {
    name: "gauth-login",
    timeout: Some(Duration::from_secs(300)),
    values,
    manual: &[include_str!("../manual.txt"), gauth_store::MANUAL],
};

/// ask for consent in the browser, once, and save the grant in a credentials file
#[derive(FromArgs, ArgsInfo)]
struct Args {
    /// OAuth client as downloaded from Google's console
    #[argh(option, arg_name = "FILE")]
    client_secrets: Option<PathBuf>,

    /// scope to request, short (analytics.readonly) or whole; default: those of the file that is renewed, else
    /// analytics.readonly
    #[argh(option, arg_name = "SCOPE")]
    scope: Vec<String>,

    /// credentials file to write or renew
    #[argh(option, arg_name = "FILE")]
    credentials: Option<PathBuf>,

    /// account to suggest on the consent page
    #[argh(option, arg_name = "EMAIL")]
    account: Option<String>,

    /// only print the URL
    #[argh(switch)]
    no_browser: bool,

    /// listen on this port of the loopback interface; default: any free one
    #[argh(option, arg_name = "N")]
    port: Option<u16>,

    /// save the grant even if fewer scopes were granted than requested
    #[argh(switch)]
    allow_partial: bool,
}

/// Values that `--help` does not show.
fn values(name: &str) -> Values {
    match name {
        "--scope" => Values::ListOf(gauth_core::scope::COMMON.to_vec()),
        _ => Values::Text,
    }
}

fn main() -> ExitCode {
    gauth_cli::run(&PROGRAM, run)
}

fn run(args: Args, context: Context) -> anyhow::Result<()> {
    let terminal = context.terminal;
    let deadline = context.timeout.map(|timeout| Instant::now() + timeout);
    let policy = environment::policy()?;
    let typed = typed_scopes(&args.scope)?;
    // It becomes part of the URL, which is shown.
    if let Some(seems) = args.account.as_deref().and_then(Seems::of) {
        return Err(Failure::usage(format!("--account: expected an e-mail address, found {seems}")).into());
    }
    let target = Target::find(args.credentials.as_deref())?;
    let scopes = typed.unwrap_or_else(|| target.previous_scopes().unwrap_or_else(Scopes::default_read));
    let client = client::choose(args.client_secrets.as_deref(), &target, &policy, deadline, &terminal)?;
    target.check_writable()?;
    let signals = Signals::watch().context("cannot watch for signals")?;

    let (events, arrived) = mpsc::channel();
    let state = authorization::state(random::bytes()?);
    let loopback = Loopback::listen(&client.redirect, args.port, &state, events.clone())?;
    let redirect_uri = loopback.redirect_uri();
    let verifier = CodeVerifier::new(random::bytes()?);
    let request = AuthorizationRequest {
        client: &client,
        redirect_uri: &redirect_uri,
        scopes: &scopes,
        state: &state,
        verifier: &verifier,
        login_hint: args.account.as_deref().filter(|email| !email.is_empty()),
        prompt_consent: matches!(client.redirect, Redirect::Exactly(_)),
    };
    target.warn_of_lost_scopes(&scopes, &terminal);
    consent::show(&request.url(), &context);
    if !args.no_browser {
        browser::open(request.url(), terminal);
    }
    paste::listen(events, terminal);
    let answer = consent::wait(&request, arrived, deadline, &context)?;

    let agent = HttpAgent::new(terminal, deadline);
    let saved = exchange::grant_for(&answer.code, &request, &agent)
        .and_then(|grant| exchange::check_scopes(grant, &scopes, args.allow_partial, &terminal))
        .and_then(|grant| target.save(&grant, &client, deadline, &signals, &terminal));
    loopback.close();
    answer.end_with(saved.is_ok());
    saved?;
    target.report_other_source(&terminal);
    target.print()
}

fn typed_scopes(typed: &[String]) -> anyhow::Result<Option<Scopes>> {
    if typed.is_empty() {
        return Ok(None);
    }
    let scopes = Scopes::from_typed(typed.iter().map(String::as_str))?;
    if scopes.is_empty() {
        return Err(Failure::usage("--scope: empty").into());
    }
    Ok(Some(scopes))
}
