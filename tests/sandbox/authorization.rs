//! The authorization endpoint and the consent page.

use gauth_sandbox::Options;

use crate::{Answer, EDIT, READONLY, REDIRECT, Visitor};

fn two_scopes() -> String {
    format!("openid {READONLY} {EDIT}")
}

/// Clicks on the consent page at `path`.
fn click(visitor: &Visitor, path: &str, decision: &str, ticked: &[&str]) -> Answer {
    let mut fields = vec![("decision", decision)];
    fields.extend(ticked.iter().map(|scope| ("scope", *scope)));
    visitor.post(path, &fields)
}

#[test]
fn the_consent_page_names_the_account_and_each_scope_and_allows_what_is_ticked() {
    let visitor = Visitor::new(Options::default());
    let path = visitor.authorization(&[("scope", &two_scopes())]);
    let page = visitor.get(&path, &[]);
    assert_eq!(page.status, 200);
    assert!(page.body.contains("alex@example.com"));
    for scope in [READONLY, EDIT] {
        let checkbox = format!("<input type=\"checkbox\" name=\"scope\" value=\"{scope}\" checked>");
        assert!(page.body.contains(&checkbox), "{}", page.body);
    }
    assert!(!page.body.contains("value=\"openid\""));

    let back = click(&visitor, &path, "allow", &[READONLY]);
    assert_eq!(back.status, 302);
    assert_eq!(back.redirected("state").unwrap(), "a state/&=");
    assert_eq!(back.redirected("iss").unwrap(), visitor.sandbox.url());
    let granted = format!("openid {READONLY}");
    assert_eq!(back.redirected("scope").unwrap(), granted);
    let tokens = visitor.exchange(&back.redirected("code").unwrap(), &[]).json();
    assert_eq!(tokens["scope"], granted);
}

#[test]
fn a_code_has_a_slash_and_arrives_percent_encoded() {
    let visitor = Visitor::consenting();
    let answer = visitor.get(&visitor.authorization(&[]), &[]);
    assert!(answer.redirected("code").unwrap().starts_with("4/0A"));
    let location = answer.header("location").unwrap();
    assert!(location.starts_with(&format!("{REDIRECT}?state=a+state")));
    assert!(location.contains("&code=4%2F0A"), "{location}");
}

#[test]
fn a_refusal_is_redirected_with_the_state() {
    let asking = Visitor::new(Options::default());
    let denying = Visitor::new(Options { deny: true, ..Options::default() });
    for answer in [
        click(&asking, &asking.authorization(&[]), "deny", &[READONLY]),
        click(&asking, &asking.authorization(&[]), "allow", &[]),
        click(&asking, &asking.authorization(&[]), "", &[READONLY]),
        denying.get(&denying.authorization(&[]), &[]),
    ] {
        assert_eq!(answer.redirected("error").unwrap(), "access_denied");
        assert_eq!(answer.redirected("state").unwrap(), "a state/&=");
        assert_eq!(answer.redirected("code"), None);
    }
}

#[test]
fn a_bad_request_gets_a_page_and_is_never_redirected() {
    let visitor = Visitor::consenting();
    let long = "a".repeat(129);
    for (change, error) in [
        (("client_id", ""), "400: invalid_request"),
        (("client_id", "nobody"), "401: invalid_client"),
        (("redirect_uri", ""), "400: invalid_request"),
        (("redirect_uri", "https://evil.test/"), "400: redirect_uri_mismatch"),
        (("redirect_uri", "http://127.0.0.1.evil.test/"), "400: redirect_uri_mismatch"),
        (("redirect_uri", "urn:ietf:wg:oauth:2.0:oob"), "400: invalid_request"),
        (("response_type", ""), "400: invalid_request"),
        (("response_type", "token"), "400: unsupported_response_type"),
        (("scope", ""), "400: invalid_request"),
        (("scope", " "), "400: invalid_request"),
        (("scope", "analytics.readonly"), "400: invalid_scope"),
        (("access_type", "always"), "400: invalid_request"),
        (("prompt", "none consent"), "400: invalid_request"),
        (("prompt", "please"), "400: invalid_request"),
        (("code_challenge", "short"), "400: invalid_request"),
        (("code_challenge", &long), "400: invalid_request"),
        (("code_challenge", ""), "400: invalid_request"),
        (("code_challenge_method", "S512"), "400: invalid_request"),
    ] {
        let answer = visitor.get(&visitor.authorization(&[change]), &[]);
        assert!(answer.body.contains(&format!("Error {error}")), "{change:?}: {}", answer.body);
        assert_eq!(answer.status.to_string(), error[..3]);
        assert_eq!(answer.header("location"), None);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    }
}

#[test]
fn a_repeated_parameter_gets_a_page() {
    let visitor = Visitor::consenting();
    let path = visitor.authorization(&[]) + "&state=again";
    let answer = visitor.get(&path, &[]);
    assert_eq!((answer.status, answer.header("location")), (400, None));
}

#[test]
fn the_login_hint_chooses_the_account() {
    let visitor = Visitor::consenting();
    let code = visitor.code(&[("login_hint", "kim@example.org"), ("scope", "email")]);
    let tokens = visitor.exchange(&code, &[]).json();
    let info = visitor.bearer("/v1/userinfo", tokens["access_token"].as_str().unwrap());
    assert_eq!(info.json()["email"], "kim@example.org");
}

#[test]
fn without_a_prompt_only_an_earlier_consent_passes() {
    let visitor = Visitor::new(Options::default());
    let silent = visitor.authorization(&[("prompt", "none")]);
    let refused = visitor.get(&silent, &[]);
    assert_eq!(refused.redirected("error").unwrap(), "interaction_required");
    click(&visitor, &visitor.authorization(&[]), "allow", &[READONLY]);
    assert!(visitor.get(&silent, &[]).redirected("code").is_some());
}

#[test]
fn a_web_client_has_exact_redirects_and_a_refresh_token_on_first_consent_only() {
    let visitor = Visitor::consenting();
    let redirect = "http://localhost:8080/callback";
    let path = visitor.sandbox.web_client_secrets(redirect).unwrap();
    let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let web = &file["web"];
    assert_eq!(web["redirect_uris"][0], redirect);
    let id = ("client_id", web["client_id"].as_str().unwrap());
    let secret = ("client_secret", web["client_secret"].as_str().unwrap());

    let elsewhere = visitor.get(&visitor.authorization(&[id]), &[]);
    assert!(elsewhere.body.contains("redirect_uri_mismatch"));

    let redirect = ("redirect_uri", redirect);
    for (extra, has_refresh_token) in [
        (("prompt", ""), true),
        (("prompt", ""), false),
        (("prompt", "consent"), true),
        (("access_type", "online"), false),
    ] {
        let code = visitor.code(&[id, redirect, extra]);
        let tokens = visitor.exchange(&code, &[id, secret, redirect]).json();
        assert!(tokens["access_token"].is_string());
        assert_eq!(tokens["refresh_token"].is_string(), has_refresh_token, "{extra:?}");
    }
}
