//! What each kind of file says about itself, and which of them hold a user's grant.

use serde_json::json;

use super::*;

fn external_account() -> serde_json::Value {
    json!({
        "type": "external_account", "audience": "//iam.googleapis.com/pools/p",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"url": "https://ci.example.com/token?secret=canary"},
    })
}

fn impersonated(source: serde_json::Value) -> serde_json::Value {
    json!({
        "type": "impersonated_service_account", "source_credentials": source, "delegates": ["d@p.test"],
        "service_account_impersonation_url":
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/robot@p.test:generateAccessToken",
    })
}

#[test]
fn a_users_grant_reports_its_client_scopes_and_when_it_was_granted() {
    let mut file = user();
    file["account"] = "ada@example.test".into();
    file["scopes"] = json!(["b", "a"]);
    file["granted_at"] = "2026-01-31T09:08:07Z".into();
    file["quota_project_id"] = "p".into();
    let found = parse(file).unwrap().describe().unwrap();
    let expected = Description {
        kind: "authorized_user".into(),
        identity: Some("ada@example.test".into()),
        client_id: Some("id".into()),
        scopes: Scopes::from_answer("a b"),
        universe_domain: Some("googleapis.com".into()),
        quota_project_id: Some("p".into()),
        granted_at: Some("2026-01-31T09:08:07Z".into()),
        token_uri: Some("https://oauth2.googleapis.com/token".into()),
        ..Description::default()
    };
    assert_eq!(found, expected);
}

#[test]
fn a_key_reports_its_id_and_an_impersonation_its_source() {
    let found = parse(impersonated(key(PKCS8))).unwrap().describe().unwrap();
    assert_eq!(found.delegates, ["projects/-/serviceAccounts/d@p.test"]);
    let below = found.source.unwrap();
    assert_eq!(below.kind, "service_account");
    assert_eq!(below.key_id.as_deref(), Some("k1"));
}

#[test]
fn d9_urls_are_reported_without_their_query() {
    let found = parse(external_account()).unwrap().describe().unwrap();
    assert_eq!(found.token_uri.as_deref(), Some("https://sts.googleapis.com/v1/token"));
    assert_eq!(found.subject_token.as_deref(), Some("a URL at ci.example.com"));
}

#[test]
fn e11_a_damaged_fact_is_named() {
    for field in ["scopes", "granted_at", "quota_project_id", "universe_domain"] {
        let mut file = user();
        file[field] = 7.into();
        let error = parse(file).and_then(|credentials| credentials.describe()).unwrap_err();
        assert!(error.to_string().contains(&format!("field {field}: ")), "{error}");
    }
    let mut source = user();
    source["granted_at"] = 7.into();
    let error = parse(impersonated(source)).unwrap().describe().unwrap_err();
    assert!(error.to_string().contains("field source_credentials: field granted_at: "), "{error}");
}

#[test]
fn only_a_users_grant_can_be_revoked_or_converted() {
    assert_eq!(parse(user()).unwrap().revocation().unwrap().into_body(), b"token=1%2F%2Fr");
    let workforce = json!({
        "type": "external_account_authorized_user", "audience": "a", "client_id": "i", "client_secret": "s",
        "refresh_token": "r", "token_url": "https://sts.googleapis.com/v1/oauthtoken",
    });
    for (file, instead) in [
        (key(PKCS8), "keys delete k1 --iam-account robot@p.iam.gserviceaccount.com"),
        (external_account(), "roles"),
        (impersonated(user()), "Token Creator on robot@p.test"),
        (workforce, "gcloud auth revoke"),
    ] {
        let credentials = parse(file).unwrap();
        let error = credentials.revocation().unwrap_err();
        assert!(error.hint().unwrap().contains(instead), "{error}");
        assert_eq!(error.kind(), crate::Kind::Usage);
        let error = credentials.converted(Dialect::GoogleAuth).err().unwrap();
        assert!(error.to_string().contains("no user grant"), "{error}");
    }
}
