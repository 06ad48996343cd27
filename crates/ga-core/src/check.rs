//! Checks a request before it is sent, so that errors cost no quota.
//!
//! The table of messages is Google's; the limits are those of
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/runReport>
//! and its neighbours, the names those of [`crate::catalogue`]. Only the server knows which fields can be combined.

mod limits;
mod method;
mod names;
mod proto;

pub use method::Method;

use gauth_text::json;
use serde_json::Value;

use crate::error::Error;
use crate::report::RunReportRequest;

/// Reads the text of a request body. Other JSON, and an object with a key twice, is refused; the latter with its path.
pub fn parse(text: &str) -> Result<Value, Error> {
    json::distinct(text.as_bytes()).map_err(|error| {
        let what = if error.is_data() { "invalid request" } else { "not JSON" };
        Error::usage(format!("{what}: {error}"))
    })
}

/// Checks an official request body, as `--request` takes it.
///
/// All spellings of proto3 JSON become one, and former names of fields are replaced by the current ones. Returns a note for
/// each replaced name. An error names the path of what is wrong.
pub fn body(method: Method, body: &mut Value) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    checked(method, body, &mut notes).map_err(|error| error.within("invalid request"))?;
    Ok(notes)
}

/// Checks a request as [`body`] does.
pub fn request(method: Method, request: &mut RunReportRequest) -> Result<Vec<String>, Error> {
    let unwritable = |error| Error::usage(format!("the request cannot be written: {error}"));
    let mut checked = serde_json::to_value(&request).map_err(unwritable)?;
    let notes = body(method, &mut checked)?;
    if let Value::Object(checked) = checked {
        *request = RunReportRequest::official(checked);
    }
    Ok(notes)
}

/// Brings a body into one spelling without checking it: what cannot be read stays unchanged.
pub fn spelled(method: Method, body: Value) -> Value {
    proto::read(method, body.clone(), proto::Unreadable::Kept).unwrap_or(body)
}

fn checked(method: Method, body: &mut Value, notes: &mut Vec<String>) -> Result<(), Error> {
    *body = proto::read(method, std::mem::take(body), proto::Unreadable::Refused)?;
    if !method.is_batch() {
        return report(method, body, notes);
    }
    limits::check_batch(list(body, "requests"))?;
    let requests = body.get_mut("requests").and_then(Value::as_array_mut);
    for (place, request) in requests.into_iter().flatten().enumerate() {
        report(method, request, notes).map_err(|error| error.within(&format!("requests[{place}]")))?;
    }
    Ok(())
}

fn report(method: Method, request: &mut Value, notes: &mut Vec<String>) -> Result<(), Error> {
    limits::check(method, request)?;
    names::check(method, request, notes)
}

/// The members of a list in a request; none if it is not there.
fn list<'a>(request: &'a Value, name: &str) -> &'a [Value] {
    request.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
