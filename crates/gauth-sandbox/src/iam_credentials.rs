//! The IAM Credentials API: `POST /v1/projects/-/serviceAccounts/EMAIL:VERB` gives a caller what a service account could
//! get for itself, if the caller, or the last of a chain of delegates, may act as it
//! (<https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts>).

use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::bearer;
use crate::google::{Google, now};
use crate::grants::{AccessToken, Kind};
use crate::response::{Request, Response, api_error, json, not_found};
use crate::scopes;
use crate::service_accounts::ServiceAccount;

pub(crate) const PREFIX: &str = "/v1/projects/-/serviceAccounts/";

const ENOUGH: [&str; 2] = ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/iam"];
const DELEGATE: &str = "projects/-/serviceAccounts/";
/// Longer lives need an organisation's permission.
const LONGEST_LIFE: u64 = 3600;
/// A JWT to be signed may end in 12 hours at the latest.
const LONGEST_JWT: u64 = 12 * 3600;

type Answer = Result<Value, Box<Response>>;

// A field that is null counts as left out.

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GenerateAccessToken {
    delegates: Option<Vec<String>>,
    scope: Option<Vec<String>>,
    lifetime: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct GenerateIdToken {
    delegates: Option<Vec<String>>,
    audience: Option<String>,
    include_email: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignJwt {
    delegates: Option<Vec<String>>,
    payload: Option<String>,
}

pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    let path = request.uri().path();
    let Some((email, verb)) = path.strip_prefix(PREFIX).and_then(|rest| rest.split_once(':')) else {
        return not_found(path);
    };
    if request.method() != Method::POST {
        return not_found(path);
    }
    let caller = match bearer::check(google, request) {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    let result = match verb {
        "generateAccessToken" => generate_access_token(google, request, &caller, email),
        "generateIdToken" => generate_id_token(google, request, &caller, email),
        "signJwt" => sign_jwt(google, request, &caller, email),
        _ => return not_found(path),
    };
    match result {
        Ok(value) => json(200, &value),
        Err(refusal) => *refusal,
    }
}

fn generate_access_token(google: &Google, request: &Request, caller: &AccessToken, email: &str) -> Answer {
    let asked: GenerateAccessToken = read(request, caller)?;
    let asked_for = asked.scope.unwrap_or_default();
    if asked_for.is_empty() {
        return Err(invalid("scope: at least one is required."));
    }
    let granted =
        scopes::parse(&asked_for.join(" ")).map_err(|text| invalid(&format!("Invalid OAuth scope. {text}")))?;
    let life = match &asked.lifetime {
        None => LONGEST_LIFE,
        Some(text) => text
            .strip_suffix('s')
            .and_then(|seconds| seconds.parse().ok())
            .filter(|seconds| (1..=LONGEST_LIFE).contains(seconds))
            .ok_or_else(|| invalid("The access token lifetime must be from 1s to 3600s."))?,
    };
    let account = permitted(caller, asked.delegates, email, "getAccessToken")?;
    let mut grants = google.grants();
    // A sandbox with short tokens gives short ones here, too.
    let life = life.min(grants.token_lifetime + 1);
    let holder = grants.holder(account.email, account.id, granted, Kind::ServiceAccount);
    Ok(json!({
        "accessToken": grants.issue_access_token_for(holder, now(), life),
        "expireTime": rfc3339(google.clock() + life),
    }))
}

fn generate_id_token(google: &Google, request: &Request, caller: &AccessToken, email: &str) -> Answer {
    let asked: GenerateIdToken = read(request, caller)?;
    let audience = asked
        .audience
        .filter(|audience| !audience.is_empty())
        .ok_or_else(|| invalid("audience: a value is required."))?;
    let account = permitted(caller, asked.delegates, email, "getOpenIdToken")?;
    let token = google.service_id_token(account, &audience, asked.include_email == Some(true));
    google.grants().issued.push(token.clone());
    Ok(json!({"token": token}))
}

fn sign_jwt(google: &Google, request: &Request, caller: &AccessToken, email: &str) -> Answer {
    let asked: SignJwt = read(request, caller)?;
    let claims: Map<String, Value> = serde_json::from_str(&asked.payload.unwrap_or_default())
        .map_err(|_| invalid("payload: a serialised JSON object is required."))?;
    let end = claims.get("exp").and_then(Value::as_u64);
    if end.is_none_or(|end| end <= google.clock() || end > google.clock() + LONGEST_JWT) {
        return Err(invalid("payload: exp must be within the next 12 hours, in seconds."));
    }
    permitted(caller, asked.delegates, email, "signJwt")?;
    let token = google.managed_key.sign(&claims.into());
    google.grants().issued.push(token.clone());
    Ok(json!({"keyId": google.managed_key.id, "signedJwt": token}))
}

/// Checks the caller's scopes and reads the body.
fn read<T: DeserializeOwned>(request: &Request, caller: &AccessToken) -> Result<T, Box<Response>> {
    if !caller.holder.scopes.iter().any(|scope| ENOUGH.contains(&&**scope)) {
        let (service, method) = bearer::method(request.uri().path());
        let info = json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
            "metadata": {"method": method, "service": service},
        });
        let message = "Request had insufficient authentication scopes.";
        return Err(api_error(403, message, "PERMISSION_DENIED", &[info]).into());
    }
    let content_type = request.headers().get("content-type");
    if content_type.is_none_or(|value| !value.as_bytes().starts_with(b"application/json")) {
        return Err(invalid("Invalid content type: application/json is required."));
    }
    serde_json::from_slice(request.body()).map_err(|error| invalid(&format!("Invalid JSON payload received. {error}")))
}

/// The account at the end of the chain, if each member of it may act as the next.
fn permitted(
    caller: &AccessToken,
    delegates: Option<Vec<String>>,
    email: &str,
    permission: &str,
) -> Result<&'static ServiceAccount, Box<Response>> {
    let mut actor = caller.holder.account.as_str();
    for delegate in delegates.into_iter().flatten() {
        let email = delegate
            .strip_prefix(DELEGATE)
            .ok_or_else(|| invalid("delegates: the form is projects/-/serviceAccounts/{ACCOUNT_EMAIL_OR_UNIQUEID}."))?;
        actor = step(actor, email, "implicitDelegation")?.email;
    }
    step(actor, email, permission)
}

fn step(actor: &str, email: &str, permission: &str) -> Result<&'static ServiceAccount, Box<Response>> {
    let account = ServiceAccount::find(email).ok_or_else(|| {
        let message = format!("Not found; Gaia id not found for email {email}");
        api_error(404, &message, "NOT_FOUND", &[])
    })?;
    if account.lets(actor) {
        return Ok(account);
    }
    let permission = format!("iam.serviceAccounts.{permission}");
    let info = json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "IAM_PERMISSION_DENIED",
        "domain": "iam.googleapis.com",
        "metadata": {"permission": permission},
    });
    let message = format!("Permission '{permission}' denied on resource (or it may not exist).");
    Err(api_error(403, &message, "PERMISSION_DENIED", &[info]).into())
}

fn invalid(message: &str) -> Box<Response> {
    api_error(400, message, "INVALID_ARGUMENT", &[]).into()
}

/// Whole seconds in UTC.
fn rfc3339(unix_seconds: u64) -> String {
    i64::try_from(unix_seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}
