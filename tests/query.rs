//! ga-query as its users see it: the real binary, with a home of its own, against the sandbox or against a
//! server that is not ours. The ids in the names of tests are those of the security requirements.

#[path = "query/answers.rs"]
mod answers;
#[path = "query/command_line.rs"]
mod command_line;
#[path = "query/dates.rs"]
mod dates;
#[path = "query/methods.rs"]
mod methods;
#[path = "query/network.rs"]
mod network;
#[path = "query/output.rs"]
mod output;
#[path = "query/paging.rs"]
mod paging;
#[path = "query/properties.rs"]
mod properties;
#[path = "query/quota.rs"]
mod quota;
#[path = "query/recorded.rs"]
mod recorded;
#[path = "query/retries.rs"]
mod retries;
#[path = "query/token.rs"]
mod token;
#[path = "query/v3.rs"]
mod v3;

use std::process::Command;

use gauth_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use testkit::{Answer, Home, Received, Run};

const BIN: &str = env!("CARGO_BIN_EXE_ga-query");
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";
/// The token in all tests whose server does not ask who made it.
const TOKEN: &str = "ya29.canary-V5wq0Zt7kPd3XyA1mEoB";

/// A person with a token and a report to make.
struct User {
    home: Home,
    url: String,
    token: String,
}

impl User {
    /// Of a server that takes any token.
    fn of(url: &str) -> Self {
        Self { home: Home::new(), url: url.to_owned(), token: TOKEN.to_owned() }
    }

    /// Of the sandbox, with a token that it gave.
    fn of_sandbox(sandbox: &Sandbox) -> Self {
        Self { token: sandbox.access_token(&[READONLY]), ..Self::of(sandbox.url()) }
    }

    /// The program with the token in its environment.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command_without_token(arguments);
        command.env("GAUTH_TOKEN", &self.token);
        command
    }

    fn command_without_token(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(BIN);
        command.env("GAUTH_SANDBOX_URL", &self.url).args(arguments);
        command
    }

    /// Runs the program; the token is never among what it says.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Run {
        self.finish(self.command(arguments))
    }

    #[track_caller]
    fn finish(&self, command: Command) -> Run {
        let run = testkit::run(command);
        run.assert_no_secret(std::slice::from_ref(&self.token), false);
        run
    }

    /// The rows of a report, of which the first is the header, in cells that hold no commas.
    #[track_caller]
    fn cells(&self, arguments: &[&str]) -> Vec<Vec<String>> {
        let run = self.run(arguments).expect(0);
        let lines = run.stdout().lines();
        lines.map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }

    /// A report by page of sessions, with further arguments.
    #[track_caller]
    fn pages(&self, arguments: &[&str]) -> Run {
        let all = [&["-p", "1", "-d", "pagePath", "-m", "sessions"], arguments].concat();
        self.run(&all)
    }
}

fn sandbox(rows: u64) -> Sandbox {
    Sandbox::start(Options { rows, ..Options::default() }).expect("start the sandbox")
}

/// A report by page of sessions with so many rows, as Google answers: the part of it that was asked for.
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
