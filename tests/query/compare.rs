//! `--compare`: what is requested, what becomes of the two answers in every format, and what is refused. That every cell is
//! right is tested by generated reports.

use std::fs;

use serde_json::{Value, json};
use testkit::{Analyst, Answer, Received, Run, ScriptedServer};

use super::database::rows_of;
use super::{BIN, answer, body_of, parquet, sandbox, user_of, user_of_sandbox};

const NOVEMBER: [&str; 4] = ["--start", "2025-11-01", "--end", "2025-11-03"];

/// A report of sessions and bounce rates by date, of the rows with these cells.
fn report_of(rows: &[[&str; 3]]) -> Value {
    let row = |[date, sessions, rate]: &[&str; 3]| json!({"dimensionValues": [{"value": date}], "metricValues": [{"value": sessions}, {"value": rate}]});
    let mut report = json!({
        "dimensionHeaders": [{"name": "date"}],
        "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}, {"name": "bounceRate", "type": "TYPE_FLOAT"}],
        "metadata": {"currencyCode": "EUR", "timeZone": "Etc/GMT+12"},
        "kind": "analyticsData#runReport",
    });
    if !rows.is_empty() {
        report["rows"] = rows.iter().map(row).collect();
        report["rowCount"] = rows.len().into();
    }
    report
}

/// A server that answers each report by its first day, in a batch or by itself.
fn server(reply: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> ScriptedServer {
    ScriptedServer::answering(move |request| {
        if !request.target.contains(':') {
            return answer(
                &json!({"timeZone": if request.target.contains("/8") { "Etc/GMT+12" } else { "Etc/GMT-14" }}),
            );
        }
        let body = body_of(request);
        let reply = |body: &Value| reply(body["dateRanges"][0]["startDate"].as_str().expect("a day"), body);
        answer(&match body["requests"].as_array() {
            Some(requests) => json!({"reports": requests.iter().map(reply).collect::<Vec<_>>()}),
            None => reply(&body),
        })
    })
}

/// The first days of November 2025 and of October's last, of which one has no row.
fn two_periods() -> ScriptedServer {
    server(|first, _| match first {
        "2025-11-01" => report_of(&[["20251101", "30", "0.5"], ["20251102", "9007199254740993", "0.25"]]),
        "2025-10-29" => report_of(&[["20251029", "20", "0.25"], ["20251031", "7", "0.5"]]),
        other => panic!("no report begins on {other}"),
    })
}

fn compared(user: &Analyst, arguments: &[&str]) -> Run {
    let report = ["-p", "7", "-m", "sessions,bounceRate", "-d", "date", "--compare", "previous"];
    user.run(&[&report[..], &NOVEMBER, arguments].concat())
}

/// The days of all reports that a request asks for.
fn days(request: &Received) -> Vec<String> {
    let body = body_of(request);
    let requests = body["requests"].as_array().cloned().unwrap_or_else(|| vec![body]);
    let day = |request: &Value, end: &str| request["dateRanges"][0][end].as_str().expect("a day").to_owned();
    requests.iter().map(|request| format!("{}..{}", day(request, "startDate"), day(request, "endDate"))).collect()
}

#[test]
fn two_periods_are_one_request_and_one_row_for_each_day() {
    let server = two_periods();
    let run = compared(&user_of(&server.url()), &[]).expect(0);
    assert_eq!(
        run.stdout(),
        "date,sessions,sessions_previous,sessions_change,bounceRate,bounceRate_previous,bounceRate_change\n\
         20251101,30,20,0.5,0.5,0.25,1\n\
         20251102,9007199254740993,0,,0.25,,\n\
         20251103,0,7,-1,,0.5,\n"
    );
    assert_eq!(run.stderr(), "");
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "absolute days need no time zone");
    assert_eq!(requests[0].target, "/v1beta/properties/7:batchRunReports?prettyPrint=false");
    assert_eq!(days(&requests[0]), ["2025-11-01..2025-11-03", "2025-10-29..2025-10-31"]);
}

