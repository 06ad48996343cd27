//! What is printed: four formats to the byte, and what becomes of a stdout that is full or gone (D8, H1, H3).

use std::io::pipe;
use std::process::Stdio;

use serde_json::Value;
use testkit::{Pty, run};

use crate::{BIN, READONLY, logged_in, with_a_key};

const FORMATS: [&str; 4] = ["bare", "header", "json", "curl"];

#[test]
fn d8_each_format_is_exact_to_the_byte_with_any_notes_on_stderr() {
    for user in [logged_in(), with_a_key()] {
        let token = user.token(&[]);
        for more in [&[][..], &["--verbose", "--explain"], &["-q"]] {
            let printed = |options: &[&str]| {
                let options = [options, more].concat();
                user.run(&options).expect(0).stdout().to_owned()
            };
            assert_eq!(printed(&["--format", "bare"]), format!("{token}\n"));
            assert_eq!(printed(&["--format=header"]), format!("Authorization: Bearer {token}\n"));
            assert_eq!(printed(&["--format", "curl"]), format!("header = \"Authorization: Bearer {token}\"\n"));
            let json = printed(&["--format", "json"]);
            assert!(json.ends_with("}\n") && json.lines().count() == 1, "{json}");
            let json: Value = serde_json::from_str(&json).expect("JSON");
            assert_eq!(json["access_token"], token);
            assert_eq!(json["token_type"], "Bearer");
            assert!(json["scope"].as_str().is_some_and(|s| s.contains(READONLY)));
            assert!(json["expires_in"].as_u64().is_some_and(|n| (3000..=3600).contains(&n)));
            let expiry = json["expiry"].as_str().expect("an expiry");
            assert!(expiry.len() == 20 && expiry.ends_with('Z'), "{expiry}");
            assert_eq!(json.as_object().map(|fields| fields.len()), Some(5));
        }
    }
}

#[test]
fn d8_on_a_terminal_too_the_token_is_one_line() {
    let user = logged_in();
    let token = user.token(&[]);
    let (status, shown) = Pty::start(user.command(&[]), 80).finish();
    assert!(status.success());
    assert_eq!(shown, format!("{token}\r\n"));
}

#[test]
fn the_quota_project_is_a_line_of_its_own_from_the_first_that_names_one() {
    let user = logged_in();
    let mut file = user.stored();
    file["quota_project_id"] = "of-the-file".into();
    std::fs::write(&user.credentials, file.to_string()).expect("write the credentials");
    let token = user.token(&[]);
    let printed = |options: &[&str], variable: &str| {
        let mut command = user.command(options);
        command.env("GOOGLE_CLOUD_QUOTA_PROJECT", variable);
        user.run_command(command).expect(0).stdout().to_owned()
    };
    for (options, variable, project) in [
        (&[][..], "", "of-the-file"),
        (&[], "of-the-variable", "of-the-variable"),
        (&["--quota-project", "of-the-flag"], "of-the-variable", "of-the-flag"),
        (&["--quota-project=example.com:old-1"], "", "example.com:old-1"),
    ] {
        assert_eq!(
            printed(&[&["--format", "header"], options].concat(), variable),
            format!("Authorization: Bearer {token}\nX-Goog-User-Project: {project}\n")
        );
        assert_eq!(
            printed(&[&["--format", "curl"], options].concat(), variable),
            format!("header = \"Authorization: Bearer {token}\"\nheader = \"X-Goog-User-Project: {project}\"\n")
        );
        assert_eq!(printed(options, variable), format!("{token}\n"));
    }
}

#[test]
fn an_audience_means_an_id_token() {
    let user = with_a_key();
    let audience = "https://service.example.test";
    let token = user.token(&["--audience", audience]);
    assert_eq!(token.split('.').count(), 3);
    let json = user.run(&["--audience", audience, "--format", "json"]).expect(0);
    let json: Value = serde_json::from_str(json.stdout()).expect("JSON");
    assert_eq!(json["id_token"], token);
    assert!(json.get("access_token").is_none() && json.get("scope").is_none(), "{json}");
    assert_eq!(user.requests_to("/token").len(), 1);
    assert_ne!(user.token(&[]), token);
    let run = user.run(&["--audience", audience, "--scope", "openid"]).expect_failure(2);
    assert!(run.stderr().contains("exclude each other"), "{}", run.stderr());
}

#[test]
fn a_self_signed_token_needs_no_network() {
    let user = with_a_key();
    let by_scope = user.token(&["--self-signed"]);
    let by_audience = user.token(&["--self-signed", "--audience", "https://analyticsdata.googleapis.com/"]);
    assert_ne!(by_scope, by_audience);
    for token in [by_scope, by_audience] {
        assert_eq!(token.split('.').count(), 3);
    }
    assert!(user.requests_to("/token").is_empty());
    user.run(&["--self-signed", "--subject", "alex@example.com"]).expect_failure(2);
    let user = logged_in();
    for options in [&["--self-signed"][..], &["--subject", "alex@example.com"]] {
        user.run(options).expect_failure(2);
    }
}

#[test]
fn a_subject_is_acted_for_and_has_a_token_of_its_own() {
    let user = with_a_key();
    let own = user.token(&[]);
    let delegated = user.token(&["--subject", "alex@example.com"]);
    assert_ne!(own, delegated);
    assert_eq!(user.token(&["--subject", "alex@example.com"]), delegated);
    assert_eq!(user.requests_to("/token").len(), 2);
    let undelegated = ["--subject", "alex@example.com", "--scope", "analytics.edit"];
    let run = user.run(&undelegated).expect_failure(4);
    assert!(run.stderr().contains("domain-wide delegation"), "{}", run.stderr());
}

#[test]
fn h1_a_full_disk_behind_stdout_is_a_failure() {
    let user = logged_in();
    user.token(&[]);
    let mut choices: Vec<Vec<&str>> = FORMATS.map(|format| vec!["--format", format]).to_vec();
    for choice in [&["--no-cache"][..], &["--help"], &["--version"], &["--completions", "bash"]] {
        choices.push(choice.to_vec());
    }
    for choice in choices {
        let mut command = user.home.command("sh");
        command.args(["-c", r#"exec "$0" "$@" >/dev/full"#, BIN]).args(&choice);
        let run = user.check(run(command)).expect(1);
        assert!(run.stderr().contains("no space left on device"), "{choice:?}: {}", run.stderr());
    }
}

#[test]
fn h3_a_reader_that_has_gone_ends_it_quietly() {
    let user = logged_in();
    user.token(&[]);
    for choice in [&["--format", "bare"][..], &["--format", "json"], &["--no-cache"], &["--help"]] {
        for _ in 0..5 {
            let (reader, writer) = pipe().expect("make a pipe");
            drop(reader);
            let output = user.command(choice).stdout(Stdio::from(writer)).output().expect("run the program");
            assert_eq!(output.status.code(), Some(0), "{choice:?}");
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{choice:?}");
        }
    }
}

#[test]
fn h12_started_without_its_three_streams_it_spoils_no_file() {
    let user = logged_in();
    let mut command = user.home.command("sh");
    command.args(["-c", r#"exec "$0" --verbose <&- >&- 2>&-"#, BIN]);
    run(command).expect(0);
    assert!(user.stored()["refresh_token"].is_string());
    user.token(&[]);
    assert_eq!(user.requests_to("/token").len(), 1);
}
