//! `--list`: all logins of a user, and what is known of each.

use std::time::{Duration, SystemTime};

use gauth_core::timestamp;
use serde_json::{Value, json};
use testkit::User;

use crate::{BIN, READONLY, logged_in};

/// A grant that is some days old.
fn grant(user: &User, account: &str, days: u64) -> Value {
    let mut file = user.grant(&[READONLY]);
    let then = SystemTime::now() - Duration::from_secs(days * 86_400 + 60);
    file["account"] = account.into();
    file["scopes"] = json!([READONLY]);
    file["granted_at"] = timestamp::rfc3339(timestamp::unix_seconds(then)).into();
    file
}

fn with_profiles() -> User {
    let user = logged_in();
    user.home.write(".config/gauth/profiles/work.json", 0o600, grant(&user, "ann@example.com", 3).to_string());
    user.home.write(".config/gauth/profiles/broken.json", 0o600, "{");
    user.home.write(".config/gauth/profiles/key.json", 0o600, user.key().to_string());
    user
}

#[test]
fn the_logins_are_listed_with_name_identity_scopes_and_age() {
    let user = with_profiles();
    let run = user.run(&["--list"]).expect(0);
    let rows: Vec<Vec<&str>> = run.stdout().lines().map(|line| line.split("  ").collect()).collect();
    let row = |name: &str| {
        let row = rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("{name}: {}", run.stdout()));
        row.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
    };
    assert_eq!(row("name"), ["name", "identity", "scopes", "age"]);
    assert_eq!(row("work"), ["work", "ann@example.com", "analytics.readonly", "3 days"]);
    assert_eq!(row("broken"), ["broken", "(unreadable)"]);
    assert!(row("(default)")[2] == "analytics.readonly" && rows.len() == 5, "{}", run.stdout());
    assert!(run.stderr().contains("profiles/broken.json"), "{}", run.stderr());
}

#[test]
fn the_list_in_json_holds_the_same_facts() {
    let user = with_profiles();
    let run = user.run(&["--list", "--format", "json"]).expect(0);
    let list: Value = serde_json::from_str(run.stdout()).expect("JSON");
    let names: Vec<&Value> = list.as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, [&Value::Null, &json!("broken"), &json!("key"), &json!("work")]);
    assert!(list[1]["error"].as_str().expect("why").contains("broken.json"));
    assert_eq!(list[2]["kind"], "service_account");
    assert_eq!((&list[3]["identity"], &list[3]["scopes"]), (&json!("ann@example.com"), &json!([READONLY])));
    let age = list[3]["age"].as_u64().expect("seconds");
    assert!((3 * 86_400..4 * 86_400).contains(&age), "{age}");
    assert!(user.sandbox.requests().is_empty());
}

#[test]
fn without_logins_the_list_is_empty() {
    let user = User::new(BIN, gauth_sandbox::Options::default());
    let run = user.run(&["--list"]).expect(0);
    assert_eq!(run.stdout(), "");
    assert!(run.stderr().contains("no logins found: run gauth-login"), "{}", run.stderr());
    assert_eq!(user.run(&["--list", "--format=json"]).expect(0).stdout(), "[]\n");
}

#[test]
fn g1_a_hostile_identity_is_escaped_in_the_table() {
    let user = logged_in();
    let file = grant(&user, "\u{1b}]0;x\u{7}\u{202e}", 1);
    user.home.write(".config/gauth/profiles/evil.json", 0o600, file.to_string());
    let run = user.run(&["--list"]).expect(0);
    assert!(!run.stdout().contains(['\u{1b}', '\u{7}', '\u{202e}']), "{}", run.stdout());
}

#[test]
fn a_profile_is_reported_like_a_file() {
    let user = with_profiles();
    let run = user.run(&["--profile", "work"]).expect(0);
    assert!(run.stdout().contains("profile work") && run.stdout().contains("ann@example.com"), "{}", run.stdout());
    let run = user.run(&["--profile", "acme"]).expect_failure(3);
    assert!(run.stderr().contains("no profile acme: the profiles are broken, key, work"), "{}", run.stderr());
    user.refused_offline(&["--profile", "work", "x.json"], "FILE and --profile exclude each other");
    user.refused_offline(&["--profile", "work", "--list"], "--list and --profile exclude each other");
}
