//! Revokes a user's grant, and removes it from this machine once Google has confirmed.

mod confirmation;
mod grant;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use argh::{ArgsInfo, FromArgs};
use gauth_cli::http_agent::{HttpAgent, Tries};
use gauth_cli::{Context, Program, completions, environment};
use gauth_core::revocation;
use gauth_core::source::Flags;

use grant::Grant;

const PROGRAM: Program = Program {
    name: "gauth-revoke",
    timeout: Some(Duration::from_secs(60)),
    values: completions::profiles,
    manual: &[include_str!("../manual.txt"), gauth_store::MANUAL],
};

/// revoke a user's grant, and remove its credentials file and cached tokens
#[derive(FromArgs, ArgsInfo)]
struct Arguments {
    /// credentials file; default: the credentials that gauth-token would use
    #[argh(positional)]
    file: Option<PathBuf>,

    /// profile to revoke
    #[argh(option, arg_name = "NAME")]
    profile: Option<String>,

    /// revoke without confirmation
    #[argh(switch)]
    yes: bool,
}

fn main() -> ExitCode {
    gauth_cli::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    let terminal = context.terminal;
    let policy = environment::policy()?;
    context.given.refuse_pairs(&[("FILE", "--profile")])?;
    let flags = Flags { credentials: arguments.file.as_deref(), profile: arguments.profile.as_deref() };
    let grant = Grant::find(flags, &policy, context.deadline(), &terminal)?;
    if arguments.yes {
        terminal.note(&grant.what_is_revoked());
    } else {
        confirmation::ask(&grant.what_is_revoked(), &terminal)?;
    }
    // The time for the answer does not count.
    let deadline = context.deadline();
    let held = grant.hold(&policy, deadline, &terminal)?;
    let answer = HttpAgent::new(terminal, deadline).send(held.request(), Tries::UpToThree)?;
    revocation::receive(&answer, SystemTime::now()).map_err(|error| grant.explained(error))?;
    held.remove(&terminal)
}
