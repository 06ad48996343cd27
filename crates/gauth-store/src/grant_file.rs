//! A credentials file that holds a refresh token, while this process alone may change it. Some servers replace the token
//! at every use and end the whole grant when the old one comes back, so all that use it take turns, and a new one is on
//! disk before anything else is done with it.

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

/// The file, held by its lock where there can be one.
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

    /// What the file says now, `None` if it is gone. A run that was killed before it could put a replaced refresh token
    /// in its place left it beside the file; that one counts.
    ///
    /// # Errors
    /// Usage errors, as for any credentials.
    pub fn read(&self) -> anyhow::Result<Option<Credentials>> {
        let Some(current) = self.read_file()? else {
            return Ok(None);
        };
        // Without the lock, what looks left over may be in use.
        if self.lock.is_none() {
            return Ok(Some(current));
        }
        let is_successor = |bytes: &[u8]| {
            credentials::parse(bytes, &self.path, self.policy).is_ok_and(|left| left.differs_in_refresh_token(&current))
        };
        match files::adopt_secret(&self.path, is_successor) {
            Ok(false) => return Ok(Some(current)),
            Ok(true) => self.terminal.note("took over the refresh token that a killed run had saved"),
            Err(failure) => {
                self.terminal.warn(&failure.to_string());
                return Ok(Some(current));
            }
        }
        self.read_file()
    }

    fn read_file(&self) -> anyhow::Result<Option<Credentials>> {
        files::read_default(&self.path, CREDENTIALS_LIMIT)?
            .map(|bytes| credentials::parse(&bytes, &self.path, self.policy))
            .transpose()
    }

    /// Makes ready for a refresh token that may be replaced. Most servers replace none, so a file that cannot be
    /// written is no failure yet.
    pub(crate) fn prepare(&self) -> Option<SecretWriter> {
        SecretWriter::prepare(&self.path).ok()
    }

    /// Puts a replaced refresh token in the place of the one that was `used`, unless a login has changed that meanwhile.
    /// What the file says afterwards, if this changed it.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(crate) fn replace(
        &self,
        used: Option<&Secret>,
        new: &Secret,
        writer: Option<SecretWriter>,
    ) -> anyhow::Result<Option<Credentials>> {
        let bytes = files::read_given(&self.path, CREDENTIALS_LIMIT, None)?;
        let current = credentials::parse(&bytes, &self.path, self.policy)?;
        if current.refresh_token() != used {
            return Ok(None);
        }
        let bytes = current.with_refresh_token(new).to_bytes();
        match writer {
            // What was made ready may have gone with its directory, or fail where a second try does not.
            Some(writer) => writer.write(&bytes).or_else(|_| files::write_secret(&self.path, &bytes))?,
            None => files::write_secret(&self.path, &bytes)?,
        }
        credentials::parse(&bytes, &self.path, self.policy).map(Some)
    }
}
