//! Conversion reports: which conversions, whose credit, and by which version of the API.

use serde_json::{Value, json};
use testkit::{Analyst, Run, ScriptedServer};

use super::{BIN, answer, body_of, csv_of, page_of, sandbox, user_of, user_of_sandbox};

const METRIC: &str = "allConversionsByInteractionDate";

/// A report of conversions by campaign, with further arguments.
fn by_campaign(user: &Analyst, arguments: &[&str]) -> Run {
    user.run(&[&["-p", "123456", "-d", "campaignName", "-m", METRIC], arguments].concat())
}

/// The conversionSpec of the only request so far.
#[track_caller]
fn spec_of(arguments: &[&str]) -> Value {
    let run = by_campaign(&Analyst::offline(BIN), &[&["--dry-run"], arguments].concat()).expect(0);
    assert!(run.stderr().contains("/v1alpha/properties/123456:runReport?"), "{}", run.stderr());
    let body: Value = serde_json::from_str(run.stdout()).expect("a body");
    body["conversionSpec"].clone()
}

#[test]
fn the_options_become_the_spec_of_a_request_to_v1alpha() {
    for (arguments, spec) in [
        (&[][..], Value::Null),
        (&["--conversions", "all"], json!({})),
        (
            &["--conversions", "12, conversionActions/7"],
            json!({"conversionActions": ["conversionActions/12", "conversionActions/7"]}),
        ),
        (
            &["--conversions", "12", "--conversions", "7", "--attribution", "last-click"],
            json!({
                "conversionActions": ["conversionActions/12", "conversionActions/7"],
                "attributionModel": "LAST_CLICK",
            }),
        ),
        (&["--conversions", "all", "--attribution=data-driven"], json!({"attributionModel": "DATA_DRIVEN"})),
    ] {
        assert_eq!(spec_of(arguments), spec, "{arguments:?}");
    }
}

#[test]
fn all_pages_come_from_v1alpha_and_other_reports_from_v1beta() {
    let server = ScriptedServer::answering(|request| {
        let mut page = page_of(25, request);
        page["rows"].as_array_mut().expect("rows").truncate(10);
        answer(&page)
    });
    let user = user_of(&server.url());
    assert_eq!(by_campaign(&user, &["--conversions", "all"]).expect(0).stdout(), csv_of(25));
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(request.target, "/v1alpha/properties/123456:runReport?prettyPrint=false");
        assert_eq!(body_of(&request)["conversionSpec"], json!({}));
    }
    user.run(&["-p", "123456", "-d", "campaignName", "-m", "advertiserAdCost"]).expect(0);
    assert_eq!(server.requests()[3].target, "/v1beta/properties/123456:runReport?prettyPrint=false");
}

#[test]
fn what_has_no_conversions_is_refused_before_anything_is_sent() {
    let user = Analyst::offline(BIN);
    let report = ["-p", "1", "-m", METRIC];
    for (arguments, code, message) in [
        (&["--attribution", "last-click"][..], 2, "--attribution goes with --conversions"),
        (&["--conversions", "all", "--attribution", "first"], 2, "expected data-driven or last-click, got \"first\""),
        (&["--conversions", "all", "--attribution", ""], 2, "expected data-driven or last-click, got \"\""),
        (&["--conversions", ""], 2, "--conversions: empty name"),
        (&["--conversions", "all,12"], 2, "--conversions: all cannot be combined with others"),
        (&["--conversions", "purchase"], 2, "expected all or IDs such as 1234, got \"purchase\""),
        (&["--conversions", "conversionActions/"], 2, "expected all or IDs such as 1234, got \"conversionActions/\""),
        (&["--conversions", "all", "--realtime", "--start", "today"], 2, "there\nga-query: hint: use --minutes"),
        (&["--conversions", "all", "-f", "v3"], 2, "Core Reporting v3 had no conversion reports"),
        (&["--conversions", "all", "-d", "pagePath"], 4, "pagePath is not available in conversion reports"),
        (&["--filter", "pagePath=@x"], 4, "pagePath is not available in conversion reports"),
    ] {
        let run = user.run(&[&report[..], arguments].concat()).expect_failure(code);
        assert!(run.stderr().contains(message), "{arguments:?}: {}", run.stderr());
    }
    let run = user.run(&[&report[..], &["--conversions", "all", "--realtime"]].concat()).expect_failure(2);
    assert_eq!(run.stderr(), "ga-query: --realtime: the API has no --conversions there\n");
    let run = user.run(&["-p", "1", "-m", "sessions", "-d", "subcontinent"]).expect_failure(4);
    assert!(run.stderr().contains("subcontinent is available only in conversion reports"), "{}", run.stderr());
    assert!(run.stderr().contains("hint: request one with ga-query --conversions all"), "{}", run.stderr());
    for option in [&["--conversions", "all"][..], &["--attribution", "last-click"]] {
        let run = user.run(&[&["-p", "1", "--request", "-"], option].concat()).expect_failure(2);
        assert!(run.stderr().contains(&format!("put {} into its body", option[0])), "{}", run.stderr());
    }
}

