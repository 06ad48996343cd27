//! The token endpoint, `POST /token`: authorization codes (RFC 6749 §4.1.3, RFC 7636 §4.6) and refresh (§6). Assertions
//! of service accounts are in `assertion`. Errors have Google's texts where these are known.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hyper::Method;
use hyper::header::HeaderValue;
use serde_json::{Value, json};

use crate::fail_if;
use crate::http::{OAuthError, Request, Response};
use crate::oauth::assertion;
use crate::oauth::authorize::is_verifier;
use crate::oauth::dpop;
use crate::oauth::form::Form;
use crate::oauth::google::{Google, now};
use crate::oauth::grants::{Challenge, Dead, Grants, Holder, Kind};
use crate::oauth::scopes;

/// Its addresses at Google's hosts.
pub(crate) const PATHS: &[&str] = &["/token", "/o/oauth2/token", "/oauth2/v3/token", "/oauth2/v4/token"];

pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    if request.method() != Method::POST {
        let mut error = OAuthError::invalid_request("Invalid HTTP method.");
        error.status = 405;
        return error.response();
    }
    let mut response = OAuthError::or(exchange(google, request));
    if request.headers().contains_key("dpop") {
        let nonce = HeaderValue::from_str(&google.proofs.nonce).expect("letters and digits are a header");
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response
}

fn exchange(google: &Google, request: &Request) -> Result<Value, OAuthError> {
    let form = Form::of_body(request)?;
    match form.required("grant_type")? {
        "authorization_code" => authorization_code(google, request, &form),
        "refresh_token" => refresh_token(google, request, &form),
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => assertion::exchange(google, &form),
        other => Err(OAuthError::new("unsupported_grant_type", format!("Invalid grant_type: {other}"))),
    }
}

fn authorization_code(google: &Google, request: &Request, form: &Form) -> Result<Value, OAuthError> {
    form.only(&["grant_type", "code", "client_id", "client_secret", "redirect_uri", "code_verifier", "scope"])?;
    let code = form.required("code")?;
    let redirect_uri = form.required("redirect_uri")?;
    let client = authenticate(google, request, form)?;
    let key = dpop::key(google, request)?;

    let mut grants = google.grants();
    let mut bound = grants.code(code, now()).map_err(|dead| match dead {
        Dead::Unknown => OAuthError::invalid_grant("Malformed auth code."),
        Dead::Revoked => OAuthError::invalid_grant("Bad Request"),
    })?;
    fail_if(bound.holder.client != client, OAuthError::invalid_grant("Bad Request"))?;
    fail_if(bound.redirect_uri != redirect_uri, OAuthError::new("redirect_uri_mismatch", "Bad Request"))?;
    match (&bound.challenge, form.get("code_verifier")) {
        (None, None) => {}
        (Some(challenge), Some(verifier)) if answers(challenge, verifier) => {}
        (Some(_), None) => return Err(OAuthError::invalid_grant("Missing code verifier.")),
        (_, Some(_)) => return Err(OAuthError::invalid_grant("Invalid code verifier.")),
    }
    grants.use_code(code);
    bound.holder.key = key;

    let mut tokens = access(google, &mut grants, &bound.holder, bound.nonce.as_deref());
    if bound.holder.kind == Kind::Offline {
        tokens["refresh_token"] = grants.issue_refresh_token(bound.holder).into();
    }
    Ok(tokens)
}

fn refresh_token(google: &Google, request: &Request, form: &Form) -> Result<Value, OAuthError> {
    form.only(&["grant_type", "refresh_token", "client_id", "client_secret", "scope", "scopes", "rapt"])?;
    let client = authenticate(google, request, form)?;
    refresh(google, form, &client, dpop::key(google, request)?)
}

