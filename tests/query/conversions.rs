//! Conversion reports: which conversions, whose credit, and by which version of the API.

use serde_json::{Value, json};
use testkit::{Analyst, Run, ScriptedServer};

use super::{BIN, answer, body_of, csv_of, page_of, user_of};

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
        (&["--conversions", "all", "--realtime"], 2, "--realtime: the API has no --conversions there"),
        (&["--conversions", "all", "-f", "v3"], 2, "Core Reporting v3 had no conversion reports"),
        (&["--conversions", "all", "-d", "pagePath"], 4, "pagePath is not available in conversion reports"),
        (&["--filter", "pagePath=@x"], 4, "pagePath is not available in conversion reports"),
    ] {
        let run = user.run(&[&report[..], arguments].concat()).expect_failure(code);
        assert!(run.stderr().contains(message), "{arguments:?}: {}", run.stderr());
    }
    let run = user.run(&["-p", "1", "-m", "sessions", "-d", "subcontinent"]).expect_failure(4);
    assert!(run.stderr().contains("subcontinent is available only in conversion reports"), "{}", run.stderr());
    assert!(run.stderr().contains("hint: add --conversions all"), "{}", run.stderr());
    for option in [&["--conversions", "all"][..], &["--attribution", "last-click"]] {
        let run = user.run(&[&["-p", "1", "--request", "-"], option].concat()).expect_failure(2);
        assert!(run.stderr().contains(&format!("put {} into its body", option[0])), "{}", run.stderr());
    }
}
