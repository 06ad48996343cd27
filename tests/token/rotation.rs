//! Refresh tokens that are valid for one use: each new one is saved before anything else, even if processes race or die
//! (B3, G7, A6, A8).

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use gauth_sandbox::Options;
use serde_json::json;
use testkit::{Running, User, mode, run_with_input, strace, token};

use crate::{logged_in, logged_in_to};

fn rotating() -> User {
    logged_in_to(Options { rotate: true, ..Options::default() })
}

fn refresh_token(user: &User) -> String {
    let token = user.stored()["refresh_token"].clone();
    token.as_str().expect("a refresh token").to_owned()
}

/// Starts this number at once, each with the next of `choices`, and expects a token from each.
#[track_caller]
fn race(user: &User, count: usize, choices: &[&[&str]]) {
    let choices = choices.iter().cycle().take(count);
    let runners: Vec<_> = choices.map(|choice| Running::start(user.command(choice))).collect();
    for runner in runners {
        token(&user.check(runner.finish()).expect(0));
    }
}

// The sandbox revokes the whole grant when an old refresh token comes back, so whoever gets a token has used a new one.

#[test]
fn b3_a_rotating_refresh_token_survives_races() {
    let user = rotating();
    for round in 1..=testkit::repetitions(10, 20) {
        user.forget_tokens();
        race(&user, testkit::repetitions(20, 200), &[&[]]);
        assert_eq!(user.requests_to("/token").len(), round);
    }
    assert_eq!(mode(&user.credentials), 0o600);
}

#[test]
fn b3_it_survives_races_for_different_tokens_of_one_grant() {
    let user = rotating();
    let narrow = ["--scope", "analytics.readonly"];
    for _ in 0..3 {
        user.forget_tokens();
        race(&user, 15, &[&[], &narrow, &["--scope", "analytics.edit"]]);
    }
    user.token(&["--refresh"]);
}

#[test]
fn b3_who_goes_past_the_cache_waits_for_those_who_fill_it() {
    let user = rotating();
    user.token(&[]);
    race(&user, 12, &[&["--refresh"], &["--no-cache"]]);
    // Each that does not use the cache sends its own request; of the others at least one does.
    assert!((8..=13).contains(&user.requests_to("/token").len()));
    user.token(&["--refresh"]);
}

#[test]
fn b3_no_cache_folder_or_another_one_does_not_cost_the_grant() {
    let mixed = |user: &User, n: usize| {
        let mut command = user.command(if n.is_multiple_of(3) { &["--no-cache"] } else { &["--refresh"] });
        match n % 4 {
            0 => command.env("XDG_CACHE_HOME", user.home.path().join("other")),
            1 => command.env("XDG_CACHE_HOME", "/proc/nowhere"),
            2 => command.env_remove("HOME").env_remove("XDG_CACHE_HOME").env("GAUTH_CREDENTIALS", &user.credentials),
            _ => &mut command,
        };
        command
    };
    for _ in 0..testkit::repetitions(3, 20) {
        let user = rotating();
        let runners: Vec<_> = (0..12).map(|n| Running::start(mixed(&user, n))).collect();
        for runner in runners {
            token(&user.check(runner.finish()).expect(0));
        }
        user.token(&["--refresh"]);
    }
}

#[test]
fn b3_a_link_and_its_target_have_one_lock() {
    let user = rotating();
    let link = user.home.path().join("link.json");
    symlink(&user.credentials, &link).expect("make a link");
    let link = link.to_str().expect("a plain path");
    race(&user, 12, &[&["--no-cache"], &["--no-cache", "--credentials", link]]);
    assert!(!user.home.path().join(".link.json.lock").exists());
}

#[test]
fn b3_where_no_lock_can_be_beside_the_file_it_is_in_the_cache_folder() {
    let user = rotating();
    let directory = user.home.config().join("gauth").join(".credentials.json.lock");
    fs::create_dir(&directory).expect("be in the way");
    race(&user, 6, &[&["--no-cache"]]);
    assert_eq!(user.cached(".lock").len(), 1);
}

#[test]
fn b3_killed_between_fsync_and_rename_the_next_run_takes_the_new_token_up() {
    let user = rotating();
    let before = fs::read(&user.credentials).expect("read the credentials");
    let kill = "inject=rename,renameat,renameat2:signal=KILL:when=1";
    let Some(trace) = strace(&["-e", "trace=rename,renameat,renameat2", "-e", kill], user.command(&[])) else {
        return;
    };
    assert_eq!(user.check(trace.run).expect_failure(137).code(), 137);
    assert_eq!(fs::read(&user.credentials).expect("read them"), before);
    let run = user.run(&[]).expect(0);
    assert!(run.stderr().contains("recovered the refresh token"), "{}", run.stderr());
    token(&run);
    assert_eq!(user.requests_to("/token").len(), 2);
    let names = fs::read_dir(user.home.config().join("gauth")).expect("list").count();
    assert_eq!(names, 2, "{:?}", user.home.tree());
}

