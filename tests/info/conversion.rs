//! A user's grant in other tools' dialects (A1, A6, A16, D3).

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use testkit::{User, mode, run_with_input};

use crate::{json_report, logged_in};

/// What a conversion prints: the one output with secrets in it.
#[track_caller]
fn converted(user: &User, dialect: &str, file: &str) -> Value {
    let run = testkit::run(user.command(&["--convert", dialect, file])).expect(0);
    run.assert_no_secret(&user.sandbox.secrets(), true);
    assert_eq!(run.stderr(), "");
    serde_json::from_str(run.stdout()).expect("JSON")
}

fn oauth2client(user: &User) -> Value {
    let mut file = user.stored();
    let fields = file.as_object_mut().expect("an object");
    fields.remove("type");
    let own = json!({
        "_class": "OAuth2Credentials", "_module": "oauth2client.client", "invalid": false,
        "access_token": "ya29.old", "token_expiry": "2020-01-31T09:08:07Z", "user_agent": null,
        "token_response": {"access_token": "ya29.old"}, "id_token": null, "id_token_jwt": null,
    });
    fields.extend(own.as_object().expect("an object").clone());
    file
}

#[test]
fn every_dialect_of_one_grant_still_gives_a_token() {
    let user = logged_in();
    let stored = user.stored();
    let google_auth = converted(&user, "google-auth", user.credentials.to_str().expect("a path"));
    assert!(google_auth.get("type").is_none());
    for file in [stored.clone(), google_auth, oauth2client(&user)] {
        let path = user.file(&file);
        let adc = converted(&user, "authorized_user", &path);
        assert_eq!(adc, stored);
        for dialect in ["authorized_user", "google-auth"] {
            let written = converted(&user, dialect, &path);
            let report = json_report(&user, &["--check", &user.file(&written)]);
            assert_eq!(report["check"], "OK");
            assert_eq!(report["kind"], dialect);
            user.file(&file);
        }
    }
}

#[test]
fn unknown_keys_stay() {
    let user = logged_in();
    let mut file = user.stored();
    file["mine"] = json!({"a": [1, 2]});
    let path = user.file(&file);
    for dialect in ["authorized_user", "google-auth"] {
        assert_eq!(converted(&user, dialect, &path)["mine"], file["mine"]);
    }
}

#[test]
fn a1_a6_the_file_written_is_only_for_its_owner() {
    let user = logged_in();
    user.home.write("open.json", 0o644, "{}");
    for name in ["new/token.json", "open.json"] {
        let run = user.run(&["--convert", "google-auth", "-o", name]).expect(0);
        assert_eq!((run.stdout(), run.stderr()), ("", ""));
        assert_eq!(mode(user.home.path().join(name)), 0o600);
    }
    assert_eq!(mode(user.home.path().join("new")), 0o700);
    let printed = converted(&user, "google-auth", user.credentials.to_str().expect("a path"));
    let bytes = fs::read(user.home.path().join("open.json")).expect("read it");
    assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("JSON"), printed);
}

#[test]
fn a16_the_file_that_is_read_is_not_written_however_it_is_spelled() {
    let user = logged_in();
    let path = user.file(&user.stored());
    let before = fs::read(&path).expect("read it");
    symlink(&path, user.home.path().join("link.json")).expect("make a link");
    for output in [path.as_str(), "given.json", "./given.json", ".config/../given.json", "link.json"] {
        let options = ["--convert", "google-auth", &path, "-o", output];
        let run = user.run(&options).expect_failure(2);
        assert!(run.stderr().contains("this is the input file"), "{}", run.stderr());
    }
    assert_eq!(fs::read(&path).expect("read it"), before);
}

#[test]
fn a_key_is_not_overwritten() {
    let user = logged_in();
    let key = user.sandbox.service_account_key();
    let before = fs::read(&key).expect("read the key");
    let output = key.to_str().expect("a plain path");
    let run = user.run(&["--convert", "google-auth", "-o", output]).expect_failure(2);
    assert!(run.stderr().contains("contains service_account credentials"), "{}", run.stderr());
    assert_eq!(fs::read(&key).expect("read the key"), before);
}

#[test]
fn only_a_users_grant_is_converted() {
    let user = logged_in();
    let key = user.sandbox.service_account_key();
    let client = user.sandbox.client_secrets();
    for (file, says) in [(key, "no user grant"), (client, "OAuth client")] {
        let file = file.to_str().expect("a plain path");
        let options = ["--convert", "google-auth", file, "-o", "out.json"];
        let run = user.run(&options).expect_failure(2);
        assert!(run.stderr().contains(says), "{}", run.stderr());
    }
    assert!(!user.home.path().join("out.json").exists());
}

#[test]
fn a_grant_from_standard_input_is_converted() {
    let user = logged_in();
    let command = user.command(&["-", "--convert", "authorized_user"]);
    let run = run_with_input(command, oauth2client(&user).to_string()).expect(0);
    assert_eq!(serde_json::from_str::<Value>(run.stdout()).expect("JSON"), user.stored());
}
