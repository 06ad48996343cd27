//! What ga-query reports about an answer: errors with their remedies, notes on the data, quota.

use serde_json::{Value, json};
use testkit::{Answer, ScriptedServer};

use super::{answer, page_of, sandbox, user_of, user_of_sandbox};

/// A report of three rows with this metadata.
fn with_metadata(metadata: Value) -> ScriptedServer {
    ScriptedServer::answering(move |request| {
        let mut page = page_of(3, request);
        page["metadata"] = metadata.clone();
        answer(&page)
    })
}

#[test]
fn each_loss_is_one_line_and_strict_makes_it_an_error() {
    let table = [
        (
            json!({"samplingMetadatas": [{"samplesReadCount": "50", "samplingSpaceSize": "100"}]}),
            "sampled: the numbers are estimates from 50 of 100 events (50.0%)",
            6,
        ),
        (json!({"samplingMetadatas": [{"samplesReadCount": "100", "samplingSpaceSize": "100"}]}), "", 0),
        (json!({"dataLossFromOtherRow": true}), "(other)", 6),
        (json!({"subjectToThresholding": true}), "thresholding", 6),
        (
            json!({"dataTruncationReasons": [{"dataTruncationType": "RETENTION", "dataTruncationMessage": "old"}]}),
            "truncated: old",
            6,
        ),
        (
            json!({"schemaRestrictionResponse": {"activeMetricRestrictions": [
                {"metricName": "adCost", "restrictedMetricTypes": ["COST_DATA"]}]}}),
            "the metric adCost is restricted",
            6,
        ),
        (json!({"emptyReason": "NO_DATA"}), "no rows: NO_DATA", 0),
        (json!({"currencyCode": "EUR", "unheardOf": {"x": []}}), "", 0),
    ];
    for (metadata, note, strict) in table {
        let server = with_metadata(metadata);
        let user = user_of(&server.url());
        let run = user.pages(&[]).expect(0);
        assert_eq!(run.stderr().lines().count(), usize::from(!note.is_empty()));
        assert!(run.stderr().contains(note), "{}", run.stderr());
        assert_eq!(user.pages(&["-q"]).expect(0).stderr(), "");

        let strictly = user.pages(&["--strict"]).expect(strict);
        assert_eq!(strictly.stdout(), run.stdout());
        assert_eq!(strictly.stderr().contains("--strict: "), strict == 6, "{}", strictly.stderr());
        let file = user.pages(&["--strict", "-o", "report.csv"]).expect(strict);
        assert_eq!(file.stderr().contains("the file of -o was not written"), strict == 6, "{}", file.stderr());
        assert_eq!(file.stdout(), "");
        assert_eq!(user.home.path().join("report.csv").exists(), strict == 0);
    }
}

