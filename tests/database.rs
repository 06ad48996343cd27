//! `-f sql` into real databases: SQLite with sqlite3, PostgreSQL with psql and a temporary cluster. The table is
//! compared with the csv of the same report, cell by cell.

use std::path::Path;
use std::process::Command;

use gauth_sandbox::{Options, Sandbox};
use serde_json::json;
use testkit::{Answer, Cluster, Home, Run, ScriptedServer, run_with_input, tool};

use crate::BIN;
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";

fn sandbox(rows: u64) -> Sandbox {
    Sandbox::start(Options { rows, ..Options::default() }).expect("start the sandbox")
}

/// ga-query with a token, for the server at `url`.
fn query(home: &Home, url: &str, token: &str, arguments: &[&str]) -> Run {
    let mut command = home.command(BIN);
    command.env("GAUTH_SANDBOX_URL", url).env("GAUTH_TOKEN", token).args(arguments);
    testkit::run(command)
}

/// Expects a failure with this code and message.
#[track_caller]
fn expect_failure(run: Run, code: i32, reason: &str) -> Run {
    let run = run.expect(code);
    assert!(run.stderr().contains(reason), "{}", run.stderr());
    run
}

/// A database client that reads SQL from its standard input.
enum Database<'a> {
    Sqlite(&'a Path),
    Postgres(&'a Cluster),
}

impl Database<'_> {
    #[track_caller]
    fn load(&self, home: &Home, sql: &str) {
        let command = match self {
            Self::Sqlite(file) => sqlite(home, file, &["-bail"]),
            Self::Postgres(cluster) => cluster.psql(home, &["-q"]),
        };
        let run = run_with_input(command, sql).expect(0);
        assert_eq!(run.stdout(), "");
    }

    /// The result of a query.
    #[track_caller]
    fn ask(&self, home: &Home, sql: &str) -> Vec<Vec<String>> {
        let command = match self {
            Self::Sqlite(file) => sqlite(home, file, &["-bail", "-separator", "\x1f", "-newline", "\x1e"]),
            Self::Postgres(cluster) => cluster.psql(home, &["-At", "-F", "\x1f", "-R", "\x1e"]),
        };
        let run = run_with_input(command, sql).expect(0);
        // psql ends with a line feed, sqlite3 ends each row with the separator.
        let text = run.stdout().trim_end_matches(['\n', '\x1e']);
        let cells = |row: &str| row.split('\x1f').map(str::to_owned).collect();
        text.split('\x1e').map(cells).collect()
    }
}

fn sqlite(home: &Home, file: &Path, options: &[&str]) -> Command {
    let mut command = home.command("sqlite3");
    command.args(options).arg(file);
    command
}

/// The cells of a csv.
pub(crate) fn rows_of(csv: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let (mut quoted, mut letters) = (false, csv.chars().peekable());
    while let Some(letter) = letters.next() {
        let row = rows.last_mut().expect("there is a row");
        let cell = row.last_mut().expect("there is a cell");
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\n' if !quoted => rows.push(vec![String::new()]),
            _ => cell.push(letter),
        }
    }
    rows.pop();
    rows
}

/// Whether two cells are equal; SQLite shows 15 digits of a number.
fn same(cell: &str, other: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    cell == other
        || match (number(cell), number(other)) {
            (Some(a), Some(b)) if cell.contains('.') || other.contains('.') => (a - b).abs() <= 1e-14 * a.abs(),
            _ => false,
        }
}

