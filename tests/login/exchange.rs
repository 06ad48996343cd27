//! The token request: sent once, and what its answers do to the file that is there.

use std::fs;

use gauth_sandbox::{Fault, FaultKind};

use crate::{consenting, fail, log_in, start};

fn respond(body: &str) -> FaultKind {
    FaultKind::Respond {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_owned(),
    }
}

fn oauth(status: u16, error: &str) -> FaultKind {
    FaultKind::OAuth {
        status,
        error: error.to_owned(),
        description: Some("in the server's own words".to_owned()),
        subtype: None,
    }
}

#[test]
fn c12_h6_h7_every_refusal_of_the_token_endpoint_has_its_exit_code_and_a_page() {
    for (kind, code, words) in [
        (oauth(400, "invalid_grant"), 3, "invalid_grant: in the server's own words"),
        (oauth(401, "invalid_client"), 4, "invalid_client: in the server's own words"),
        (oauth(400, "invalid_request"), 1, "invalid_request"),
        (oauth(403, "org_internal"), 4, "org_internal"),
        (FaultKind::Html { status: 502 }, 5, "HTTP 502"),
        (FaultKind::HangUp, 5, "/token"),
        (respond("{}"), 1, "access_token"),
        (respond("not JSON"), 1, "not JSON"),
        (FaultKind::Redirect { status: 307, location: "http://127.0.0.1:1/".to_owned() }, 1, "HTTP 307"),
    ] {
        let person = consenting();
        let named = format!("{kind:?}");
        person.sandbox.fault(Fault::new("/token", kind));
        let run = fail(&person, &[], code);
        assert!(run.stderr().contains(words), "{named}: {}", run.stderr());
        assert!(!person.credentials.exists(), "{named}");
    }
}

#[test]
fn c16_a_code_is_sent_only_once() {
    for kind in [FaultKind::HangUp, FaultKind::Html { status: 503 }, FaultKind::CutOff { after: 10 }] {
        let person = consenting();
        let named = format!("{kind:?}");
        person.sandbox.fault(Fault { times: 9, ..Fault::new("/token", kind) });
        let run = fail(&person, &[], 5);
        assert_eq!(person.requests_to("/token").len(), 1, "{named}");
        assert!(run.stderr().contains("run gauth-login again"), "{named}: {}", run.stderr());
    }
}

#[test]
fn c24_an_answer_without_a_refresh_token_leaves_the_old_file_untouched() {
    let person = consenting();
    log_in(&person, &[]);
    let old = fs::read(&person.credentials).expect("the old file");
    let answer = respond(r#"{"access_token":"ya29.x","token_type":"Bearer","expires_in":3599}"#);
    person.sandbox.fault(Fault::new("/token", answer));
    let run = fail(&person, &[], 1);
    assert!(run.stderr().contains("no refresh_token"), "{}", run.stderr());
    assert_eq!(fs::read(&person.credentials).expect("the old file"), old);
}

#[test]
fn c23_an_answer_without_scopes_means_those_that_were_asked_for() {
    let person = consenting();
    let answer = respond(r#"{"access_token":"ya29.x","refresh_token":"1//x","token_type":"Bearer"}"#);
    person.sandbox.fault(Fault::new("/token", answer));
    log_in(&person, &["--scope", "analytics.edit"]);
    let written = &person.stored()["scopes"];
    assert_eq!(written[0], "https://www.googleapis.com/auth/analytics.edit");
}

#[test]
fn g1_what_a_server_says_cannot_command_the_terminal() {
    let evil = "a\u{1b}]0;x\u{7}b\u{9b}31mc\u{202e}d\re\n".to_owned() + &"x".repeat(1 << 20);
    let person = consenting();
    person.sandbox.fault(Fault::new(
        "/token",
        FaultKind::OAuth {
            status: 400,
            error: "invalid_grant".to_owned(),
            description: Some(evil.clone()),
            subtype: None,
        },
    ));
    let token_error = fail(&person, &[], 3);

    let login = start(&person, &[]);
    let target = gauth_core::form::encode(&[
        ("state", &login.parameter("state")),
        ("error", "access_denied"),
        ("error_description", &evil[..40]),
    ]);
    assert!(login.get(&format!("/?{target}")).contains(crate::FAILED));
    let consent_error = person.check(login.running.finish()).expect_failure(4);

    for run in [token_error, consent_error] {
        let stderr = run.stderr();
        assert!(stderr.contains("a\\x1b]0;x"), "{stderr}");
        let is_harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!stderr.contains(is_harmful), "{stderr:?}");
        assert!(stderr.len() < 8192);
    }
}
