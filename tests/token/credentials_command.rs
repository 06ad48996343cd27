//! Credentials that a command prints, as from a password store.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use gauth_sandbox::Options;
use testkit::{Run, User, read_json};

use crate::{logged_in, logged_in_to};

/// gauth-token whose credentials come from this command.
fn command(user: &User, options: &[&str], command: &str) -> Command {
    let mut gauth_token = user.command(options);
    gauth_token.env("GAUTH_CREDENTIALS_COMMAND", command);
    gauth_token
}

#[track_caller]
fn run(user: &User, options: &[&str], shell: &str) -> Run {
    user.run_command(command(user, options, shell))
}

/// A user whose only credentials are in `store.json`, and the command that prints them.
fn with_a_store(options: Options) -> (User, String) {
    let user = logged_in_to(options);
    let store = user.home.path().join("store.json");
    fs::rename(&user.credentials, &store).expect("move the login into the store");
    let print = format!("cat {}", store.display());
    (user, print)
}

#[test]
fn what_the_command_prints_is_the_credentials_and_tokens_are_cached() {
    let (user, print) = with_a_store(Options::default());
    let counted = format!("echo run >> {}/runs; {print}", user.home.path().display());
    let first = testkit::token(&run(&user, &["--explain"], &counted).expect(0));
    let second = run(&user, &["--explain"], &counted).expect(0);
    assert_eq!(testkit::token(&second), first);
    assert!(second.stderr().contains("using GAUTH_CREDENTIALS_COMMAND (authorized_user, "), "{}", second.stderr());
    assert!(second.stderr().contains("cached: yes"), "{}", second.stderr());
    assert_eq!(user.requests_to("/token").len(), 1);
    assert_eq!(fs::read_to_string(user.home.path().join("runs")).expect("both"), "run\nrun\n");
}

#[test]
fn a_command_that_fails_or_prints_nothing_exits_3_with_its_own_words() {
    let user = logged_in();
    for (shell, says) in [
        ("echo store is locked >&2; exit 7", "GAUTH_CREDENTIALS_COMMAND failed: exit status: 7"),
        ("echo store is locked >&2; echo '{}'; exit 1", "GAUTH_CREDENTIALS_COMMAND failed: exit status: 1"),
        ("echo store is locked >&2", "GAUTH_CREDENTIALS_COMMAND printed nothing"),
        ("echo store is locked >&2; echo; echo", "GAUTH_CREDENTIALS_COMMAND printed nothing"),
        ("echo store is locked >&2; kill -9 $$", "GAUTH_CREDENTIALS_COMMAND failed: signal: 9"),
    ] {
        let run = run(&user, &[], shell).expect_failure(3);
        assert!(run.stderr().contains("store is locked\n") && run.stderr().contains(says), "{}", run.stderr());
    }
    assert!(user.sandbox.requests().is_empty());
}

#[test]
fn a_dead_grant_hints_at_a_login_for_the_store() {
    let (user, print) = with_a_store(Options::default());
    user.sandbox.revoke_all();
    let run = run(&user, &[], &print).expect_failure(3);
    assert!(run.stderr().contains("hint: run gauth-login --credentials - to grant"), "{}", run.stderr());
}

#[test]
fn what_is_no_credentials_file_exits_2() {
    let (user, print) = with_a_store(Options::default());
    for shell in
        [&*format!("{print}; {print}"), "echo '{'", "echo secret-of-mine", "head -c 100000000 /dev/zero", "yes"]
    {
        let run = run(&user, &[], shell).expect_failure(2);
        assert!(run.stderr().contains("GAUTH_CREDENTIALS_COMMAND"), "{}", run.stderr());
        assert!(!run.stderr().contains("secret-of-mine"), "{}", run.stderr());
    }
    let content = user.home.path().join("store.json");
    let content = fs::read_to_string(content).expect("the credentials");
    let run = run(&user, &[], &content).expect_failure(2);
    assert!(run.stderr().contains("GAUTH_CREDENTIALS_COMMAND: this looks like the credentials"), "{}", run.stderr());
}

#[test]
fn a_command_that_hangs_ends_at_the_timeout() {
    let user = logged_in();
    for shell in ["exec sleep 600", "echo begun; exec >&-; exec sleep 600"] {
        let run = run(&user, &["--timeout", "0.3"], shell).expect_failure(5);
        assert!(run.stderr().contains("GAUTH_CREDENTIALS_COMMAND: it did not end in time"), "{}", run.stderr());
    }
}

