//! The token cache: what identifies a token (the key), and the file that keeps one token (the entry).
//! gauth-store reads, writes and locks the files. A damaged entry is a miss.

use std::time::{Duration, SystemTime};

use hmac_sha256::Hash;
use serde_json::{Map, Value};

use crate::document::Document;
use crate::scope::Scopes;
use crate::token::{TokenResponse, check_b64token};
use crate::{Secret, timestamp};

const VERSION: u64 = 1;
/// No token is valid for longer; an entry that claims to be is damaged or forged.
const MAX_LIFE: Duration = Duration::from_secs(12 * 3600);
/// How long an entry is kept after its token has expired.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Everything that a token depends on.
#[derive(Clone, Debug)]
pub struct Key<'a> {
    /// Type of the credentials.
    pub kind: &'a str,
    /// OAuth client id, or empty.
    pub client: &'a str,
    /// Who: an e-mail and key id, or a digest; never a secret.
    pub principal: &'a str,
    /// Where the token comes from.
    pub token_uri: &'a str,
    /// What it may be used for; empty for all that was granted.
    pub scopes: &'a Scopes,
    /// `--subject`.
    pub subject: &'a str,
    /// `--impersonate`, in order.
    pub impersonate: &'a [String],
    /// `--audience`.
    pub audience: &'a str,
    /// `--self-signed`.
    pub self_signed: bool,
}

impl Key<'_> {
    /// Name of the cache file: SHA-256 in hex, with `.json`.
    pub fn file_name(&self) -> String {
        let mut hash = Hash::new();
        let mut add = |part: &str| {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        };
        let self_signed = if self.self_signed { "self-signed" } else { "" };
        for part in [
            self.kind,
            self.client,
            self.principal,
            self.token_uri,
            &self.scopes.joined(),
            self.subject,
            &self.impersonate.join(" "),
            self.audience,
            self_signed,
        ] {
            add(part);
        }
        format!("{}.json", hex(&hash.finalize()))
    }
}

/// SHA-256 of a secret or file, in hex.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Hash::hash(bytes))
}

/// The same of several secrets, with their lengths. What proves an identity is part of the key; otherwise a file that only
/// claims an identity would get its tokens.
pub(crate) fn secrets_digest(secrets: &[Option<&Secret>]) -> String {
    let mut hash = Hash::new();
    for secret in secrets {
        let bytes = secret.map_or(&[][..], |secret| secret.expose().as_bytes());
        hash.update(bytes.len().to_be_bytes());
        hash.update(bytes);
    }
    hex(&hash.finalize())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

/// A token with its times, which are exact: two runs may fall into one second.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The token.
    pub token: Secret,
    /// Digest of whose it is ([`crate::credentials::Credentials::principal_digest`]), which the name of the file does not
    /// show; empty in files of earlier versions.
    pub principal: String,
    /// When it was issued.
    pub obtained_at: SystemTime,
    /// When it expires.
    pub expires_at: SystemTime,
    /// What it is for, if the server said.
    pub scopes: Option<Scopes>,
}

impl Entry {
    /// The entry of a response; `None` if its lifetime is unknown or over.
    pub fn new(response: &TokenResponse, principal: String, now: SystemTime) -> Option<Self> {
        Some(Self {
            token: response.token.clone(),
            principal,
            obtained_at: now,
            expires_at: now.checked_add(response.life.filter(|life| !life.is_zero())?)?,
            scopes: response.scopes.clone(),
        })
    }

    /// Reads a cache file. `None` for anything that is not a well-formed entry of this version.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let file = Document::parse(bytes).ok()?;
        if file.optional_number("version").ok()? != Some(VERSION) {
            return None;
        }
        let token = file.secret("token").ok()?;
        check_b64token(token.expose()).ok()?;
        let time = |name| timestamp::parse_exact(file.text(name).ok()?);
        Some(Self {
            token,
            principal: file.optional_text("principal").ok()?.unwrap_or_default().to_owned(),
            obtained_at: time("obtained_at")?,
            expires_at: time("expires_at")?,
            scopes: file.optional_text("scope").ok()?.map(Scopes::from_answer),
        })
    }

    /// The file to write.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut map = Map::new();
        map.insert("version".into(), VERSION.into());
        map.insert("token".into(), self.token.expose().into());
        map.insert("principal".into(), self.principal.as_str().into());
        map.insert("obtained_at".into(), timestamp::exact(self.obtained_at)?.into());
        map.insert("expires_at".into(), timestamp::exact(self.expires_at)?.into());
        if let Some(scopes) = &self.scopes {
            map.insert("scope".into(), Value::String(scopes.joined()));
        }
        Some(Document::from_map(map).to_bytes())
    }

    /// Remaining lifetime at `now`; `None` if it has expired, or if its times are impossible (a clock that was set back, a
    /// lifetime of more than twelve hours).
    pub fn left(&self, now: SystemTime) -> Option<Duration> {
        let life = self.expires_at.duration_since(self.obtained_at).ok()?;
        if self.obtained_at > now || life > MAX_LIFE {
            return None;
        }
        self.expires_at.duration_since(now).ok().filter(|left| !left.is_zero())
    }
}