/// Loads a report twice and compares every cell with the csv.
fn loads_twice_and_holds_every_cell(database: &Database<'_>) {
    let sandbox = sandbox(2500);
    let home = Home::new();
    let token = sandbox.access_token(&[READONLY]);
    let report = ["-p", "123456", "-m", "sessions,bounceRate,totalRevenue", "-d", "date,country,pagePath,pageTitle"];
    let out = |more: &[&str]| {
        let run = query(&home, sandbox.url(), &token, &[&report[..], more].concat());
        run.expect(0).stdout().to_owned()
    };
    let csv = rows_of(&out(&["--header", "none"]));
    let sql = out(&["-f", "sql", "--table", "main_table"]);
    assert!(sql.starts_with("BEGIN;\n") && sql.ends_with("\nCOMMIT;\n"));
    for _ in 0..2 {
        database.load(&home, &sql);
        let stored = database.ask(
            &home,
            "SELECT property, date, country, \"pagePath\", \"pageTitle\", sessions, \"bounceRate\", \"totalRevenue\" \
             FROM main_table ORDER BY sessions DESC, date, country, \"pagePath\", \"pageTitle\";",
        );
        assert_eq!(stored.len(), csv.len());
        let mut expected = csv.clone();
        let number = |row: &[String]| row[4].parse::<i64>().expect("a number");
        // PostgreSQL sorts text by its locale, which is C here, as SQLite always does.
        expected.sort_by(|a, b| number(b).cmp(&number(a)).then_with(|| a[..4].cmp(&b[..4])));
        for (stored, expected) in stored.iter().zip(&expected) {
            assert_eq!(stored[0], "123456");
            for (cell, expected) in stored[1..].iter().zip(expected) {
                assert!(same(cell, expected), "{cell} is not {expected}");
            }
        }
    }
}

#[test]
fn sqlite_has_every_cell_even_if_loaded_twice() {
    if tool("sqlite3").is_none() {
        return;
    }
    let home = Home::new();
    loads_twice_and_holds_every_cell(&Database::Sqlite(&home.path().join("ga.db")));
}

#[test]
fn postgresql_has_every_cell_even_if_loaded_twice() {
    if let Some(cluster) = Cluster::start() {
        loads_twice_and_holds_every_cell(&Database::Postgres(&cluster));
    }
}

/// What visitors may write into a dimension.
const HOSTILE: [&str; 13] = [
    "'); DROP TABLE t; --",
    "\\'; DROP TABLE t; --",
    "a\\",
    "''",
    "\"",
    "",
    "two\nlines",
    "three\r\nmore\r\n\r\nlines\r",
    "x\n/\ngo\n.quit\n#\n\\q\n\\! false\n;\nCOMMIT;\n",
    ":name ?1 $1 @x %s",
    "-- /* \u{feff}",
    "日本 😀 \u{202e}rtl",
    "=HYPERLINK(\"x\")",
];

/// Metrics as sent, and as the database stores them.
const NUMBERS: [&str; 13] =
    ["0", "-5", "9223372036854775807", "-9223372036854775808", "1", "2", "3", "4", "5", "6", "7", "8", ""];

fn hostile_server() -> ScriptedServer {
    let rows: Vec<_> = HOSTILE
        .iter()
        .zip(NUMBERS)
        .map(|(text, number)| {
            json!({
                "dimensionValues": [{"value": "20261120"}, {"value": text}],
                "metricValues": [{"value": number}, {"value": "12.5"}],
            })
        })
        .collect();
    let page = json!({
        "dimensionHeaders": [{"name": "date"}, {"name": "customEvent:it's \"x\""}],
        "metricHeaders": [
            {"name": "eventCount", "type": "TYPE_INTEGER"},
            {"name": "totalRevenue", "type": "TYPE_CURRENCY"},
        ],
        "rows": rows,
        "rowCount": rows.len(),
    });
    ScriptedServer::answering(move |_| Answer::json(200, page.to_string()))
}

fn takes_hostile_text_as_text(database: &Database<'_>) {
    let server = hostile_server();
    let home = Home::new();
    let run = query(
        &home,
        &server.url(),
        "ya29.token",
        &[
            "-p",
            "1",
            "-m",
            "eventCount,totalRevenue",
            "-d",
            "date,customEvent:it's \"x\"",
            "--no-check",
            "-f",
            "sql",
            "--table",
            "t",
        ],
    );
    let sql = run.expect(0).stdout().to_owned();
    for _ in 0..2 {
        database.load(&home, &sql);
        let name = "\"customEvent:it's \"\"x\"\"\"";
        let hex = match database {
            Database::Sqlite(_) => format!("lower(hex({name}))"),
            Database::Postgres(_) => {
                format!("encode(convert_to({name}, 'UTF8'), 'hex')")
            }
        };
        let stored = database.ask(&home, &format!("SELECT {hex}, \"eventCount\" FROM t ORDER BY {name};"));
        let mut expected: Vec<_> = HOSTILE.iter().zip(NUMBERS).collect();
        expected.sort_unstable();
        let expected = expected.iter().map(|(text, number)| {
            let hex = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            vec![hex, (*number).to_owned()]
        });
        assert_eq!(stored, expected.collect::<Vec<Vec<String>>>());
    }
}

