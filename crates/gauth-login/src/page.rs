//! The static pages for the browser. They never repeat anything of a request, and the headers forbid everything that the
//! page does not need.

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The grant is on disk.
    LoggedIn,
    /// Consent was refused, or something went wrong after it.
    Failed,
    /// The login was answered before.
    Over,
    /// The right place, but not the answer to this login.
    NotThisLogin,
    /// The answer to this login, but from a browser of another user.
    OtherUser,
    /// Not HTTP, not addressed to this host, or repeated headers.
    Malformed,
    /// Not a navigation, but a script or an image of another page (Fetch Metadata).
    NotNavigated,
    NotFound,
    LineTooLong,
    HeadersTooLong,
    /// Too many connections at once.
    Busy,
}

impl Page {
    fn status(self) -> &'static str {
        match self {
            Self::LoggedIn => "200 OK",
            Self::Failed | Self::NotThisLogin | Self::Malformed => "400 Bad Request",
            Self::Over => "410 Gone",
            Self::NotNavigated | Self::OtherUser => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::LineTooLong => "414 URI Too Long",
            Self::HeadersTooLong => "431 Request Header Fields Too Large",
            Self::Busy => "503 Service Unavailable",
        }
    }

    /// Sign, heading and sentence.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::LoggedIn => {
                ("✓", "You are logged in", "The grant is saved. You can close this page and go back to the terminal.")
            }
            Self::Failed => ("✕", "The login failed", "Nothing was saved. The terminal says why."),
            Self::Over => ("✓", "Already done", "This login has been answered. The terminal says how it ended."),
            Self::NotThisLogin => {
                ("?", "Not this login", "This page belongs to another login. The program keeps waiting for its own.")
            }
            Self::OtherUser => (
                "?",
                "Another user",
                "This browser and gauth-login run as different users. If both are yours, paste the address of this page into the terminal.",
            ),
            Self::Busy => {
                ("?", "Too many requests", "Load this page again in a moment, or paste its address into the terminal.")
            }
            _ => ("?", "Nothing here", "gauth-login waits for the consent page to come back, and for nothing else."),
        }
    }

    /// The whole response, after which the connection is closed.
    pub(crate) fn response(self) -> String {
        let (sign, heading, sentence) = self.words();
        let class = if self == Self::LoggedIn { "good" } else { "other" };
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>gauth-login: {heading}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main class=\"{class}\">\n\
             <p class=\"sign\" aria-hidden=\"true\">{sign}</p>\n<h1>{heading}</h1>\n<p>{sentence}</p>\n\
             </main>\n</body>\n</html>\n"
        );
        format!(
            "HTTP/1.1 {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
             Content-Security-Policy: default-src 'none'; style-src '{STYLE_HASH}'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'\r\n\r\n{body}",
            self.status(),
            body.len(),
        )
    }
}

/// The only style that the Content-Security-Policy allows.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f4f6f8;color:#1c2126;\
font:17px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
main{background:#fff;border-radius:20px;padding:40px 48px;margin:24px;max-width:26em;text-align:center;\
box-shadow:0 1px 3px rgba(0,0,0,.12),0 8px 32px rgba(0,0,0,.06)}\
.sign{width:64px;height:64px;line-height:64px;margin:0 auto 20px;border-radius:50%;font-size:32px;color:#fff;\
background:#8a3b2f}\
.good .sign{background:#1d7a46}\
h1{font-size:26px;font-weight:600;line-height:1.25;margin:0 0 12px}\
p{margin:0}\
@media(prefers-color-scheme:dark){body{background:#14171a;color:#e6e9ec}main{background:#1f2428;box-shadow:none}}";

/// CSP Level 3 §2.3.1: the SHA-256 of [`STYLE`].
const STYLE_HASH: &str = "sha256-fSfE3fwoyWtyUkB6PH5wAEC5jn5N9KyyAVwX1uzwvFQ=";

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use ring::digest::{SHA256, digest};

    use super::*;

    #[test]
    fn c11_the_style_is_the_one_that_the_policy_lets_in() {
        let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        assert_eq!(STYLE_HASH, format!("sha256-{hash}"));
    }

    #[test]
    fn c11_every_page_forbids_storing_sniffing_scripts_and_referrers() {
        for page in [Page::LoggedIn, Page::Failed, Page::Over, Page::NotFound] {
            let response = page.response();
            let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
            for line in [
                "Cache-Control: no-store",
                "X-Content-Type-Options: nosniff",
                "Referrer-Policy: no-referrer",
                "Content-Security-Policy: default-src 'none';",
                &format!("Content-Length: {}", body.len()),
            ] {
                assert!(head.contains(line), "{page:?} lacks {line}");
            }
            assert!(!body.contains("<script"));
        }
    }
}
