//! gauth-token as its users see it: the real binary, with a home of its own, against the sandbox or a scripted server.
//! The ids in the names of tests are those of the security requirements.

mod echo;
mod federation;
mod system_errors;

#[path = "token/answers.rs"]
mod answers;
#[path = "token/cache.rs"]
mod cache;
#[path = "token/concurrency.rs"]
mod concurrency;
#[path = "token/crashes.rs"]
mod crashes;
#[path = "token/credentials_command.rs"]
mod credentials_command;
#[path = "token/credentials_files.rs"]
mod credentials_files;
#[path = "token/failures.rs"]
mod failures;
#[path = "token/formats.rs"]
mod formats;
#[path = "token/mutations.rs"]
mod mutations;
#[path = "token/network.rs"]
mod network;
#[path = "token/password_stores.rs"]
mod password_stores;
#[path = "token/profiles.rs"]
mod profiles;
#[path = "token/rotation.rs"]
mod rotation;
#[path = "token/sources.rs"]
mod sources;
#[path = "token/system_calls.rs"]
mod system_calls;
#[path = "token/tls.rs"]
mod tls;

use gauth_sandbox::Options;
use serde_json::{Value, json};
use std::fs;
use testkit::{Home, Run, User};

const BIN: &str = env!("CARGO_BIN_EXE_gauth-token");
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";
const EDIT: &str = "https://www.googleapis.com/auth/analytics.edit";

/// A user of a machine on which gauth-login has run.
fn logged_in() -> User {
    logged_in_to(Options::default())
}

/// The same with these options of the sandbox, which only the credentials name instead of Google.
fn logged_in_to(options: Options) -> User {
    let mut user = User::logged_in(BIN, options, &[READONLY, EDIT]);
    user.environment.clear();
    user
}

/// A user with a service account's key in the same place.
fn with_a_key() -> User {
    let user = logged_in();
    fs::copy(user.sandbox.service_account_key(), &user.credentials).expect("copy the key");
    user
}

/// A user's grant for a server that is not the sandbox.
fn canary_user(token_uri: &str) -> Value {
    json!({
        "type": "authorized_user",
        "client_id": "client-1",
        "client_secret": "GOCSPX-canary-0123456789",
        "refresh_token": "1//canary-9876543210",
        "token_uri": token_uri,
    })
}

/// Where a scripted server stands for Google's token endpoint.
fn token_at(server: &testkit::ScriptedServer) -> String {
    format!("{}/token", server.url())
}

/// What [`canary_user`] may show to nobody.
fn canaries() -> Vec<String> {
    vec!["GOCSPX-canary-0123456789".to_owned(), "1//canary-9876543210".to_owned()]
}

/// Runs gauth-token for [`canary_user`] of a server, in a home of its own, and sweeps stderr.
#[track_caller]
fn run_canary_user(token_uri: &str, options: &[&str]) -> Run {
    let home = Home::new();
    let file = canary_user(token_uri).to_string();
    home.write(".config/gauth/credentials.json", 0o600, file);
    let mut command = home.command(BIN);
    command.args(options);
    let run = testkit::run(command);
    run.assert_no_secret(&canaries(), false);
    run
}

/// No control character but the newlines between lines, and nothing that turns the direction of writing (G1).
#[track_caller]
fn assert_harmless(text: &str) {
    let harmful = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(harmful), "{text:?}");
}

#[test]
fn the_committed_man_page_is_the_one_it_prints() {
    let page = include_str!("../crates/gauth-token/gauth-token.1");
    testkit::assert_man_page_is_current(BIN, page);
}