#[test]
fn h8_sqlite_takes_hostile_text_as_text() {
    if tool("sqlite3").is_none() {
        return;
    }
    let home = Home::new();
    takes_hostile_text_as_text(&Database::Sqlite(&home.path().join("ga.db")));
}

#[test]
fn h8_postgresql_takes_hostile_text_as_text() {
    if let Some(cluster) = Cluster::start() {
        takes_hostile_text_as_text(&Database::Postgres(&cluster));
        // If a backslash may end a literal, nothing is loaded.
        let home = Home::new();
        let server = hostile_server();
        let report = ["-p", "1", "-m", "eventCount", "-d", "date", "-f", "sql"];
        let arguments = [&report[..], &["--no-check", "--table", "u"]].concat();
        let run = query(&home, &server.url(), "ya29.token", &arguments);
        let sql = format!("SET standard_conforming_strings = off;\n{}", run.stdout());
        let refused = run_with_input(cluster.psql(&home, &["-q"]), sql);
        expect_failure(refused, 3, "division by zero");
    }
}

#[test]
fn h4_a_report_that_fails_part_way_leaves_the_database_as_it_was() {
    if tool("sqlite3").is_none() {
        return;
    }
    let home = Home::new();
    let database = home.path().join("ga.db");
    let server = ScriptedServer::answering(|request| {
        let body: serde_json::Value = serde_json::from_slice(&request.body).expect("the body is JSON");
        let offset = body["offset"].as_str().unwrap_or("0");
        if offset != "0" {
            return Answer::json(400, r#"{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}"#);
        }
        let row = |place: u64| json!({"dimensionValues": [{"value": "20261120"}, {"value": place.to_string()}], "metricValues": [{"value": "1"}]});
        let rows: Vec<_> = (0..250_000).map(row).collect();
        Answer::json(
            200,
            json!({
                "dimensionHeaders": [{"name": "date"}, {"name": "pagePath"}],
                "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
                "rows": rows,
                "rowCount": 250_001,
            })
            .to_string(),
        )
    });
    let arguments = ["-p", "1", "-m", "sessions", "-d", "date,pagePath"];
    let arguments = [&arguments[..], &["-f", "sql", "--table", "t"]].concat();
    let run = query(&home, &server.url(), "ya29.token", &arguments);
    let run = run.expect(4);
    assert!(run.stdout().starts_with("BEGIN;\n"));
    assert!(!run.stdout().contains("COMMIT"));
    run_with_input(sqlite(&home, &database, &["-bail"]), run.stdout());
    let tables = run_with_input(sqlite(&home, &database, &[]), ".tables\n");
    assert_eq!(tables.expect(0).stdout(), "");
}

#[test]
fn a_report_that_no_table_can_store_is_refused() {
    let home = Home::new();
    let server = ScriptedServer::answering(|_| Answer::json(200, "{}"));
    let refused = |arguments: &[&str], reason: &str| {
        let report = ["-p", "1", "-m", "sessions", "-f", "sql"];
        let arguments = [&report[..], arguments].concat();
        let run = query(&home, &server.url(), "ya29.token", &arguments);
        expect_failure(run, 2, reason);
    };
    refused(&["-d", "date"], "--table NAME");
    refused(&["-d", "date", "--table", ""], "neither NAME");
    refused(&["-d", "date", "--table", "a.b.c"], "neither NAME");
    refused(&["-d", "country", "--table", "t"], "YYYY-MM-DD");
    refused(&["-d", "country", "--table", "t", "--start", "2026-01-01"], "yesterday");
    let ranges = ["--dates", "7daysAgo..yesterday", "--dates", "2026-01-01"];
    refused(&[&["-d", "date", "--table", "t"][..], &ranges].concat(), "7daysAgo");
    let twice = ["-d", "date,customEvent:x,customEvent:X", "--table", "t"];
    refused(&[&twice[..], &["--no-check"]].concat(), "customEvent:X");
    assert!(server.requests().is_empty());
}

/// A report of one row with this page path and number of sessions.
fn one_row(path: &str, sessions: &str) -> ScriptedServer {
    let page = json!({
        "dimensionHeaders": [{"name": "date"}, {"name": "pagePath"}],
        "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
        "rows": [{
            "dimensionValues": [{"value": "20261120"}, {"value": path}],
            "metricValues": [{"value": sessions}],
        }],
        "rowCount": 1,
    });
    ScriptedServer::answering(move |_| Answer::json(200, page.to_string()))
}

const ONE_ROW: [&str; 8] = ["-p", "1", "-m", "sessions", "-d", "date,pagePath", "--table", "t"];

#[test]
fn a_number_that_no_database_accepts_ends_the_run() {
    for metric in ["1.5", "12345678901234567890"] {
        let server = one_row("a", metric);
        let run = query(&Home::new(), &server.url(), "ya29.token", &[&ONE_ROW[..], &["-f", "sql"]].concat());
        let expected = format!("row 1, column sessions: expected a whole number of 64 bits, found \"{metric}\"");
        let run = expect_failure(run, 1, &expected);
        assert!(!run.stdout().contains("COMMIT"));
    }
}

/// Loads a cell with NUL characters and compares what is stored, byte for byte.
fn replaces_nul_characters(database: &Database<'_>) {
    let (home, server) = (Home::new(), one_row("a\0'\0", "1"));
    let load = |format: &str, more: &[&str]| {
        query(&home, &server.url(), "ya29.token", &[&ONE_ROW[..], &["-f", format], more].concat())
    };
    let note = |format| format!("ga-query: a NUL character in a cell became U+FFFD: {format} has no form for it\n");
    let run = load("sql", &[]).expect(0);
    assert_eq!(run.stderr(), note("sql"));
    database.load(&home, run.stdout());
    let cell = |table: &str| database.ask(&home, &format!("SELECT \"pagePath\", sessions FROM {table};"));
    let expected = [["a\u{fffd}'\u{fffd}".to_owned(), "1".to_owned()]];
    assert_eq!(cell("t"), expected);

    let strict = load("sql", &["--strict", "-o", "t.sql"]).expect_failure(6);
    assert!(strict.stderr().contains("a NUL character"), "{}", strict.stderr());
    assert!(!home.path().join("t.sql").exists());

    let tsv = load("tsv", &["--header", "none"]).expect(0);
    assert_eq!(tsv.stderr(), note("tsv"));
    assert_eq!(tsv.stdout(), "20261120\ta\u{fffd}'\u{fffd}\t1\n");
    // Values in csv are verbatim.
    let csv = load("csv", &["--header", "none"]).expect(0);
    assert_eq!((csv.stdout(), csv.stderr()), ("20261120,a\0'\0,1\n", ""));
    if let Database::Postgres(_) = database {
        let copy = format!(
            "CREATE TABLE c (date text, \"pagePath\" text, sessions bigint);\nCOPY c FROM STDIN;\n{}\\.\n",
            tsv.stdout()
        );
        database.load(&home, &copy);
        assert_eq!(cell("c"), expected);
    }
}

#[test]
fn a_nul_character_is_stored_as_the_replacement_character() {
    if tool("sqlite3").is_some() {
        let home = Home::new();
        replaces_nul_characters(&Database::Sqlite(&home.path().join("ga.db")));
    }
    if let Some(cluster) = Cluster::start() {
        replaces_nul_characters(&Database::Postgres(&cluster));
    }
}

#[test]
fn numbers_that_are_not_integers_are_doubles() {
    let server = hostile_server();
    let arguments =
        ["-p", "1", "-m", "eventCount,totalRevenue", "-d", "date", "--no-check", "-f", "sql", "--table", "t"];
    let run = query(&Home::new(), &server.url(), "ya29.token", &arguments).expect(0);
    assert!(
        run.stdout().contains("\"eventCount\" BIGINT,\n  \"totalRevenue\" DOUBLE PRECISION,\n"),
        "{}",
        run.stdout()
    );
}
