//! Grants that are bound to a key (DPoP, RFC 9449): opt-in, for gauth alone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gauth_sandbox::{Fault, FaultKind, Options};
use serde_json::{Value, json};
use testkit::{Run, User, mode, token};

use crate::{READONLY, consenting, log_in, person};

/// Somebody with a bound grant.
fn bound(options: Options) -> User {
    let person = person(Options { auto_consent: true, ..options });
    let run = log_in(&person, &["--dpop"]);
    assert!(
        run.stderr().contains("bound to the key in its file (DPoP): other tools cannot use it"),
        "{}",
        run.stderr()
    );
    person
}

/// gauth-token of the same person; nothing of the key is ever shown.
#[track_caller]
fn gauth_token(person: &User, options: &[&str]) -> Run {
    let run = testkit::run(person.command_of_sibling("gauth-token", options));
    let key = person.stored()["dpop_key"].as_str().unwrap_or("-----").to_owned();
    for line in key.lines() {
        assert!(!run.stderr().contains(line), "{}", run.stderr());
    }
    run
}

/// The claims of the proofs that were sent so far.
fn proofs(person: &User) -> Vec<Option<Value>> {
    let claims = |proof: &str| {
        let claims = URL_SAFE_NO_PAD.decode(proof.split('.').nth(1).expect("claims")).expect("base64url");
        serde_json::from_slice(&claims).expect("JSON")
    };
    person.requests_to("/token").iter().map(|request| request.header("dpop").map(claims)).collect()
}

#[test]
fn a_bound_grant_gives_tokens_with_a_proof_for_each_request() {
    let person = bound(Options::default());
    assert_eq!(mode(&person.credentials), 0o600);
    let key = person.stored()["dpop_key"].as_str().expect("a key").to_owned();
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----\n") && key.ends_with("-----END PRIVATE KEY-----\n"));
    assert_eq!(person.stored()["type"], "authorized_user");
    let bearer = token(&gauth_token(&person, &["--verbose"]).expect(0));
    assert_eq!(person.tokeninfo("access_token", &bearer)["scope"], READONLY);
    let sent: Vec<Value> = proofs(&person).into_iter().map(|proof| proof.expect("a proof")).collect();
    // Of the code and of the refresh: one without the server's nonce, one with it.
    assert_eq!(sent.iter().map(|proof| proof["nonce"].is_string()).collect::<Vec<_>>(), [false, true, false, true]);
    let code = person.requests_to("/token").swap_remove(0).body;
    let code = code.split("code=").nth(1).and_then(|rest| rest.split('&').next()).expect("the code");
    let digest = ring::digest::digest(&ring::digest::SHA256, code.replace("%2F", "/").as_bytes());
    assert_eq!(sent[0]["jti"], URL_SAFE_NO_PAD.encode(digest));
    let mut ids: Vec<&Value> = sent.iter().map(|proof| &proof["jti"]).collect();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    for proof in &sent {
        assert_eq!((&proof["htm"], &proof["htu"]), (&json!("POST"), &json!(format!("{}/token", person.sandbox.url()))));
    }
    // From the cache there is nothing to prove.
    gauth_token(&person, &[]).expect(0);
    assert_eq!(proofs(&person).len(), 4);
}

#[test]
fn without_dpop_nothing_is_bound() {
    let person = consenting();
    log_in(&person, &[]);
    gauth_token(&person, &[]).expect(0);
    assert!(proofs(&person).iter().all(Option::is_none));
    assert!(person.stored().get("dpop_key").is_none());
}

#[test]
fn a_renewal_stays_bound_to_a_new_key() {
    let person = bound(Options::default());
    let before = person.stored();
    let run = log_in(&person, &[]);
    assert!(run.stderr().contains("(DPoP)"), "{}", run.stderr());
    assert_ne!(person.stored()["dpop_key"], before["dpop_key"]);
    token(&gauth_token(&person, &[]).expect(0));
}

