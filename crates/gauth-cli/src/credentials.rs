//! Finding and reading credentials: the order is gauth-core's [`source`], the files are read here. What is named has to
//! be there and be whole; only where nothing is named may a place be empty.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gauth_core::credentials::Credentials;
use gauth_core::endpoint::Policy;
use gauth_core::source::{self, Source};

use crate::environment;
use crate::exit::{Failure, Kind};
use crate::files::{self, CREDENTIALS_LIMIT, shown};
use crate::terminal::Terminal;

/// Credentials and where they were found.
pub struct Found {
    /// What the file says.
    pub credentials: Credentials,
    /// Why this file.
    pub source: Source,
    /// Places that were looked at before, in vain.
    pub empty: Vec<Source>,
    /// The file, if it can be read again and rewritten: not stdin, not a pipe.
    pub file: Option<PathBuf>,
}

/// Finds the credentials to use and reads them.
///
/// # Errors
/// [`Kind::Login`] when there are none, usage errors for a source that is set but broken.
pub fn find(flag: Option<&Path>, policy: &Policy, terminal: &Terminal) -> anyhow::Result<Found> {
    let mut empty = Vec::new();
    for source in source::search(flag, &environment::variable) {
        let Some(bytes) = read(&source)? else {
            empty.push(source);
            continue;
        };
        let file = Some(source.path())
            .filter(|path| path.is_file())
            .map(Path::to_owned);
        if let Some(warning) = file.as_deref().and_then(files::loose_permissions) {
            terminal.warn(&warning);
        }
        let credentials = Credentials::parse(&bytes, policy)
            .with_context(|| format!("read credentials {}", shown(source.path())))?;
        return Ok(Found {
            credentials,
            source,
            empty,
            file,
        });
    }
    Err(Failure::new(Kind::Login, "find credentials: there are none")
        .hint("run gauth-login, or name a file with --credentials or GOOGLE_APPLICATION_CREDENTIALS")
        .into())
}

fn read(source: &Source) -> anyhow::Result<Option<Vec<u8>>> {
    if !source.is_named() {
        return Ok(files::read_default(source.path(), CREDENTIALS_LIMIT)?);
    }
    files::read_given(source.path(), CREDENTIALS_LIMIT)
        .map(Some)
        .with_context(|| format!("take credentials from {source}"))
}
