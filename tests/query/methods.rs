//! Reports of every method: totals, realtime, and official request bodies of all kinds.

use serde_json::{Value, json};
use testkit::{Analyst, ScriptedServer};

use super::{answer, page_of, sandbox, user_of, user_of_sandbox};

const DAYS: [&str; 4] = ["--start", "2024-03-01", "--end", "2024-03-07"];

/// Runs the program with an official request in a file.
fn request(user: &Analyst, body: &Value, arguments: &[&str]) -> testkit::Run {
    let file = user.home.path().join("request.json");
    std::fs::write(&file, body.to_string()).expect("write the request");
    let file = file.to_str().expect("a path");
    user.run(&[&["-p", "123456", "--request", file], arguments].concat())
}

fn by_country(limit: Option<u64>) -> Value {
    let mut body = json!({
        "dateRanges": [{"startDate": "2024-03-01", "endDate": "2024-03-07"}],
        "dimensions": [{"name": "country"}],
        "metrics": [{"name": "sessions"}],
    });
    if let Some(limit) = limit {
        body["limit"] = limit.into();
    }
    body
}

#[test]
fn totals_come_from_the_server_and_are_last() {
    let sandbox = sandbox(200);
    let user = user_of_sandbox(&sandbox);
    let base = [&["-p", "123456"], &DAYS[..], &["-m", "totalUsers", "-d", "country"]].concat();
    let rows = user.cells(&[&base[..], &["--totals", "--min", "--max"]].concat());
    let raw = user.run(&[&base[..], &["--totals", "--min", "--max", "-f", "raw"]].concat());
    let raw: Value = serde_json::from_str(raw.expect(0).stdout()).expect("an answer");
    for (row, member, name) in [
        (rows.len() - 3, "totals", "RESERVED_TOTAL"),
        (rows.len() - 2, "minimums", "RESERVED_MIN"),
        (rows.len() - 1, "maximums", "RESERVED_MAX"),
    ] {
        let value = raw[member][0]["metricValues"][0]["value"].as_str().expect(member);
        assert_eq!(rows[row], [name, value]);
    }
    let run = user.run(&[&base[..], &["--totals", "-f", "json"]].concat()).expect(0);
    let all: Value = serde_json::from_str(run.stdout()).expect("a list");
    let last = all.as_array().and_then(|rows| rows.last()).expect("a row");
    assert_eq!(last["country"], "RESERVED_TOTAL");
    let dates = ["--dates", "a=2024-03-01", "--dates", "b=2024-03-02", "-m", "sessions", "--totals"];
    let rows = user.cells(&[&["-p", "123456"][..], &dates].concat());
    assert_eq!(rows.len(), 1 + 2 + 2, "{rows:?}");
    assert_eq!(rows[3][1], rows[1][1], "without dimensions the totals are the rows");
}

#[test]
fn a_realtime_report_has_minutes_instead_of_days() {
    let sandbox = sandbox(200);
    let user = user_of_sandbox(&sandbox);
    let base = ["-p", "123456", "--realtime", "-m", "activeUsers", "-d", "country"];
    let rows = user.cells(&base);
    assert_eq!(rows[0].join(","), "country,activeUsers");
    assert!(rows.len() > 1);
    let two = [&base[..], &["--minutes", "now=4..0", "--minutes", "before=29..5"]].concat();
    let rows = user.cells(&two);
    assert_eq!(rows[0].join(","), "country,dateRange,activeUsers");
    assert!(rows[1..].iter().any(|row| row[1] == "now"));
    for (arguments, code) in [
        (&["--start", "today"][..], 2),
        (&["--offset", "1"], 2),
        (&["--minutes", "0..4"], 2),
        (&["--minutes", "70..0"], 2),
        (&["-d", "pagePath"], 4),
    ] {
        user.run(&[&base[..], arguments].concat()).expect_failure(code);
    }
    let dry = user.run(&[&base[..], &["--dry-run"]].concat()).expect(0);
    let command = user.command(&["-p", "123456", "--request", "-"]);
    let piped = testkit::run_with_input(command, dry.stdout().as_bytes()).expect(0);
    assert_eq!(piped.stdout(), user.run(&base).expect(0).stdout());
    user.run(&["1", "-m", "sessions", "--minutes", "4..0"]).expect_failure(2);
}

