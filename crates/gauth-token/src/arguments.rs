//! The command line and its meaning.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use gauth_cli::{Failure, environment};
use gauth_core::credentials::{Credentials, TokenRequest, check_project_id};
use gauth_core::scope::Scopes;
use gauth_core::source::Flags;
use gauth_store::token_cache::CacheMode;

use crate::format::Format;

/// print a fresh Google access token from the stored login, a service account's key or another credentials file
#[derive(FromArgs, ArgsInfo)]
pub(crate) struct Arguments {
    /// credentials file; - is standard input
    #[argh(option, arg_name = "FILE")]
    credentials: Option<PathBuf>,

    /// profile: a login made with gauth-login --profile
    #[argh(option, arg_name = "NAME")]
    profile: Option<String>,

    /// scope to request, short (analytics.readonly) or whole; default: analytics.readonly for a service account, all that was granted for a user
    #[argh(option, arg_name = "SCOPE")]
    scope: Vec<String>,

    /// user to act for, with a service account that has domain-wide delegation
    #[argh(option, arg_name = "EMAIL")]
    subject: Option<String>,

    /// service account to act as; the last is the target, earlier ones are delegates
    #[argh(option, arg_name = "SA_EMAIL")]
    impersonate: Vec<String>,

    /// print an ID token for this audience instead of an access token; with --self-signed: the JWT's aud
    #[argh(option, arg_name = "AUD")]
    audience: Option<String>,

    /// minimum remaining lifetime of a cached token, in seconds; default 225
    #[argh(option, arg_name = "SECS", default = "225")]
    pub(crate) min_ttl: u64,

    /// get a new token even if the cached one is valid (as with GAUTH_REFRESH=1)
    #[argh(switch)]
    refresh: bool,

    /// neither read nor write the cache
    #[argh(switch)]
    no_cache: bool,

    /// bare (default), header (for curl -H @file), json, or curl (for curl -K)
    #[argh(option, arg_name = "bare|header|json|curl", default = "Format::Bare")]
    pub(crate) format: Format,

    /// sign the token with the service account's own key, without any network
    #[argh(switch)]
    self_signed: bool,

    /// project to bill, in the header and curl formats; default: GOOGLE_CLOUD_QUOTA_PROJECT or the credentials file's
    #[argh(option, arg_name = "ID")]
    quota_project: Option<String>,

    /// report on stderr which credentials were chosen and why
    #[argh(switch)]
    pub(crate) explain: bool,
}

impl Arguments {
    /// Which credentials are named.
    pub(crate) fn source(&self) -> Flags<'_> {
        Flags { credentials: self.credentials.as_deref(), profile: self.profile.as_deref() }
    }

    /// The token that is requested.
    pub(crate) fn request(&self) -> anyhow::Result<TokenRequest> {
        // An unset variable in a script must not lead to a token of another kind.
        for (name, value) in [("--audience", &self.audience), ("--subject", &self.subject)] {
            if value.as_deref() == Some("") {
                return Err(Failure::usage(format!("{name}: empty")).into());
            }
        }
        if self.audience.is_some() && !self.scope.is_empty() {
            return Err(Failure::usage("--audience and --scope exclude each other").into());
        }
        if self.audience.is_some() && self.subject.is_some() {
            return Err(Failure::usage(
                "--audience and --subject exclude each other: an ID token can only be for the service account",
            )
            .into());
        }
        let scopes = Scopes::from_typed(self.scope.iter().map(String::as_str))?;
        if !self.scope.is_empty() && scopes.is_empty() {
            return Err(Failure::usage("--scope: empty").into());
        }
        Ok(TokenRequest {
            scopes: (!scopes.is_empty()).then_some(scopes),
            subject: self.subject.clone(),
            impersonate: self.impersonate.clone(),
            audience: self.audience.clone(),
            self_signed: self.self_signed,
        })
    }

    /// How the cache is used. `--no-cache` always gets a new token, so the variable adds nothing to it.
    pub(crate) fn cache(&self) -> Result<CacheMode, Failure> {
        match (self.refresh, self.no_cache) {
            (true, true) => {
                Err(Failure::usage("--refresh and --no-cache exclude each other: --no-cache always gets a new token"))
            }
            (false, true) => Ok(CacheMode::Off),
            (true, false) => Ok(CacheMode::Renew),
            (false, false) if environment::refresh() => Ok(CacheMode::Renew),
            (false, false) => Ok(CacheMode::ReadWrite),
        }
    }

    /// AIP-4110: an explicit one, then the variable, then the file.
    pub(crate) fn quota_project(&self, credentials: &Credentials) -> anyhow::Result<Option<String>> {
        let (origin, project) = match &self.quota_project {
            Some(project) => ("--quota-project", project.clone()),
            None => match environment::text("GOOGLE_CLOUD_QUOTA_PROJECT")? {
                Some(project) => ("GOOGLE_CLOUD_QUOTA_PROJECT", project),
                None => return Ok(credentials.quota_project().map(str::to_owned)),
            },
        };
        check_project_id(&project).map_err(|problem| Failure::usage(format!("{origin}: {problem}")))?;
        Ok(Some(project))
    }
}
