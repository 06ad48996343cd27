//! The course of a login from the URL to the file: what is asked, what is granted, what is written.

use std::net::{TcpListener, TcpStream};

use gauth_sandbox::Options;
use serde_json::json;
use testkit::{read_json, visit};

use crate::{Login, READONLY, WORKED, consenting, fail, log_in, parameter, person, start};

const EDIT: &str = "https://www.googleapis.com/auth/analytics.edit";

#[test]
fn a_login_writes_what_every_adc_reader_loads_and_prints_the_path() {
    let person = consenting();
    let login = start(&person, &["--scope", "email", "--scope", "analytics.readonly"]);
    let page = visit(&login.url);
    assert_eq!(page.status, 200);
    assert!(page.body.contains(WORKED), "{}", page.body);
    let run = person.check(login.running.finish()).expect(0);
    assert_eq!(run.stdout(), format!("{}\n", person.credentials.display()));
    assert!(run.stderr().contains("logged in as alex@example.com"));

    let client = &read_json(person.sandbox.client_secrets())["installed"];
    let mut written = person.stored();
    let refresh_token = written["refresh_token"].take();
    assert!(person.sandbox.secrets().contains(&refresh_token.as_str().unwrap().to_owned()));
    let granted_at = written["granted_at"].take();
    assert!(granted_at.as_str().is_some_and(|time| time.ends_with('Z')));
    assert_eq!(
        written,
        json!({
            "type": "authorized_user",
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            "refresh_token": null,
            "token_uri": client["token_uri"],
            "auth_uri": client["auth_uri"],
            "scopes": [READONLY, "https://www.googleapis.com/auth/userinfo.email", "openid"],
            "universe_domain": "googleapis.com",
            "account": "alex@example.com",
            "granted_at": null,
        })
    );
}

#[test]
fn the_scope_is_only_analytics_readonly_by_default() {
    let person = consenting();
    let asked = |arguments: &[&str]| start(&person, arguments).parameter("scope");
    assert_eq!(asked(&[]), READONLY);
    let two = asked(&["--scope", "openid", "--scope", "analytics.edit"]);
    assert_eq!(two, format!("{EDIT} openid"));
    assert_eq!(asked(&["--scope", "https://a.test/x"]), "https://a.test/x");
    let empty = testkit::run(person.command(&["--scope", ""]));
    empty.expect_failure(2);
}

#[test]
fn the_url_asks_for_a_lasting_grant_with_pkce_state_and_the_account_as_a_hint() {
    let person = consenting();
    let login = start(&person, &["--account", "kim@example.org"]);
    for (name, value) in [
        ("response_type", "code"),
        ("access_type", "offline"),
        ("code_challenge_method", "S256"),
        ("login_hint", "kim@example.org"),
    ] {
        assert_eq!(login.parameter(name), value);
    }
    assert!(!login.url.contains("prompt="));
    assert!(!login.url.contains("include_granted_scopes"));
    assert!(login.redirect_uri().starts_with("http://127.0.0.1:"));
    assert_eq!(login.redirect_uri().matches('/').count(), 2);
}

#[test]
fn c4_c5_verifier_and_state_are_random_and_long_enough_at_every_attempt() {
    let mut seen = std::collections::HashSet::new();
    let times = testkit::repetitions(5, 1000);
    for _ in 0..times {
        let person = consenting();
        log_in(&person, &[]);
        for request in person.sandbox.requests() {
            let random = match request.path.as_str() {
                "/token" => parameter(&format!("?{}", request.body), "code_verifier"),
                _ => parameter(&format!("?{}", request.query), "state"),
            };
            // 32 random octets in base64url; that the challenge fits is checked by the sandbox.
            assert_eq!(random.len(), 43);
            let is_unreserved = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            assert!(random.chars().all(is_unreserved));
            assert!(seen.insert(random), "drawn twice");
        }
    }
    assert_eq!(seen.len(), 2 * times);
}

#[test]
fn c10_a_refused_consent_exits_4_and_the_browser_says_so() {
    let person = person(Options { deny: true, ..Options::default() });
    let run = fail(&person, &[], 4);
    assert!(run.stderr().contains("consent was not granted: access_denied"));
    assert!(run.stderr().contains("hint: consent was refused"));
    assert!(!person.credentials.exists());
}

#[test]
fn c10_a_refusal_without_the_state_is_ignored() {
    let person = consenting();
    let login = start(&person, &[]);
    for target in ["/?error=access_denied", "/?error=access_denied&state=x"] {
        let answer = login.get(target);
        assert_eq!(crate::status(&answer), "400");
    }
    visit(&login.url);
    person.check(login.running.finish()).expect(0);
}

