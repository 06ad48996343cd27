//! `-f parquet`, as DuckDB and Polars read it: compared with the csv of the same report, cell by cell. Both are installed by
//! scripts/clients; without them a test says so and passes.

use std::fs;
use std::process::Command;

use gauth_sandbox::Sandbox;
use serde_json::{Value, json};
use testkit::{Analyst, Answer, Pty, Run, ScriptedServer};

use super::database::rows_of;
use super::{BIN, answer, page_of, sandbox, user_of, user_of_sandbox};

/// What both readers say of a file; `None` where they are not installed.
pub(super) fn read(user: &Analyst, file: &str) -> Option<Value> {
    let python = testkit::client(BIN, "python/bin/python")?;
    if !Command::new(&python).args(["-c", "import duckdb, polars"]).output().expect("run Python").status.success() {
        println!("skipped: no duckdb");
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/clients/python/read_report.py");
    let mut command = user.home.command(python);
    command.arg(script).arg(user.home.path().join(file));
    Some(serde_json::from_str(testkit::run(command).expect(0).stdout()).expect("JSON"))
}

/// A report of these columns of dimensions and metrics, and these rows, each cell as text.
fn server_of(dimensions: &[&str], metrics: &[(&str, &str)], rows: &[Vec<&str>]) -> ScriptedServer {
    let values = |cells: &[&str]| cells.iter().map(|cell| json!({"value": cell})).collect::<Vec<_>>();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let (dimensions, metrics) = row.split_at(dimensions.len());
            json!({"dimensionValues": values(dimensions), "metricValues": values(metrics)})
        })
        .collect();
    let page = json!({
        "dimensionHeaders": dimensions.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
        "metricHeaders": metrics.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect::<Vec<_>>(),
        "rows": rows,
        "rowCount": rows.len(),
        "metadata": {"timeZone": "Europe/Rome"},
    });
    ScriptedServer::answering(move |_| answer(&page))
}

/// Runs a report into `r.parquet`, unchecked, of a server that has these rows.
fn written(server: &ScriptedServer, more: &[&str]) -> (Analyst, Run) {
    let user = user_of(&server.url());
    let report = ["-p", "1", "-d", "date", "-m", "sessions", "--no-check", "-o", "r.parquet"];
    let run = user.run(&[&report[..], more].concat());
    (user, run)
}

/// The text of a csv as what the type of a column makes of it.
fn typed(cell: &str, kind: &str) -> Value {
    match kind {
        "DATE" | "Date" => json!(format!("{}-{}-{}", &cell[..4], &cell[4..6], &cell[6..])),
        "BIGINT" | "Int64" => json!(cell.parse::<i64>().expect("an integer")),
        "DOUBLE" | "Float64" => json!(cell.parse::<f64>().expect("a number").to_bits()),
        "VARCHAR" | "String" => json!(cell),
        other => panic!("no column is {other}"),
    }
}