/// Whether the entry of a token that expired at this time can be removed.
pub fn is_outdated(expired_at: SystemTime, now: SystemTime) -> bool {
    now.duration_since(expired_at).is_ok_and(|since| since >= KEPT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OBTAINED: u64 = 1_769_850_487;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn entry() -> Entry {
        Entry {
            token: Secret::new("ya29.canary"),
            principal: digest(b"grant"),
            obtained_at: at(OBTAINED),
            expires_at: at(OBTAINED + 3599),
            scopes: Some(Scopes::default_read()),
        }
    }

    fn key<'a>(scopes: &'a Scopes, impersonate: &'a [String]) -> Key<'a> {
        Key {
            kind: "authorized_user",
            client: "id",
            principal: "p",
            token_uri: "https://oauth2.googleapis.com/token",
            scopes,
            subject: "",
            impersonate,
            audience: "",
            self_signed: false,
        }
    }

    #[test]
    fn a14_the_key_depends_on_the_set_of_scopes_and_on_every_part() {
        let scopes = |texts: &[&str]| Scopes::from_typed(texts.iter().copied()).unwrap();
        let name = |texts: &[&str]| key(&scopes(texts), &[]).file_name();
        assert_eq!(name(&["a", "b"]), name(&["b", "a"]));
        assert_eq!(name(&["a", "a"]), name(&["a"]));
        assert_ne!(name(&["a", "b"]), name(&["a"]));
        let none = Scopes::default();
        let base = key(&none, &[]);
        let chain = ["x".to_owned()];
        let others = [
            Key { kind: "k", ..base.clone() },
            Key { client: "k", ..base.clone() },
            Key { principal: "k", ..base.clone() },
            Key { token_uri: "k", ..base.clone() },
            Key { subject: "k", ..base.clone() },
            Key { audience: "k", ..base.clone() },
            Key { impersonate: &chain, ..base.clone() },
            Key { self_signed: true, ..base.clone() },
            // The parts do not run into each other.
            Key { kind: "authorized_useri", client: "d", ..base.clone() },
        ];
        let mut names: Vec<_> = others.iter().map(Key::file_name).collect();
        names.push(base.file_name());
        names.sort();
        names.dedup();
        assert_eq!(names.len(), others.len() + 1);
    }

    #[test]
    fn names_stay_those_that_earlier_versions_gave() {
        let name = key(&Scopes::default(), &[]).file_name();
        assert_eq!(name, "36fe2e4dc509e60e6c8351e1f232b9113a3e0b3fe456f597e00a9328cdb14378.json");
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn an_entry_reads_what_it_wrote() {
        let bytes = entry().to_bytes().unwrap();
        let read = Entry::parse(&bytes).unwrap();
        assert_eq!(read.token.expose(), "ya29.canary");
        assert_eq!(read.principal, digest(b"grant"));
        assert_eq!((read.obtained_at, read.expires_at), (entry().obtained_at, entry().expires_at));
        assert_eq!(read.left(at(OBTAINED + 599)), Some(Duration::from_secs(3000)));
    }

    #[test]
    fn a15_a_truncated_or_foreign_entry_is_a_miss() {
        let bytes = entry().to_bytes().unwrap();
        for length in 0..bytes.len() - 2 {
            assert!(Entry::parse(&bytes[..length]).is_none(), "{length}");
        }
        for text in [
            r#"{"version":2,"token":"a","obtained_at":"2026-01-31T09:08:07Z","expires_at":"2026-01-31T09:08:08Z"}"#,
            r#"{"version":1,"token":"a b","obtained_at":"2026-01-31T09:08:07Z","expires_at":"2026-01-31T09:08:08Z"}"#,
            r#"{"version":1,"token":"a","obtained_at":"2026-01-31T09:08:07Z","expires_at":"soon"}"#,
        ] {
            assert!(Entry::parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn g5_impossible_times_are_a_miss() {
        let left = |obtained_at, expires_at| {
            let entry = Entry { obtained_at: at(obtained_at), expires_at: at(expires_at), ..entry() };
            entry.left(at(OBTAINED))
        };
        assert!(left(OBTAINED + 1, OBTAINED + 3600).is_none());
        assert!(left(OBTAINED, OBTAINED + 86_400).is_none());
        assert!(left(OBTAINED, OBTAINED - 1).is_none());
        assert!(left(OBTAINED - 10, OBTAINED).is_none());
        assert!(left(0, 253_402_300_799).is_none());
    }

    #[test]
    fn an_entry_is_kept_for_a_day_after_it_expires() {
        let now = at(OBTAINED);
        assert!(!is_outdated(at(OBTAINED - 86_399), now));
        assert!(is_outdated(at(OBTAINED - 86_400), now));
        assert!(!is_outdated(at(OBTAINED + 86_400), now));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_entry_or_a_miss(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Entry::parse(&bytes);
        }
    }
}
