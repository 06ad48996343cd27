//! Prints a valid Google access token (or ID token) from the credentials it finds.

mod arguments;
mod explain;
mod format;

use std::process::ExitCode;
use std::time::Duration;

use gauth_cli::{Context, Program, environment, terminal};
use gauth_store::credentials;
use gauth_store::token_cache::Request;

use arguments::Arguments;

/// musl's own allocator maps pages for each size of block and unmaps them again, which costs more than all other system calls
/// of a token from the cache.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

const PROGRAM: Program = Program {
    name: "gauth-token",
    timeout: Some(Duration::from_secs(60)),
    values: gauth_store::values,
    manual: &[include_str!("../manual.txt"), gauth_store::MANUAL],
};

fn main() -> ExitCode {
    gauth_cli::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    let deadline = context.deadline();
    let request = arguments.request()?;
    let cache = arguments.cache()?;
    let policy = environment::policy()?;
    let mut found = credentials::find(arguments.source(), &policy, deadline, &context.terminal)?;
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
    .obtain(&mut found)?;
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
