//! `--audience`: an export is created once, waited for, resumed after any end, and read to its last row.

use std::fs;

use gauth_sandbox::{Fault, FaultKind, Quota, Sandbox};
use serde_json::{Value, json};
use testkit::{Analyst, Answer, IN_TIME, Pty, Received, Running, ScriptedServer, Signal};

use super::{BIN, answer, body_of, sandbox, user_of, user_of_sandbox};

const EXPORTS: &str = "/v1beta/properties/123456/audienceExports";
const CREATING: &str = "ga-query: creating an export of audience 4002; this takes about 15 minutes\n";
const GOES_ON: &str = "the export goes on at Google: run the same command again to read it";

/// The purchasers: a tenth of the sandbox's users.
fn purchasers<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["-p", "123456", "--audience", "4002"], more].concat()
}

/// Method and path of the requests about exports.
fn asked(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests();
    let about = requests.iter().filter(|request| request.path.starts_with(EXPORTS));
    about.map(|request| format!("{} {}", request.method, &request.path[EXPORTS.len()..])).collect()
}

fn created(sandbox: &Sandbox) -> usize {
    asked(sandbox).iter().filter(|request| *request == "POST ").count()
}

/// A server whose exports are these; a new one is ready at once and has `rows` users, of which a page holds `page`.
fn server(exports: Value, rows: u64, page: u64) -> ScriptedServer {
    ScriptedServer::answering(move |request| {
        let path = request.target.split('?').next().unwrap_or_default();
        match (request.method.as_str(), path.strip_prefix("/v1beta/properties/7/audienceExports").expect("an export")) {
            ("GET", "") => answer(&exports),
            ("POST", "") => answer(&json!({"response": export("new", "ACTIVE")})),
            ("GET", _) => answer(&export("new", "ACTIVE")),
            _ => answer(&users(request, rows, page)),
        }
    })
}

fn export(id: &str, state: &str) -> Value {
    json!({"name": format!("properties/7/audienceExports/{id}"), "audience": "properties/7/audiences/55",
        "dimensions": [{"dimensionName": "userId"}], "state": state, "beginCreatingTime": "2026-01-01T00:00:00Z"})
}

fn users(request: &Received, rows: u64, page: u64) -> Value {
    let body = body_of(request);
    let number = |name: &str| body[name].as_str().map(|text| text.parse::<u64>().expect(name));
    let offset = number("offset").unwrap_or(0);
    let end = rows.min(offset + number("limit").unwrap_or(10_000).min(page));
    let row = |place: u64| json!({"dimensionValues": [{"value": format!("user {place}")}]});
    json!({"audienceExport": export("new", "ACTIVE"), "audienceRows": (offset..end).map(row).collect::<Vec<_>>(),
        "rowCount": rows})
}

#[test]
fn an_export_is_created_waited_for_and_read() {
    let sandbox = sandbox(30);
    let run = user_of_sandbox(&sandbox).run(&purchasers(&["-d", "userId,deviceId"])).expect(0);
    assert_eq!(run.stderr(), CREATING);
    let lines: Vec<&str> = run.stdout().lines().collect();
    assert_eq!((lines.len(), lines[0]), (4, "userId,deviceId"));
    assert_eq!(asked(&sandbox), ["GET ", "POST ", "GET /1", "GET /1", "POST /1:query"]);
    let requests = sandbox.requests();
    let bodies: Vec<Value> = requests.iter().filter_map(|one| serde_json::from_str(&one.body).ok()).collect();
    let dimensions = json!([{"dimensionName": "userId"}, {"dimensionName": "deviceId"}]);
    assert_eq!(
        bodies,
        [json!({"audience": "properties/123456/audiences/4002", "dimensions": dimensions}), json!({"limit": "250000"})]
    );
}

