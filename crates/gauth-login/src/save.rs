//! The credentials file: refused before the user is asked for consent if it cannot or must not be written, and written under
//! the lock that gauth-token takes when it saves a new refresh token.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use gauth_cli::exit::reason;
use gauth_cli::files::{self, CREDENTIALS_LIMIT, pasted, same_file, shown};
use gauth_cli::lock::Lock;
use gauth_cli::{Failure, Kind, Terminal, environment, terminal};
use gauth_core::client_secrets::Client;
use gauth_core::code_exchange::UserGrant;
use gauth_core::document::Document;
use gauth_core::dpop;
use gauth_core::scope::Scopes;
use gauth_core::source::{self, Flags, Source};
use gauth_core::{client_secrets, description};
use gauth_store::credentials;
use gauth_text::quoted;

use crate::signals::Signals;

/// Where the grant will be kept.
pub(crate) struct Target {
    /// A file; none for standard output.
    path: Option<PathBuf>,
    /// The option that names it, here and for the other programs.
    option: String,
    /// Whether it is used without that option.
    is_default: bool,
    previous: Option<Document>,
}

impl Target {
    /// What flags or variables name, or gauth's own place.
    ///
    /// # Errors
    /// Usage errors: no place at all, or a file there that is not a user's grant.
    pub(crate) fn find(flags: Flags<'_>) -> anyhow::Result<Self> {
        // Nothing can be written to what a command prints.
        let named = source::named(flags, &environment::variable)?.filter(|source| *source != Source::Command);
        let own = || source::own_file(&environment::variable).map(Source::Own);
        let source = named.or_else(own).ok_or_else(|| {
            Failure::usage("no place for the credentials file: neither XDG_CONFIG_HOME nor HOME is an absolute path")
                .hint("name one with --credentials FILE")
        })?;
        let path = source.path().to_owned();
        let is_default = matches!(source, Source::Own(_));
        let option = match &source {
            Source::Profile(profile) => profile.option(),
            _ => {
                files::refuse_secret_as_name(&path)?;
                format!("--credentials {}", pasted(&path))
            }
        };
        if path.as_os_str().is_empty() {
            return Err(Failure::usage("--credentials: expected the name of a file to write").into());
        }
        if source == Source::Flag("-".into()) {
            return Ok(Self { path: None, option, is_default, previous: None });
        }
        let previous = read(&path)?;
        Ok(Self { path: Some(path), option, is_default, previous })
    }

    /// The grant that will be replaced, and its file.
    pub(crate) fn previous(&self) -> Option<(&Document, &Path)> {
        self.previous.as_ref().zip(self.path.as_deref())
    }

    /// A hint to log in with a client file, to the same place.
    pub(crate) fn hint_at_a_client_file(&self, before: &str) -> String {
        let option = if self.is_default { String::new() } else { format!(" {}", self.option) };
        format!("{before}run gauth-login --client-secrets FILE{option}")
    }

    /// The scopes of the grant that will be replaced. A damaged list is ignored: a login repairs the file.
    pub(crate) fn previous_scopes(&self) -> Option<Scopes> {
        let scopes = description::scopes(self.previous.as_ref()?).ok()?;
        Some(scopes).filter(|scopes| !scopes.is_empty())
    }

    /// Whether the grant that will be replaced is bound to a key; then the new one is, too.
    pub(crate) fn is_bound(&self) -> bool {
        self.previous.as_ref().is_some_and(|file| file.has("dpop_key"))
    }

    /// Warns before the consent that the grant in the file covers more than the new one will.
    pub(crate) fn warn_of_lost_scopes(&self, asked: &Scopes, terminal: &Terminal) {
        let lost = self.previous_scopes().map(|previous| previous.lost_by(asked)).unwrap_or_default();
        if !lost.is_empty() {
            terminal.warn(&format!(
                "this login replaces a grant that also covers {}; to keep that, add --scope {}",
                lost.join(", "),
                quoted(lost.join(",").as_bytes())
            ));
        }
    }

    /// Checks before the consent whether the file can be written.
    pub(crate) fn check_writable(&self) -> Result<(), Failure> {
        match &self.path {
            Some(path) => files::check_secret_target(path),
            None if io::stdout().is_terminal() => {
                Err(Failure::usage("cannot write the credentials to standard output: it is a terminal")
                    .hint("pipe them into a password store: gauth-login --credentials - | COMMAND"))
            }
            None => Ok(()),
        }
    }

