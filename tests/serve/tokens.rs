//! The tokens that are handed out, and how often Google is asked for them.

use std::thread;
use std::time::Duration;

use gauth_sandbox::{Fault, FaultKind, Options};
use serde_json::json;
use testkit::{Answer, ScriptedServer, User};

use crate::{BIN, EDIT, READONLY, Served, TOKEN, logged_in, with_key};

const LONG: Duration = Duration::from_secs(50);
const IDENTITY: &str = "/computeMetadata/v1/instance/service-accounts/default/identity";

#[test]
fn i11_two_hundred_requests_need_one_exchange() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    let tokens: Vec<String> = thread::scope(|scope| {
        let asking: Vec<_> = (0..200).map(|_| scope.spawn(|| served.token(""))).collect();
        assert!(user.sandbox.wait_for_held(1, LONG));
        user.sandbox.release();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(user.requests_to("/token").len(), 1);
    served.end();
}

#[test]
fn the_cache_is_shared_with_the_other_programs() {
    let user = logged_in();
    let token = testkit::token(&testkit::run(user.command_of_sibling("gauth-token", &[])));
    let served = Served::start(&user, &[]);
    assert_eq!(served.token(""), token);
    assert_eq!(user.requests_to("/token").len(), 1);
    served.end();
}

#[test]
fn i11_a_failure_is_503_without_its_reason_and_is_not_asked_for_again_at_once() {
    const REASON: &str = "the-reason-of-the-server";
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let refused = FaultKind::OAuth {
        status: 400,
        error: "invalid_grant".to_owned(),
        description: Some(REASON.to_owned()),
        subtype: None,
    };
    user.sandbox.fault(Fault::new("/token", FaultKind::Hold).times(1));
    user.sandbox.fault(Fault::new("/token", refused).times(50));
    thread::scope(|scope| {
        let ask = || scope.spawn(|| served.get(TOKEN));
        let asking: Vec<_> = (0..50).map(|_| ask()).collect();
        assert!(user.sandbox.wait_for_held(1, LONG));
        user.sandbox.release();
        for one in asking {
            let response = one.join().unwrap();
            assert!([200, 503].contains(&response.status), "{}", response.text);
            assert!(!response.text.contains(REASON) && !response.text.contains("invalid_grant"), "{}", response.text);
        }
    });
    let run = served.end();
    assert!(run.stderr().matches(REASON).count() <= 1, "{}", run.stderr());
}

#[test]
fn i11_the_reason_is_on_stderr_once_with_what_helps() {
    let user = logged_in();
    user.sandbox.revoke_all();
    let served = Served::start(&user, &[]);
    for _ in 0..20 {
        let response = served.get(TOKEN);
        assert_eq!((response.status, response.body.as_str()), (503, "no token: gauth-serve says why on stderr\n"));
    }
    assert!(user.requests_to("/token").len() < 20, "{:?}", user.asked());
    let run = served.end();
    assert_eq!(run.stderr().matches("cannot get a token for COMMAND").count(), 1, "{}", run.stderr());
    assert!(run.stderr().contains("run gauth-login"), "{}", run.stderr());
}

#[test]
fn i10_a_token_has_five_minutes_left_and_its_seconds_are_rounded_down() {
    let user = logged_in();
    user.sandbox.set_token_lifetime(250);
    let short = testkit::token(&testkit::run(user.command_of_sibling("gauth-token", &[])));
    user.sandbox.set_token_lifetime(3600);
    let served = Served::start(&user, &[]);
    let answer = served.json(TOKEN);
    assert_ne!(answer["access_token"], *short);
    let seconds = answer["expires_in"].as_u64().expect("whole seconds");
    assert!((300..3600).contains(&seconds), "{seconds}");
    served.end();
}

#[test]
fn i10_without_a_cache_the_server_remembers_its_tokens() {
    let user = logged_in();
    user.home.write(".cache", 0o600, "a file where the folder would be");
    let served = Served::start(&user, &[]);
    let token = served.token("");
    assert_eq!(served.token(""), token);
    assert_eq!(user.requests_to("/token").len(), 1);
    let run = served.end();
    assert_eq!(run.stderr().matches("not cached").count(), 1, "{}", run.stderr());
}

#[test]
fn i11_short_tokens_do_not_need_an_exchange_for_each_request() {
    let user = logged_in();
    user.sandbox.set_token_lifetime(120);
    let served = Served::start(&user, &[]);
    let first = served.json(TOKEN);
    assert!((60..=120).contains(&first["expires_in"].as_u64().expect("whole seconds")), "{first}");
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert_eq!(served.token(""), first["access_token"]));
        }
    });
    assert_eq!(user.requests_to("/token").len(), 1);
    let run = served.end();
    assert_eq!(run.stderr().matches("is valid for only").count(), 1, "{}", run.stderr());
}

