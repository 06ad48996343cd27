//! Command lines: what they mean, and what is refused before a request is sent.

use serde_json::{Value, json};
use testkit::{Answer, Run, ScriptedServer};

use super::{answer, page_of, user_of};

/// The request body for these arguments.
#[track_caller]
fn body(arguments: &[&str]) -> Value {
    let run = dry_run(arguments).expect(0);
    serde_json::from_str(run.stdout()).expect("a body")
}

#[track_caller]
fn dry_run(arguments: &[&str]) -> Run {
    let user = user_of("http://127.0.0.1:1");
    let arguments = [&["--dry-run"], arguments].concat();
    testkit::run(user.command_without_token(&arguments))
}

#[test]
fn the_old_form_and_the_options_send_the_same_request() {
    let old = body(&["123456", "7daysAgo", "today", "sessions"]);
    let new = body(&["-p", "123456", "--start", "7daysAgo", "--end=today", "-msessions"]);
    assert_eq!(old, new);
    assert_eq!(
        old,
        json!({
            "dateRanges": [{"startDate": "7daysAgo", "endDate": "today"}],
            "metrics": [{"name": "sessions"}],
        })
    );
    assert_eq!(
        body(&["123456", "-m", "sessions"])["dateRanges"],
        json!([{"startDate": "28daysAgo", "endDate": "yesterday"}])
    );
    let run = dry_run(&["properties/5", "-m", "sessions"]).expect(0);
    assert_eq!(run.stderr(), "ga-query: POST http://127.0.0.1:1/v1beta/properties/5:runReport?prettyPrint=false\n");
}

#[test]
fn every_option_is_in_the_request_body() {
    let body = body(&[
        "-p",
        "1",
        "-m",
        "sessions,totalUsers",
        "-m",
        "screenPageViews",
        "-d",
        "date,country",
        "--sort",
        "-date,totalUsers",
        "--limit",
        "20",
        "--offset",
        "5",
        "--filter",
        "country==France,country==Spain;sessions>10",
        "--filter",
        "pagePath=@blog",
        "--dates",
        "a=2024-01-01..2024-01-31",
        "--dates",
        "yesterday",
        "--quota",
    ]);
    assert_eq!(
        body,
        json!({
            "dateRanges": [
                {"startDate": "2024-01-01", "endDate": "2024-01-31", "name": "a"},
                {"startDate": "yesterday", "endDate": "yesterday"},
            ],
            "dimensions": [{"name": "date"}, {"name": "country"}],
            "metrics": [{"name": "sessions"}, {"name": "totalUsers"}, {"name": "screenPageViews"}],
            "dimensionFilter": {"andGroup": {"expressions": [
                {"orGroup": {"expressions": [
                    {"filter": {"fieldName": "country", "stringFilter": {"matchType": "EXACT", "value": "France"}}},
                    {"filter": {"fieldName": "country", "stringFilter": {"matchType": "EXACT", "value": "Spain"}}},
                ]}},
                {"filter": {"fieldName": "pagePath", "stringFilter": {"matchType": "CONTAINS", "value": "blog"}}},
            ]}},
            "metricFilter": {"filter": {"fieldName": "sessions", "numericFilter":
                {"operation": "GREATER_THAN", "value": {"int64Value": "10"}}}},
            "orderBys": [
                {"desc": true, "dimension": {"dimensionName": "date"}},
                {"metric": {"metricName": "totalUsers"}},
                {"dimension": {"dimensionName": "country"}},
            ],
            "offset": "5",
            "limit": "20",
            "returnPropertyQuota": true,
        })
    );
}

#[test]
fn names_of_universal_analytics_are_translated_and_a_changed_meaning_is_reported() {
    let run =
        dry_run(&["123456", "2024-01-01", "2024-12-31", "users,pageviews", "-d", "ga:country", "--sort", "-users"])
            .expect(0);
    let body: Value = serde_json::from_str(run.stdout()).expect("a body");
    assert_eq!(body["metrics"], json!([{"name": "totalUsers"}, {"name": "screenPageViews"}]));
    assert_eq!(body["dimensions"], json!([{"name": "country"}]));
    assert_eq!(body["orderBys"][0], json!({"desc": true, "metric": {"metricName": "totalUsers"}}));
    assert_eq!(run.stderr().matches("using screenPageViews for pageviews").count(), 1);
    dry_run(&["1", "-m", "users,totalUsers"]).expect_failure(2);
}