/// The conversions of each source, and their total.
fn by_source(user: &Analyst, arguments: &[&str]) -> Vec<(String, f64)> {
    let base = ["-p", "123456", "-d", "source", "-m", METRIC, "--totals"];
    let rows = user.cells(&[&base[..], arguments].concat());
    rows[1..].iter().map(|row| (row[0].clone(), row[1].parse().expect("a number"))).collect()
}

#[test]
fn the_model_decides_who_gets_the_credit_and_the_actions_what_is_counted() {
    let sandbox = sandbox(2000);
    let user = user_of_sandbox(&sandbox);
    let total = |rows: &[(String, f64)]| rows.last().expect("the total").clone();
    let all = by_source(&user, &["--conversions", "all"]);
    assert_eq!(by_source(&user, &[]), all);
    assert_eq!(by_source(&user, &["--conversions", "all", "--attribution", "data-driven"]), all);
    let last_click = by_source(&user, &["--conversions", "all", "--attribution", "last-click"]);
    assert_ne!(last_click, all);
    assert_eq!(total(&last_click), total(&all));
    let purchases = by_source(&user, &["--conversions", "1001"]);
    let sign_ups = by_source(&user, &["--conversions", "conversionActions/1002"]);
    assert!(total(&purchases).1 > 0.0 && total(&sign_ups).1 > 0.0);
    assert_eq!(total(&purchases).1 + total(&sign_ups).1, total(&all).1);
    assert_eq!(by_source(&user, &["--conversions", "1001,1002"]), all);
}

#[test]
fn an_action_that_the_property_lacks_is_refused_with_where_to_look() {
    let sandbox = sandbox(10);
    let run = by_campaign(&user_of_sandbox(&sandbox), &["--conversions", "7"]).expect_failure(4);
    assert!(run.stderr().contains("conversionActions/7 is not a conversion action"), "{}", run.stderr());
    assert!(run.stderr().contains("hint: run ga-fields -p 123456 --conversion-actions"), "{}", run.stderr());
}

#[test]
fn a_conversion_report_works_as_any_other() {
    let sandbox = sandbox(2000);
    let user = user_of_sandbox(&sandbox);
    let base = ["-d", "campaignName", "-m", METRIC, "--conversions", "1001", "--attribution", "last-click"];
    let one = [&["-p", "123456"], &base[..]].concat();
    let whole = user.cells(&one);
    assert!(whole.len() > 4, "{whole:?}");
    // One page after the other.
    let window = user.cells(&[&one[..], &["--offset", "1", "--limit", "2"]].concat());
    assert_eq!(window[1..], whole[2..4]);
    // The body of a dry run is the same report.
    let dry = user.run(&[&one[..], &["--dry-run"]].concat()).expect(0);
    let piped = testkit::run_with_input(user.command(&["-p", "123456", "--request", "-"]), dry.stdout().as_bytes());
    assert_eq!(piped.expect(0).stdout(), user.run(&one).expect(0).stdout());
    let curl = user.run(&[&one[..], &["--curl"]].concat()).expect(0);
    assert!(curl.stdout().contains("/v1alpha/properties/123456:runReport"), "{}", curl.stdout());
    // Several properties.
    let both = user.cells(&[&["-p", "123456,123457"], &base[..]].concat());
    assert_eq!(both[0], ["property", "campaignName", METRIC]);
    assert!(both.iter().any(|row| row[0] == "123457"));
    // The names that Analytics shows, which only v1alpha knows.
    let shown = user.run(&[&one[..], &["--header", "ui"]].concat()).expect(0);
    assert!(shown.stdout().starts_with("Campaign name,All conversions by interaction date\n"), "{}", shown.stdout());
    // The period before, joined by campaign.
    let compared = user.cells(&[&one[..], &["--compare", "previous"]].concat());
    assert_eq!(compared[0][1..], [METRIC.to_owned(), format!("{METRIC}_previous"), format!("{METRIC}_change")]);
    assert_eq!(compared[1][..2], whole[1][..2]);
}
