//! Profiles: the one that is named is used, and no other identity ever in its place.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;
use testkit::User;

use crate::{EDIT, READONLY, logged_in};

/// Puts a new grant into a profile; its account is `NAME@example.com`.
fn keep(user: &User, name: &str) -> Value {
    let mut file = user.grant(&[READONLY, EDIT]);
    file["account"] = format!("{name}@example.com").into();
    user.home.write(format!(".config/gauth/profiles/{name}.json"), 0o600, file.to_string());
    file
}

/// Who gauth-token acts as with these options and variables.
#[track_caller]
fn identity(user: &User, options: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = user.command(options);
    command.arg("--explain").envs(variables.iter().copied());
    let run = user.run_command(command).expect(0);
    let line = run.stderr().lines().find_map(|line| line.split("acting as ").nth(1)).expect("who it is");
    line.to_owned()
}

#[test]
fn a_profile_is_used_by_option_and_by_variable_and_the_option_wins() {
    let user = logged_in();
    keep(&user, "acme");
    keep(&user, "home");
    let own = identity(&user, &[], &[]);
    assert_eq!(identity(&user, &["--profile", "acme"], &[]), "acme@example.com");
    assert_eq!(identity(&user, &[], &[("GAUTH_PROFILE", "home")]), "home@example.com");
    assert_eq!(identity(&user, &["--profile=acme"], &[("GAUTH_PROFILE", "home")]), "acme@example.com");
    assert_eq!(identity(&user, &[], &[("GAUTH_PROFILE", "")]), own);
    // Google's variable is of the next level, and a flag wins over any variable.
    let path = user.credentials.to_str().expect("a plain path");
    assert_eq!(
        identity(&user, &[], &[("GAUTH_PROFILE", "home"), ("GOOGLE_APPLICATION_CREDENTIALS", path)]),
        "home@example.com"
    );
    assert_eq!(identity(&user, &["--credentials", path], &[("GAUTH_PROFILE", "home")]), own);
    assert_eq!(identity(&user, &["--profile", "acme"], &[("GAUTH_CREDENTIALS", path)]), "acme@example.com");
}

#[test]
fn two_sources_of_one_level_are_refused_by_name() {
    let user = logged_in();
    keep(&user, "acme");
    user.refused_offline(
        &["--profile", "acme", "--credentials", "x.json"],
        "--credentials and --profile exclude each other",
    );
    let mut command = user.command(&[]);
    command.env("GAUTH_PROFILE", "acme").env("GAUTH_CREDENTIALS", &user.credentials);
    let run = user.run_command(command).expect_failure(2);
    assert!(run.stderr().contains("GAUTH_CREDENTIALS and GAUTH_PROFILE exclude each other"), "{}", run.stderr());
}

#[test]
fn a_profile_that_does_not_exist_exits_3_and_names_those_that_do() {
    let user = logged_in();
    let run = user.run(&["--profile", "acme"]).expect_failure(3);
    assert!(run.stderr().contains("no profile acme: there are no profiles"), "{}", run.stderr());
    for name in ["work", "home", "-x"] {
        keep(&user, name);
    }
    user.home.write(".config/gauth/profiles/.hidden.json", 0o600, "{}");
    user.home.write(".config/gauth/profiles/notes.txt", 0o600, "");
    for (options, variable) in [(&["--profile", "acme"][..], ""), (&[], "acme")] {
        let mut command = user.command(options);
        command.env("GAUTH_PROFILE", variable);
        let run = user.run_command(command).expect_failure(3);
        assert!(run.stderr().contains("no profile acme: the profiles are -x, home, work\n"), "{}", run.stderr());
        assert!(run.stderr().contains("hint: run gauth-login --profile acme\n"), "{}", run.stderr());
    }
    assert!(user.sandbox.requests().is_empty());
    assert_eq!(identity(&user, &["--profile", "-x"], &[]), "-x@example.com");
}

#[test]
fn a_profile_that_is_broken_is_an_error_and_no_other_identity_is_used() {
    let user = logged_in();
    keep(&user, "acme");
    let path = user.home.config().join("gauth/profiles/acme.json");
    for content in ["", "{", "[]", "{}"] {
        fs::write(&path, content).expect("break it");
        user.refused_offline(&["--profile", "acme"], "profiles/acme.json");
    }
    fs::remove_file(&path).expect("remove it");
    symlink("/nowhere/else", &path).expect("make a link");
    user.refused_offline(&["--profile", "acme"], "a dangling symlink");
    fs::remove_file(&path).expect("remove it");
    fs::create_dir(&path).expect("make a folder");
    user.refused_offline(&["--profile", "acme"], "not a regular file");
}

#[test]
fn a13_a_name_that_is_a_path_or_a_secret_is_refused_and_a_secret_not_repeated() {
    let user = logged_in();
    let long = "x".repeat(300);
    for name in ["", ".", "..", "../credentials", "a/b", ".hidden", "a b", &long] {
        user.refused_offline(&["--profile", name], "--profile: expected letters, digits");
    }
    for name in ["ya29.x", "GOCSPX-abc", "1//abc", "{\"type\":1}"] {
        let run = user.run(&["--profile", name]).expect_failure(2);
        assert!(run.stderr().contains("--profile: this looks like"), "{}", run.stderr());
        assert!(!run.stderr().contains(name), "{}", run.stderr());
        let mut command = user.command(&[]);
        command.env("GAUTH_PROFILE", name);
        let run = user.run_command(command).expect_failure(2);
        assert!(run.stderr().contains("GAUTH_PROFILE: this looks like"), "{}", run.stderr());
        assert!(!run.stderr().contains(name), "{}", run.stderr());
    }
    let mut command = user.command(&["--profile", "acme"]);
    command.env_remove("HOME").env_remove("XDG_CONFIG_HOME");
    let run = user.run_command(command).expect_failure(2);
    assert!(run.stderr().contains("neither XDG_CONFIG_HOME nor HOME"), "{}", run.stderr());
}

#[test]
fn a_dead_grant_of_a_profile_hints_at_the_login_that_renews_it() {
    let user = logged_in();
    keep(&user, "acme");
    let path = user.home.config().join("gauth/profiles/acme.json");
    let file = path.to_str().expect("a plain path");
    user.sandbox.revoke_all();
    for (options, hint) in [
        (&["--profile", "acme"][..], "hint: run gauth-login --profile acme to grant"),
        (&["--credentials", file], &format!("hint: run gauth-login --credentials {file} to grant")),
        (&[], "hint: run gauth-login to grant"),
    ] {
        let run = user.run(options).expect_failure(3);
        assert!(run.stderr().contains(hint), "{}", run.stderr());
    }
}
