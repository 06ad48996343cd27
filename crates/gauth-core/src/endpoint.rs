//! URLs that requests are sent to, and which of them may receive a secret.
//! https everywhere, http on loopback only; a receiver of secrets is an endpoint of its [`Role`]'s table, the same path on
//! loopback, or any URL at a host that the user has named (`GAUTH_ALLOW_HOSTS`). Checked before a file is opened or a packet
//! sent, with a stricter grammar than any HTTP client's, so that no other parser can read the same text differently.

mod role;

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Error;

pub(crate) use role::{ACCOUNTS_HOST, is_region};
pub use role::{METADATA_HOST, Role};

/// An absolute URL that has passed the rules: lower-case scheme and host, no user info, no fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    /// Lower case; an IPv6 literal without its brackets.
    host: String,
    /// Length of `scheme://host:port` in `url`.
    origin: usize,
}

impl Endpoint {
    /// Reads a URL; `field` names where it was found, for the message.
    ///
    /// # Errors
    /// [`Error::Input`] for anything but https, or http on 127.0.0.0/8, `[::1]` or localhost.
    pub fn parse(url: &str, field: &str) -> Result<Self, Error> {
        Self::read(url, is_loopback).map_err(|reason| Error::Input(format!("{field}: {reason}")))
    }

    /// `plain` says for which hosts http is allowed.
    fn read(url: &str, plain: impl Fn(&str) -> bool) -> Result<Self, &'static str> {
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a URL may only contain visible ASCII characters");
        }
        let (scheme, rest) = url.split_once("://").ok_or("not an absolute URL")?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Err("must be an https URL");
        }
        let authority_length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_length);
        if path.contains(['#', '\\']) {
            return Err("a fragment or a backslash is not allowed in a URL");
        }
        let (host, port) = split_port(authority)?;
        let host = canonical(host);
        if scheme == "http" && !plain(&host) {
            return Err("must be https, or http on loopback");
        }
        let shown_host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let mut url = format!("{scheme}://{shown_host}");
        if let Some(port) = port.filter(|port| *port != default_port(&scheme)) {
            url.push_str(&format!(":{port}"));
        }
        let origin = url.len();
        if !path.starts_with('/') {
            url.push('/');
        }
        url.push_str(path);
        Ok(Self { url, host, origin })
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.url[..self.origin]
    }

    /// Path and query, starting with a slash.
    pub fn path(&self) -> &str {
        &self.url[self.origin..]
    }

    /// Host in lower case, an IPv6 literal without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the host is Google's own.
    pub fn is_google(&self) -> bool {
        self.host == ACCOUNTS_HOST || self.host.ends_with(".googleapis.com")
    }

    /// Whether the host is this machine by its own name.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// 127.0.0.0/8, ::1 or localhost.
fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
}

fn default_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("invalid IPv6 address")?;
        host.parse::<Ipv6Addr>().map_err(|_| "invalid IPv6 address")?;
        (host, port)
    } else {
        let length = authority.find(':').unwrap_or(authority.len());
        let (host, port) = authority.split_at(length);
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if !host.split('.').all(label) {
            return Err("the host is not a plain name or address");
        }
        // `127.1` or `2130706433` mean an address to some resolvers.
        let numeric = host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
        if numeric && host.parse::<Ipv4Addr>().is_err() {
            return Err("the host is not a plain name or address");
        }
        (host, port)
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse().map_err(|_| "the port is out of range")?)
        }
        _ => return Err("the port is not a number"),
    };
    Ok((host, port))
}

/// Where secrets may go, and where Google is.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    allowed: Vec<String>,
    sandbox: Option<Endpoint>,
    metadata: Vec<String>,
}

/// Metadata services of Google and AWS, reached by plain http inside the cloud.
const METADATA_SERVICES: [&str; 4] = [METADATA_HOST, "169.254.169.254", "fd20:ce::254", "fd00:ec2::254"];

impl Policy {
    /// From the values of `GAUTH_ALLOW_HOSTS` (comma list; an entry with a leading dot takes every host below it) and
    /// `GAUTH_SANDBOX_URL` (loopback only).
    ///
    /// # Errors
    /// [`Error::Input`] naming the variable.
    pub fn new(allow_hosts: Option<&str>, sandbox_url: Option<&str>) -> Result<Self, Error> {
        let sandbox = match sandbox_url {
            None => None,
            Some(url) => {
                let endpoint = Endpoint::parse(url, "GAUTH_SANDBOX_URL")?;
                if !endpoint.is_loopback() {
                    return Err(Error::Input("GAUTH_SANDBOX_URL: must be a loopback address".to_owned()));
                }
                if endpoint.path().contains('?') {
                    return Err(Error::Input("GAUTH_SANDBOX_URL: must not have a query".to_owned()));
                }
                Some(endpoint)
            }
        };
        let allowed = allow_hosts
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(allowed_host)
            .collect::<Result<_, _>>()?;
        Ok(Self { allowed, sandbox, metadata: Vec::new() })
    }

