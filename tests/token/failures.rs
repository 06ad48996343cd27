//! Every way to fail: the exit code, the hint, and an empty stdout (G1, G2, G5, G8, H6, H7).

use std::fs;

use gauth_sandbox::{Fault, FaultKind};
use testkit::{Answer, Pty, Run, ScriptedServer, User};

use crate::{assert_harmless, logged_in, run_canary_user, token_at, with_a_key};

#[track_caller]
fn refused(user: &User, status: u16, error: &str, description: &str, subtype: &str) -> Run {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let kind =
        FaultKind::OAuth { status, error: error.to_owned(), description: text(description), subtype: text(subtype) };
    user.sandbox.fault(Fault::new("/token", kind));
    user.run(&[])
}

#[test]
fn h6_h7_g8_each_refusal_has_its_exit_code_and_its_hint() {
    let user = logged_in();
    let key = with_a_key();
    // Whose, status, error, description, subtype; the exit code and what the hint says.
    for (user, status, error, description, subtype, code, hint) in [
        (&user, 400, "invalid_grant", "Token has been expired or revoked.", "", 3, "run gauth-login"),
        (&user, 400, "invalid_grant", "Bad Request", "", 3, "7 days"),
        (&user, 400, "invalid_grant", "reauth related error (invalid_rapt)", "invalid_rapt", 3, "session control"),
        (&user, 400, "invalid_grant", "", "rapt_required", 3, "session control"),
        (&user, 401, "invalid_client", "The provided client secret is invalid.", "", 4, "download the client again"),
        (&user, 401, "invalid_client", "The OAuth client was not found.", "", 4, "right client file"),
        (&user, 401, "deleted_client", "The OAuth client was deleted.", "", 4, "deleted"),
        (&user, 401, "unauthorized_client", "Unauthorized", "", 4, "check its type"),
        (&user, 400, "invalid_scope", "Bad scopes", "", 4, "misspelt"),
        (&user, 400, "admin_policy_enforced", "", "", 4, "admin"),
        (&user, 403, "org_internal", "", "", 4, "organisation"),
        (&user, 403, "access_denied", "Account restricted", "", 4, "test user"),
        (&user, 400, "invalid_request", "client_secret is missing.", "", 1, "client_secret"),
        (&user, 400, "unsupported_grant_type", "", "", 1, ""),
        (&user, 400, "never_heard_of", "", "", 1, ""),
        (&user, 401, "never_heard_of", "", "", 3, ""),
        (&user, 403, "never_heard_of", "", "", 4, ""),
        (&key, 400, "invalid_grant", "Invalid JWT Signature.", "", 3, "create a new key"),
        (&key, 400, "invalid_grant", "Invalid grant: account not found", "", 3, "was deleted"),
        (&key, 400, "invalid_grant", "Invalid email or User ID", "", 3, "--subject"),
        (&key, 400, "invalid_grant", "Bad Request", "", 3, "check that the service account"),
        (
            &key,
            401,
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method",
            "",
            4,
            "domain-wide delegation",
        ),
    ] {
        let before = fs::read(&user.credentials).expect("read the credentials");
        let requests = user.requests_to("/token").len();
        let run = refused(user, status, error, description, subtype).expect_failure(code);
        let said = run.stderr();
        assert!(said.starts_with("gauth-token: ") && said.contains(error), "{said}");
        assert!(said.contains(description), "{said}");
        if hint.is_empty() {
            assert!(!said.contains("hint"), "{said}");
        } else {
            let told = said.lines().any(|line| line.starts_with("gauth-token: hint: ") && line.contains(hint));
            assert!(told, "{error} {description}: {said}");
        }
        assert_eq!(user.requests_to("/token").len(), requests + 1, "{error}: asked again");
        assert_eq!(fs::read(&user.credentials).expect("read them"), before);
    }
}

#[test]
fn h6_without_credentials_it_says_to_log_in() {
    let user = logged_in();
    fs::remove_file(&user.credentials).expect("log out");
    let run = user.run(&["-q"]).expect_failure(3);
    assert!(run.stderr().contains("hint: run gauth-login"), "{}", run.stderr());
    user.sandbox.revoke_all();
    let user = logged_in();
    user.sandbox.revoke_all();
    let run = user.run(&[]).expect_failure(3);
    assert!(run.stderr().contains("run gauth-login"), "{}", run.stderr());
}