#[test]
fn the_output_of_a_dry_run_works_as_request() {
    let sandbox = sandbox(500);
    let user = user_of_sandbox(&sandbox);
    let words = [&["-p", "123456"], &DAYS[..], &["-m", "sessions", "-d", "country,pagePath", "--totals"]].concat();
    let dry = user.run(&[&words[..], &["--dry-run"]].concat()).expect(0);
    let body: Value = serde_json::from_str(dry.stdout()).expect("a body");
    let sent = request(&user, &body, &[]).expect(0);
    assert_eq!(sent.stdout(), user.run(&words).expect(0).stdout());
    let command = user.command(&["-p", "123456", "--request", "-"]);
    let piped = testkit::run_with_input(command, dry.stdout().as_bytes()).expect(0);
    assert_eq!(piped.stdout(), sent.stdout());
}

#[test]
fn an_official_request_without_a_limit_gets_all_rows() {
    let server = ScriptedServer::answering(|request| {
        let mut page = page_of(95, request);
        page["rows"].as_array_mut().expect("rows").truncate(10);
        answer(&page)
    });
    let user = user_of(&server.url());
    let body = json!({
        "date_ranges": [{"start_date": "2024-03-01", "end_date": "2024-03-07"}],
        "dimensions": [{"name": "pagePath"}],
        "metrics": [{"name": "sessions"}],
    });
    let run = request(&user, &body, &[]).expect(0);
    assert_eq!(run.stdout(), super::csv_of(95));
}

#[test]
fn a_batch_is_one_request_with_several_reports() {
    let sandbox = sandbox(500);
    let user = user_of_sandbox(&sandbox);
    let total = json!({
        "dateRanges": [{"startDate": "2024-03-01", "endDate": "2024-03-07"}],
        "metrics": [{"name": "sessions"}, {"name": "totalUsers"}],
    });
    let batch = json!([by_country(None), total]);
    let run = request(&user, &batch, &["--verbose"]).expect(0);
    assert_eq!(run.stderr().matches("> POST").count(), 1, "{}", run.stderr());
    let reports: Vec<&str> = run.stdout().split("\n\n").collect();
    assert_eq!(reports.len(), 2);
    let alone = request(&user, &by_country(None), &[]).expect(0);
    assert_eq!(reports[0], alone.stdout().trim_end());
    assert!(reports[1].starts_with("sessions,totalUsers\n"));
    let run = request(&user, &batch, &["-f", "json"]).expect(0);
    let lists: Value = serde_json::from_str(run.stdout()).expect("lists");
    assert_eq!(lists[1].as_array().expect("a list").len(), 1);
    assert_eq!(lists[0][0]["country"].is_string(), lists[1][0]["sessions"].is_number());
    let run = request(&user, &batch, &["-f", "sql", "--table", "t"]).expect_failure(2);
    assert!(run.stderr().contains("several reports"), "{}", run.stderr());
}

#[test]
fn a_pivot_report_has_a_column_for_each_dimension() {
    let sandbox = sandbox(500);
    let user = user_of_sandbox(&sandbox);
    let body = json!({
        "dateRanges": [{"startDate": "2024-03-01", "endDate": "2024-03-07"}],
        "dimensions": [{"name": "country"}, {"name": "deviceCategory"}],
        "metrics": [{"name": "sessions"}],
        "pivots": [
            {"fieldNames": ["country"], "limit": 3, "metricAggregations": ["TOTAL"]},
            {"fieldNames": ["deviceCategory"], "limit": 2},
        ],
    });
    let raw = request(&user, &body, &["-f", "raw"]).expect(0);
    let raw: Value = serde_json::from_str(raw.stdout()).expect("an answer");
    let run = request(&user, &body, &[]).expect(0);
    let mut expected = vec!["country,deviceCategory,sessions".to_owned()];
    let rows = [&raw["rows"], &raw["aggregates"]];
    for row in rows.into_iter().filter_map(Value::as_array).flatten() {
        let cells = ["dimensionValues", "metricValues"].map(|list| {
            let cells = row[list].as_array().into_iter().flatten();
            cells.map(|cell| cell["value"].as_str().unwrap_or_default()).collect::<Vec<_>>().join(",")
        });
        expected.push(cells.join(","));
    }
    assert!(expected.len() > 5, "{raw}");
    assert_eq!(run.stdout().lines().collect::<Vec<_>>(), expected);
    let batch = request(&user, &json!([body.clone(), body]), &[]).expect(0);
    assert_eq!(batch.stdout(), format!("{0}\n{0}", run.stdout()));
}

