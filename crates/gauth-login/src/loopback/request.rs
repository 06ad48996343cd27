//! The one request that is let through, judged strictly (RFC 9112, and Fetch Metadata Request Headers): a GET of the
//! redirect URI's exact path with this login's `state`, addressed to its exact host, by somebody who goes to a page. The
//! exact host is what keeps out other sites whose name was made to lead here (DNS rebinding).

use anyhow::Context as _;
use gauth_cli::loopback::head::{self, Head, HeadError};
use gauth_core::{Secret, authorization};

use crate::page::Page;

/// What a request must be addressed to, and carry.
pub(super) struct Expected {
    /// As a browser writes it into `Host`: without the port if it is 80.
    host: String,
    path: String,
    state: Secret,
}

impl Expected {
    pub(super) fn of(redirect_uri: &str, state: Secret) -> anyhow::Result<Self> {
        let uri: http::Uri = redirect_uri.parse().context("cannot read the redirect URI")?;
        let authority = uri.authority().context("cannot read the redirect URI: it has no host")?;
        let host = match uri.port_u16() {
            Some(80) => authority.host(),
            _ => authority.as_str(),
        };
        Ok(Self { host: host.to_ascii_lowercase(), path: uri.path().to_owned(), state })
    }

    /// The query, as soon as the head of a request is whole; `None` before. `Err` is the page that refuses it.
    pub(super) fn judge(&self, head: &[u8]) -> Result<Option<String>, Page> {
        match head::read(head) {
            Ok(Some(head)) => self.judge_request(&head).map(Some),
            Ok(None) => Ok(None),
            Err(HeadError::LineTooLong) => Err(Page::LineTooLong),
            Err(HeadError::HeadersTooLong) => Err(Page::HeadersTooLong),
            Err(HeadError::Malformed) => Err(Page::Malformed),
        }
    }

