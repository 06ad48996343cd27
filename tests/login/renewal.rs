//! Logging in again: with nothing but the file that the last login wrote.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Answer, Home, ScriptedServer, User, read_json, run, visit};

use crate::consent::free_port;
use crate::credentials_file::old_grant;
use crate::{BIN, Login, READONLY, WORKED, consenting, log_in, start};

const EDIT: &str = "https://www.googleapis.com/auth/analytics.edit";

/// gauth-login without any client file.
fn renewing(person: &User, arguments: &[&str]) -> Login {
    let mut command = person.command(arguments);
    command.env_remove("GAUTH_CLIENT_SECRETS").arg("--no-browser");
    Login::start(command)
}

/// The whole login without a variable that says where Google is: the client file says it, then the credentials file.
#[test]
fn a_grant_of_another_server_is_renewed_with_the_auth_uri_in_its_file() {
    let person = consenting();
    let client = &read_json(person.sandbox.client_secrets())["installed"];
    for client_file in [Some(person.sandbox.client_secrets()), None] {
        let mut command = person.home.command(BIN);
        command.arg("--no-browser").envs(client_file.map(|file| ("GAUTH_CLIENT_SECRETS", file)));
        let login = Login::start(command);
        assert!(login.url.starts_with(&format!("{}?", client["auth_uri"].as_str().unwrap())), "{}", login.url);
        assert!(visit(&login.url).body.contains(WORKED));
        person.check(login.running.finish()).expect(0);
        assert_eq!(person.stored()["auth_uri"], client["auth_uri"]);
    }
}

#[test]
fn a_web_client_is_renewed_with_its_registered_redirect_uri() {
    let person = consenting();
    let uri = format!("http://localhost:{}/oauth/callback", free_port());
    let client = person.sandbox.web_client_secrets(&uri).expect("write a client file");
    log_in(&person, &["--client-secrets", client.to_str().unwrap()]);
    for _ in 0..2 {
        let login = renewing(&person, &[]);
        assert_eq!(login.redirect_uri(), uri);
        assert_eq!(login.parameter("prompt"), "consent");
        assert!(visit(&login.url).body.contains(WORKED));
        person.check(login.running.finish()).expect(0);
    }
    // Another client in the same file leaves nothing of this one.
    log_in(&person, &[]);
    assert!(renewing(&person, &[]).redirect_uri().starts_with("http://127.0.0.1:"));
}

#[test]
fn the_path_of_an_installed_clients_redirect_uri_is_renewed_too() {
    let person = consenting();
    let mut client = read_json(person.sandbox.client_secrets());
    client["installed"]["redirect_uris"] = json!(["http://127.0.0.1/a/b"]);
    let client = person.home.write("client.json", 0o600, client.to_string());
    log_in(&person, &["--client-secrets", client.to_str().unwrap()]);
    assert!(renewing(&person, &[]).redirect_uri().ends_with("/a/b"));
}

#[test]
fn the_scopes_of_the_file_are_asked_for_again() {
    let person = consenting();
    log_in(&person, &["--scope", "analytics.edit,email"]);
    let granted = person.stored()["scopes"].clone();
    let run = log_in(&person, &[]);
    assert_eq!(person.stored()["scopes"], granted);
    assert!(!run.stderr().contains("also covers"), "{}", run.stderr());
    // In any tool's format and spelling.
    let asked = |scopes: Value| {
        let file = json!({"client_id": "x", "refresh_token": "x", "scopes": scopes});
        person.home.write(".config/gauth/credentials.json", 0o600, file.to_string());
        start(&person, &[]).parameter("scope")
    };
    assert_eq!(asked(json!([EDIT])), EDIT);
    assert_eq!(asked(json!(format!("{EDIT} openid"))), format!("{EDIT} openid"));
    for nothing in [json!(null), json!([]), json!(""), json!(7)] {
        assert_eq!(asked(nothing), READONLY);
    }
}

#[test]
fn a_narrower_renewal_says_before_the_consent_what_is_lost() {
    let person = consenting();
    log_in(&person, &["--scope", "analytics.readonly,analytics.edit,email"]);
    let lost = |scopes: &str| {
        let run = log_in(&person, &["-q", "--scope", scopes]);
        let (before, _) = run.stderr().split_once("open this URL").expect("a URL");
        before.to_owned()
    };
    assert_eq!(lost("analytics.readonly,analytics.edit,email"), "gauth-login: ");
    let told = lost("analytics.readonly,email");
    assert!(told.contains("also covers analytics.edit;"), "{told}");
    // What is gone already is not lost again.
    assert_eq!(lost("email,analytics.readonly"), "gauth-login: ");
}

