//! gauth-revoke as its users see it: the real binary, with a home of its own, against the sandbox or a scripted server.
//! The ids in the names of tests are those of the security requirements.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use gauth_core::Secret;
use gauth_core::cache::Entry;
use gauth_core::credentials::{Context, Credentials, TokenRequest};
use gauth_core::endpoint::Policy;
use gauth_core::scope::Scopes;
use gauth_sandbox::{Fault, FaultKind, Options};
use serde_json::{Value, json};
use testkit::{Answer, Pty, Run, ScriptedServer, User};

const BIN: &str = env!("CARGO_BIN_EXE_gauth-revoke");
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";

/// A user of a machine on which gauth-login has run.
fn logged_in() -> User {
    User::logged_in(BIN, Options::default(), &[READONLY])
}

/// Runs it; it never prints anything on stdout.
#[track_caller]
fn revoke(user: &User, options: &[&str]) -> Run {
    let run = user.run(options);
    assert_eq!(run.stdout(), "");
    run
}

/// Puts a token for these scopes into the cache, as gauth-token would for the grant in `file`.
fn cache(user: &User, file: &Value, scope: &str) -> PathBuf {
    let policy = Policy::default();
    let context = Context { policy: &policy, env: &|_| None };
    let credentials = Credentials::parse(file.to_string().as_bytes(), &context);
    let credentials = credentials.expect("the file is whole");
    let request = TokenRequest { scopes: Some(Scopes::from_answer(scope)), ..TokenRequest::default() };
    let entry = Entry {
        token: Secret::new("ya29.cached"),
        principal: credentials.principal_digest(),
        obtained_at: SystemTime::UNIX_EPOCH,
        expires_at: SystemTime::UNIX_EPOCH + Duration::from_secs(2),
        scopes: None,
    };
    let name = credentials.cache_file_name(&request);
    let bytes = entry.to_bytes().expect("the times have a form");
    user.home.write(PathBuf::from(".cache/gauth").join(name), 0o600, bytes)
}

/// Everything is as it was: nothing was sent, nothing removed.
#[track_caller]
fn assert_untouched(user: &User) {
    assert!(user.requests_to("/revoke").is_empty());
    assert!(user.credentials.exists());
}

#[test]
fn the_committed_man_page_is_the_one_it_prints() {
    let page = include_str!("../crates/gauth-revoke/gauth-revoke.1");
    testkit::assert_man_page_is_current(BIN, page);
}

#[test]
fn only_the_grant_its_file_and_its_cached_tokens_are_removed() {
    let user = logged_in();
    let gone = [cache(&user, &user.stored(), "a"), cache(&user, &user.stored(), "b")];
    let mut other = user.stored();
    other["refresh_token"] = "1//other".into();
    let stays = [
        cache(&user, &other, "a"),
        user.home.write(".cache/gauth/damaged.json", 0o600, "{"),
        user.home.write("keep.json", 0o600, "{}"),
    ];
    let token = user.stored()["refresh_token"].clone();
    let run = revoke(&user, &["--yes"]).expect(0);
    assert!(run.stderr().contains("this revokes the whole grant of alex@example.com"), "{}", run.stderr());
    assert!(run.stderr().contains("2 of its tokens"), "{}", run.stderr());
    let sent = user.requests_to("/revoke");
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].method.as_str(), sent[0].query.as_str()), ("POST", ""));
    let token = token.as_str().expect("a text").replace('/', "%2F");
    assert_eq!(sent[0].body, format!("token={token}"));
    assert!(!user.credentials.exists());
    assert!(gone.iter().all(|file| !file.exists()), "{:?}", user.home.tree());
    assert!(stays.iter().all(|file| file.exists()), "{:?}", user.home.tree());
    revoke(&user, &["--yes"]).expect_failure(3);
}

#[test]
fn what_gauth_token_has_cached_is_known_for_the_grants_own() {
    let user = logged_in();
    let mut command = user.home.command(testkit::sibling(BIN, "gauth-token"));
    command.args(["--scope", "analytics.readonly"]);
    testkit::run(command).expect(0);
    let run = revoke(&user, &["--yes"]).expect(0);
    assert!(run.stderr().contains("1 of its tokens"), "{}", run.stderr());
}

#[test]
fn without_a_terminal_it_needs_yes() {
    let user = logged_in();
    let run = revoke(&user, &[]).expect_failure(2);
    assert!(run.stderr().contains("this revokes the whole grant of"), "{}", run.stderr());
    assert!(run.stderr().contains("hint: add --yes"), "{}", run.stderr());
    assert_untouched(&user);
}

#[test]
fn on_a_terminal_it_says_what_goes_and_asks() {
    for (typed, code) in [("\n", 4), ("n\n", 4), ("yeah\n", 4), ("\u{4}", 4), ("y\n", 0), ("YES\n", 0)] {
        let user = logged_in();
        let mut pty = Pty::start(user.command(&[]), 200);
        let shown = pty.wait_for("revoke it? [y/N] ");
        assert!(shown.contains("all clients and scopes"), "{shown}");
        assert_untouched(&user);
        pty.type_in(typed);
        let (status, shown) = pty.finish();
        assert_eq!(status.code(), Some(code), "{typed:?}: {shown}");
        assert_eq!(user.credentials.exists(), code != 0, "{typed:?}");
        assert_eq!(user.requests_to("/revoke").len(), usize::from(code == 0));
    }
}

