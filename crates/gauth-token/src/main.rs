//! Prints a fresh Google access token (or ID token) from whatever credentials are at hand.

mod explain;
mod format;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use argh::{ArgsInfo, FromArgs};
use gauth_cli::credentials::{self, Found};
use gauth_cli::token_cache::{Ask, Use};
use gauth_cli::{Context, Failure, Program, environment, terminal};
use gauth_core::credentials::Wanted;
use gauth_core::scope::Scopes;

use format::Format;

const PROGRAM: Program = Program {
    name: "gauth-token",
    summary: "print a fresh Google access token from the stored login, a service account's key or another credentials file",
    timeout: Some(Duration::from_secs(60)),
    empty_if_missing: &[],
    examples: &[
        ("gauth-token", "the token, one line"),
        (
            "ga-query 123456 28daysAgo yesterday sessions --token $(gauth-token)",
            "a report with it",
        ),
        (
            "curl -H @<(gauth-token --format header) https://www.googleapis.com/…",
            "any Google API; the token stays out of the process list",
        ),
        (
            "gauth-token --credentials key.json --scope analytics.readonly",
            "from a service account's key",
        ),
    ],
    notes: &[
        "Credentials come from the first of: --credentials, GAUTH_CREDENTIALS, GOOGLE_APPLICATION_CREDENTIALS, $XDG_CONFIG_HOME/gauth/credentials.json (written by gauth-login), gcloud's application default credentials, the metadata server of a machine on Google Cloud. One that is named but broken is an error.",
        "Tokens are kept in $XDG_CACHE_HOME/gauth until they have less than --min-ttl seconds left. Any number of processes that find a token stale make one request between them.",
    ],
};

/// What was typed.
#[derive(FromArgs, ArgsInfo)]
#[argh(description = "print a fresh Google access token")]
struct Args {
    /// credentials file; - is standard input
    #[argh(option, arg_name = "FILE")]
    credentials: Option<PathBuf>,

    /// scope to ask for, short (analytics.readonly) or whole; may repeat; default: analytics.readonly for a service account, all that was granted for a user
    #[argh(option, arg_name = "SCOPE")]
    scope: Vec<String>,

    /// user to act for, with a service account that has domain-wide delegation
    #[argh(option, arg_name = "EMAIL")]
    subject: Option<String>,

    /// service account to act as; may repeat: the last is the target, earlier ones are delegates
    #[argh(option, arg_name = "SA_EMAIL")]
    impersonate: Vec<String>,

    /// print an ID token for this audience instead of an access token; with --self-signed: the JWT's aud
    #[argh(option, arg_name = "AUD")]
    audience: Option<String>,

    /// least life in seconds that a cached token must have left; default 225
    #[argh(option, arg_name = "SECS", default = "225")]
    min_ttl: u64,

    /// get a new token even if the cached one is fresh
    #[argh(switch)]
    refresh: bool,

    /// neither read nor write the cache
    #[argh(switch)]
    no_cache: bool,

    /// bare (default), header (for curl -H @file), json, or curl (for curl -K)
    #[argh(option, arg_name = "FORMAT", default = "Format::Bare")]
    format: Format,

    /// sign the token with the service account's own key, without any network
    #[argh(switch)]
    self_signed: bool,

    /// project to bill, in the header and curl formats; default: GOOGLE_CLOUD_QUOTA_PROJECT or the credentials file's
    #[argh(option, arg_name = "ID")]
    quota_project: Option<String>,

    /// tell on stderr which credentials were chosen and why
    #[argh(switch)]
    explain: bool,
}

fn main() -> ExitCode {
    gauth_cli::run(&PROGRAM, run)
}

fn run(args: Args, context: Context) -> anyhow::Result<()> {
    let deadline = context.timeout.map(|timeout| Instant::now() + timeout);
    let wanted = wanted(&args)?;
    let policy = environment::policy()?;
    let found = credentials::find(args.credentials.as_deref(), &policy, &context.terminal)?;
    let quota_project = quota_project(&args, &found)?;
    if args.explain {
        explain::source(&found, &wanted, &context.terminal);
    }
    let scopes = found.credentials.scopes(&wanted);
    let fresh = Ask {
        wanted: &wanted,
        min_ttl: Duration::from_secs(args.min_ttl),
        cache: cache_use(&args)?,
        deadline,
        policy: &policy,
        terminal: context.terminal,
    }
    .token(found)?;
    if args.explain {
        explain::token(&fresh, &wanted, &scopes, &context.terminal);
    }
    let mut stdout = terminal::stdout();
    args.format.write(
        &mut stdout,
        &format::Printed {
            token: &fresh.token,
            is_id_token: wanted.audience.is_some() && !wanted.self_signed,
            expires_at: fresh.expires_at,
            scopes: fresh.scopes.as_ref().unwrap_or(&scopes),
            quota_project: quota_project.as_deref(),
        },
    )?;
    Ok(stdout.finish()?)
}

fn wanted(args: &Args) -> anyhow::Result<Wanted> {
    if args.audience.is_some() && !args.scope.is_empty() {
        return Err(Failure::usage("--audience and --scope exclude each other").into());
    }
    if args.audience.is_some() && args.subject.is_some() {
        return Err(Failure::usage(
            "--audience and --subject exclude each other: an ID token speaks for the service account alone",
        )
        .into());
    }
    let scopes = Scopes::from_typed(args.scope.iter().map(String::as_str))?;
    if !args.scope.is_empty() && scopes.is_empty() {
        return Err(Failure::usage("--scope: empty").into());
    }
    Ok(Wanted {
        scopes: (!scopes.is_empty()).then_some(scopes),
        subject: args.subject.clone(),
        impersonate: args.impersonate.clone(),
        audience: args.audience.clone(),
        self_signed: args.self_signed,
    })
}

fn cache_use(args: &Args) -> Result<Use, Failure> {
    match (args.refresh, args.no_cache) {
        (true, true) => Err(Failure::usage(
            "--refresh and --no-cache exclude each other: --no-cache always gets a new token",
        )),
        (true, false) => Ok(Use::WriteOnly),
        (false, true) => Ok(Use::No),
        (false, false) => Ok(Use::ReadAndWrite),
    }
}

/// AIP-4110: an explicit one, then the variable, then the file.
fn quota_project(args: &Args, found: &Found) -> anyhow::Result<Option<String>> {
    let project = match &args.quota_project {
        Some(project) => Some(project.clone()),
        None => match environment::text("GOOGLE_CLOUD_QUOTA_PROJECT")? {
            Some(project) => Some(project),
            None => found.credentials.quota_project()?.map(str::to_owned),
        },
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    match &project {
        Some(id) if id.is_empty() || !id.bytes().all(allowed) => {
            Err(Failure::usage("the quota project holds a character that no project id has").into())
        }
        _ => Ok(project),
    }
}
