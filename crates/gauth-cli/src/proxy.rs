//! Which proxy a request uses, and what the proxy's failures mean, for both HTTP clients: `HTTPS_PROXY`, `ALL_PROXY` and
//! `NO_PROXY` in both spellings, as curl reads them; CONNECT as in RFC 9110 §9.3.6. Loopback and metadata servers are always
//! reached directly. An invalid value is an error, never ignored.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use http::Uri;

use crate::environment;
use crate::exit::{Failure, Kind};

/// A proxy that tunnels to a host.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Scheme, perhaps user name and password, host and port.
    url: String,
    /// Host, and port if one is given.
    authority: String,
    variable: String,
    target: String,
}

impl Proxy {
    /// The proxy for a request to `target`; `None` means directly.
    pub fn for_target(target: &Uri) -> Result<Option<Self>, Failure> {
        choose(target, &environment::secret)
    }

    /// For an HTTP client only: it may hold a password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The failure of a CONNECT with a status other than 200; `what` is the request.
    pub fn refused(&self, what: &str, status: u16) -> Failure {
        let kind = match status {
            403 | 407 => Kind::Refused,
            408 | 429 | 500..=599 => Kind::Temporary,
            _ => Kind::Failed,
        };
        let failure = Failure::new(kind, format!("{what}: {self} returned {status}"));
        match status {
            403 => failure.hint(format!("run export NO_PROXY={} to bypass the proxy", self.target)),
            407 => failure.hint(format!(
                "put the user name and password, percent-encoded, into {}: http://USER:PASSWORD@{}",
                self.variable, self.authority
            )),
            _ => failure,
        }
    }

    /// The proxy refused with an unknown status.
    pub fn gave_no_tunnel(&self, what: &str) -> Failure {
        Failure::new(Kind::Temporary, format!("{what}: {self} opened no tunnel"))
    }

    /// The proxy closed the connection without a response to CONNECT.
    pub fn closed(&self, what: &str) -> Failure {
        Failure::new(Kind::Temporary, format!("{what}: {self} closed the connection"))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {}", self.authority)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

type Lookup<'a> = &'a dyn Fn(&str) -> Result<Option<String>, Failure>;

fn choose(target: &Uri, lookup: Lookup<'_>) -> Result<Option<Proxy>, Failure> {
    let host = target.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    // Plain http is used only for loopback and metadata servers.
    if target.scheme_str() != Some("https") || is_loopback(host) {
        return Ok(None);
    }
    let Some((variable, value)) = first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"], lookup)? else {
        return Ok(None);
    };
    if first(&["no_proxy", "NO_PROXY"], lookup)?.is_some_and(|(_, list)| is_listed(host, &list)) {
        return Ok(None);
    }
    let (url, authority) = read(&value).map_err(|reason| {
        Failure::usage(format!("{variable}: {reason}")).hint(format!(
            "use http://HOST:PORT or http://USER:PASSWORD@HOST:PORT in {variable}, with % and two hexadecimal digits for special characters (%23 for #)"
        ))
    })?;
    Ok(Some(Proxy { url, authority, variable: variable.to_owned(), target: host.to_owned() }))
}

/// The first of these variables that is set.
fn first<'a>(names: &[&'a str], lookup: Lookup<'_>) -> Result<Option<(&'a str, String)>, Failure> {
    for name in names {
        if let Some(value) = lookup(name)? {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `*`, or a host, or a domain with or without a leading dot that takes in every host below it.
fn is_listed(host: &str, list: &str) -> bool {
    list.split([',', ' ', '\t'])
        .map(|entry| entry.trim_start_matches('.').to_ascii_lowercase())
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            entry == "*" || host == entry || host.strip_suffix(entry.as_str()).is_some_and(|rest| rest.ends_with('.'))
        })
}

/// A proxy's URL and its host with the port. The two HTTP clients read unusual URLs differently (for one, the text before a
/// `#` in a password is the host), so both get only URLs with one reading. The value is never shown: it may hold a
/// password.
fn read(value: &str) -> Result<(String, String), &'static str> {
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return Err("expected an http or https proxy");
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (user, authority) = match rest.rsplit_once('@') {
        Some((user, authority)) => (Some(user), authority),
        None => (None, rest),
    };
    if user.is_some_and(|user| !is_percent_encoded(user)) {
        return Err("the user name or password contains a character that must be percent-encoded");
    }
    let (host, port) = split_port(authority).ok_or("expected a host and perhaps a port")?;
    if port.is_some_and(|port| port.starts_with('+') || !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return Err("the port is not a number from 1 to 65535");
    }
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let authority = format!("{}{port}", host.to_ascii_lowercase());
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    Ok((format!("{scheme}://{user}{authority}"), authority))
}

/// A plain name or address (IPv6 in brackets), and the text after a colon.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at(end);
    let is_name = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => is_name(host),
    };
    match port.strip_prefix(':') {
        _ if !is_host => None,
        None if port.is_empty() => Some((host, None)),
        port => port.map(|port| (host, Some(port))),
    }
}