/// The sort keys in the request.
#[track_caller]
fn order(arguments: &[&str]) -> String {
    let body = body(&[&["-p", "1"], arguments].concat());
    let key = |order: &Value| {
        let (dimension, metric) = (&order["dimension"]["dimensionName"], &order["metric"]["metricName"]);
        let name = dimension.as_str().or(metric.as_str()).expect("a name");
        format!("{}{name}", if order["desc"] == true { "-" } else { "" })
    };
    body["orderBys"].as_array().expect("an order").iter().map(key).collect::<Vec<_>>().join(",")
}

#[test]
fn rows_are_sorted_by_time_or_metric_and_in_old_scripts_by_dimensions() {
    for (arguments, expected) in [
        (&["-m", "sessions", "-d", "country,date"][..], "date,country"),
        (&["-m", "sessions", "-d", "country,city"], "-sessions,country,city"),
        (&["-m", "sessions", "-d", "dayOfWeekName"], "-sessions,dayOfWeekName"),
        (&["-m", "activeUsers", "-d", "minutesAgo", "--realtime"], "minutesAgo"),
        (&["-m", "sessions", "-d", "country,date", "--sort", "-sessions"], "-sessions,country,date"),
        (&["-m", "ga:sessions", "-d", "ga:country,ga:date"], "country,date"),
        (&["-m", "sessions", "-d", "country", "--start-date", "2024-01-01"], "country"),
        (&["-m", "sessions", "-d", "country", "-f", "v3"], "country"),
    ] {
        assert_eq!(order(arguments), expected, "{arguments:?}");
    }
    let note = "rows are in order of time; for the largest add --sort -sessions";
    let limited = ["1", "-m", "sessions", "--limit", "3", "-d"];
    for (arguments, is_told) in [
        (&["date"][..], true),
        (&["country"], false),
        (&["date", "--sort", "date"], false),
        (&["date", "-f", "v3"], false),
    ] {
        let run = dry_run(&[&limited, arguments].concat()).expect(0);
        assert_eq!(run.stderr().contains(note), is_told, "{arguments:?}: {}", run.stderr());
    }
}

#[test]
fn a_metric_that_is_only_in_the_filter_is_requested_as_invisible() {
    let body = body(&["1", "-m", "sessions", "-d", "country", "--filter", "totalUsers>100"]);
    assert_eq!(body["metrics"], json!([{"name": "sessions"}, {"name": "totalUsers", "invisible": true}]));
}

#[test]
fn the_name_of_the_range_cannot_be_requested() {
    for arguments in [
        &["-m", "sessions", "-d", "dateRange"][..],
        &["-m", "sessions", "-d", "dateRange", "--dates", "today", "--dates", "yesterday"],
        &["-m", "dateRange"],
        &["-m", "sessions", "--filter", "dateRange==a"],
    ] {
        let run = dry_run(&[&["1"], arguments].concat()).expect_failure(4);
        assert!(run.stderr().contains("it is added when there are several date ranges"), "{}", run.stderr());
    }
}

#[test]
fn a_sort_key_that_is_not_a_column_has_a_hint() {
    for (sort, hint) in [
        ("-", "use --sort -sessions"),
        ("sessions desc", "use --sort -sessions"),
        ("-sesions", "did you mean `sessions`?"),
    ] {
        let run = dry_run(&["1", "-m", "sessions", "--sort", sort]).expect_failure(2);
        assert!(run.stderr().contains(&hint.replace("use ", "")), "{sort}: {}", run.stderr());
    }
}

#[test]
fn h6_each_mistake_has_its_exit_code_and_sends_nothing() {
    let server = ScriptedServer::start([]);
    let user = user_of(&server.url());
    let usage: [&[&str]; 29] = [
        &[],
        &["1"],
        &["-m", "sessions"],
        &["1", "today", "today", "sessions", "more"],
        &["1", "-p", "2", "-m", "sessions"],
        &["1", "today", "--start", "today", "-m", "sessions"],
        &["1", "today", "--dates", "today", "-m", "sessions"],
        &["1", "today", "today", "sessions", "-m", "users"],
        &["1", "-m", "sessions", "--dates", "today", "--end", "today"],
        &["1", "-m", "sessions", "--start", "tomorrow"],
        &["1", "-m", "sessions", "--start", "2024-02-30"],
        &["1", "-m", "sessions", "--start", "2024-02-02", "--end", "2024-02-01"],
        &["1", "-m", "sessions", "--dates", "date_range_1=today"],
        &["1", "-m", "sessions,,users"],
        &["1", "-m", "sessions,sessions"],
        &["1", "-m", "sessions", "--sort", "country"],
        &["1", "-m", "sessions", "-d", "dateRange", "--sort", "dateRange", "--dates", "today", "--dates", "yesterday"],
        &["1", "-m", "sessions", "--limit", "0"],
        &["1", "-m", "sessions", "--limit", "-1"],
        &["1", "-m", "sessions", "--limit", "many"],
        &["1", "-m", "sessions", "--filter", "country"],
        &["1", "-m", "sessions", "--filter", "country==a,sessions>1"],
        &["1", "-m", "sessions", "--parallel", "0"],
        &["1", "-m", "sessions", "-f", "xml"],
        &["1", "-m", "sessions", "--excel", "-f", "json"],
        &["1", "-m", "sessions", "--header", "big"],
        &["UA-1234-1", "-m", "sessions"],
        &["G-ABCDEF", "-m", "sessions"],
        &["1", "-m", "sessions", "--unknown"],
    ];
    for arguments in usage {
        let run = user.run(arguments).expect_failure(2);
        assert!(run.stderr().starts_with("ga-query: "), "{arguments:?}: {}", run.stderr());
    }
    let run = user.run(&["1", "-m", "screenpageviews"]).expect_failure(4);
    assert!(run.stderr().contains("did you mean `screenPageViews`?"), "{}", run.stderr());
    assert!(server.requests().is_empty());
}

