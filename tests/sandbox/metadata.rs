//! The metadata servers: Google's below `/computeMetadata/`, AWS's below `/latest/`.

use gauth_sandbox::Options;

use crate::{READONLY, Visitor};

const FLAVOR: (&str, &str) = ("metadata-flavor", "Google");
const ACCOUNT: &str = "/computeMetadata/v1/instance/service-accounts/default";

#[test]
fn every_request_must_carry_the_flavor_and_no_trace_of_a_proxy() {
    let visitor = Visitor::new(Options::default());
    let path = format!("{ACCOUNT}/token");
    for headers in [&[][..], &[("metadata-flavor", "google")], &[FLAVOR, ("x-forwarded-for", "10.0.0.1")]] {
        let answer = visitor.get(&path, headers);
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(answer.body.starts_with("<!DOCTYPE"));
        assert_eq!(answer.header("metadata-flavor"), Some("Google"));
    }
    let answer = visitor.post_body(&path, &[FLAVOR], "");
    assert_eq!(answer.status, 405);
}

#[test]
fn the_machines_account_has_a_name_scopes_and_tokens() {
    let visitor = Visitor::new(Options::default());
    let get = |path: &str| visitor.get(&format!("{ACCOUNT}/{path}"), &[FLAVOR]);
    assert_eq!(get("email").body, visitor.sandbox.machine());
    assert!(get("scopes").body.contains(READONLY));
    for path in ["token".to_owned(), format!("token?scopes={READONLY}")] {
        let answer = get(&path);
        assert_eq!(answer.header("metadata-flavor"), Some("Google"));
        assert_eq!(answer.json()["token_type"], "Bearer");
    }
    assert_eq!(get("token?scopes=https://www.googleapis.com/auth/drive.readonly").status, 403);
    assert_eq!(get("token?scopes=nonsense").status, 400);
    assert_eq!(get("identity").status, 400);
    for (query, has_email) in [("", false), ("&format=full", true)] {
        let jwt = get(&format!("identity?audience=https://a.test{query}")).body;
        let info = visitor.get(&format!("/tokeninfo?id_token={jwt}"), &[]).json();
        assert_eq!(info["aud"], "https://a.test");
        assert_eq!(info.get("email").is_some(), has_email);
    }
}

#[test]
fn what_clients_ask_before_their_first_token_is_answered() {
    let visitor = Visitor::new(Options::default());
    let root = visitor.get("/", &[]);
    assert_eq!((root.status, root.header("metadata-flavor")), (200, Some("Google")));
    let machine = visitor.sandbox.machine();
    for (path, text) in [
        ("instance", "service-accounts/"),
        ("instance/", "service-accounts/"),
        ("instance/service-accounts/", &format!("default/\n{machine}/\n")),
        ("instance/service-accounts/default/aliases", "default\n"),
        ("instance/zone", "projects/123456789012/zones/"),
        ("instance/id", "4"),
        ("instance/name", "sandbox"),
        ("project/project-id", "gauth-sandbox"),
        ("project/numeric-project-id", "123456789012"),
        ("universe/universe-domain", "googleapis.com"),
    ] {
        let answer = visitor.get(&format!("/computeMetadata/v1/{path}"), &[FLAVOR]);
        assert!(answer.status == 200 && answer.body.contains(text), "{path}: {}", answer.body);
        assert_eq!(answer.header("metadata-flavor"), Some("Google"));
    }
    for account in ["default", machine] {
        let path = format!("/computeMetadata/v1/instance/service-accounts/{account}/?recursive=true");
        let about = visitor.get(&path, &[FLAVOR]).json();
        assert_eq!((&about["email"], &about["aliases"][0]), (&machine.into(), &"default".into()));
        assert!(about["scopes"].as_array().is_some_and(|scopes| !scopes.is_empty()));
    }
    let moved = visitor.get(ACCOUNT, &[FLAVOR]);
    assert_eq!((moved.status, moved.header("location")), (301, Some(&*format!("{ACCOUNT}/"))));
}

#[test]
fn what_is_not_there_is_404() {
    let visitor = Visitor::new(Options::default());
    for path in [
        "instance/service-accounts/other@example.com/token",
        "instance/service-accounts/default/nothing",
        "instance/nothing",
    ] {
        let answer = visitor.get(&format!("/computeMetadata/v1/{path}"), &[FLAVOR]);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("metadata-flavor"), Some("Google"));
    }
}

#[test]
fn aws_hands_out_keys_to_who_holds_a_session() {
    let visitor = Visitor::new(Options::default());
    let ttl = "x-aws-ec2-metadata-token-ttl-seconds";
    let put = |value: &str| {
        let url = visitor.url("/latest/api/token");
        crate::answer(visitor.agent.put(url).header(ttl, value).send_empty())
    };
    for bad in ["0", "21601", "x"] {
        assert_eq!(put(bad).status, 400, "{bad}");
    }
    let session = put("300").body;
    let header = [("x-aws-ec2-metadata-token", session.as_str())];
    let keys = "/latest/meta-data/iam/security-credentials";
    assert_eq!(visitor.get(keys, &[]).status, 401);
    assert_eq!(visitor.get(keys, &[("x-aws-ec2-metadata-token", "guess")]).status, 401);
    let role = visitor.get(&format!("{keys}/"), &header).body;
    let found = visitor.get(&format!("{keys}/{role}"), &header).json();
    let secret = found["SecretAccessKey"].as_str().expect("a key").to_owned();
    assert!(visitor.sandbox.secrets().contains(&secret));
    assert!(visitor.sandbox.secrets().contains(&session));
    assert_eq!(visitor.get(&format!("{keys}/other"), &header).status, 404);
    let zone = visitor.get("/latest/meta-data/placement/availability-zone", &header);
    assert_eq!(zone.body, "us-east-2b");
}
