//! Google's own clients, and one for Rust, unchanged against the sandbox. `.ci/run` installs them below target/clients; where
//! they are missing a test says so and passes.

use std::path::Path;
use std::process::Command;

use testkit::{Home, client, run};

use crate::PROGRAM;

/// Runs a program inside the sandbox, which must end well and say `ok`.
#[track_caller]
fn inside(command: &[&str], clients: &Path) {
    let home = Home::new();
    let mut sandbox = home.command(PROGRAM);
    sandbox.args(["--auto-consent", "--export", "env", "--timeout", "120", "--"]).args(command).env("CLIENTS", clients);
    let done = run(sandbox).expect(0);
    assert!(done.stdout().ends_with("ok\n"), "{}", done.stderr());
}

fn script(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients").join(name).display().to_string()
}

#[track_caller]
fn python(name: &str) {
    if let Some(python) = client(PROGRAM, "python/bin/python") {
        let python = python.display().to_string();
        inside(&[&python, &script("python/clients.py"), name], Path::new(""));
    }
}

#[track_caller]
fn node(name: &str) {
    let Some(clients) = client(PROGRAM, "node/node_modules") else { return };
    if Command::new("node").arg("--version").output().is_err() {
        println!("skipped: no node");
        return;
    }
    inside(&["node", &script("node/clients.mjs"), name], clients.parent().expect("a folder"));
}

#[test]
fn google_auth_for_python_works_unchanged() {
    python("google_auth");
}

#[test]
fn google_auth_oauthlib_works_unchanged() {
    python("google_auth_oauthlib");
}

#[test]
fn google_analytics_data_for_python_works_unchanged() {
    python("google_analytics_data");
}

#[test]
fn google_analytics_admin_for_python_works_unchanged() {
    python("google_analytics_admin");
}

#[test]
fn google_api_python_client_works_unchanged() {
    python("google_api_python_client");
}

#[test]
fn google_auth_library_for_node_works_unchanged() {
    node("google-auth-library");
}

#[test]
fn google_analytics_data_for_node_works_unchanged() {
    node("@google-analytics/data");
}

#[test]
fn yup_oauth2_works_unchanged() {
    if let Some(program) = client(PROGRAM, "rust/debug/clients") {
        inside(&[&program.display().to_string()], Path::new(""));
    }
}
