//! A credentials file with a refresh token, locked by this process. Some servers replace the token at every use and revoke
//! the grant if the old one is used again, so processes take turns, and a new token is on disk before it is used.

use std::path::{Path, PathBuf};
use std::time::Instant;

use gauth_core::Secret;
use gauth_core::credentials::Credentials;
use gauth_core::endpoint::Policy;

use crate::credentials;
use gauth_cli::exit::Failure;
use gauth_cli::files::{self, CREDENTIALS_LIMIT, SecretWriter};
use gauth_cli::lock::Lock;
use gauth_cli::terminal::Terminal;

/// The file, locked where locks are possible.
pub struct GrantFile<'a> {
    path: PathBuf,
    lock: Option<Lock>,
    policy: &'a Policy,
    terminal: Terminal,
}

impl<'a> GrantFile<'a> {
    /// Waits for the file's lock.
    ///
    /// # Errors
    /// [`gauth_cli::Kind::Temporary`] at the deadline.
    pub fn hold(path: &Path, policy: &'a Policy, deadline: Instant, terminal: Terminal) -> Result<Self, Failure> {
        let lock = Lock::of_file(path, deadline, &terminal)?;
        Ok(Self { path: path.to_owned(), lock, policy, terminal })
    }

    pub(crate) fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    /// The file's current content, `None` if it was removed; of a command's successor, what there is besides what it
    /// `printed`. A replaced refresh token that a killed run left beside the file is moved into it first.
    ///
    /// # Errors
    /// Usage errors, as for any credentials.
    pub fn read(&self, printed: Option<&Credentials>) -> anyhow::Result<Option<Credentials>> {
        let stored = self.read_file()?;
        let Some(current) = stored.as_ref().or(printed) else {
            return Ok(None);
        };
        // Without the lock, a leftover file may be in use.
        if self.lock.is_none() {
            return Ok(stored);
        }
        let is_successor = |bytes: &[u8]| {
            credentials::parse(bytes, &self.path, self.policy).is_ok_and(|left| left.differs_in_refresh_token(current))
        };
        match files::adopt_secret(&self.path, is_successor) {
            Ok(false) => return Ok(stored),
            Ok(true) => self.terminal.note("recovered the refresh token that an interrupted run had saved"),
            Err(failure) => {
                self.terminal.warn(&failure.to_string());
                return Ok(stored);
            }
        }
        self.read_file()
    }

    fn read_file(&self) -> anyhow::Result<Option<Credentials>> {
        files::read_default(&self.path, CREDENTIALS_LIMIT)?
            .map(|bytes| credentials::parse(&bytes, &self.path, self.policy))
            .transpose()
    }

    /// Prepares for a new refresh token. Most servers replace none, so an unwritable file is not a failure yet.
    pub(crate) fn prepare(&self) -> Option<SecretWriter> {
        SecretWriter::prepare(&self.path).ok()
    }

    /// Replaces the refresh token of the credentials that were `used` by a new one, unless a login has changed it in the
    /// meantime. Returns the new content of the file, if it was changed.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub(crate) fn replace(
        &self,
        used: Option<&Secret>,
        new: &Secret,
        printed: Option<&Credentials>,
        writer: Option<SecretWriter>,
    ) -> anyhow::Result<Option<Credentials>> {
        let stored = match self.read_file()? {
            // To name what is missing.
            None if printed.is_none() => files::read_given(&self.path, CREDENTIALS_LIMIT, None).map(|_| None)?,
            stored => stored,
        };
        let Some(current) = stored.as_ref().or(printed).filter(|current| current.refresh_token() == used) else {
            return Ok(None);
        };
        let bytes = current.with_refresh_token(new).to_bytes();
        match writer {
            // The prepared file may have been removed with its directory; a second try creates a new one.
            Some(writer) => writer.write(&bytes).or_else(|_| files::write_secret(&self.path, &bytes))?,
            None => files::write_secret(&self.path, &bytes)?,
        }
        credentials::parse(&bytes, &self.path, self.policy).map(Some)
    }
}
