//! What Google takes in more than one form, as its own clients and others send it; and that what it refuses stays refused.

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use gauth_sandbox::Options;
use serde_json::{Value, json};

use crate::service_account::Key;
use crate::{EDIT, READONLY, Visitor};

const REPORT: &str = "/v1beta/properties/123456:runReport";

#[test]
fn the_token_endpoint_takes_json_as_well_and_at_its_older_addresses() {
    let visitor = Visitor::consenting();
    let (client_id, client_secret) = visitor.client();
    let refresh_token = visitor.sandbox.grant(&[READONLY]).refresh_token;
    let good = json!({
        "grant_type": "refresh_token", "client_id": client_id, "client_secret": client_secret,
        "refresh_token": refresh_token, "scope": null,
    });
    let post =
        |path: &str, body: &Value| visitor.post_body(path, &[("content-type", "application/json")], &body.to_string());
    for path in ["/token", "/o/oauth2/token", "/oauth2/v3/token", "/oauth2/v4/token"] {
        assert_eq!(post(path, &good).json()["scope"], READONLY, "{path}");
    }
    for (member, value, error) in [
        ("client_secret", json!("x"), "invalid_client"),
        ("refresh_token", json!("1//0x"), "invalid_grant"),
        ("refresh_token", json!(1), "invalid_request"),
        ("surprise", json!("1"), "invalid_request"),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        assert_eq!(post("/token", &bad).json()["error"], error, "{member}");
    }
    assert_eq!(post("/token", &json!([])).json()["error"], "invalid_request");
}

#[test]
fn a_token_is_revoked_from_the_query_or_a_form_and_by_get_at_the_older_address() {
    let visitor = Visitor::consenting();
    let token = || visitor.sandbox.grant(&[READONLY]).refresh_token;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for headers in [&form[..], &[]] {
        let path = format!("/revoke?token={}", token());
        assert_eq!(visitor.post_body(&path, headers, "").status, 200);
        visitor.post_body(&path, headers, "").assert_error(400, "invalid_token", "expired or revoked");
    }
    assert_eq!(visitor.get(&format!("/o/oauth2/revoke?token={}", token()), &[]).status, 200);
    assert_eq!(visitor.get(&format!("/revoke?token={}", token()), &[]).status, 404);
    let twice = format!("/revoke?token={}", token());
    visitor.post_body(&twice, &form, "token=x").assert_error(400, "invalid_request", "URL");
}

#[test]
fn every_scope_of_googles_is_granted_and_no_other() {
    let visitor = Visitor::consenting();
    for scope in ["cloud-platform", "appengine.admin", "sqlservice.login", "accounts.reauth", "photoslibrary"] {
        let scope = format!("https://www.googleapis.com/auth/{scope}");
        let tokens = visitor.exchange(&visitor.code(&[("scope", &scope)]), &[]).json();
        assert_eq!(tokens["scope"], scope);
    }
    for scope in ["https://www.googleapis.com/auth/", "https://www.googleapis.com/auth/A B", "analytics"] {
        let answer = visitor.get(&visitor.authorization(&[("scope", scope)]), &[]);
        assert_eq!(answer.status, 400, "{scope}");
    }
}

fn start() -> (Visitor, Key) {
    let visitor = Visitor::new(Options::default());
    let key = Key::read(&visitor.sandbox.service_account_key());
    (visitor, key)
}

#[test]
fn an_assertion_may_be_padded_but_not_be_in_the_other_alphabet() {
    let (visitor, key) = start();
    let sign = |engine: &base64::engine::GeneralPurpose| {
        let mut claims = key.claims();
        // Both the header and the claims need padding.
        claims["x"] = "?".repeat(4 - claims.to_string().len() % 3).into();
        let message = format!("{}.{}", engine.encode(key.header().to_string()), engine.encode(claims.to_string()));
        format!("{message}.{}", engine.encode(key.signature(message.as_bytes())))
    };
    let exchange = |assertion: &str| {
        let grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        visitor.post("/token", &[("grant_type", grant_type), ("assertion", assertion)])
    };
    let padded = sign(&URL_SAFE);
    assert!(padded.contains('='));
    assert_eq!(exchange(&padded).status, 200);
    assert_eq!(exchange(&sign(&URL_SAFE_NO_PAD)).status, 200);
    let other = padded.replace('-', "+").replace('_', "/");
    assert_ne!(other, padded);
    exchange(&other).assert_error(400, "invalid_grant", "Invalid JWT");
}