    /// Writes the grant; unknown keys of the file stay.
    pub(crate) fn save(
        &self,
        grant: &UserGrant,
        client: &Client,
        key: Option<&dpop::Key>,
        deadline: Option<Instant>,
        signals: &Signals,
        terminal: &Terminal,
    ) -> anyhow::Result<()> {
        let Some(path) = &self.path else {
            print_file(&grant.authorized_user(client, key, None, SystemTime::now()))?;
            report(grant, key, terminal);
            return Ok(());
        };
        let patience = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(300));
        let _lock = Lock::of_file(path, patience, terminal)?;
        let _held_back = signals.hold_back();
        // It may have changed in the meantime.
        let previous = read(path)?;
        let file = grant.authorized_user(client, key, previous.as_ref(), SystemTime::now());
        files::write_secret(path, &file.to_bytes())?;
        report(grant, key, terminal);
        Ok(())
    }

    /// The result on stdout: the path, byte for byte, unless the credentials were printed there.
    pub(crate) fn print(&self) -> anyhow::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut stdout = terminal::stdout();
        stdout.write_all(path.as_os_str().as_encoded_bytes())?;
        stdout.write_all(b"\n")?;
        Ok(stdout.finish()?)
    }

    /// Reports if gauth-token, started without options, uses another source.
    pub(crate) fn report_other_source(&self, terminal: &Terminal) {
        let chosen = credentials::chosen();
        let is_chosen = |source: &Source| match &self.path {
            Some(path) => same_file(source.path(), path).unwrap_or(false),
            None => *source == Source::Command,
        };
        let how = match &self.path {
            Some(_) => format!("gauth-token {}", self.option),
            None => format!("store it, and set {} to the command that prints it", source::COMMAND),
        };
        match chosen {
            Some(source) if is_chosen(&source) => {}
            Some(source) => {
                let place = match source {
                    Source::Command => String::new(),
                    _ => format!(" {}", shown(source.path())),
                };
                terminal.note(&format!("gauth-token still uses {source}{place}; to use this login: {how}"));
            }
            None => terminal.note(&format!("to use this login: {how}")),
        }
    }
}

/// The credentials themselves on stdout. A reader that has left has not stored them, so that is a failure here.
fn print_file(file: &Document) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(&file.to_bytes()).and_then(|()| stdout.flush()).map_err(|error| {
        let message = format!("cannot write the credentials to standard output: {}", reason(&error));
        Failure::new(Kind::Failed, message).hint("the new grant is lost: run gauth-login again")
    })
}

fn report(grant: &UserGrant, key: Option<&dpop::Key>, terminal: &Terminal) {
    if let Some(account) = &grant.account {
        terminal.note(&format!("logged in as {account}"));
    }
    if key.is_some() {
        terminal.note("the grant is bound to the key in its file (DPoP): other tools cannot use it");
    }
}

/// The user's grant at `path`, if there is a file.
fn read(path: &Path) -> anyhow::Result<Option<Document>> {
    let Some(bytes) = files::read_default(path, CREDENTIALS_LIMIT)? else {
        return Ok(None);
    };
    let document = Document::parse(&bytes).with_context(|| format!("cannot read the credentials {}", shown(path)))?;
    if client_secrets::is_client(&document) {
        return Err(Failure::usage(format!("cannot replace {}: it is an OAuth client", shown(path)))
            .hint(format!("run gauth-login --client-secrets {}", pasted(path)))
            .into());
    }
    if !is_users_grant(&document) {
        return Err(Failure::usage(format!(
            "cannot replace {}: it is not a user's grant, and a login would destroy it",
            shown(path)
        ))
        .hint("name another file with --credentials FILE")
        .into());
    }
    Ok(Some(document))
}

/// In any tool's dialect, and even if its fields are damaged: a new login repairs them.
fn is_users_grant(file: &Document) -> bool {
    let says = |name: &str, known: &[&str]| file.text(name).is_ok_and(|text| known.contains(&text));
    if file.has("type") {
        says("type", &["authorized_user"])
    } else if file.has("_class") {
        says("_class", &["OAuth2Credentials", "GoogleCredentials"])
    } else {
        file.has("refresh_token") && file.has("client_id")
    }
}
