//! The client: where it is looked for, and the files that are refused before anybody is asked for anything.

use std::fs;

use serde_json::{Value, json};
use testkit::{Home, ScriptedServer, User, run};

use crate::{Login, consenting};

/// Runs a login with this client file; nothing must be shown, opened or sent.
#[track_caller]
fn refused(content: &str) -> String {
    let home = Home::new();
    home.write("client.json", 0o600, content);
    let mut command = home.command(crate::BIN);
    command.args(["--no-browser", "--client-secrets", "client.json"]);
    let run = run(command).expect_failure(2);
    let stderr = run.stderr().to_owned();
    assert!(!stderr.contains("open this URL"), "{stderr}");
    assert_eq!(home.tree().len(), 1, "{:?}", home.tree());
    stderr
}

fn installed(changes: &[(&str, Value)]) -> String {
    let mut client = json!({
        "client_id": "id.apps.googleusercontent.com",
        "client_secret": "GOCSPX-canary-of-the-client-file",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "redirect_uris": ["http://localhost"],
    });
    for (name, value) in changes {
        client[*name] = value.clone();
    }
    json!({ "installed": client }).to_string()
}

#[test]
fn without_any_client_the_five_steps_to_one_are_printed() {
    let home = Home::new();
    let run = run(home.command(crate::BIN)).expect_failure(2);
    let steps: Vec<_> = run.stderr().lines().filter(|line| line.contains(" hint: ")).collect();
    assert_eq!(steps.len(), 5);
    for (at, step) in steps.iter().enumerate() {
        assert!(step.contains(&format!("hint: {}. ", at + 1)), "{step}");
    }
    assert!(steps[3].contains("Desktop app"));
    assert!(home.tree().is_empty());
}

#[test]
fn the_client_comes_from_the_flag_then_the_variable_then_its_own_place() {
    let person = consenting();
    let client = fs::read(person.sandbox.client_secrets()).expect("the client file");
    let named = |name: &str| String::from_utf8_lossy(&client).replace("123456789012-", name);
    person.home.write("flag.json", 0o600, named("flag-"));
    person.home.write("variable.json", 0o600, named("variable-"));
    person.home.write(".config/gauth/client_secrets.json", 0o600, named("own-"));
    let asking = |arguments: &[&str], variable: Option<&str>| {
        let mut command = person.command(arguments);
        command.env_remove("GAUTH_CLIENT_SECRETS").arg("--no-browser");
        command.envs(variable.map(|file| ("GAUTH_CLIENT_SECRETS", file)));
        Login::start(command).parameter("client_id")
    };
    let flag = ["--client-secrets", "flag.json"];
    assert!(asking(&flag, Some("variable.json")).starts_with("flag-"));
    assert!(asking(&[], Some("variable.json")).starts_with("variable-"));
    assert!(asking(&[], Some("")).starts_with("own-"));
    assert!(asking(&[], None).starts_with("own-"));
}

