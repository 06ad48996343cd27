//! Acting as a service account: the chain of hops after the source credentials.

use super::*;

fn impersonated() -> serde_json::Value {
    json!({
        "type": "impersonated_service_account", "delegates": ["projects/-/serviceAccounts/d@p.iam.gserviceaccount.com"],
        "service_account_impersonation_url": format!("{IAM}:generateAccessToken"), "source_credentials": user(),
    })
}

#[test]
fn an_impersonated_account_asks_with_its_sources_token() {
    let mut play = Play::of(impersonated(), &TokenRequest::default());
    assert_eq!(field(&play.form(), "refresh_token"), "1//r");
    assert_eq!(field(&play.form(), "scope"), "");
    play.token("caller");
    assert_eq!(play.header("authorization"), "Bearer caller");
    assert_eq!(play.body()["delegates"], json!(["projects/-/serviceAccounts/d@p.iam.gserviceaccount.com"]));
}

#[test]
fn a_nested_refresh_token_that_is_replaced_survives_a_later_refusal_and_is_kept_in_its_place() {
    let credentials = parse(impersonated()).unwrap();
    let mut play = Play::of(impersonated(), &TokenRequest::default());
    play.json(json!({"access_token": "a", "token_type": "Bearer", "refresh_token": "1//new"}));
    let refused = http::Response::builder()
        .status(403)
        .body(br#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}"#.to_vec())
        .unwrap();
    let Err(error) = play.answer(Answer::Response(refused)) else { panic!("must be refused") };
    assert_eq!(error.kind(), crate::Kind::Refused);
    assert!(error.hint().unwrap().contains("Token Creator"));
    let new = play.exchange.refresh_token().unwrap();
    let written: serde_json::Value = serde_json::from_slice(&credentials.with_refresh_token(new).to_bytes()).unwrap();
    assert_eq!(written["source_credentials"]["refresh_token"], "1//new");
    assert_eq!(written.get("refresh_token"), None);
}

#[test]
fn impersonate_builds_a_chain_on_any_source() {
    let chain = |emails: &[&str]| TokenRequest {
        impersonate: emails.iter().map(|email| (*email).to_owned()).collect(),
        ..TokenRequest::default()
    };
    let request = chain(&["d@p.iam.gserviceaccount.com", "robot@p.iam.gserviceaccount.com"]);
    let mut play = Play::of(key(PKCS8), &request);
    let said = claims(field(&play.form(), "assertion"));
    assert_eq!(said["scope"], "https://www.googleapis.com/auth/cloud-platform");
    play.token("caller");
    assert_eq!(play.request().uri().to_string(), format!("{IAM}:generateAccessToken"));
    assert_eq!(play.body()["delegates"], json!(["projects/-/serviceAccounts/d@p.iam.gserviceaccount.com"]));
}

#[test]
fn an_audience_asks_iam_for_an_id_token() {
    let request = TokenRequest { audience: Some("https://run.example.test".into()), ..TokenRequest::default() };
    let mut play = Play::of(impersonated(), &request);
    play.token("caller");
    assert_eq!(play.request().uri().to_string(), format!("{IAM}:generateIdToken"));
    assert_eq!(play.body()["audience"], "https://run.example.test");
    assert_eq!(play.json(json!({"token": "e30.e30.x"})).done(), "e30.e30.x");
}

#[test]
fn a_subject_without_a_key_file_is_signed_for_by_iam() {
    let request = TokenRequest { subject: Some("ada@example.test".into()), ..TokenRequest::default() };
    let mut play = Play::of(impersonated(), &request);
    play.token("caller");
    assert_eq!(play.request().uri().to_string(), format!("{IAM}:signJwt"));
    let payload: serde_json::Value = serde_json::from_str(play.body()["payload"].as_str().unwrap()).unwrap();
    assert_eq!(
        payload,
        json!({
            "iss": "robot@p.iam.gserviceaccount.com", "sub": "ada@example.test", "scope": crate::scope::DEFAULT,
            "aud": "https://oauth2.googleapis.com/token", "iat": 1_769_850_477, "exp": 1_769_854_077,
        })
    );
    play.json(json!({"keyId": "k", "signedJwt": "a.b.c"}));
    assert_eq!(play.request().uri(), "https://oauth2.googleapis.com/token");
    assert_eq!(field(&play.form(), "assertion"), "a.b.c");
    assert_eq!(play.token("delegated").done(), "delegated");
}

#[test]
fn e13_only_a_service_accounts_email_can_stand_in_the_url() {
    for email in ["", "a", "a@b", "a@b.test/../../x:y", "a b@c.test", "a@b.test:signJwt", "a%2f@b.test"] {
        let request = TokenRequest { impersonate: vec![email.to_owned()], ..TokenRequest::default() };
        assert!(parse(user()).unwrap().exchange(&request, now()).is_err(), "{email}");
    }
    let many = TokenRequest { impersonate: vec!["a@b.test".to_owned(); 1000], ..TokenRequest::default() };
    assert!(parse(user()).unwrap().exchange(&many, now()).is_err());
    for url in [
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.test:signJwt",
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.test/x:generateAccessToken",
        "https://iamcredentials.googleapis.com.evil.test/v1/projects/-/serviceAccounts/a@b.test:generateAccessToken",
    ] {
        let mut file = impersonated();
        file["service_account_impersonation_url"] = url.into();
        assert!(parse(file).is_err(), "{url}");
    }
    for seconds in [0, 43_201] {
        let mut file = impersonating(external(json!({"file": "/x"})));
        file["service_account_impersonation"] = json!({"token_lifetime_seconds": seconds});
        assert!(parse(file).is_err(), "{seconds}");
    }
}
