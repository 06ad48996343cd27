//! Complete answers to complete requests: what is refused and how, and whether the figures add up.

mod admin;
mod answers;
mod audiences;
mod figures;
mod funnels;
mod methods;
mod refusals;

use super::{Analytics, METHODS};

use crate::http::{Body, not_found};
use crate::rest::Method;
use serde_json::{Value, json};
use time::{Date, Month};

const SCOPE: &str = "https://www.googleapis.com/auth/";
const REPORT: &str = "/v1beta/properties/123456:runReport";

fn sandbox(rows: u64) -> Analytics {
    let today = Date::from_calendar_date(2026, Month::November, 21).expect("a date");
    Analytics::new(rows, today)
}

/// Asks with a token of one scope; status, and the answer's bytes.
fn ask(sandbox: &Analytics, verb: &str, path: &str, scope: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let request = hyper::Request::builder().method(verb).uri(format!("http://127.0.0.1{path}"));
    let request = request.body(body.to_vec().into()).expect("a request");
    let response = match Method::find(&METHODS, verb, request.uri().path()) {
        Some((method, id)) => method.answer(sandbox, &request, id, &[format!("{SCOPE}{scope}")]),
        None => not_found(path),
    };
    let status = response.status().as_u16();
    match response.into_body() {
        Body::Bytes(bytes) => (status, bytes),
        Body::Stream(make) => {
            let mut all = Vec::new();
            make(&mut |piece| {
                all.extend(piece);
                true
            });
            (status, all)
        }
    }
}

/// The answer to a GET that succeeds.
fn get(sandbox: &Analytics, path: &str) -> Value {
    let (status, body) = ask(sandbox, "GET", path, "analytics.readonly", b"");
    let body = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(status, 200, "{body}");
    body
}

/// Sends `body` to `path` with the scope `analytics.readonly`; status, and the answer's bytes.
fn send(sandbox: &Analytics, path: &str, query: &str, body: &[u8]) -> (u16, Vec<u8>) {
    ask(sandbox, "POST", &format!("{path}?{query}"), "analytics.readonly", body)
}

/// The answer to a report that is expected to be refused or to succeed, as JSON.
fn report(sandbox: &Analytics, path: &str, request: &Value) -> (u16, Value) {
    let (status, body) = send(sandbox, path, "", request.to_string().as_bytes());
    (status, serde_json::from_slice(&body).expect("JSON"))
}

/// The answer to a report that succeeds.
fn answer(sandbox: &Analytics, request: &Value) -> Value {
    let (status, answer) = report(sandbox, REPORT, request);
    assert_eq!(status, 200, "{answer}");
    answer
}

/// A request over the last 28 days for `dimensions` and `metrics`, separated by commas.
fn request(dimensions: &str, metrics: &str) -> Value {
    let names = |list: &str| -> Value {
        let names = list.split(',').filter(|name| !name.is_empty());
        names.map(|name| json!({ "name": name })).collect()
    };
    json!({
        "dimensions": names(dimensions),
        "metrics": names(metrics),
        "dateRanges": [{"startDate": "28daysAgo", "endDate": "yesterday"}],
    })
}

/// `request` with further members.
fn with(mut request: Value, more: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (request.as_object_mut(), more) {
        members.extend(more);
    }
    request
}

/// The cells of the rows: dimensions, then metrics.
fn rows(answer: &Value) -> Vec<Vec<String>> {
    cells(&answer["rows"])
}

fn cells(rows: &Value) -> Vec<Vec<String>> {
    let texts = |values: &Value| -> Vec<String> {
        let values = values.as_array().into_iter().flatten();
        values.map(|value| value["value"].as_str().expect("a text").to_owned()).collect()
    };
    let rows = rows.as_array().into_iter().flatten();
    rows.map(|row| [texts(&row["dimensionValues"]), texts(&row["metricValues"])].concat()).collect()
}

/// The column of numbers at `column`.
fn numbers(answer: &Value, column: usize) -> Vec<f64> {
    rows(answer).iter().map(|row| row[column].parse().expect("a number")).collect()
}