#[test]
fn an_answer_without_kind_and_headers_is_not_a_report_and_one_with_only_a_kind_is_empty() {
    let table = [
        ("{}", 1),
        (r#"{"metadata":{"timeZone":"Europe/Rome"}}"#, 1),
        (r#"{"kind":"analytics#gaData"}"#, 1),
        (r#"{"kind":"analyticsData#runReport"}"#, 0),
        (r#"{"metadata":{},"kind":"analyticsData#runReport"}"#, 0),
    ];
    for (body, code) in table {
        let server = ScriptedServer::answering(move |_| Answer::json(200, body));
        let run = user_of(&server.url()).pages(&[]).expect(code);
        assert_eq!(run.stdout(), if code == 0 { "pagePath,sessions\n" } else { "" }, "{body}");
    }
}

#[test]
fn quota_is_requested_and_reported() {
    let sandbox = sandbox(100);
    let user = user_of_sandbox(&sandbox);
    let report = ["-p", "123456", "-m", "sessions"];
    let run = user.run(&[&report[..], &["--quota"]].concat()).expect(0);
    assert!(run.stderr().contains("tokens consumed"), "{}", run.stderr());
    assert!(run.stderr().contains("tokens per project per hour:"), "{}", run.stderr());
    assert_eq!(user.run(&report).expect(0).stderr(), "");
}

#[test]
fn each_refusal_names_its_remedy() {
    let refusal = |status: u16, message: &str, details: Value| {
        let name = if status == 403 { "PERMISSION_DENIED" } else { "X" };
        Answer::json(
            status,
            json!({"error": {"code": status, "message": message, "status": name, "details": details}}).to_string(),
        )
    };
    let table = [
        (
            refusal(
                403,
                "Request had insufficient authentication scopes.",
                json!([{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]),
            ),
            4,
            "gauth-login --scope analytics.readonly",
        ),
        (
            refusal(
                403,
                "It is disabled. Enable it by visiting https://console.developers.google.com/apis/x?project=1 then retry.",
                json!([{"reason": "SERVICE_DISABLED"}]),
            ),
            4,
            "enable the API at https://console.developers.google.com/apis/x?project=1",
        ),
        (
            refusal(403, "The API requires a quota project, which is not set by default.", json!([])),
            4,
            "--quota-project ID or GOOGLE_CLOUD_QUOTA_PROJECT",
        ),
        (
            refusal(403, "Permission denied on resource project x.", json!([{"reason": "CONSUMER_INVALID"}])),
            4,
            "--quota-project ID or GOOGLE_CLOUD_QUOTA_PROJECT",
        ),
        (refusal(403, "Rate Limit Exceeded", json!([{"reason": "rateLimitExceeded"}])), 5, "run it again in a minute"),
        (refusal(403, "User Rate", json!([{"reason": "userRateLimitExceeded"}])), 5, "run it again in a minute"),
        (refusal(403, "User does not have sufficient permissions for this property.", json!([])), 4, "ga-properties"),
        (refusal(401, "Request had invalid authentication credentials.", json!([])), 3, "gauth-token --refresh"),
        (refusal(429, "Exhausted property tokens per day.", json!([])), 5, "midnight Pacific"),
    ];
    for (refused, code, remedy) in table {
        let server = ScriptedServer::start([refused]);
        let run = user_of(&server.url()).pages(&[]).expect_failure(code);
        assert!(run.stderr().contains(remedy), "{remedy}: {}", run.stderr());
    }
}

#[test]
fn a_token_of_another_scope_names_the_scope() {
    let sandbox = sandbox(10);
    let mut user = user_of(sandbox.url());
    user.token = sandbox.access_token(&["openid"]);
    let run = user.run(&["-p", "123456", "-m", "sessions"]).expect_failure(4);
    assert!(run.stderr().contains("auth/analytics.readonly"), "{}", run.stderr());
}

#[test]
fn the_quota_project_is_sent_from_the_flag_or_the_variable() {
    let server = ScriptedServer::answering(|request| answer(&page_of(1, request)));
    let user = user_of(&server.url());
    user.pages(&["--quota-project", "flag"]).expect(0);
    let mut command = user.command(&["-p", "1", "-m", "sessions", "-d", "pagePath"]);
    command.env("GOOGLE_CLOUD_QUOTA_PROJECT", "variable");
    user.finish(command).expect(0);
    user.pages(&[]).expect(0);
    let sent: Vec<_> =
        server.requests().iter().map(|request| request.header("x-goog-user-project").map(str::to_owned)).collect();
    assert_eq!(sent, [Some("flag".to_owned()), Some("variable".to_owned()), None]);
    user.pages(&["--quota-project", "a\r\nX-Evil: 1"]).expect_failure(2);
}

#[test]
fn g1_text_of_the_server_cannot_control_the_terminal() {
    let evil = "\u{1b}]0;pwned\u{7}\u{9b}31m\u{202e}rtl\r\nline\u{2028}\u{85}\u{0}";
    let long = format!("{evil}{}", "x".repeat(10 << 20));
    let sources = [
        Answer::json(400, json!({"error": {"message": evil, "status": evil}}).to_string()),
        Answer::json(400, json!({"error": {"message": long}}).to_string()),
        Answer::new(502, "", evil),
        Answer::json(200, json!({"metadata": {"emptyReason": evil}}).to_string()),
        Answer::json(200, format!("{{\"{}\":", evil.escape_default())),
    ];
    for source in sources {
        let server = ScriptedServer::answering(move |_| source.clone());
        let run = user_of(&server.url()).pages(&["--timeout", "2"]);
        assert!(run.stderr().len() < 10_000);
        let is_clean =
            |character: char| character == '\n' || !(character.is_control() || "\u{202e}\u{2028}".contains(character));
        assert!(run.stderr().chars().all(is_clean), "{:?}", run.stderr());
        assert!(run.stderr().lines().all(|line| line.starts_with("ga-query: ")));
    }
}

#[test]
fn d3_verbose_reports_the_requests_without_the_token() {
    let server = ScriptedServer::answering(|request| answer(&page_of(1, request)));
    let run = user_of(&server.url()).pages(&["--verbose"]).expect(0);
    assert!(run.stderr().contains("> POST http://127.0.0.1:"), "{}", run.stderr());
    assert!(run.stderr().contains("< 200"), "{}", run.stderr());
}

#[test]
fn property_0_is_the_first_visible_one_and_is_named() {
    let empty = json!({"nextPageToken": "p 2/+"});
    let second = json!({"accountSummaries": [
        {"account": "accounts/1", "displayName": "none"},
        {"account": "accounts/2", "propertySummaries": [
            {"property": "properties/77", "displayName": "Shop"},
            {"property": "properties/78", "displayName": "Blog"}]}]});
    let server = ScriptedServer::start([
        answer(&empty),
        answer(&second),
        Answer::json(200, r#"{"dimensionHeaders":[{"name":"pagePath"}],"metricHeaders":[{"name":"sessions"}]}"#),
    ]);
    let user = user_of(&server.url());
    let run = user.run(&["0", "7daysAgo", "today", "sessions", "-d", "pagePath"]).expect(0);
    assert_eq!(run.stdout(), "pagePath,sessions\n");
    assert_eq!(run.stderr(), "ga-query: property 77: Shop\n");
    let targets: Vec<_> = server.requests().iter().map(|r| r.target.clone()).collect();
    assert_eq!(
        targets,
        [
            "/v1beta/accountSummaries?pageSize=200&prettyPrint=false",
            "/v1beta/accountSummaries?pageSize=200&prettyPrint=false&pageToken=p%202%2F%2B",
            "/v1beta/properties/77:runReport?prettyPrint=false",
        ]
    );
    let none = ScriptedServer::start([Answer::json(200, "{}")]);
    user_of(&none.url()).run(&["-p", "0", "-m", "sessions"]).expect_failure(4);
}
