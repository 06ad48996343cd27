//! The IAM Credentials API: who may act as whom, for how long, and how it says no.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gauth_sandbox::Options;
use serde_json::{Value, json};

use crate::{Answer, READONLY, Visitor};

const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

fn call(visitor: &Visitor, token: &str, method: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    visitor.post_body(
        &format!("/v1/projects/-/serviceAccounts/{method}"),
        &[("authorization", &bearer), ("content-type", "application/json")],
        &body.to_string(),
    )
}

#[track_caller]
fn assert_refused(answer: &Answer, code: u16, status: &str, says: &str) {
    let error = &answer.json()["error"];
    assert_eq!(answer.status, code, "{error}");
    assert_eq!(error["code"], code);
    assert_eq!(error["status"], status);
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains(says), "{message}");
}

/// A visitor and a user's token for IAM.
fn caller() -> (Visitor, String) {
    let visitor = Visitor::new(Options::default());
    let token = visitor.sandbox.access_token(&[CLOUD_PLATFORM]);
    (visitor, token)
}

fn analyst(visitor: &Visitor, verb: &str) -> String {
    format!("{}:{verb}", visitor.sandbox.analyst())
}

#[test]
fn a_token_creator_gets_an_access_token_of_the_account() {
    let (visitor, token) = caller();
    let body = json!({"scope": ["https://www.googleapis.com/auth/userinfo.email"], "lifetime": "300s"});
    let answer = call(&visitor, &token, &analyst(&visitor, "generateAccessToken"), &body).json();
    let end = answer["expireTime"].as_str().expect("an end");
    assert!(end.ends_with('Z') && end.len() == 20, "{end}");
    let got = answer["accessToken"].as_str().expect("a token");
    let info = visitor.get(&format!("/tokeninfo?access_token={got}"), &[]).json();
    assert_eq!(info["email"], visitor.sandbox.analyst());
    let left: u64 = info["expires_in"].as_str().unwrap().parse().unwrap();
    assert!((295..=300).contains(&left), "{left}");
}

#[test]
fn each_field_of_a_request_is_checked() {
    let (visitor, token) = caller();
    let access = analyst(&visitor, "generateAccessToken");
    let delegate = format!("projects/-/serviceAccounts/{}", visitor.sandbox.analyst());
    for (method, body, says) in [
        (&access, json!({}), "scope"),
        (&access, json!({"scope": []}), "scope"),
        (&access, json!({"scope": ["nonsense"]}), "nonsense"),
        (&access, json!({"scope": [[READONLY]]}), "Invalid value at 'scope[0]' (TYPE_STRING)"),
        (&access, json!({"scope": [READONLY], "x": 1}), "Unknown name \"x\": Cannot find field."),
        (&access, json!({"scope": [READONLY], "lifetime": "0s"}), "lifetime"),
        (&access, json!({"scope": [READONLY], "lifetime": "3601s"}), "lifetime"),
        (&access, json!({"scope": [READONLY], "lifetime": "300"}), "lifetime"),
        (&access, json!({"scope": [READONLY], "delegates": ["a@b.test"]}), "delegates"),
        (&analyst(&visitor, "generateIdToken"), json!({"includeEmail": true}), "audience"),
        (&analyst(&visitor, "signJwt"), json!({"payload": "x"}), "payload"),
        (&analyst(&visitor, "signJwt"), json!({"payload": "{}"}), "exp"),
        (&analyst(&visitor, "signJwt"), json!({"payload": "{\"exp\":99999999999}"}), "exp"),
    ] {
        let answer = call(&visitor, &token, method, &body);
        assert_refused(&answer, 400, "INVALID_ARGUMENT", says);
    }
    let self_delegating = json!({"scope": [READONLY], "delegates": [delegate]});
    let answer = call(&visitor, &token, &access, &self_delegating);
    assert_refused(&answer, 403, "PERMISSION_DENIED", "getAccessToken");
    assert_eq!(call(&visitor, &token, &analyst(&visitor, "delete"), &json!({})).status, 404);
}

