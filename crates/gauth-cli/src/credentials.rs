//! Finding and reading credentials: the order is gauth-core's [`source`], the files are read here. What is named has to
//! be there and be whole; only where nothing is named may a place be empty. Last comes the metadata server, on machines
//! that have one.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use gauth_core::Error;
use gauth_core::credentials::{Credentials, Reading, Wanted};
use gauth_core::endpoint::Policy;
use gauth_core::exchange::Exchange;
use gauth_core::source::{self, Source};

use crate::exit::{Failure, Kind};
use crate::files::{self, CREDENTIALS_LIMIT, shown};
use crate::terminal::Terminal;
use crate::{environment, metadata_server};

/// Credentials and where they were found.
pub struct Found {
    /// What they say.
    pub credentials: Credentials,
    /// Why these.
    pub source: Source,
    /// Places that were looked at before, in vain.
    pub empty: Vec<Source>,
    /// The file, if it can be read again and rewritten: not stdin, not a pipe.
    pub file: Option<PathBuf>,
}

impl Found {
    /// Reads what `source` holds; warns of a file that is open to others.
    ///
    /// # Errors
    /// Usage errors naming the file and the field.
    pub fn read(bytes: &[u8], source: Source, policy: &Policy, terminal: &Terminal) -> anyhow::Result<Self> {
        let path = source.path();
        let file = (path != Path::new("-") && path.is_file()).then(|| path.to_owned());
        if let Some(warning) = file.as_deref().and_then(files::loose_permissions) {
            terminal.warn(&warning);
        }
        Ok(Self { credentials: parse(bytes, path, policy)?, source, empty: Vec::new(), file })
    }
}

impl Found {
    /// The exchange that ends in a token. What is wrong with the file's content may show only now; the file is named.
    ///
    /// # Errors
    /// As [`Credentials::exchange`].
    pub fn exchange(&self, wanted: &Wanted, now: SystemTime) -> anyhow::Result<Box<dyn Exchange>> {
        self.credentials.exchange(wanted, now).map_err(|error| match error {
            Error::Input(_) => anyhow::Error::from(error).context(what_failed(self.source.path())),
            error => error.into(),
        })
    }
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
        return Ok(Found { empty, ..Found::read(&bytes, source, policy, terminal)? });
    }
    if let Some(host) = metadata_server::host()? {
        return Ok(Found {
            credentials: Credentials::metadata_server(&host, policy)?,
            source: Source::MetadataServer(host),
            empty,
            file: None,
        });
    }
    Err(Failure::new(Kind::Login, "find credentials: there are none")
        .hint("run gauth-login, or set GAUTH_CREDENTIALS to a credentials file")
        .into())
}

/// Reads a file's bytes; `path` is for the message.
pub fn parse(bytes: &[u8], path: &Path, policy: &Policy) -> anyhow::Result<Credentials> {
    let reading = Reading { policy, env: &environment::variable };
    Credentials::parse(bytes, &reading).with_context(|| what_failed(path))
}

fn what_failed(path: &Path) -> String {
    format!("cannot read credentials {}", shown(path))
}

fn read(source: &Source) -> anyhow::Result<Option<Vec<u8>>> {
    if !source.is_named() {
        return Ok(files::read_default(source.path(), CREDENTIALS_LIMIT)?);
    }
    files::read_given(source.path(), CREDENTIALS_LIMIT)
        .map(Some)
        .with_context(|| format!("take credentials from {source}"))
}
