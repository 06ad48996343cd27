//! The command line and its meaning.

use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};
use gauth_cli::Failure;
use gauth_core::credentials::{TokenRequest, check_project_id};
use gauth_core::scope::Scopes;
use gauth_core::source::Flags;

/// What was typed.
#[derive(FromArgs, ArgsInfo)]
#[argh(description = "run a command with a metadata server, so that every Google SDK in it takes the tokens of gauth")]
pub(crate) struct Arguments {
    /// credentials file
    #[argh(option, arg_name = "FILE")]
    credentials: Option<PathBuf>,

    /// profile: a login made with gauth-login --profile
    #[argh(option, arg_name = "NAME")]
    profile: Option<String>,

    /// scope that tokens may have, short (analytics.readonly) or whole; default: analytics.readonly for a service account, all that was granted for a user
    #[argh(option, arg_name = "SCOPE")]
    scope: Vec<String>,

    /// service account to act as; the last is the target, earlier ones are delegates
    #[argh(option, arg_name = "SA_EMAIL")]
    impersonate: Vec<String>,

    /// user to act for, with a service account that has domain-wide delegation
    #[argh(option, arg_name = "EMAIL")]
    subject: Option<String>,

    /// project that the server names; default: the service account's own
    #[argh(option, arg_name = "ID")]
    project: Option<String>,

    /// listen on this port of 127.0.0.1; default: any free port
    #[argh(option, arg_name = "N", default = "0")]
    pub(crate) port: u16,

    /// what to run, after --
    #[argh(positional, greedy, arg_name = "COMMAND")]
    command: Vec<String>,
}

impl Arguments {
    /// The program to run and its arguments.
    pub(crate) fn command(&self) -> Result<(&str, &[String]), Failure> {
        match &self.command[..] {
            [program, words @ ..] if !program.is_empty() => Ok((program, words)),
            _ => Err(Failure::usage("no command given").hint("run gauth-serve -- COMMAND")),
        }
    }

    pub(crate) fn source(&self) -> Result<Flags<'_>, Failure> {
        if self.credentials.as_deref().is_some_and(|path| path == Path::new("-")) {
            return Err(Failure::usage("--credentials: cannot be -, because standard input belongs to COMMAND")
                .hint("run gauth-serve --credentials <(YOUR COMMAND) -- COMMAND"));
        }
        Ok(Flags { credentials: self.credentials.as_deref(), profile: self.profile.as_deref() })
    }

    /// What every token is for.
    pub(crate) fn request(&self) -> anyhow::Result<TokenRequest> {
        if self.subject.as_deref() == Some("") {
            return Err(Failure::usage("--subject: empty").into());
        }
        let scopes = Scopes::from_typed(self.scope.iter().map(String::as_str))?;
        if !self.scope.is_empty() && scopes.is_empty() {
            return Err(Failure::usage("--scope: empty").into());
        }
        Ok(TokenRequest {
            scopes: (!scopes.is_empty()).then_some(scopes),
            subject: self.subject.clone(),
            impersonate: self.impersonate.clone(),
            ..TokenRequest::default()
        })
    }

    pub(crate) fn project(&self) -> Result<Option<&str>, Failure> {
        let project = self.project.as_deref();
        match project.map(check_project_id) {
            Some(Err(problem)) => Err(Failure::usage(format!("--project: {problem}"))),
            _ => Ok(project),
        }
    }
}
