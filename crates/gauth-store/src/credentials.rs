//! Finding and reading credentials: the order is gauth-core's [`source`], the files are read here. A file that is named has
//! to exist and be valid; a default place may be empty. Last comes the metadata server, on machines that have one.

use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use anyhow::Context as _;
use gauth_core::Error;
use gauth_core::credentials::{Context, Credentials, TokenRequest};
use gauth_core::endpoint::Policy;
use gauth_core::exchange::Exchange;
use gauth_core::source::{self, Flags, Place, Source};

use crate::{credentials_command, metadata_server, profiles};
use gauth_cli::environment;
use gauth_cli::exit::{Failure, Kind};
use gauth_cli::files::{self, CREDENTIALS_LIMIT, Content, pasted, shown};
use gauth_cli::terminal::Terminal;

/// Credentials and where they were found.
pub struct Found {
    /// What they say.
    pub credentials: Credentials,
    /// Where they were found.
    pub source: Source,
    /// The places that were searched before, with the reason why they were not used, a line each.
    pub looked_for: Vec<String>,
    /// The file, if it can be read again and rewritten: not stdin, not a pipe.
    pub file: Option<PathBuf>,
    /// Where a refresh token is kept that replaces the one that a command printed; there may be no file yet.
    pub successor: Option<PathBuf>,
}

impl Found {
    /// Parses the content of `source`; warns of a file that is open to others.
    ///
    /// # Errors
    /// Usage errors naming the file and the field.
    pub fn read(content: &Content, source: Source, policy: &Policy, terminal: &Terminal) -> anyhow::Result<Self> {
        let path = source.path();
        if let Some(warning) = content.loose_permissions(path) {
            terminal.warn(&warning);
        }
        let file = content.is_regular_file().then(|| path.to_owned());
        let credentials = parse(&content.bytes, path, policy)?;
        Ok(Self { credentials, source, looked_for: Vec::new(), file, successor: None })
    }

    /// Runs the command in the environment and parses what it prints.
    fn by_command(policy: &Policy, deadline: Option<Instant>) -> anyhow::Result<Self> {
        let printed = parse(&credentials_command::output(deadline)?, Source::Command.path(), policy)?;
        let successor = credentials_command::successor_file(&printed);
        let kept = successor.as_deref().map(|file| credentials_command::successor(file, policy)).transpose()?.flatten();
        let looked_for = match (&kept, &successor) {
            (Some(_), Some(file)) => {
                vec![format!("{}: its refresh token was replaced by {}", Source::Command, shown(file))]
            }
            _ => Vec::new(),
        };
        let credentials = kept.unwrap_or(printed);
        Ok(Self { credentials, source: Source::Command, looked_for, file: None, successor })
    }

    /// The credentials, if a command printed them or their predecessor.
    pub fn printed(&self) -> Option<&Credentials> {
        self.successor.as_ref().map(|_| &self.credentials)
    }

    /// The file under whose lock the refresh token is used, and into which a new one is saved.
    pub fn grant_file(&self) -> Option<&Path> {
        self.file.as_deref().or(self.successor.as_deref())
    }
}

impl Found {
    /// The exchange that ends in a token. Some problems of the file show only now; the message names the file.
    ///
    /// # Errors
    /// As [`Credentials::exchange`].
    pub fn exchange(&self, request: &TokenRequest, now: SystemTime) -> anyhow::Result<Box<dyn Exchange>> {
        self.credentials.exchange(request, now).map_err(|error| match error {
            Error::Input(_) => anyhow::Error::from(error).context(what_failed(self.source.path())),
            error => error.into(),
        })
    }

    /// The option that makes gauth-login renew these credentials, if it needs one and can.
    pub fn login_option(&self) -> Option<String> {
        match &self.source {
            Source::Profile(profile) => Some(profile.option()),
            Source::Command => Some("--credentials -".to_owned()),
            Source::Flag(_) | Source::Variable("GOOGLE_APPLICATION_CREDENTIALS", _) => {
                self.file.as_deref().map(|path| format!("--credentials {}", pasted(path)))
            }
            _ => None,
        }
    }
}

