//! ga-sync as users see it: the real binary with a home of its own, against the sandbox or a scripted server, and what is in
//! the table afterwards. The ids in test names are those of docs/security.md.

#[path = "sync/command_line.rs"]
mod command_line;
#[path = "sync/days.rs"]
mod days;
#[path = "sync/failures.rs"]
mod failures;
#[path = "sync/folder.rs"]
mod folder;
#[path = "sync/postgres.rs"]
mod postgres;
#[path = "sync/system_calls.rs"]
mod system_calls;
#[path = "sync/table.rs"]
mod table;

use std::path::PathBuf;

use gauth_sandbox::{Options, Sandbox};
use rusqlite::types::Value;
use testkit::{Analyst, Run};

const BIN: &str = env!("CARGO_BIN_EXE_ga-sync");

fn sandbox() -> Sandbox {
    Sandbox::start(Options { rows: 500, ..Options::default() }).expect("start the sandbox")
}

/// A user of ga-sync with a database of their own.
struct Keeper(Analyst);

impl Keeper {
    fn of(sandbox: &Sandbox) -> Self {
        Self(Analyst::of_sandbox(BIN, sandbox))
    }

    fn database(&self) -> PathBuf {
        self.0.home.path().join("ga.db")
    }

    /// Sessions by country of property 123456 into the table `traffic`, with further arguments.
    #[track_caller]
    fn sync(&self, more: &[&str]) -> Run {
        self.of_properties("123456", more)
    }

    #[track_caller]
    fn of_properties(&self, properties: &str, more: &[&str]) -> Run {
        let arguments = ["--into", "ga.db", "--table", "traffic", "-p", properties, "-m", "sessions", "-d", "country"];
        self.0.run(&[&arguments[..], more].concat())
    }

    /// The rows that answer a query, cells with `|` between them.
    #[track_caller]
    fn ask(&self, sql: &str) -> Vec<String> {
        let connection = rusqlite::Connection::open(self.database()).expect("open the database");
        let mut statement = connection.prepare(sql).expect("a query");
        let width = statement.column_count();
        let mut rows = statement.query([]).expect("query the database");
        let mut found = Vec::new();
        while let Some(row) = rows.next().expect("read a row") {
            let cells = (0..width).map(|place| match row.get(place).expect("a cell") {
                Value::Null => "NULL".to_owned(),
                Value::Integer(number) => number.to_string(),
                Value::Real(number) => format!("{number:?}"),
                Value::Text(text) => text,
                Value::Blob(_) => panic!("nothing is stored as bytes"),
            });
            found.push(cells.collect::<Vec<_>>().join("|"));
        }
        found
    }

    #[track_caller]
    fn change(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.database()).expect("open the database");
        connection.execute_batch(sql).expect("change the database");
    }
}

/// Silence is success.
#[track_caller]
fn assert_silent(run: Run) {
    let run = run.expect(0);
    assert_eq!((run.stdout(), run.stderr()), ("", ""));
}

/// That it failed with this code, printed nothing, and said why in one line.
#[track_caller]
fn assert_fails(run: Run, code: i32, reason: &str) -> Run {
    let run = run.expect_failure(code);
    assert!(run.stderr().contains(reason), "{}", run.stderr());
    run
}

/// How many reports of days were requested so far.
fn reports(sandbox: &Sandbox) -> usize {
    sandbox.requests().into_iter().filter(|request| request.path.ends_with(":runReport")).count()
}

/// Ten days that are over and final.
const NOVEMBER: [&str; 4] = ["--first", "2026-11-01", "--last", "2026-11-10"];
