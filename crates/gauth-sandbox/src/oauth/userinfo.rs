//! `/v1/userinfo`: the user of a token (OpenID Connect Core §5.3); and the older form from before OpenID Connect, which
//! many clients still use.

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::http::{OAuthError, Request, Response, bearer, challenge, json, not_found};
use crate::oauth::google::{Google, now};
use crate::oauth::scopes;

pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    match lookup(google, request) {
        Ok(info) => json(200, &Value::Object(info)),
        Err(refusal) => *refusal,
    }
}

/// In versions 1 and 2 two names differ.
pub(crate) fn answer_in_the_old_form(google: &Google, request: &Request) -> Response {
    let rename = |name: String| match name.as_str() {
        "sub" => "id".to_owned(),
        "email_verified" => "verified_email".to_owned(),
        _ => name,
    };
    match lookup(google, request) {
        Ok(info) => json(200, &info.into_iter().map(|(name, value)| (rename(name), value)).collect()),
        Err(refusal) => *refusal,
    }
}

fn lookup(google: &Google, request: &Request) -> Result<Map<String, Value>, Box<Response>> {
    if ![Method::GET, Method::POST].contains(request.method()) {
        return Err(not_found(request.uri().path()).into());
    }
    let refuse = |status: u16, error: &'static str, text: &str, header: &'static str| {
        let mut error = OAuthError::new(error, text);
        error.status = status;
        Err(challenge(error.response(), header).into())
    };
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let in_query = query.into_owned().find(|(name, _)| name == "access_token").map(|(_, token)| token);
    let grants = google.grants();
    let token = bearer(request).or(in_query.as_deref()).and_then(|token| grants.access_token(token, now()));
    let Some(token) = token else {
        return refuse(
            401,
            "invalid_request",
            "Invalid Credentials",
            "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"",
        );
    };
    let holder = &token.holder;
    if !holder.scopes.iter().any(|scope| scopes::is_identity(scope)) {
        return refuse(
            403,
            "insufficient_scope",
            "Request had insufficient authentication scopes.",
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
    Ok(info)
}
