//! Codes, refresh, revocation, tokeninfo, userinfo, and the bearer of API calls.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gauth_sandbox::Options;

use crate::{EDIT, READONLY, VERIFIER, Visitor};

#[test]
fn a_code_gives_tokens_once_and_takes_them_back_when_it_comes_again() {
    let visitor = Visitor::consenting();
    let code = visitor.code(&[]);
    let answer = visitor.exchange(&code, &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3599);
    assert_eq!(tokens["scope"], READONLY);
    assert_eq!(tokens.get("id_token"), None);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(visitor.refresh(refresh_token, &[]).status, 200);

    visitor.exchange(&code, &[]).assert_error(400, "invalid_grant", "Bad Request");
    visitor.refresh(refresh_token, &[]).assert_error(400, "invalid_grant", "Token has been expired or revoked.");
}

#[test]
fn a_code_is_bound_to_its_request() {
    let visitor = Visitor::consenting();
    let wrong_verifier = VERIFIER.to_lowercase();
    for (change, status, error, text) in [
        (("code", ""), 400, "invalid_request", "Missing required parameter: code"),
        (("code", "4/0A"), 400, "invalid_grant", "Malformed auth code."),
        (("redirect_uri", ""), 400, "invalid_request", "Missing required parameter"),
        (("redirect_uri", "http://127.0.0.1:49152"), 400, "redirect_uri_mismatch", "Bad Request"),
        (("code_verifier", ""), 400, "invalid_grant", "Missing code verifier."),
        (("code_verifier", &wrong_verifier), 400, "invalid_grant", "Invalid code verifier."),
        (("client_id", ""), 400, "invalid_request", "Missing required parameter: client_id"),
        (("client_id", "nobody"), 401, "invalid_client", "The OAuth client was not found."),
        (("client_secret", ""), 400, "invalid_request", "client_secret is missing."),
        (("client_secret", "x"), 401, "invalid_client", "The provided client secret is invalid."),
        (("grant_type", ""), 400, "invalid_request", "Missing required parameter: grant_type"),
        (("grant_type", "password"), 400, "unsupported_grant_type", "password"),
        (("surprise", "1"), 400, "invalid_request", "surprise"),
    ] {
        let code = visitor.code(&[]);
        visitor.exchange(&code, &[change]).assert_error(status, error, text);
        assert_eq!(visitor.exchange(&code, &[]).status, 200, "{change:?} spoiled the code");
    }
    let unasked = visitor.code(&[("code_challenge", ""), ("code_challenge_method", "")]);
    visitor.exchange(&unasked, &[]).assert_error(400, "invalid_grant", "Invalid code verifier.");
}

#[test]
fn the_token_endpoint_takes_one_form_in_a_post() {
    let visitor = Visitor::consenting();
    let grant = visitor.sandbox.grant(&[READONLY]);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let get = visitor.get("/token?grant_type=refresh_token", &[]);
    get.assert_error(405, "invalid_request", "method");
    visitor.post_body("/token", &[("content-type", "text/plain")], "{}").assert_error(
        400,
        "invalid_request",
        "text/plain",
    );
    visitor.post_body("/token?client_id=x", &[form], "grant_type=refresh_token").assert_error(
        400,
        "invalid_request",
        "URL",
    );
    visitor.post_body("/token", &[form], "grant_type=refresh_token&grant_type=refresh_token").assert_error(
        400,
        "invalid_request",
        "single value: grant_type",
    );
    let large = "a".repeat(1 << 21);
    assert_eq!(visitor.post_body("/token", &[form], &large).status, 413);
    assert_eq!(visitor.refresh(&grant.refresh_token, &[]).status, 200);
}

