//! The shapes that endpoints answer in: JSON as Google prints it, OAuth errors (RFC 6749 §5.2), API errors
//! (`google.rpc.Status`), HTML pages and redirects. Compression, `Date` and faults come later, in `server`.

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use crate::api::Body;

pub(crate) type Request = hyper::Request<Bytes>;
pub(crate) type Response = hyper::Response<Body>;

pub(crate) fn response(status: u16, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().expect("statuses are constants or checked when a fault is read");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Indented JSON that nobody may keep (RFC 6749 §5.1).
pub(crate) fn json(status: u16, value: &Value) -> Response {
    let body = format!("{value:#}\n").into_bytes();
    let mut response = response(status, "application/json; charset=utf-8", Body::Bytes(body));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(crate) fn html(status: u16, page: String) -> Response {
    response(status, "text/html; charset=utf-8", Body::Bytes(page.into_bytes()))
}

/// The HTML that Google's front end answers unknown paths and wrong verbs with.
pub(crate) fn not_found(path: &str) -> Response {
    let path = escape(path);
    html(
        404,
        format!(
            "<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)!!1</title>\n<p><b>404.</b> That’s an \
             error.\n<p>The requested URL <code>{path}</code> was not found on this server. That’s all we know.\n"
        ),
    )
}

pub(crate) fn redirect(location: &str) -> Response {
    let mut response = response(302, "text/html; charset=utf-8", Body::Bytes(Vec::new()));
    let location = HeaderValue::from_str(location)
        .expect("a redirect URI was checked for stray characters, what is added to it is encoded");
    response.headers_mut().insert(LOCATION, location);
    response
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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

    pub(crate) fn response(&self) -> Response {
        json(self.status, &json!({"error": self.error, "error_description": self.description}))
    }
}

/// `google.rpc.Status` as JSON.
pub(crate) fn api_error(code: u16, message: &str, status: &str, details: &[Value]) -> Response {
    let mut error = json!({"code": code, "message": message, "status": status});
    if !details.is_empty() {
        error["details"] = details.into();
    }
    json(code, &json!({ "error": error }))
}

/// A 401 of an API, with the challenge of RFC 6750 §3.
pub(crate) fn unauthenticated(mut response: Response, challenge: &'static str) -> Response {
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(request: &Request) -> Option<&str> {
    let header = request.headers().get("authorization")?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' ')).filter(|token| !token.is_empty())
}
