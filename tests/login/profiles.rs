//! Logins under names of their own.

use std::fs;

use testkit::{mode, read_json};

use crate::{consenting, log_in, start};

#[test]
fn a_login_is_written_to_its_profile_and_told_how_to_use() {
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