#[test]
fn b3_what_is_torn_older_or_another_grants_is_not_taken_up() {
    let user = rotating();
    let mut other = user.stored();
    other["refresh_token"] = "1//other".into();
    other["account"] = "someone@else.test".into();
    let mut older = user.stored();
    older["refresh_token"] = "1//older".into();
    let beside = |random: &str| user.credentials.with_file_name(format!(".credentials.json.{random}.gauth-tmp"));
    for (content, random) in [("{".to_owned(), "torn00000000"), (other.to_string(), "other0000000")] {
        user.home.write(beside(random), 0o600, content);
    }
    let old = user.home.write(beside("older0000000"), 0o600, older.to_string());
    let long_ago = SystemTime::now() - Duration::from_secs(5000);
    File::options().write(true).open(old).and_then(|file| file.set_modified(long_ago)).expect("set its time");
    user.token(&[]);
    let names = fs::read_dir(user.home.config().join("gauth")).expect("list").count();
    assert_eq!(names, 2, "{:?}", user.home.tree());
}

#[test]
fn b3_the_new_refresh_token_is_saved_before_the_access_token_is_kept() {
    let user = rotating();
    let Some(trace) = strace(&["-e", "trace=rename,renameat,renameat2,write"], user.command(&[])) else {
        return;
    };
    user.check(trace.run).expect(0);
    let renamed = trace.calls.iter().filter(|call| call.name.starts_with("rename"));
    // There is no cached token yet to trade places with.
    let renamed: Vec<&str> =
        renamed.filter(|call| !call.result().starts_with("-1")).map(|call| call.text.as_str()).collect();
    assert_eq!(renamed.len(), 2, "{renamed:?}");
    assert!(renamed[0].contains("credentials.json"), "{renamed:?}");
    let printed = trace.calls.iter().rposition(|call| call.text.starts_with("write(1,"));
    let saved = trace.calls.iter().rposition(|call| call.name.starts_with("rename"));
    assert!(saved < printed);
}

#[test]
fn g7_an_answer_without_a_refresh_token_keeps_the_old_one() {
    let user = logged_in();
    let before = fs::read(&user.credentials).expect("read the credentials");
    user.token(&[]);
    user.token(&["--refresh"]);
    assert_eq!(fs::read(&user.credentials).expect("read them"), before);
}

#[test]
fn g7_a_new_refresh_token_goes_into_the_file_in_its_own_dialect() {
    let extra = json!({"quota_project_id": "p-1", "nested": {"kept": [1, null]}});
    let dialects = [
        json!({"type": "authorized_user"}),
        json!({"token": "ya29.stale", "expiry": "2020-01-31T09:08:07.123456Z", "scopes": []}),
        json!({"_class": "OAuth2Credentials", "_module": "oauth2client.client", "invalid": true,
               "access_token": "ya29.stale", "token_expiry": null, "user_agent": null}),
    ];
    for dialect in dialects {
        let user = rotating();
        let mut file = user.stored();
        let fields = file.as_object_mut().expect("an object");
        fields.remove("type");
        for part in [&dialect, &extra] {
            fields.extend(part.as_object().expect("an object").clone());
        }
        // As its writer left it: open to all under the usual umask (A6).
        user.home.write(&user.credentials, 0o644, file.to_string());
        let old = refresh_token(&user);
        let run = user.run(&[]).expect(0);
        assert!(run.stderr().contains("chmod 600"), "{}", run.stderr());
        assert_ne!(refresh_token(&user), old);
        assert_eq!(mode(&user.credentials), 0o600);
        file["refresh_token"] = refresh_token(&user).into();
        assert_eq!(user.stored(), file);
        // The next one lives on it.
        user.token(&["--refresh"]);
    }
}

#[test]
fn a8_a_link_to_the_credentials_stays_a_link() {
    let user = rotating();
    let real = user.home.write("dotfiles/gauth.json", 0o600, user.stored().to_string());
    fs::remove_file(&user.credentials).expect("make room");
    symlink(&real, &user.credentials).expect("make a link");
    let old = refresh_token(&user);
    user.token(&[]);
    assert!(user.credentials.is_symlink());
    assert_ne!(refresh_token(&user), old);
    user.token(&["--refresh"]);
}

#[test]
fn b3_what_cannot_be_saved_is_said_and_the_token_still_comes() {
    let user = rotating();
    let stored = user.stored();
    let command = user.command(&["--credentials", "-"]);
    let run = user.check(run_with_input(command, stored.to_string())).expect(0);
    token(&run);
    assert!(run.stderr().contains("warning: the server replaced the refresh token"), "{}", run.stderr());
    assert_eq!(user.stored(), stored);
}

#[test]
fn b3_the_token_of_a_file_that_was_rotated_comes_from_the_cache() {
    let user = rotating();
    let first = user.token(&[]);
    assert_eq!(user.token(&[]), first);
    assert_eq!(user.requests_to("/token").len(), 1);
    // No trace of the old name stays.
    user.cache_file();
    let login = user.grant(&[crate::READONLY]);
    fs::write(&user.credentials, login.to_string()).expect("log in again");
    assert_ne!(user.token(&[]), first);
}
