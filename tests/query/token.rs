//! The sources of the token, and that it is sent nowhere else.

use std::process::Stdio;
use std::time::Instant;

use testkit::{Analyst, Answer, Running, ScriptedServer, run, run_with_input};

use super::{answer, csv_of, page_of, sandbox, user_of, user_of_sandbox};

const TOKEN: &str = Analyst::TOKEN;

const REPORT: [&str; 6] = ["-p", "1", "-d", "pagePath", "-m", "sessions"];

fn server() -> ScriptedServer {
    ScriptedServer::answering(|request| answer(&page_of(2, request)))
}

#[test]
fn h10_every_source_provides_the_token_and_it_is_sent_only_in_the_header() {
    let server = server();
    let user = user_of(&server.url());
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
fn h10_a_missing_or_empty_token_exits_3_and_a_malformed_one_2() {
    let server = ScriptedServer::start([]);
    let user = user_of(&server.url());
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
        let hint = "hint: run gauth-token by itself to see why";
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
    let server = ScriptedServer::start([Answer::json(200, r#"{"kind":"analyticsData#runReport"}"#).held()]);
    let user = user_of(&server.url());
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
fn f12_an_expired_token_exits_3_after_one_request() {
    let sandbox = sandbox(10);
    let user = user_of_sandbox(&sandbox);
    sandbox.expire_access_tokens();
    let run = user.pages(&[]).expect_failure(3);
    assert!(run.stderr().contains("run gauth-token --refresh"), "{}", run.stderr());
    assert_eq!(sandbox.requests().len(), 1);
}

#[test]
fn a_list_that_a_loop_reads_is_not_sent_as_a_token() {
    let server = server();
    let user = user_of(&server.url());
    let list = user.home.write("list", 0o600, "1234567890\nproperties/1234567891\n1234567892\n");
    user.home.write("analytics-properties", 0o600, "");
    let mut shell = user.home.command("sh");
    let script = "while read -r p; do \"$0\" -p $p -m sessions; done <list";
    shell.args(["-c", script]).arg(super::BIN).env("GAUTH_SANDBOX_URL", server.url());
    let looped = run(shell).expect_failure(2);
    assert!(looped.stderr().contains("(a property list?)"), "{}", looped.stderr());
    assert!(!looped.stderr().contains("123456789"), "{}", looped.stderr());
    assert!(looped.stderr().contains("export GAUTH_TOKEN=$(gauth-token)"), "{}", looped.stderr());

    let mut from_file = user.home.command("sh");
    from_file.args(["-c", "exec \"$0\" -p 1 -m sessions <list"]).arg(super::BIN).env("GAUTH_SANDBOX_URL", server.url());
    run(from_file).expect_failure(2);
    for other in
        ["2026-11-20", "screenPageViewsPerSession", "analytics-properties", "analytics.example.com", "{\"token\":1}"]
    {
        let run = run_with_input(user.command_without_token(&REPORT), other).expect_failure(2);
        assert!(!run.stderr().contains(other), "{}", run.stderr());
    }
    // A short token is accepted only with --token -.
    let run = run_with_input(user.command_without_token(&REPORT), "short").expect_failure(2);
    assert!(run.stderr().contains("--token -"), "{}", run.stderr());
    assert!(server.requests().is_empty(), "{list:?}");
    run_with_input(user.command_without_token(&[&REPORT[..], &["--token", "-"]].concat()), "short").expect(0);
}

#[test]
fn without_a_token_there_is_a_hint_how_to_pass_one() {
    let server = ScriptedServer::start([]);
    let user = user_of(&server.url());
    let without = run(user.command_without_token(&REPORT)).expect_failure(3);
    let said = "ga-query: no token\nga-query: hint: use --token $(gauth-token), or export GAUTH_TOKEN=$(gauth-token) ";
    assert!(without.stderr().starts_with(said), "{}", without.stderr());
    let closed = ["-c", "exec \"$0\" -p 1 -m sessions <&-"];
    let mut shell = user.home.command("sh");
    shell.args(closed).arg(super::BIN);
    assert_eq!(run(shell).expect_failure(3).stderr(), without.stderr());
}

#[test]
fn a_pipe_that_stays_open_is_given_up() {
    let server = ScriptedServer::start([]);
    let user = user_of(&server.url());
    for (asked, code) in [(&[][..], 3), (&["--token", "-"], 5)] {
        let arguments = [&REPORT[..], asked, &["--timeout", "0.2"]].concat();
        let started = Instant::now();
        let silent = Running::start_on(user.command_without_token(&arguments), Stdio::piped());
        let run = silent.finish().expect_failure(code);
        assert!(started.elapsed() < testkit::IN_TIME);
        assert!(run.stderr().contains("did not end "), "{}", run.stderr());
    }
}

#[test]
fn a_command_in_the_environment_takes_precedence_over_a_pipe() {
    let server = server();
    let user = user_of(&server.url());
    let mut command = user.command_without_token(&REPORT);
    command.env("GAUTH_TOKEN_COMMAND", format!("test -z \"$GAUTH_TOKEN_COMMAND\" && echo {TOKEN}"));
    assert_eq!(run_with_input(command, "another-token-in-a-pipe").expect(0).stdout(), csv_of(2));
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(server.requests()[0].header("authorization"), Some(&*bearer));
}

#[test]
fn a_token_command_runs_again_if_the_token_expires_during_the_run() {
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
    let user = user_of(&server.url());
    let counter = user.home.path().join("counter");
    // gauth-token has the refused token in its cache, and must get another one.
    let shell = format!("echo \"${{GAUTH_REFRESH-}}\" >> {0}; echo t$(wc -l < {0})", counter.display());
    let command = user.command_without_token(&[&REPORT[..], &["--parallel", "2", "--token-command", &shell]].concat());
    assert_eq!(run(command).expect(0).stdout(), csv_of(30));
    assert_eq!(std::fs::read_to_string(counter).expect("read"), "\n1\n");
}

#[test]
fn d2_the_token_command_does_not_inherit_tokens() {
    let server = server();
    let user = user_of(&server.url());
    let seen = user.home.path().join("seen");
    let shell = format!("env > {}; echo abc", seen.display());
    let mut command = user.command_without_token(&[&REPORT[..], &["--token-command", &shell]].concat());
    command.env("GAUTH_TOKEN", TOKEN).env("GOOGLE_OAUTH_ACCESS_TOKEN", TOKEN);
    run(command).expect(0);
    assert!(!std::fs::read_to_string(seen).expect("read").contains(TOKEN));
}
