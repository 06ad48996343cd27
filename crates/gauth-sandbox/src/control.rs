//! The control path, `/sandbox/…`, by which tests and people change the server. Bodies and answers are JSON. These
//! requests are neither recorded nor affected by faults.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use hyper::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::http::{Request, Response, json, not_found};
use crate::lock;
use crate::server::Served;

pub(crate) const PREFIX: &str = "/sandbox/";

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
            read(request, "scopes").and_then(|scopes: Vec<_>| google.grant(&scopes)).map(|grant| json!(grant))
        }
        (&Method::POST, "access-token") => read(request, "scopes")
            .and_then(|scopes: Vec<_>| google.access_token(&scopes))
            .map(|token| json!({"access_token": token})),
        (&Method::POST, "revoke-all") => {
            google.grants().revoke_all();
            Ok(json!({}))
        }
        (&Method::POST, "expire-access-tokens") => {
            google.grants().expire_access_tokens();
            Ok(json!({}))
        }
        (&Method::POST, "clock-skew") => read(request, "seconds").map(|seconds| {
            google.skew.store(seconds, Ordering::Relaxed);
            json!({})
        }),
        (&Method::POST, "audience-exports") => read(request, "looks").map(|looks| {
            served.analytics.exports.looks.store(looks, Ordering::Relaxed);
            json!({})
        }),
        (&Method::POST, "token-lifetime") => read(request, "seconds").map(|seconds| {
            google.grants().token_lifetime = seconds;
            json!({})
        }),
        _ => return not_found(path),
    };
    match result {
        Ok(value) => json(200, &value),
        Err(error) => json(400, &Value::from_iter([("error", error)])),
    }
}

/// The value of the only member of the body, `name`.
fn read<T: DeserializeOwned>(request: &Request, name: &str) -> Result<T, String> {
    let mut body: HashMap<String, T> = serde_json::from_slice(request.body()).map_err(|error| error.to_string())?;
    let value = body.remove(name).filter(|_| body.is_empty());
    value.ok_or_else(|| format!("expected {{\"{name}\": …}} and nothing else"))
}
