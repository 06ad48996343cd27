//! The requests and responses of the server, and the forms of answers that all endpoints share: JSON, OAuth errors (RFC
//! 6749 §5.2), HTML pages and redirects. Compression, `Date` and faults are added by `server`.

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use serde_json::{Value, json};

pub(crate) type Request = hyper::Request<Bytes>;
pub(crate) type Response = hyper::Response<Body>;

/// A short body whole, a long one in pieces that are computed while they are sent.
pub(crate) enum Body {
    Bytes(Vec<u8>),
    Stream(Box<dyn FnOnce(Sink<'_>) + Send>),
}

/// Sends a piece; false when nobody receives it any more.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(Vec<u8>) -> bool;

pub(crate) fn response(status: u16, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().expect("statuses are constants or checked when a fault is read");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(crate) fn text(status: u16, content_type: &'static str, text: &str) -> Response {
    response(status, content_type, Body::Bytes(text.into()))
}

/// Indented JSON that must not be cached (RFC 6749 §5.1).
pub(crate) fn json(status: u16, value: &Value) -> Response {
    let mut response = text(status, "application/json; charset=utf-8", &format!("{value:#}\n"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(crate) fn html(status: u16, page: &str) -> Response {
    text(status, "text/html; charset=utf-8", page)
}

/// The HTML with which Google's front end answers unknown paths and wrong methods.
pub(crate) fn not_found(path: &str) -> Response {
    let path = escape(path);
    let page = format!(
        "<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)!!1</title>\n<p><b>404.</b> That’s an error.\n\
         <p>The requested URL <code>{path}</code> was not found on this server. That’s all we know.\n"
    );
    html(404, &page)
}

pub(crate) fn redirect(location: &str) -> Response {
    let mut response = html(302, "");
    let location = HeaderValue::from_str(location)
        .expect("a redirect URI was checked for stray characters, what is added to it is encoded");
    response.headers_mut().insert(LOCATION, location);
    response
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A refusal with the challenge of RFC 6750 §3.
pub(crate) fn challenge(mut response: Response, challenge: &'static str) -> Response {
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(request: &Request) -> Option<&str> {
    let header = request.headers().get("authorization")?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' ')).filter(|token| !token.is_empty())
}

/// An error of the token, revocation and tokeninfo endpoints.
#[derive(Debug, PartialEq)]
pub(crate) struct OAuthError {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) description: String,
}

impl OAuthError {
    pub(crate) fn new(error: &'static str, description: impl Into<String>) -> Self {
        let status = if error == "invalid_client" || error == "unauthorized_client" { 401 } else { 400 };
        Self { status, error, description: description.into() }
    }

    pub(crate) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn response(&self) -> Response {
        json(self.status, &json!({"error": self.error, "error_description": self.description}))
    }

    /// The answer of an endpoint.
    pub(crate) fn or(result: Result<Value, Self>) -> Response {
        result.map_or_else(|error| error.response(), |value| json(200, &value))
    }
}
