//! Revokes a user's grant, and removes it from this machine once Google has confirmed.

mod confirmation;
mod grant;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use anyhow::anyhow;
use argh::{ArgsInfo, FromArgs};
use gauth_cli::files::pasted;
use gauth_cli::http_agent::{HttpAgent, Tries};
use gauth_cli::{Context, Failure, Program, completions, environment};
use gauth_core::{Error, revocation};

use grant::Grant;

const PROGRAM: Program = Program {
    name: "gauth-revoke",
    timeout: Some(Duration::from_secs(60)),
    values: completions::no_values,
    manual: &[include_str!("../manual.txt"), gauth_store::MANUAL],
};

/// revoke a user's grant, and remove its credentials file and cached tokens
#[derive(FromArgs, ArgsInfo)]
struct Args {
    /// credentials file; default: the credentials that gauth-token would use
    #[argh(positional)]
    file: Option<PathBuf>,

    /// revoke without confirmation
    #[argh(switch)]
    yes: bool,
}

fn main() -> ExitCode {
    gauth_cli::run(&PROGRAM, run)
}

fn run(args: Args, context: Context) -> anyhow::Result<()> {
    let terminal = context.terminal;
    let policy = environment::policy()?;
    let grant = Grant::find(args.file.as_deref(), &policy, context.deadline(), &terminal)?;
    if args.yes {
        terminal.note(&grant.what_is_revoked());
    } else {
        confirmation::ask(&grant.what_is_revoked(), &terminal)?;
    }
    // The time for the answer does not count.
    let deadline = context.timeout.map(|timeout| Instant::now() + timeout);
    let held = grant.hold(&policy, deadline, &terminal)?;
    let answer = HttpAgent::new(terminal, deadline).send(held.request(), Tries::UpToThree)?;
    revocation::receive(&answer, SystemTime::now()).map_err(|error| explained(error, &grant))?;
    held.remove(&terminal)
}

/// A grant that the server does not know is not a success: the file may be the wrong one, so it stays.
fn explained(error: Error, grant: &Grant) -> anyhow::Error {
    let is_dead = matches!(&error, Error::Refused { oauth, .. } if oauth.error == "invalid_token");
    let failure = Failure::of(&anyhow!(error));
    match grant.file() {
        Some(file) if is_dead => failure
            .hint(format!(
                "run rm {} to remove the file: the grant has ended already, or belongs to another server",
                pasted(file)
            ))
            .into(),
        _ => failure.into(),
    }
}
