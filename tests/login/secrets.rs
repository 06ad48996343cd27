//! Output and child processes never get a secret, even in errors. Every other test searches its output as well.

use std::fs;

use gauth_sandbox::{Fault, FaultKind};
use serde_json::json;
use testkit::{Home, User, run};

use crate::{Login, consenting, fail, log_in};

const CANARY: &str = "canary-0123456789-that-nobody-may-see";

/// A browser that visits nothing but writes down what it sees: its arguments, environment and open files.
fn nosy_browser(home: &Home) -> String {
    let script = "#!/bin/sh\n{ printf '%s\\n' \"$@\"; env; ls -l /proc/$$/fd; } >\"$HOME/seen.tmp\"\n\
                  echo junk; echo junk >&2\nmv \"$HOME/seen.tmp\" \"$HOME/seen\"\n";
    let path = home.write("browser", 0o700, script);
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Starts a login with that browser and waits until it has written down what it saw.
fn seen_by_browser(person: &User, variables: &[(&str, &str)]) -> (Login, String) {
    let mut command = person.command(&["--verbose"]);
    command.env("BROWSER", nosy_browser(&person.home)).envs(variables.iter().copied());
    let login = Login::start(command);
    let file = person.home.path().join("seen");
    let begun = std::time::Instant::now();
    while !file.exists() {
        assert!(begun.elapsed().as_secs() < 30, "the browser was not started");
        std::thread::yield_now();
    }
    let seen = fs::read_to_string(file).expect("what the browser saw");
    (login, seen)
}

#[test]
fn d1_no_secret_is_taken_from_or_put_on_a_command_line() {
    let person = consenting();
    for option in ["--client-secret", "--token", "--code", "--refresh-token"] {
        let run = run(person.command(&[option, CANARY])).expect_failure(2);
        run.assert_no_secret(&[CANARY.to_owned()], false);
    }
    let (login, seen) = seen_by_browser(&person, &[]);
    testkit::visit(&login.url);
    person.check(login.running.finish()).expect(0);
    let arguments = seen.lines().next().expect("an argument");
    assert!(arguments.starts_with(person.sandbox.url()));
    testkit::assert_no_secret("the browser", seen.as_bytes(), &person.sandbox.secrets());
    assert!(!arguments.contains("verifier"));
}

#[test]
fn d2_the_browser_sees_none_of_the_variables_that_hold_tokens() {
    let person = consenting();
    let (_login, seen) = seen_by_browser(
        &person,
        &[
            ("GAUTH_TOKEN", CANARY),
            ("GOOGLE_OAUTH_ACCESS_TOKEN", CANARY),
            ("CLOUDSDK_AUTH_ACCESS_TOKEN", CANARY),
            ("OTHER", "seen"),
        ],
    );
    assert!(!seen.contains(CANARY));
    assert!(!seen.contains("GAUTH_"));
    assert!(seen.contains("OTHER=seen"));
}

#[test]
fn c21_d6_the_browser_has_no_stream_of_ours() {
    let person = consenting();
    let (login, seen) = seen_by_browser(&person, &[]);
    testkit::visit(&login.url);
    let run = login.running.finish().expect(0);
    assert_eq!(run.stdout(), format!("{}\n", person.credentials.display()));
    assert!(!run.stderr().contains("junk"));
    assert!(!seen.contains("socket:"), "{seen}");
    assert!(!seen.contains("credentials.json"), "{seen}");
}

#[test]
fn d3_d4_verbose_names_what_is_done_and_shows_no_query_header_or_body() {
    let person = consenting();
    person.sandbox.fault(Fault::new(
        "/token",
        FaultKind::Respond {
            status: 400,
            headers: vec![("x-secret".to_owned(), CANARY.to_owned())],
            body: json!({"error": "invalid_grant", "access_token": CANARY}).to_string(),
        },
    ));
    let run = fail(&person, &["--verbose"], 3);
    assert!(run.stderr().contains("> POST "), "{}", run.stderr());
    assert!(run.stderr().contains("x-secret: …"), "{}", run.stderr());
    run.assert_no_secret(&[CANARY.to_owned()], false);
    let run = log_in(&person, &["--verbose"]);
    assert!(run.stderr().contains("< 200 OK"));
}

#[test]
fn d3_a_success_that_is_none_keeps_its_token_to_itself() {
    let person = consenting();
    let body = json!({"access_token": CANARY, "token_type": "mac", "refresh_token": CANARY});
    person
        .sandbox
        .fault(Fault::new("/token", FaultKind::Respond { status: 200, headers: Vec::new(), body: body.to_string() }));
    let run = fail(&person, &[], 1);
    run.assert_no_secret(&[CANARY.to_owned()], false);
}

#[test]
fn d9_urls_in_errors_have_lost_their_query() {
    let person = consenting();
    let mut file = testkit::read_json(person.sandbox.client_secrets());
    file["installed"]["token_uri"] = json!(format!("http://127.0.0.1:1/token?key={CANARY}"));
    let client = person.home.write("client.json", 0o600, file.to_string());
    let mut command = person.command(&["--verbose", "--no-browser", "--client-secrets", client.to_str().unwrap()]);
    // A query is taken only at a host that the user has named.
    command.env("GAUTH_ALLOW_HOSTS", "127.0.0.1");
    let login = Login::start(command);
    testkit::visit(&login.url);
    let run = person.check(login.running.finish()).expect_failure(5);
    assert!(run.stderr().contains("http://127.0.0.1:1/token"), "{}", run.stderr());
    run.assert_no_secret(&[CANARY.to_owned()], false);
}

#[test]
fn h1_a_full_disk_on_stdout_is_reported() {
    let person = consenting();
    let mut command = person.home.command("sh");
    command
        .args(["-c", "exec \"$0\" --no-browser >/dev/full", crate::BIN])
        .env("GAUTH_CLIENT_SECRETS", person.sandbox.client_secrets());
    let login = Login::start(command);
    testkit::visit(&login.url);
    let run = login.running.finish().expect(1);
    assert!(run.stderr().contains("no space left on device"), "{}", run.stderr());
}

#[test]
fn quiet_leaves_the_url_and_nothing_else() {
    let person = consenting();
    let run = log_in(&person, &["-q"]);
    assert_eq!(run.stderr().lines().count(), 2, "{}", run.stderr());
}
