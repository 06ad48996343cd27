//! Faults: which of the next requests fail, and how. They are set through `Sandbox::fault` or the control path. API
//! errors have the form of Google's error model and the texts of the Data API.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::http::{Body, Response, Sink, html, json, response};
use crate::lock;
use crate::rest::{Format, Refusal};

/// A fault of requests whose path begins with `path`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `/` means every request.
    pub path: String,
    /// The number of requests that fail; 1 if missing in JSON.
    #[serde(default = "once")]
    pub times: u32,
    /// The number of requests that succeed first.
    #[serde(default)]
    pub after: u32,
    /// How they fail.
    pub kind: FaultKind,
}

/// How a request fails.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// A 429 of the Analytics Data API.
    Quota(Quota),
    /// An error of an API, as `google.rpc.Status`.
    Api {
        status: u16,
        message: String,
    },
    /// An error of the token endpoint (RFC 6749 §5.2).
    #[serde(rename = "oauth")]
    OAuth {
        status: u16,
        error: String,
        description: Option<String>,
        subtype: Option<String>,
    },
    /// An HTML page, as load balancers and captive portals send.
    Html {
        status: u16,
    },
    Redirect {
        status: u16,
        location: String,
    },
    /// Anything else.
    Respond {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// A 200 whose JSON string is `bytes` long; with `gzip` it is compressed even if the client did not ask for that.
    Huge {
        bytes: u64,
        gzip: bool,
    },
    /// The real answer, late.
    Delay {
        millis: u64,
    },
    /// The real answer, one byte per second.
    Drip,
    /// The real answer, but the connection is closed after this number of bytes of the body.
    CutOff {
        after: usize,
    },
    /// The connection is closed without an answer, and nothing is done.
    HangUp,
    /// Nothing, for ever.
    NeverAnswer,
    /// The real answer, after `Sandbox::release`. Nothing is done before.
    Hold,
}

/// The exhausted quota that a 429 reports.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quota {
    ConcurrentRequests,
    TokensPerDay,
    TokensPerHour,
    TokensPerProjectPerHour,
    ServerErrors,
    ThresholdedRequests,
}

