//! Whose credentials they are, if the file or Google says so; otherwise how to find out.

use serde_json::{Value, json};
use testkit::run_with_input;

use testkit::User;

use crate::{READONLY, json_report, logged_in};

const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";

/// A file without an account, for a grant of these scopes; with these fields changed.
fn anonymous(user: &User, scopes: &[&str], changes: Value) -> String {
    let grant = user.sandbox.grant(scopes);
    let mut file = user.stored();
    let fields = file.as_object_mut().expect("an object");
    fields.remove("account");
    fields.insert("refresh_token".to_owned(), grant.refresh_token.into());
    fields.insert("scopes".to_owned(), json!(scopes));
    fields.extend(changes.as_object().expect("an object").clone());
    user.file(&file)
}

#[test]
fn the_email_of_a_file_is_reported_from_any_of_its_fields() {
    let user = logged_in();
    // The claims of the JWT are {"email":"ada@example.test"}.
    for fields in [
        json!({"account": "ada@example.test", "id_token": {"email": "other@example.test"}}),
        json!({"account": "", "id_token": {"email": "ada@example.test"}}),
        json!({"id_token": "e30.eyJlbWFpbCI6ImFkYUBleGFtcGxlLnRlc3QifQ.x"}),
        json!({"type": null, "_class": "OAuth2Credentials", "id_token": {"email": "ada@example.test", "sub": 1}}),
    ] {
        let file = anonymous(&user, &[READONLY], fields);
        let run = user.run(&[&file]).expect(0);
        assert!(run.stdout().contains("identity         ada@example.test\n"), "{}", run.stdout());
        assert_eq!(run.stderr(), "");
        let converted = user.run(&[&file, "--convert", "authorized_user", "-o", "converted.json"]).expect(0);
        assert_eq!(converted.stderr(), "");
        assert_eq!(json_report(&user, &["converted.json"])["identity"], "ada@example.test");
    }
    for nothing in [json!({"id_token": 7}), json!({"id_token": "x"}), json!({"id_token": {"email": 7}})] {
        let run = user.run(&[&anonymous(&user, &[READONLY], nothing)]).expect(0);
        assert!(run.stdout().contains("an unknown user (client "), "{}", run.stdout());
    }
}

#[test]
fn check_asks_google_for_the_email_where_the_grant_covers_it() {
    let user = logged_in();
    let file = anonymous(&user, &[READONLY, "openid", EMAIL], json!({}));
    let run = user.run(&[&file]).expect(0);
    assert_eq!(run.stderr(), "gauth-info: hint: add --check to ask Google whose it is\n");
    assert!(user.sandbox.requests().is_empty());
    let report = json_report(&user, &[&file, "--check"]);
    assert_eq!(report["token"]["account"], "alex@example.com");
    let run = user.run(&[&file, "--check"]).expect(0);
    assert!(run.stdout().contains("  account  alex@example.com\n"), "{}", run.stdout());
    assert_eq!(run.stderr(), "");
    // One that is known is not asked for.
    json_report(&user, &["--check"]);
    let asked: Vec<_> = user.sandbox.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["/token", "/tokeninfo", "/token", "/tokeninfo", "/token"]);
}

#[test]
fn a_lookup_that_fails_costs_only_the_email() {
    use gauth_sandbox::{Fault, FaultKind};

    let user = logged_in();
    let file = anonymous(&user, &[READONLY, "openid", EMAIL], json!({}));
    user.sandbox.fault(Fault::new("/tokeninfo", FaultKind::Html { status: 404 }));
    let run = user.run(&[&file, "--check"]).expect(0);
    assert!(run.stdout().contains("check            OK\n"), "{}", run.stdout());
    assert!(run.stderr().contains("warning: "), "{}", run.stderr());
}

#[test]
fn if_the_email_is_unknown_the_login_that_shows_it_is_printed() {
    let user = logged_in();
    let file = anonymous(&user, &[READONLY], json!({}));
    for options in [&[&*file][..], &[&*file, "--check"], &[&*file, "--format", "json"]] {
        let run = user.run(options).expect(0);
        let hint = format!(
            "gauth-info: hint: log in with the scope email as well to see whose it is: gauth-login --scope analytics.readonly --scope email --credentials {file}\n"
        );
        assert_eq!(run.stderr(), hint);
    }
    assert_eq!(user.run(&["-q", &file]).expect(0).stderr(), "");
    // In its own place the file need not be named; read from a pipe it cannot be.
    std::fs::copy(&file, &user.credentials).expect("copy it");
    let run = user.run(&[]).expect(0);
    assert!(run.stderr().ends_with("gauth-login --scope analytics.readonly --scope email\n"), "{}", run.stderr());
    let run = run_with_input(user.command(&["-"]), std::fs::read(&file).expect("read it")).expect(0);
    assert!(
        run.stderr().ends_with("log in with --scope email in addition to its other scopes to see whose it is\n"),
        "{}",
        run.stderr()
    );
}

#[test]
fn the_login_that_is_printed_is_quoted_for_the_shell() {
    let user = logged_in();
    let scope = "https://a.test/$(touch${IFS}pwned)";
    let file = anonymous(&user, &[READONLY], json!({"scopes": [scope]}));
    let run = user.run(&[&file]).expect(0);
    assert!(run.stderr().contains(&format!(" --scope '{scope}' --scope email ")), "{}", run.stderr());
}