#[test]
fn c25_a_wrong_client_file_is_refused_naming_file_and_field() {
    let person = consenting();
    let key = fs::read_to_string(person.sandbox.service_account_key()).expect("the key");
    for (content, words) in [
        (key.as_str(), "credentials file"),
        ("{}", "field installed"),
        ("[]", "not a JSON object"),
        ("", "empty"),
        (r#"{"installed":{}}"#, "field client_id: missing"),
        (r#"{"installed":{"client_id":7}}"#, "field client_id"),
        (r#"{"installed":{"client_id":"a\tb"}}"#, "field client_id"),
        (r#"{"web":{"client_id":"i","redirect_uris":["https://example.test/"]}}"#, "field web.redirect_uris"),
    ] {
        let stderr = refused(content);
        assert!(stderr.contains("client.json"), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
        person_secrets_stay(&person, &stderr);
    }
    let missing = run({
        let mut command = person.home.command(crate::BIN);
        command.args(["--client-secrets", "none.json"]);
        command
    });
    assert!(missing.expect_failure(2).stderr().contains("none.json"));
}

fn person_secrets_stay(person: &User, stderr: &str) {
    testkit::assert_no_secret("stderr", stderr.as_bytes(), &person.sandbox.secrets());
}

#[test]
fn a_file_given_in_the_place_of_another_comes_with_the_command_that_takes_it() {
    let person = consenting();
    let key = fs::read_to_string(person.sandbox.service_account_key()).expect("the key");
    let client = fs::read_to_string(person.sandbox.client_secrets()).expect("the client file");
    let grant = r#"{"type":"authorized_user","client_id":"x","refresh_token":"x"}"#;
    for (option, content, hint) in [
        ("--client-secrets", key.as_str(), "hint: run gauth-token --credentials FILE"),
        ("--client-secrets", grant, "hint: run gauth-login --credentials FILE"),
        ("--client-secrets", "{}", "hint: download the JSON of a client"),
        ("--credentials", client.as_str(), "hint: run gauth-login --client-secrets given.json"),
        ("--credentials", key.as_str(), "hint: name another file with --credentials FILE"),
    ] {
        person.home.write("given.json", 0o600, content);
        let run = run(person.command(&["--no-browser", option, "given.json"]));
        let run = person.check(run).expect_failure(2);
        assert!(run.stderr().contains(hint), "{}", run.stderr());
        assert!(run.stderr().contains("'given.json'"), "{}", run.stderr());
    }
}

#[test]
fn c21_e1_only_https_and_loopback_urls_are_taken_from_a_client_file() {
    for url in [
        "http://accounts.google.com/o/oauth2/auth",
        "HTTP://oauth2.googleapis.com/token",
        "ftp://oauth2.googleapis.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "--new-window",
        "/token",
        "http://10.0.0.1/",
        "http://localhost.evil.test/",
    ] {
        for field in ["auth_uri", "token_uri"] {
            let stderr = refused(&installed(&[(field, json!(url))]));
            assert!(stderr.contains(&format!("field {field}: ")), "{url}: {stderr}");
        }
    }
}

#[test]
fn e2_no_secret_goes_to_a_host_that_is_not_googles_unless_it_is_named() {
    let sink = ScriptedServer::start([]);
    for url in [
        "https://evil.test/token".to_owned(),
        "https://oauth2.googleapis.com.evil.test/token".to_owned(),
        "https://oauth2.googleapis.com@evil.test/token".to_owned(),
        format!("https://oauth2.googleapis.com@{}/token", sink.address()),
        "https://evilgoogleapis.com/token".to_owned(),
    ] {
        for field in ["auth_uri", "token_uri"] {
            let stderr = refused(&installed(&[(field, json!(url))]));
            assert!(stderr.contains(&format!("field {field}: ")), "{url}: {stderr}");
            testkit::assert_no_secret("stderr", stderr.as_bytes(), &["canary-of-the-client-file".to_owned()]);
        }
    }
    assert!(sink.requests().is_empty());

    let home = Home::new();
    let client = installed(&[
        ("auth_uri", json!("https://id.example.test/auth")),
        ("token_uri", json!("https://id.example.test/token")),
    ]);
    home.write("client.json", 0o600, client);
    let mut command = home.command(crate::BIN);
    command.args(["--no-browser", "--client-secrets", "client.json"]);
    command.env("GAUTH_ALLOW_HOSTS", "id.example.test");
    assert!(Login::start(command).url.starts_with("https://id.example.test/auth?"));
}

#[test]
fn e6_e7_e8_types_repeated_keys_and_bombs_are_refused() {
    let deep = format!(r#"{{"installed":{{"client_id":"i","x":{}"#, "[".repeat(1 << 19));
    let large = format!(r#"{{"installed":{{"client_id":"i"}},"x":"{}"}}"#, "x".repeat(1 << 20));
    for (content, words) in [
        (r#"{"type":"authorized_user","client_id":"i"}"#, "credentials file"),
        (r#"{"installed":[]}"#, "field installed"),
        (
            r#"{"installed":{"client_id":"i","token_uri":"https://oauth2.googleapis.com/token","token_uri":"https://evil.test/"}}"#,
            "duplicate key",
        ),
        (r#"{"installed":{"client_id":"i","\u0074oken_uri":"a","token_uri":"b"}}"#, "duplicate key"),
        (deep.as_str(), "JSON"),
        (large.as_str(), "1048576 bytes"),
    ] {
        let stderr = refused(content);
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
fn the_sandbox_variable_takes_only_loopback_addresses() {
    let person = consenting();
    for url in ["https://sandbox.example.test", "http://192.0.2.1:80", "ftp://127.0.0.1"] {
        let mut command = person.command(&["--no-browser"]);
        command.env("GAUTH_SANDBOX_URL", url);
        let run = run(command).expect_failure(2);
        assert!(run.stderr().contains("GAUTH_SANDBOX_URL"), "{}", run.stderr());
    }
}