#[test]
fn a_token_has_those_of_the_asked_scopes_that_the_grant_has() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let scopes = |query: &str| {
        let token = served.token(query);
        let info = user.tokeninfo("access_token", &token);
        let mut scopes: Vec<&str> = info["scope"].as_str().expect("scopes").split(' ').collect();
        scopes.sort_unstable();
        scopes.join(" ")
    };
    assert_eq!(scopes(""), format!("{EDIT} {READONLY}"));
    assert_eq!(scopes(&format!("?scopes={READONLY}")), READONLY);
    assert_eq!(scopes(&format!("?scopes={READONLY},https://www.googleapis.com/auth/bigquery")), READONLY);
    assert_eq!(scopes(&format!("?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fbigquery%2C{EDIT}")), EDIT);
    assert_eq!(scopes("?scopes="), format!("{EDIT} {READONLY}"));
    let before = user.requests_to("/token").len();
    assert_eq!(scopes(&format!("?scopes={EDIT},{READONLY}")), format!("{EDIT} {READONLY}"));
    assert_eq!(user.requests_to("/token").len(), before, "all of them is the token that is there");
    for _ in 0..2 {
        let response = served.get(&format!("{TOKEN}?scopes=https://www.googleapis.com/auth/bigquery"));
        assert_eq!(response.status, 403, "{}", response.text);
    }
    let run = served.end();
    assert_eq!(run.stderr().matches("scopes that the grant does not have: bigquery").count(), 1, "{}", run.stderr());
}

#[test]
fn a_service_account_has_the_scopes_that_were_chosen() {
    let (user, key) = with_key();
    for (options, answered) in [(&[][..], 403), (&["--scope", "analytics.edit"], 200)] {
        let options = [&["--credentials", &key], options].concat();
        let served = Served::start(&user, &options);
        assert_eq!(served.get(&format!("{TOKEN}?scopes={EDIT}")).status, answered);
        served.end();
    }
}

#[test]
fn impersonation_and_delegation_are_those_of_gauth_token() {
    let (user, key) = with_key();
    let target = "analyst@gauth-sandbox.iam.gserviceaccount.com";
    let served = Served::start(&user, &["--credentials", &key, "--impersonate", target]);
    assert_eq!(served.value("instance/service-accounts/default/email"), target);
    assert!(served.token("").starts_with("ya29."));
    assert!(user.requests().last().expect("a request").path.contains(target));
    served.end();
}

#[test]
fn id_tokens_are_for_the_audience_that_was_asked_for() {
    let (user, key) = with_key();
    let served = Served::start(&user, &["--credentials", &key]);
    let token = served.get(&format!("{IDENTITY}?audience=https://run.example.test&format=full")).body;
    assert_eq!(user.tokeninfo("id_token", &token)["aud"], "https://run.example.test");
    for query in ["", "?audience="] {
        assert_eq!(served.get(&format!("{IDENTITY}{query}")).status, 400);
    }
    served.end();
}

#[test]
fn a_users_id_token_is_for_the_client() {
    let user = User::logged_in(BIN, Options::default(), &["openid", "email", READONLY]);
    let client = user.stored()["client_id"].as_str().expect("a client").to_owned();
    let served = Served::start(&user, &[]);
    let token = served.get(&format!("{IDENTITY}?audience={client}")).body;
    assert_eq!(user.tokeninfo("id_token", &token)["aud"], *client);
    served.end();
}

