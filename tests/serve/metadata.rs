//! What the server says beside tokens, in the forms that clients ask for.

use serde_json::json;

use crate::{EDIT, READONLY, Served, logged_in, with_key};

const REPORTER: &str = "reporter@gauth-sandbox.iam.gserviceaccount.com";
const ACCOUNTS: &str = "instance/service-accounts/";

#[test]
fn directories_list_what_is_in_them_with_and_without_the_closing_slash() {
    let (user, key) = with_key();
    let served = Served::start(&user, &["--credentials", &key]);
    assert_eq!(served.get_with("/", "").body, "computeMetadata/\n");
    for (path, listed) in [
        ("", "instance/\nproject/\nuniverse/\n".to_owned()),
        (ACCOUNTS, format!("default/\n{REPORTER}/\n")),
        ("instance/service-accounts/default/", "aliases\nemail\nidentity\nscopes\ntoken\n".to_owned()),
        ("instance/", "attributes/\nid\nname\nservice-accounts/\nzone\n".to_owned()),
    ] {
        assert_eq!(served.value(path), listed, "{path}");
        assert_eq!(served.value(path.trim_end_matches('/')), listed, "{path}");
    }
    served.end();
}

#[test]
fn values_are_text() {
    let (user, key) = with_key();
    let served = Served::start(&user, &["--credentials", &key, "--scope", "analytics.readonly analytics.edit"]);
    for (path, value) in [
        ("instance/service-accounts/default/email", REPORTER.to_owned()),
        ("instance/service-accounts/default/aliases", "default\n".to_owned()),
        ("instance/service-accounts/default/scopes", format!("{EDIT}\n{READONLY}\n")),
        ("project/project-id", "gauth-sandbox".to_owned()),
        ("project/numeric-project-id", "0".to_owned()),
        ("instance/zone", "projects/0/zones/local".to_owned()),
        ("instance/id", "0".to_owned()),
        ("instance/name", "gauth-serve".to_owned()),
        ("universe/universe-domain", "googleapis.com".to_owned()),
    ] {
        assert_eq!(served.value(path), value, "{path}");
    }
    for account in [REPORTER, "reporter%40gauth-sandbox.iam.gserviceaccount.com"] {
        assert_eq!(served.value(&format!("{ACCOUNTS}{account}/email")), REPORTER);
        assert_eq!(served.get(&format!("/computeMetadata/v1/{ACCOUNTS}{account}/token")).status, 200);
    }
    served.end();
}

#[test]
fn i9_recursive_and_alt_give_json_as_google_writes_it() {
    let (user, key) = with_key();
    let served = Served::start(&user, &["--credentials", &key, "--project", "123456789012"]);
    let account = json!({"aliases": ["default"], "email": REPORTER, "scopes": [READONLY]});
    let path = |rest: &str| format!("/computeMetadata/v1/{rest}");
    for query in ["?recursive=true", "?recursive=true&alt=json", "?alt=json&recursive=True"] {
        assert_eq!(served.json(&path(&format!("instance/service-accounts/default/{query}"))), account);
        assert_eq!(served.json(&path(&format!("instance/service-accounts/{REPORTER}{query}"))), account);
    }
    let accounts = json!({"default": account, REPORTER: account});
    assert_eq!(served.json(&path("instance/service-accounts/?recursive=true")), accounts);
    let whole = served.json(&path("?recursive=true"));
    assert_eq!(whole["instance"]["serviceAccounts"], accounts);
    assert_eq!(whole["project"]["projectId"], "123456789012");
    assert_eq!(whole["project"]["numericProjectId"], 123_456_789_012_u64);
    assert_eq!(whole["universe"], json!({"universeDomain": "googleapis.com"}));
    assert_eq!(served.json(&path("instance/service-accounts/default/email?alt=json")), json!(REPORTER));
    assert_eq!(served.json(&path("instance/service-accounts/default/scopes?alt=json")), json!([READONLY]));
    assert_eq!(served.value("universe/?recursive=true&alt=text"), "universe-domain googleapis.com\n");
    served.end();
}

#[test]
fn an_account_without_a_known_email_is_default_and_an_unknown_project_is_404() {
    let user = logged_in();
    let mut grant = user.grant(&[READONLY, EDIT]);
    grant.as_object_mut().expect("an object").remove("account");
    user.keep(&grant);
    let served = Served::start(&user, &[]);
    assert_eq!(served.value(ACCOUNTS), "default/\n");
    assert_eq!(served.value("instance/service-accounts/default/email"), "default");
    // The file does not name the scopes, but a token has them.
    assert_eq!(served.value("instance/service-accounts/default/scopes"), format!("{EDIT}\n{READONLY}\n"));
    assert_eq!(
        served.json("/computeMetadata/v1/instance/service-accounts/default/?recursive=true"),
        json!({"aliases": ["default"], "email": "default", "scopes": [EDIT, READONLY]})
    );
    for path in ["project-id", "numeric-project-id"] {
        assert_eq!(served.get(&format!("/computeMetadata/v1/project/{path}")).status, 404);
    }
    served.end();
}

#[test]
fn i7_there_is_no_other_path() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    for path in [
        "/stop",
        "/quit",
        "/reload",
        "/sandbox/requests",
        "/favicon.ico",
        "//computeMetadata/v1/",
        "/computeMetadata/v1//instance",
        "/computeMetadata/v1/../v1/instance",
        "/computeMetadata/v1/%2e%2e/v1/instance",
        "/computeMetadata/v1/instance/service-accounts/default/token/",
        "/computemetadata/v1/",
        "/computeMetadata/v1beta1/",
        "/computeMetadata/v1x",
        "/computeMetadata/v1/instance/service-accounts/other@example.test/token",
        "/computeMetadata/v1/instance/service-accounts/default/token/x",
        "/computeMetadata/v1/instance/service-accounts/default/nothing",
        "/computeMetadata/v1/instance/attributes/ssh-keys",
    ] {
        let expected = if path.ends_with("token/") { 200 } else { 404 };
        assert_eq!(served.get(path).status, expected, "{path}");
    }
    assert!(served.token("").starts_with("ya29."));
    served.end();
}