#[test]
fn a_missing_role_and_a_missing_scope_are_named() {
    let (visitor, token) = caller();
    let archivist = visitor.sandbox.archivist();
    for (verb, body, permission) in [
        ("generateAccessToken", json!({"scope": [READONLY]}), "getAccessToken"),
        ("generateIdToken", json!({"audience": "a"}), "getOpenIdToken"),
        ("signJwt", json!({"payload": json!({"exp": now() + 60}).to_string()}), "signJwt"),
    ] {
        let method = format!("{archivist}:{verb}");
        let answer = call(&visitor, &token, &method, &body);
        let permission = format!("iam.serviceAccounts.{permission}");
        assert_refused(&answer, 403, "PERMISSION_DENIED", &permission);
        let detail = &answer.json()["error"]["details"][0];
        assert_eq!(detail["reason"], "IAM_PERMISSION_DENIED");
        assert_eq!(detail["metadata"]["permission"], permission);
        // By way of the analyst it goes.
        let mut chained = body.clone();
        chained["delegates"] = json!([format!("projects/-/serviceAccounts/{}", visitor.sandbox.analyst())]);
        assert_eq!(call(&visitor, &token, &method, &chained).status, 200);
        let poor = visitor.sandbox.access_token(&[READONLY]);
        let answer = call(&visitor, &poor, &method, &body);
        assert_refused(&answer, 403, "PERMISSION_DENIED", "insufficient authentication scopes");
        let detail = &answer.json()["error"]["details"][0];
        assert_eq!(detail["metadata"]["service"], "iamcredentials.googleapis.com");
    }
    let nobody = "nobody@gauth-sandbox.iam.gserviceaccount.com:generateAccessToken";
    let answer = call(&visitor, &token, nobody, &json!({"scope": [READONLY]}));
    assert_refused(&answer, 404, "NOT_FOUND", "nobody@");
    let answer = call(&visitor, "ya29.dead", nobody, &json!({}));
    assert_refused(&answer, 401, "UNAUTHENTICATED", "invalid authentication");
    let path = format!("/v1/projects/-/serviceAccounts/{nobody}");
    let answer = visitor.post_body(&path, &[], "{}");
    assert_refused(&answer, 401, "UNAUTHENTICATED", "missing");
    let detail = &answer.json()["error"]["details"][0];
    let method = "google.iam.credentials.v1.IAMCredentials.GenerateAccessToken";
    assert_eq!(detail["metadata"]["method"], method);
}

#[test]
fn an_id_token_verifies_with_the_published_keys() {
    let (visitor, token) = caller();
    let method = analyst(&visitor, "generateIdToken");
    for with_email in [false, true] {
        let body = json!({"audience": "https://a.test", "includeEmail": with_email});
        let answer = call(&visitor, &token, &method, &body).json();
        let jwt = answer["token"].as_str().expect("a token");
        let (signed, signature) = jwt.rsplit_once('.').expect("three parts");
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let parts: Vec<Value> =
            signed.split('.').map(|part| serde_json::from_slice(&decode(part)).expect("JSON")).collect();
        assert_eq!(parts[1]["aud"], "https://a.test");
        assert_eq!(parts[1].get("email").is_some(), with_email);
        let keys = visitor.get("/oauth2/v3/certs", &[]).json();
        let key = &keys["keys"][0];
        assert_eq!(key["kid"], parts[0]["kid"]);
        let public = ring::signature::RsaPublicKeyComponents {
            n: decode(key["n"].as_str().unwrap()),
            e: decode(key["e"].as_str().unwrap()),
        };
        public
            .verify(&ring::signature::RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(signature))
            .expect("the signature is good");
    }
}

#[test]
fn a_signed_jwt_is_good_at_the_token_endpoint_where_the_account_has_delegation() {
    let (visitor, token) = caller();
    let (analyst, archivist) = (visitor.sandbox.analyst(), visitor.sandbox.archivist());
    let delegates = json!([format!("projects/-/serviceAccounts/{analyst}")]);
    for (account, delegates, error) in [(analyst, json!([]), None), (archivist, delegates, Some("unauthorized_client"))]
    {
        let claims = json!({
            "iss": account, "sub": "admin@example.com", "scope": READONLY,
            "aud": visitor.url("/token"), "iat": now(), "exp": now() + 3600,
        });
        let body = json!({"payload": claims.to_string(), "delegates": delegates});
        let signed = call(&visitor, &token, &format!("{account}:signJwt"), &body).json();
        let assertion = signed["signedJwt"].as_str().expect("a JWT");
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let answer = visitor.post("/token", &[("grant_type", grant), ("assertion", assertion)]);
        match error {
            None => assert_eq!(answer.status, 200, "{}", answer.body),
            Some(error) => answer.assert_error(401, error, ""),
        }
    }
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}
