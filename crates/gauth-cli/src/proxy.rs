//! Which proxy a request goes through: `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` in both spellings, as curl reads them.
//! Loopback and metadata servers are always reached directly. A proxy that cannot be understood is an error, never
//! passed over.

use std::net::IpAddr;

use http::Uri;

use crate::environment;
use crate::exit::Failure;

/// The proxy's URL for a request to `target`; `None` means directly.
pub fn for_target(target: &Uri) -> Result<Option<String>, Failure> {
    let lookup = |name: &str| -> Result<Option<String>, Failure> {
        match environment::secret(name)? {
            Some(value) => Ok(Some(value)),
            None => environment::secret(&name.to_ascii_uppercase()),
        }
    };
    choose(target, &lookup)
}

fn choose(target: &Uri, lookup: &dyn Fn(&str) -> Result<Option<String>, Failure>) -> Result<Option<String>, Failure> {
    let host = target.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    // Plain http is spoken with loopback and metadata servers alone.
    if target.scheme_str() != Some("https") || is_loopback(host) {
        return Ok(None);
    }
    let proxy = match lookup("https_proxy")? {
        Some(proxy) => Some(proxy),
        None => lookup("all_proxy")?,
    };
    let Some(proxy) = proxy else {
        return Ok(None);
    };
    if lookup("no_proxy")?.is_some_and(|list| is_listed(host, &list)) {
        return Ok(None);
    }
    check(&proxy).map(Some)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `*`, or a host, or a domain with or without a leading dot that takes in every host below it.
fn is_listed(host: &str, list: &str) -> bool {
    list.split(',')
        .map(|entry| entry.trim().trim_start_matches('.').to_ascii_lowercase())
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            entry == "*" || host == entry || host.strip_suffix(entry.as_str()).is_some_and(|rest| rest.ends_with('.'))
        })
}

/// Puts `http://` before a bare `host:port`, as curl does. The value is never shown: it may hold a password.
fn check(proxy: &str) -> Result<String, Failure> {
    let url = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    let known = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    match url.parse::<Uri>() {
        Ok(uri) if known(&uri) && uri.host().is_some_and(|host| !host.is_empty()) => Ok(url),
        _ => Err(Failure::usage("read the proxy variables: HTTPS_PROXY or ALL_PROXY is not an http or https URL")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(target: &str, variables: &[(&str, &str)]) -> Result<Option<String>, Failure> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        };
        choose(&target.parse().unwrap(), &lookup)
    }

    #[test]
    fn f9_the_proxy_is_that_of_the_variables_and_never_for_this_machine() {
        let set = [("https_proxy", "http://p:1")];
        let google = "https://oauth2.googleapis.com/token";
        assert_eq!(chosen(google, &set).unwrap().as_deref(), Some("http://p:1"));
        assert_eq!(chosen(google, &[("all_proxy", "p:1")]).unwrap().as_deref(), Some("http://p:1"));
        for direct in [
            "http://127.0.0.1:8/token",
            "https://localhost/token",
            "http://[::1]:8/",
            "http://metadata.google.internal/",
            "http://169.254.169.254/",
            "http://[fd20:ce::254]/",
        ] {
            assert_eq!(chosen(direct, &set).unwrap(), None, "{direct}");
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
            ("apis.com", false),
            ("www.googleapis.com", false),
            ("", false),
        ] {
            let set = [("https_proxy", "http://p:1"), ("no_proxy", list)];
            let proxy = chosen("https://oauth2.googleapis.com/", &set).unwrap();
            assert_eq!(proxy.is_none(), direct, "{list}");
        }
    }

    #[test]
    fn f9_a_malformed_proxy_is_an_error_that_does_not_show_it() {
        for value in ["::bad", "http://", "socks5://canary:1", "http://user:canary@"] {
            let error = chosen("https://a.test/", &[("https_proxy", value)]).unwrap_err();
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