    /// Adds hosts that the user has named as metadata services (`GCE_METADATA_HOST` and the like): a host, perhaps with a
    /// port and a path.
    pub fn with_metadata_hosts<'a>(mut self, hosts: impl IntoIterator<Item = &'a str>) -> Self {
        self.metadata = hosts
            .into_iter()
            .filter_map(|host| {
                let authority = host.split('/').next()?;
                let (host, _) = split_port(authority).ok()?;
                Some(canonical(host))
            })
            .collect();
        self
    }

    /// A URL that is sent no secret: https anywhere, http on loopback and at metadata services.
    ///
    /// # Errors
    /// [`Error::Input`] if the URL breaks the rules.
    pub(crate) fn metadata(&self, url: &str, field: &str) -> Result<Endpoint, Error> {
        let plain = |host: &str| {
            is_loopback(host) || METADATA_SERVICES.contains(&host) || self.metadata.iter().any(|named| named == host)
        };
        Endpoint::read(url, plain).map_err(|reason| Error::Input(format!("{field}: {reason}")))
    }

    /// A URL from a file or flag that will be sent a secret.
    ///
    /// # Errors
    /// [`Error::Input`] if the URL breaks the rules; [`Error::Unsupported`] if it is not an endpoint for this role.
    pub fn receiver(&self, role: Role, url: &str, field: &str) -> Result<Endpoint, Error> {
        let plain = |host: &str| is_loopback(host) || role.is_plain(host);
        let endpoint = Endpoint::read(url, plain).map_err(|reason| Error::Input(format!("{field}: {reason}")))?;
        let listed = if endpoint.is_loopback() {
            role.lists(None, endpoint.path()) || role.lists(None, self.below_sandbox(endpoint.path()))
        } else {
            role.lists(Some(endpoint.origin()), endpoint.path())
        };
        if listed || self.is_named(endpoint.host()) {
            return Ok(endpoint);
        }
        Err(refusal(role, &endpoint, field))
    }

    /// Whether the user has named the host.
    fn is_named(&self, host: &str) -> bool {
        let fits = |allowed: &String| if allowed.starts_with('.') { host.ends_with(allowed) } else { host == allowed };
        self.allowed.iter().any(fits)
    }

    /// The rest of a path after that of the sandbox's URL.
    fn below_sandbox<'a>(&self, path: &'a str) -> &'a str {
        let prefix = self.sandbox.as_ref().map_or("", |sandbox| sandbox.path().trim_end_matches('/'));
        path.strip_prefix(prefix).unwrap_or(path)
    }

    /// Whether tokens from there are Google's, or those of a sandbox in its place.
    pub(crate) fn is_google(&self, token_uri: &Endpoint) -> bool {
        token_uri.is_google() || (self.sandbox.is_some() && token_uri.is_loopback())
    }

    /// A Google endpoint that no file or flag names: the path at this origin, or below the sandbox's URL.
    pub fn google(&self, origin: &str, path: &str) -> Endpoint {
        let origin = self.sandbox.as_ref().map_or(origin, |sandbox| sandbox.as_str().trim_end_matches('/'));
        let url = format!("{origin}{path}");
        Endpoint::read(&url, is_loopback).expect("Google's hosts and a checked sandbox URL are valid")
    }

    /// Google's endpoint for a role, if no file or flag names one.
    pub fn default_for(&self, role: Role) -> Endpoint {
        let (origin, path) = role.example();
        self.google(origin, path)
    }

    /// Google's token endpoint.
    pub fn token(&self) -> Endpoint {
        self.default_for(Role::Token)
    }
}

/// An entry of `GAUTH_ALLOW_HOSTS`: a host, or with a leading dot every host below it.
fn allowed_host(entry: &str) -> Result<String, Error> {
    let expected = || Error::Input("GAUTH_ALLOW_HOSTS: expected host names without scheme, port or path".to_owned());
    let name = entry.strip_prefix('.').unwrap_or(entry);
    let is_address = entry.parse::<Ipv6Addr>().is_ok();
    if !is_address && !split_port(name).is_ok_and(|(_, port)| port.is_none()) {
        return Err(expected());
    }
    Ok(canonical(entry.trim_matches(['[', ']'])))
}

/// A host in the one spelling in which hosts are compared: lower case, an IPv6 address as RFC 5952 writes it.
fn canonical(host: &str) -> String {
    host.parse::<Ipv6Addr>().map_or_else(|_| host.to_ascii_lowercase(), |address| address.to_string())
}

/// Why nothing is sent to an endpoint. A host of Google or AWS is never suggested for `GAUTH_ALLOW_HOSTS`, which would
/// allow all of its paths.
fn refusal(role: Role, endpoint: &Endpoint, field: &str) -> Error {
    let host = endpoint.host();
    let (origin, path) = role.example();
    let (what, hint) = if endpoint.is_loopback() {
        ("this path at ", format!("use a path such as {path}, or trust any path: export GAUTH_ALLOW_HOSTS={host}"))
    } else if endpoint.is_google() || matches!(role, Role::AwsVerification | Role::AwsMetadata) {
        ("this URL at ", format!("use {origin}{path}"))
    } else {
        ("", format!("if you trust it: export GAUTH_ALLOW_HOSTS={host}"))
    };
    Error::Unsupported {
        reason: format!("{field}: {what}{host} is not {}, so nothing is sent there", role.name()),
        hint: Some(hint),
    }
}

#[cfg(test)]
mod tests;