#[test]
fn quiet_does_not_hide_what_is_asked_about() {
    let user = logged_in();
    let pty = Pty::start(user.command(&["-q"]), 200);
    let shown = pty.wait_for("[y/N]");
    assert!(shown.contains("this revokes the whole grant of"), "{shown}");
}

#[test]
fn yes_on_a_terminal_is_not_asked_again() {
    let user = logged_in();
    let (status, shown) = Pty::start(user.command(&["--yes"]), 200).finish();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(!shown.contains("[y/N]"), "{shown}");
}

#[test]
fn g8_a_grant_that_the_server_does_not_know_exits_3_and_its_file_stays() {
    let user = logged_in();
    user.sandbox.revoke_all();
    let before = fs::read(&user.credentials).expect("read it");
    let run = revoke(&user, &["--yes"]).expect_failure(3);
    assert!(run.stderr().contains("invalid_token"), "{}", run.stderr());
    let hint = format!("rm {}", user.credentials.display());
    assert!(run.stderr().contains(&hint), "{}", run.stderr());
    assert_eq!(fs::read(&user.credentials).expect("read it"), before);
}

#[test]
fn any_answer_but_yes_keeps_the_file() {
    for (answer, code) in [
        (Answer::new(302, "Location: http://127.0.0.1:1/\r\n", ""), 1),
        (Answer::json(200, r#"{"error":"invalid_request"}"#), 1),
        (Answer::json(400, r#"{"error":"invalid_request"}"#), 1),
        (Answer::json(403, "{}"), 4),
        (Answer::json(501, "<html>"), 5),
    ] {
        let user = logged_in();
        let server = ScriptedServer::start([answer]);
        let cached = cache(&user, &user.stored(), "a");
        let mut command = user.command(&["--yes"]);
        command.env("GAUTH_SANDBOX_URL", server.url());
        testkit::run(command).expect_failure(code);
        assert!(user.credentials.exists() && cached.exists());
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn f5_a_server_that_is_down_for_a_moment_is_asked_again() {
    let user = logged_in();
    user.sandbox.fault(Fault::new("/revoke", FaultKind::Html { status: 503 }));
    revoke(&user, &["--yes"]).expect(0);
    assert_eq!(user.requests_to("/revoke").len(), 2);
    assert!(!user.credentials.exists());
}

#[test]
fn credentials_without_a_users_grant_are_refused_with_what_to_do_instead() {
    let user = logged_in();
    let key = user.sandbox.service_account_key();
    let run = revoke(&user, &["--yes", key.to_str().expect("a path")]).expect_failure(2);
    assert!(run.stderr().contains("gcloud iam service-accounts keys delete"), "{}", run.stderr());
    assert!(key.exists());
    let url = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/robot@p.iam.gserviceaccount.com:generateAccessToken";
    for (file, says) in [
        (
            json!({
                "type": "external_account", "audience": "//iam.googleapis.com/p", "subject_token_type": "t",
                "token_url": "https://sts.googleapis.com/v1/token", "credential_source": {"file": "/x"},
            }),
            "hint: the file contains no token",
        ),
        (
            json!({
                "type": "impersonated_service_account", "source_credentials": user.stored(),
                "service_account_impersonation_url": url,
            }),
            "hint: remove the role",
        ),
        (json!({"installed": {"client_id": "id"}}), "OAuth client"),
    ] {
        let path = user.file(&file);
        let run = revoke(&user, &["--yes", &path]).expect_failure(2);
        assert!(run.stderr().contains(says), "{}", run.stderr());
        assert!(fs::exists(&path).expect("look"));
    }
    assert_untouched(&user);
}

#[test]
fn gclouds_login_is_revoked_only_when_it_is_named() {
    let user = logged_in();
    let path = ".config/gcloud/application_default_credentials.json";
    let gcloud = user.home.write(path, 0o600, user.stored().to_string());
    fs::remove_file(&user.credentials).expect("log out");
    let run = revoke(&user, &["--yes"]).expect_failure(2);
    assert!(run.stderr().contains("gcloud auth application-default revoke"), "{}", run.stderr());
    assert!(gcloud.exists() && user.requests_to("/revoke").is_empty());
    revoke(&user, &["--yes", gcloud.to_str().expect("a path")]).expect(0);
    assert!(!gcloud.exists());
}

#[test]
fn e2_a_token_of_another_issuer_is_not_sent_to_google() {
    let user = logged_in();
    let server = ScriptedServer::start([Answer::json(200, "{}")]);
    let mut file = user.stored();
    file["token_uri"] = "https://idp.example.com/token".into();
    let path = user.file(&file);
    let run = |file: &Value| {
        user.file(file);
        let mut command = user.command(&["--yes", &path]);
        command.env("GAUTH_ALLOW_HOSTS", "idp.example.com");
        testkit::run(command)
    };
    let refused = run(&file).expect_failure(2);
    assert!(refused.stderr().contains("field revoke_uri"), "{}", refused.stderr());
    file["revoke_uri"] = "https://evil.example/revoke".into();
    run(&file).expect_failure(2);
    assert_untouched(&user);
    // An issuer that says where its tokens end is asked there, not the sandbox.
    file["token_uri"] = format!("{}/token", server.url()).into();
    file["revoke_uri"] = format!("{}/revoke", server.url()).into();
    run(&file).expect(0);
    assert_eq!(server.requests()[0].target, "/revoke");
    assert_untouched(&user);
}

#[test]
fn a_login_in_the_meantime_is_neither_revoked_nor_removed() {
    let user = logged_in();
    let mut pty = Pty::start(user.command(&[]), 200);
    pty.wait_for("[y/N]");
    let mut newer = user.stored();
    newer["refresh_token"] = "1//newer".into();
    fs::write(&user.credentials, newer.to_string()).expect("log in again");
    pty.type_in("y\n");
    let (status, shown) = pty.finish();
    assert_eq!(status.code(), Some(5), "{shown}");
    assert!(shown.contains("changed in the meantime"), "{shown}");
    assert_eq!(user.stored(), newer);
    assert_untouched(&user);
}

#[test]
fn a8_where_the_file_is_a_link_the_secret_goes_and_the_link_stays() {
    let user = logged_in();
    let target = user.home.path().join("dotfiles.json");
    fs::rename(&user.credentials, &target).expect("move it");
    std::os::unix::fs::symlink(&target, &user.credentials).expect("make a link");
    revoke(&user, &["--yes"]).expect(0);
    assert!(!target.exists());
    assert!(user.credentials.is_symlink());
}

#[test]
fn quiet_leaves_only_errors() {
    let user = logged_in();
    assert_eq!(revoke(&user, &["--yes", "-q"]).expect(0).stderr(), "");
    let run = revoke(&user, &["--yes", "-q"]).expect_failure(3);
    assert!(run.stderr().contains("no credentials found"), "{}", run.stderr());
}

#[test]
fn d4_verbose_shows_the_request_without_the_token() {
    let user = logged_in();
    let run = revoke(&user, &["--yes", "--verbose"]).expect(0);
    assert!(run.stderr().contains("/revoke; content-type"), "{}", run.stderr());
}

#[test]
fn h1_a_file_that_cannot_be_looked_at_is_an_error_not_a_success_that_keeps_it() {
    let user = logged_in();
    for first in 2..5 {
        // With the very first, std finds out whether the system has the call.
        let inject = format!("inject=statx:error=EIO:when={first}+");
        let command = user.command(&["--yes", "--timeout", "5"]);
        let Some(trace) = testkit::strace(&["-e", "trace=statx", "-e", &inject], command) else {
            return;
        };
        assert_ne!(trace.run.code(), 0, "{first}: {}", trace.run.stderr());
        assert!(trace.run.stderr().contains("input/output error"), "{first}: {}", trace.run.stderr());
        assert_untouched(&user);
    }
}

#[test]
fn a_profile_is_revoked_and_removed_and_the_default_login_stays() {
    let user = logged_in();
    let path = user.home.config().join("gauth/profiles/acme.json");
    let file = user.grant(&[READONLY]);
    user.home.write(&path, 0o600, file.to_string());
    let token = cache(&user, &file, READONLY);
    revoke(&user, &["--yes", "--profile", "acme", "x.json"]).expect_failure(2);
    revoke(&user, &["--yes", "--profile", "work"]).expect_failure(3);
    assert!(path.exists() && user.requests_to("/revoke").is_empty());
    let run = revoke(&user, &["--yes", "--profile", "acme"]).expect(0);
    assert!(run.stderr().contains("profiles/acme.json"), "{}", run.stderr());
    assert!(!path.exists() && !token.exists() && user.credentials.exists());
    revoke(&user, &["--yes", "--profile", "acme"]).expect_failure(3);
}

#[test]
fn a_grant_from_a_command_is_revoked_and_the_store_pointed_out() {
    let user = User::logged_in(BIN, Options { rotate: true, ..Options::default() }, &[READONLY]);
    let store = user.home.path().join("store.json");
    fs::rename(&user.credentials, &store).expect("move the login into the store");
    let print = format!("cat {}", store.display());
    let mut command = user.command_of_sibling("gauth-token", &[]);
    command.env("GAUTH_CREDENTIALS_COMMAND", &print);
    testkit::run(command).expect(0);
    assert_eq!(user.cached(".grant").len(), 1);
    let mut command = user.command(&["--yes"]);
    command.env("GAUTH_CREDENTIALS_COMMAND", &print);
    let run = user.run_command(command).expect(0);
    assert!(run.stderr().contains("from your password store, too"), "{}", run.stderr());
    assert!(user.cached(".grant").is_empty() && user.cached(".json").is_empty() && store.exists());
}
