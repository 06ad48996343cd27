//! One token for all processes that need it: a cache file per key, read without a lock while the token is valid; when it
//! expires, one process refreshes and the others wait for the token it obtains, or for the server's error.
//!
//! The order inside the lock is: read the credentials again (another process may have replaced the refresh token), read
//! the cache again, exchange, save a replaced refresh token, cache, housekeeping. A replaced refresh token comes first,
//! because it is the one thing that cannot be obtained again.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::anyhow;
use gauth_core::Secret;
use gauth_core::cache::{self, Entry};
use gauth_core::credentials::{Credentials, TokenRequest};
use gauth_core::endpoint::Policy;
use gauth_core::exchange::{Answer, Step};
use gauth_core::scope::Scopes;
use gauth_core::timestamp::unix_seconds;
use gauth_core::token::TokenResponse;

use crate::credentials::{self, Found};
use crate::grant_file::GrantFile;
use crate::{credentials_command, executable, refusal_note};
use gauth_cli::environment;
use gauth_cli::exit::reason;
use gauth_cli::files::{self, CREDENTIALS_LIMIT, SecretWriter, listing, shown};
use gauth_cli::http_agent::{HttpAgent, Tries};
use gauth_cli::lock::Lock;
use gauth_cli::terminal::Terminal;

/// How the cache is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheMode {
    /// Use a valid token from it, store a new one in it.
    ReadWrite,
    /// Store a new one in it, and use none from before this process (`--refresh`).
    Renew,
    /// Neither read nor write it (`--no-cache`).
    Off,
}

/// A token and what is known about it.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub token: Secret,
    /// When it expires, in Unix seconds, if the server said.
    pub expires_at: Option<u64>,
    /// What it is for, if the server said.
    pub scopes: Option<Scopes>,
    /// Whether it came from the cache.
    pub cached: bool,
}

impl From<Entry> for Token {
    fn from(entry: Entry) -> Self {
        Self {
            token: entry.token,
            expires_at: Some(unix_seconds(entry.expires_at)),
            scopes: entry.scopes,
            cached: true,
        }
    }
}

/// A request for a token.
pub struct Request<'a> {
    /// Which token.
    pub token: &'a TokenRequest,
    /// Minimum remaining lifetime of a cached token.
    pub min_ttl: Duration,
    /// How the cache is used.
    pub cache: CacheMode,
    /// When to give up: waiting, retries and all.
    pub deadline: Option<Instant>,
    /// Where secrets may go.
    pub policy: &'a Policy,
    /// Where warnings go.
    pub terminal: Terminal,
}

