//! The subject of the report: credentials (a file that was named, or what gauth-token would choose), or an OAuth client.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use gauth_cli::files::{self, CREDENTIALS_LIMIT, pasted, shown};
use gauth_cli::{Failure, Terminal};
use gauth_core::client_secrets;
use gauth_core::description::Description;
use gauth_core::document::Document;
use gauth_core::endpoint::Policy;
use gauth_core::source::{Flags, Source};
use gauth_store::credentials::{self, Found};
use gauth_text::Seems;

pub(crate) enum Subject {
    Credentials(Box<Found>),
    Client { path: PathBuf, description: Box<Description> },
}

impl Subject {
    /// # Errors
    /// As [`credentials::find`]; usage errors naming the field for a file that is damaged.
    pub(crate) fn find(
        flags: Flags<'_>,
        policy: &Policy,
        deadline: Option<Instant>,
        terminal: &Terminal,
    ) -> anyhow::Result<Self> {
        let Some(path) = flags.credentials else {
            let found = credentials::find(flags, policy, deadline, terminal)?;
            return Ok(Self::Credentials(Box::new(found)));
        };
        let content = files::load_given(path, CREDENTIALS_LIMIT, deadline).map_err(|failure| {
            match Seems::of(&path.to_string_lossy()) {
                Some(Seems::AccessToken | Seems::Jwt) => {
                    failure.hint("run gauth-token | gauth-info --token - for a token")
                }
                _ => failure,
            }
        })?;
        let document = Document::parse(&content.bytes).with_context(|| format!("cannot read {}", shown(path)))?;
        if client_secrets::is_client(&document) {
            let description = client_secrets::describe(&document, policy)
                .with_context(|| format!("cannot read the client file {}", shown(path)))?;
            return Ok(Self::Client { path: path.to_owned(), description: Box::new(description) });
        }
        let source = Source::Flag(path.to_owned());
        let found = Found::read(&content, source, policy, terminal)?;
        Ok(Self::Credentials(Box::new(found)))
    }

    /// # Errors
    /// A usage error for an OAuth client, which is not a login.
    pub(crate) fn credentials(&self) -> Result<&Found, Failure> {
        match self {
            Self::Credentials(found) => Ok(found),
            Self::Client { path, .. } => Err(no_login(path)),
        }
    }

    /// As [`Subject::credentials`].
    pub(crate) fn into_credentials(self) -> Result<Found, Failure> {
        match self {
            Self::Credentials(found) => Ok(*found),
            Self::Client { path, .. } => Err(no_login(&path)),
        }
    }
}

fn no_login(path: &Path) -> Failure {
    Failure::usage(format!("{} is an OAuth client without a grant", shown(path)))
        .hint(format!("run gauth-login --client-secrets {}", pasted(path)))
}
