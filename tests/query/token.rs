//! Where the token comes from, and that it goes nowhere else.

use testkit::{Answer, Running, ScriptedServer, run, run_with_input};

use super::{TOKEN, User, answer, csv_of, page_of, sandbox};

const REPORT: [&str; 6] = ["-p", "1", "-d", "pagePath", "-m", "sessions"];

fn server() -> ScriptedServer {
    ScriptedServer::answering(|request| answer(&page_of(2, request)))
}

#[test]
fn h10_every_source_gives_the_token_and_it_travels_in_the_header_alone() {
    let server = server();
    let user = User::of(&server.url());
    let report = |arguments: &[&str]| user.command_without_token(&[&REPORT, arguments].concat());
    let line = format!("{TOKEN}\n");

    let mut by_variable = report(&[]);
    by_variable.env("GAUTH_TOKEN", TOKEN).env("GOOGLE_OAUTH_ACCESS_TOKEN", "other");
    let mut by_googles_variable = report(&[]);
    by_googles_variable.env("GAUTH_TOKEN", "").env("GOOGLE_OAUTH_ACCESS_TOKEN", TOKEN);
    let shell = format!("echo {TOKEN}");
    let joined = format!("--token={TOKEN}");
    let runs = [
        run(report(&["--token", TOKEN])),
        run(report(&[&joined])),
        run(report(&["--token-command", &shell])),
        run(by_variable),
        run(by_googles_variable),
        run_with_input(report(&[]), line.clone()),
        run_with_input(report(&[]), format!("{TOKEN}\r\n")),
        run_with_input(report(&[]), TOKEN),
        run_with_input(report(&["--token", "-"]), line),
    ];
    for run in runs {
        let run = run.expect(0);
        assert_eq!(run.stdout(), csv_of(2), "{}", run.name);
        run.assert_no_secret(&[TOKEN.to_owned()], false);
    }
    for request in server.requests() {
        let bearer = format!("Bearer {TOKEN}");
        assert_eq!(request.header("authorization"), Some(&*bearer));
        assert_eq!(request.target, "/v1beta/properties/1:runReport?prettyPrint=false");
        assert!(!request.text().contains(TOKEN));
    }
}

#[test]
fn h10_no_token_or_an_empty_one_is_a_login_and_a_malformed_one_is_usage() {
    let server = ScriptedServer::start([]);
    let user = User::of(&server.url());
    let report = |arguments: &[&str]| user.command_without_token(&[&REPORT, arguments].concat());
    let long = "x".repeat(64 * 1024 + 1);
    for (input, code) in [("", 3), ("\n", 3), ("two\nlines\n", 2), ("a b", 2), ("é", 2), ("a\0", 2), (&*long, 2)] {
        run_with_input(report(&[]), input).expect_failure(code);
        run_with_input(report(&["--token", "-"]), input).expect_failure(code);
    }
    for arguments in
        [&["--token", ""][..], &["--token="], &["--token"], &["--token", "-f", "csv"], &["--token", "--strict"]]
    {
        let run = run(report(arguments)).expect_failure(3);
        let hint = "hint: run gauth-token alone to see why";
        assert!(run.stderr().contains(hint), "{arguments:?}: {}", run.stderr());
    }
    run(report(&["--token", "a b"])).expect_failure(2);
    run(report(&["--token", "x", "--token-command", "echo x"])).expect_failure(2);
    run(report(&["--token-command", "exit 5"])).expect_failure(5);
    run(report(&["--token-command", "true"])).expect_failure(3);
    assert!(server.requests().is_empty());
}

#[test]
fn d1_the_token_does_not_stay_in_the_list_of_processes() {
    let server = ScriptedServer::start([Answer::json(200, "{}").held()]);
    let user = User::of(&server.url());
    let command = user.command_without_token(&[&REPORT[..], &["--token", TOKEN]].concat());
    let running = Running::start(command);
    server.wait_for_requests(1);
    let line = std::fs::read(format!("/proc/{}/cmdline", running.id())).expect("read cmdline");
    let line = String::from_utf8_lossy(&line);
    assert!(line.contains("pagePath"), "{line}");
    assert!(!line.contains(TOKEN), "{line}");
    server.release();
    running.finish().expect(0);
}

#[test]
fn f12_a_token_that_has_ended_is_a_login_after_one_request() {
    let sandbox = sandbox(10);
    let user = User::of_sandbox(&sandbox);
    sandbox.expire_access_tokens();
    let run = user.pages(&[]).expect_failure(3);
    assert!(run.stderr().contains("run gauth-token again"), "{}", run.stderr());
    assert_eq!(sandbox.requests().len(), 1);
}

#[test]
fn a_token_command_runs_again_when_the_token_ends_in_the_middle() {
    let server = ScriptedServer::answering(|request| {
        let is_first = request.header("authorization") == Some("Bearer t1");
        let offset = super::body_of(request)["offset"].as_str().is_some();
        if is_first && offset {
            return Answer::json(401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#);
        }
        let mut page = page_of(30, request);
        if let Some(rows) = page["rows"].as_array_mut() {
            rows.truncate(10);
        }
        answer(&page)
    });
    let user = User::of(&server.url());
    let counter = user.home.path().join("counter");
    let shell = format!("echo x >> {0}; echo t$(wc -l < {0})", counter.display());
    let command = user.command_without_token(&[&REPORT[..], &["--parallel", "2", "--token-command", &shell]].concat());
    assert_eq!(run(command).expect(0).stdout(), csv_of(30));
    assert_eq!(std::fs::read_to_string(counter).expect("read").lines().count(), 2);
}

#[test]
fn d2_the_token_command_does_not_inherit_tokens() {
    let server = server();
    let user = User::of(&server.url());
    let seen = user.home.path().join("seen");
    let shell = format!("env > {}; echo abc", seen.display());
    let mut command = user.command_without_token(&[&REPORT[..], &["--token-command", &shell]].concat());
    command.env("GAUTH_TOKEN", TOKEN).env("GOOGLE_OAUTH_ACCESS_TOKEN", TOKEN);
    run(command).expect(0);
    assert!(!std::fs::read_to_string(seen).expect("read").contains(TOKEN));
}