#[test]
fn a_grant_is_refused_with_another_key_and_without_one() {
    let person = bound(Options::default());
    gauth_token(&person, &[]).expect(0);
    let whole = person.stored();
    let mut other = whole.clone();
    other["dpop_key"] = include_str!("../../crates/gauth-core/testdata/ec_pkcs8.pem").into();
    let mut none = whole.clone();
    none.as_object_mut().expect("an object").remove("dpop_key");
    for file in [other, none] {
        person.keep(&file);
        // The key is part of whose tokens are in the cache.
        let run = gauth_token(&person, &[]).expect_failure(4);
        assert!(run.stderr().contains("invalid_dpop_proof"), "{}", run.stderr());
    }
    for key in ["x", include_str!("../../crates/gauth-core/testdata/pkcs8.pem")] {
        let mut damaged = whole.clone();
        damaged["dpop_key"] = key.into();
        person.keep(&damaged);
        let run = gauth_token(&person, &[]).expect_failure(2);
        assert!(run.stderr().contains("field dpop_key: not a private key on P-256"), "{}", run.stderr());
    }
    // A login repairs the file.
    log_in(&person, &[]);
    token(&gauth_token(&person, &[]).expect(0));
}

#[test]
fn every_try_has_a_proof_of_its_own() {
    let person = bound(Options::default());
    let unavailable = FaultKind::Respond { status: 503, headers: Vec::new(), body: String::new() };
    person.sandbox.fault(Fault { path: "/token".into(), kind: unavailable, times: 2, after: 0 });
    let before = proofs(&person).len();
    token(&gauth_token(&person, &[]).expect(0));
    let sent = proofs(&person).split_off(before);
    let ids: std::collections::HashSet<String> =
        sent.iter().map(|proof| proof.as_ref().expect("a proof")["jti"].to_string()).collect();
    assert_eq!((sent.len(), ids.len()), (4, 4));
}

#[test]
fn a_replaced_refresh_token_stays_bound() {
    let person = bound(Options { rotate: true, ..Options::default() });
    let key = person.stored()["dpop_key"].clone();
    for _ in 0..3 {
        token(&gauth_token(&person, &["--refresh"]).expect(0));
        assert_eq!(person.stored()["dpop_key"], key);
    }
}

#[test]
fn a_bound_grant_is_not_converted_and_the_reason_given() {
    let person = bound(Options::default());
    for dialect in ["google-auth", "authorized_user"] {
        let command = person.command_of_sibling("gauth-info", &["--convert", dialect]);
        let run = person.run_command(command).expect_failure(2);
        assert!(run.stderr().contains("bound to the key in field dpop_key"), "{}", run.stderr());
        assert!(run.stderr().contains("hint: run gauth-login --credentials FILE"), "{}", run.stderr());
        assert_eq!(run.stdout(), "");
    }
    let run = testkit::run(person.command_of_sibling("gauth-info", &["--format", "json"])).expect(0);
    let report: Value = serde_json::from_str(run.stdout()).expect("JSON");
    assert_eq!(report["dpop_thumbprint"].as_str().map(str::len), Some(43));
    assert!(!run.stdout().contains("PRIVATE KEY"));
}

#[test]
fn a_server_that_never_accepts_its_own_nonce_is_asked_twice() {
    let person = bound(Options::default());
    let nonce = ("DPoP-Nonce".to_owned(), "n".to_owned());
    let body = json!({"error": "use_dpop_nonce"}).to_string();
    let kind = FaultKind::Respond { status: 400, headers: vec![nonce], body };
    person.sandbox.fault(Fault { path: "/token".into(), kind, times: 9, after: 0 });
    let before = proofs(&person).len();
    let run = gauth_token(&person, &[]).expect_failure(1);
    assert!(run.stderr().contains("use_dpop_nonce"), "{}", run.stderr());
    assert_eq!(proofs(&person).len(), before + 2);
}
