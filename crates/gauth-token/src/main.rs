//! Prints a valid Google access token (or ID token) from the credentials it finds.

mod arguments;
mod explain;
mod format;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use gauth_cli::completions::Values;
use gauth_cli::{Context, Program, environment, terminal};
use gauth_store::credentials;
use gauth_store::token_cache::Request;

use arguments::Arguments;

const PROGRAM: Program = Program {
    name: "gauth-token",
    summary: "print a fresh Google access token from the stored login, a service account's key or another credentials file",
    timeout: Some(Duration::from_secs(60)),
    token_options: &[],
    values,
    examples: &[
        ("gauth-token", "the token, one line"),
        ("ga-query 123456 28daysAgo yesterday sessions --token $(gauth-token)", "a report with it"),
        (
            "curl -H @<(gauth-token --format header) https://www.googleapis.com/…",
            "any Google API; the token stays out of the process list",
        ),
        ("gauth-token --credentials key.json --scope analytics.readonly", "from a service account's key"),
    ],
    notes: &[
        "Credentials come from the first of: --credentials, GAUTH_CREDENTIALS, GOOGLE_APPLICATION_CREDENTIALS, $XDG_CONFIG_HOME/gauth/credentials.json (written by gauth-login), gcloud's application default credentials, the metadata server of a machine on Google Cloud. One that is named but unusable is an error.",
        "Tokens are kept in $XDG_CACHE_HOME/gauth until they have less than --min-ttl seconds left. If many processes need a new token at once, one request is made for all.",
    ],
    manual: include_str!("../manual.txt"),
};

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

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    let deadline = context.timeout.map(|timeout| Instant::now() + timeout);
    let request = arguments.request()?;
    let cache = arguments.cache()?;
    let policy = environment::policy()?;
    let found = credentials::find(arguments.credentials.as_deref(), &policy, deadline, &context.terminal)?;
    let quota_project = arguments.quota_project(&found.credentials)?;
    if arguments.explain {
        explain::source(&found, &request, &context.terminal);
    }
    let scopes = found.credentials.scopes(&request);
    let token = Request {
        token: &request,
        min_ttl: Duration::from_secs(arguments.min_ttl),
        cache,
        deadline,
        policy: &policy,
        terminal: context.terminal,
    }
    .obtain(found)?;
    if arguments.explain {
        explain::token(&token, &request, &scopes, &context.terminal);
    }
    let mut stdout = terminal::stdout();
    arguments.format.write(
        &mut stdout,
        &format::Printed {
            token: &token.token,
            is_id_token: request.audience.is_some() && !request.self_signed,
            expires_at: token.expires_at,
            scopes: token.scopes.as_ref().unwrap_or(&scopes),
            quota_project: quota_project.as_deref(),
        },
    )?;
    Ok(stdout.finish()?)
}
