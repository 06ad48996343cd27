//! Logins under names of their own, and for a password store.

use std::fs;

use serde_json::Value;
use testkit::{Pty, mode, read_json};

use crate::{consenting, log_in, start};

#[test]
fn a_login_is_written_to_its_profile_and_says_how_to_use_it() {
    let person = consenting();
    let file = person.home.config().join("gauth/profiles/acme.json");
    let run = log_in(&person, &["--profile", "acme", "--scope", "analytics.readonly,email"]);
    assert_eq!(run.stdout(), format!("{}\n", file.display()));
    assert!(run.stderr().contains("to use this login: gauth-token --profile acme\n"), "{}", run.stderr());
    assert!(!person.credentials.exists());
    assert_eq!((mode(&file), mode(file.parent().expect("a folder"))), (0o600, 0o700));
    // The default file is another login, and stays the default.
    let scopes = read_json(&file)["scopes"].clone();
    log_in(&person, &[]);
    let before = fs::read(&person.credentials).expect("read the default file");
    let run = log_in(&person, &["--profile", "acme"]);
    let says = "gauth-token still uses gauth-login's file";
    assert!(run.stderr().contains(says), "{}", run.stderr());
    assert!(run.stderr().contains("to use this login: gauth-token --profile acme\n"), "{}", run.stderr());
    assert_eq!(fs::read(&person.credentials).expect("read it again"), before);
    // A renewal asks for the profile's own scopes again.
    assert_eq!(read_json(&file)["scopes"], scopes);
}

#[test]
fn the_variable_names_the_profile_and_excludes_a_file() {
    let person = consenting();
    let log_in = |variables: &[(&str, &str)]| {
        let mut command = person.command(&["--no-browser"]);
        command.envs(variables.iter().copied());
        command
    };
    let login = crate::Login::start(log_in(&[("GAUTH_PROFILE", "acme")]));
    testkit::visit(&login.url);
    let run = person.check(login.running.finish()).expect(0);
    assert!(run.stdout().ends_with("/gauth/profiles/acme.json\n"), "{}", run.stdout());
    assert!(!run.stderr().contains("to use this login"), "{}", run.stderr());
    let both = log_in(&[("GAUTH_PROFILE", "acme"), ("GAUTH_CREDENTIALS", "/x.json")]);
    let run = person.run_command(both).expect_failure(2);
    assert!(run.stderr().contains("GAUTH_CREDENTIALS and GAUTH_PROFILE exclude each other"), "{}", run.stderr());
    let both = person.run(&["--profile", "acme", "--credentials", "x.json"]).expect_failure(2);
    assert!(both.stderr().contains("--credentials and --profile exclude each other"), "{}", both.stderr());
}

#[test]
fn a13_no_file_is_made_for_a_name_that_is_refused() {
    let person = consenting();
    let before = person.home.tree();
    for name in ["..", "a/b", "ya29.x", "", &"x".repeat(300)] {
        let run = person.run(&["--profile", name]).expect_failure(2);
        assert!(run.stderr().contains("--profile: "), "{}", run.stderr());
        assert!(!run.stderr().contains("ya29.x"), "{}", run.stderr());
    }
    assert_eq!(person.home.tree(), before);
    let longest = "x".repeat(100);
    let login = start(&person, &["--profile", &longest]);
    testkit::visit(&login.url);
    person.check(login.running.finish()).expect(0);
}

#[test]
fn for_a_password_store_the_file_is_printed_and_nothing_written() {
    let person = consenting();
    let before = person.home.tree();
    let mut command = person.command(&["--credentials", "-", "--no-browser", "--scope", "email"]);
    command.env("GAUTH_CREDENTIALS_COMMAND", "false");
    let login = crate::Login::start(command);
    testkit::visit(&login.url);
    let run = login.running.finish().expect(0);
    assert_eq!(person.home.tree(), before);
    assert!(!run.stderr().contains("still uses"), "{}", run.stderr());
    let file: Value = serde_json::from_str(run.stdout()).expect("the credentials");
    assert_eq!(file["type"], "authorized_user");
    // gauth-token takes it from there.
    let store = person.home.write("store.json", 0o600, run.stdout());
    let mut command = person.command_of_sibling("gauth-token", &[]);
    command.env("GAUTH_CREDENTIALS_COMMAND", format!("cat {}", store.display()));
    testkit::token(&testkit::run(command).expect(0));
    // Without the variable the login says how it is used.
    let login = start(&person, &["--credentials", "-"]);
    testkit::visit(&login.url);
    let run = login.running.finish().expect(0);
    let says = "to use this login: store it, and set GAUTH_CREDENTIALS_COMMAND";
    assert!(run.stderr().contains(says), "{}", run.stderr());
}

#[test]
fn d1_credentials_are_not_printed_on_a_terminal() {
    let person = consenting();
    let pty = Pty::start(person.command(&["--credentials", "-", "--no-browser"]), 200);
    let shown = pty.wait_for("is a terminal");
    assert!(!shown.contains("http"), "{shown}");
    assert_eq!(pty.finish().0.code(), Some(2));
}

#[test]
fn a_store_that_takes_nothing_fails_the_login() {
    let person = consenting();
    let mut command = person.home.command("bash");
    let script = "set -o pipefail; \"$0\" --credentials - --no-browser | true";
    command.args(["-c", script, crate::BIN]).envs(person.environment.iter().cloned());
    let login = crate::Login::start(command);
    let page = testkit::visit(&login.url);
    assert!(page.body.contains(crate::FAILED), "{}", page.body);
    let run = person.check(login.running.finish()).expect(1);
    assert!(run.stderr().contains("broken pipe"), "{}", run.stderr());
}

#[test]
fn a_service_account_needs_no_key_after_a_login_with_cloud_platform() {
    let person = consenting();
    log_in(&person, &["--profile", "robots", "--scope", "cloud-platform"]);
    let robot = person.sandbox.analyst();
    let mut options = vec!["--profile", "robots", "--impersonate", robot, "--scope", "email"];
    let token = testkit::run(person.command_of_sibling("gauth-token", &options)).expect(0);
    assert_eq!(person.whose(&testkit::token(&token)), robot);
    // A login without that scope may not, and says what it lacks.
    log_in(&person, &["--profile", "reader", "--scope", "analytics.readonly"]);
    options[1] = "reader";
    let run = testkit::run(person.command_of_sibling("gauth-token", &options)).expect_failure(4);
    assert!(run.stderr().contains("cloud-platform"), "{}", run.stderr());
}

#[test]
fn a_hint_to_log_in_with_a_client_file_keeps_the_profile() {
    let person = consenting();
    let hint = |arguments: &[&str]| {
        let mut command = person.command(arguments);
        command.env_remove("GAUTH_CLIENT_SECRETS");
        person.run_command(command).expect_failure(2).stderr().to_owned()
    };
    let says = "and run gauth-login --client-secrets FILE --profile acme\n";
    assert!(hint(&["--profile", "acme"]).contains(says));
    assert!(hint(&[]).contains("and run gauth-login --client-secrets FILE\n"));
    person.home.write(".config/gauth/profiles/acme.json", 0o600, r#"{"type":"authorized_user","refresh_token":"x"}"#);
    assert!(hint(&["--profile", "acme"]).contains("hint: run gauth-login --client-secrets FILE --profile acme\n"));
}
