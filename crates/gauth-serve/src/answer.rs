//! A response as bytes (RFC 9112 §4). Each one says that it is from a metadata server and must not be stored.

use http::StatusCode;

/// What is answered. The body may hold a token, so there is no `Debug`.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    content_type: &'static str,
    body: String,
}

impl Answer {
    /// As Google's: text without a line end if it is one value.
    pub(crate) fn text(body: impl Into<String>) -> Self {
        Self { status: StatusCode::OK, content_type: "application/text", body: body.into() }
    }

    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self { status: StatusCode::OK, content_type: "application/json", body: value.to_string() }
    }

    /// A refusal, for anybody to read: no reason of a server or a file.
    pub(crate) fn refusal(status: StatusCode, why: &str) -> Self {
        Self { status, content_type: "text/plain", body: format!("{why}\n") }
    }

    /// The whole response, for HEAD without its body.
    pub(crate) fn to_bytes(&self, with_body: bool, closes: bool) -> Vec<u8> {
        let allow = if self.status == StatusCode::METHOD_NOT_ALLOWED { "Allow: GET, HEAD\r\n" } else { "" };
        let connection = if closes { "Connection: close\r\n" } else { "" };
        let body = if with_body { self.body.as_str() } else { "" };
        format!(
            "HTTP/1.1 {} {}\r\nMetadata-Flavor: Google\r\nServer: gauth-serve\r\nCache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\nContent-Type: {}\r\nContent-Length: {}\r\n{allow}{connection}\r\n{body}",
            self.status.as_u16(),
            self.status.canonical_reason().unwrap_or_default(),
            self.content_type,
            self.body.len(),
        )
        .into_bytes()
    }
}