#[test]
fn order_offset_and_limit_are_those_of_the_joined_rows() {
    let dates = |arguments: &[&str]| {
        let server = two_periods();
        let run = compared(&user_of(&server.url()), &[arguments, &["--header", "none"]].concat()).expect(0);
        for request in body_of(&server.requests()[0])["requests"].as_array().expect("a batch") {
            assert_eq!((&request["limit"], request.get("offset")), (&json!("250000"), None), "all rows are requested");
        }
        run.stdout().lines().map(|line| line[6..8].to_owned()).collect::<String>()
    };
    for (arguments, expected) in [
        (&[][..], "010203"),
        (&["--sort", "-sessions_change"], "010302"),
        (&["--sort", "sessions_change"], "030102"),
        (&["--sort", "-sessions_previous"], "010302"),
        (&["--sort", "bounceRate_previous,date"], "010302"),
        (&["--sort", "-date", "--limit", "2"], "0302"),
        (&["--offset", "1", "--limit", "1"], "02"),
        (&["--offset", "3"], ""),
    ] {
        assert_eq!(dates(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn relative_days_are_those_of_each_property() {
    let server = server(|first, _| report_of(&[[&first.replace('-', ""), "5", "0"]]));
    let user = user_of(&server.url());
    let report = ["-p", "7,8", "-m", "sessions,bounceRate", "-d", "date", "--start", "yesterday", "--end", "yesterday"];
    let run = user.run(&[&report[..], &["--compare", "previous", "--limit", "1"]].concat()).expect(0);
    let rows = rows_of(run.stdout());
    assert_eq!(rows.iter().map(|row| &*row[0]).collect::<Vec<_>>(), ["property", "7", "8"]);
    assert_ne!(rows[1][1], rows[2][1], "it is never the same day in both zones");
    assert_eq!([&rows[1][2..5], &rows[2][2..5]], [["5", "5", "0"]; 2]);
    assert_eq!(server.requests().len(), 4, "a time zone and a report of each");
}

#[test]
fn pages_of_both_periods_are_joined() {
    let server = server(|first, request| {
        let number = |name: &str| request[name].as_str().map_or(0, |text| text.parse::<usize>().expect(name));
        let day = |place: usize| format!("{:08}", if first == "2025-11-01" { place } else { place + 5 });
        let rows: Vec<_> = (0..25).map(|place| [day(place), "2".to_owned(), "0".to_owned()]).collect();
        let rows: Vec<[&str; 3]> = rows.iter().map(|row| [&*row[0], &row[1], &row[2]]).collect();
        let mut report = report_of(&rows);
        report["rows"] = rows[number("offset")..]
            .iter()
            .take(number("limit").min(10))
            .map(|row| report_of(&[*row])["rows"][0].clone())
            .collect();
        report
    });
    let run = compared(&user_of(&server.url()), &["--sort", "-sessions_previous"]).expect(0);
    assert_eq!(run.stdout().lines().count(), 31);
    assert_eq!(run.stdout().lines().filter(|line| line.contains(",2,2,0,")).count(), 20);
    let mut asked: Vec<_> = server.requests().iter().flat_map(days).collect();
    asked.sort_unstable();
    assert_eq!(asked, [vec!["2025-10-29..2025-10-31"; 3], vec!["2025-11-01..2025-11-03"; 3]].concat());
}

#[test]
fn every_format_but_sql_and_v3_holds_a_comparison() {
    let server = two_periods();
    let user = user_of(&server.url());
    let printed = |arguments: &[&str]| compared(&user, arguments).expect(0).stdout().to_owned();
    let csv = rows_of(&printed(&[]));
    assert_eq!(rows_of(&printed(&["-f", "tsv"]).replace('\t', ",")), csv);
    let json: Value = serde_json::from_str(&printed(&["-f", "json"])).expect("JSON");
    let first = json!({"date": "20251101", "sessions": 30, "sessions_previous": 20, "sessions_change": 0.5,
        "bounceRate": 0.5, "bounceRate_previous": 0.25, "bounceRate_change": 1});
    assert_eq!(json[0], first);
    assert_eq!(json[1]["sessions"], json!(9_007_199_254_740_993_u64));
    let lines: Vec<Value> =
        printed(&["-f", "ndjson"]).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(json!(lines), json);
    let table = printed(&["-f", "table"]);
    for text in ["2025-11-01", "9,007,199,254,740,993", "+50.0%", "-100.0%", "25.0%"] {
        assert!(table.contains(text), "{text} in {table}");
    }
    for format in ["html", "chart", "markdown"] {
        assert!(!printed(&["-f", format]).is_empty());
    }
    let raw = printed(&["-f", "raw"]);
    let place = |text: &str| raw.find(text).expect(text);
    assert!(place("20251101") < place("20251029"), "this period comes first: {raw}");
    compared(&user, &["-f", "sql", "--table", "t"]).expect_failure(2);
    compared(&user, &["-f", "v3"]).expect_failure(2);
}

#[test]
fn a_change_is_a_double_in_parquet() {
    let server = two_periods();
    let user = user_of(&server.url());
    compared(&user, &["-o", "r.parquet"]).expect(0);
    let Some(found) = parquet::read(&user, "r.parquet") else { return };
    let kinds: Vec<_> =
        found["duckdb"]["columns"].as_array().expect("columns").iter().map(|column| &column[1]).collect();
    assert_eq!(json!(kinds), json!(["DATE", "BIGINT", "BIGINT", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE"]));
    assert_eq!(found["duckdb"]["rows"].as_array().map(Vec::len), Some(3));
    let other = found["metadata"]["compared_with"].as_str().expect("the other days");
    assert_eq!(serde_json::from_str::<Value>(other).expect("JSON")["startDate"], "2025-10-29");
}

#[test]
fn headings_say_which_of_the_three_a_column_is() {
    let sandbox = sandbox(100);
    let user = user_of_sandbox(&sandbox);
    let report = ["-p", "123456", "-m", "sessions", "-d", "country", "--compare", "year", "--header", "ui"];
    let run = user.run(&report).expect(0);
    assert_eq!(run.stdout().lines().next(), Some("Country,Sessions,Sessions (previous),Sessions (change)"));
}

#[test]
fn totals_are_compared_and_a_period_without_rows_has_none() {
    let totals = |first: &str, other: &str| {
        let sandbox = sandbox(100);
        let report = ["-p", "123456", "-m", "sessions,bounceRate", "-d", "country", "--start", first, "--end", first];
        let run = user_of_sandbox(&sandbox).run(&[&report[..], &["--compare", other, "--totals", "--max"]].concat());
        let rows = rows_of(run.expect(0).stdout());
        rows.into_iter().filter(|row| row[0].starts_with("RESERVED")).collect::<Vec<_>>()
    };
    let rows = totals("2025-03-05", "2025-03-04");
    assert_eq!(rows.iter().map(|row| &*row[0]).collect::<Vec<_>>(), ["RESERVED_TOTAL", "RESERVED_MAX"]);
    for row in &rows {
        let number = |place: usize| row[place].parse::<f64>().expect("a number");
        assert!(((number(1) - number(2)) / number(2) - number(3)).abs() < 1e-12, "{row:?}");
    }
    // The site has no data before 2020.
    for (first, other, part) in [("2025-03-05", "2019-03-05", 1), ("2019-03-05", "2025-03-05", 2)] {
        let rows = totals(first, other);
        assert_eq!(rows[0][3 - part..4 - part], ["0"], "{rows:?}");
        assert_ne!(rows[0][part], "0");
    }
}

#[test]
fn a_note_says_which_period_it_is_about_unless_it_is_both() {
    let with = |own: Value, other: Value| {
        let server = server(move |first, _| {
            let mut report = report_of(&[]);
            report["metadata"] = if first == "2025-11-01" { own.clone() } else { other.clone() };
            report
        });
        let user = user_of(&server.url());
        let strict = compared(&user, &["--strict"]);
        (compared(&user, &[]).expect(0).stderr().to_owned(), strict.code())
    };
    let thresholded = || json!({"subjectToThresholding": true});
    let of = |days: &str| format!("ga-query: {days}thresholding: rows about small numbers of users may be withheld\n");
    assert_eq!(with(thresholded(), json!({})), (of("2025-11-01 to 2025-11-03: "), 6));
    assert_eq!(with(json!({}), thresholded()), (of("2025-10-29 to 2025-10-31: "), 6));
    assert_eq!(with(thresholded(), thresholded()), (of(""), 6));
    let empty = json!({"emptyReason": "NO_DATA_COLLECTED"});
    let (note, code) = with(json!({}), empty);
    assert!(note.contains("2025-10-29 to 2025-10-31: no rows"), "{note}");
    assert_eq!(code, 0);
}

#[test]
fn a_comparison_that_fails_in_either_period_writes_no_rows() {
    let server = ScriptedServer::answering(|request| {
        let body = body_of(request);
        let Some(requests) = body["requests"].as_array() else {
            return Answer::json(503, "{}");
        };
        let mut reports: Vec<_> = requests.iter().map(|_| report_of(&[["20251101", "3", "0"]])).collect();
        reports[1]["rowCount"] = 2.into();
        answer(&json!({ "reports": reports }))
    });
    let user = user_of(&server.url());
    let run = compared(&user, &[]).expect(5);
    assert!(run.stderr().contains("503") && !run.stderr().contains("to continue"), "{}", run.stderr());
    assert_eq!(run.stdout(), "");
    compared(&user, &["-o", "report.csv"]).expect(5);
    assert!(!user.home.path().join("report.csv").exists());
}

#[test]
fn properties_are_compared_each_by_itself_and_one_may_fail() {
    let server = ScriptedServer::answering(|request| {
        if request.target.contains("/8:") {
            return Answer::json(403, r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#);
        }
        let reports: Vec<_> = [2, 1].map(|number: u8| report_of(&[["20251101", &number.to_string(), "0"]])).into();
        answer(&json!({ "reports": reports }))
    });
    let user = user_of(&server.url());
    let report = ["-p", "7,8,9", "-m", "sessions,bounceRate", "-d", "date", "--compare", "2025-11-01", "--keep-going"];
    let run = user.run(&[&report[..], &NOVEMBER].concat()).expect(6);
    let rows = rows_of(run.stdout());
    assert_eq!(
        rows[1..],
        [["7", "20251101", "2", "1", "1", "0", "0", ""], ["9", "20251101", "2", "1", "1", "0", "0", ""]]
    );
    assert!(run.stderr().contains("retry them with -p 8"), "{}", run.stderr());
}

#[test]
fn a_dry_run_prints_a_batch_that_gives_both_reports() {
    let sandbox = sandbox(100);
    let user = user_of_sandbox(&sandbox);
    let report = ["-p", "123456", "-m", "sessions", "-d", "country", "--compare", "year"];
    let days = ["--start", "2025-11-01", "--end", "2025-11-03"];
    let dry = user.run(&[&report[..], &days, &["--dry-run", "--limit", "3"]].concat()).expect(0);
    assert!(
        dry.stderr().contains("POST") && dry.stderr().contains("/properties/123456:batchRunReports"),
        "{}",
        dry.stderr()
    );
    let body = user.home.path().join("body.json");
    fs::write(&body, dry.stdout()).expect("write the body");
    let batch = user.run(&["-p", "123456", "--request", body.to_str().expect("a path")]).expect(0);
    let parts: Vec<_> = batch.stdout().split("\n\n").map(|part| rows_of(&format!("{part}\n"))).collect();
    let both = rows_of(user.run(&[&report[..], &days].concat()).expect(0).stdout());
    for row in &both[1..] {
        for (part, cell) in parts.iter().zip(&row[1..3]) {
            let found = part.iter().find(|other| other[0] == row[0]).map_or("0", |row| &row[1]);
            assert_eq!(found, cell, "{row:?}");
        }
    }
    let curl = user.run(&[&report[..], &days, &["--curl"]].concat()).expect(0);
    assert_eq!(curl.stdout().lines().count(), 1);
    assert!(curl.stdout().contains(":batchRunReports"), "{}", curl.stdout());
}

#[test]
fn conversions_are_compared_by_two_requests_since_v1alpha_has_no_batch() {
    let server = two_periods();
    let user = user_of(&server.url());
    let conversions = ["--conversions", "all", "--no-check"];
    let run = compared(&user, &conversions).expect(0);
    assert_eq!(run.stdout().lines().nth(1), Some("20251101,30,20,0.5,0.5,0.25,1"));
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert!(request.target.contains("/v1alpha/properties/7:runReport"), "{}", request.target);
    }
    let curl = compared(&user, &[&conversions[..], &["--curl"]].concat()).expect(0);
    assert_eq!(curl.stdout().lines().count(), 2);
    let dry = compared(&user, &[&conversions[..], &["--dry-run"]].concat()).expect_failure(2);
    assert!(dry.stderr().contains("--curl"), "{}", dry.stderr());
}

#[test]
fn what_cannot_be_compared_is_refused_before_a_token_is_read() {
    let user = Analyst::offline(BIN);
    fs::write(user.home.path().join("body.json"), r#"{"metrics":[{"name":"sessions"}]}"#).expect("write the body");
    for (arguments, message) in [
        (&["-m", "sessions", "--compare", "previous", "--dates", "2025-11"][..], "--compare excludes --dates"),
        (&["-m", "activeUsers", "--compare", "previous", "--realtime"], "--compare excludes --realtime"),
        (&["-m", "activeUsers", "--compare", "previous", "--minutes", "4..0"], "--compare excludes --minutes"),
        (&["--compare", "previous", "--request", "body.json"], "--compare excludes --request"),
        (
            &["-m", "ga:sessions", "--compare", "previous"],
            "--compare excludes --ids, --start-date, -f v3 and ga: metrics",
        ),
        (
            &["-m", "sessions", "-f", "v3", "--compare", "previous"],
            "excludes --ids, --start-date, -f v3 and ga: metrics",
        ),
        (
            &["-m", "sessions", "--compare", "year", "--filter", "sessions_change>0.2"],
            "--compare: sessions_change is made of both periods, so it cannot be filtered",
        ),
        (&["-m", "sessions", "--compare", "previous", "-f", "sql", "--table", "t"], "-f sql: cannot hold a comparison"),
        (
            &["-m", "sessions", "--compare", "previous", "-o", "t.sql", "--table", "t"],
            "-f sql: cannot hold a comparison",
        ),
        (&["-m", "sessions", "--compare", "before"], "--compare: expected previous, year or a date range A..B"),
        (&["-m", "sessions", "--compare="], "--compare: expected previous, year or a date range A..B"),
        (&["-m", "sessions", "--compare", "x=2025-11"], "--compare: expected previous, year or a date range A..B"),
        (&["-m", "sessions", "--compare", "2025-11-31"], "--compare: \"2025-11-31\" is not a date"),
        (&["-m", "sessions", "--compare", "2010-01"], "--compare: 2010-01 is before 2015-08-14"),
        (
            &["-m", "sessions", "--start", "2016-01", "--compare", "year"],
            "the other period: 2015-01-01 is before 2015-08-14",
        ),
        (&["-m", "sessions", "--compare", "year", "--sort", "x_change"], "cannot sort by x_change"),
        (&["-m", "sessions,customEvent:x,customEvent:x_change", "--compare", "year"], "two columns would be named"),
    ] {
        let mut command = user.command_without_token(&[&["-p", "7"], arguments].concat());
        command.current_dir(user.home.path());
        let run = testkit::run(command).expect_failure(2);
        assert!(run.stderr().contains(message), "{arguments:?}: {}", run.stderr());
    }
}

#[test]
fn a_note_says_what_makes_periods_less_than_comparable() {
    let notes = |arguments: &[&str]| {
        let report = ["-p", "7", "-m", "sessions", "--start", "2024-02", "--dry-run"];
        Analyst::offline(BIN).run(&[&report[..], arguments].concat()).expect(0).stderr().to_owned()
    };
    let filter = "a filter on a metric applies to each period by itself";
    for (arguments, lengths, is_filtered) in [
        (&["--compare", "previous"][..], "", false),
        (&["--compare", "year"], "a period of 29 days beside one of 28\n", false),
        (&["--compare", "2024-01", "--filter", "sessions>5"], "a period of 29 days beside one of 31\n", true),
        (&["--compare", "previous", "--filter", "country==France"], "", false),
        (&["--filter", "sessions>5"], "", false),
    ] {
        let notes = notes(arguments);
        assert_eq!(notes.contains("a period of"), !lengths.is_empty(), "{notes}");
        assert!(notes.contains(lengths), "{notes}");
        assert_eq!(notes.contains(filter), is_filtered, "{notes}");
    }
}

#[test]
fn rows_that_are_merged_or_computed_here_are_compared_afterwards() {
    let sandbox = sandbox(100);
    let user = user_of_sandbox(&sandbox);
    let report = ["-p", "123456", "-m", "pageviews,eventCount", "-d", "ga:pagePathLevel1,ga:date"];
    let of = |first: &str, more: &[&str]| {
        let days = ["--start", first, "--end", first];
        rows_of(user.run(&[&report[..], &days, more].concat()).expect(0).stdout())
    };
    let (own, other) = (of("2025-03-05", &[]), of("2025-03-04", &[]));
    let both = of("2025-03-05", &["--compare", "previous", "--sort", "-pageviews_previous"]);
    assert_eq!(both[0][1..5], ["date", "screenPageViews", "screenPageViews_previous", "screenPageViews_change"]);
    let value = |rows: &[Vec<String>], path: &str, column: usize| {
        rows.iter().find(|row| row[0] == path).map_or_else(|| "0".to_owned(), |row| row[column].clone())
    };
    let mut last = u64::MAX;
    for row in &both[1..] {
        assert_eq!(row[1], "20250305");
        for (place, column) in [(2, 2), (5, 3)] {
            assert_eq!(
                row[place..place + 2],
                [value(&own, &row[0], column), value(&other, &row[0], column)],
                "{row:?}"
            );
        }
        let previous = row[3].parse().expect("a number");
        assert!(previous <= last, "{both:?}");
        last = previous;
    }
    assert!(both.len() > own.len().max(other.len()).min(3), "{both:?}");
}