#[test]
fn c12_the_browser_shows_success_only_after_the_file_is_written() {
    use gauth_sandbox::{Fault, FaultKind};

    let person = consenting();
    person.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    let login = start(&person, &[]);
    let url = login.url.clone();
    let file = person.credentials.clone();
    let browser = std::thread::spawn(move || (visit(&url), file.exists()));
    let patience = std::time::Duration::from_secs(30);
    assert!(person.sandbox.wait_for_held(1, patience));
    assert!(!browser.is_finished());
    assert!(!person.credentials.exists());
    person.sandbox.release();
    let (page, was_written) = browser.join().expect("a page");
    assert!(page.body.contains(WORKED));
    assert!(was_written);
    login.running.finish().expect(0);
}

#[test]
fn c23_fewer_scopes_than_asked_exit_4_naming_them_and_write_nothing() {
    let person = person(Options::default());
    let scopes = ["--scope", "analytics.readonly", "--scope", "analytics.edit"];
    let login = start(&person, &scopes);
    let page = visit(&login.url).click("Allow", &[EDIT]);
    assert!(page.body.contains(crate::FAILED));
    let run = person.check(login.running.finish()).expect_failure(4);
    assert!(run.stderr().contains("not granted for: analytics.edit\n"), "{}", run.stderr());
    assert!(run.stderr().contains("--allow-partial"));
    assert!(!person.credentials.exists());

    let login = start(&person, &[&scopes[..], &["--allow-partial"]].concat());
    visit(&login.url).click("Allow", &[EDIT]);
    let run = person.check(login.running.finish()).expect(0);
    assert!(run.stderr().contains("not granted for: analytics.edit\n"));
    assert_eq!(person.stored()["scopes"], json!([READONLY]));
}

#[test]
fn c17_two_logins_at_once_do_not_take_each_others_answers() {
    let person = consenting();
    let (one, other) = (start(&person, &[]), start(&person, &["--credentials", "other.json"]));
    assert_ne!(one.address(), other.address());
    assert_ne!(one.parameter("state"), other.parameter("state"));
    let (target_one, target_other) = (one.target(), other.target());
    assert_eq!(crate::status(&one.get(&target_other)), "400");
    assert_eq!(crate::status(&other.get(&target_one)), "400");
    assert_eq!(person.requests_to("/token").len(), 0);
    assert!(one.get(&target_one).contains(WORKED));
    assert!(other.get(&target_other).contains(WORKED));
    one.running.finish().expect(0);
    other.running.finish().expect(0);
    let (first, second) = (person.stored(), read_json(person.home.path().join("other.json")));
    assert_ne!(first["refresh_token"], second["refresh_token"]);
}

#[test]
fn c18_without_an_answer_the_deadline_exits_5() {
    let person = consenting();
    let login = start(&person, &["--timeout", "1"]);
    let address = login.address();
    let run = person.check(login.running.finish()).expect_failure(5);
    assert!(run.stderr().contains("no answer from the browser within 1 s"));
    assert!(TcpStream::connect(address).is_err());
    let help = testkit::run(person.command(&["--help"])).expect(0);
    assert!(help.stdout().contains("(default 300)"));
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind any port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn a_web_client_gets_its_registered_redirect_to_the_letter_and_prompt_consent() {
    let person = consenting();
    for path in ["", "/", "/oauth/callback"] {
        let uri = format!("http://localhost:{}{path}", free_port());
        let client = person.sandbox.web_client_secrets(&uri).expect("write a client file");
        // The file lists every URI registered so far; only the newest is needed here.
        let mut file = read_json(&client);
        file["web"]["redirect_uris"] = json!(["https://example.test/cb", uri]);
        let client = person.home.write("web.json", 0o600, file.to_string());
        for round in ["the first consent", "the second one, which still brings a refresh token"] {
            let mut command = person.command(&["--no-browser"]);
            command.env("GAUTH_CLIENT_SECRETS", &client);
            let login = Login::start(command);
            assert_eq!(login.redirect_uri(), uri);
            assert_eq!(login.parameter("prompt"), "consent");
            assert!(visit(&login.url).body.contains(WORKED), "{uri}: {round}");
            person.check(login.running.finish()).expect(0);
        }
        let port = testkit::run({
            let mut command = person.command(&["--port", "1"]);
            command.env("GAUTH_CLIENT_SECRETS", &client);
            command
        });
        assert!(port.expect_failure(2).stderr().contains("--port"));
    }
}

#[test]
fn the_path_of_an_installed_clients_loopback_uri_is_kept() {
    let person = consenting();
    let mut file = read_json(person.sandbox.client_secrets());
    file["installed"]["redirect_uris"] = json!(["urn:ietf:wg:oauth:2.0:oob", "http://127.0.0.1/a/b"]);
    let client = person.home.write("client.json", 0o600, file.to_string());
    let login = start(&person, &["--client-secrets", client.to_str().unwrap()]);
    assert!(login.redirect_uri().ends_with("/a/b"));
    assert!(visit(&login.url).body.contains(WORKED));
    person.check(login.running.finish()).expect(0);
}