/// RFC 3986 §3.2.1; a colon separates user name and password.
fn is_percent_encoded(user: &str) -> bool {
    let mut rest = user.bytes();
    while let Some(byte) = rest.next() {
        let good = match byte {
            b'%' => [rest.next(), rest.next()].iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(&byte),
        };
        if !good {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(target: &str, variables: &[(&str, &str)]) -> Result<Option<Proxy>, Failure> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        };
        choose(&target.parse().unwrap(), &lookup)
    }

    #[test]
    fn f9_the_proxy_is_that_of_the_variables_and_never_for_this_machine() {
        let google = "https://oauth2.googleapis.com/token";
        for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            for (value, url) in [
                ("http://p:1", "http://p:1"),
                ("p:1", "http://p:1"),
                ("HTTPS://P.test/", "https://p.test"),
                ("u:p%40ss@[::1]:3128", "http://u:p%40ss@[::1]:3128"),
                ("http://u@10.0.0.1", "http://u@10.0.0.1"),
            ] {
                let proxy = chosen(google, &[(name, value)]).unwrap().unwrap();
                assert_eq!(proxy.url(), url);
                assert!(!format!("{proxy} {proxy:?}").contains('u'), "{proxy}");
            }
        }
        let both = [("ALL_PROXY", "a"), ("HTTPS_PROXY", "b"), ("https_proxy", "c")];
        assert_eq!(chosen(google, &both).unwrap().unwrap().url(), "http://c");
        for direct in [
            "http://127.0.0.1:8/token",
            "https://localhost/token",
            "http://[::1]:8/",
            "http://metadata.google.internal/",
            "http://169.254.169.254/",
            "http://[fd20:ce::254]/",
        ] {
            assert_eq!(chosen(direct, &[("https_proxy", "http://p:1")]).unwrap(), None, "{direct}");
        }
    }

    #[test]
    fn f9_no_proxy_takes_hosts_and_domains() {
        for (list, direct) in [
            ("*", true),
            ("oauth2.googleapis.com", true),
            ("googleapis.com", true),
            (".googleapis.com", true),
            ("example.test, googleapis.com ", true),
            ("a.test oauth2.googleapis.com\tb.test", true),
            ("apis.com", false),
            ("www.googleapis.com", false),
            ("", false),
        ] {
            for name in ["no_proxy", "NO_PROXY"] {
                let set = [("https_proxy", "http://p:1"), (name, list)];
                let proxy = chosen("https://oauth2.googleapis.com/", &set).unwrap();
                assert_eq!(proxy.is_none(), direct, "{list}");
            }
        }
    }

    #[test]
    fn f9_a_malformed_proxy_is_an_error_that_names_the_variable_and_not_the_value() {
        for value in [
            "::bad",
            "http://",
            "socks5://canary:1",
            "http://user:canary@",
            "http://user:ca#nary@p:1",
            "http://user:ca/nary@p:1",
            "http://user:ca?nary@p:1",
            "http://user:ca nary@p:1",
            "http://user:ca@nary@p:1",
            "http://user:canary%2@p:1",
            "http://user:canary%zz@p:1",
            "http://canary.test:port",
            "http://canary.test:65536",
            "http://canary.test:+1",
            "http://canary.test:0",
            "http://canary.test:",
            "http://canary.test/path",
            "http://[canary]:1",
            "http://::1:1",
            "http://can\u{e4}ry:1",
        ] {
            for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                let failure = chosen("https://a.test/", &[(name, value)]).unwrap_err();
                assert!(failure.to_string().starts_with(&format!("{name}: ")), "{failure}");
                assert!(!format!("{failure} {:?}", failure.hints()).contains("nary"), "{failure}");
                assert_eq!(failure.kind(), Kind::Usage);
            }
        }
    }

    #[test]
    fn f9_each_status_of_a_proxy_has_one_meaning() {
        let proxy = chosen("https://a.test/", &[("https_proxy", "http://u:canary@p:1")]).unwrap().unwrap();
        for (status, kind) in [
            (407, Kind::Refused),
            (403, Kind::Refused),
            (500, Kind::Temporary),
            (502, Kind::Temporary),
            (503, Kind::Temporary),
            (429, Kind::Temporary),
            (302, Kind::Failed),
            (400, Kind::Failed),
            (405, Kind::Failed),
        ] {
            let failure = proxy.refused("ask", status);
            assert_eq!((failure.kind(), failure.to_string()), (kind, format!("ask: the proxy p:1 returned {status}")));
            assert!(!failure.hints().concat().contains("canary"));
            assert!(failure.hints().iter().all(|hint| gauth_text::redacted(hint) == *hint), "{:?}", failure.hints());
        }
        assert_eq!(proxy.closed("ask").kind(), Kind::Temporary);
    }
}
