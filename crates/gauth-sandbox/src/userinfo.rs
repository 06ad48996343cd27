//! `/v1/userinfo`: who the bearer of a token is (OpenID Connect Core §5.3).

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::google::{Google, now};
use crate::http::{OAuthError, Request, Response, bearer, challenge, json, not_found};
use crate::scopes;

pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    if ![Method::GET, Method::POST].contains(request.method()) {
        return not_found(request.uri().path());
    }
    let grants = google.grants();
    let Some(token) = bearer(request).and_then(|token| grants.access_token(token, now())) else {
        let mut error = OAuthError::new("invalid_request", "Invalid Credentials");
        error.status = 401;
        return challenge(error.response(), "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"");
    };
    let holder = &token.holder;
    if !holder.scopes.iter().any(|scope| scopes::is_identity(scope)) {
        let mut error = OAuthError::new("insufficient_scope", "Request had insufficient authentication scopes.");
        error.status = 403;
        return challenge(
            error.response(),
            "Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\"",
        );
    }
    let account = holder.account.as_str();
    let mut info = Map::new();
    info.insert("sub".into(), google.subject(account).into());
    if scopes::has_profile(&holder.scopes) {
        let name = account.split('@').next().unwrap_or_default();
        info.insert("name".into(), name.into());
        info.insert("given_name".into(), name.into());
    }
    if scopes::has_email(&holder.scopes) {
        info.insert("email".into(), account.into());
        info.insert("email_verified".into(), json!(true));
    }
    json(200, &Value::Object(info))
}