impl Request<'_> {
    /// A token from the cache or from an exchange. Before an exchange a user's grant is read again, into `found`.
    ///
    /// # Errors
    /// Errors of the exchange; [`gauth_cli::Kind::Temporary`] at the deadline.
    pub fn obtain(&self, found: &mut Found) -> anyhow::Result<Token> {
        let option = found.login_option();
        self.cached_or_new(found).map_err(|error| credentials::with_login_option(error, option.as_deref()))
    }

    fn cached_or_new(&self, found: &mut Found) -> anyhow::Result<Token> {
        let asked_at = SystemTime::now();
        let directory = self.directory(found);
        let file = |found: &Found| Some(directory.as_ref()?.join(found.credentials.cache_file_name(self.token)));
        // An error of the file is reported once, by the read under the lock.
        if self.cache == CacheMode::ReadWrite
            && let Some(Ok(Some((entry, left)))) = file(found).map(|file| self.read(&file))
            && left >= self.min_ttl
        {
            return Ok(entry.into());
        }
        let stale = file(found);
        let turn = self.turn(found, stale.as_deref())?;
        let file = file(found);
        // The token another process obtained while this one waited is as new as possible, even if its lifetime is short.
        if let Some((entry, left)) = file.as_ref().and_then(|file| self.read_or_warn(file))
            && (entry.obtained_at >= asked_at || (self.cache == CacheMode::ReadWrite && left >= self.min_ttl))
        {
            self.warn_if_short(left);
            return Ok(entry.into());
        }
        let name = found.credentials.cache_file_name(self.token);
        if let Some(failure) = turn.lock().and_then(|lock| refusal_note::read(lock, &name, asked_at)) {
            return Err(failure.into());
        }
        if found.successor.as_deref().is_some_and(files::is_absent) {
            credentials_command::remove_stored(&found.credentials, self.policy);
        }
        let obtained = self.exchange(found, &turn);
        if let Some(lock) = turn.lock() {
            match &obtained.token {
                Ok(_) => refusal_note::clear(lock),
                Err(error) => refusal_note::leave(lock, &name, error),
            }
        }
        let token = obtained.token?;
        if let Some(file) = &file {
            self.keep(&token, &found.credentials, obtained.saved.as_ref(), file);
        }
        Ok(self.received(&token))
    }

    /// The cache folder, where the cache is used.
    fn directory(&self, found: &Found) -> Option<PathBuf> {
        if self.cache == CacheMode::Off || !found.credentials.is_cacheable() {
            return None;
        }
        let directory = environment::cache_dir();
        if directory.is_none() {
            self.not_cached("neither HOME nor XDG_CACHE_HOME is an absolute path");
        }
        directory
    }

    fn deadline(&self) -> Instant {
        self.deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400))
    }

    /// The cached token and its remaining lifetime, if there is one; or why it is not used.
    fn read(&self, file: &Path) -> Result<Option<(Entry, Duration)>, String> {
        let Some(content) = files::load_default(file, CREDENTIALS_LIMIT).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        if content.loose_permissions(file).is_some() {
            return Err("others could read or change it".to_owned());
        }
        let entry = Entry::parse(&content.bytes).ok_or("it is damaged")?;
        Ok(entry.left(SystemTime::now()).map(|left| (entry, left)))
    }

    fn read_or_warn(&self, file: &Path) -> Option<(Entry, Duration)> {
        self.read(file).unwrap_or_else(|why| {
            self.terminal.warn(&format!("ignoring the cached token {}: {why}", shown(file)));
            None
        })
    }

    /// Waits for this process's turn. Processes that do not use the cache use the grant too, so they wait with the others;
    /// the credentials are read again, since a login or another process may have replaced the refresh token.
    fn turn(&self, found: &mut Found, file: Option<&Path>) -> anyhow::Result<Turn<'_>> {
        if let (Some(path), Some(_)) = (found.grant_file(), found.credentials.refresh_token()) {
            let grant = GrantFile::hold(path, self.policy, self.deadline(), self.terminal)?;
            if let Some(now) = grant.read(found.printed())? {
                found.credentials = now;
            }
            return Ok(Turn::Grant(grant));
        }
        Ok(Turn::Entry(match file {
            Some(file) => Lock::exclusive(&file.with_extension("lock"), self.deadline(), &self.terminal)?,
            None => None,
        }))
    }

    /// Stores a token under the key of the credentials as they are `saved` now.
    fn keep(&self, token: &TokenResponse, used: &Credentials, saved: Option<&Credentials>, file: &Path) {
        let renamed = saved.map(|saved| file.with_file_name(saved.cache_file_name(self.token)));
        let entry = Entry::new(token, saved.unwrap_or(used).principal_digest(), SystemTime::now());
        if let Some(bytes) = entry.and_then(|entry| entry.to_bytes())
            && let Err(e) = files::write_secret_unsynced(renamed.as_deref().unwrap_or(file), &bytes)
        {
            self.not_cached(&e.to_string());
        }
        if renamed.is_some() {
            // Nothing reads the old name any more; leaving it is harmless.
            let _ = fs::remove_file(file);
        }
        if let Some(directory) = file.parent() {
            drop_outdated(directory, files::sweep(directory));
        }
    }

    fn not_cached(&self, why: &str) {
        self.terminal.warn(&format!("the token is not cached: {why}"));
    }

    fn exchange(&self, found: &Found, turn: &Turn<'_>) -> Obtained {
        let mut saved = None;
        let token = self.drive(found, turn, &mut saved);
        Obtained { token, saved }
    }

    /// Drives the credentials' state machine to its end. A refresh token that is replaced on the way is saved before the
    /// next hop, which may fail or never come.
    fn drive(&self, found: &Found, turn: &Turn<'_>, saved: &mut Option<Credentials>) -> anyhow::Result<TokenResponse> {
        let mut exchange = found.exchange(self.token, SystemTime::now())?;
        let agent = HttpAgent::new(self.terminal, self.deadline);
        let mut used = found.credentials.refresh_token().cloned();
        let mut writer = turn.prepare();
        let mut answer = None;
        loop {
            let step = exchange.step(answer.take(), SystemTime::now());
            if let Some(new) = exchange.refresh_token()
                && used.as_ref().is_some_and(|used| used != new)
            {
                *saved = self.save_refresh_token(turn, found, used.as_ref(), new, writer.take());
                used = Some(new.clone());
            }
            answer = Some(match step? {
                Step::Send(request) => Answer::Response(agent.send(&request, Tries::UpToThree)?),
                Step::ReadFile { path, limit } => Answer::File(files::read_default(&path, limit)?),
                Step::Run(program) => {
                    let left = self.deadline().saturating_duration_since(Instant::now());
                    Answer::Output(executable::run(&program, left)?)
                }
                Step::Done(token) => return Ok(token),
            });
        }
    }

    fn save_refresh_token(
        &self,
        turn: &Turn<'_>,
        found: &Found,
        used: Option<&Secret>,
        new: &Secret,
        writer: Option<SecretWriter>,
    ) -> Option<Credentials> {
        let saved = match turn {
            Turn::Grant(grant) => grant.replace(used, new, found.printed(), writer),
            Turn::Entry(_) => Err(anyhow!("the credentials were not read from a file that can be rewritten")),
        };
        if let (Ok(Some(_)), Some(file)) = (&saved, &found.successor) {
            self.terminal.warn(&format!(
                "the server replaced the refresh token that {} printed; the new credentials are in {}: put that file into your password store",
                found.source,
                shown(file)
            ));
        }
        saved.unwrap_or_else(|e| {
            self.terminal.warn(&format!(
                "the server replaced the refresh token and the new one could not be saved: {e:#}; run gauth-login when the old one stops working"
            ));
            None
        })
    }

    fn warn_if_short(&self, life: Duration) {
        if life < self.min_ttl {
            self.terminal.warn(&format!("the server's token is valid for only {} s", life.as_secs()));
        }
    }

    fn received(&self, token: &TokenResponse) -> Token {
        let now = unix_seconds(SystemTime::now());
        if let Some(life) = token.life {
            self.warn_if_short(life);
        }
        Token {
            token: token.token.clone(),
            expires_at: token.life.map(|life| now + life.as_secs()),
            scopes: token.scopes.clone(),
            cached: false,
        }
    }
}

