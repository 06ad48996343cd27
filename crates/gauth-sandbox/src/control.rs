//! The control path, `/sandbox/…`, by which tests and people change the server. Bodies and answers are JSON. These
//! requests are neither recorded nor affected by faults.

use std::sync::atomic::Ordering;

use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::http::{Request, Response, json, not_found};
use crate::lock;
use crate::server::Served;

pub(crate) const PREFIX: &str = "/sandbox/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seconds<T> {
    seconds: T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scopes {
    scopes: Vec<String>,
}

pub(crate) fn answer(served: &Served, request: &Request) -> Response {
    let google = &served.google;
    let path = request.uri().path();
    let verb = path.strip_prefix(PREFIX).unwrap_or_default();
    let result = match (request.method(), verb) {
        (&Method::GET, "requests") => Ok(json!(*lock(&served.journal))),
        (&Method::GET, "held") => Ok(json!({"held": served.faults.held()})),
        (&Method::GET, "secrets") => Ok(json!(google.secrets())),
        (&Method::POST, "fault") => {
            Fault::parse(request.body()).and_then(|fault| served.faults.set(fault)).map(|()| json!({}))
        }
        (&Method::POST, "release") => {
            served.faults.release();
            Ok(json!({}))
        }
        (&Method::POST, "grant") => {
            read(request).and_then(|body: Scopes| google.grant(&body.scopes)).map(|grant| json!(grant))
        }
        (&Method::POST, "access-token") => read(request)
            .and_then(|body: Scopes| google.access_token(&body.scopes))
            .map(|token| json!({"access_token": token})),
        (&Method::POST, "revoke-all") => {
            google.grants().revoke_all();
            Ok(json!({}))
        }
        (&Method::POST, "expire-access-tokens") => {
            google.grants().expire_access_tokens();
            Ok(json!({}))
        }
        (&Method::POST, "clock-skew") => read(request).map(|body: Seconds<i64>| {
            google.skew.store(body.seconds, Ordering::Relaxed);
            json!({})
        }),
        (&Method::POST, "token-lifetime") => read(request).map(|body: Seconds<u64>| {
            google.grants().token_lifetime = body.seconds;
            json!({})
        }),
        _ => return not_found(path),
    };
    match result {
        Ok(value) => json(200, &value),
        Err(error) => json(400, &Value::from_iter([("error", error)])),
    }
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, String> {
    serde_json::from_slice(request.body()).map_err(|error| error.to_string())
}