#[test]
fn an_invalid_filter_shows_the_place_of_the_error() {
    let run = dry_run(&["1", "-m", "sessions", "--filter", "country==a;sessions>>5"]).expect_failure(2);
    let lines: Vec<_> = run.stderr().lines().collect();
    let filter = lines.iter().position(|line| line.contains("country==a;sessions>>5"));
    let place = filter.expect("the filter is shown");
    let caret = lines[place + 1].find('^').expect("a caret");
    assert_eq!(&lines[place][caret..=caret], ">", "{}", run.stderr());
    for option in ["--filter", "--filters"] {
        let run = dry_run(&["1", "-m", "sessions", option, " "]).expect_failure(2);
        assert_eq!(run.stderr(), "ga-query: invalid filter: empty\n");
    }
}

/// The dimension filter in the request for this filter.
#[track_caller]
fn dimension_filter(option: &str, filter: &str) -> Value {
    body(&["1", "-m", "sessions", option, filter])["dimensionFilter"].clone()
}

#[test]
fn words_join_conditions_without_quotes() {
    let quoted = dimension_filter("--filter", r#"country=="France" or country=="Japan""#);
    assert_eq!(dimension_filter("--filter", "country==France or country==Japan"), quoted);
    assert_eq!(dimension_filter("--filter", "country == France || country == Japan"), quoted);
    assert_eq!(dimension_filter("--filter", "country==France,country==Japan"), quoted);
    let body = body(&["1", "-m", "sessions", "--filter", "sessions > 60 and country =@ an"]);
    assert!(body["metricFilter"].is_object() && body["dimensionFilter"].is_object(), "{body}");
    assert_eq!(
        dimension_filter("--filter", "pageTitle==Bread and Butter")["filter"]["stringFilter"]["value"],
        "Bread and Butter"
    );
    assert_eq!(
        dimension_filter("--filters", "ga:pageTitle==x or ga:country==y")["filter"]["stringFilter"]["value"],
        "x or ga:country==y"
    );
}

#[test]
fn a_condition_does_not_become_part_of_the_value_before_it() {
    for (filter, place) in [
        ("country==France and", "and"),
        ("country==France)", ")"),
        ("country==France xor city==Paris", "city"),
        ("country==France\ncity==Paris", "city"),
        ("country==France and city", "and"),
    ] {
        let run = dry_run(&["1", "-m", "sessions", "--filter", filter]).expect_failure(2);
        let lines: Vec<_> = run.stderr().lines().collect();
        let caret = lines.iter().position(|line| line.trim_end().ends_with(" ^")).expect("a caret");
        assert!(lines[caret - 1][lines[caret].len() - 1..].starts_with(place), "{}", run.stderr());
        assert!(run.stderr().contains("hint: quote it: "), "{}", run.stderr());
    }
}

#[test]
fn ids_that_are_not_properties_are_explained() {
    for (id, word) in [("UA-1234-1", "Universal Analytics"), ("G-ABCDEF", "measurement id")] {
        let run = dry_run(&[id, "-m", "sessions"]).expect_failure(2);
        assert!(run.stderr().contains(word) && run.stderr().contains("ga-properties"), "{}", run.stderr());
    }
}

#[test]
fn the_property_may_come_from_the_environment_and_there_may_be_several() {
    let server = ScriptedServer::answering(|request| answer(&page_of(2, request)));
    let user = user_of(&server.url());
    let mut command = user.command(&["-m", "sessions", "-d", "pagePath"]);
    command.env("GA_PROPERTY", "42");
    user.finish(command).expect(0);
    assert!(server.requests()[0].target.contains("/properties/42:"));
    let run = user.run(&["-p", "7,8", "-p", "properties/9", "-m", "sessions", "-d", "pagePath"]).expect(0);
    assert_eq!(run.stdout(), "property,pagePath,sessions\n7,/0,2\n7,/1,1\n8,/0,2\n8,/1,1\n9,/0,2\n9,/1,1\n");
}

#[test]
fn properties_have_any_separator_and_are_requested_once() {
    let server = ScriptedServer::answering(|request| answer(&page_of(1, request)));
    let user = user_of(&server.url());
    let report = ["-m", "sessions", "-d", "pagePath"];
    let with = |properties: &[&str]| user.run(&[properties, &report].concat()).expect(0).stdout().to_owned();
    let two = "property,pagePath,sessions\n7,/0,1\n8,/0,1\n";
    let one = "property,pagePath,sessions\n7,/0,1\n";
    user.home.write("list", 0o600, "\u{feff}# shops\n7 # the first\r\nproperties/8\n\n7\n");
    user.home.write("one", 0o600, "7\n");
    for (properties, expected) in [
        (&["-p", "7\n8\n"][..], two),
        (&["7\n8"], two),
        (&["-p", "7 8,7"], two),
        (&["-p", "7", "-p", "8"], two),
        (&["-p", "@list"], two),
        (&["-p", "@one"], one),
        (&["-p", "7,7"], one),
        (&["-p", "7\n"], "pagePath,sessions\n/0,1\n"),
    ] {
        assert_eq!(with(properties), expected, "{properties:?}");
    }
    let command = user.command(&[&["-p", "@-"], &report[..]].concat());
    assert_eq!(testkit::run_with_input(command, "7\n8\n").expect(0).stdout(), two);
    let mut command = user.command(&report);
    command.env("GA_PROPERTY", "7\n8\n");
    assert_eq!(user.finish(command).expect(0).stdout(), two);

    let asked = server.requests().len();
    user.home.write("none", 0o600, "# nothing\n");
    for (properties, why) in [
        ("0,7", "0, the first property, cannot be combined with other properties"),
        ("all,7", "all cannot be combined with other properties"),
        ("7,@list", "@FILE cannot be combined with other properties"),
        ("@none", "the list contains no property"),
        ("@missing", "no such file"),
        ("7,UA-1-1", "Universal Analytics"),
        ("\n", "it printed nothing"),
    ] {
        let run = user.run(&[&["-p", properties], &report[..]].concat()).expect_failure(2);
        assert!(run.stderr().contains(why), "{properties}: {}", run.stderr());
    }
    let twice = user.command(&["-p", "@-", "--request", "-"]);
    let run = testkit::run_with_input(twice, "7\n").expect_failure(2);
    assert!(run.stderr().contains("only one can read standard input"), "{}", run.stderr());
    assert_eq!(server.requests().len(), asked);
}

#[test]
fn a_list_of_properties_without_quotes_or_an_empty_one_has_a_hint() {
    let user = user_of("http://127.0.0.1:1");
    let list = |matches: &str| {
        let mut shell = user.home.command("sh");
        let script = format!("{} -p $({matches}) -m sessions --dry-run", super::BIN);
        shell.args(["-c", &script]);
        testkit::run(shell).expect_failure(2).stderr().to_owned()
    };
    let none = list(":");
    assert!(none.contains("-p needs a value") && none.contains("it printed nothing"), "{none}");
    let two = list("echo 123456; echo 123457");
    assert!(two.contains("the property was given twice: -p 123456 and 123457"), "{two}");
    assert!(two.contains("hint: quote a list of properties: -p \"$(…)\""), "{two}");
    let more = list("echo 1; echo 2; echo 3; echo 4; echo 5; echo 6; echo 7");
    assert!(more.contains("the property was given twice"), "{more}");
    let words = dry_run(&["123456", "123457", "-m", "sessions"]).expect_failure(2);
    assert!(words.stderr().contains("the property was given twice: 123456 and 123457"), "{}", words.stderr());
    let date = dry_run(&["123456", "20240101", "-m", "sessions"]).expect_failure(2);
    assert!(!date.stderr().contains("twice"), "{}", date.stderr());
}

#[test]
fn a_dry_run_needs_no_property_number_but_a_curl_command_does() {
    for property in ["0", "all"] {
        let run = dry_run(&["-p", property, "-m", "sessions"]).expect(0);
        assert!(run.stderr().contains("/v1beta/properties/PROPERTY:runReport"), "{}", run.stderr());
        let user = user_of("http://127.0.0.1:1");
        let run = testkit::run(user.command_without_token(&["-p", property, "-m", "sessions", "--curl"]));
        assert!(run.expect_failure(2).stderr().contains("hint: ga-properties -f id"));
    }
}

#[test]
fn curl_prints_a_command_that_a_shell_runs() {
    let user = user_of("http://127.0.0.1:1");
    let arguments = ["1", "-m", "sessions", "--filter", "country==Côte d'Ivoire", "--curl", "--quota-project", "p"];
    let run = testkit::run(user.command_without_token(&arguments)).expect(0);
    let shown = run.stdout().replace("gauth-token --format curl | curl", "printf '%s\\n'");
    let mut shell = user.home.command("sh");
    shell.args(["-c", &shown]);
    let run = testkit::run(shell).expect(0);
    let words: Vec<_> = run.stdout().lines().collect();
    let options = ["-sS", "--fail-with-body", "-K", "-", "-H", "Content-Type: application/json", "-H"];
    assert_eq!(words[..7], options);
    assert_eq!(words[7..9], ["X-Goog-User-Project: p", "-d"]);
    let body: Value = serde_json::from_str(words[9]).expect("a body");
    assert_eq!(body["dimensionFilter"]["filter"]["stringFilter"]["value"], "Côte d'Ivoire");
    assert!(words[10].starts_with("http://127.0.0.1:1/v1beta/properties/1:runReport"));
}

#[test]
fn a_curl_command_in_a_pipe_is_silent_and_fails_if_the_server_does() {
    if testkit::tool("curl").is_none() {
        return;
    }
    let refused = json!({"error": {"code": 403, "message": "no"}}).to_string();
    let server = ScriptedServer::answering(move |_| Answer::json(403, refused.clone()));
    let user = user_of(&server.url());
    let shown = testkit::run(user.command_without_token(&["1", "-m", "sessions", "--curl"])).expect(0);
    let mut shell = user.home.command("sh");
    shell.args(["-c", &shown.stdout().replace("gauth-token --format curl", ":")]);
    let run = testkit::run(shell).expect(22);
    assert!(run.stdout().contains("\"no\""), "{}", run.stdout());
    assert_eq!(run.stderr().lines().count(), 1, "{}", run.stderr());
}

#[test]
fn numbers_out_of_range_are_refused_with_the_minimum() {
    for (option, value, why) in [
        ("--limit", "-5", "--limit: must be at least 1"),
        ("--limit", "0", "--limit: must be at least 1"),
        ("--limit", "many", "--limit: not a whole number"),
        ("--max-results", "-1", "--max-results: must be at least 1"),
        ("--start-index", "-1", "--start-index: must not be negative"),
        ("--offset", "-1", "--offset: must not be negative"),
        ("--parallel", "0", "--parallel: expected a number from 1 to 9"),
    ] {
        let run = dry_run(&["1", "-m", "sessions", option, value]).expect_failure(2);
        assert!(run.stderr().contains(why), "{option} {value}: {}", run.stderr());
    }
}

#[test]
fn only_the_servers_reserved_names_are_refused_for_ranges() {
    let names = |name: &str| {
        let range = format!("{name}=2024-01-01..2024-01-31");
        dry_run(&["1", "-m", "sessions", "--dates", &range])
    };
    for name in ["cohort_1", "last week", "é", "RESERVE"] {
        let run = names(name).expect(0);
        let body: Value = serde_json::from_str(run.stdout()).expect("a body");
        assert_eq!(body["dateRanges"][0]["name"], name);
    }
    for name in ["date_range_0", "RESERVED_TOTAL"] {
        let run = names(name).expect_failure(2);
        assert!(run.stderr().contains("names that begin with"), "{}", run.stderr());
    }
}

#[test]
fn the_committed_man_page_is_the_one_it_prints_and_help_names_every_format() {
    let page = include_str!("../../crates/ga-query/ga-query.1");
    testkit::assert_man_page_is_current(super::BIN, page);
    let user = user_of("http://127.0.0.1:1");
    let help = user.run(&["--help"]).expect(0);
    let unknown = user.run(&["1", "-m", "sessions", "-f", "x"]).expect_failure(2);
    let (_, names) = unknown.stderr().trim().split_once("expected one of ").expect("a list");
    assert!(names.split(", ").count() >= 6, "{names}");
    for name in names.split(", ") {
        assert!(help.stdout().contains(name) && page.contains(name), "{name}");
    }
}
