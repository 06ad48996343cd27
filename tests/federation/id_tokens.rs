//! `--audience`: ID tokens from every source that can give one. The sandbox verifies the signature of each.

use serde_json::Value;

use testkit::User;

use super::{EMAIL, READONLY, holding, impersonated, machine, user};

const AUDIENCE: &str = "https://reports-abc123.a.run.app";

#[track_caller]
fn id_token(machine: &User, options: &[&str]) -> Value {
    let token = machine.token(&[&["--audience", AUDIENCE], options].concat());
    let info = machine.tokeninfo("id_token", &token);
    assert_eq!(info["aud"], AUDIENCE);
    info
}

#[test]
fn a_key_gets_an_id_token_by_its_target_audience() {
    for p12 in [false, true] {
        let machine = holding(|m| if p12 { m.sandbox.service_account_p12() } else { m.key() });
        let info = id_token(&machine, &[]);
        assert_eq!(info["email"], machine.sandbox.service_account_email());
        assert_eq!(machine.asked(), ["/token"]);
    }
}

#[test]
fn impersonation_gets_one_from_iam_with_any_source() {
    let machine = machine();
    let analyst = machine.sandbox.analyst();
    let workforce = machine.sandbox.external_account_authorized_user(&[super::CLOUD_PLATFORM]);
    for file in [user(&machine), machine.key(), machine.outside(None), workforce] {
        machine.keep(&file);
        let info = id_token(&machine, &["--impersonate", analyst]);
        assert_eq!(info["email"], analyst);
    }
    for file in [impersonated(&machine), machine.outside(Some(analyst))] {
        machine.keep(&file);
        assert_eq!(id_token(&machine, &[])["email"], analyst);
        let last = machine.asked().pop().expect("a request");
        assert!(last.ends_with(":generateIdToken"), "{last}");
    }
}

#[test]
fn a_users_grant_gives_one_only_for_its_own_client() {
    let machine = machine();
    let grant = machine.sandbox.grant(&["openid", EMAIL, READONLY]);
    let mut file = user(&machine);
    file["refresh_token"] = grant.refresh_token.into();
    machine.keep(&file);
    let token = machine.token(&["--audience", &grant.client_id]);
    let info = machine.tokeninfo("id_token", &token);
    assert_eq!(info["aud"], grant.client_id);
    assert_eq!(info["email"], "alex@example.com");
    machine.refused_offline(&["--audience", AUDIENCE], "for the client");
    // A grant without openid cannot.
    let grant = machine.sandbox.grant(&[READONLY]);
    file["refresh_token"] = grant.refresh_token.into();
    machine.keep(&file);
    let run = machine.run(&["--audience", &grant.client_id]);
    let run = run.expect_failure(2);
    assert!(run.stderr().contains("does not cover openid"), "{}", run.stderr());
    assert!(run.stderr().contains("hint: run gauth-login with --scope openid"), "{}", run.stderr());
}

#[test]
fn an_id_token_is_cached_by_its_audience_and_printed_as_one() {
    let machine = holding(impersonated);
    let one = machine.token(&["--audience", AUDIENCE]);
    assert_eq!(machine.token(&["--audience", AUDIENCE]), one);
    assert_ne!(machine.token(&["--audience", "https://other.test"]), one);
    assert_ne!(machine.token(&[]), one);
    let run = machine.run(&["--audience", AUDIENCE, "--format", "json"]).expect(0);
    let printed: Value = serde_json::from_str(run.stdout()).expect("JSON");
    assert_eq!(printed["id_token"], one);
    assert!(printed["expires_in"].as_u64().is_some_and(|left| left > 3000));
    assert_eq!(printed.get("access_token"), None);
    let run = machine.run(&["--audience", AUDIENCE, "--explain"]).expect(0);
    let said = run.stderr();
    assert!(said.contains(&format!("audience: {AUDIENCE}\n")), "{said}");
    assert!(!said.contains("scopes:"), "{said}");
}