#[test]
fn a_self_signed_jwt_opens_the_api_it_names_and_no_other() {
    let (visitor, key) = start();
    let email = key.claims()["iss"].clone();
    let call = |header: &Value, changes: Value, path: &str| {
        let mut claims = key.claims();
        for (name, value) in [("scope", Value::Null), ("sub", email.clone()), ("aud", Value::Null)] {
            claims[name] = value;
        }
        for (name, value) in changes.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let token = key.sign(header, &claims);
        let headers = [("authorization", &*format!("Bearer {token}")), ("content-type", "application/json")];
        let body = r#"{"dateRanges":[{"startDate":"yesterday","endDate":"today"}],"metrics":[{"name":"sessions"}]}"#;
        match path {
            REPORT => visitor.post_body(path, &headers, body).status,
            _ => visitor.get(path, &headers).status,
        }
    };
    let (data, admin) = ("https://analyticsdata.googleapis.com/", "https://analyticsadmin.googleapis.com/");
    let now = key.claims()["iat"].as_u64().expect("a time");
    for (changes, path, status) in [
        (json!({"aud": data}), REPORT, 200),
        (json!({"aud": data.trim_end_matches('/')}), REPORT, 200),
        (json!({"aud": visitor.sandbox.url()}), REPORT, 200),
        (json!({"aud": admin}), REPORT, 401),
        (json!({"aud": admin}), "/v1beta/accountSummaries", 200),
        (json!({"aud": data}), "/v1beta/accountSummaries", 401),
        (json!({"scope": READONLY}), REPORT, 200),
        (json!({"scope": EDIT}), REPORT, 403),
        (json!({"scope": "nonsense"}), REPORT, 401),
        (json!({}), REPORT, 401),
        (json!({"aud": data, "scope": READONLY}), REPORT, 401),
        (json!({"aud": "https://evil.test/"}), REPORT, 401),
        (json!({"aud": data, "sub": "other@example.com"}), REPORT, 401),
        (json!({"aud": data, "sub": null}), REPORT, 401),
        (json!({"aud": data, "iss": "other@example.com"}), REPORT, 401),
        (json!({"aud": data, "iat": now, "exp": now + 3620}), REPORT, 200),
        (json!({"aud": data, "iat": now, "exp": now + 3661}), REPORT, 401),
        (json!({"aud": data, "iat": now - 7200, "exp": now - 3600}), REPORT, 401),
    ] {
        assert_eq!(call(&key.header(), changes.clone(), path), status, "{changes} {path}");
    }
    for header in [json!({"alg": "RS256"}), json!({"alg": "RS256", "kid": "x"}), json!({"alg": "none"})] {
        assert_eq!(call(&header, json!({"aud": data}), REPORT), 401, "{header}");
    }
}

#[test]
fn keys_are_published_as_jwks_and_as_certificates_and_id_tokens_carry_nonce_and_hash() {
    let visitor = Visitor::consenting();
    let tokens = visitor.exchange(&visitor.code(&[("scope", "openid email"), ("nonce", "n-0S6")]), &[]).json();
    let text = |name: &str| tokens[name].as_str().expect(name).to_owned();
    let id_token = text("id_token");
    let part = |number: usize| -> Value {
        let part = id_token.split('.').nth(number).expect("a part");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
    };
    let claims = part(1);
    assert_eq!((&claims["nonce"], &claims["iss"]), (&json!("n-0S6"), &json!("https://accounts.google.com")));
    let digest = ring::digest::digest(&ring::digest::SHA256, text("access_token").as_bytes());
    assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]));

    let kid = part(0)["kid"].as_str().expect("an id").to_owned();
    let certificates = visitor.get("/oauth2/v1/certs", &[]).json();
    assert!(certificates[&kid].as_str().expect("PEM").starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(visitor.get("/oauth2/v3/certs", &[]).json()["keys"][0]["kid"], kid);
    let discovery = visitor.get("/.well-known/openid-configuration", &[]).json();
    assert_eq!(discovery["jwks_uri"], visitor.url("/oauth2/v3/certs"));

    let key = std::fs::read_to_string(visitor.sandbox.service_account_key()).expect("read it");
    let key: Value = serde_json::from_str(&key).expect("JSON");
    let url = key["client_x509_cert_url"].as_str().expect("a URL");
    let path = url.strip_prefix(visitor.sandbox.url()).expect("ours");
    let of_account = visitor.get(path, &[]).json();
    assert!(of_account[key["private_key_id"].as_str().expect("an id")].is_string(), "{of_account}");
    assert_eq!(visitor.get("/robot/v1/metadata/jwk/nobody@example.com", &[]).status, 404);
}

#[test]
fn older_addresses_of_userinfo_and_tokeninfo_answer_in_their_form() {
    let visitor = Visitor::consenting();
    let token = visitor.sandbox.access_token(&["openid", "email", READONLY]);
    let new = visitor.bearer("/oauth2/v3/userinfo", &token).json();
    for path in ["/oauth2/v1/userinfo?alt=json", "/oauth2/v2/userinfo"] {
        let old = visitor.bearer(path, &token).json();
        assert_eq!((&old["id"], &old["verified_email"]), (&new["sub"], &json!(true)), "{path}");
    }
    assert_eq!(visitor.bearer("/oauth2/v2/userinfo", "ya29.x").status, 401);
    let info = visitor.get(&format!("/oauth2/v1/tokeninfo?access_token={token}"), &[]).json();
    assert_eq!((&info["user_id"], &info["email"]), (&new["sub"], &new["email"]));
    assert!(info["expires_in"].is_u64());
    let stale = visitor.get("/oauth2/v2/tokeninfo?access_token=ya29.x", &[]);
    stale.assert_error(400, "invalid_token", "Invalid Value");
}

