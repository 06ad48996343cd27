//! Google's own clients, and one for Rust, unchanged in gauth-serve: each finds a metadata server, takes tokens from it, and
//! lists accounts in the sandbox with them, for a service account and for a user. `.ci/run` installs them below target/clients.

use std::path::Path;
use std::process::Command;

use testkit::{client, run};

use crate::{BIN, FLAVOR, Served, logged_in, with_key};

/// A client that is given the account's e-mail and, of a service account, the project.
#[track_caller]
fn takes_tokens(client: &[&str], clients: &Path) {
    let (robot, key) = with_key();
    let email = robot.sandbox.service_account_email().to_owned();
    let person = logged_in();
    let account = person.stored()["account"].as_str().expect("an e-mail").to_owned();
    for (user, options, arguments) in
        [(&robot, &["--credentials", &key][..], &[&*email, "gauth-sandbox"][..]), (&person, &[][..], &[&*account])]
    {
        let mut command = user.command(options);
        command.arg("--").args(client).args(arguments).env("CLIENTS", clients);
        let done = user.check(run(command).expect(0));
        assert_eq!((done.stdout(), done.stderr()), ("ok\n", ""));
        // One access token, with those scopes that were asked for and with all, and one ID token.
        let tokens = user.requests_to("/token").len();
        assert!((1..=3).contains(&tokens), "{tokens} requests for tokens");
        assert!(!user.requests_to("/v1beta/accountSummaries").is_empty());
    }
}

fn script(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients").join(name).display().to_string()
}

#[test]
fn i15_google_auth_for_python_takes_tokens() {
    if let Some(python) = client(BIN, "python/bin/python") {
        takes_tokens(&[python.to_str().expect("a plain path"), &script("python/metadata.py")], Path::new(""));
    }
}

#[test]
fn i15_google_auth_library_for_node_takes_tokens() {
    let Some(modules) = client(BIN, "node/node_modules") else { return };
    if Command::new("node").arg("--version").output().is_err() {
        println!("skipped: no node");
        return;
    }
    takes_tokens(&["node", &script("node/metadata.mjs")], modules.parent().expect("a folder"));
}

#[test]
fn i15_gos_metadata_client_takes_tokens() {
    if let Some(program) = client(BIN, "go/metadata") {
        takes_tokens(&[program.to_str().expect("a plain path")], Path::new(""));
    }
}

#[test]
fn i15_yup_oauth2_for_rust_takes_tokens() {
    if let Some(program) = client(BIN, "rust/debug/metadata") {
        takes_tokens(&[program.to_str().expect("a plain path")], Path::new(""));
    }
}

/// gcloud cannot be installed where the tests run. These are its requests (googlecloudsdk/core/credentials/gce.py and
/// gce_read.py), in its order and form.
#[test]
fn i15_the_requests_of_gcloud_are_answered() {
    let (user, key) = with_key();
    let served = Served::start(&user, &["--credentials", &key]);
    let email = user.sandbox.service_account_email();
    let ask = |path: &str| {
        let headers = format!("User-Agent: gcloud\r\nAccept-Encoding: identity\r\n{FLAVOR}");
        let response = served.get_with(&format!("/computeMetadata/v1/{path}"), &headers);
        assert_eq!(response.status, 200, "{path}: {}", response.text);
        response.body
    };
    // Whether this is Google Cloud at all.
    assert!(ask("project/numeric-project-id").bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(ask("instance/service-accounts/default/email"), email);
    assert_eq!(
        ask("instance/service-accounts/").lines().map(|line| line.trim_end_matches('/')).next_back(),
        Some(email)
    );
    assert_eq!(ask("project/project-id"), "gauth-sandbox");
    assert_eq!(ask("universe/universe-domain"), "googleapis.com");
    assert_eq!(ask("instance/zone").rsplit('/').next(), Some("local"));
    assert!(ask(&format!("instance/service-accounts/{email}/?recursive=True")).starts_with('{'));
    assert!(ask(&format!("instance/service-accounts/{email}/token?scopes={}", crate::READONLY)).contains("ya29."));
    assert!(
        ask(&format!("instance/service-accounts/{email}/identity?audience=a&format=standard&licenses=FALSE")).len()
            > 99
    );
    served.end();
}
