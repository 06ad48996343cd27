//! One fresh token for however many processes want it: a cache file per key, read without a lock while it is fresh;
//! when it is stale one process refreshes and the others wait for what it gets, success or failure.
//!
//! The order inside the lock is: read the credentials again (another process may have replaced the refresh token), read
//! the cache again, exchange, save a replaced refresh token, cache, let go. A replaced refresh token comes first, because
//! it is the one thing that cannot be had again; whoever reads it meanwhile still waits for the same lock.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::anyhow;
use gauth_core::Secret;
use gauth_core::cache::{self, Entry};
use gauth_core::credentials::{Credentials, Wanted};
use gauth_core::endpoint::Policy;
use gauth_core::exchange::{Answer, Step};
use gauth_core::scope::Scopes;
use gauth_core::token::TokenResponse;

use crate::credentials::{self, Found};
use crate::exit::Failure;
use crate::files::{self, CREDENTIALS_LIMIT, shown};
use crate::http_agent::{HttpAgent, Tries};
use crate::lock::Lock;
use crate::terminal::Terminal;
use crate::{environment, executable, exit, lock};

/// How the cache is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Take a fresh token from it, keep a new one in it.
    ReadAndWrite,
    /// Keep a new one in it (`--refresh`).
    WriteOnly,
    /// Leave it alone (`--no-cache`).
    No,
}

/// A token and what is known about it.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The token.
    pub token: Secret,
    /// When it ends, in Unix seconds, if the server said.
    pub expires_at: Option<u64>,
    /// What it is for, if the server said.
    pub scopes: Option<Scopes>,
    /// Whether it came without an exchange.
    pub cached: bool,
}

impl From<Entry> for Fresh {
    fn from(entry: Entry) -> Self {
        Self { token: entry.token, expires_at: Some(entry.expires_at), scopes: entry.scopes, cached: true }
    }
}

/// What a token is asked for with.
pub struct Ask<'a> {
    /// What kind of token.
    pub wanted: &'a Wanted,
    /// The least life that a cached token must have left.
    pub min_ttl: Duration,
    /// How the cache is used.
    pub cache: Use,
    /// When to give up: waiting, retries and all.
    pub deadline: Option<Instant>,
    /// Where secrets may go.
    pub policy: &'a Policy,
    /// Where warnings go.
    pub terminal: Terminal,
}

