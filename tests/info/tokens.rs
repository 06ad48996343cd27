//! Tokens: what tokeninfo and userinfo say, and that the token is seen nowhere on the way (D1, D3, D4, D9, G8).

use serde_json::json;
use testkit::{Answer, Home, Run, ScriptedServer, run_with_input};

use crate::{BIN, READONLY, json_report, logged_in};

const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";

#[test]
fn d9_a_token_is_looked_up_only_by_header() {
    let user = logged_in();
    let token = user.sandbox.access_token(&["openid", EMAIL, READONLY]);
    let report = json_report(&user, &["--token", &token]);
    assert_eq!(report["kind"], "access token");
    assert_eq!(report["account"], "alex@example.com");
    assert_eq!(report["client_id"], user.stored()["client_id"]);
    assert_eq!(report["scopes"], json!([READONLY, EMAIL, "openid"]));
    assert!((3500..=3599).contains(&report["expires_in"].as_u64().expect("a number")));
    assert!(report["expiry"].as_str().is_some_and(|end| end.ends_with('Z')));
    let requests = user.sandbox.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("POST", "/tokeninfo"));
    assert_eq!((requests[0].query.as_str(), requests[0].body.as_str()), ("", ""));
    assert_eq!(requests[0].header("authorization"), Some(format!("Bearer {token}").as_str()));
}

#[test]
fn a_token_without_an_identity_has_no_account() {
    let user = logged_in();
    let token = user.sandbox.access_token(&[READONLY]);
    let run = user.run(&["--token", &token]).expect(0);
    assert!(!run.stdout().contains("account"), "{}", run.stdout());
    assert_eq!(run.stderr(), "gauth-info: hint: get a token with the scope email to see whose it is\n");
    assert_eq!(user.sandbox.requests().len(), 1);
}