#[test]
fn a_funnel_is_its_table() {
    let sandbox = sandbox(500);
    let user = user_of_sandbox(&sandbox);
    let step = |name: &str| json!({"name": name, "filterExpression": {"funnelEventFilter": {"eventName": name}}});
    let body = json!({
        "dateRanges": [{"startDate": "2024-03-01", "endDate": "2024-03-07"}],
        "funnel": {"steps": [step("session_start"), step("purchase")]},
    });
    let run = request(&user, &body, &["--verbose"]).expect(0);
    assert!(run.stderr().contains("/v1alpha/"), "{}", run.stderr());
    let lines: Vec<&str> = run.stdout().lines().collect();
    assert!(lines[0].starts_with("funnelStepName,") && lines.len() == 3, "{lines:?}");
}

#[test]
fn a_cohort_report_works() {
    let sandbox = sandbox(500);
    let user = user_of_sandbox(&sandbox);
    let body = json!({
        "dimensions": [{"name": "cohort"}, {"name": "cohortNthDay"}],
        "metrics": [{"name": "cohortActiveUsers"}],
        "cohortSpec": {
            "cohorts": [{"dimension": "firstSessionDate", "dateRange": {"startDate": "2024-03-01", "endDate": "2024-03-01"}}],
            "cohortsRange": {"granularity": "DAILY", "endOffset": 3},
        },
    });
    let run = request(&user, &body, &[]).expect(0);
    assert!(run.stdout().starts_with("cohort,cohortNthDay,cohortActiveUsers\n"));
    assert!(run.stdout().lines().count() > 1);
}

#[test]
fn an_official_request_is_checked_before_it_is_sent() {
    let server = ScriptedServer::start([]);
    let user = user_of(&server.url());
    let mut misspelt = by_country(None);
    misspelt["dimensons"] = json!([]);
    let mut unknown = by_country(None);
    unknown["metrics"] = json!([{"name": "screenpageviews"}]);
    for (body, arguments, code, text) in [
        (&misspelt, &[][..], 2, "did you mean `dimensions`?"),
        (&unknown, &[], 4, "did you mean `screenPageViews`?"),
        (&by_country(None), &["--method", "runReports"], 2, "batchRunReports"),
        (&by_country(None), &["--method", "checkCompatibility"], 2, "ga-fields --compatible-with"),
        (&by_country(None), &["-m", "sessions"], 2, "--metrics into its body"),
        (&json!("x"), &[], 2, "an object"),
        (&json!([]), &[], 2, "no requests"),
    ] {
        let run = request(&user, body, arguments).expect_failure(code);
        assert!(run.stderr().contains(text), "{body} {arguments:?}: {}", run.stderr());
    }
    assert!(server.requests().is_empty());
    let missing = user.run(&["1", "--request", "/nowhere/at/all"]).expect_failure(2);
    assert!(missing.stderr().contains("no such file"), "{}", missing.stderr());
    let both = user.command_without_token(&["1", "--request", "-", "--token", "-"]);
    testkit::run_with_input(both, b"{}").expect_failure(2);
}

#[test]
fn a_duplicate_key_in_a_request_is_refused_with_its_path() {
    let user = user_of("http://127.0.0.1:1");
    let body = r#"{"metrics":[{"name":"sessions","name":"totalUsers"}]}"#;
    let run = testkit::run_with_input(user.command(&["1", "--request", "-"]), body).expect_failure(2);
    assert!(run.stderr().contains("invalid request: metrics[0].name: duplicate key"), "{}", run.stderr());
}

