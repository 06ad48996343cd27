//! Quota: what is reserved, where a run stops, and how it resumes.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use testkit::{Analyst, Answer, ScriptedServer};

use super::{answer, body_of, csv_of, page_of, sandbox, user_of, user_of_sandbox};

const HOUR: &str = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Exhausted property tokens for a project per hour. These quota tokens will return in under an hour."}}"#;

/// 95 rows in pages of ten, each of which costs 5 of 60 tokens; from offset `stop` on the quota is exhausted.
fn server(stop: u64) -> ScriptedServer {
    ScriptedServer::answering(move |request| {
        let body = body_of(request);
        let offset = body["offset"].as_str().map_or(0, |text| text.parse().expect("offset"));
        if offset >= stop {
            return Answer::json(429, HOUR);
        }
        let mut page = page_of(95, request);
        page["rows"].as_array_mut().expect("rows").truncate(10);
        if body["returnPropertyQuota"] == json!(true) {
            let left = 60 - 5 * (offset / 10 + 1);
            page["propertyQuota"] = json!({
                "tokensPerDay": {"consumed": 5, "remaining": 1000},
                "tokensPerHour": {"consumed": 5, "remaining": left},
            });
        }
        answer(&page)
    })
}

/// Runs the command that a run has printed to resume it.
fn go_on(user: &Analyst, stderr: &str) -> testkit::Run {
    let (_, line) = stderr.split_once("to continue, run: ").expect("a command");
    let line = line.lines().next().expect("a line");
    let arguments = line.strip_prefix("ga-query").expect("the program");
    let mut command: Command = user.home.command("/bin/sh");
    command
        .args(["-c", &format!("'{}'{arguments}", super::BIN)])
        .env("GAUTH_SANDBOX_URL", &user.url)
        .env("GAUTH_TOKEN", &user.token);
    testkit::run(command)
}

#[test]
fn reserved_tokens_are_not_used() {
    for (parallel, most) in [("1", 8), ("4", 8)] {
        let server = server(u64::MAX);
        let user = user_of(&server.url());
        let run = user.pages(&["--reserve", "20", "--parallel", parallel]).expect(5);
        assert_eq!(server.requests().len(), most, "{}", run.stderr());
        assert!(run.stderr().contains("20 tokens left"), "{}", run.stderr());
        assert!(run.stderr().contains("stopped after 80 rows"), "{}", run.stderr());
        let rest = go_on(&user, run.stderr()).expect(0);
        assert_eq!(format!("{}{}", run.stdout(), rest.stdout()), csv_of(95));
    }
    let server = server(u64::MAX);
    let run = user_of(&server.url()).pages(&["--reserve", "10"]).expect(0);
    assert_eq!(run.stdout(), csv_of(95));
}

#[test]
fn a_run_that_the_quota_ends_prints_the_command_that_resumes_it() {
    let first = server(40);
    let mut user = user_of(&first.url());
    let run = user.pages(&["--limit", "90", "--offset", "5", "--filter", "pagePath!=it's"]).expect(5);
    assert!(run.stderr().contains("the hourly token quota is used up"), "{}", run.stderr());
    assert!(run.stderr().contains("run it again in an hour"), "{}", run.stderr());
    assert_eq!(run.stdout().lines().count(), 1 + 40);
    let second = server(u64::MAX);
    user.url = second.url();
    let rest = go_on(&user, run.stderr()).expect(0);
    let whole = csv_of(95);
    let mut lines = whole.lines();
    let header = lines.next().expect("a header");
    let expected: Vec<&str> = [header].into_iter().chain(lines.skip(5)).collect();
    let got = format!("{}{}", run.stdout(), rest.stdout());
    assert_eq!(got.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_command_names_the_missing_properties_if_one_of_them_cannot_begin() {
    let server = |is_spent: bool| {
        ScriptedServer::answering(move |request| match request.target.contains("/properties/2:") {
            true if is_spent => Answer::json(429, HOUR),
            _ => answer(&page_of(3, request)),
        })
    };
    let first = server(true);
    let mut user = user_of(&first.url());
    let report = ["-p", "1,2,3", "-m", "sessions", "-d", "pagePath", "--limit", "2", "--offset", "1"];
    let run = user.run(&report).expect(5);
    assert!(run.stderr().contains("--property 2,3 --offset 1 --limit 2 --header none"), "{}", run.stderr());
    let second = server(false);
    user.url = second.url();
    let rest = go_on(&user, run.stderr()).expect(0);
    assert_eq!(format!("{}{}", run.stdout(), rest.stdout()), user.run(&report).expect(0).stdout());
}

#[test]
fn no_command_is_printed_if_the_run_cannot_be_resumed() {
    for arguments in [&["-f", "json"][..], &["-o", "report.csv"], &["-f", "table"]] {
        let server = server(40);
        let run = user_of(&server.url()).pages(arguments).expect(5);
        assert!(!run.stderr().contains("to continue"), "{}", run.stderr());
    }
    let server = server(0);
    let run = user_of(&server.url()).pages(&[]).expect_failure(5);
    assert!(!run.stderr().contains("to continue"), "{}", run.stderr());
}

#[test]
fn too_many_concurrent_requests_make_the_run_slower_but_not_fail() {
    let refused = AtomicUsize::new(0);
    let server = ScriptedServer::answering(move |request| {
        let is_first = body_of(request).get("offset").is_none();
        if !is_first && refused.fetch_add(1, Ordering::SeqCst) < 2 {
            return Answer::json(
                429,
                r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Exhausted concurrent requests quota."}}"#,
            );
        }
        let mut page = page_of(95, request);
        page["rows"].as_array_mut().expect("rows").truncate(10);
        answer(&page)
    });
    let run = user_of(&server.url()).pages(&["--parallel", "9"]).expect(0);
    assert_eq!(run.stdout(), csv_of(95));
    assert_eq!(server.requests().len(), 10 + 2);
}

#[test]
fn incompatible_fields_have_a_hint() {
    let sandbox = sandbox(100);
    let user = user_of_sandbox(&sandbox);
    let run = user.run(&["-p", "123456", "-m", "sessions", "-d", "itemName,pagePath"]).expect_failure(4);
    assert!(run.stderr().contains("Please remove"), "{}", run.stderr());
    assert!(run.stderr().contains("ga-fields --compatible-with"), "{}", run.stderr());
    assert!(run.stderr().contains("itemName,pagePath,sessions"), "{}", run.stderr());
}

#[test]
fn the_time_limit_includes_the_token_command() {
    let server = ScriptedServer::start([]);
    let user = user_of(&server.url());
    let command =
        user.command_without_token(&["1", "-m", "sessions", "--timeout", "1", "--token-command", "exec sleep 60"]);
    let run = testkit::run(command).expect_failure(5);
    assert!(run.stderr().contains("did not end in time"), "{}", run.stderr());
}