#[test]
fn a_client_may_authenticate_by_basic_but_in_one_way_only() {
    let visitor = Visitor::consenting();
    let grant = visitor.sandbox.grant(&[READONLY]);
    let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("{}:{secret}", grant.client_id)));
    let good = basic(&grant.client_secret);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &grant.refresh_token)];
    let ask = |header: &str| visitor.post_with("/token", &[("authorization", header)], &fields);
    assert_eq!(ask(&good).status, 200);
    ask(&basic("x")).assert_error(401, "invalid_client", "secret is invalid");
    ask("Bearer x").assert_error(401, "invalid_client", "cannot be read");
    let both = [&fields[..], &[("client_secret", "x")]].concat();
    visitor.post_with("/token", &[("authorization", &good)], &both).assert_error(
        400,
        "invalid_request",
        "one way only",
    );
}

#[test]
fn a_refresh_narrows_scopes_but_never_widens_them() {
    let visitor = Visitor::consenting();
    let grant = visitor.sandbox.grant(&[READONLY, EDIT]);
    let refresh = |scope: &str| visitor.refresh(&grant.refresh_token, &[("scope", scope)]);
    let narrowed = refresh(READONLY).json();
    assert_eq!(narrowed["scope"], READONLY);
    assert_eq!(narrowed.get("refresh_token"), None);
    assert_eq!(refresh("").json()["scope"], format!("{READONLY} {EDIT}"));
    refresh("openid").assert_error(400, "invalid_scope", "openid");
    refresh("analytics").assert_error(400, "invalid_scope", "invalid=[analytics]");
}

#[test]
fn a_refresh_token_serves_its_own_client_only() {
    let visitor = Visitor::consenting();
    let grant = visitor.sandbox.grant(&[READONLY]);
    let path = visitor.sandbox.web_client_secrets("http://localhost/").unwrap();
    let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |name: &str| file["web"][name].as_str().unwrap().to_owned();
    visitor
        .refresh(&grant.refresh_token, &[("client_id", &text("client_id")), ("client_secret", &text("client_secret"))])
        .assert_error(401, "unauthorized_client", "Unauthorized");
    visitor.refresh("1//0unknown", &[]).assert_error(400, "invalid_grant", "Bad Request");
}

