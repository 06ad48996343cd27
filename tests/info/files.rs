//! Credentials files and OAuth clients: what the report says, and what is refused by name (E2, E7, E8, E11, G1).

use std::fs;

use serde_json::{Value, json};
use testkit::{Answer, Home, ScriptedServer, run_with_input, strace};

use crate::{BIN, READONLY, json_report, logged_in};

#[test]
fn without_arguments_it_reports_what_gauth_token_would_use() {
    let user = logged_in();
    let report = json_report(&user, &[]);
    let file = user.stored();
    let expected = json!({
        "source": "gauth-login's file",
        "file": user.credentials,
        "kind": "authorized_user",
        "identity": file["account"],
        "client_id": file["client_id"],
        "scopes": [READONLY],
        "universe_domain": "googleapis.com",
        "granted_at": "2026-01-31T09:08:07Z",
        "token_uri": file["token_uri"],
    });
    assert_eq!(report, expected);
    assert!(user.sandbox.requests().is_empty());
}

#[test]
fn the_text_holds_the_same_facts_one_a_line() {
    let user = logged_in();
    let run = user.run(&[]).expect(0);
    let facts = |line: &str| {
        let (name, fact) = line.split_once("  ").expect("a name and a fact");
        (name.to_owned(), fact.trim().to_owned())
    };
    let lines: Vec<_> = run.stdout().lines().map(facts).collect();
    let report = json_report(&user, &[]);
    assert_eq!(lines.len(), report.as_object().expect("an object").len());
    for (name, fact) in lines {
        let found = &report[name.replace(' ', "_")];
        let found = found.get(0).unwrap_or(found);
        assert_eq!(found, &Value::from(fact), "{name}");
    }
}

#[test]
fn a_named_file_and_standard_input_give_the_same_report() {
    let user = logged_in();
    let file = user.file(&user.stored());
    let named = json_report(&user, &[&file]);
    assert_eq!(named["kind"], "authorized_user");
    let command = user.command(&["-", "--format", "json"]);
    let run = run_with_input(command, user.stored().to_string()).expect(0);
    let mut read: Value = serde_json::from_str(run.stdout()).expect("JSON");
    assert_eq!(read["file"], "-");
    read["file"] = named["file"].clone();
    assert_eq!(read, named);
}

#[test]
fn a_key_and_an_oauth_client_are_reported() {
    let user = logged_in();
    let text = |path: std::path::PathBuf| path.to_str().expect("a plain path").to_owned();
    let key = json_report(&user, &[&text(user.sandbox.service_account_key())]);
    assert_eq!(key["kind"], "service_account");
    assert_eq!(key["identity"], user.sandbox.service_account_email());
    for name in ["key_id", "project_id", "client_id", "token_uri"] {
        assert!(key[name].is_string(), "{name}");
    }
    let client = json_report(&user, &[&text(user.sandbox.client_secrets())]);
    assert_eq!(client["kind"], "OAuth client (installed)");
    assert_eq!(client["client_id"], user.stored()["client_id"]);
    assert_eq!(client["redirect_uris"], json!(["http://localhost"]));
    assert_eq!(client["project_id"], "gauth-sandbox");
    let run = user.run(&["--check", &text(user.sandbox.client_secrets())]).expect_failure(2);
    assert!(run.stderr().contains("gauth-login --client-secrets"), "{}", run.stderr());
}

#[test]
fn the_credentials_below_an_impersonated_account_are_part_of_the_report() {
    let user = logged_in();
    let file = user.file(&json!({
        "type": "impersonated_service_account",
        "source_credentials": user.stored(),
        "service_account_impersonation_url":
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/robot@p.iam.gserviceaccount.com:generateAccessToken",
        "quota_project_id": "p-1",
    }));
    let report = json_report(&user, &[&file]);
    assert_eq!(report["quota_project_id"], "p-1");
    assert_eq!(report["source_credentials"]["kind"], "authorized_user");
    let text = user.run(&[&file]).expect(0);
    assert!(text.stdout().contains("\nsource credentials\n  kind "), "{}", text.stdout());
}

#[test]
fn the_machines_own_account_is_reported_without_asking_for_it() {
    let home = Home::new();
    let server = ScriptedServer::start([]);
    let mut command = home.command(BIN);
    let host = server.address().to_string();
    command.env("GCE_METADATA_HOST", &host);
    let run = testkit::run(command).expect(0);
    assert!(run.stdout().contains("metadata_server"), "{}", run.stdout());
    assert!(run.stdout().contains(&host), "{}", run.stdout());
    assert!(server.requests().is_empty());
}

#[test]
fn check_says_ok_or_the_cause_and_the_remedy_and_does_not_change_the_file() {
    let user = logged_in();
    let mut before = (fs::read(&user.credentials).expect("read it"), user.home.tree());
    // The lock of the grant, which a server might use up.
    before.1.insert(2, ".config/gauth/.credentials.json.lock".into());
    let report = json_report(&user, &["--check"]);
    assert_eq!(report["check"], "OK");
    assert_eq!(report["token"]["scopes"], json!([READONLY]));
    assert!(report["token"]["expiry"].as_str().is_some_and(|end| end.ends_with('Z')));
    user.sandbox.revoke_all();
    let run = user.run(&["--check"]).expect_failure(3);
    assert!(run.stderr().contains("invalid_grant"), "{}", run.stderr());
    assert!(run.stderr().contains("hint: run gauth-login"), "{}", run.stderr());
    let after = (fs::read(&user.credentials).expect("read it"), user.home.tree());
    assert_eq!(after, before);
    json_report(&user, &[]);
}