#[test]
fn a_server_on_this_machine_that_has_ended_is_reported_before_the_url_is_shown() {
    let person = consenting();
    old_grant(&person, 0o600);
    let mut file = person.stored();
    for (name, path) in [("auth_uri", "/o/oauth2/auth"), ("token_uri", "/token")] {
        file[name] = format!("http://127.0.0.1:{}{path}", free_port()).into();
    }
    person.home.write(".config/gauth/credentials.json", 0o600, file.to_string());
    let mut command = person.home.command(BIN);
    command.arg("--no-browser");
    let run = run(command).expect_failure(5);
    assert!(run.stderr().contains("nothing listens at http://127.0.0.1:"), "{}", run.stderr());
    assert!(run.stderr().contains("a login made in a gauth-sandbox ends with it"), "{}", run.stderr());
    assert!(!run.stderr().contains("open this URL"));
}

/// A client file of this server's with these fields changed.
fn client_of(server: &ScriptedServer, home: &Home, changes: &[(&str, Value)]) -> std::path::PathBuf {
    let mut client = json!({
        "client_id": "public",
        "auth_uri": format!("{}/o/oauth2/auth", server.url()),
        "token_uri": format!("{}/token", server.url()),
        "redirect_uris": ["http://127.0.0.1/cb"],
    });
    for (name, value) in changes {
        client[*name] = value.clone();
    }
    home.write("client.json", 0o600, json!({ "installed": client }).to_string())
}

fn log_in_with(home: &Home, client: Option<&Path>) {
    let mut command = home.command(BIN);
    command.arg("--no-browser").envs(client.map(|file| ("GAUTH_CLIENT_SECRETS", file)));
    let login = Login::start(command);
    let answer = login.get(&format!("/cb?code=c&state={}", login.parameter("state")));
    assert!(answer.contains(WORKED), "{answer}");
    login.running.finish().expect(0);
}

#[test]
fn a_public_client_of_another_server_logs_in_and_is_renewed_without_a_secret() {
    let granted = || Answer::json(200, r#"{"access_token":"a","refresh_token":"r","token_type":"Bearer"}"#);
    let server = ScriptedServer::start([granted(), granted()]);
    let home = Home::new();
    log_in_with(&home, Some(&client_of(&server, &home, &[])));
    // Readers insist on the key; an empty secret is none.
    assert_eq!(read_json(home.config().join("gauth/credentials.json"))["client_secret"], "");
    log_in_with(&home, None);
    for request in server.requests() {
        assert_eq!(request.field("client_secret"), None);
        assert_eq!(request.field("client_id").as_deref(), Some("public"));
    }
}

#[test]
fn a_client_of_googles_without_a_secret_is_refused_before_the_consent() {
    let home = Home::new();
    let server = ScriptedServer::start([]);
    let at_google = [
        ("auth_uri", json!("https://accounts.google.com/o/oauth2/auth")),
        ("token_uri", json!("https://oauth2.googleapis.com/token")),
    ];
    client_of(&server, &home, &at_google);
    let file = json!({"type": "authorized_user", "client_id": "x", "client_secret": "", "refresh_token": "x"});
    home.write("renewed.json", 0o600, file.to_string());
    for arguments in [["--client-secrets", "client.json"], ["--credentials", "renewed.json"]] {
        let mut command = home.command(BIN);
        command.arg("--no-browser").args(arguments);
        let run = run(command).expect_failure(2);
        assert!(run.stderr().contains("field client_secret: missing"), "{}", run.stderr());
        assert!(run.stderr().contains(arguments[1]), "{}", run.stderr());
        assert!(run.stderr().contains("hint: add a secret"), "{}", run.stderr());
        assert!(!run.stderr().contains("open this URL"));
    }
}

#[test]
fn a_damaged_file_of_a_grant_is_renewed_with_a_client_file() {
    let person = consenting();
    for (name, damage) in [("scopes", json!(7)), ("client_id", json!([])), ("refresh_token", json!({}))] {
        old_grant(&person, 0o600);
        let mut file = person.stored();
        file[name] = damage;
        person.home.write(".config/gauth/credentials.json", 0o600, file.to_string());
        if name == "client_id" {
            let mut command = person.command(&[]);
            command.env_remove("GAUTH_CLIENT_SECRETS");
            let run = run(command).expect_failure(2);
            assert!(run.stderr().contains("field client_id: "), "{}", run.stderr());
            assert!(run.stderr().contains("hint: run gauth-login --client-secrets FILE"), "{}", run.stderr());
        }
        log_in(&person, &[]);
        assert!(person.stored()["refresh_token"].is_string());
    }
}