#[test]
fn every_spelling_of_proto3_json_is_accepted() {
    let server = ScriptedServer::answering(|request| answer(&page_of(3, request)));
    let user = user_of(&server.url());
    let body = |test: &str, value: &str| {
        format!(
            r#"{{"date_ranges":[{{"startDate":"yesterday","end_date":"today"}}],"dimensions":[{{"name":"pagePath"}}],
               "metrics":[{{"name":"sessions"}}],"limit":3,"metricAggregations":[1],"cohortSpec":null,
               "orderBys":[{{"dimension":{{"dimensionName":"pagePath","orderType":1}}}}],
               "dimensionFilter":{{"filter":{{"fieldName":"eventName","stringFilter":{test}}}}},
               "metricFilter":{{"filter":{{"fieldName":"sessions","numericFilter":{{"operation":4,"value":{value}}}}}}}}}"#
        )
    };
    for text in [
        body(r#"{"value":"first_open"}"#, r#"{"int64Value":10}"#),
        body(r#"{"value":"first_open","caseSensitive":null}"#, r#"{"doubleValue":"10.5"}"#),
        format!("\u{feff}{}", body(r#"{"value":"x","match_type":"EXACT"}"#, r#"{"int64_value":"10"}"#)),
    ] {
        for check in [&[][..], &["--no-check"]] {
            let command = user.command(&[&["-p", "1", "--request", "-"], check].concat());
            let run = testkit::run_with_input(command, text.as_bytes()).expect(0);
            assert_eq!(run.stdout(), super::csv_of(3));
        }
    }
    for request in server.requests() {
        let sent = super::body_of(&request);
        assert_eq!(sent["limit"], "3");
        assert_eq!(sent["metricAggregations"], json!(["TOTAL"]));
        assert_eq!(sent["orderBys"][0]["dimension"]["orderType"], "ALPHANUMERIC");
        assert_eq!(sent["metricFilter"]["filter"]["numericFilter"]["operation"], "GREATER_THAN");
    }
    let wrong = body(r#"{"value":"x","matchType":"FOO"}"#, "{}");
    let command = user.command(&["-p", "1", "--request", "-"]);
    let run = testkit::run_with_input(command, wrong.as_bytes()).expect_failure(2);
    let place = "invalid request: dimensionFilter.filter.stringFilter.matchType: unknown value \"FOO\"";
    assert!(run.stderr().contains(place), "{}", run.stderr());
}

#[test]
fn a_body_for_v1alpha_is_sent_there_for_all_pages() {
    let server = ScriptedServer::answering(|request| {
        let mut page = page_of(25, request);
        page["rows"].as_array_mut().expect("rows").truncate(10);
        answer(&page)
    });
    let user = user_of(&server.url());
    let mut body = by_country(None);
    body["metrics"] = json!([{"name": "allConversionsByConversionDate"}]);
    let metric_alone = body.clone();
    body["conversionSpec"] = json!({"attributionModel": 1});
    for (body, method) in [(&body, &[][..]), (&body, &["--method", "runReport"]), (&metric_alone, &[])] {
        assert_eq!(request(&user, body, method).expect(0).stdout(), super::csv_of(25));
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 9);
    for (place, request) in requests.iter().enumerate() {
        assert_eq!(request.target, "/v1alpha/properties/123456:runReport?prettyPrint=false");
        let spec = if place < 6 { json!({"attributionModel": "DATA_DRIVEN"}) } else { Value::Null };
        assert_eq!(super::body_of(request)["conversionSpec"], spec);
    }
    let batch = json!([body]);
    let run = request(&user, &batch, &[]).expect_failure(2);
    let why = "requests[0].conversionSpec: only runReport of v1alpha takes it, which has no batches";
    assert!(run.stderr().contains(why), "{}", run.stderr());
    // null is as good as nothing.
    let mut body = by_country(Some(3));
    body["conversionSpec"] = Value::Null;
    request(&user, &body, &[]).expect(0);
}

#[test]
fn an_unchecked_request_is_sent_as_is() {
    let server = ScriptedServer::answering(|request| answer(&page_of(3, request)));
    let user = user_of(&server.url());
    let mut body = by_country(Some(3));
    body["dimensions"][0]["futureMember"] = json!({"a": 1});
    body["somethingNew"] = json!([1]);
    request(&user, &body, &["--no-check"]).expect(0);
    let sent = super::body_of(&server.requests()[0]);
    assert_eq!(sent["dimensions"], body["dimensions"]);
    assert_eq!(sent["somethingNew"], json!([1]));
    assert_eq!(sent.get("orderBys"), None);
}
