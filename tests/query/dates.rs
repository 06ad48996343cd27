//! Days on the command line: the days in the request, and their time zone.

use std::process::Command;

use serde_json::{Value, json};
use testkit::{Answer, Received, ScriptedServer};

use super::{answer, body_of, page_of, user_of};

/// Time zones whose dates always differ.
const FIRST: &str = "Pacific/Kiritimati";
const LAST: &str = "Etc/GMT+12";

/// A server whose properties have these time zones, or which does not name them.
fn server(admin: fn(&str) -> Option<&str>, report: Option<&'static str>) -> ScriptedServer {
    ScriptedServer::answering(move |request| {
        if request.target.starts_with("/v1beta/properties/") && !request.target.contains(':') {
            let number = request.target.split(['/', '?']).nth(3).expect("a number");
            return match admin(number) {
                Some(zone) => answer(&json!({"name": format!("properties/{number}"), "timeZone": zone})),
                None => {
                    Answer::json(403, r#"{"error":{"code":403,"message":"disabled","status":"PERMISSION_DENIED"}}"#)
                }
            };
        }
        let mut page = page_of(2, request);
        page["metadata"] = report.map_or_else(|| json!({}), |zone| json!({ "timeZone": zone }));
        answer(&page)
    })
}

/// What `date` prints in a time zone, which is given in a form that needs no database.
fn date_in(zone: &str, arguments: &[&str]) -> String {
    let offset = if zone == FIRST { "<+14>-14" } else { "<-12>+12" };
    let run = Command::new("date").env("TZ", offset).args(arguments).output().expect("run date");
    String::from_utf8(run.stdout).expect("text").trim().to_owned()
}

/// The current month there, until yesterday.
fn this_month(zone: &str) -> Value {
    let first = date_in(zone, &["+%Y-%m-01"]);
    let end = match date_in(zone, &["+%d"]).as_str() {
        "01" => first.clone(),
        _ => date_in(zone, &["-d", "yesterday", "+%Y-%m-%d"]),
    };
    json!([{"startDate": first, "endDate": end}])
}

/// The date ranges of the reports in `requests` by property.
fn asked(requests: &[Received]) -> Vec<(String, Value)> {
    let reports = requests.iter().filter(|request| request.target.contains(":runReport"));
    reports
        .map(|request| {
            let number = request.target.split(['/', ':']).nth(3).expect("a number");
            (number.to_owned(), body_of(request)["dateRanges"].clone())
        })
        .collect()
}

#[test]
fn a_month_is_in_the_time_zone_of_each_property() {
    let expected = || [("7".to_owned(), this_month(FIRST)), ("8".to_owned(), this_month(LAST))];
    let before = expected();
    let server = server(|number| Some(if number == "7" { FIRST } else { LAST }), None);
    let user = user_of(&server.url());
    let mut command = user.command(&["-p", "7,8", "-m", "sessions", "-d", "pagePath", "--start", "thisMonth"]);
    command.env("TZ", "UTC");
    user.finish(command).expect(0);
    let mut asked = asked(&server.requests());
    asked.sort_by(|one, other| one.0.cmp(&other.0));
    // Midnight may pass in one of the zones while this runs.
    assert!([before, expected()].iter().any(|expected| asked == expected), "{asked:?}");
    assert_ne!(this_month(FIRST), this_month(LAST));
}

#[test]
fn the_zone_comes_from_a_report_if_the_admin_api_refuses_and_otherwise_from_the_machine() {
    let words = ["-p", "7", "-m", "sessions", "-d", "pagePath", "--dates", "thisMonth"];
    for (zone, expected, is_told) in [(Some(LAST), LAST, false), (None, FIRST, true), (Some("No/Where"), FIRST, true)] {
        let before = this_month(expected);
        let server = server(|_| None, zone);
        let user = user_of(&server.url());
        let mut command = user.command(&words);
        command.env("TZ", FIRST);
        let run = user.finish(command).expect(0);
        let asked = asked(&server.requests());
        assert_eq!(asked.len(), 2, "a report of one row, and the report");
        assert_eq!(body_of(&server.requests()[1])["limit"], "1");
        assert!([before, this_month(expected)].contains(&asked[1].1), "{zone:?}: {asked:?}");
        let note =
            format!("property 7: its time zone is not known: the days are those of this machine's time zone ({FIRST})");
        assert_eq!(run.stderr().contains(&note), is_told, "{zone:?}: {}", run.stderr());
    }
}

#[test]
fn the_words_that_the_api_knows_cost_no_request() {
    for (words, start, end) in [
        (&["--start", "7daysAgo", "--end", "today"][..], "7daysAgo", "today"),
        (&["--start", "2024-02"], "2024-02-01", "2024-02-29"),
        (&["--dates", "2024-02-10.."], "2024-02-10", "yesterday"),
        (&[], "28daysAgo", "yesterday"),
    ] {
        let server = server(|_| Some(FIRST), None);
        let arguments = [&["-p", "7", "-m", "sessions", "-d", "pagePath"], words].concat();
        user_of(&server.url()).run(&arguments).expect(0);
        assert_eq!(asked(&server.requests()), [("7".to_owned(), json!([{"startDate": start, "endDate": end}]))]);
        assert_eq!(server.requests().len(), 1, "{words:?}");
    }
}

#[test]
fn a_dry_run_uses_the_days_of_the_machine_and_says_so() {
    let user = user_of("http://127.0.0.1:1");
    for (form, zone) in [("--dry-run", FIRST), ("--dry-run", LAST), ("--curl", FIRST)] {
        let before = this_month(zone);
        let mut command = user.command_without_token(&["7", "thisMonth", "-m", "sessions", form]);
        command.env("TZ", zone);
        let run = testkit::run(command).expect(0);
        assert!(
            run.stderr().contains(&format!("the days are those of this machine's time zone ({zone})")),
            "{}",
            run.stderr()
        );
        let shows = |range: &Value| run.stdout().contains(range[0]["endDate"].as_str().expect("a day"));
        assert!([before, this_month(zone)].iter().any(shows), "{}", run.stdout());
    }
    let run = testkit::run(user.command_without_token(&["7", "2024-02", "-m", "sessions", "--dry-run"])).expect(0);
    assert!(!run.stderr().contains("this machine"), "{}", run.stderr());
}

#[test]
fn days_before_the_api_are_refused_before_a_token_is_read() {
    let user = user_of("http://127.0.0.1:1");
    let body = user.home.path().join("body.json");
    let text = r#"{"dateRanges":[{"startDate":"2014-01-01","endDate":"today"}],"metrics":[{"name":"sessions"}]}"#;
    std::fs::write(&body, text).expect("write the body");
    let body = body.to_str().expect("a path");
    for arguments in [
        &["1", "2005-01-01", "today", "sessions"][..],
        &["1", "2014-01-01", "2014-12-31", "sessions"],
        &["--ids", "ga:1", "--start-date", "2014-01-01", "--end-date", "today", "--metrics", "ga:users"],
        &["1", "-m", "sessions", "--dates", "old=2014-06"],
        &["1", "--request", body],
    ] {
        let run = testkit::run(user.command_without_token(arguments)).expect_failure(2);
        for part in ["2015-08-14", "Universal Analytics data is gone", "GA4 data starts when the property was created"]
        {
            assert!(run.stderr().contains(part), "{arguments:?}: {}", run.stderr());
        }
    }
}

#[test]
fn the_key_of_an_sql_table_has_the_days_of_the_property() {
    let before = this_month(LAST);
    let server = server(|_| Some(LAST), None);
    let user = user_of(&server.url());
    let mut command = user.command(&[
        "-p",
        "7",
        "-m",
        "sessions",
        "-d",
        "pagePath",
        "--start",
        "thisMonth",
        "-f",
        "sql",
        "--table",
        "t",
    ]);
    command.env("TZ", FIRST);
    let run = user.finish(command).expect(0);
    let shows = |range: &Value| run.stdout().contains(range[0]["endDate"].as_str().expect("a day"));
    assert!([before, this_month(LAST)].iter().any(shows), "{}", run.stdout());
}

#[test]
fn one_sql_table_cannot_have_different_days_under_the_same_words() {
    let server = server(|number| Some(if number == "7" { FIRST } else { LAST }), None);
    let user = user_of(&server.url());
    let table = ["-p", "7,8", "-m", "sessions", "--start", "thisMonth", "-f", "sql", "--table", "t", "-d"];
    let run = user.run(&[&table[..], &["pagePath"]].concat()).expect(2);
    assert!(run.stderr().contains("today is another day at property 8"), "{}", run.stderr());
    assert!(!run.stdout().contains("COMMIT"), "{}", run.stdout());
}
