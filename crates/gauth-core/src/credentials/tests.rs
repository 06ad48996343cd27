//! Every kind of file against what it asks the token endpoint for.

mod descriptions;
mod hops;

use std::time::{Duration, SystemTime};

use super::*;
use crate::exchange::Step;
use crate::form;

const PKCS8: &str = include_str!("../../testdata/pkcs8.pem");
const PKCS1: &str = include_str!("../../testdata/pkcs1.pem");

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_850_487)
}

fn parse(json: serde_json::Value) -> Result<Credentials, Error> {
    parse_with(json, &|_| None)
}

fn parse_with(json: serde_json::Value, env: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Result<Credentials, Error> {
    let policy = Policy::default();
    let context = Context { policy: &policy, env };
    Credentials::parse(json.to_string().as_bytes(), &context)
}

fn refusal(json: serde_json::Value) -> String {
    match parse(json) {
        Ok(_) => panic!("must be refused"),
        Err(e) => format!("{e} {}", e.hint().unwrap_or_default()),
    }
}

fn user() -> serde_json::Value {
    serde_json::json!({
        "type": "authorized_user", "client_id": "id", "client_secret": "s", "refresh_token": "1//r",
    })
}

fn key(pem: &str) -> serde_json::Value {
    serde_json::json!({
        "type": "service_account", "client_email": "robot@p.iam.gserviceaccount.com",
        "private_key_id": "k1", "private_key": pem, "token_uri": "https://oauth2.googleapis.com/token",
    })
}

/// URL and form fields of the first request.
fn first_request(credentials: &Credentials, request: &TokenRequest) -> (String, Vec<(String, String)>) {
    let mut exchange = credentials.exchange(request, now()).unwrap();
    let Step::Send(request) = exchange.step(None, now()).unwrap() else { panic!("a request is needed") };
    let body = String::from_utf8(request.body().clone()).unwrap();
    (request.uri().to_string(), form::decode(&body).unwrap())
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

fn claims(jwt: &str) -> serde_json::Value {
    serde_json::Value::Object(crate::token::id_token_claims(&Secret::new(jwt)).unwrap())
}

#[test]
fn a_users_grant_is_refreshed_at_its_token_uri_and_names_no_scope() {
    let (url, fields) = first_request(&parse(user()).unwrap(), &TokenRequest::default());
    assert_eq!(url, "https://oauth2.googleapis.com/token");
    let expected =
        [("grant_type", "refresh_token"), ("refresh_token", "1//r"), ("client_id", "id"), ("client_secret", "s")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(fields, expected);
}

#[test]
fn scope_narrows_a_users_token() {
    let request =
        TokenRequest { scopes: Some(Scopes::from_typed(["analytics.readonly"]).unwrap()), ..TokenRequest::default() };
    let (_, fields) = first_request(&parse(user()).unwrap(), &request);
    assert_eq!(field(&fields, "scope"), crate::scope::DEFAULT);
}

#[test]
fn the_dialects_of_a_users_grant_ask_for_the_same() {
    let plain = first_request(&parse(user()).unwrap(), &TokenRequest::default());
    for (kind, file) in [
        (
            "google-auth",
            serde_json::json!({
                "token": "old", "refresh_token": "1//r", "client_id": "id", "client_secret": "s",
                "token_uri": "https://oauth2.googleapis.com/token", "scopes": ["a"], "expiry": "2026-01-31T09:08:07.5Z",
            }),
        ),
        (
            "oauth2client",
            serde_json::json!({
                "_class": "OAuth2Credentials", "_module": "oauth2client.client", "access_token": "old",
                "refresh_token": "1//r", "client_id": "id", "client_secret": "s", "invalid": true, "id_token": null,
                "token_uri": "https://oauth2.googleapis.com/token", "token_expiry": "2014-01-31T09:08:07Z",
                "user_agent": null, "scopes": ["a"], "token_response": {"access_token": "old"},
            }),
        ),
    ] {
        let credentials = parse(file).unwrap();
        assert_eq!(credentials.kind(), kind);
        assert_eq!(first_request(&credentials, &TokenRequest::default()), plain);
    }
}

#[test]
fn g7_a_rotated_refresh_token_changes_only_that_field() {
    let mut file = user();
    file["x"] = serde_json::json!({"kept": [1]});
    let rotated = parse(file.clone()).unwrap().with_refresh_token(&Secret::new("1//new"));
    file["refresh_token"] = "1//new".into();
    let written: serde_json::Value = serde_json::from_slice(&rotated.to_bytes()).unwrap();
    assert_eq!(written, file);
}

#[test]
fn a_key_signs_the_assertion_of_rfc_7523_in_either_pem_form() {
    let (url, fields) = first_request(&parse(key(PKCS8)).unwrap(), &TokenRequest::default());
    assert_eq!(url, "https://oauth2.googleapis.com/token");
    assert_eq!(field(&fields, "grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let assertion = field(&fields, "assertion");
    // Checked once with `openssl dgst -sha256 -verify`; RS256 is deterministic.
    assert_eq!(assertion, include_str!("../../testdata/assertion.jwt").trim_end());
    assert_eq!(
        claims(assertion),
        serde_json::json!({
            "iss": "robot@p.iam.gserviceaccount.com", "scope": crate::scope::DEFAULT,
            "aud": "https://oauth2.googleapis.com/token", "iat": 1_769_850_477, "exp": 1_769_854_077,
        })
    );
    for same in [PKCS1.to_owned(), PKCS8.replace('\n', "\\n"), PKCS8.replace('\n', "\r\n")] {
        let (_, fields) = first_request(&parse(key(&same)).unwrap(), &TokenRequest::default());
        assert_eq!(field(&fields, "assertion"), assertion);
    }
}

#[test]
fn a_key_in_a_pkcs12_file_signs_the_same() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let p12 = STANDARD.encode(include_bytes!("../../testdata/3des.p12"));
    let (_, plain) = first_request(&parse(key(PKCS8)).unwrap(), &TokenRequest::default());
    let mut gcloud = key(&p12);
    gcloud["type"] = "service_account_p12".into();
    let oauth2client = serde_json::json!({
        "_class": "ServiceAccountCredentials", "_module": "oauth2client.service_account",
        "_service_account_email": "robot@p.iam.gserviceaccount.com", "_private_key_id": "k1",
        "_private_key_pkcs12": p12, "_private_key_password": "notasecret",
        "token_uri": "https://oauth2.googleapis.com/token",
    });
    let assertion = |key: &str| {
        serde_json::json!({
            "_class": "SignedJwtAssertionCredentials", "_module": "oauth2client.client", "assertion_type": null,
            "service_account_name": "robot@p.iam.gserviceaccount.com", "private_key": key,
            "private_key_id": "k1", "private_key_password": "notasecret", "scope": "a", "kwargs": {},
            "token_uri": "https://oauth2.googleapis.com/token",
        })
    };
    let (older, older_pem) = (assertion(&p12), assertion(&STANDARD.encode(PKCS8)));
    for file in [gcloud.clone(), oauth2client, older, older_pem] {
        let (_, fields) = first_request(&parse(file).unwrap(), &TokenRequest::default());
        assert_eq!(fields, plain);
    }
    gcloud["password"] = "guess".into();
    let Err(error) = parse(gcloud).unwrap().exchange(&TokenRequest::default(), now()) else {
        panic!("must be refused")
    };
    assert_eq!(error.to_string(), "field private_key: wrong password");
}

#[test]
fn subject_scope_and_audience_stand_in_the_assertion() {
    let credentials = parse(key(PKCS8)).unwrap();
    let delegated = TokenRequest {
        subject: Some("ada@example.test".into()),
        scopes: Some(Scopes::from_typed(["b a"]).unwrap()),
        ..TokenRequest::default()
    };
    let (_, fields) = first_request(&credentials, &delegated);
    let said = claims(field(&fields, "assertion"));
    assert_eq!(said["sub"], "ada@example.test");
    assert_eq!(said["scope"], "https://www.googleapis.com/auth/a https://www.googleapis.com/auth/b");
    let identity = TokenRequest { audience: Some("https://run.example.test".into()), ..TokenRequest::default() };
    let (_, fields) = first_request(&credentials, &identity);
    let said = claims(field(&fields, "assertion"));
    assert_eq!(said["target_audience"], "https://run.example.test");
    assert_eq!(said.get("scope"), None);
}

#[test]
fn a_self_signed_jwt_needs_no_request() {
    let request = TokenRequest { self_signed: true, ..TokenRequest::default() };
    let credentials = parse(key(PKCS8)).unwrap();
    let Step::Done(token) = credentials.exchange(&request, now()).unwrap().step(None, now()).unwrap() else {
        panic!("no request is needed")
    };
    let said = claims(token.token.expose());
    assert_eq!(said["sub"], said["iss"]);
    assert_eq!(said["scope"], crate::scope::DEFAULT);
    assert_eq!(said.get("aud"), None);
    assert_eq!(token.life, Some(Duration::from_secs(3590)));
}

#[test]
fn e10_keys_that_cannot_sign_are_named() {
    for (pem, part) in [
        (include_str!("../../testdata/encrypted.pem"), "encrypted"),
        (include_str!("../../testdata/ec_pkcs8.pem"), "expected an RSA key"),
        (include_str!("../../testdata/ec_sec1.pem"), "expected an RSA key"),
        (include_str!("../../testdata/rsa1024.pem"), "under 2048"),
        (include_str!("../../testdata/rsa8192.pem"), "over 4096"),
        ("canary", "not a PEM private key"),
    ] {
        let Err(error) = parse(key(pem)).unwrap().exchange(&TokenRequest::default(), now()) else {
            panic!("{part}: must be refused")
        };
        let text = error.to_string();
        assert!(text.contains(part) && text.contains("private_key"), "{text}");
        assert!(!text.contains("canary"));
        assert_eq!(error.kind(), crate::Kind::Usage);
    }
}

#[test]
fn e10_a_bare_key_is_refused_with_the_form_it_needs() {
    let policy = Policy::default();
    let context = Context { policy: &policy, env: &|_| None };
    let p12 = include_bytes!("../../testdata/3des.p12");
    for (bytes, kind) in [(&p12[..], "service_account_p12"), (PKCS8.as_bytes(), "\"service_account\"")] {
        let Err(error) = Credentials::parse(bytes, &context) else { panic!("must be refused") };
        assert_eq!(error.kind(), crate::Kind::Usage);
        assert!(error.hint().unwrap().contains(kind));
    }
}

#[test]
fn e6_anything_else_is_refused_by_name() {
    use serde_json::json;
    for (file, part) in [
        (json!({"type": "gdch_service_account"}), "gdch_service_account"),
        (json!({"type": ["authorized_user"]}), "field type: expected a string"),
        (json!({}), "field type: missing"),
        (json!({"installed": {}}), "gauth-login --client-secrets"),
        (json!({"_class": "AccessTokenCredentials"}), "AccessTokenCredentials"),
        (json!({"_class": "FlowCanary"}), "not supported"),
        (json!({"type": "authorized_user"}), "client_id: missing"),
        (json!({"type": "service_account"}), "private_key: missing"),
    ] {
        let said = refusal(file);
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn e2_a_file_cannot_send_its_secrets_elsewhere() {
    for mut file in [user(), key(PKCS8)] {
        file["token_uri"] = "https://oauth2.googleapis.com.evil.test/token".into();
        assert!(refusal(file).contains("GAUTH_ALLOW_HOSTS"));
    }
}

#[test]
fn what_a_users_grant_cannot_do_is_refused_with_the_reason() {
    for request in [
        TokenRequest { subject: Some("a@b.test".into()), ..TokenRequest::default() },
        TokenRequest { self_signed: true, ..TokenRequest::default() },
    ] {
        let credentials = parse(user()).unwrap();
        let Err(error) = credentials.exchange(&request, now()) else { panic!("must be refused") };
        assert_eq!(error.kind(), crate::Kind::Usage);
    }
}
