//! gauth-info as its users see it: the real binary, with a home of its own, against the sandbox or a scripted server.
//! The ids in the names of tests are those of the security requirements.

#[path = "info/accounts.rs"]
mod accounts;
#[path = "info/conversion.rs"]
mod conversion;
#[path = "info/files.rs"]
mod files;
#[path = "info/tokens.rs"]
mod tokens;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use gauth_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use testkit::{Home, Run};

const BIN: &str = env!("CARGO_BIN_EXE_gauth-info");
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";

/// A user of a machine on which gauth-login has run.
struct User {
    home: Home,
    sandbox: Sandbox,
    credentials: PathBuf,
}

impl User {
    fn logged_in() -> Self {
        let sandbox = Sandbox::start(Options::default()).expect("start the sandbox");
        let home = Home::new();
        let grant = sandbox.grant(&[READONLY]);
        let file = json!({
            "type": "authorized_user",
            "account": grant.account,
            "client_id": grant.client_id,
            "client_secret": grant.client_secret,
            "refresh_token": grant.refresh_token,
            "token_uri": format!("{}/token", sandbox.url()),
            "scopes": [READONLY],
            "granted_at": "2026-01-31T09:08:07Z",
            "universe_domain": "googleapis.com",
        });
        let credentials = home.write(".config/gauth/credentials.json", 0o600, file.to_string());
        Self { home, sandbox, credentials }
    }

    fn command(&self, options: &[&str]) -> Command {
        let mut command = self.home.command(BIN);
        command.env("GAUTH_SANDBOX_URL", self.sandbox.url()).args(options);
        command
    }

    /// Runs it; whatever the options, no secret may be shown (D3).
    #[track_caller]
    fn run(&self, options: &[&str]) -> Run {
        let run = testkit::run(self.command(options));
        run.assert_no_secret(&self.sandbox.secrets(), false);
        run
    }

    /// The report in JSON.
    #[track_caller]
    fn report(&self, options: &[&str]) -> Value {
        let run = self.run(&[options, &["--format", "json"]].concat()).expect(0);
        serde_json::from_str(run.stdout()).expect("JSON")
    }

    fn stored(&self) -> Value {
        let bytes = fs::read(&self.credentials).expect("read the credentials");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// A file of this content beside the credentials; its path.
    fn file(&self, content: &Value) -> String {
        let path = self.home.write("given.json", 0o600, content.to_string());
        path.to_str().expect("a plain path").to_owned()
    }
}

#[test]
fn the_committed_man_page_is_the_one_it_prints() {
    let page = include_str!("../crates/gauth-info/gauth-info.1");
    testkit::assert_man_page_is_current(BIN, page);
}

#[test]
fn h6_options_without_effect_together_are_refused() {
    let user = User::logged_in();
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
    let user = User::logged_in();
    for options in ["", "--format=json", "--convert=google-auth"] {
        let mut command = user.home.command("sh");
        command.args(["-c", "exec \"$0\" $1 >/dev/full", BIN, options]);
        let run = testkit::run(command).expect(1);
        assert!(run.stderr().contains("no space left"), "{}", run.stderr());
    }
}

#[test]
fn h3_a_reader_that_has_left_is_no_error() {
    let user = User::logged_in();
    let mut command = user.home.command("bash");
    command.args(["-c", "set -o pipefail; \"$0\" | true", BIN]);
    assert_eq!(testkit::run(command).expect(0).stderr(), "");
}
