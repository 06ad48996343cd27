//! Assertions of the service account.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gauth_sandbox::Options;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::{Answer, READONLY, Visitor};

const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What a client reads from the key file.
pub(crate) struct Key {
    file: Value,
    pair: RsaKeyPair,
}

impl Key {
    pub(crate) fn read(path: &std::path::Path) -> Self {
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let pem = file["private_key"].as_str().unwrap();
        let pair = match PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap() {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => panic!("not an RSA key"),
        };
        Self { pair: pair.unwrap(), file }
    }

    pub(crate) fn header(&self) -> Value {
        json!({"alg": "RS256", "typ": "JWT", "kid": self.file["private_key_id"]})
    }

    pub(crate) fn claims(&self) -> Value {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        json!({
            "iss": self.file["client_email"],
            "scope": READONLY,
            "aud": self.file["token_uri"],
            "iat": now,
            "exp": now + 3600,
        })
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.signature(message.as_bytes())))
    }

    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        self.pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
        signature
    }
}

fn assert_exchange(visitor: &Visitor, assertion: &str) -> Answer {
    visitor.post("/token", &[("grant_type", BEARER), ("assertion", assertion)])
}

fn start() -> (Visitor, Key) {
    let visitor = Visitor::new(Options::default());
    let key = Key::read(&visitor.sandbox.service_account_key());
    (visitor, key)
}

#[test]
fn an_assertion_gives_an_access_token_in_both_forms_of_the_key() {
    let (visitor, pkcs8) = start();
    let pkcs1 = Key::read(&visitor.sandbox.service_account_key_pkcs1().unwrap());
    for key in [pkcs8, pkcs1] {
        let answer = assert_exchange(&visitor, &key.sign(&key.header(), &key.claims()));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let tokens = answer.json();
        assert_eq!(tokens["expires_in"], 3599);
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens.as_object().unwrap().len(), 3);
        let token = tokens["access_token"].as_str().unwrap();
        let info = visitor.get(&format!("/tokeninfo?access_token={token}"), &[]).json();
        assert_eq!(info["aud"], key.file["client_id"]);
        visitor.post("/revoke", &[("token", token)]).assert_error(400, "invalid_request", "not revocable");
    }
}

#[test]
fn each_claim_of_an_assertion_is_checked() {
    let (visitor, key) = start();
    let claims = key.claims();
    let (iat, exp) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    for (name, value, status, error, text) in [
        ("iss", json!("x@example.com"), 400, "invalid_grant", "account not found"),
        ("aud", json!("https://evil.test/token"), 400, "invalid_grant", "audience"),
        ("aud", json!(null), 400, "invalid_grant", "audience"),
        ("exp", json!(exp + 60), 400, "invalid_grant", "short-lived token (60 minutes)"),
        ("exp", json!(null), 400, "invalid_grant", "short-lived token"),
        ("iat", json!(iat + 900), 400, "invalid_grant", "reasonable timeframe"),
        ("scope", json!(null), 400, "invalid_scope", "Empty or missing scope"),
        ("scope", json!("analytics"), 400, "invalid_scope", "Invalid OAuth scope"),
        ("target_audience", json!("x"), 400, "invalid_request", "not both"),
        ("sub", json!("nobody@example.com"), 400, "invalid_grant", "Invalid email or User ID"),
    ] {
        let mut claims = claims.clone();
        claims[name] = value;
        let assertion = key.sign(&key.header(), &claims);
        assert_exchange(&visitor, &assertion).assert_error(status, error, text);
    }
}

#[test]
fn an_assertion_needs_the_right_signature_and_key_id() {
    let (visitor, key) = start();
    let other_id = json!({"alg": "RS256", "typ": "JWT", "kid": "0".repeat(40)});
    let other_algorithm = json!({"alg": "HS256", "typ": "JWT"});
    let good = key.sign(&key.header(), &key.claims());
    let (message, _) = good.rsplit_once('.').unwrap();
    for bad in [
        key.sign(&other_id, &key.claims()),
        key.sign(&other_algorithm, &key.claims()),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 256])),
    ] {
        assert_exchange(&visitor, &bad).assert_error(400, "invalid_grant", "Invalid JWT Signature.");
    }
    assert_exchange(&visitor, message).assert_error(400, "invalid_grant", "Invalid JWT");
    let without_id = json!({"alg": "RS256", "typ": "JWT"});
    let good = key.sign(&without_id, &key.claims());
    assert_eq!(assert_exchange(&visitor, &good).status, 200);
}

#[test]
fn delegation_covers_the_configured_users_and_scopes() {
    let (visitor, key) = start();
    let mut claims = key.claims();
    claims["sub"] = json!("admin@example.com");
    claims["scope"] = json!(format!("email {READONLY}"));
    let tokens = assert_exchange(&visitor, &key.sign(&key.header(), &claims)).json();
    let info = visitor.bearer("/v1/userinfo", tokens["access_token"].as_str().unwrap());
    assert_eq!(info.json()["email"], "admin@example.com");

    claims["scope"] = json!("https://www.googleapis.com/auth/cloud-platform");
    assert_exchange(&visitor, &key.sign(&key.header(), &claims)).assert_error(
        401,
        "unauthorized_client",
        "Client is unauthorized to retrieve access tokens using this method",
    );
}

#[test]
fn a_target_audience_gives_an_id_token_and_nothing_else() {
    let (visitor, key) = start();
    let mut claims = key.claims();
    claims["scope"] = json!(null);
    claims["target_audience"] = json!("https://service.example");
    let tokens = assert_exchange(&visitor, &key.sign(&key.header(), &claims)).json();
    assert_eq!(tokens.as_object().unwrap().len(), 1);
    let id_token = tokens["id_token"].as_str().unwrap();
    let info = visitor.get(&format!("/tokeninfo?id_token={id_token}"), &[]).json();
    assert_eq!(info["aud"], "https://service.example");
    assert_eq!(info["email"], key.file["client_email"]);
}

#[test]
fn a_skewed_server_refuses_an_assertion_and_its_date_shows_why() {
    let (visitor, key) = start();
    visitor.sandbox.set_clock_skew(2 * 3600);
    let refused = assert_exchange(&visitor, &key.sign(&key.header(), &key.claims()));
    refused.assert_error(400, "invalid_grant", "Check your iat and exp values");
    let date = httpdate::parse_http_date(refused.header("date").unwrap()).unwrap();
    let ahead = date.duration_since(std::time::SystemTime::now()).unwrap();
    assert!((7100..7300).contains(&ahead.as_secs()), "{ahead:?}");

    let mut claims = key.claims();
    for name in ["iat", "exp"] {
        claims[name] = json!(claims[name].as_u64().unwrap() + 2 * 3600);
    }
    let good = assert_exchange(&visitor, &key.sign(&key.header(), &claims));
    assert_eq!(good.status, 200);
}