#[test]
fn the_email_comes_from_userinfo_where_tokeninfo_keeps_it_back() {
    let server = ScriptedServer::start([
        Answer::json(200, format!(r#"{{"azp":"id","scope":"{EMAIL}","expires_in":"60"}}"#)),
        Answer::json(200, r#"{"sub":"1","email":"ada@example.com"}"#),
    ]);
    let run = look_up(&server, "ya29.canary-0123456789", &[]).expect(0);
    assert!(run.stdout().contains("account     ada@example.com\n"), "{}", run.stdout());
    let requests = server.requests();
    let targets: Vec<_> = requests.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(targets, ["/tokeninfo", "/v1/userinfo"]);
}

#[test]
fn a_userinfo_that_fails_costs_only_the_email() {
    let server = ScriptedServer::start([
        Answer::json(200, format!(r#"{{"azp":"id","scope":"{EMAIL}","expires_in":"60"}}"#)),
        Answer::json(401, r#"{"error":"invalid_request","error_description":"Invalid Credentials"}"#),
    ]);
    let run = look_up(&server, "ya29.canary-0123456789", &[]).expect(0);
    assert!(run.stdout().contains("expires in  60\n"), "{}", run.stdout());
    assert!(run.stderr().contains("warning: account lookup failed: "), "{}", run.stderr());
}

/// Looks a token up at a server in Google's place, and sweeps both streams.
#[track_caller]
fn look_up(server: &ScriptedServer, token: &str, options: &[&str]) -> Run {
    let home = Home::new();
    let mut command = home.command(BIN);
    command.env("GAUTH_SANDBOX_URL", server.url()).args(["--token", token]).args(options);
    let run = testkit::run(command);
    run.assert_no_secret(&[token.to_owned()], false);
    run
}

#[test]
fn g8_a_dead_token_exits_3_with_a_remedy() {
    let user = logged_in();
    let token = user.sandbox.access_token(&[READONLY]);
    user.sandbox.expire_access_tokens();
    let run = user.run(&["--token", &token]).expect_failure(3);
    assert!(run.stderr().contains("invalid_token: Invalid Value"), "{}", run.stderr());
    assert!(run.stderr().contains("hint: "), "{}", run.stderr());
}

#[test]
fn every_other_answer_has_its_exit_code() {
    for (answer, code) in [
        (Answer::json(400, r#"{"error_description":"Invalid Value"}"#), 3),
        (Answer::json(200, r#"{"aud":7}"#), 1),
        (Answer::new(200, "", "<html>"), 1),
        (Answer::new(302, "Location: http://evil.example/\r\n", ""), 1),
        (Answer::json(403, r#"{"error":"access_denied"}"#), 4),
    ] {
        let server = ScriptedServer::start([answer]);
        look_up(&server, "ya29.canary-0123456789", &[]).expect_failure(code);
    }
}

#[test]
fn h10_a_token_comes_from_standard_input_and_an_empty_one_differs_from_a_malformed_one() {
    let user = logged_in();
    let token = user.sandbox.access_token(&[READONLY]);
    let from_stdin = |input: String| run_with_input(user.command(&["--token", "-"]), input);
    from_stdin(format!("{token}\n")).expect(0);
    let run = from_stdin(String::new()).expect_failure(3);
    assert!(run.stderr().contains("hint: run gauth-token"), "{}", run.stderr());
    from_stdin(format!("{token}\n{token}\n")).expect_failure(2);
    for (options, code) in
        [(&["--token"][..], 3), (&["--token", ""], 3), (&["--token", "--format", "json"], 3), (&["--token", "a b"], 2)]
    {
        user.run(options).expect_failure(code);
    }
    assert_eq!(user.sandbox.requests().len(), 1);
}

#[test]
fn d1_the_token_leaves_the_command_line_before_anything_is_sent() {
    let token = "ya29.canary-0123456789";
    let server = ScriptedServer::start([Answer::json(200, r#"{"azp":"id","scope":"a","expires_in":"60"}"#).held()]);
    let home = Home::new();
    let mut command = home.command(BIN);
    command.env("GAUTH_SANDBOX_URL", server.url()).args(["--token", token]);
    let running = testkit::Running::start(command);
    server.wait_for_requests(1);
    let line = std::fs::read(format!("/proc/{}/cmdline", running.id())).expect("read it");
    server.release();
    running.finish().expect(0);
    testkit::assert_no_secret("the command line", &line, &[token.to_owned()]);
}

#[test]
fn d4_verbose_shows_requests_without_the_token() {
    let user = logged_in();
    let token = user.sandbox.access_token(&["openid", EMAIL]);
    let run = user.run(&["--verbose", "--token", &token]).expect(0);
    assert!(run.stderr().contains("> POST http://127.0.0.1:"), "{}", run.stderr());
    let run = user.run(&["--verbose", "--check"]).expect(0);
    assert!(run.stderr().contains("/token"), "{}", run.stderr());
}

#[test]
fn an_id_token_goes_into_the_body_and_a_self_signed_jwt_nowhere() {
    let answer = r#"{"aud":"aud-1","azp":"id","email":"ada@example.com","exp":"9999999999"}"#;
    let server = ScriptedServer::start([Answer::json(200, answer)]);
    // The claims are {} and {"iss":"robot@p.test","sub":"robot@p.test","aud":"https://a/","exp":1}.
    let run = look_up(&server, "e30.e30.canary-0123456789", &[]).expect(0);
    assert!(run.stdout().contains("audience    aud-1\n"), "{}", run.stdout());
    let requests = server.requests();
    assert_eq!(requests[0].target, "/tokeninfo");
    assert_eq!(requests[0].field("id_token").as_deref(), Some("e30.e30.canary-0123456789"));
    let claims = "eyJpc3MiOiJyb2JvdEBwLnRlc3QiLCJzdWIiOiJyb2JvdEBwLnRlc3QiLCJhdWQiOiJodHRwczovL2EvIiwiZXhwIjoxfQ";
    let run = look_up(&server, &format!("e30.{claims}.canary-0123456789"), &[]).expect(0);
    assert!(run.stdout().contains("robot@p.test"), "{}", run.stdout());
    assert!(run.stdout().contains("expires in  0\n"), "{}", run.stdout());
    assert_eq!(server.requests().len(), 1);
}
