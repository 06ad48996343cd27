//! The revocation endpoint, `POST /revoke` (RFC 7009, with Google's 400 for tokens that are dead already).

use hyper::Method;
use serde_json::json;

use crate::form::Form;
use crate::google::{Google, now};
use crate::grants::Unrevocable;
use crate::http::{OAuthError, Request, Response, json, not_found};

pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    if request.method() != Method::POST {
        return not_found(request.uri().path());
    }
    match revoke(google, request) {
        Ok(()) => json(200, &json!({})),
        Err(error) => error.response(),
    }
}

fn revoke(google: &Google, request: &Request) -> Result<(), OAuthError> {
    let form = Form::of_body(request)?;
    form.only(&["token", "token_type_hint"])?;
    let token = form.required("token")?;
    google.grants().revoke(token, now()).map_err(|reason| match reason {
        Unrevocable::Dead => OAuthError::new("invalid_token", "Token expired or revoked"),
        Unrevocable::ServiceAccount => OAuthError::new("invalid_request", "Token is not revocable."),
    })
}