/// Finds the credentials to use and reads them.
///
/// # Errors
/// [`Kind::Login`] if there are none, or no such profile; usage errors for a source that is set but unusable.
pub fn find(
    flags: Flags<'_>,
    policy: &Policy,
    deadline: Option<Instant>,
    terminal: &Terminal,
) -> anyhow::Result<Found> {
    let mut looked_for = Vec::new();
    for place in source::search(flags, &environment::variable)? {
        let source = match place {
            Place::Source(source) => source,
            Place::Unknown { .. } => {
                looked_for.push(place.to_string());
                continue;
            }
        };
        if source == Source::Command {
            return Found::by_command(policy, deadline);
        }
        let Some(content) = read(&source, deadline)? else {
            looked_for.push(format!("{source}: no {}", shown(source.path())));
            continue;
        };
        return Ok(Found { looked_for, ..Found::read(&content, source, policy, terminal)? });
    }
    match metadata_server::find()? {
        Ok(host) => Ok(Found {
            credentials: Credentials::metadata_server(&host, policy)?,
            source: Source::MetadataServer(host),
            looked_for,
            file: None,
            successor: None,
        }),
        Err(why_not) => {
            looked_for.push(format!("the metadata server: {why_not}"));
            let message = format!("no credentials found ({})", looked_for.join("; "));
            Err(Failure::new(Kind::Login, message)
                .hint("run gauth-login, or set GAUTH_CREDENTIALS to a credentials file")
                .into())
        }
    }
}

/// The source that [`find`] chooses without flags, unread: it may be one that it refuses.
pub fn chosen() -> Option<Source> {
    let is_there = |source: &Source| source.is_named() || !files::is_absent(source.path());
    let places = source::search(Flags::default(), &environment::variable).ok()?;
    let mut sources = places.into_iter().filter_map(|place| match place {
        Place::Source(source) => Some(source),
        Place::Unknown { .. } => None,
    });
    let machine = || metadata_server::find().ok()?.ok().map(Source::MetadataServer);
    sources.find(is_there).or_else(machine)
}

/// The error, whose hint to run gauth-login has this `option` now: it renews these credentials and no others.
pub(crate) fn with_login_option(error: anyhow::Error, option: Option<&str>) -> anyhow::Error {
    const LOGIN: &str = "run gauth-login";
    let failure = Failure::of(&error);
    match option {
        Some(option) if failure.hints().iter().any(|hint| hint.contains(LOGIN)) => {
            let hints = failure.hints().iter().map(|hint| hint.replace(LOGIN, &format!("{LOGIN} {option}")));
            hints.fold(Failure::new(failure.kind(), failure.to_string()), Failure::hint).into()
        }
        _ => error,
    }
}

/// Reads a file's bytes; `path` is for the message.
pub fn parse(bytes: &[u8], path: &Path, policy: &Policy) -> anyhow::Result<Credentials> {
    let context = Context { policy, env: &environment::variable };
    Credentials::parse(bytes, &context).with_context(|| what_failed(path))
}

fn what_failed(path: &Path) -> String {
    format!("cannot read credentials {}", shown(path))
}

fn read(source: &Source, deadline: Option<Instant>) -> anyhow::Result<Option<Content>> {
    if matches!(source, Source::Flag(_) | Source::Variable(..)) {
        return files::load_given(source.path(), CREDENTIALS_LIMIT, deadline)
            .map(Some)
            .with_context(|| source.to_string());
    }
    let content = files::load_default(source.path(), CREDENTIALS_LIMIT)?;
    if content.is_none() {
        files::refuse_dangling_link(source.path())?;
        if let Source::Profile(profile) = source {
            return Err(profiles::missing(profile).into());
        }
    }
    Ok(content)
}
