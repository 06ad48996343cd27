//! The output formats. A new one is a variant, its name, and its lines.

use std::io::{self, Write};
use std::time::SystemTime;

use gauth_core::Secret;
use gauth_core::scope::Scopes;
use gauth_core::timestamp;
use serde_json::{Map, Value};

/// What is printed.
pub(crate) struct Printed<'a> {
    pub(crate) token: &'a Secret,
    pub(crate) is_id_token: bool,
    /// Unix seconds.
    pub(crate) expires_at: Option<u64>,
    pub(crate) scopes: &'a Scopes,
    pub(crate) quota_project: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Only the token.
    Bare,
    /// Header lines, as `curl -H @file` reads them.
    Header,
    /// The fields of a token response (RFC 6749 §5.1), and `expiry`.
    Json,
    /// The header lines as a curl config file.
    Curl,
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "bare" => Ok(Self::Bare),
            "header" => Ok(Self::Header),
            "json" => Ok(Self::Json),
            "curl" => Ok(Self::Curl),
            _ => Err("expected bare, header, json or curl".to_owned()),
        }
    }
}

impl Format {
    pub(crate) fn write(self, out: &mut impl Write, printed: &Printed<'_>) -> io::Result<()> {
        match self {
            Self::Bare => writeln!(out, "{}", printed.token.expose()),
            Self::Header => {
                for line in printed.headers() {
                    writeln!(out, "{line}")?;
                }
                Ok(())
            }
            // Neither a token nor a project id can hold a quote or a backslash.
            Self::Curl => {
                for line in printed.headers() {
                    writeln!(out, "header = \"{line}\"")?;
                }
                Ok(())
            }
            Self::Json => writeln!(out, "{}", printed.json()),
        }
    }
}

impl Printed<'_> {
    fn headers(&self) -> Vec<String> {
        let mut lines = vec![format!("Authorization: Bearer {}", self.token.expose())];
        if let Some(project) = self.quota_project {
            lines.push(format!("X-Goog-User-Project: {project}"));
        }
        lines
    }

    fn json(&self) -> Value {
        let mut map = Map::new();
        let name = if self.is_id_token { "id_token" } else { "access_token" };
        map.insert(name.into(), self.token.expose().into());
        map.insert("token_type".into(), "Bearer".into());
        if let Some(expires_at) = self.expires_at {
            let now = timestamp::unix_seconds(SystemTime::now());
            map.insert("expires_in".into(), expires_at.saturating_sub(now).into());
            map.insert("expiry".into(), timestamp::rfc3339(expires_at).into());
        }
        if !self.scopes.is_empty() {
            map.insert("scope".into(), self.scopes.joined().into());
        }
        Value::Object(map)
    }
}