#[test]
fn d2_the_command_gets_no_token_and_not_itself_and_no_standard_input() {
    let (user, print) = with_a_store(Options::default());
    let seen = user.home.path().join("seen");
    let shell = format!("env > {0}; wc -c >> {0}; {print}", seen.display());
    let mut gauth_token = command(&user, &[], &shell);
    gauth_token
        .env("GAUTH_TOKEN", "ya29.canary-1")
        .env("GOOGLE_OAUTH_ACCESS_TOKEN", "ya29.canary-2")
        .env("GAUTH_TOKEN_COMMAND", "echo ya29.canary-3");
    user.run_command(gauth_token).expect(0);
    let seen = fs::read_to_string(seen).expect("what it saw");
    assert!(!seen.contains("canary") && !seen.contains("GAUTH_CREDENTIALS_COMMAND"), "{seen}");
    assert!(seen.ends_with("0\n"), "{seen}");
}

#[test]
fn the_command_excludes_the_other_variables_and_no_source_stands_in_for_it() {
    let user = logged_in();
    for (name, value) in [("GAUTH_CREDENTIALS", "/x.json"), ("GAUTH_PROFILE", "acme")] {
        let mut gauth_token = command(&user, &[], "cat /x.json");
        gauth_token.env(name, value);
        let run = user.run_command(gauth_token).expect_failure(2);
        let says = format!("{name} and GAUTH_CREDENTIALS_COMMAND exclude each other");
        assert!(run.stderr().contains(&says), "{}", run.stderr());
    }
    let path = user.credentials.to_str().expect("a plain path");
    run(&user, &["--credentials", path], "exit 1").expect(0);
    run(&user, &[], "exit 1").expect_failure(3);
}

#[test]
fn b3_a_replaced_refresh_token_is_kept_told_loudly_and_used_until_the_store_has_another() {
    let (user, print) = with_a_store(Options { rotate: true, ..Options::default() });
    let kept = |user: &User| user.cached(".grant");
    // The sandbox revokes the grant if an old refresh token comes back.
    for round in 0..4 {
        user.forget_tokens();
        let run = run(&user, &["-q"], &print).expect(0);
        let files = kept(&user);
        assert_eq!(files.len(), 1, "{round}: {files:?}");
        let file = files[0].display().to_string();
        assert!(run.stderr().contains("warning: the server replaced the refresh token"), "{}", run.stderr());
        assert!(run.stderr().contains(&file), "{}", run.stderr());
        assert_eq!(testkit::mode(&files[0]), 0o600);
    }
    // The user stores it: it is used from there, and its copy goes with the next exchange.
    let store = user.home.path().join("store.json");
    let kept_file = kept(&user).remove(0);
    assert_eq!(read_json(&kept_file)["client_id"], read_json(&store)["client_id"]);
    fs::copy(&kept_file, &store).expect("store it");
    user.forget_tokens();
    run(&user, &[], &print).expect(0);
    let files = kept(&user);
    assert!(files.len() == 1 && files[0] != kept_file, "{files:?}");
    user.forget_tokens();
    run(&user, &[], &print).expect(0);
}

#[test]
fn b1_a_herd_whose_command_prints_an_old_token_makes_one_exchange() {
    let (user, print) = with_a_store(Options { rotate: true, ..Options::default() });
    for _ in 0..2 {
        user.forget_tokens();
        let before = user.requests_to("/token").len();
        let started: Vec<_> = (0..20).map(|_| testkit::Running::start(command(&user, &[], &print))).collect();
        let tokens: Vec<String> =
            started.into_iter().map(|running| testkit::token(&user.check(running.finish()).expect(0))).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_eq!(user.requests_to("/token").len(), before + 1);
    }
}

#[test]
fn a7_a_kept_token_that_others_can_read_is_refused() {
    let (user, print) = with_a_store(Options { rotate: true, ..Options::default() });
    run(&user, &[], &print).expect(0);
    let file = user.cached(".grant").remove(0);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("open it");
    let run = run(&user, &["--no-cache"], &print).expect_failure(2);
    assert!(run.stderr().contains("chmod 600"), "{}", run.stderr());
}

#[test]
fn a10_a_replaced_token_that_cannot_be_saved_is_reported_and_the_token_printed() {
    let (user, print) = with_a_store(Options { rotate: true, ..Options::default() });
    let mut gauth_token = command(&user, &[], &print);
    gauth_token.env("XDG_CACHE_HOME", "/proc/nowhere");
    let run = user.run_command(gauth_token).expect(0);
    assert!(run.stderr().contains("the new one could not be saved"), "{}", run.stderr());
    testkit::token(&run);
}