/// What each kind looks like in JSON.
const FORMS: &[(&str, &str)] = &[
    ("quota", r#"{"quota": "tokens_per_hour"}"#),
    ("api", r#"{"api": {"status": 503, "message": "…"}}"#),
    ("oauth", r#"{"oauth": {"status": 400, "error": "invalid_grant", "description": "…", "subtype": "…"}}"#),
    ("html", r#"{"html": {"status": 502}}"#),
    ("redirect", r#"{"redirect": {"status": 302, "location": "https://…"}}"#),
    ("respond", r#"{"respond": {"status": 200, "headers": [["name", "value"]], "body": "…"}}"#),
    ("huge", r#"{"huge": {"bytes": 1000000, "gzip": false}}"#),
    ("delay", r#"{"delay": {"millis": 1000}}"#),
    ("cut_off", r#"{"cut_off": {"after": 100}}"#),
    ("drip", r#""drip""#),
    ("hang_up", r#""hang_up""#),
    ("never_answer", r#""never_answer""#),
    ("hold", r#""hold""#),
];

fn once() -> u32 {
    1
}

impl Fault {
    /// Makes the next request to `path` fail.
    pub fn new(path: &str, kind: FaultKind) -> Self {
        Self { path: path.to_owned(), times: 1, after: 0, kind }
    }

    /// Makes this number of requests fail.
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// Reads JSON. `Err` shows the expected form.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(text).map_err(|error| format!("invalid JSON: {error}"))?;
        let kind = match &value["kind"] {
            Value::Object(members) => members.keys().next().cloned(),
            name => name.as_str().map(str::to_owned),
        };
        Self::deserialize(value).map_err(|_| {
            let all = FORMS.iter().map(|(_, form)| *form).collect::<Vec<_>>().join(" or ");
            let form = FORMS.iter().find(|(name, _)| kind.as_deref() == Some(name)).map_or(&*all, |(_, form)| form);
            format!(
                "invalid fault: expected {{\"path\": \"/token\", \"times\": 1, \"after\": 0, \"kind\": KIND}}, \
                 where KIND is {form}"
            )
        })
    }

    /// Lets this number of requests succeed first.
    pub fn after(self, after: u32) -> Self {
        Self { after, ..self }
    }
}

impl FaultKind {
    /// The answer that replaces the real one, if the fault has one. `Err` says what is wrong with the fault itself.
    pub(crate) fn answer(&self) -> Result<Option<Response>, String> {
        Ok(Some(match self {
            Self::Quota(quota) => api_error(429, quota.message()),
            Self::Api { status, message } => api_error(check(*status)?, message),
            Self::OAuth { status, error, description, subtype } => {
                let mut body = json!({"error": error});
                if let Some(description) = description {
                    body["error_description"] = description.as_str().into();
                }
                if let Some(subtype) = subtype {
                    body["error_subtype"] = subtype.as_str().into();
                }
                json(check(*status)?, &body)
            }
            Self::Html { status } => html(
                check(*status)?,
                &format!("<!DOCTYPE html>\n<html><title>Error {status}</title><h1>Error {status}</h1></html>\n"),
            ),
            Self::Redirect { status, location } => {
                with_headers(html(check(*status)?, ""), &[("location".to_owned(), location.clone())])?
            }
            Self::Respond { status, headers, body } => {
                let body = Body::Bytes(body.clone().into_bytes());
                with_headers(response(check(*status)?, "application/json", body), headers)?
            }
            &Self::Huge { bytes, .. } => {
                response(200, "application/json", Body::Stream(Box::new(move |send| huge(bytes, send))))
            }
            Self::Delay { .. } | Self::Drip | Self::CutOff { .. } | Self::HangUp | Self::NeverAnswer | Self::Hold => {
                return Ok(None);
            }
        }))
    }
}

impl Quota {
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::ConcurrentRequests => "Exhausted concurrent requests quota. Please send fewer requests concurrently.",
            Self::TokensPerDay => {
                "Exhausted property tokens per day. These quota tokens will return in under 24 hours."
            }
            Self::TokensPerHour => {
                "Exhausted property tokens per hour. These quota tokens will return in under an hour."
            }
            Self::TokensPerProjectPerHour => {
                "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour."
            }
            Self::ServerErrors => "Exhausted server errors quota for a project per hour.",
            Self::ThresholdedRequests => "Exhausted potentially thresholded requests quota.",
        }
    }
}

/// Statuses that end an exchange; 1xx would not.
fn check(status: u16) -> Result<u16, String> {
    if (200..600).contains(&status) { Ok(status) } else { Err(format!("a fault cannot answer with status {status}")) }
}

fn api_error(status: u16, message: &str) -> Response {
    Refusal::new(status, message).response(&Format { indented: true, ..Format::default() })
}

fn with_headers(mut response: Response, headers: &[(String, String)]) -> Result<Response, String> {
    for (name, value) in headers {
        let header: HeaderName = name.parse().map_err(|_| format!("bad header name {name:?}"))?;
        let value: HeaderValue = value.parse().map_err(|_| format!("bad value of header {name}"))?;
        response.headers_mut().insert(header, value);
    }
    Ok(response)
}

fn huge(bytes: u64, send: Sink<'_>) {
    const PIECE: u64 = 1 << 16;
    let pieces = (0..bytes / PIECE).map(|_| vec![b'a'; 1 << 16]);
    let rest = vec![b'a'; usize::try_from(bytes % PIECE).unwrap_or_default()];
    let mut all = std::iter::once(b"{\"access_token\":\"".to_vec()).chain(pieces).chain([rest, b"\"}".to_vec()]);
    all.all(send);
}

/// The faults that are set, and the requests that one of them holds.
pub(crate) struct Faults {
    set: Mutex<Vec<Fault>>,
    held: Mutex<usize>,
    arrived: Condvar,
    releases: watch::Sender<u64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { set: Mutex::default(), held: Mutex::default(), arrived: Condvar::new(), releases: watch::Sender::new(0) }
    }
}

impl Faults {
    pub(crate) fn set(&self, fault: Fault) -> Result<(), String> {
        fault.kind.answer()?;
        lock(&self.set).push(fault);
        Ok(())
    }

    /// The fault of a request to `path`, counted down.
    pub(crate) fn strike(&self, path: &str) -> Option<FaultKind> {
        let mut set = lock(&self.set);
        for fault in set.iter_mut() {
            if fault.times == 0 || !path.starts_with(&fault.path) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
                continue;
            }
            fault.times -= 1;
            return Some(fault.kind.clone());
        }
        None
    }

    /// Returns after the next release.
    pub(crate) async fn hold(&self) {
        struct Held<'a>(&'a Mutex<usize>);
        impl Drop for Held<'_> {
            fn drop(&mut self) {
                *lock(self.0) -= 1;
            }
        }
        let mut releases = self.releases.subscribe();
        *lock(&self.held) += 1;
        let _held = Held(&self.held);
        self.arrived.notify_all();
        releases.changed().await.expect("the sender lives as long as the server");
    }

    pub(crate) fn release(&self) {
        self.releases.send_modify(|count| *count += 1);
    }

    pub(crate) fn held(&self) -> usize {
        *lock(&self.held)
    }

    /// Whether this number of requests were held at once before the time was over.
    pub(crate) fn wait_for_held(&self, count: usize, limit: Duration) -> bool {
        let held = lock(&self.held);
        let (held, _) =
            self.arrived.wait_timeout_while(held, limit, |held| *held < count).unwrap_or_else(PoisonError::into_inner);
        *held >= count
    }
}

#[cfg(test)]
mod tests;