#[test]
fn the_export_of_the_same_users_is_reused_and_its_age_told() {
    let sandbox = sandbox(30);
    let user = user_of_sandbox(&sandbox);
    let first = user.run(&purchasers(&["--quota"])).expect(0);
    assert_eq!(first.stderr(), format!("{CREATING}ga-query: creating the export used 12 quota tokens\n"));
    let again = user.run(&["-p", "0", "--audience", "properties/123456/audiences/4002", "--quota"]).expect(0);
    assert_eq!(again.stdout(), first.stdout());
    assert!(again.stderr().contains("reading an export of audience 4002 that was requested just now\n"));
    assert!(again.stderr().ends_with("no quota tokens used: an export was reused\n"), "{}", again.stderr());
    assert_eq!(created(&sandbox), 1);
    // Other columns are another export.
    user.run(&purchasers(&["-d", "userId"])).expect(0);
    assert_eq!(created(&sandbox), 2);
}

#[test]
fn an_export_from_yesterday_is_not_reused() {
    let server = server(json!({"audienceExports": [export("old", "ACTIVE"), export("stuck", "CREATING")]}), 2, 10);
    let run = user_of(&server.url()).run(&["-p", "7", "--audience", "55", "-d", "userId"]).expect(0);
    assert_eq!(run.stdout(), "userId\nuser 0\nuser 1\n");
    assert!(server.requests().iter().any(|request| request.target.contains("/new:query")));
}

/// A run that looks at its new export just now.
fn waiting_run(sandbox: &Sandbox, user: &Analyst, more: &[&str]) -> Running {
    sandbox.fault(Fault::new(&format!("{EXPORTS}/1"), FaultKind::Hold));
    let running = Running::start(user.command(&purchasers(more)));
    assert!(sandbox.wait_for_held(1, IN_TIME));
    running
}

#[test]
fn a_run_that_is_killed_is_resumed_by_the_next() {
    let sandbox = sandbox(30);
    let user = user_of_sandbox(&sandbox);
    sandbox.set_audience_looks(u32::MAX);
    let running = waiting_run(&sandbox, &user, &["-o", "users.csv"]);
    running.signal(Signal::KILL);
    running.finish();
    assert!(!user.home.path().join("users.csv").exists());
    sandbox.set_audience_looks(0);
    let run = user.run(&purchasers(&["-o", "users.csv"])).expect(0);
    assert!(run.stderr().contains("reading an export of audience 4002"), "{}", run.stderr());
    let text = fs::read_to_string(user.home.path().join("users.csv")).expect("the file");
    assert_eq!((text.lines().count(), created(&sandbox)), (4, 1));
}

#[test]
fn a_signal_and_a_timeout_say_how_to_go_on() {
    let sandbox = sandbox(30);
    let user = user_of_sandbox(&sandbox);
    sandbox.set_audience_looks(u32::MAX);
    let running = waiting_run(&sandbox, &user, &[]);
    running.signal(Signal::INT);
    let run = running.finish().expect_failure(130);
    assert_eq!(run.stderr(), format!("{CREATING}ga-query: {GOES_ON}\n"));
    // The time may also end while it looks.
    let run = user.run(&purchasers(&["--timeout", "2"])).expect_failure(5);
    assert!(run.stderr().contains("waiting for an export of audience 4002 that was requested just now\n"));
    assert!(run.stderr().ends_with(&format!("ga-query: hint: {GOES_ON}\n")), "{}", run.stderr());
    assert_eq!(created(&sandbox), 1);
}

#[test]
fn a_terminal_shows_how_much_is_made() {
    let sandbox = sandbox(30);
    sandbox.set_audience_looks(u32::MAX);
    let user = user_of_sandbox(&sandbox);
    let mut command = user.command(&purchasers(&[]));
    command.env("TERM", "xterm");
    let pty = Pty::start(command, 100);
    pty.wait_for("export of audience 4002 (Purchasers): 0 %, ");
    sandbox.set_audience_looks(0);
    let (status, shown) = pty.finish();
    assert!(status.success() && shown.contains("deviceId"), "{shown}");
}

