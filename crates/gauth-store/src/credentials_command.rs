//! `GAUTH_CREDENTIALS_COMMAND`: the command of a password store prints the credentials file. Nobody can write to that store,
//! so a refresh token that the server replaces is kept in the cache folder, until the command prints another.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use gauth_cli::exit::{Failure, Kind};
use gauth_cli::files::{self, CREDENTIALS_LIMIT, listing};
use gauth_cli::{child, environment};
use gauth_core::credentials::Credentials;
use gauth_core::endpoint::Policy;
use gauth_core::source::COMMAND;

use crate::credentials;

/// How the file of a replaced grant ends.
const EXTENSION: &str = "grant";

/// What the command prints. Its standard error is the user's.
///
/// # Errors
/// [`Kind::Login`] if it fails or prints nothing, [`Kind::Temporary`] at the deadline, usage errors for what is no command or
/// no credentials file.
pub(crate) fn output(deadline: Option<Instant>) -> Result<Vec<u8>, Failure> {
    let command = environment::secret(COMMAND)?.unwrap_or_default();
    let mut shell = child::shell(&command, COMMAND)?;
    shell.env_remove(COMMAND);
    let printed = child::run(&mut shell, CREDENTIALS_LIMIT, deadline)
        .map_err(|error| Failure::of_system(&format!("cannot run {COMMAND}"), &error, Kind::Failed))?;
    let by_itself = |failure: Failure| failure.hint("run that command by itself to see why");
    match printed {
        None => Err(Failure::new(Kind::Temporary, format!("cannot run {COMMAND}: it did not end in time"))),
        Some((_, None)) => Err(Failure::usage(format!("{COMMAND} printed more than {} KiB", CREDENTIALS_LIMIT >> 10))),
        Some((_, Some(status))) if !status.success() => {
            Err(by_itself(Failure::new(Kind::Login, format!("{COMMAND} failed: {status}"))))
        }
        Some((bytes, _)) if bytes.trim_ascii().is_empty() => {
            Err(by_itself(Failure::new(Kind::Login, format!("{COMMAND} printed nothing"))))
        }
        Some((bytes, _)) => Ok(bytes),
    }
}

/// Where the successor of the grant that the command prints is kept.
pub(crate) fn successor_file(printed: &Credentials) -> Option<PathBuf> {
    let name = format!("{}.{EXTENSION}", printed.principal_digest());
    printed.refresh_token().and_then(|_| environment::cache_dir()).map(|folder| folder.join(name))
}

/// The successor of the grant that the command prints, if the server has replaced that.
///
/// # Errors
/// Usage errors for a file that cannot be read, or that others can change.
pub(crate) fn successor(file: &Path, policy: &Policy) -> anyhow::Result<Option<Credentials>> {
    let Some(content) = files::load_default(file, CREDENTIALS_LIMIT)? else {
        return Ok(None);
    };
    if let Some(problem) = content.loose_permissions(file) {
        return Err(Failure::usage(problem).into());
    }
    credentials::parse(&content.bytes, file, policy).map(Some)
}

/// Removes successors that the command prints by now: the user has stored them.
pub(crate) fn remove_stored(printed: &Credentials, policy: &Policy) {
    let Some(folder) = environment::cache_dir() else { return };
    for file in listing::names(&folder).unwrap_or_default().into_iter().map(|name| folder.join(name)) {
        let is_stored = || {
            let kept = successor(&file, policy).ok().flatten();
            kept.is_some_and(|kept| kept.refresh_token() == printed.refresh_token())
        };
        if file.extension() == Some(OsStr::new(EXTENSION)) && is_stored() {
            // What cannot be removed stays.
            let _ = fs::remove_file(&file);
        }
    }
}
