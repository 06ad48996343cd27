//! gauth-token and ga-query joined by a shell, as people join them.

use std::process::Command;

use gauth_sandbox::{Options, Sandbox};
use testkit::{Home, Run, sibling};

use crate::BIN;

/// Runs a script in which both programs are on the PATH and the sandbox's service account is at hand.
#[track_caller]
fn shell(sandbox: &Sandbox, script: &str) -> Run {
    let home = Home::new();
    let programs = sibling(BIN, "gauth-token");
    let programs = programs.parent().expect("a folder").to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command: Command = home.command("sh");
    command
        .args(["-c", script])
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("GAUTH_SANDBOX_URL", sandbox.url())
        .env("GOOGLE_APPLICATION_CREDENTIALS", sandbox.service_account_key());
    let run = testkit::run(command);
    run.assert_no_secret(&sandbox.secrets(), false);
    run
}

fn sandbox() -> Sandbox {
    Sandbox::start(Options { rows: 500, ..Options::default() }).expect("start the sandbox")
}

#[test]
fn every_way_to_hand_over_the_token_gives_the_same_report() {
    let sandbox = sandbox();
    let report = "-p 0 -m sessions -d date,country,pagePath";
    let expected = shell(&sandbox, &format!("gauth-token | ga-query {report}")).expect(0);
    assert_eq!(expected.stdout().lines().count(), 501);
    for script in [
        format!("ga-query {report} --token $(gauth-token)"),
        format!("ga-query {report} --token \"$(gauth-token)\" -f csv"),
        format!("gauth-token | ga-query {report} --token -"),
        format!("ga-query {report} --token-command gauth-token"),
        format!("export GAUTH_TOKEN=$(gauth-token); ga-query {report}"),
        format!("ga-query {report} --token $(gauth-token) -o r.csv && cat r.csv"),
    ] {
        assert_eq!(shell(&sandbox, &script).expect(0).stdout(), expected.stdout(), "{script}");
    }
    let old = "ga-query 123456 28daysAgo yesterday users --token $(gauth-token)";
    let run = shell(&sandbox, old).expect(0);
    assert!(run.stdout().starts_with("totalUsers\n"), "{}", run.stdout());
}

#[test]
fn a_gauth_token_that_fails_differs_from_a_report_that_fails() {
    let sandbox = sandbox();
    let without = "unset GOOGLE_APPLICATION_CREDENTIALS; export NO_GCE_CHECK=true;";
    for script in [
        "ga-query 0 today today sessions --token $(gauth-token)",
        "ga-query --token $(gauth-token) -p 0 -m sessions",
        "ga-query 0 today today sessions --token \"$(gauth-token)\"",
        "gauth-token | ga-query 0 today today sessions",
        "ga-query 0 today today sessions --token-command gauth-token",
    ] {
        let run = shell(&sandbox, &format!("{without} {script}")).expect_failure(3);
        assert!(run.stderr().contains("gauth-token: "), "{}", run.stderr());
        assert!(run.stderr().contains("ga-query: hint: run "), "{}", run.stderr());
    }
}

#[test]
fn what_curl_would_send_is_what_ga_query_sends() {
    let Some(_) = testkit::tool("curl") else {
        return;
    };
    let sandbox = sandbox();
    let report = "-p 123456 -m sessions -d date,country --limit 7 --filter 'country!=France'";
    let by_curl = shell(&sandbox, &format!("ga-query {report} --curl > c && sh -s < c 2>/dev/null")).expect(0);
    let by_us = shell(&sandbox, &format!("gauth-token | ga-query {report} -f raw")).expect(0);
    assert_eq!(by_curl.stdout(), by_us.stdout());
    assert!(by_us.stdout().contains("\"rowCount\""), "{}", by_us.stdout());
}

/// A person's first line in the sandbox: nobody clicks, and nothing waits for a browser.
#[test]
fn inside_a_sandbox_that_consents_gauth_login_ends_by_itself() {
    let home = Home::new();
    let sandbox = sibling(BIN, "gauth-sandbox");
    sibling(BIN, "gauth-login");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command: Command = home.command(&sandbox);
    command
        .args(["--auto-consent", "--timeout", "60", "--", "sh", "-c"])
        .arg("gauth-login >file && ga-query 123456 7daysAgo yesterday sessions --token $(gauth-token)")
        .env("PATH", format!("{}:{path}", sandbox.parent().expect("a folder").display()))
        .current_dir(home.path());
    let run = testkit::run(command).expect(0);
    assert!(run.stdout().starts_with("sessions\n"), "{}", run.stderr());
}
