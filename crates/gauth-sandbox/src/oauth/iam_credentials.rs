//! The IAM Credentials API: `POST /v1/projects/-/serviceAccounts/EMAIL:VERB` gives a caller a token or signature of a
//! service account, if the caller, or the last of a chain of delegates, may act as it
//! (<https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts>).

use std::sync::{Arc, LazyLock};
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::fail_if;
use crate::http::Body;
use crate::oauth::google::{Google, now};
use crate::oauth::grants::Kind;
use crate::oauth::scopes;
use crate::oauth::service_accounts::ServiceAccount;
use crate::rest::{Call, Handler, Method, Refusal, error_info};

const ENOUGH: &[&str] = &["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/iam"];
const DELEGATE: &str = "projects/-/serviceAccounts/";
/// Longer lifetimes need an organisation's permission.
const LONGEST_LIFE: u64 = 3600;
/// A JWT to be signed must expire within 12 hours.
const LONGEST_JWT: u64 = 12 * 3600;

/// The caller.
pub(crate) struct Caller {
    pub(crate) google: Arc<Google>,
    /// E-mail address or principal.
    pub(crate) account: String,
}

pub(crate) static METHODS: LazyLock<Vec<Method<Caller>>> = LazyLock::new(|| {
    let method = |verb: &str, handler: Handler<Caller>| {
        let name = verb[..1].to_uppercase() + &verb[1..];
        Method {
            verb: "POST",
            path: format!("/v1/projects/-/serviceAccounts/{{}}:{verb}"),
            name: format!("google.iam.credentials.v1.IAMCredentials.{name}"),
            scopes: ENOUGH,
            request: format!("iam.{name}Request"),
            response: format!("iam.{name}Response"),
            parameters: &[],
            handler,
        }
    };
    vec![
        method("generateAccessToken", Caller::generate_access_token),
        method("generateIdToken", Caller::generate_id_token),
        method("signBlob", Caller::sign_blob),
        method("signJwt", Caller::sign_jwt),
    ]
});

impl Caller {
    fn generate_access_token(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let asked_for = texts(&call.body["scope"]);
        fail_if(asked_for.is_empty(), Refusal::invalid("scope: at least one is required."))?;
        let granted = scopes::parse(&asked_for.join(" "))
            .map_err(|text| Refusal::invalid(format!("Invalid OAuth scope. {text}")))?;
        let life = match call.body["lifetime"].as_str() {
            None => LONGEST_LIFE,
            Some(text) => text
                .strip_suffix('s')
                .and_then(|seconds| seconds.parse().ok())
                .filter(|seconds| (1..=LONGEST_LIFE).contains(seconds))
                .ok_or_else(|| Refusal::invalid("The access token lifetime must be from 1s to 3600s."))?,
        };
        let account = self.permitted(&call, "getAccessToken")?;
        let token = {
            let mut grants = self.google.grants();
            // A token lifetime set for the sandbox applies here, too.
            let life = life.min(grants.token_lifetime + 1);
            let end = UNIX_EPOCH + Duration::from_secs(self.google.clock() + life);
            let holder = grants.holder(account.email, account.id, granted, Kind::ServiceAccount);
            json!({
                "accessToken": grants.issue_access_token_for(holder, now(), life),
                "expireTime": humantime::format_rfc3339_seconds(end).to_string(),
            })
        };
        call.done(&token)
    }

    fn generate_id_token(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let audience = call.body["audience"].as_str().filter(|audience| !audience.is_empty());
        let audience = audience.ok_or_else(|| Refusal::invalid("audience: a value is required."))?;
        let account = self.permitted(&call, "getOpenIdToken")?;
        let with_email = call.body["includeEmail"] == true;
        let token = self.google.service_id_token(account, audience, with_email);
        call.done(&json!({ "token": token }))
    }

    fn sign_jwt(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let claims: Map<String, Value> = serde_json::from_str(call.body["payload"].as_str().unwrap_or_default())
            .map_err(|_| Refusal::invalid("payload: a serialised JSON object is required."))?;
        let end = claims.get("exp").and_then(Value::as_u64);
        let clock = self.google.clock();
        fail_if(
            end.is_none_or(|end| end <= clock || end > clock + LONGEST_JWT),
            Refusal::invalid("payload: exp must be within the next 12 hours, in seconds."),
        )?;
        self.permitted(&call, "signJwt")?;
        let token = self.google.managed_key.sign(&claims.into());
        self.google.grants().issued.push(token.clone());
        call.done(&json!({"keyId": self.google.managed_key.id, "signedJwt": token}))
    }

    fn sign_blob(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let payload = call.body["payload"].as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
        self.permitted(&call, "signBlob")?;
        let key = &self.google.managed_key;
        call.done(&json!({"keyId": key.id, "signedBlob": STANDARD.encode(key.signature(&payload))}))
    }

    /// The account at the end of the chain, if each member may act as the next.
    fn permitted(&self, call: &Call<'_>, permission: &str) -> Result<&'static ServiceAccount, Refusal> {
        let mut actor = self.account.as_str();
        for delegate in texts(&call.body["delegates"]) {
            let email = delegate.strip_prefix(DELEGATE).ok_or_else(|| {
                Refusal::invalid("delegates: the form is projects/-/serviceAccounts/{ACCOUNT_EMAIL_OR_UNIQUEID}.")
            })?;
            actor = step(actor, email, "implicitDelegation")?.email;
        }
        step(actor, &call.id.replace("%40", "@"), permission)
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn step(actor: &str, email: &str, permission: &str) -> Result<&'static ServiceAccount, Refusal> {
    let account = ServiceAccount::find(email)
        .ok_or_else(|| Refusal::new(404, format!("Not found; Gaia id not found for email {email}")))?;
    if account.lets(actor) {
        return Ok(account);
    }
    let permission = format!("iam.serviceAccounts.{permission}");
    let message = format!("Permission '{permission}' denied on resource (or it may not exist).");
    let info = error_info("IAM_PERMISSION_DENIED", "iam.googleapis.com", json!({ "permission": permission }));
    Err(Refusal::new(403, message).with(info))
}