#[test]
fn h6_h7_a_wrong_command_exits_2_without_a_request() {
    let user = logged_in();
    for options in [
        &["--nonsense"][..],
        &["--scope"],
        &["--scope", ""],
        &["--scope", " , "],
        &["--scope", "a\"b"],
        &["--min-ttl", "soon"],
        &["--min-ttl", "-1"],
        &["--format", "xml"],
        &["--format", ""],
        &["--refresh", "--no-cache"],
        &["--audience", "a", "--scope", "openid"],
        &["--audience", ""],
        &["--subject="],
        &["--impersonate", ""],
        &["--quota-project", ""],
        &["--timeout", "0"],
        &["--timeout", "NaN"],
        &["--credentials", "a", "--credentials", "b"],
        &["--refresh=yes"],
        &["a-word"],
        &["help"],
        &["--", "x"],
    ] {
        let run = user.run(options).expect_failure(2);
        assert!(run.stderr().starts_with("gauth-token: "), "{options:?}: {}", run.stderr());
    }
    assert!(user.requests_to("/token").is_empty());
}

#[test]
fn h6_a_temporary_error_exits_5_after_few_tries() {
    let user = logged_in();
    for (kind, tries) in [
        (FaultKind::Html { status: 500 }, 2),
        (FaultKind::Html { status: 502 }, 3),
        (FaultKind::Html { status: 503 }, 3),
        (FaultKind::Html { status: 504 }, 3),
        (FaultKind::Html { status: 429 }, 3),
        (FaultKind::HangUp, 3),
    ] {
        let before = user.requests_to("/token").len();
        user.sandbox.fault(Fault::new("/token", kind.clone()).times(tries));
        let run = user.run(&["--no-cache"]).expect_failure(5);
        assert_eq!(user.requests_to("/token").len() - before, tries as usize, "{kind:?}");
        assert!(run.stderr().contains("/token") || run.stderr().contains("refresh"), "{}", run.stderr());
        // One that passes sooner is not noticed.
        user.sandbox.fault(Fault::new("/token", kind));
        assert_eq!(user.run(&["--no-cache"]).expect(0).stderr(), "");
    }
}

#[test]
fn h6_a_retry_after_is_followed_if_it_fits_and_reported_if_not() {
    for (wait, code, told) in [
        ("0", 0, ""),
        ("3600", 5, "the server asks to wait 3600 s"),
        // As good as missing.
        ("99999999999999999999", 0, ""),
        ("-1", 0, ""),
        ("soon", 0, ""),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0, ""),
    ] {
        let headers = format!("Retry-After: {wait}\r\n");
        let token = Answer::json(200, r#"{"access_token":"ya29.a"}"#);
        let refusal = Answer::new(503, &headers, "{}");
        let second = (code == 0).then_some(token);
        let server = ScriptedServer::start([refusal].into_iter().chain(second));
        let run = run_canary_user(&token_at(&server), &[]).expect(code);
        assert!(run.stderr().contains(told), "{}", run.stderr());
    }
}