/// The turn of one process, until dropped.
enum Turn<'a> {
    /// All processes that use one grant take turns, regardless of the token.
    Grant(GrantFile<'a>),
    /// All processes that need one token take turns, unless it is not cached.
    Entry(Option<Lock>),
}

impl Turn<'_> {
    fn lock(&self) -> Option<&Lock> {
        match self {
            Self::Grant(grant) => grant.lock(),
            Self::Entry(lock) => lock.as_ref(),
        }
    }

    fn prepare(&self) -> Option<SecretWriter> {
        match self {
            Self::Grant(grant) => grant.prepare(),
            Self::Entry(_) => None,
        }
    }
}

/// The result of an exchange.
struct Obtained {
    token: anyhow::Result<TokenResponse>,
    /// The credentials file after its refresh token was replaced.
    saved: Option<Credentials>,
}

/// Removes the cached tokens of these credentials, for any request, and counts them. One that cannot be removed is
/// reported, and expires.
pub fn forget(credentials: &Credentials, terminal: &Terminal) -> usize {
    let Some(directory) = environment::cache_dir() else {
        return 0;
    };
    let principal = credentials.principal_digest();
    let is_theirs = |file: &PathBuf| read_entry(file).is_some_and(|entry| entry.principal == principal);
    let remove = |file: PathBuf| {
        fs::remove_file(&file)
            .inspect_err(|e| terminal.warn(&format!("cannot remove the cached token {}: {}", shown(&file), reason(e))))
    };
    match listing::names(&directory) {
        Ok(names) => entries(&directory, names).filter(is_theirs).filter_map(|file| remove(file).ok()).count(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => {
            terminal.warn(&format!("cannot look for cached tokens in {}: {}", shown(&directory), reason(&error)));
            0
        }
    }
}

/// Removes entries whose tokens expired a day ago; `names` are those in the directory. This is housekeeping: what cannot be
/// read or removed stays.
fn drop_outdated(directory: &Path, names: Vec<OsString>) {
    let now = SystemTime::now();
    let written_at = |file: &Path| fs::symlink_metadata(file).and_then(|metadata| metadata.modified()).ok();
    for file in entries(directory, names) {
        // No token expired before it was stored, so most files need not be opened.
        let Some(written_at) = written_at(&file).filter(|time| cache::is_outdated(*time, now)) else {
            continue;
        };
        let expired_at = read_entry(&file).map_or(written_at, |entry| entry.expires_at);
        if cache::is_outdated(expired_at, now) {
            let _ = fs::remove_file(&file);
        }
    }
}

/// The files of the cache with a token each, of all the names in its directory.
fn entries(directory: &Path, names: Vec<OsString>) -> impl Iterator<Item = PathBuf> {
    let files = names.into_iter().map(|name| directory.join(name));
    files.filter(|file| file.extension().is_some_and(|extension| extension == "json"))
}

fn read_entry(file: &Path) -> Option<Entry> {
    Entry::parse(&files::read_default(file, CREDENTIALS_LIMIT).ok()??)
}
