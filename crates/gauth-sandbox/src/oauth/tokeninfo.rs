//! `/tokeninfo` and its older versions: the meaning of an access token or ID token. The token is a parameter or, to
//! keep it out of URLs, in the `Authorization` header of a POST. All values of the answer are strings.

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::http::{OAuthError, Request, Response, bearer, not_found};
use crate::oauth::form::Form;
use crate::oauth::google::{Google, now};
use crate::oauth::grants::{AccessToken, Kind};
use crate::oauth::jwt::Jwt;
use crate::oauth::scopes;

pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    if ![Method::GET, Method::POST].contains(request.method()) {
        return not_found(request.uri().path());
    }
    OAuthError::or(lookup(google, request).map(Value::Object))
}

/// Versions 1 and 2 have other names, and values that are not strings.
pub(crate) fn answer_in_the_old_form(google: &Google, request: &Request) -> Response {
    OAuthError::or(lookup(google, request).map(in_the_old_form))
}

fn in_the_old_form(info: Map<String, Value>) -> Value {
    let value = |name: &str| info.get(name).cloned();
    let number = info.get("expires_in").and_then(Value::as_str).and_then(|text| text.parse::<u64>().ok());
    let old = [
        ("issued_to", value("azp")),
        ("audience", value("aud")),
        ("user_id", value("sub")),
        ("scope", value("scope")),
        ("expires_in", number.map(Value::from)),
        ("email", value("email")),
        ("verified_email", info.contains_key("email").then_some(true.into())),
        ("access_type", value("access_type")),
    ];
    old.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn lookup(google: &Google, request: &Request) -> Result<Map<String, Value>, OAuthError> {
    let query = Form::parse(request.uri().query().unwrap_or_default().as_bytes())?;
    let body = Form::parse(request.body())?;
    let parameter = |name: &str| query.get(name).or_else(|| body.get(name));
    let access_token = parameter("access_token").or_else(|| bearer(request));
    match (access_token, parameter("id_token")) {
        (Some(token), None) => google
            .grants()
            .access_token(token, now())
            .map(|token| about_access_token(google, token))
            .ok_or_else(invalid_value),
        (None, Some(token)) => about_id_token(google, token).ok_or_else(invalid_value),
        _ => Err(OAuthError::invalid_request("either access_token, id_token, or token_handle required")),
    }
}

fn about_access_token(google: &Google, token: &AccessToken) -> Map<String, Value> {
    let holder = &token.holder;
    let access_type = match holder.kind {
        Kind::Offline => "offline",
        Kind::Online | Kind::ServiceAccount => "online",
    };
    let mut info = Map::new();
    let mut put = |name: &str, value: String| info.insert(name.to_owned(), value.into());
    put("azp", holder.client.clone());
    put("aud", holder.client.clone());
    if scopes::has_openid(&holder.scopes) {
        put("sub", google.subject(&holder.account));
    }
    put("scope", holder.scopes.join(" "));
    put("exp", token.expires.to_string());
    put("expires_in", token.expires.saturating_sub(now()).to_string());
    if scopes::has_email(&holder.scopes) {
        put("email", holder.account.clone());
        put("email_verified", true.to_string());
    }
    put("access_type", access_type.to_owned());
    info
}

/// The claims and the header of an ID token of ours that is still valid.
fn about_id_token(google: &Google, token: &str) -> Option<Map<String, Value>> {
    let jwt = Jwt::parse(token)?;
    let live = jwt.claims.get("exp")?.as_u64()? > google.clock();
    if !live || !google.id_token_key.verifies(&jwt) {
        return None;
    }
    let parts = jwt.claims.into_iter().chain(jwt.header);
    Some(
        parts
            .map(|(name, value)| match value {
                Value::String(_) => (name, value),
                other => (name, json!(other.to_string())),
            })
            .collect(),
    )
}

fn invalid_value() -> OAuthError {
    OAuthError::new("invalid_token", "Invalid Value")
}
