//! The official request body of `--request`, and which method it is for.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest>
//!
//! Whether it is well formed is judged by [`ga_core::check`].

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use ga_core::check::{self, Method};
use gauth_cli::files::{self, shown};
use gauth_cli::{Failure, Kind};
use gauth_text::Typed;
use serde_json::{Value, json};

/// Far more than Google takes.
const LIMIT: usize = 16 << 20;

/// The text of a file, or of standard input for `-`; `what` names the option.
pub(crate) fn text(path: &str, what: &str, deadline: Option<Instant>) -> anyhow::Result<String> {
    let bytes = files::read_given(Path::new(path), LIMIT, deadline).with_context(|| what.to_owned())?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{what}: {} is not UTF-8", shown(Path::new(path)))))?;
    // Editors of Windows put a byte-order mark in front.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The method and the body, a list of requests put into a batch.
pub(crate) fn read(path: &str, method: Option<&str>, deadline: Option<Instant>) -> anyhow::Result<(Method, Value)> {
    let text = text(path, "--request", deadline)?;
    if text.trim().is_empty() {
        return Err(Failure::usage(format!("--request: {} is empty", shown(Path::new(path)))).into());
    }
    let body = match check::parse(&text).with_context(|| format!("--request: {}", shown(Path::new(path))))? {
        Value::Array(requests) => json!({ "requests": requests }),
        body => body,
    };
    let looks_like = Method::of(&body);
    let method = match method.map(named).transpose()? {
        // One name, in two versions of the API.
        Some(Method::RunReport) if looks_like == Method::RunReportAlpha => looks_like,
        Some(method) => method,
        None => looks_like,
    };
    if method == Method::CheckCompatibility {
        return Err(Failure::new(Kind::Usage, "--method: checkCompatibility gives no report")
            .hint("ga-fields --compatible-with NAMES")
            .into());
    }
    Ok((method, body))
}

fn named(name: &str) -> Result<Method, Failure> {
    Method::named(name).ok_or_else(|| {
        let names: Vec<_> = Method::names().collect();
        Failure::usage(format!("--method: {} is none of {}", Typed(name), names.join(", ")))
    })
}
