//! The security token service: what it takes for a subject token, and what it refuses.

use gauth_sandbox::Provider;
use serde_json::{Value, json};

use crate::{Answer, READONLY, Visitor, changed};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const SAML: &str = "urn:ietf:params:oauth:token-type:saml2";

fn exchange(visitor: &Visitor, headers: &[(&str, &str)], changes: &[(&str, &str)]) -> Answer {
    let audience = Provider::Oidc.audience();
    let subject = visitor.sandbox.subject_token(Provider::Oidc, &json!({}));
    let usual = [
        ("grant_type", EXCHANGE),
        ("audience", &*audience),
        ("scope", READONLY),
        ("requested_token_type", ACCESS_TOKEN),
        ("subject_token", &*subject),
        ("subject_token_type", JWT),
    ];
    visitor.post_with("/v1/token", headers, &changed(&usual, changes))
}

fn basic(id: &str, secret: &str) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    format!("Basic {text}")
}

#[test]
fn a_subject_token_becomes_an_access_token_of_that_subject() {
    let visitor = Visitor::new(Default::default());
    let answer = exchange(&visitor, &[], &[("scope", "email")]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = answer.json();
    assert_eq!(body["issued_token_type"], ACCESS_TOKEN);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3599);
    let token = body["access_token"].as_str().expect("a token");
    let info = visitor.get(&format!("/tokeninfo?access_token={token}"), &[]).json();
    let who = info["email"].as_str().expect("who it is");
    assert!(who.starts_with("principal://iam.googleapis.com/projects/"), "{who}");
}

#[test]
fn every_parameter_of_an_exchange_is_checked() {
    let visitor = Visitor::new(Default::default());
    for (changes, error, says) in [
        (&[("grant_type", "refresh_token")][..], "unsupported_grant_type", "grant_type"),
        (&[("grant_type", "")], "invalid_request", "grant_type"),
        (&[("audience", "//iam.googleapis.com/other")], "invalid_request", "\"audience\""),
        (&[("audience", "")], "invalid_request", "audience"),
        (&[("scope", "")], "invalid_request", "scope"),
        (&[("scope", "nonsense")], "invalid_scope", "nonsense"),
        (&[("requested_token_type", JWT)], "invalid_request", "\"requested_token_type\""),
        (&[("requested_token_type", "")], "invalid_request", "requested_token_type"),
        (&[("subject_token_type", SAML)], "invalid_request", "\"subject_token_type\""),
        (&[("subject_token", "")], "invalid_request", "subject_token"),
        (&[("subject_token", "a.b.c")], "invalid_grant", "parse"),
        (&[("client_secret", "x")], "invalid_request", "client_secret"),
        (&[("options", "{\"userProject\":\"p\"}")], "invalid_request", "workforce"),
        (&[("options", "{}")], "invalid_request", "options"),
    ] {
        exchange(&visitor, &[], changes).assert_error(400, error, says);
    }
    let wrong = basic("w0rkf0rce-client-of-the-sandbox", "guess");
    exchange(&visitor, &[("authorization", &wrong)], &[]).assert_error(401, "invalid_client", "");
    assert_eq!(visitor.get("/v1/token", &[]).status, 400);
}

#[test]
fn an_outside_token_is_checked_for_issuer_audience_times_and_signature() {
    let visitor = Visitor::new(Default::default());
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (claims, says) in [
        (json!({"iss": "https://other.test"}), "issuer"),
        (json!({"aud": "//iam.googleapis.com/other"}), "audience"),
        (json!({"aud": [Provider::Oidc.audience()]}), "audience"),
        (json!({"exp": now - 1}), "stale"),
        (json!({"iat": now + 3600, "exp": now + 7200}), "stale"),
        (json!({"exp": now + 100_000}), "stale"),
        (json!({"exp": Value::Null}), "stale"),
        (json!({"sub": Value::Null}), "google.subject"),
    ] {
        let token = visitor.sandbox.subject_token(Provider::Oidc, &claims);
        exchange(&visitor, &[], &[("subject_token", &token)]).assert_error(400, "invalid_grant", says);
    }
    // With and without https:, the provider's name is its audience.
    let plain = json!({"aud": Provider::Oidc.audience()});
    let token = visitor.sandbox.subject_token(Provider::Oidc, &plain);
    assert_eq!(exchange(&visitor, &[], &[("subject_token", &token)]).status, 200);
    // One for another provider does not do.
    let other = visitor.sandbox.subject_token(Provider::Workforce, &json!({}));
    exchange(&visitor, &[], &[("subject_token", &other)]).assert_error(400, "invalid_grant", "audience");
}

#[test]
fn a_saml_response_is_valid_only_for_its_provider() {
    let visitor = Visitor::new(Default::default());
    let audience = Provider::Saml.audience();
    let response = visitor.sandbox.saml_response().to_owned();
    let saml = [("audience", audience.as_str()), ("subject_token_type", SAML), ("subject_token", &response)];
    assert_eq!(exchange(&visitor, &[], &saml).status, 200);
    let forged = [saml[0], saml[1], ("subject_token", "forged")];
    exchange(&visitor, &[], &forged).assert_error(400, "invalid_grant", "SAML");
}

#[test]
fn a_workforce_grant_is_refreshed_only_by_its_client_with_basic() {
    let visitor = Visitor::new(Default::default());
    let file = visitor.sandbox.external_account_authorized_user(&[READONLY]);
    let text = |name: &str| file[name].as_str().expect(name).to_owned();
    let (id, secret, token) = (text("client_id"), text("client_secret"), text("refresh_token"));
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    let path = "/v1/oauthtoken";
    let header = basic(&id, &secret);
    let answer = visitor.post_with(path, &[("authorization", &header)], &form);
    assert_eq!(answer.json()["scope"], READONLY);
    visitor.post(path, &form).assert_error(401, "invalid_client", "required");
    let guess = basic(&id, "guess");
    visitor.post_with(path, &[("authorization", &guess)], &form).assert_error(401, "invalid_client", "");
    let in_form = [&form[..], &[("client_id", &*id), ("client_secret", &*secret)]].concat();
    visitor.post_with(path, &[("authorization", &header)], &in_form).assert_error(400, "invalid_request", "client_id");
    // The grant is the workforce client's and the workforce client is unknown elsewhere.
    let (installed, its_secret) = visitor.client();
    visitor.refresh(&token, &[]).assert_error(401, "unauthorized_client", "");
    let installed = basic(&installed, &its_secret);
    visitor.post_with(path, &[("authorization", &installed)], &form).assert_error(401, "invalid_client", "");
    visitor.refresh(&token, &[("client_id", &id), ("client_secret", &secret)]).assert_error(
        401,
        "invalid_client",
        "not found",
    );
}

#[test]
fn the_outside_endpoint_wants_its_header() {
    let visitor = Visitor::new(Default::default());
    assert_eq!(visitor.get("/outside/token", &[]).status, 400);
    let answer = visitor.get("/outside/token", &[("metadata", "true")]);
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(exchange(&visitor, &[], &[("subject_token", &token)]).status, 200);
    assert!(visitor.sandbox.secrets().contains(&token));
}
