//! The command line and its meaning.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use gauth_cli::Failure;
use gauth_core::scope::Scopes;
use gauth_core::source::Flags;
use gauth_text::Seems;

/// ask for consent in the browser, once, and save the grant in a credentials file
#[derive(FromArgs, ArgsInfo)]
pub(crate) struct Arguments {
    /// OAuth client as downloaded from Google's console
    #[argh(option, arg_name = "FILE")]
    pub(crate) client_secrets: Option<PathBuf>,

    /// scope to request, short (analytics.readonly) or whole; default: those of the file that is renewed, else
    /// analytics.readonly
    #[argh(option, arg_name = "SCOPE")]
    scope: Vec<String>,

    /// credentials file to write or renew; - prints it, for a password store
    #[argh(option, arg_name = "FILE")]
    credentials: Option<PathBuf>,

    /// profile to write or renew: a login under a name of its own
    #[argh(option, arg_name = "NAME")]
    profile: Option<String>,

    /// bind the grant to a key in the file, which no other tool can use then (DPoP, RFC 9449); a renewal stays bound
    #[argh(switch)]
    pub(crate) dpop: bool,

    /// account to suggest on the consent page
    #[argh(option, arg_name = "EMAIL")]
    account: Option<String>,

    /// only print the URL
    #[argh(switch)]
    pub(crate) no_browser: bool,

    /// listen on this port of the loopback interface; default: any free one
    #[argh(option, arg_name = "N")]
    pub(crate) port: Option<u16>,

    /// save the grant even if fewer scopes were granted than requested
    #[argh(switch)]
    pub(crate) allow_partial: bool,
}

impl Arguments {
    /// Where the grant goes, if that is named.
    pub(crate) fn target(&self) -> Flags<'_> {
        Flags { credentials: self.credentials.as_deref(), profile: self.profile.as_deref() }
    }

    /// The scopes, if some are given.
    pub(crate) fn scopes(&self) -> anyhow::Result<Option<Scopes>> {
        if self.scope.is_empty() {
            return Ok(None);
        }
        let scopes = Scopes::from_typed(self.scope.iter().map(String::as_str))?;
        if scopes.is_empty() {
            return Err(Failure::usage("--scope: empty").into());
        }
        Ok(Some(scopes))
    }

    /// The account to suggest. It becomes part of the URL, which is shown, so it must not be a secret.
    pub(crate) fn login_hint(&self) -> Result<Option<&str>, Failure> {
        match self.account.as_deref().and_then(Seems::of) {
            Some(seems) => Err(Failure::usage(format!("--account: expected an e-mail address, found {seems}"))),
            None => Ok(self.account.as_deref().filter(|email| !email.is_empty())),
        }
    }
}
