//! The official request body of `--request`, and which method it is for.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest>
//!
//! Whether it is well formed is judged by [`ga_core::check`].

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use ga_client::properties::text_of;
use ga_core::check::{self, Method};
use gauth_cli::files::shown;
use gauth_cli::{Failure, Kind};
use gauth_text::Typed;
use serde_json::{Value, json};

/// The method and the body, a list of requests put into a batch.
pub(crate) fn read(path: &str, method: Option<&str>, deadline: Option<Instant>) -> anyhow::Result<(Method, Value)> {
    let text = text_of(path, "--request", deadline)?;
    if text.trim().is_empty() {
        return Err(Failure::usage(format!("--request: {} is empty", shown(Path::new(path)))).into());
    }
    let body = match check::parse(&text).with_context(|| format!("--request: {}", shown(Path::new(path))))? {
        Value::Array(requests) => json!({ "requests": requests }),
        body => body,
    };
    let method = match method.map(named).transpose()? {
        Some(method) => method.for_body(&body),
        None => Method::of(&body),
    };
    if method == Method::CheckCompatibility {
        return Err(Failure::new(Kind::Usage, "--method: checkCompatibility is not a report")
            .hint("ga-fields --compatible-with NAMES")
            .into());
    }
    Ok((method, body))
}

fn named(name: &str) -> Result<Method, Failure> {
    Method::named(name).ok_or_else(|| {
        let names: Vec<_> = Method::names().collect();
        Failure::usage(format!("--method: unknown method {}; expected one of {}", Typed(name), names.join(", ")))
    })
}
