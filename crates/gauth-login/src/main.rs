//! Interactive consent: the authorization code grant (RFC 6749 §4.1) of a native app (RFC 8252) from the first check to
//! the credentials file. What the protocol says is in gauth-core; here is the order of the work.

mod answering_user;
mod arguments;
mod browser;
mod client;
mod consent;
mod exchange;
mod loopback;
mod page;
mod paste;
mod save;
mod signals;

use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use gauth_cli::http_agent::HttpAgent;
use gauth_cli::{Context, Failure, Kind, Program, environment, random};
use gauth_core::authorization::{self, AuthorizationRequest};
use gauth_core::client_secrets::Redirect;
use gauth_core::dpop;
use gauth_core::pkce::CodeVerifier;
use gauth_core::scope::Scopes;

use arguments::Arguments;
use loopback::Loopback;
use save::Target;
use signals::Signals;

const PROGRAM: Program = Program {
    name: "gauth-login",
    timeout: Some(Duration::from_secs(300)),
    values: gauth_store::values,
    manual: &[include_str!("../manual.txt"), gauth_store::MANUAL],
};

fn main() -> ExitCode {
    gauth_cli::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    let terminal = context.terminal;
    let deadline = context.deadline();
    let policy = environment::policy()?;
    let typed = arguments.scopes()?;
    let login_hint = arguments.login_hint()?;
    let target = Target::find(arguments.target())?;
    let scopes = typed.unwrap_or_else(|| target.previous_scopes().unwrap_or_else(Scopes::default_read));
    let client = client::choose(arguments.client_secrets.as_deref(), &target, &policy, deadline, &terminal)?;
    target.check_writable()?;
    let key = if arguments.dpop || target.is_bound() { Some(new_key()?) } else { None };
    let signals = Signals::watch().context("cannot watch for signals")?;

    let (events, arrived) = mpsc::channel();
    let state = authorization::state(random::bytes()?);
    let loopback = Loopback::listen(&client.redirect, arguments.port, &state, events.clone())?;
    let redirect_uri = loopback.redirect_uri();
    let verifier = CodeVerifier::new(random::bytes()?);
    let request = AuthorizationRequest {
        client: &client,
        redirect_uri: &redirect_uri,
        scopes: &scopes,
        state: &state,
        verifier: &verifier,
        login_hint,
        prompt_consent: matches!(client.redirect, Redirect::Exactly(_)),
    };
    target.warn_of_lost_scopes(&scopes, &terminal);
    consent::show(&request.url(), &context);
    if !arguments.no_browser {
        browser::open(request.url(), terminal);
    }
    paste::listen(events, terminal);
    let answer = consent::wait(&request, arrived, deadline, &context)?;

    let agent = HttpAgent::new(terminal, deadline);
    let saved = exchange::grant_for(&answer.code, &request, key.as_ref(), &agent)
        .and_then(|grant| exchange::check_scopes(grant, &scopes, arguments.allow_partial, &terminal))
        .and_then(|grant| target.save(&grant, &client, key.as_ref(), deadline, &signals, &terminal));
    loopback.close();
    answer.end_with(saved.is_ok());
    saved?;
    target.report_other_source(&terminal);
    target.print()
}

fn new_key() -> Result<dpop::Key, Failure> {
    let key = dpop::Key::generate(&random::source());
    key.ok_or_else(|| Failure::new(Kind::Failed, "cannot get random bytes from the system"))
}