#[test]
fn an_export_that_fails_is_reported_with_its_message() {
    let sandbox = sandbox(30);
    let run = user_of_sandbox(&sandbox).run(&["-p", "123456", "--audience", "4009"]).expect_failure(5);
    assert!(run.stderr().contains("could not make the export: The audience has too many users"), "{}", run.stderr());
    let failed = |why: &str| {
        let mut failed = export("new", "FAILED");
        failed["errorMessage"] = why.into();
        ScriptedServer::start([answer(&json!({})), answer(&json!({ "response": failed }))])
    };
    let server = failed("Internal error.");
    let run = user_of(&server.url()).run(&["-p", "7", "--audience", "55", "-d", "userId"]).expect_failure(1);
    assert!(run.stderr().contains("could not make the export: Internal error."), "{}", run.stderr());
}

#[test]
fn what_the_server_refuses_has_the_codes_of_reports() {
    let sandbox = sandbox(30);
    let user = user_of_sandbox(&sandbox);
    let unknown = user.run(&["-p", "123456", "--audience", "5"]).expect_failure(4);
    let hint = "hint: list the audiences with ga-query -p 123456 -d audienceId,audienceName -m totalUsers\n";
    assert!(unknown.stderr().ends_with(hint), "{}", unknown.stderr());
    let refused = user.run(&["-p", "200403", "--audience", "4002"]).expect_failure(4);
    assert!(refused.stderr().contains("sufficient permissions"), "{}", refused.stderr());
    sandbox.fault(Fault::new(EXPORTS, FaultKind::Quota(Quota::TokensPerHour)).after(1));
    let spent = user.run(&purchasers(&[])).expect_failure(5);
    assert!(spent.stderr().contains("the hourly token quota is used up"), "{}", spent.stderr());
    // A look that fails for now is not the end of the export.
    sandbox.fault(Fault::new(&format!("{EXPORTS}/"), FaultKind::Quota(Quota::TokensPerDay)));
    let spent = user.run(&purchasers(&[])).expect_failure(5);
    assert!(spent.stderr().ends_with(&format!("hint: {GOES_ON}\n")), "{}", spent.stderr());
}

