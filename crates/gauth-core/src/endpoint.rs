//! URLs that requests are sent to, and which of them may receive a secret.
//! https everywhere, http on loopback alone; a receiver of secrets is Google's own host, loopback, or one that the user
//! has named (`GAUTH_ALLOW_HOSTS`). Judged before a file is opened or a packet sent, with a stricter grammar than any
//! HTTP client's, so that no second reading of the same text can lead elsewhere.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Error;

/// An absolute URL that has passed the rules: lower-case scheme and host, no user info, no fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    /// Lower case; an IPv6 literal without its brackets.
    host: String,
    /// Length of `scheme://host:port` in `url`.
    origin: usize,
    default_port: bool,
}

impl Endpoint {
    /// Reads a URL; `field` names where it stood, for the message.
    ///
    /// # Errors
    /// [`Error::Input`] for anything but https, or http on 127.0.0.0/8, `[::1]` or localhost.
    pub fn parse(url: &str, field: &str) -> Result<Self, Error> {
        Self::read(url, is_loopback).map_err(|trouble| Error::Input(format!("{field}: {trouble}")))
    }

    /// `plain` says for which hosts http will do.
    fn read(url: &str, plain: impl Fn(&str) -> bool) -> Result<Self, &'static str> {
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a URL may hold visible ASCII characters only");
        }
        let (scheme, rest) = url.split_once("://").ok_or("not an absolute URL")?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Err("only https URLs are taken");
        }
        let authority_length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_length);
        if path.contains(['#', '\\']) {
            return Err("a URL with a fragment or a backslash is not taken");
        }
        let (host, port) = split_port(authority)?;
        let host = host.to_ascii_lowercase();
        if scheme == "http" && !plain(&host) {
            return Err("only https is taken, or http on loopback");
        }
        let shown_host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let mut url = format!("{scheme}://{shown_host}");
        if let Some(port) = port {
            url.push_str(&format!(":{port}"));
        }
        let origin = url.len();
        if !path.starts_with('/') {
            url.push('/');
        }
        url.push_str(path);
        Ok(Self { url, host, origin, default_port: port.is_none_or(|port| port == 443) })
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
    pub(crate) fn is_google(&self) -> bool {
        self.host == "accounts.google.com" || self.host.ends_with(".googleapis.com")
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

fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("broken IPv6 address")?;
        host.parse::<Ipv6Addr>().map_err(|_| "broken IPv6 address")?;
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
const METADATA_SERVICES: [&str; 4] = ["metadata.google.internal", "169.254.169.254", "fd20:ce::254", "fd00:ec2::254"];

impl Policy {
    /// From the values of `GAUTH_ALLOW_HOSTS` (comma list; an entry with a leading dot takes every host below it) and
    /// `GAUTH_SANDBOX_URL` (loopback alone).
    ///
    /// # Errors
    /// [`Error::Input`] naming the variable.
    pub fn new(allow_hosts: Option<&str>, sandbox_url: Option<&str>) -> Result<Self, Error> {
        let sandbox = match sandbox_url {
            None => None,
            Some(url) => {
                let endpoint = Endpoint::parse(url, "GAUTH_SANDBOX_URL")?;
                if !endpoint.is_loopback() {
                    return Err(Error::Input("GAUTH_SANDBOX_URL: only a loopback address is taken".to_owned()));
                }
                if endpoint.path().contains('?') {
                    return Err(Error::Input("GAUTH_SANDBOX_URL: a URL with a query is not taken".to_owned()));
                }
                Some(endpoint)
            }
        };
        let allowed = allow_hosts
            .unwrap_or_default()
            .split(',')
            .map(|host| host.trim().trim_matches(['[', ']']).to_ascii_lowercase())
            .filter(|host| !host.is_empty())
            .collect();
        Ok(Self { allowed, sandbox, metadata: Vec::new() })
    }

    /// Adds hosts that the user has named as metadata services (`GCE_METADATA_HOST` and its kin): a host, perhaps with a
    /// port and a path.
    pub fn with_metadata_hosts<'a>(mut self, hosts: impl IntoIterator<Item = &'a str>) -> Self {
        self.metadata = hosts
            .into_iter()
            .filter_map(|host| {
                let authority = host.split('/').next()?;
                let (host, _) = split_port(authority).ok()?;
                Some(host.to_ascii_lowercase())
            })
            .collect();
        self
    }

    /// A URL that is asked for something and sent no secret: https anywhere, http on loopback and at metadata services.
    ///
    /// # Errors
    /// [`Error::Input`] when the URL breaks the rules.
    pub(crate) fn metadata(&self, url: &str, field: &str) -> Result<Endpoint, Error> {
        let plain = |host: &str| {
            is_loopback(host) || METADATA_SERVICES.contains(&host) || self.metadata.iter().any(|named| named == host)
        };
        Endpoint::read(url, plain).map_err(|trouble| Error::Input(format!("{field}: {trouble}")))
    }

    /// A URL from a file or flag that will be sent a secret.
    ///
    /// # Errors
    /// [`Error::Input`] when the URL breaks the rules; [`Error::Unsupported`] when the host is not trusted.
    pub fn receiver(&self, url: &str, field: &str) -> Result<Endpoint, Error> {
        let endpoint = Endpoint::parse(url, field)?;
        if endpoint.is_loopback() || self.trusts(&endpoint) {
            return Ok(endpoint);
        }
        Err(Error::Unsupported {
            reason: format!("{field}: {} is not a host of Google's, so no secret is sent there", endpoint.host()),
            hint: Some(format!("if you trust it: export GAUTH_ALLOW_HOSTS={}", endpoint.host())),
        })
    }

    fn trusts(&self, endpoint: &Endpoint) -> bool {
        let host = endpoint.host();
        (endpoint.is_google() && endpoint.default_port)
            || self.allowed.iter().any(|allowed| {
                if allowed.starts_with('.') { host.ends_with(allowed.as_str()) } else { host == allowed }
            })
    }

    /// Whether a token from there is Google's, or that of a sandbox in Google's place.
    pub(crate) fn is_google(&self, token_uri: &Endpoint) -> bool {
        token_uri.is_google() || (self.sandbox.is_some() && token_uri.is_loopback())
    }

    /// A Google endpoint that no file or flag names: `https://HOST/PATH`, or below the sandbox's URL.
    pub fn google(&self, host: &str, path: &str) -> Endpoint {
        let url = match &self.sandbox {
            Some(sandbox) => format!("{}{path}", sandbox.as_str().trim_end_matches('/')),
            None => format!("https://{host}{path}"),
        };
        Endpoint::read(&url, is_loopback).expect("Google's hosts and a checked sandbox URL are valid")
    }

    /// Google's token endpoint (RFC 6749 §3.2).
    pub fn token(&self) -> Endpoint {
        self.google("oauth2.googleapis.com", "/token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_only_https_or_http_on_loopback() {
        for url in [
            "http://oauth2.googleapis.com/token",
            "HTTP://oauth2.googleapis.com/token",
            "ftp://oauth2.googleapis.com/",
            "file:///etc/passwd",
            "//oauth2.googleapis.com/token",
            "/token",
            "",
            "http://10.0.0.1/",
            "http://[::2]/",
            "http://0.0.0.0/",
            "http://127.1/",
            "http://2130706433/",
            "http://localhost.evil.test/",
        ] {
            assert!(Endpoint::parse(url, "token_uri").is_err(), "{url}");
        }
        for url in [
            "http://127.0.0.1:8080/token",
            "http://127.8.9.1/",
            "http://[::1]:9/token",
            "http://localhost/token",
            "https://oauth2.googleapis.com/token",
        ] {
            assert_eq!(Endpoint::parse(url, "token_uri").unwrap().as_str(), url);
        }
    }

    #[test]
    fn e2_tricks_with_the_host_reach_nobody() {
        let policy = Policy::new(None, None).unwrap();
        for url in [
            "https://oauth2.googleapis.com.evil.test/token",
            "https://evilgoogleapis.com/token",
            "https://googleapis.com/token",
            "https://oauth2.googleapis.com@evil.test/token",
            "https://user:pass@oauth2.googleapis.com/token",
            "https://oauth2.googleapis.com:8443/token",
            "https://oauth2.googleapis.com:/token",
            "https://oauth2.googleapis.com:443:80/token",
            "https://oauth2.googleapis.com./token",
            "https://oauth2.googleapis.com%2eevil.test/token",
            "https://evil.test\\.googleapis.com/token",
            "https://evil.test/\\oauth2.googleapis.com",
            "https://evil.test#.googleapis.com/",
            "https://evil.test?.googleapis.com/",
            "https://oauth2.googleapis.com\u{ff0e}evil.test/",
            "https://oauth2.googleapis.com\n.evil.test/",
            "https://[2001:db8::1]/token",
            "https://[::1/token",
            "https://.googleapis.com/token",
            "https://accounts.google.com.evil.test/",
        ] {
            assert!(policy.receiver(url, "token_uri").is_err(), "{url}");
        }
        for url in [
            "https://OAuth2.GoogleAPIs.com/token",
            "https://oauth2.googleapis.com:443/token",
            "https://accounts.google.com/o/oauth2/token",
            "https://sts.europe-west1.rep.googleapis.com/v1/token",
        ] {
            assert!(policy.receiver(url, "token_uri").is_ok(), "{url}");
        }
    }

    #[test]
    fn a_host_that_the_user_names_is_trusted() {
        let policy = Policy::new(Some("auth.example.test, .corp.test,[2001:db8::1]"), None).unwrap();
        for url in ["https://auth.example.test:8443/t", "https://a.corp.test/t", "https://[2001:db8::1]/t"] {
            assert!(policy.receiver(url, "token_uri").is_ok(), "{url}");
        }
        for url in ["https://x.auth.example.test/t", "https://corp.test/t"] {
            let error = policy.receiver(url, "token_uri").unwrap_err();
            assert!(error.hint().unwrap().contains("GAUTH_ALLOW_HOSTS="), "{url}");
        }
    }

    #[test]
    fn the_sandbox_moves_google_and_must_be_loopback() {
        for url in ["https://example.test", "http://127.0.0.1:4711/?x=1"] {
            assert!(Policy::new(None, Some(url)).is_err(), "{url}");
        }
        let policy = Policy::new(None, Some("http://127.0.0.1:4711")).unwrap();
        assert_eq!(policy.token().as_str(), "http://127.0.0.1:4711/token");
        let policy = Policy::new(None, None).unwrap();
        assert_eq!(policy.token().as_str(), "https://oauth2.googleapis.com/token");
    }
}