#[test]
fn a_command_that_prints_the_credentials_is_run_once_and_replaced_tokens_are_used() {
    let user = User::new(BIN, Options { rotate: true, ..Options::default() });
    let grant = user.home.write("grant.json", 0o600, user.grant(&[READONLY, EDIT]).to_string());
    let log = user.home.path().join("log");
    let mut program = user.command(&[]);
    program.env("GAUTH_CREDENTIALS_COMMAND", format!("echo run >> {}; cat {}", log.display(), grant.display()));
    let served = Served::of(&user, program);
    for query in ["", &format!("?scopes={READONLY}"), &format!("?scopes={EDIT}")] {
        assert!(served.token(query).starts_with("ya29."));
    }
    assert!(user.requests_to("/token").iter().all(|request| request.status == Some(200)));
    served.end();
    assert_eq!(std::fs::read_to_string(log).expect("a log"), "run\n");
}

#[test]
fn an_id_token_that_the_credentials_cannot_give_is_404_and_reported_once() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    for _ in 0..3 {
        assert_eq!(served.get(&format!("{IDENTITY}?audience=https://run.example.test")).status, 404);
    }
    let run = served.end();
    assert_eq!(run.stderr().matches("a user's ID token can only be for the client").count(), 1, "{}", run.stderr());
    // A grant without openid, in a profile, whose hint names it.
    user.home.write(".config/gauth/profiles/acme.json", 0o600, user.grant(&[READONLY]).to_string());
    let client = user.stored()["client_id"].as_str().expect("a client").to_owned();
    let served = Served::start(&user, &["--profile", "acme"]);
    assert_eq!(served.get(&format!("{IDENTITY}?audience={client}")).status, 404);
    let run = served.end();
    assert!(run.stderr().contains("run gauth-login --profile acme"), "{}", run.stderr());
}

#[test]
fn a_subject_token_that_is_gone_is_503() {
    let user = User::new(BIN, Options::default());
    let file = user.file(&user.outside(Some("analyst@gauth-sandbox.iam.gserviceaccount.com")));
    let served = Served::start(&user, &["--credentials", &file]);
    assert_eq!(
        served.value("instance/service-accounts/default/email"),
        "analyst@gauth-sandbox.iam.gserviceaccount.com"
    );
    assert!(served.token("").starts_with("ya29."));
    std::fs::remove_file(user.home.path().join("subject-token")).expect("remove it");
    user.forget_tokens();
    assert_eq!(served.get(TOKEN).status, 503);
    served.end();
}

#[test]
fn a_new_login_is_used_once_the_old_grant_is_refused() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let old = served.token("");
    user.forget_tokens();
    user.keep(&user.grant(&[READONLY]));
    assert_ne!(served.token(""), old);
    let requests = user.requests_to("/token");
    assert_ne!(requests[0].body, requests[1].body, "the new grant's refresh token");
    served.end();
}

#[test]
fn a_replaced_refresh_token_is_saved_and_used() {
    let user = User::logged_in(BIN, Options { rotate: true, ..Options::default() }, &[READONLY, EDIT]);
    let before = user.stored();
    let served = Served::start(&user, &[]);
    served.token("");
    served.token(&format!("?scopes={READONLY}"));
    served.token("");
    assert_ne!(user.stored()["refresh_token"], before["refresh_token"]);
    assert_eq!(user.requests_to("/token").iter().filter(|request| request.status != Some(200)).count(), 0);
    served.end();
}

#[test]
fn credentials_from_a_pipe_serve_to_the_end() {
    let user = logged_in();
    let mut command = user.home.command("bash");
    let script = "exec \"$0\" --credentials <(cat .config/gauth/credentials.json) \"$@\"";
    command.envs(user.environment.iter().cloned()).args(["-c", script, BIN]);
    let served = Served::of(&user, command);
    let token = served.token("");
    user.forget_tokens();
    assert_ne!(served.token(""), token);
    served.end();
}

#[test]
fn a_server_that_does_not_say_how_long_a_token_lives_is_asked_again_in_five_minutes() {
    let google = ScriptedServer::start([Answer::json(200, r#"{"access_token": "ya29.x", "token_type": "Bearer"}"#)]);
    let mut user = logged_in();
    let mut grant = user.grant(&[READONLY]);
    grant["token_uri"] = json!(format!("{}/token", google.url()));
    user.keep(&grant);
    user.environment.push(("GAUTH_SANDBOX_URL", google.url().into()));
    let served = Served::start(&user, &[]);
    for _ in 0..2 {
        assert_eq!(served.json(TOKEN)["expires_in"], 302);
    }
    served.end();
}