/// The grant of the form's refresh token, which must be the client's and may be bound to a `key`.
pub(crate) fn refresh(google: &Google, form: &Form, client: &str, key: Option<Vec<u8>>) -> Result<Value, OAuthError> {
    let token = form.required("refresh_token")?;
    let mut grants = google.grants();
    let holder = grants.refresh_token(token).map_err(|dead| match dead {
        Dead::Unknown => OAuthError::invalid_grant("Bad Request"),
        Dead::Revoked => OAuthError::invalid_grant("Token has been expired or revoked."),
    })?;
    fail_if(holder.client != client, OAuthError::new("unauthorized_client", "Unauthorized"))?;
    fail_if(
        holder.key.is_some() && holder.key != key,
        OAuthError::new("invalid_dpop_proof", "The refresh token is bound to another key."),
    )?;
    let mut narrowed = holder.clone();
    // `scopes` is what Google's own client for Rust sends.
    if let Some(list) = form.get("scope").or_else(|| form.get("scopes")) {
        narrowed.scopes = scopes::parse(list).map_err(|text| OAuthError::new("invalid_scope", text))?;
        let ungranted: Vec<&str> =
            narrowed.scopes.iter().filter(|scope| !holder.scopes.contains(scope)).map(String::as_str).collect();
        fail_if(
            !ungranted.is_empty(),
            OAuthError::new(
                "invalid_scope",
                format!("Some requested scopes were not granted: {}", ungranted.join(" ")),
            ),
        )?;
    }
    let mut tokens = access(google, &mut grants, &narrowed, None);
    if google.rotate {
        tokens["refresh_token"] = grants.rotate(token, holder).into();
    }
    Ok(tokens)
}

/// The members that every answer for a user has.
fn access(google: &Google, grants: &mut Grants, holder: &Holder, nonce: Option<&str>) -> Value {
    let access_token = grants.issue_access_token(holder.clone(), now());
    let mut tokens = json!({
        "access_token": access_token,
        "expires_in": grants.token_lifetime,
        "scope": holder.scopes.join(" "),
        "token_type": "Bearer",
    });
    if scopes::has_openid(&holder.scopes) {
        tokens["id_token"] = google.id_token(holder, &access_token, nonce).into();
    }
    tokens
}

/// The id of the authenticated client: by form or by Basic (RFC 6749 §2.3.1), not both.
fn authenticate(google: &Google, request: &Request, form: &Form) -> Result<String, OAuthError> {
    let (id, secret) = match basic(request)? {
        Some(_) if form.get("client_secret").is_some() => {
            return Err(OAuthError::invalid_request("The client may be authenticated in one way only."));
        }
        Some((id, secret)) => (id, Some(secret)),
        None => (form.required("client_id")?.to_owned(), form.get("client_secret").map(str::to_owned)),
    };
    fail_if(
        form.get("client_id").is_some_and(|stated| stated != id),
        OAuthError::invalid_request("The client_id differs from that of the Authorization header."),
    )?;
    let genuine = google
        .client(&id, |client| secret.as_ref().map(|secret| *secret == client.secret))
        .ok_or_else(|| OAuthError::new("invalid_client", "The OAuth client was not found."))?;
    match genuine {
        Some(true) => Ok(id),
        Some(false) => Err(OAuthError::new("invalid_client", "The provided client secret is invalid.")),
        None => Err(OAuthError::invalid_request("client_secret is missing.")),
    }
}

/// Both halves are form-encoded before they are joined.
pub(crate) fn basic(request: &Request) -> Result<Option<(String, String)>, OAuthError> {
    let Some(header) = request.headers().get("authorization") else {
        return Ok(None);
    };
    let credentials = header
        .to_str()
        .ok()
        .and_then(|header| header.strip_prefix("Basic "))
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    match credentials.as_deref().and_then(|text| text.split_once(':')) {
        Some((id, secret)) => Ok(Some((decode(id), decode(secret)))),
        None => Err(OAuthError::new("invalid_client", "The Authorization header cannot be read.")),
    }
}

fn decode(text: &str) -> String {
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

/// RFC 7636 §4.6.
fn answers(challenge: &Challenge, verifier: &str) -> bool {
    is_verifier(verifier)
        && match challenge {
            Challenge::Plain(expected) => expected == verifier,
            Challenge::S256(expected) => {
                let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
                *expected == URL_SAFE_NO_PAD.encode(digest)
            }
        }
}

#[cfg(test)]
mod tests;
