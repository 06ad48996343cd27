//! Which requests are answered at all. A page in the user's browser can send requests to this port, and with DNS rebinding
//! even read the answers; such a request has another `Host`, headers of browsers or proxies, or lacks `Metadata-Flavor`.

use gauth_cli::loopback::head::{Head, HeadError};
use gauth_core::form;
use http::StatusCode;

use crate::answer::Answer;

/// Browsers and proxies add these to requests; Google's clients do not.
const FOREIGN: [&str; 5] = ["forwarded", "origin", "referer", "sec-fetch-site", "via"];

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    query: Vec<(String, String)>,
}

impl Asked {
    /// Reads a request; `hosts` are the names of this server.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) fn read(head: &Head, hosts: &[String]) -> Result<Self, Refusal> {
        let host = head.header("host");
        let is_own = |value: &[u8]| hosts.iter().any(|own| own.as_bytes() == value);
        if host.len() != 1 || !is_own(host[0]) {
            return Err(Refusal(StatusCode::FORBIDDEN, "Host is not this server's"));
        }
        let is_foreign = |name: &str| {
            let name = name.to_ascii_lowercase();
            FOREIGN.contains(&name.as_str()) || name.starts_with("x-forwarded-")
        };
        if head.header_names().any(is_foreign) {
            return Err(Refusal(StatusCode::FORBIDDEN, "not for browsers and proxies"));
        }
        match head.method.as_str() {
            "GET" | "HEAD" => {}
            "OPTIONS" => return Err(Refusal(StatusCode::FORBIDDEN, "not for other origins")),
            _ => return Err(Refusal(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD")),
        }
        let (path, query) = head.target.split_once('?').unwrap_or((&head.target, ""));
        if path != "/" && head.header("metadata-flavor") != [b"Google"] {
            return Err(Refusal(StatusCode::FORBIDDEN, "missing header Metadata-Flavor: Google"));
        }
        let query = form::decode(query).ok_or(Refusal(StatusCode::BAD_REQUEST, "malformed query"))?;
        Ok(Self { path: path.to_owned(), query })
    }

    /// All values of this parameter.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The parameter's first value.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Why a request is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) StatusCode, pub(crate) &'static str);

impl From<HeadError> for Refusal {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::LineTooLong => Self(StatusCode::URI_TOO_LONG, "request line too long"),
            HeadError::HeadersTooLong => Self(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers too long"),
            HeadError::Malformed => Self(StatusCode::BAD_REQUEST, "malformed request"),
        }
    }
}

impl From<Refusal> for Answer {
    fn from(Refusal(status, why): Refusal) -> Self {
        Self::refusal(status, why)
    }
}

#[cfg(test)]
mod tests {
    use gauth_cli::loopback::head;

    use super::*;

    const HOST: &str = "Host: 127.0.0.1:4711\r\n";
    const FLAVOR: &str = "Metadata-Flavor: Google\r\n";

    fn ask(line: &str, headers: &str) -> Result<Asked, u16> {
        let head = head::read(format!("{line} HTTP/1.1\r\n{headers}\r\n").as_bytes()).unwrap().unwrap();
        Asked::read(&head, &["127.0.0.1:4711".to_owned()]).map_err(|Refusal(status, _)| status.as_u16())
    }

    #[test]
    fn i2_only_the_exact_host_is_answered() {
        for headers in [
            "",
            "Host: evil.test\r\n",
            "Host: evil.test:4711\r\n",
            "Host: localhost:4711\r\n",
            "Host: 127.0.0.1\r\n",
            "Host: 127.0.0.1:4712\r\n",
            "Host: 127.0.0.1:4711.evil.test\r\n",
            "Host: user@127.0.0.1:4711\r\n",
            "Host: metadata.google.internal\r\n",
            "Host: 127.0.0.1:4711\r\nHost: evil.test\r\n",
            "Host: 127.0.0.1:4711\r\nHost: 127.0.0.1:4711\r\n",
        ] {
            assert_eq!(ask("GET /", &format!("{headers}{FLAVOR}")), Err(403), "{headers}");
        }
        assert!(ask("GET /", HOST).is_ok());
    }

    #[test]
    fn i3_everything_but_the_root_requires_the_header() {
        for (headers, is_answered) in [
            ("", false),
            ("Metadata-Flavor: google\r\n", false),
            ("Metadata-Flavor: \r\n", false),
            ("Metadata-Flavor: Google, Google\r\n", false),
            ("Metadata-Flavor: Google\r\nMetadata-Flavor: Google\r\n", false),
            ("X-Google-Metadata-Request: True\r\n", false),
            ("metadata-flavor:Google\r\n", true),
            ("METADATA-FLAVOR:  Google \r\n", true),
        ] {
            let answered = ask("GET /computeMetadata/v1/", &format!("{HOST}{headers}"));
            assert_eq!(answered.is_ok(), is_answered, "{headers}");
        }
    }

    #[test]
    fn i4_browsers_and_proxies_are_refused() {
        for header in [
            "Origin: null",
            "Referer: http://127.0.0.1:4711/",
            "Sec-Fetch-Site: same-origin",
            "X-Forwarded-For: 10.0.0.1",
            "X-Forwarded-Host: a",
            "x-forwarded-for: ",
            "Forwarded: for=a",
            "Via: 1.1 proxy",
        ] {
            assert_eq!(ask("GET /", &format!("{HOST}{FLAVOR}{header}\r\n")), Err(403), "{header}");
        }
        assert_eq!(ask("OPTIONS /", &format!("{HOST}{FLAVOR}")), Err(403));
    }

    #[test]
    fn i9_only_get_and_head_are_answered_and_broken_queries_are_not() {
        for method in ["POST", "PUT", "DELETE", "CONNECT", "TRACE", "get"] {
            assert_eq!(ask(&format!("{method} /"), HOST), Err(405), "{method}");
        }
        assert_eq!(ask("GET /?a=%zz", HOST), Err(400));
        let asked = ask("HEAD /?a=%2Fb%2Cc&d&a=e+f", HOST).unwrap();
        assert_eq!((asked.values("a").collect::<Vec<_>>(), asked.value("d")), (vec!["/b,c", "e f"], Some("")));
    }

    #[test]
    fn i2_i3_i4_i9_a_request_is_answered_only_if_all_guards_pass() {
        let mut answered = 0;
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            for path in ["/", "/computeMetadata/v1/", "//", "/?a"] {
                for (host, is_own) in [(HOST, true), ("Host: evil.test:4711\r\n", false), ("", false)] {
                    for (flavor, is_marked) in [(FLAVOR, true), ("Metadata-Flavor: x\r\n", false), ("", false)] {
                        for foreign in ["", "Origin: a\r\n", "via: a\r\n", "X-Forwarded-Proto: a\r\n"] {
                            let passes = is_own
                                && foreign.is_empty()
                                && ["GET", "HEAD"].contains(&method)
                                && (is_marked || ["/", "/?a"].contains(&path));
                            let asked = ask(&format!("{method} {path}"), &format!("{flavor}{host}{foreign}"));
                            assert_eq!(asked.is_ok(), passes, "{method} {path} {host}{flavor}{foreign}");
                            answered += usize::from(passes);
                        }
                    }
                }
            }
        }
        assert_eq!(answered, 2 * (2 * 3 + 2));
    }
}