#[test]
fn with_rotation_a_used_refresh_token_ends_the_family() {
    let visitor = Visitor::new(Options { rotate: true, ..Options::default() });
    let first = visitor.sandbox.grant(&[READONLY]).refresh_token;
    let second = visitor.refresh(&first, &[]).json()["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(visitor.refresh(&second, &[]).status, 200);
    for token in [&first, &second] {
        visitor.refresh(token, &[]).assert_error(400, "invalid_grant", "expired or revoked");
    }
}

#[test]
fn revoking_ends_the_grant_and_says_no_the_second_time() {
    let visitor = Visitor::consenting();
    let other = visitor.sandbox.grant(&[EDIT]).refresh_token;
    let tokens = visitor.exchange(&visitor.code(&[]), &[]).json();
    let access_token = tokens["access_token"].as_str().unwrap();
    let revoke = |token: &str| visitor.post("/revoke", &[("token", token)]);
    let done = revoke(access_token);
    assert_eq!((done.status, done.body.as_str()), (200, "{}\n"));
    revoke(access_token).assert_error(400, "invalid_token", "Token expired or revoked");
    revoke("").assert_error(400, "invalid_request", "token");
    for refresh_token in [&other, tokens["refresh_token"].as_str().unwrap()] {
        visitor.refresh(refresh_token, &[]).assert_error(400, "invalid_grant", "expired or revoked");
    }
    assert_eq!(visitor.bearer("/v1beta/accountSummaries", access_token).status, 401);
}

#[test]
fn tokeninfo_describes_a_valid_token_in_strings() {
    let visitor = Visitor::consenting();
    let code = visitor.code(&[("scope", &format!("email {READONLY}"))]);
    let tokens = visitor.exchange(&code, &[]).json();
    let token = tokens["access_token"].as_str().unwrap();
    let header = format!("Bearer {token}");
    let by_header = visitor.post_with("/tokeninfo", &[("authorization", &header)], &[]).json();
    assert_eq!(by_header["email"], "alex@example.com");
    assert_eq!(by_header["email_verified"], "true");
    assert_eq!(by_header["access_type"], "offline");
    assert_eq!(by_header["aud"], visitor.client().0);
    let left: u64 = by_header["expires_in"].as_str().unwrap().parse().unwrap();
    assert!((3500..3600).contains(&left));
    let by_query = visitor.get(&format!("/tokeninfo?access_token={token}"), &[]).json();
    assert_eq!(by_query["sub"], by_header["sub"]);

    let id_token = tokens["id_token"].as_str().unwrap();
    let claims = visitor.get(&format!("/tokeninfo?id_token={id_token}"), &[]).json();
    assert_eq!(claims["aud"], visitor.client().0);
    assert_eq!(claims["alg"], "RS256");
    assert!(claims["exp"].is_string());

    visitor.sandbox.expire_access_tokens();
    visitor.post_with("/tokeninfo", &[("authorization", &header)], &[]).assert_error(
        400,
        "invalid_token",
        "Invalid Value",
    );
    visitor.get("/tokeninfo", &[]).assert_error(400, "invalid_request", "access_token");
    let (message, _) = id_token.rsplit_once('.').unwrap();
    let forged = format!("/tokeninfo?id_token={message}.{}", "A".repeat(342));
    let forged = visitor.get(&forged, &[]);
    assert_eq!(forged.status, 400);
}

#[test]
fn userinfo_needs_an_identity_scope() {
    let visitor = Visitor::consenting();
    let ask = |scopes: &[&str]| visitor.bearer("/v1/userinfo", &visitor.sandbox.access_token(scopes));
    assert_eq!(ask(&["openid", "email"]).json()["email_verified"], true);
    assert_eq!(ask(&["openid"]).json().get("email"), None);
    ask(&[READONLY]).assert_error(403, "insufficient_scope", "scopes");
    let foreign = visitor.bearer("/v1/userinfo", "ya29.foreign");
    foreign.assert_error(401, "invalid_request", "Invalid Credentials");
    assert!(foreign.header("www-authenticate").unwrap().contains("invalid_token"));
}

#[test]
fn an_api_call_needs_a_live_bearer() {
    let visitor = Visitor::consenting();
    let path = "/v1beta/accountSummaries";
    let missing = visitor.get(path, &[]);
    assert_eq!(missing.status, 401);
    let error = &missing.json()["error"];
    assert_eq!(error["status"], "UNAUTHENTICATED");
    assert_eq!(error["details"][0]["reason"], "CREDENTIALS_MISSING");
    assert!(missing.header("www-authenticate").unwrap().contains("accounts.google.com"));

    let token = visitor.sandbox.access_token(&[READONLY]);
    assert_ne!(visitor.bearer(path, &token).status, 401);
    visitor.sandbox.expire_access_tokens();
    let stale = visitor.bearer(path, &token);
    assert_eq!(stale.status, 401);
    assert_eq!(stale.json()["error"].get("details"), None);
    assert!(stale.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));

    visitor.sandbox.set_token_lifetime(0);
    let dead_at_once = visitor.sandbox.access_token(&[READONLY]);
    assert_eq!(visitor.bearer(path, &dead_at_once).status, 401);
}

#[test]
fn everything_handed_out_is_listed_as_a_secret() {
    let visitor = Visitor::consenting();
    let code = visitor.code(&[("scope", "openid")]);
    let tokens = visitor.exchange(&code, &[]).json();
    let secrets = visitor.sandbox.secrets();
    let (_, client_secret) = visitor.client();
    for secret in [
        &code,
        &client_secret,
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
        tokens["id_token"].as_str().unwrap(),
    ] {
        assert!(secrets.iter().any(|known| known == secret), "{secret} is missing");
    }
    let key = std::fs::read_to_string(visitor.sandbox.service_account_key()).unwrap();
    assert!(secrets.iter().filter(|secret| key.contains(*secret)).count() > 20);
}