#[test]
fn g2_an_answer_without_a_usable_token_is_an_error_and_printed_nowhere() {
    let long = format!(r#"{{"access_token":"ya29.{}"}}"#, "x".repeat(20_000));
    for (body, code) in [
        (r#"{"error":"invalid_grant"}"#, 3),
        ("{}", 1),
        (r#"{"access_token":null}"#, 1),
        (r#"{"access_token":""}"#, 1),
        (r#"{"access_token":["ya29.canary0123"]}"#, 1),
        (r#"{"access_token":"ya29.canary0123 x"}"#, 1),
        (r#"{"access_token":"ya29.canary0123\nx"}"#, 1),
        (r#"{"access_token":"ya29.canary0123\r\nX: y"}"#, 1),
        (r#"{"access_token":"ya29.canary0123\u0000"}"#, 1),
        (r#"{"access_token":"ya29.canary0123\u0085"}"#, 1),
        (r#"{"access_token":"ya29.canary0123","token_type":"mac"}"#, 1),
        (r#"{"access_token":"ya29.canary0123","access_token":"b"}"#, 1),
        (r#"{"access_token":"ya29.canary0123""#, 1),
        (r#"["ya29.canary0123"]"#, 1),
        ("ya29.canary0123", 1),
        ("", 1),
        ("<!DOCTYPE html><title>Welcome to this hotel</title>", 1),
        (&long, 1),
    ] {
        let server = ScriptedServer::start([Answer::json(200, body)]);
        let run = run_canary_user(&format!("{}/token", server.url()), &[]).expect_failure(code);
        assert!(!run.stderr().contains("canary0123"), "{}", run.stderr());
        assert!(run.stderr().len() < 400, "{}", run.stderr());
    }
    for status in [201, 204, 206] {
        let body = r#"{"access_token":"ya29.canary0123"}"#;
        let body = if status == 204 { "" } else { body };
        let server = ScriptedServer::start([Answer::json(status, body)]);
        run_canary_user(&format!("{}/token", server.url()), &[]).expect_failure(1);
    }
}

#[test]
fn g1_what_a_server_says_is_shown_without_its_escapes() {
    let user = logged_in();
    for evil in [
        "\u{1b}]0;title\u{7}",
        "\u{1b}]8;;https://evil.test\u{1b}\\click",
        "\u{1b}]52;c;ZXZpbA==\u{7}",
        "\u{1b}[2J\u{1b}[1;1H",
        "\u{9b}2J",
        "\u{202e}txt.exe",
        "\u{2066}\u{200f}",
        "\rgauth-token: all is well",
        "\n\ngauth-token: hint: rm -rf /",
        "\u{2028}\u{85}",
        "\0\u{8}\u{7f}",
    ] {
        for (error, description, subtype) in [("invalid_grant", evil, ""), ("invalid_grant", "", evil), (evil, "", "")]
        {
            let run = refused(&user, 400, error, description, subtype);
            assert_harmless(run.stderr());
            assert!(run.output.stdout.is_empty() && run.code() != 0);
            let own = run.stderr().lines().all(|line| line.starts_with("gauth-token: "));
            assert!(own && run.stderr().lines().count() <= 2, "{}", run.stderr());
        }
    }
    let kind = FaultKind::OAuth {
        status: 400,
        error: "invalid_grant".to_owned(),
        description: Some("\u{1b}[31mred".to_owned()),
        subtype: None,
    };
    user.sandbox.fault(Fault::new("/token", kind));
    let (_, shown) = Pty::start(user.command(&[]), 80).finish();
    assert!(!shown.contains('\u{1b}') && shown.contains("red"), "{shown:?}");
}

#[test]
fn g1_f11_long_texts_and_pages_are_cut_short() {
    let user = logged_in();
    let run = refused(&user, 400, "invalid_grant", &"long ".repeat(200_000), "");
    assert!(run.expect_failure(3).stderr().len() < 5000);
    let page = format!("<html>\u{1b}[2J{}", "evil ".repeat(200_000));
    for status in [200, 400, 404] {
        let server = ScriptedServer::start([Answer::new(status, "Content-Type: text/html\r\n", &page)]);
        let run = run_canary_user(&format!("{}/token", server.url()), &[]).expect_failure(1);
        assert!(run.stderr().contains("an HTML page"), "{}", run.stderr());
        assert!(run.stderr().len() < 300, "{}", run.stderr());
        assert_harmless(run.stderr());
    }
}

#[test]
fn g5_a_clock_that_is_off_is_measured() {
    let user = with_a_key();
    for (skew, says) in [(7200, "behind"), (-7200, "ahead of")] {
        user.sandbox.set_clock_skew(skew);
        let run = user.run(&["--no-cache"]).expect_failure(3);
        let said = run.stderr();
        assert!(said.contains("invalid_grant") && said.contains(says), "{said}");
        let seconds = said.split(" s ").next().and_then(|text| text.rsplit(' ').next());
        let seconds: i64 = seconds.and_then(|n| n.parse().ok()).expect("a number of seconds");
        assert!((seconds - 7200).abs() <= 5, "{said}");
    }
    user.sandbox.set_clock_skew(120);
    user.token(&["--no-cache"]);
}

#[test]
fn d4_verbose_shows_neither_bodies_nor_secret_headers_nor_queries() {
    let answer = Answer::new(
        400,
        "X-Custom: canary-in-a-header\r\nSet-Cookie: canary-in-a-header\r\n",
        r#"{"error":"invalid_grant","token":"canary-in-the-body"}"#,
    );
    let server = ScriptedServer::start([answer]);
    let home = testkit::Home::new();
    let file = crate::canary_user(&format!("{}/token?key=canary-in-the-query", server.url()));
    home.write(".config/gauth/credentials.json", 0o600, file.to_string());
    let mut command = home.command(crate::BIN);
    // A query is taken only at a host that the user has named.
    command.arg("--verbose").env("GAUTH_ALLOW_HOSTS", "127.0.0.1");
    let run = testkit::run(command).expect_failure(3);
    run.assert_no_secret(&crate::canaries(), false);
    assert!(!run.stderr().contains("canary"), "{}", run.stderr());
    assert!(run.stderr().contains("> POST http://127.0.0.1:"), "{}", run.stderr());
    assert!(run.stderr().contains("< 400 Bad Request"), "{}", run.stderr());
    for user in [logged_in(), with_a_key()] {
        user.run(&["--verbose", "--explain"]).expect(0);
    }
}

#[test]
fn d7_d10_d11_no_log_of_a_library_can_be_turned_on_from_outside() {
    let user = logged_in();
    let keys = user.home.path().join("keys.log");
    let mut command = user.command(&["--verbose"]);
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").env("SSLKEYLOGFILE", &keys);
    let run = user.run_command(command).expect(0);
    assert!(run.stderr().lines().all(|line| line.starts_with("gauth-token: ")), "{}", run.stderr());
    assert!(!keys.exists());
}
