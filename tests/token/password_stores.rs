//! The password stores of docs/recipes.md, each with a login in it that gauth-token takes from there.

use std::fs;

use gauth_sandbox::Options;
use testkit::{User, tool};

use crate::logged_in_to;

/// A user whose login is in `google.json`, from where `store` puts it into a store; then gauth-token gets it by `print`.
#[track_caller]
fn check(store: &str, print: &str) {
    let user = logged_in_to(Options::default());
    fs::rename(&user.credentials, user.home.path().join("google.json")).expect("move the login");
    shell(&user, store);
    fs::remove_file(user.home.path().join("google.json")).expect("only the store has it");
    let mut command = user.command(&[]);
    command.env("GAUTH_CREDENTIALS_COMMAND", print).envs(variables(&user));
    testkit::token(&user.run_command(command).expect(0));
    shell(&user, "if [ -d .gnupg ]; then gpgconf --kill all; fi");
}

fn shell(user: &User, script: &str) {
    let mut command = user.home.command("bash");
    command.args(["-euc", script]).envs(variables(user));
    testkit::run(command).expect(0);
}

/// Where the host's key of systemd-creds is, which else only root has.
fn variables(user: &User) -> [(&'static str, std::path::PathBuf); 1] {
    [("SYSTEMD_CREDENTIAL_SECRET", user.home.path().join("host-key"))]
}

#[test]
fn pass_keeps_a_login() {
    if tool("pass").is_none() || tool("gpg").is_none() {
        return;
    }
    check(
        "gpg --batch --quiet --passphrase '' --quick-generate-key throwaway default default never
         pass init throwaway
         pass insert --multiline google <google.json",
        "pass show google",
    );
}

#[test]
fn age_keeps_a_login() {
    if tool("age").is_none() {
        return;
    }
    check(
        "age-keygen -o key.txt
         age -r \"$(age-keygen -y key.txt)\" -o google.age google.json",
        "age -d -i key.txt google.age",
    );
}

#[test]
fn systemd_creds_keeps_a_login() {
    if tool("systemd-creds").is_none() {
        return;
    }
    check(
        "systemd-creds encrypt --with-key=host --name=google google.json google.cred",
        "systemd-creds decrypt --name=google google.cred -",
    );
}