#[test]
fn a_missing_login_exits_3_and_a_missing_file_2() {
    let home = Home::new();
    let run = testkit::run(home.command(BIN)).expect_failure(3);
    assert!(run.stderr().contains("hint: run gauth-login"), "{}", run.stderr());
    let mut command = home.command(BIN);
    command.arg("none.json");
    let run = testkit::run(command).expect_failure(2);
    assert_eq!(run.stderr(), "gauth-info: cannot read 'none.json': no such file or directory\n");
}

#[test]
fn e7_e8_e11_a_damaged_file_is_refused_with_its_field_and_without_its_value() {
    let user = logged_in();
    let canary = "canary-0123456789-secret";
    let with = |name: &str, value: Value| {
        let mut file = user.stored();
        file[name] = value;
        file.to_string()
    };
    let nested = "[".repeat(100_000);
    for (content, says) in [
        (with("refresh_token", json!([canary])), "field refresh_token"),
        (with("client_id", json!({"a": canary})), "field client_id"),
        (with("client_secret", json!(7)), "field client_secret"),
        (with("scopes", json!({"a": canary})), "field scopes"),
        (with("granted_at", json!(7)), "field granted_at"),
        (with("quota_project_id", json!([canary])), "field quota_project_id"),
        (with("type", json!("robot")), "field type"),
        (with("token_uri", json!("http://oauth2.googleapis.com/token")), "field token_uri"),
        (with("token_uri", json!("https://evil.example/token")), "field token_uri"),
        (format!("{{\"refresh_token\":\"{canary}\",\"refresh_token\":\"b\"}}"), "duplicate key"),
        (format!("{{\"a\":{nested}"), "not valid JSON"),
        (" ".repeat(2 << 20), "more than"),
        (canary.to_owned(), "not valid JSON"),
        (String::new(), "empty"),
        (json!({"installed": {"client_secret": canary}}).to_string(), "field client_id"),
        (json!({"installed": canary}).to_string(), "field installed"),
        (json!({"installed": {"client_id": "a"}, "web": {}}).to_string(), "fields installed and web"),
    ] {
        let path = user.home.write("damaged.json", 0o600, &content);
        for options in [&[][..], &["--check"]] {
            let mut command = user.command(options);
            command.arg(&path);
            let run = testkit::run(command).expect_failure(2);
            assert!(run.stderr().contains(says), "{says}: {}", run.stderr());
            run.assert_no_secret(&[canary.to_owned()], false);
        }
    }
    assert!(user.sandbox.requests().is_empty());
}

#[test]
fn e10_an_unusable_key_is_reported_without_a_request() {
    let user = logged_in();
    let key: Value =
        serde_json::from_slice(&fs::read(user.sandbox.service_account_key()).expect("read the key")).expect("JSON");
    let pem = key["private_key"].as_str().expect("a key");
    let middle = pem.len() / 2;
    for (private_key, says) in [
        ("not a key".to_owned(), "not a PEM private key"),
        (pem[..middle].to_owned(), "not a PEM private key"),
        (pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), "encrypted"),
        (pem.replace("BEGIN PRIVATE", "BEGIN EC PRIVATE").replace("END PRIVATE", "END EC PRIVATE"), "EC key"),
        (pem.replace('M', "N"), "not a usable RSA key"),
    ] {
        let mut damaged = key.clone();
        damaged["private_key"] = private_key.into();
        let file = user.file(&damaged);
        let source = json!({
            "type": "impersonated_service_account",
            "source_credentials": damaged,
            "service_account_impersonation_url":
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/robot@p.iam.gserviceaccount.com:generateAccessToken",
        });
        let nested = user.home.write("nested.json", 0o600, source.to_string());
        for options in [&[&*file][..], &[&*file, "--check"], &[nested.to_str().unwrap()]] {
            let run = user.run(options).expect_failure(2);
            assert!(run.stderr().contains("field private_key: "), "{}", run.stderr());
            assert!(run.stderr().contains(says), "{says}: {}", run.stderr());
            assert!(run.stderr().contains(".json'"), "{}", run.stderr());
        }
    }
    assert!(user.sandbox.requests().is_empty());
}

#[test]
fn e2_check_sends_no_secret_to_a_host_that_is_not_googles() {
    let user = logged_in();
    let sink = ScriptedServer::answering(|_| Answer::hang_up());
    let mut file = user.stored();
    file["token_uri"] = "https://oauth2.googleapis.com.evil.example/token".into();
    let mut command = user.command(&["--check", &user.file(&file)]);
    command.env("HTTPS_PROXY", sink.url());
    testkit::run(command).expect_failure(2);
    assert!(sink.requests().is_empty());
}

#[test]
fn g1_text_from_a_file_cannot_move_the_cursor() {
    let user = logged_in();
    let mut file = user.stored();
    file["account"] = "a\u{1b}[2J\u{202e}\u{9b}31m\nb".into();
    file["quota_project_id"] = "p".into();
    let path = user.file(&file);
    let run = user.run(&[&path]).expect(0);
    let harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
    assert!(run.stdout().chars().all(harmless), "{}", run.stdout());
    assert_eq!(json_report(&user, &[&path])["identity"], file["account"]);
}

#[test]
fn h14_looking_at_a_file_opens_no_socket_and_writes_nothing() {
    let user = logged_in();
    let options = ["-e", "trace=socket,connect,openat,rename,unlink"];
    let Some(trace) = strace(&options, user.command(&[])) else {
        return;
    };
    trace.run.expect(0);
    for call in &trace.calls {
        let line = format!("{call:?}");
        assert!(!line.contains("connect") && !line.contains("socket"), "{line}");
        assert!(!line.contains("O_WRONLY") && !line.contains("O_RDWR"), "{line}");
    }
}
