//! Assertions of service accounts at the token endpoint (RFC 7523 §2.1 and 3, and Google's guide "Using OAuth 2.0 for
//! server to server applications"): signature, `iss`, `aud`, `iat`, `exp`, `scope` or `target_audience`, and `sub` for
//! the users that the account may act for.

use serde_json::{Map, Value, json};

use crate::fail_if;
use crate::http::OAuthError;
use crate::oauth::clients::{DELEGATED_ACCOUNTS, DELEGATED_SCOPES};
use crate::oauth::form::Form;
use crate::oauth::google::{Google, now};
use crate::oauth::grants::Kind;
use crate::oauth::jwt::Jwt;
use crate::oauth::scopes;
use crate::oauth::service_accounts::ServiceAccount;
use crate::oauth::token;

/// Google's addresses of the endpoint, which are valid as `aud` at any address.
const GOOGLE_TOKEN_URLS: [&str; 4] = [
    "https://oauth2.googleapis.com/token",
    "https://accounts.google.com/o/oauth2/token",
    "https://www.googleapis.com/oauth2/v3/token",
    "https://www.googleapis.com/oauth2/v4/token",
];
pub(crate) const LONGEST_LIFE: i64 = 3600;
/// How far the sender's clock may be off.
const SKEW: i64 = 300;

const TIMES: &str = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check \
                     your iat and exp values in the JWT claim.";
const NOT_DELEGATED: &str = "Client is unauthorized to retrieve access tokens using this method, or client not \
                             authorized for any of the scopes requested.";

pub(crate) fn exchange(google: &Google, form: &Form) -> Result<Value, OAuthError> {
    form.only(&["grant_type", "assertion"])?;
    let jwt = Jwt::parse(form.required("assertion")?)
        .ok_or_else(|| OAuthError::invalid_grant("Invalid JWT: the assertion is not three parts of base64url"))?;
    let account = jwt
        .text("iss")
        .and_then(ServiceAccount::find)
        .ok_or_else(|| OAuthError::invalid_grant("Invalid grant: account not found"))?;
    fail_if(
        !google.keys_of(account).iter().any(|key| key.verifies(&jwt)),
        OAuthError::invalid_grant("Invalid JWT Signature."),
    )?;
    let own_url = format!("{}/token", google.url);
    let is_own = |aud: &str| aud.strip_prefix(&*google.url).is_some_and(|path| token::PATHS.contains(&path));
    fail_if(
        !jwt.text("aud").is_some_and(|aud| is_own(aud) || GOOGLE_TOKEN_URLS.contains(&aud)),
        OAuthError::invalid_grant(format!("Invalid JWT: Failed audience check. The right audience is {own_url}")),
    )?;
    check_times(&jwt.claims, google.clock(), LONGEST_LIFE)?;

    match (jwt.text("scope"), jwt.text("target_audience")) {
        (Some(_), Some(_)) => Err(OAuthError::invalid_request("The JWT must hold scope or target_audience, not both.")),
        (None, None) => Err(OAuthError::new("invalid_scope", "Empty or missing scope not allowed.")),
        (None, Some(audience)) => Ok(json!({"id_token": google.service_id_token(account, audience, true)})),
        (Some(list), None) => access_token(google, account, list, jwt.text("sub")),
    }
}

fn access_token(google: &Google, account: &ServiceAccount, list: &str, sub: Option<&str>) -> Result<Value, OAuthError> {
    let granted = scopes::parse(list)
        .map_err(|_| OAuthError::new("invalid_scope", "Invalid OAuth scope or ID token audience provided."))?;
    let principal = sub.unwrap_or(account.email);
    if principal != account.email {
        fail_if(!DELEGATED_ACCOUNTS.contains(&principal), OAuthError::invalid_grant("Invalid email or User ID"))?;
        let permitted = |scope: &String| DELEGATED_SCOPES.contains(&&**scope);
        fail_if(
            !account.is_delegated || !granted.iter().all(permitted),
            OAuthError::new("unauthorized_client", NOT_DELEGATED),
        )?;
    }
    let mut grants = google.grants();
    let holder = grants.holder(principal, account.id, granted, Kind::ServiceAccount);
    Ok(json!({
        "access_token": grants.issue_access_token(holder, now()),
        "expires_in": grants.token_lifetime,
        "token_type": "Bearer",
    }))
}

/// Whole seconds, a lifetime that is not too long, and `now` in it, within the clock's tolerance.
pub(crate) fn check_times(claims: &Map<String, Value>, now: u64, longest_life: i64) -> Result<(), OAuthError> {
    let times = claims.get("iat").and_then(Value::as_i64).zip(claims.get("exp").and_then(Value::as_i64));
    let now = now.cast_signed();
    match times {
        Some((iat, exp))
            if iat <= now.saturating_add(SKEW)
                && exp > now.saturating_sub(SKEW)
                && exp > iat
                && exp.saturating_sub(iat) <= longest_life =>
        {
            Ok(())
        }
        _ => Err(OAuthError::invalid_grant(TIMES)),
    }
}

#[cfg(test)]
mod tests;
