//! What can be found wrong in a request before a token is spent on it.
//!
//! The shape is that of Google's discovery document, the limits are those of
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/runReport>
//! and its neighbours, the names those of [`crate::catalogue`]. Whether fields go together only the server
//! knows.

mod limits;
mod method;
mod names;
mod shape;

pub use method::Method;

use serde_json::Value;

use crate::error::Error;

/// Checks an official request body, as `--request` takes it.
///
/// Names that Google has changed are replaced by today's, and keys written `like_this` by keys written
/// `likeThis`, which the API takes alike. Returns a note for each changed name.
pub fn body(method: Method, body: &mut Value) -> Result<Vec<String>, Error> {
    shape::conform(method, body)?;
    let mut notes = Vec::new();
    if !method.is_batch() {
        report(method, body, &mut notes)?;
        return Ok(notes);
    }
    limits::check_batch(list(body, "requests"))?;
    let requests = body.get_mut("requests").and_then(Value::as_array_mut);
    for request in requests.into_iter().flatten() {
        report(method, request, &mut notes)?;
    }
    Ok(notes)
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