/// Compares what was read with a csv, whose first row is the header, and the types with those that are named for each reader.
#[track_caller]
fn assert_same(found: &Value, csv: &[Vec<String>], types: &[[&str; 2]]) {
    for (place, reader) in ["duckdb", "polars"].into_iter().enumerate() {
        let table = &found[reader];
        let columns = csv[0].iter().zip(types).map(|(name, types)| json!([name, types[place]]));
        assert_eq!(table["columns"], columns.collect::<Value>(), "{reader}");
        let rows = table["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), csv.len() - 1, "{reader}");
        for (number, (row, expected)) in rows.iter().zip(&csv[1..]).enumerate() {
            let expected: Value = expected.iter().zip(types).map(|(cell, types)| typed(cell, types[place])).collect();
            assert_eq!(row, &expected, "{reader}, row {number}");
        }
    }
}

const DATE: [&str; 2] = ["DATE", "Date"];
const TEXT: [&str; 2] = ["VARCHAR", "String"];
const INTEGER: [&str; 2] = ["BIGINT", "Int64"];
const NUMBER: [&str; 2] = ["DOUBLE", "Float64"];

fn of_sandbox(sandbox: &Sandbox, report: &[&str]) -> (Analyst, Vec<Vec<String>>) {
    let user = user_of_sandbox(sandbox);
    let csv = rows_of(user.run(report).expect(0).stdout());
    assert_eq!(user.run(&[report, &["-o", "r.Parquet", "-f", "parquet"]].concat()).expect(0).stdout(), "");
    fs::rename(user.home.path().join("r.Parquet"), user.home.path().join("r.parquet")).expect("rename");
    (user, csv)
}

#[test]
fn duckdb_and_polars_read_every_cell_of_a_report() {
    let sandbox = sandbox(4000);
    let dimensions = "date,country,pagePath,pageTitle,dateHour";
    let report = ["-p", "123456", "-m", "sessions,bounceRate,totalRevenue", "-d", dimensions];
    let (user, csv) = of_sandbox(&sandbox, &report);
    assert!(csv.len() > 3000 && csv.iter().flatten().any(|cell| cell.contains('"') || !cell.is_ascii()));
    if let Some(found) = read(&user, "r.parquet") {
        assert_same(&found, &csv, &[DATE, TEXT, TEXT, TEXT, TEXT, INTEGER, NUMBER, NUMBER]);
    }
}

#[test]
fn the_property_is_an_integer_and_the_metadata_say_what_the_report_is() {
    let sandbox = sandbox(2000);
    let report = ["-p", "123456,123457", "-m", "sessions", "-d", "date", "--start", "7daysAgo", "--end", "yesterday"];
    let (user, csv) = of_sandbox(&sandbox, &report);
    let Some(found) = read(&user, "r.parquet") else { return };
    assert_same(&found, &csv, &[INTEGER, DATE, INTEGER]);
    let metadata = &found["metadata"];
    assert_eq!(metadata["property"], "123456,123457");
    let ranges: Value = serde_json::from_str(metadata["ranges"].as_str().expect("a text")).expect("JSON");
    let [first, last] = ["startDate", "endDate"].map(|end| ranges[0][end].as_str().expect("a day").replace('-', ""));
    assert_eq!([&first, &last], [&csv[1][1], &csv[7][1]], "words are days");
    let request: Value = serde_json::from_str(metadata["request"].as_str().expect("a text")).expect("JSON");
    assert_eq!(request["dateRanges"], json!([{"startDate": "7daysAgo", "endDate": "yesterday"}]));
    assert_eq!(request["dimensions"], json!([{"name": "date"}]));
}

#[test]
fn texts_are_always_in_a_dictionary_and_everything_is_compressed() {
    // More text than a dictionary holds by default, and more rows than a row group.
    let rows = 120_000;
    let server = ScriptedServer::answering(move |request| answer(&page_of(rows, request)));
    let user = user_of(&server.url());
    user.pages(&["-o", "r.parquet"]).expect(0);
    let Some(found) = read(&user, "r.parquet") else { return };
    let table = &found["duckdb"];
    assert_eq!(table["rows"].as_array().map(Vec::len), Some(120_000));
    assert_eq!(table["rows"][119_999], json!(["/119999", 1]));
    assert_eq!(found["row_groups"], 2);
    for chunk in found["chunks"].as_array().expect("chunks") {
        assert_eq!(chunk["compression"], "SNAPPY");
        if chunk["column"] == "pagePath" {
            // PLAIN is the encoding of the dictionary itself, RLE that of what is NULL.
            assert_eq!(chunk["encodings"], "PLAIN, RLE, RLE_DICTIONARY");
        }
    }
}

#[test]
fn any_text_comes_back() {
    let texts = [
        "",
        "\"",
        "''",
        "two\nlines",
        "\r\n",
        "a,b",
        "\0",
        "x\0y",
        "日本 😀 \u{202e}rtl",
        "\u{feff}",
        "(not set)",
        "NULL",
        "é",
    ];
    let rows: Vec<_> = texts.iter().map(|text| vec![*text, "", ""]).collect();
    let columns = [("sessions", "TYPE_INTEGER"), ("totalRevenue", "TYPE_CURRENCY")];
    let (user, run) = written(&server_of(&["customEvent:it's \"x\""], &columns, &rows), &[]);
    run.expect(0);
    let Some(found) = read(&user, "r.parquet") else { return };
    for reader in ["duckdb", "polars"] {
        assert_eq!(found[reader]["columns"][0][0], "customEvent:it's \"x\"");
        let expected: Value = texts.iter().map(|text| json!([text, null, null])).collect();
        assert_eq!(found[reader]["rows"], expected, "an empty metric is NULL: {reader}");
    }
}

#[test]
fn a_number_is_read_as_it_was_sent() {
    let rows: Vec<_> = [
        ("0", "0.30000000000000004"),
        ("-5", "-0.1"),
        ("9007199254740993", "1e-7"),
        ("9223372036854775807", "12345678901234567890"),
        ("-9223372036854775808", "1.7976931348623157e308"),
        ("1", "NaN"),
        ("2", "Infinity"),
        ("3", "12"),
    ]
    .iter()
    .zip(["a", "b", "c", "d", "e", "f", "g", "h"])
    .map(|((whole, number), country)| vec![country, *whole, *number])
    .collect();
    let columns = [("sessions", "TYPE_INTEGER"), ("engagementRate", "TYPE_FLOAT")];
    let (user, run) = written(&server_of(&["country"], &columns, &rows), &[]);
    run.expect(0);
    let Some(found) = read(&user, "r.parquet") else { return };
    for reader in ["duckdb", "polars"] {
        for (row, sent) in found[reader]["rows"].as_array().expect("rows").iter().zip(&rows) {
            assert_eq!(row, &json!([sent[0], typed(sent[1], "BIGINT"), typed(sent[2], "DOUBLE")]), "{reader}");
        }
    }
}

#[test]
fn a_report_without_rows_is_a_file_with_its_columns() {
    let columns = [("sessions", "TYPE_INTEGER"), ("totalRevenue", "TYPE_CURRENCY")];
    // An answer without headers leaves the types to the list of known fields.
    let bare = ScriptedServer::answering(|_| Answer::json(200, r#"{"kind":"analyticsData#runReport"}"#));
    for server in [server_of(&["date", "country"], &columns, &[]), bare] {
        let user = user_of(&server.url());
        let report = ["-p", "1,2", "-d", "date,country", "-m", "sessions,totalRevenue", "-o", "r.parquet"];
        user.run(&report).expect(0);
        let Some(found) = read(&user, "r.parquet") else { return };
        let names = ["property", "date", "country", "sessions", "totalRevenue"].map(str::to_owned).to_vec();
        assert_same(&found, &[names], &[INTEGER, DATE, TEXT, INTEGER, NUMBER]);
        assert_eq!(found["metadata"]["property"], "1,2");
    }
}

#[test]
fn a_date_that_is_not_one_is_null_and_reported_once() {
    let columns = [("sessions", "TYPE_INTEGER")];
    let rows: Vec<_> =
        ["20261127", "(other)", "20269999", "20230229", "(other!)"].iter().map(|date| vec![*date, "1"]).collect();
    let server = server_of(&["date"], &columns, &rows);
    let (user, run) = written(&server, &[]);
    let note = "ga-query: values of date that are not dates became NULL; the first is \"(other)\", in row 2\n";
    assert_eq!(run.expect(0).stderr(), note);
    if let Some(found) = read(&user, "r.parquet") {
        for reader in ["duckdb", "polars"] {
            assert_eq!(
                found[reader]["rows"],
                json!([["2026-11-27", 1], [null, 1], [null, 1], [null, 1], [null, 1]]),
                "{reader}"
            );
        }
    }
    let (user, run) = written(&server, &["--strict"]);
    run.expect_failure(6);
    assert!(user.home.tree().is_empty());
}

#[test]
fn a_cell_that_its_type_cannot_hold_is_named_and_leaves_no_file() {
    for (kind, cell, expected) in [
        ("TYPE_INTEGER", "12.5", "a 64-bit integer, found \"12.5\""),
        ("TYPE_INTEGER", "NaN", "a 64-bit integer, found \"NaN\""),
        ("TYPE_INTEGER", "12345678901234567890", "a 64-bit integer, found \"12345678901234567890\""),
        ("TYPE_INTEGER", "1e3", "a 64-bit integer, found \"1e3\""),
        ("TYPE_FLOAT", "1e400", "a number that a double can hold, found \"1e400\""),
        ("TYPE_SECONDS", "soon", "a number that a double can hold, found \"soon\""),
        ("", "1\u{1b}[31m", "a number that a double can hold, found \"1\\u{1b}[31m\""),
    ] {
        let rows = [vec!["20261127", "1"], vec!["20261128", cell]];
        let (user, run) = written(&server_of(&["date"], &[("sessions", kind)], &rows), &[]);
        let said = format!("ga-query: cannot write Parquet: row 2, column sessions: expected {expected}\n");
        assert_eq!(run.expect_failure(1).stderr(), said);
        assert!(user.home.tree().is_empty(), "{:?}", user.home.tree());
    }
}

#[test]
fn two_columns_of_one_name_and_unrequested_totals_are_refused() {
    let twice = server_of(&["date"], &[("a", "TYPE_INTEGER"), ("a", "TYPE_FLOAT")], &[vec!["20261127", "1", "2"]]);
    let (_, run) = written(&twice, &[]);
    assert_eq!(run.expect_failure(1).stderr(), "ga-query: cannot write Parquet: two columns are named a\n");
    let totals = json!({
        "dimensionHeaders": [{"name": "date"}],
        "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
        "rows": [{"dimensionValues": [{"value": "20261127"}], "metricValues": [{"value": "1"}]}],
        "totals": [{"dimensionValues": [{"value": "RESERVED_TOTAL"}], "metricValues": [{"value": "1"}]}],
        "rowCount": 1,
    });
    let (user, run) = written(&ScriptedServer::answering(move |_| answer(&totals)), &[]);
    let run = run.expect_failure(1);
    assert!(run.stderr().contains("totals that were not requested"), "{}", run.stderr());
    assert!(user.home.tree().is_empty());
}

#[test]
fn an_expression_that_is_called_date_is_text() {
    let server = server_of(&["date"], &[("sessions", "TYPE_INTEGER")], &[vec!["20261127", "1"], vec!["france", "2"]]);
    let user = user_of(&server.url());
    let expression = json!({"lowerCase": {"dimensionName": "country"}});
    let request = json!({
        "dimensions": [{"name": "date", "dimensionExpression": expression}],
        "metrics": [{"name": "sessions"}],
        "dateRanges": [{"startDate": "2026-11-01", "endDate": "2026-11-02"}],
    });
    user.home.write("request.json", 0o600, request.to_string());
    let run = user.run(&["-p", "1", "--request", "request.json", "-o", "r.parquet"]).expect(0);
    assert_eq!(run.stderr(), "");
    if let Some(found) = read(&user, "r.parquet") {
        assert_eq!(found["duckdb"]["rows"], json!([["20261127", 1], ["france", 2]]));
    }
}

#[test]
fn what_is_not_one_table_is_refused_before_a_token_is_read() {
    let server = ScriptedServer::answering(|_| Answer::json(200, "{}"));
    let user = user_of(&server.url());
    let report = json!({"metrics": [{"name": "sessions"}], "dateRanges": [{"startDate": "today", "endDate": "today"}]});
    let mut pivot = report.clone();
    pivot["dimensions"] = json!([{"name": "country"}]);
    pivot["pivots"] = json!([{"fieldNames": ["country"], "limit": 5}]);
    let mut totals = report.clone();
    totals["metricAggregations"] = json!(["TOTAL"]);
    let step = json!({"name": "one", "filterExpression": {"funnelEventFilter": {"eventName": "first_visit"}}});
    for (name, body) in [
        ("batch", json!({"requests": [report, report]})),
        ("pivot", pivot.clone()),
        ("pivots", json!({"requests": [pivot]})),
        ("funnel", json!({"funnel": {"steps": [step]}})),
        ("totals", totals),
    ] {
        user.home.write(name, 0o600, body.to_string());
    }
    let before = user.home.tree();
    for (arguments, said) in [
        (&["--request", "batch"][..], "cannot hold several reports"),
        (&["--request", "pivot"], "cannot hold the tables of runPivotReport"),
        (&["--request", "pivots"], "cannot hold the tables of batchRunPivotReports"),
        (&["--request", "funnel"], "cannot hold the tables of runFunnelReport"),
        (&["--request", "totals"], "cannot hold totals among its rows"),
        (&["-m", "sessions", "--totals"], "cannot hold totals among its rows"),
        (&["-m", "sessions", "--min"], "cannot hold totals among its rows"),
        (&["-m", "sessions", "--excel"], "--excel"),
    ] {
        for more in [&[][..], &["--dry-run"]] {
            let arguments =
                [&["-p", "1", "-o", "r.parquet", "--token-command", "touch asked"], arguments, more].concat();
            let run = testkit::run(user.command_without_token(&arguments)).expect_failure(2);
            assert!(run.stderr().contains(said), "{arguments:?}: {}", run.stderr());
        }
    }
    assert_eq!(user.home.tree(), before);
    assert!(server.requests().is_empty());
}

#[test]
fn a_terminal_is_refused_by_any_name_and_a_dry_run_is_not() {
    let server = ScriptedServer::answering(|_| Answer::json(200, "{}"));
    let user = user_of(&server.url());
    let report = ["-p", "1", "-m", "sessions", "-f", "parquet", "--token-command", "touch asked"];
    for more in [&[][..], &["-o", "-"], &["-o", "/dev/stdout"], &["-o", "/dev/stderr"]] {
        let command = user.command_without_token(&[&report[..], more].concat());
        let (status, shown) = Pty::start(command, 80).finish();
        assert_eq!(status.code(), Some(2), "{more:?}: {shown}");
        assert!(shown.contains("-f parquet: a terminal cannot show it"), "{shown}");
    }
    let (status, shown) = Pty::start(user.command_without_token(&[&report[..], &["--dry-run"]].concat()), 80).finish();
    assert!(status.success() && shown.contains("\"sessions\""), "{shown}");
    assert!(user.home.tree().is_empty() && server.requests().is_empty());
}

#[test]
fn a_run_that_fails_part_way_has_no_end_and_leaves_no_file() {
    let server = ScriptedServer::answering(|request| {
        let page = page_of(250_001, request);
        let is_first = page["rows"][0]["dimensionValues"][0]["value"] == "/0";
        if is_first { answer(&page) } else { Answer::json(400, r#"{"error":{"code":400,"message":"no"}}"#) }
    });
    let user = user_of(&server.url());
    user.pages(&["-o", "r.parquet"]).expect_failure(4);
    assert!(user.home.tree().is_empty());
    let output = user.command(&["-p", "1", "-d", "pagePath", "-m", "sessions", "-f", "parquet"]).output().expect("run");
    assert_eq!(output.status.code(), Some(4));
    assert!(output.stdout.starts_with(b"PAR1") && !output.stdout.ends_with(b"PAR1"));
}

#[test]
fn a_pipe_gets_the_same_bytes_as_a_file() {
    let server = ScriptedServer::answering(|request| answer(&page_of(1000, request)));
    let user = user_of(&server.url());
    let report = ["-p", "1", "-d", "pagePath", "-m", "sessions", "-f", "parquet"];
    user.run(&[&report[..], &["-o", "r.parquet"]].concat()).expect(0);
    let piped = user.command(&report).output().expect("run").stdout;
    assert_eq!(piped, fs::read(user.home.path().join("r.parquet")).expect("read"));
}