#[test]
fn system_parameters_are_taken_from_query_and_headers() {
    let visitor = Visitor::consenting();
    let token = visitor.sandbox.access_token(&[READONLY]);
    let ask = |query: &str, headers: &[(&str, &str)]| {
        let bearer = format!("Bearer {token}");
        let headers = [headers, &[("authorization", &*bearer), ("content-type", "application/json")]].concat();
        let body = json!({
            "date_ranges": [{"start_date": "7daysAgo", "end_date": "yesterday"}],
            "metrics": [{"name": "sessions"}], "limit": "2", "return_property_quota": true,
            "order_bys": [{"dimension": {"dimension_name": "date", "order_type": 1}}],
            "dimensions": [{"name": "date"}], "offset": null,
        });
        visitor.post_body(&format!("{REPORT}?{query}"), &headers, &body.to_string())
    };
    let plain = ask("", &[]).json();
    for query in [
        "$alt=json",
        "alt=json",
        "%24alt=json%3Benum-encoding%3Dint&$prettyPrint=false",
        "key=AIza&quotaUser=me",
        "$.xgafv=2",
        "$key=AIza",
        "fields=*",
        "$fields=*&uploadType=multipart&upload_protocol=raw",
    ] {
        let answer = ask(query, &[]);
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        assert_eq!(answer.json()["rows"], plain["rows"], "{query}");
    }
    let numbers = ask("$alt=json;enum-encoding=int", &[]).json();
    assert_eq!(
        (&plain["metricHeaders"][0]["type"], &numbers["metricHeaders"][0]["type"]),
        (&json!("TYPE_INTEGER"), &json!(1))
    );
    assert_eq!(ask("", &[("x-goog-fieldmask", "rowCount")]).json(), json!({"rowCount": 7}));
    assert_eq!(ask("fields=rows/metricValues", &[]).json()["rows"][0].as_object().map(serde_json::Map::len), Some(1));
    let left = |answer: &Value| answer["propertyQuota"]["tokensPerProjectPerHour"]["remaining"].as_i64();
    let other = ask("$userProject=other", &[]).json();
    assert!(left(&other) > left(&ask("", &[]).json()), "another project has its own quota");
    for query in
        ["fields=row", "$fields=rows(dimension)", "$alt=xml", "prettyPrint=2", "userProject=x", "$pageSize=1", "x=1"]
    {
        let refused = ask(query, &[]);
        assert_eq!((refused.status, &refused.json()["error"]["status"]), (400, &json!("INVALID_ARGUMENT")), "{query}");
    }
    let in_query = visitor.get(&format!("/v1beta/accountSummaries?access_token={token}"), &[]);
    assert_eq!(in_query.status, 200);
}

#[test]
fn the_iam_api_has_the_same_front_end_and_signs_blobs() {
    let visitor = Visitor::consenting();
    let token = visitor.sandbox.access_token(&["https://www.googleapis.com/auth/cloud-platform"]);
    let account = visitor.sandbox.analyst();
    let ask = |verb: &str, body: Value| {
        let path = format!("/v1/projects/-/serviceAccounts/{}:{verb}", account.replace('@', "%40"));
        let headers = [("authorization", &*format!("Bearer {token}")), ("content-type", "application/json")];
        visitor.post_body(&path, &headers, &body.to_string())
    };
    let id_token = ask("generateIdToken?$alt=json;enum-encoding=int", json!({"audience": "a", "include_email": true}));
    assert!(id_token.json()["token"].is_string());
    assert_eq!(ask("generateIdToken?fields=tokens", json!({"audience": "a"})).status, 400);
    let signed = ask("signBlob", json!({"payload": "_-8"})).json();
    let keys = visitor.get(&format!("/service_accounts/v1/jwk/{account}"), &[]).json();
    let key =
        keys["keys"].as_array().into_iter().flatten().find(|key| key["kid"] == signed["keyId"]).expect("published");
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().expect(name)).expect("base64");
    let public = ring::signature::RsaPublicKeyComponents { n: part("n"), e: part("e") };
    let signature =
        signed["signedBlob"].as_str().and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    let algorithm = &ring::signature::RSA_PKCS1_2048_8192_SHA256;
    public
        .verify(algorithm, &[0xff, 0xef], &signature.expect("base64"))
        .expect("the signature is over the decoded payload");
}