    fn judge_request(&self, request: &Head) -> Result<String, Page> {
        let is_addressed = request.header("host") == [self.host.as_bytes()];
        if request.minor_version != 1 || !is_addressed {
            return Err(Page::Malformed);
        }
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        if request.method != "GET" || path != self.path {
            return Err(Page::NotFound);
        }
        if request.has_body() {
            return Err(Page::Malformed);
        }
        // Sent by every browser of today, by none of yesterday.
        let is_absent_or = |name: &str, value: &[u8]| {
            let found = request.header(name);
            found.is_empty() || found == [value]
        };
        if !is_absent_or("sec-fetch-mode", b"navigate") || !is_absent_or("sec-fetch-dest", b"document") {
            return Err(Page::NotNavigated);
        }
        if !authorization::has_state(query, &self.state) {
            return Err(Page::NotThisLogin);
        }
        Ok(query.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use gauth_cli::loopback::head::{LONGEST_HEADERS, LONGEST_LINE};

    use super::*;

    const HOST: &str = "Host: 127.0.0.1:4711\r\n";

    fn judge(request: &str) -> Result<Option<String>, Page> {
        let expected = Expected::of("http://127.0.0.1:4711/callback", Secret::new("s")).expect("a good URI");
        expected.judge(request.as_bytes())
    }

    fn get(target: &str, headers: &str) -> Result<Option<String>, Page> {
        judge(&format!("GET {target} HTTP/1.1\r\n{headers}\r\n"))
    }

    #[test]
    fn the_redirect_is_let_through_at_its_last_byte() {
        let request = format!(
            "GET /callback?state=s&code=c HTTP/1.1\r\n{HOST}Sec-Fetch-Site: cross-site\r\n\
             Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n"
        );
        for length in 0..request.len() {
            assert_eq!(judge(&request[..length]), Ok(None), "{length}");
        }
        assert_eq!(judge(&request), Ok(Some("state=s&code=c".to_owned())));
    }

    #[test]
    fn c5_only_one_right_state_is_let_through() {
        for query in
            ["", "?code=c", "?state=", "?state=S", "?state=s&state=s", "?state=x&state=s", "?state=%ff", "?stat=s"]
        {
            assert_eq!(get(&format!("/callback{query}"), HOST), Err(Page::NotThisLogin), "{query}");
        }
        assert_eq!(get("/callback?%73tate=%73", HOST), Ok(Some("%73tate=%73".to_owned())));
    }

    #[test]
    fn c6_other_paths_and_methods_are_not_found() {
        for target in [
            "/",
            "/favicon.ico",
            "/callback/",
            "/callback/../callback",
            "//callback",
            "/%63allback",
            "/Callback?code=c",
        ] {
            assert_eq!(get(target, HOST), Err(Page::NotFound), "{target}");
        }
        for method in ["HEAD", "POST", "OPTIONS", "PUT", "get"] {
            let request = format!("{method} /callback?code=c HTTP/1.1\r\n{HOST}\r\n");
            assert_eq!(judge(&request), Err(Page::NotFound), "{method}");
        }
    }

    #[test]
    fn c6_what_is_not_http_is_refused() {
        for request in [
            "\x16\x03\x01\x02",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET /callback\r\n\r\n",
            "GET /callback HTTP/1.0\r\nHost: 127.0.0.1:4711\r\n\r\n",
            "GET /callback HTTP/1.1\r\nHost : 127.0.0.1:4711\r\n\r\n",
            "GET /callback HTTP/1.1\r\nno header\r\n\r\n",
            "GET /callback HTTP/1.1\r\nHost: 127.0.0.1:4711\r\nContent-Length: 1\r\n\r\n",
        ] {
            assert_eq!(judge(request), Err(Page::Malformed), "{request:?}");
        }
    }

    #[test]
    fn c8_the_host_must_be_exact_and_single() {
        for headers in [
            "",
            "Host: evil.test\r\n",
            "Host: evil.test:4711\r\n",
            "Host: localhost:4711\r\n",
            "Host: 127.0.0.1\r\n",
            "Host: 127.0.0.1:4712\r\n",
            "Host: 127.0.0.1:4711.evil.test\r\n",
            "Host: user@127.0.0.1:4711\r\n",
            "Host: 127.0.0.1:4711\r\nHost: 127.0.0.1:4711\r\n",
            "Host: 127.0.0.1:4711\r\nhost: evil.test\r\n",
        ] {
            assert_eq!(get("/callback?state=s&code=c", headers), Err(Page::Malformed), "{headers:?}");
        }
        let absolute = get("http://127.0.0.1:4711/callback?code=c", HOST);
        assert_eq!(absolute, Err(Page::NotFound));
    }

    #[test]
    fn c9_only_somebody_who_goes_to_the_page_is_let_through() {
        for headers in [
            "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n",
            "Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n",
            "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
            "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Mode: cors\r\n",
            "Sec-Fetch-Dest: script\r\n",
        ] {
            let judged = get("/callback?state=s&code=c", &format!("{HOST}{headers}"));
            assert_eq!(judged, Err(Page::NotNavigated), "{headers:?}");
        }
    }

    #[test]
    fn c19_line_and_headers_are_bounded() {
        let long = |length: usize| format!("/callback?state=s&{}", "x".repeat(length));
        assert!(get(&long(LONGEST_LINE - 100), HOST).is_ok());
        assert_eq!(get(&long(LONGEST_LINE), HOST), Err(Page::LineTooLong));
        assert_eq!(judge(&"x".repeat(LONGEST_LINE + 1)), Err(Page::LineTooLong));
        let header = |length: usize| format!("{HOST}X: {}\r\n", "x".repeat(length));
        assert!(get("/callback?state=s", &header(LONGEST_HEADERS - 100)).is_ok());
        assert_eq!(get("/callback", &header(LONGEST_HEADERS)), Err(Page::HeadersTooLong));
        let many = |count: usize| format!("{HOST}{}", "X: y\r\n".repeat(count));
        assert!(get("/callback?state=s", &many(99)).is_ok());
        assert_eq!(get("/callback", &many(100)), Err(Page::HeadersTooLong));
    }

    #[test]
    fn the_host_of_every_kind_of_redirect_uri_is_what_a_browser_sends() {
        for (uri, host, path) in [
            ("http://127.0.0.1:4711", "127.0.0.1:4711", "/"),
            ("http://[::1]:4711/cb", "[::1]:4711", "/cb"),
            ("http://localhost/cb", "localhost", "/cb"),
            ("http://localhost:80", "localhost", "/"),
            ("http://LocalHost:8080/cb?x=1", "localhost:8080", "/cb"),
        ] {
            let expected = Expected::of(uri, Secret::new("s")).expect("a good URI");
            assert_eq!((expected.host.as_str(), expected.path.as_str()), (host, path));
        }
    }
}
