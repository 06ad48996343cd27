//! The revocation endpoint, `POST /revoke` (RFC 7009, with Google's 400 for tokens that are no longer valid).

use hyper::Method;
use serde_json::json;

use crate::http::{OAuthError, Request, Response, not_found};
use crate::oauth::form::Form;
use crate::oauth::google::{Google, now};
use crate::oauth::grants::Unrevocable;

pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    // The documented forms: POST with the token in the query or in a form; the older address accepts GET, too.
    let is_old = request.uri().path() == "/o/oauth2/revoke";
    if request.method() != Method::POST && !(is_old && request.method() == Method::GET) {
        return not_found(request.uri().path());
    }
    OAuthError::or(revoke(google, request).map(|()| json!({})))
}

fn revoke(google: &Google, request: &Request) -> Result<(), OAuthError> {
    let form = match request.uri().query() {
        Some(query) if request.body().is_empty() => Form::parse(query.as_bytes())?,
        _ => Form::of_body(request)?,
    };
    form.only(&["token", "token_type_hint"])?;
    let token = form.required("token")?;
    google.grants().revoke(token, now()).map_err(|reason| match reason {
        Unrevocable::Dead => OAuthError::new("invalid_token", "Token expired or revoked"),
        Unrevocable::ServiceAccount => OAuthError::invalid_request("Token is not revocable."),
    })
}