#[test]
fn a_token_that_ends_while_waiting_is_replaced() {
    let rows = |request: &Received| answer(&users(request, 1, 1));
    let server = ScriptedServer::answering(move |request| {
        let is_new = request.header("authorization").is_some_and(|token| token.ends_with("second-0123456789"));
        match request.target.split(['?', ':']).next().unwrap_or_default() {
            _ if request.target.contains(":query") => rows(request),
            "/v1beta/properties/7/audienceExports" if request.method == "GET" => answer(&json!({})),
            "/v1beta/properties/7/audienceExports" => answer(&json!({"response": export("new", "CREATING")})),
            _ if is_new => answer(&export("new", "ACTIVE")),
            _ => Answer::json(
                401,
                json!({"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}}).to_string(),
            ),
        }
    });
    let user = user_of(&server.url());
    let command = "if [ -e used ]; then echo ya29.second-0123456789; else touch used; echo ya29.first-0123456789; fi";
    let arguments = ["-p", "7", "--audience", "55", "-d", "userId", "--token-command", command];
    let run = user.finish(user.command_without_token(&arguments)).expect(0);
    assert_eq!(run.stdout(), "userId\nuser 0\n");
}

#[test]
fn every_row_of_many_pages_comes_once_and_in_order() {
    let sandbox = sandbox(300_000);
    let user = user_of_sandbox(&sandbox);
    let all =
        |more: &[&str]| user.run(&[&["-p", "123456", "--audience", "4001", "-d", "deviceId"], more].concat()).expect(0);
    let run = all(&[]);
    let lines: Vec<&str> = run.stdout().lines().collect();
    assert_eq!(lines.len(), 300_001);
    assert!(
        lines[1..].iter().zip(0_u64..).all(|(line, user)| line.starts_with(&(1_000_000_000 + user * 7919).to_string()))
    );
    let some = all(&["--offset", "249999", "--limit", "3", "--header", "none"]);
    assert_eq!(some.stdout().lines().collect::<Vec<_>>(), lines[250_000..250_003]);
    // Users may look the same.
    let same = all(&["-d", "isLimitedAdTracking", "--limit", "1000"]);
    assert_eq!(same.stdout().lines().count(), 1001);
}

#[test]
fn lost_rows_are_noticed() {
    // Smaller pages than requested are followed to the end.
    let server_of = |rows: u64, page: u64| server(json!({}), rows, page);
    let report = |server: &ScriptedServer| user_of(&server.url()).run(&["-p", "7", "--audience", "55", "-d", "userId"]);
    assert_eq!(report(&server_of(25, 10)).expect(0).stdout().lines().count(), 26);
    let lost = report(&server_of(25, 0)).expect(6);
    assert!(lost.stderr().contains("expected 25 rows at offset 0, got none"), "{}", lost.stderr());
    let server = ScriptedServer::answering(|request| match request.target.contains(":query") {
        true if body_of(request)["offset"].is_string() => answer(&users(request, 25, 0)),
        true => answer(&users(request, 25, 10)),
        false if request.method == "POST" => answer(&json!({"response": export("new", "ACTIVE")})),
        false => answer(&json!({})),
    });
    let lost =
        user_of(&server.url()).run(&["-p", "7", "--audience", "55", "-d", "userId", "-o", "x.csv"]).expect_failure(6);
    assert!(lost.stderr().contains("rows at offset 10, got none"), "{}", lost.stderr());
}

#[test]
fn every_format_without_a_need_of_metrics_holds_the_users() {
    let sandbox = sandbox(30);
    let user = user_of_sandbox(&sandbox);
    let shown = |format: &str| user.run(&purchasers(&["-q", "-f", format])).expect(0).stdout().to_owned();
    let csv = shown("csv");
    let first = csv.lines().nth(1).expect("a row").split(',').next().expect("a cell").to_owned();
    assert!(csv.starts_with("deviceId,isAdsPersonalizationAllowed\n") && csv.lines().count() == 4, "{csv}");
    assert_eq!(shown("tsv"), csv.replace(',', "\t"));
    let objects: Value = serde_json::from_str(&shown("json")).expect("JSON");
    assert_eq!((objects.as_array().map(Vec::len), &objects[0]["deviceId"]), (Some(3), &json!(first)));
    assert_eq!(shown("ndjson").lines().count(), 3);
    assert!(shown("table").contains(&first));
    let raw: Value = serde_json::from_str(&shown("raw")).expect("JSON");
    assert_eq!((&raw["rowCount"], &raw["audienceExport"]["state"]), (&json!(3), &json!("ACTIVE")));
    let html = shown("html");
    assert!(html.contains(&first) && html.contains("3 rows"), "{html}");
    user.run(&purchasers(&["-o", "users.parquet"])).expect(0);
    if let Some(read) = super::parquet::read(&user, "users.parquet") {
        assert!(read.to_string().contains(&first), "{read}");
    }
    for (format, why) in [("chart", "no metrics to draw"), ("sql", "no key"), ("v3", "-f v3")] {
        let run = user.run(&purchasers(&["-f", format, "--table", "t"])).expect_failure(2);
        assert!(run.stderr().contains(why), "{}", run.stderr());
    }
}

#[test]
fn what_an_export_does_not_have_is_refused_before_anything_is_sent() {
    let user = Analyst::offline(BIN);
    let only_dimensions = "an export lists the users at the time of its creation, with dimensions only";
    for (more, code, words) in [
        (&["-m", "sessions"][..], 2, only_dimensions),
        (&["--start", "today"], 2, "excludes --start"),
        (&["--dates", "today"], 2, "excludes --dates"),
        (&["--filter", "country==France"], 2, "excludes --filter"),
        (&["--filters", "ga:country==France"], 2, "excludes --filters"),
        (&["--sort", "userId"], 2, "excludes --sort"),
        (&["--realtime"], 2, "excludes --realtime"),
        (&["--request", "-"], 2, "excludes --request"),
        (&["--totals"], 2, "excludes --totals"),
        (&["--conversions", "all"], 2, "excludes --conversions"),
        (&["--compare", "year"], 2, "excludes --compare"),
        (&["--realtime", "--watch", "5"], 2, "excludes --realtime"),
        (&["--reserve", "5"], 2, "the server does not report what is left of the quota"),
        (&["--keep-going"], 2, "an audience belongs to one property"),
        (&["-p", "8"], 2, "an audience belongs to one property"),
        (&["-d", "country"], 4, "country is not a dimension of audience exports; expected deviceId, "),
        (&["-d", "UserID"], 4, "did you mean `userId`?"),
        (&["-d", "userId,userId"], 2, "userId is named twice"),
    ] {
        let run = user.run(&[&["-p", "7", "--audience", "55"], more].concat()).expect_failure(code);
        assert!(run.stderr().contains(words), "{more:?}: {}", run.stderr());
    }
    for (arguments, words) in [
        (&["-p", "all", "--audience", "55"][..], "an audience belongs to one property"),
        (
            &["-p", "7", "--audience", "Purchasers"],
            "--audience: expected digits or properties/N/audiences/DIGITS, got \"Purchasers\"",
        ),
        (
            &["-p", "7", "--audience", "Purchasers"],
            "hint: run ga-query -p PROPERTY -d audienceId,audienceName -m totalUsers",
        ),
        (&["-p", "7", "--audience", ""], "DIGITS, got \"\""),
        (&["-p", "7", "--audience", "properties/8/audiences/55"], "belongs to property 8, not to property 7"),
        (&["7", "today", "--audience", "55"], "excludes START"),
        (&["--audience", "55"], "no property was named"),
    ] {
        let run = user.run(arguments).expect_failure(2);
        assert!(run.stderr().contains(words), "{arguments:?}: {}", run.stderr());
    }
}

#[test]
fn a_report_with_a_dimension_of_exports_says_where_it_is() {
    let run = Analyst::offline(BIN).run(&["-p", "7", "-d", "city,userId", "-m", "sessions"]).expect_failure(4);
    let hint = "hint: list the users of an audience with ga-query --audience ID -d userId\n";
    assert!(run.stderr().contains("userId is available only in audience exports\n"), "{}", run.stderr());
    assert!(run.stderr().ends_with(hint), "{}", run.stderr());
}

#[test]
fn a_dry_run_shows_the_request_that_creates_the_export() {
    let user = Analyst::offline(BIN);
    let run = user.run(&["-p", "0", "--audience", "55", "--dry-run"]).expect(0);
    let body: Value = serde_json::from_str(run.stdout()).expect("JSON");
    let dimensions = json!([{"dimensionName": "deviceId"}, {"dimensionName": "isAdsPersonalizationAllowed"}]);
    assert_eq!(body, json!({"audience": "properties/PROPERTY/audiences/55", "dimensions": dimensions}));
    let end = "POST http://127.0.0.1:1/v1beta/properties/PROPERTY/audienceExports?prettyPrint=false\n";
    assert!(run.stderr().ends_with(end), "{}", run.stderr());
    let run = user.run(&["-p", "7", "--audience", "55", "--curl"]).expect(0);
    let words = "-d '{\"audience\":\"properties/7/audiences/55\",";
    assert!(run.stdout().contains(words) && run.stdout().contains("/7/audienceExports?"), "{}", run.stdout());
}

#[test]
fn the_numbers_of_audiences_are_found_by_a_report() {
    let sandbox = sandbox(200);
    let run =
        user_of_sandbox(&sandbox).run(&["-p", "123456", "-d", "audienceId,audienceName", "-m", "totalUsers"]).expect(0);
    assert!(run.stdout().contains("\n4002,Purchasers,"), "{}", run.stdout());
}
