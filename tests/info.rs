//! gauth-info as its users see it: the real binary, with a home of its own, against the sandbox or a scripted server.
//! The ids in the names of tests are those of the security requirements.

#[path = "info/accounts.rs"]
mod accounts;
#[path = "info/conversion.rs"]
mod conversion;
#[path = "info/files.rs"]
mod files;
#[path = "info/logins.rs"]
mod logins;
#[path = "info/tokens.rs"]
mod tokens;

use gauth_sandbox::Options;
use serde_json::{Value, json};
use testkit::User;

const BIN: &str = env!("CARGO_BIN_EXE_gauth-info");
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";

/// A user of a machine on which gauth-login has run.
fn logged_in() -> User {
    let user = User::new(BIN, Options::default());
    let mut file = user.grant(&[READONLY]);
    let known = json!({
        "scopes": [READONLY], "granted_at": "2026-01-31T09:08:07Z", "universe_domain": "googleapis.com",
    });
    file.as_object_mut().expect("an object").extend(known.as_object().expect("an object").clone());
    user.keep(&file);
    user
}

/// The report in JSON.
#[track_caller]
fn json_report(user: &User, options: &[&str]) -> Value {
    let run = user.run(&[options, &["--format", "json"]].concat()).expect(0);
    serde_json::from_str(run.stdout()).expect("JSON")
}

#[test]
fn the_committed_man_page_is_the_one_it_prints() {
    let page = include_str!("../crates/gauth-info/gauth-info.1");
    testkit::assert_man_page_is_current(BIN, page);
}

#[test]
fn h6_options_without_effect_together_are_refused() {
    let user = logged_in();
    for options in [
        &["--token", "ya29.a", "credentials.json"][..],
        &["--token", "ya29.a", "--check"],
        &["--token", "ya29.a", "--convert", "google-auth"],
        &["--convert", "google-auth", "--check"],
        &["--convert", "google-auth", "--format", "json"],
        &["--convert", "gcloud"],
        &["--format", "yaml"],
        &["-o", "out.json"],
        &["one.json", "two.json"],
    ] {
        user.run(options).expect_failure(2);
    }
    assert!(user.sandbox.requests().is_empty());
}

#[test]
fn h1_a_full_disk_is_an_error() {
    let user = logged_in();
    for options in ["", "--format=json", "--convert=google-auth"] {
        let mut command = user.home.command("sh");
        command.args(["-c", "exec \"$0\" $1 >/dev/full", BIN, options]);
        let run = testkit::run(command).expect(1);
        assert!(run.stderr().contains("no space left"), "{}", run.stderr());
    }
}

#[test]
fn h3_a_reader_that_has_left_is_no_error() {
    let user = logged_in();
    let mut command = user.home.command("bash");
    command.args(["-c", "set -o pipefail; \"$0\" | true", BIN]);
    assert_eq!(testkit::run(command).expect(0).stderr(), "");
}
