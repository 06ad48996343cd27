//! The grant to revoke and its file. The file is locked as gauth-login and gauth-token do, so that the grant that was
//! confirmed is revoked, and no newer login is removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gauth_cli::exit::reason;
use gauth_cli::files::{self, CREDENTIALS_LIMIT, pasted, shown};
use gauth_cli::{Failure, Kind, Terminal};
use gauth_core::credentials::Credentials;
use gauth_core::endpoint::Policy;
use gauth_core::source::{Flags, Source};
use gauth_core::{Error, Request};
use gauth_store::credentials::{self, Found};
use gauth_store::grant_file::GrantFile;
use gauth_store::token_cache;

pub(crate) struct Grant {
    found: Found,
    request: Request,
}

/// A grant whose file is locked.
pub(crate) struct Held<'a> {
    grant: &'a Grant,
    _file: Option<GrantFile<'a>>,
}

impl Grant {
    /// # Errors
    /// As [`credentials::find`]; usage errors for credentials without a user's grant, and for gcloud's unless named.
    pub(crate) fn find(
        flags: Flags<'_>,
        policy: &Policy,
        deadline: Option<Instant>,
        terminal: &Terminal,
    ) -> anyhow::Result<Self> {
        let found = match flags.credentials {
            // A message about a word of the command line names no option.
            Some(path) => {
                let content = files::load_given(path, CREDENTIALS_LIMIT, deadline)?;
                Found::read(&content, Source::Flag(path.to_owned()), policy, terminal)?
            }
            None => credentials::find(flags, policy, deadline, terminal)?,
        };
        let path = found.source.path();
        if matches!(found.source, Source::Gcloud(_)) {
            return Err(Failure::usage(format!(
                "cannot revoke {}: gcloud's login is revoked only when its file is named",
                shown(path)
            ))
            .hint("run gcloud auth application-default revoke, or name the file")
            .into());
        }
        let request = found.credentials.revocation().with_context(|| format!("cannot revoke {}", shown(path)))?;
        Ok(Self { found, request })
    }

    /// What a revocation ends, for the question.
    pub(crate) fn what_is_revoked(&self) -> String {
        let file = match self.file() {
            Some(file) => format!("; {} and its cached tokens will be removed", shown(file)),
            None if self.found.source == Source::Command => "; its cached tokens will be removed".to_owned(),
            None => String::new(),
        };
        format!(
            "this revokes the whole grant of {} to the client's project: all clients and scopes, on every machine{file}",
            self.credentials().identity()
        )
    }

    /// The credentials file, if it is one that can be removed.
    fn file(&self) -> Option<&Path> {
        self.found.file.as_deref()
    }

    /// Locks the file.
    ///
    /// # Errors
    /// [`Kind::Temporary`] if the lock is not free in time, or if the file has another grant by now.
    pub(crate) fn hold<'a>(
        &'a self,
        policy: &'a Policy,
        deadline: Option<Instant>,
        terminal: &Terminal,
    ) -> anyhow::Result<Held<'a>> {
        let Some(path) = self.found.grant_file() else {
            return Ok(Held { grant: self, _file: None });
        };
        let deadline = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400));
        let file = GrantFile::hold(path, policy, deadline, *terminal)?;
        let printed = self.found.printed();
        let stored = file.read(printed)?;
        let current = stored.as_ref().or(printed);
        if current.and_then(Credentials::refresh_token) != self.credentials().refresh_token() {
            let message = format!("cannot revoke {}: it was changed in the meantime", shown(path));
            return Err(Failure::new(Kind::Temporary, message).hint("run gauth-revoke again").into());
        }
        Ok(Held { grant: self, _file: Some(file) })
    }

    /// The error of a revocation. A grant that the server does not know is not a success: the file may be the wrong one,
    /// so it stays.
    pub(crate) fn explained(&self, error: Error) -> Failure {
        let is_dead = matches!(&error, Error::Refused { oauth, .. } if oauth.error == "invalid_token");
        let failure = Failure::of(&error.into());
        match self.file() {
            Some(file) if is_dead => failure.hint(format!(
                "run rm {} to remove the file: the grant has ended already, or belongs to another server",
                pasted(file)
            )),
            _ => failure,
        }
    }

    fn credentials(&self) -> &Credentials {
        &self.found.credentials
    }
}

impl Held<'_> {
    /// The request that revokes the grant.
    pub(crate) fn request(&self) -> &Request {
        &self.grant.request
    }

    /// Removes the file and the cached tokens. If the file is a link, its target is removed, which has the secret.
    ///
    /// # Errors
    /// [`Kind::Failed`] if the file cannot be removed.
    pub(crate) fn remove(self, terminal: &Terminal) -> anyhow::Result<()> {
        let tokens = token_cache::forget(self.grant.credentials(), terminal);
        let found = &self.grant.found;
        let Some(file) = &found.file else {
            let Some(successor) = &found.successor else {
                terminal.note("the grant is revoked");
                return Ok(());
            };
            terminal.note(&format!(
                "the grant is revoked; removed {tokens} of its tokens from the cache; remove it from your password store, too"
            ));
            return if files::is_absent(successor) { Ok(()) } else { removed(successor) };
        };
        removed(file)?;
        terminal
            .note(&format!("the grant is revoked; removed {} and {tokens} of its tokens from the cache", shown(file)));
        Ok(())
    }
}

fn removed(file: &Path) -> anyhow::Result<()> {
    let remove = |target: PathBuf| fs::remove_file(target);
    fs::canonicalize(file).and_then(remove).map_err(|error| {
        let message = format!("cannot remove {}: {}; the grant in it is revoked", shown(file), reason(&error));
        Failure::new(Kind::Failed, message).hint(format!("run rm {}", pasted(file))).into()
    })
}