impl Ask<'_> {
    /// A token from the cache or from an exchange.
    ///
    /// # Errors
    /// What the exchange said; [`exit::Kind::Temporary`] when the deadline passes.
    pub fn token(&self, mut found: Found) -> anyhow::Result<Fresh> {
        let asked_at = SystemTime::now();
        if self.cache == Use::No || !found.credentials.is_cacheable() {
            let _turn = self.wait_for_others(&mut found)?;
            return Ok(self.fresh(&self.exchange(&found).token?));
        }
        let Some(directory) = environment::cache_dir() else {
            self.not_cached("neither HOME nor XDG_CACHE_HOME is an absolute path");
            return Ok(self.fresh(&self.exchange(&found).token?));
        };
        loop {
            let name = found.credentials.cache_file_name(self.wanted);
            let file = directory.join(&name);
            // Trouble with the file is told once, by the read under the lock.
            if let Ok(Some((entry, left))) = self.read(&file)
                && left >= self.min_ttl
            {
                return Ok(entry.into());
            }
            let lock = Lock::exclusive(&directory.join(lock_name(&found, &name)), self.deadline(), &self.terminal)?;
            if self.read_again(&mut found)? && found.credentials.cache_file_name(self.wanted) != name {
                continue;
            }
            let kept = self.read(&file).unwrap_or_else(|trouble| {
                self.terminal.warn(&format!("read the cached token {}: {trouble}, so it is not used", shown(&file)));
                None
            });
            // What others obtained while this process waited is as fresh as can be had, however short its life.
            if let Some((entry, left)) = kept
                && (left >= self.min_ttl || entry.obtained_after(asked_at))
            {
                self.warn_if_short(left);
                return Ok(entry.into());
            }
            if let Some(failure) = lock.as_ref().and_then(|lock| left_failure(lock, &name, asked_at)) {
                return Err(failure.into());
            }
            return self.refresh(&found, &file, lock.as_ref());
        }
    }

    fn deadline(&self) -> Instant {
        self.deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400))
    }

    /// The cached token and the life it has left, if there is one; or why what is there is not used.
    fn read(&self, file: &Path) -> Result<Option<(Entry, Duration)>, String> {
        if self.cache != Use::ReadAndWrite {
            return Ok(None);
        }
        let Some(bytes) = files::read_default(file, CREDENTIALS_LIMIT).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        if files::loose_permissions(file).is_some() {
            return Err("others could read or change it".to_owned());
        }
        let entry = Entry::parse(&bytes).ok_or("it is damaged")?;
        Ok(entry.left(SystemTime::now()).map(|left| (entry, left)))
    }

    /// The turn of a process that leaves the cache alone. A server that replaces refresh tokens ends the whole grant when
    /// two use the same one, so it too waits for those who hold the lock; it makes no lock file where none is.
    fn wait_for_others(&self, found: &mut Found) -> anyhow::Result<Option<Lock>> {
        let path = environment::cache_dir().map(|dir| dir.join(lock_name(found, "")));
        let Some(path) = path.filter(|path| path.exists()) else {
            return Ok(None);
        };
        let lock = Lock::exclusive(&path, self.deadline(), &self.terminal)?;
        self.read_again(found)?;
        Ok(lock)
    }

    /// Whether the credentials were read anew. A login or a replaced refresh token may have come in between.
    fn read_again(&self, found: &mut Found) -> anyhow::Result<bool> {
        let (Some(file), Some(_)) = (&found.file, found.credentials.refresh_token()) else {
            return Ok(false);
        };
        let Some(bytes) = files::read_default(file, CREDENTIALS_LIMIT)? else {
            return Ok(false);
        };
        found.credentials = credentials::parse(&bytes, file, self.policy)?;
        Ok(true)
    }

    fn refresh(&self, found: &Found, file: &Path, lock: Option<&Lock>) -> anyhow::Result<Fresh> {
        files::sweep(file);
        let obtained = self.exchange(found);
        if let (Err(error), Some(lock)) = (&obtained.token, lock) {
            leave_failure(lock, file, error);
        }
        let token = obtained.token?;
        let renamed = obtained.saved.as_ref().map(|saved| file.with_file_name(saved.cache_file_name(self.wanted)));
        let credentials = obtained.saved.as_ref().unwrap_or(&found.credentials);
        let entry = Entry::new(&token, credentials.principal_digest(), SystemTime::now());
        if let Some(bytes) = entry.and_then(|entry| entry.to_bytes()) {
            self.write(renamed.as_deref().unwrap_or(file), &bytes);
        }
        if renamed.is_some() {
            // Nobody looks under the old name any more; that it stays is no harm.
            let _ = fs::remove_file(file);
        }
        Ok(self.fresh(&token))
    }

    fn write(&self, file: &Path, bytes: &[u8]) {
        if let Err(e) = files::write_secret(file, bytes) {
            self.not_cached(&e.to_string());
        }
    }

    fn not_cached(&self, why: &str) {
        self.terminal.warn(&format!("the token is not cached: {why}"));
    }

    fn exchange(&self, found: &Found) -> Obtained {
        let mut saved = None;
        let token = self.drive(found, &mut saved);
        Obtained { token, saved }
    }

    /// Drives the credentials' state machine to its end. A refresh token that is replaced on the way is saved before the
    /// next hop, which may fail or never come.
    fn drive(&self, found: &Found, saved: &mut Option<Credentials>) -> anyhow::Result<TokenResponse> {
        let mut exchange = found.exchange(self.wanted, SystemTime::now())?;
        let agent = HttpAgent::new(self.terminal, self.deadline);
        let mut used = found.credentials.refresh_token().cloned();
        let mut answer = None;
        loop {
            let step = exchange.step(answer.take(), SystemTime::now());
            if let (Some(old), Some(new)) = (&mut used, exchange.refresh_token())
                && old != new
            {
                *saved = self.save_refresh_token(found, new);
                old.clone_from(new);
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

    /// Puts a replaced refresh token into the file it came from, unless a login has changed that file meanwhile. What the
    /// file says afterwards, if this changed it.
    fn save_refresh_token(&self, found: &Found, new: &Secret) -> Option<Credentials> {
        let saved = match &found.file {
            Some(file) => self.replace_refresh_token(file, &found.credentials, new),
            None => Err(anyhow!("the credentials did not come from a file that can be rewritten")),
        };
        saved.unwrap_or_else(|e| {
            self.terminal.warn(&format!(
                "the server replaced the refresh token and the new one could not be saved: {e:#}; run gauth-login when the old one stops working"
            ));
            None
        })
    }

    fn replace_refresh_token(
        &self,
        file: &Path,
        used: &Credentials,
        new: &Secret,
    ) -> anyhow::Result<Option<Credentials>> {
        let _lock = Lock::exclusive(&lock::beside(file), self.deadline(), &self.terminal)?;
        let bytes = files::read_given(file, CREDENTIALS_LIMIT)?;
        let current = credentials::parse(&bytes, file, self.policy)?;
        if current.refresh_token() != used.refresh_token() {
            return Ok(None);
        }
        let bytes = current.with_refresh_token(new).to_bytes();
        files::write_secret(file, &bytes)?;
        credentials::parse(&bytes, file, self.policy).map(Some)
    }

    fn warn_if_short(&self, life: Duration) {
        if life < self.min_ttl {
            self.terminal.warn(&format!("the server gave a token for {} s only", life.as_secs()));
        }
    }

    fn fresh(&self, token: &TokenResponse) -> Fresh {
        let now = gauth_core::timestamp::unix_seconds(SystemTime::now());
        if let Some(life) = token.life {
            self.warn_if_short(life);
        }
        Fresh {
            token: token.token.clone(),
            expires_at: token.life.map(|life| now + life.as_secs()),
            scopes: token.scopes.clone(),
            cached: false,
        }
    }
}

/// Removes the cached tokens of these credentials, whatever they were asked for with, and counts them. One that cannot
/// be removed stays: it ends by itself.
pub fn forget(credentials: &Credentials) -> usize {
    let Some(files) = environment::cache_dir().and_then(|dir| fs::read_dir(dir).ok()) else {
        return 0;
    };
    let principal = credentials.principal_digest();
    files
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .filter(|file| {
            files::read_default(file, CREDENTIALS_LIMIT)
                .ok()
                .flatten()
                .and_then(|bytes| Entry::parse(&bytes))
                .is_some_and(|entry| entry.principal == principal)
        })
        .filter(|file| fs::remove_file(file).is_ok())
        .count()
}

/// What came of an exchange.
struct Obtained {
    token: anyhow::Result<TokenResponse>,
    /// What the credentials file says now that it holds a replaced refresh token.
    saved: Option<Credentials>,
}

/// The lock under which the token of cache file `name` is obtained. A refresh token may be used up by its use, so all
/// that want something of the same one wait for each other, under a name that outlives it: its file's.
fn lock_name(found: &Found, name: &str) -> PathBuf {
    let name = match (&found.file, found.credentials.refresh_token()) {
        (Some(file), Some(_)) => {
            let path = fs::canonicalize(file).unwrap_or_else(|_| file.clone());
            cache::digest(path.as_os_str().as_encoded_bytes())
        }
        _ => name.to_owned(),
    };
    Path::new(&name).with_extension("lock")
}

/// A failure in the lock file: when, which exit code, for which cache file, the message, and hints, a line each. It holds
/// no secret, since no message does.
fn leave_failure(lock: &Lock, file: &Path, error: &anyhow::Error) {
    let failure = Failure::of(error);
    let mut note = format!(
        "{} {} {}\n{}\n",
        nanoseconds(SystemTime::now()),
        failure.kind() as u8,
        file.file_name().unwrap_or_default().display(),
        one_line(&failure.to_string())
    );
    for hint in failure.hints() {
        note.push_str(&one_line(hint));
        note.push('\n');
    }
    // Without the note the others ask for themselves.
    let _ = lock.leave_note(note.as_bytes());
}

/// What a holder left that failed to fill the same cache file after `asked_at`, so while this process was waiting.
fn left_failure(lock: &Lock, name: &str, asked_at: SystemTime) -> Option<Failure> {
    let note = String::from_utf8(lock.note().ok()?).ok()?;
    let mut lines = note.lines();
    let mut words = lines.next()?.split(' ');
    let failed_at: u128 = words.next()?.parse().ok()?;
    let kind = exit::Kind::from_code(words.next()?.parse().ok()?)?;
    if words.next() != Some(name) || failed_at < nanoseconds(asked_at) {
        return None;
    }
    let message = lines.next()?;
    Some(lines.fold(Failure::new(kind, message), Failure::hint))
}

fn nanoseconds(time: SystemTime) -> u128 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
