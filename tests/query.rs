//! ga-query as its users see it: the real binary, with its own home, against the sandbox or a scripted server. The ids
//! in the names of tests are those of the security requirements.

mod completions;
mod database;
mod eyes;
mod pipeline;

#[path = "query/answers.rs"]
mod answers;
#[path = "query/audience.rs"]
mod audience;
#[path = "query/command_line.rs"]
mod command_line;
#[path = "query/compare.rs"]
mod compare;
#[path = "query/compressed.rs"]
mod compressed;
#[path = "query/conversions.rs"]
mod conversions;
#[path = "query/dates.rs"]
mod dates;
#[path = "query/generated_comparisons.rs"]
mod generated_comparisons;
#[path = "query/methods.rs"]
mod methods;
#[path = "query/network.rs"]
mod network;
#[path = "query/output.rs"]
mod output;
#[path = "query/paging.rs"]
mod paging;
#[path = "query/parquet.rs"]
mod parquet;
#[path = "query/people.rs"]
mod people;
#[path = "query/properties.rs"]
mod properties;
#[path = "query/quota.rs"]
mod quota;
#[path = "query/recorded.rs"]
mod recorded;
#[path = "query/retries.rs"]
mod retries;
#[path = "query/side_by_side.rs"]
mod side_by_side;
#[path = "query/token.rs"]
mod token;
#[path = "query/v3.rs"]
mod v3;
#[path = "query/watch.rs"]
mod watch;

use gauth_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use testkit::{Analyst, Answer, Received};

const BIN: &str = env!("CARGO_BIN_EXE_ga-query");

/// A user of a server that accepts any token.
fn user_of(url: &str) -> Analyst {
    Analyst::of(BIN, url)
}

/// A user of the sandbox, with a token that it issued.
fn user_of_sandbox(sandbox: &Sandbox) -> Analyst {
    Analyst::of_sandbox(BIN, sandbox)
}

fn sandbox(rows: u64) -> Sandbox {
    Sandbox::start(Options { rows, ..Options::default() }).expect("start the sandbox")
}

/// A report of sessions by page with this number of rows; returns the requested part of it, as Google does.
fn page_of(rows: u64, request: &Received) -> Value {
    let body = body_of(request);
    let number = |name: &str| body[name].as_str().map(|text| text.parse::<u64>().expect(name));
    let offset = number("offset").unwrap_or(0);
    let end = rows.min(offset + number("limit").unwrap_or(10_000));
    let row = |place: u64| {
        json!({
            "dimensionValues": [{"value": format!("/{place}")}],
            "metricValues": [{"value": (rows - place).to_string()}],
        })
    };
    let mut answer = json!({
        "dimensionHeaders": [{"name": "pagePath"}],
        "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
        "metadata": {"currencyCode": "EUR", "timeZone": "Europe/Rome"},
        "kind": "analyticsData#runReport",
    });
    if offset < end {
        answer["rows"] = (offset..end).map(row).collect();
    }
    if rows > 0 {
        answer["rowCount"] = rows.into();
    }
    answer
}

fn answer(value: &Value) -> Answer {
    Answer::json(200, value.to_string())
}

/// The CSV of [`page_of`]'s whole report.
fn csv_of(rows: u64) -> String {
    let lines = (0..rows).map(|place| format!("/{place},{}\n", rows - place));
    format!("pagePath,sessions\n{}", lines.collect::<String>())
}

/// The body of a request; null if it has none.
fn body_of(request: &Received) -> Value {
    match &request.body[..] {
        [] => Value::Null,
        body => serde_json::from_slice(body).expect("the body is JSON"),
    }
}
