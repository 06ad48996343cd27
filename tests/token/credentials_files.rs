//! Credentials files: the dialects that are read, and what a hostile or broken one is refused for before anything is
//! sent (E1, E2, E6–E12, A9, A15).

use std::fs;

use serde_json::{Value, json};
use testkit::{Answer, Home, Run, ScriptedServer, run_with_input, token};

use crate::{BIN, EDIT, READONLY, canaries, canary_user, logged_in, with_a_key};

/// Runs with a file whose every https request would come to `sink` as its proxy.
#[track_caller]
fn run_with_sink(content: &[u8], sink: &ScriptedServer, options: &[&str]) -> Run {
    let home = Home::new();
    let file = home.write("given.json", 0o600, content);
    let mut command = home.command(BIN);
    command.arg("--credentials").arg(file).args(options);
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        command.env(name, sink.url());
    }
    let run = testkit::run(command);
    run.assert_no_secret(&canaries(), false);
    crate::assert_harmless(run.stderr());
    run
}

#[track_caller]
fn assert_refused(content: &[u8], says: &str) {
    let sink = ScriptedServer::answering(|_| Answer::hang_up());
    let run = run_with_sink(content, &sink, &[]).expect_failure(2);
    assert!(
        run.stderr().contains(says),
        "{says:?} is not said about {}: {}",
        String::from_utf8_lossy(&content[..content.len().min(300)]),
        run.stderr()
    );
    assert!(run.stderr().contains("given.json'"), "{}", run.stderr());
    assert!(sink.requests().is_empty(), "{}", run.stderr());
}

#[test]
fn every_dialect_of_a_users_grant_is_read() {
    let user = logged_in();
    let grant = user.stored();
    let url = user.sandbox.url().to_owned();
    let with = |more: Value| {
        let mut file = grant.clone();
        let fields = file.as_object_mut().expect("an object");
        fields.remove("type");
        fields.extend(more.as_object().expect("an object").clone());
        file
    };
    let mut gcloud =
        with(json!({"type": "authorized_user", "quota_project_id": "p-1", "universe_domain": "googleapis.com"}));
    // gcloud writes no token_uri: it means Google's, which the sandbox replaces.
    gcloud.as_object_mut().expect("an object").remove("token_uri");
    let dialects = [
        ("gcloud", gcloud),
        (
            "google-auth",
            with(json!({
            "token": "ya29.stale", "scopes": [READONLY], "universe_domain": "googleapis.com",
            "account": "", "expiry": "2026-01-31T09:08:07.123456Z"})),
        ),
        ("google-oauthlib-tool", with(json!({"scopes": [READONLY, EDIT]}))),
        (
            "oauth2client",
            with(json!({
            "_class": "OAuth2Credentials", "_module": "oauth2client.client", "invalid": true,
            "access_token": "ya29.stale", "token_expiry": "2016-01-31T09:08:07Z", "user_agent": null,
            "revoke_uri": null, "id_token": {"aud": "x"}, "id_token_jwt": null, "token_info_uri": null,
            "token_response": {"access_token": "ya29.stale", "expires_in": 3600}, "scopes": [READONLY]})),
        ),
        ("a browser's save with a byte order mark", json!(null)),
    ];
    for (name, dialect) in dialects {
        let content = match &dialect {
            Value::Null => format!("\u{feff}{grant}"),
            dialect => dialect.to_string(),
        };
        let file = user.home.write("given.json", 0o600, content);
        let mut command = user.command(&["--no-cache", "--credentials"]);
        command.arg(file).env("GAUTH_SANDBOX_URL", &url);
        let before = user.requests_to("/token").len();
        let run = user.run_command(command).expect(0);
        assert_eq!(run.stderr(), "", "{name}");
        let token = token(&run);
        assert!(user.sandbox.secrets().contains(&token), "{name}");
        assert_eq!(user.requests_to("/token").len(), before + 1, "{name}");
    }
}

#[test]
fn every_form_of_a_service_accounts_key_is_read() {
    let user = with_a_key();
    let key = user.stored();
    let pkcs1 = user.sandbox.service_account_key_pkcs1().expect("write the key");
    let pkcs1: Value = testkit::read_json(&pkcs1);
    let mut minimal = json!({"type": "service_account"});
    for field in ["client_email", "private_key", "token_uri"] {
        minimal[field] = key[field].clone();
    }
    let escaped = key["private_key"].as_str().expect("a key").replace('\n', "\\n");
    let mut through_a_shell = key.clone();
    through_a_shell["private_key"] = escaped.into();
    let oauth2client = json!({
        "_class": "ServiceAccountCredentials", "_module": "oauth2client.service_account",
        "_service_account_email": key["client_email"], "_private_key_pkcs8_pem": key["private_key"],
        "_private_key_id": key["private_key_id"], "_scopes": READONLY, "_kwargs": {},
        "token_uri": key["token_uri"],
    });
    for file in [key, pkcs1, minimal, through_a_shell, oauth2client] {
        fs::write(&user.credentials, file.to_string()).expect("write the key");
        let token = user.token(&["--no-cache"]);
        assert!(user.sandbox.secrets().contains(&token), "{file}");
    }
}

#[test]
fn e1_e2_a_token_uri_that_is_not_googles_gets_nothing() {
    for url in [
        "http://oauth2.googleapis.com/token",
        "HTTP://oauth2.googleapis.com/token",
        "ftp://oauth2.googleapis.com/token",
        "file:///etc/passwd",
        "//oauth2.googleapis.com/token",
        "/token",
        "token",
        "https://evil.test/token",
        "https://oauth2.googleapis.com.evil.test/token",
        "https://evilgoogleapis.com/token",
        "https://oauth2.googleapis.com@evil.test/token",
        "https://user:canary@oauth2.googleapis.com/token",
        "https://oauth2.googleapis.com:8443/token",
        "https://oauth2.googleapis.com./token",
        "https://oauth2.googleapis.com%2eevil.test/token",
        "https://evil.test\\.googleapis.com/token",
        "https://evil.test#.googleapis.com/",
        "https://evil.test?.googleapis.com/",
        "https://oauth2.googleapis.com\u{ff0e}evil.test/",
        "https://xn--oauth2-.evil.test/",
        "https://[2001:db8::1]/token",
        "https://10.0.0.1/token",
        "https://2130706433/token",
        "http://0.0.0.0/token",
        "http://127.0.0.1.evil.test/token",
        "http://127.0.0.1@evil.test/token",
        "http://169.254.169.254/token",
        "http://metadata.google.internal/token",
    ] {
        assert_refused(canary_user(url).to_string().as_bytes(), "field token_uri");
        let key = json!({"type": "service_account", "client_email": "a@b", "private_key": "x", "token_uri": url});
        assert_refused(key.to_string().as_bytes(), "field token_uri");
    }
}

#[test]
fn e2_a_universe_named_only_by_the_file_moves_nothing() {
    let mut file = canary_user("https://oauth2.evil.test/token");
    file["universe_domain"] = "evil.test".into();
    assert_refused(file.to_string().as_bytes(), "GAUTH_ALLOW_HOSTS=oauth2.evil.test");
}

#[test]
fn e6_a_type_must_be_known() {
    let typed = |value: Value| {
        let mut file = canary_user("https://oauth2.googleapis.com/token");
        file["type"] = value;
        file.to_string()
    };
    assert_refused(typed("wizard".into()).as_bytes(), "credentials of type wizard are not supported");
    assert_refused(typed("Authorized_User".into()).as_bytes(), "not supported");
    assert_refused(typed(json!(["authorized_user"])).as_bytes(), "field type: expected a string");
    assert_refused(typed("\u{1b}]0;x\u{7}".into()).as_bytes(), "not supported");
    assert_refused(b"{}", "field type: missing");
    assert_refused(br#"{"installed":{"client_id":"x"}}"#, "OAuth client, not credentials");
    assert_refused(br#"{"web":{"client_id":"x"}}"#, "OAuth client, not credentials");
    assert_refused(br#"{"_class":"AccessTokenCredentials"}"#, "nothing to renew it with");
    assert_refused(br#"{"_class":"Elephant"}"#, "field _class");
}

#[test]
fn e7_a_duplicate_key_is_refused_at_any_place() {
    for file in [
        r#"{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c","token_uri":"https://oauth2.googleapis.com/token","token_uri":"https://evil.test/"}"#,
        r#"{"type":"authorized_user","\u0074ype":"service_account"}"#,
        r#"{"type":"authorized_user","x":{"y":[{"z":1,"z":2}]}}"#,
    ] {
        assert_refused(file.as_bytes(), "duplicate key");
    }
}

#[test]
fn e8_size_and_depth_are_bounded() {
    assert_refused(&vec![b' '; (1 << 20) + 1], "more than 1048576 bytes");
    for bomb in ["[", "{\"a\":"] {
        let known = format!(r#"{{"type":{}"#, bomb.repeat(150_000));
        assert_refused(known.as_bytes(), "not valid JSON");
        let unknown = format!(r#"{{"type":"authorized_user","x":{}"#, bomb.repeat(150_000));
        assert_refused(unknown.as_bytes(), "not valid JSON");
    }
}

#[test]
fn e9_e11_what_is_wrong_is_named_and_its_value_is_not() {
    assert_refused(b"", "empty");
    assert_refused(b" \n", "empty");
    assert_refused(b"[]", "not a JSON object");
    assert_refused(b"{\"type\"", "not valid JSON at line 1");
    assert_refused(b"\xff\xfe{\0}\0", "UTF-16");
    assert_refused(b"\x1f\x8b\x08\x00", "not valid JSON");
    let key = with_a_key().stored();
    for (field, value, says) in [
        ("private_key", json!(4711), "field private_key: expected a string"),
        ("private_key", json!(["1//canary-9876543210"]), "field private_key: expected a string"),
        ("private_key", Value::Null, "field private_key: missing"),
        ("private_key", json!("1//canary-9876543210"), "field private_key: not a PEM"),
        ("private_key", json!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END"), "encrypted"),
        ("client_email", json!(""), "field client_email: missing"),
        ("client_email", json!("a b"), "field client_email: contains a blank"),
        ("private_key_id", json!({}), "field private_key_id: expected a string"),
    ] {
        let mut file = key.clone();
        file[field] = value;
        assert_refused(file.to_string().as_bytes(), says);
    }
    for field in ["client_id", "refresh_token"] {
        let mut file = canary_user("https://oauth2.googleapis.com/token");
        file.as_object_mut().expect("an object").remove(field);
        assert_refused(file.to_string().as_bytes(), &format!("field {field}: missing"));
    }
}

#[test]
fn e6_a_file_of_another_tool_is_named_with_what_it_lacks() {
    for (file, says, lacks) in [
        (
            json!({"token": "ya29.canary-9876543210", "client_id": "c", "client_secret": "s", "scopes": [READONLY],
                "token_uri": "https://oauth2.googleapis.com/token", "expiry": "2026-01-31T09:08:07Z"}),
            "a google-auth token file",
            "lacks refresh_token",
        ),
        (
            json!({"access_token": "ya29.canary-9876543210", "token_type": "Bearer", "refresh_token": "1//canary-9876543210",
                "expiry": "2026-01-31T10:08:07.123456789+01:00"}),
            "Go's oauth2 package",
            "lacks client_id and client_secret",
        ),
        (
            json!({"access_token": "ya29.canary-9876543210", "refresh_token": "1//canary-9876543210", "scope": READONLY,
                "token_type": "Bearer", "expiry_date": 1_769_850_487_123_u64}),
            "Node.js",
            "lacks client_id and client_secret",
        ),
        (
            json!({"access_token": "ya29.canary-9876543210", "expires_in": 3599, "scope": READONLY,
                "token_type": "Bearer", "created": 1_769_850_487}),
            "PHP",
            "lacks client_id, client_secret and refresh_token",
        ),
        (
            json!({"access_token": "ya29.canary-9876543210", "expires_in": 3599, "token_type": "Bearer"}),
            "the response of a token endpoint",
            "lacks client_id, client_secret and refresh_token",
        ),
        (
            json!({"{\"CredentialsJSON\":\"1//canary-9876543210\",\"Scope\":\"x\"}": "eyJhY2Nlc3NfdG9rZW4i"}),
            "oauth2l",
            "lacks client_id",
        ),
        (
            json!({"refresh_token": "1//canary-9876543210"}),
            "a token without its client",
            "lacks client_id and client_secret",
        ),
        (
            json!({"client_id": "c", "client_secret": "GOCSPX-canary-0123456789"}),
            "an OAuth client without a grant",
            "lacks refresh_token",
        ),
        (
            json!({"installed": {"client_id": "c"}}),
            "an OAuth client, not credentials",
            "gauth-login --client-secrets FILE",
        ),
        (json!({"type": "authorized_user", "client_id": "c"}), "field refresh_token: missing", ""),
        (json!({"type": "service_account", "client_email": "a@b"}), "field private_key: missing", ""),
    ] {
        assert_refused(file.to_string().as_bytes(), says);
        assert_refused(file.to_string().as_bytes(), lacks);
    }
}

#[test]
fn e6_what_is_no_json_is_named() {
    let rclone = "[drive]\ntype = drive\ntoken = {\"access_token\":\"ya29.canary-9876543210\"}\n";
    let jwt = "eyJhbGciOiJub25lIn0.e30.canary-9876543210";
    let in_base64 = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(canary_user("https://oauth2.googleapis.com/token").to_string())
    };
    for (content, says) in [
        (&b"<!DOCTYPE html>\n<html>Sign in</html>"[..], "an HTML page, not JSON"),
        (b"\n\n", "empty"),
        (b"-----BEGIN PRIVATE KEY-----\nMIIcanary-9876543210\n", "a bare PEM key"),
        (b"\x30\x82\x01\x00rest", "a bare PKCS#12 key"),
        (b"SQLite format 3\0\x10\0", "an SQLite database, not JSON"),
        (b"\x80\x04\x95\x10\0\0", "a Python pickle, not JSON"),
        (rclone.as_bytes(), "an INI file such as rclone.conf, not JSON"),
        (b"ya29.canary-9876543210\n", "a token, not JSON"),
        (jwt.as_bytes(), "a token, not JSON"),
        (b"1//canary-9876543210\n", "a refresh token without its client, not JSON"),
        (in_base64.as_bytes(), "a file in base64 (decode it with base64 -d), not JSON"),
    ] {
        assert_refused(content, says);
    }
}

#[test]
fn e10_a_key_that_cannot_sign_is_an_error_that_names_the_file() {
    const EC: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\nOF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n-----END PRIVATE KEY-----\n";
    let key = with_a_key().stored();
    for (private_key, says) in [
        ("canary-9876543210", "not a PEM private key"),
        (EC, "an RSA key"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n-----END EC PRIVATE KEY-----\n", "EC key"),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIcanary\n-----END ENCRYPTED PRIVATE KEY-----\n", "encrypted"),
        (
            "-----BEGIN PRIVATE KEY-----\nMIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4=\n-----END PRIVATE KEY-----\n",
            "not a usable RSA key",
        ),
    ] {
        let mut file = key.clone();
        file["private_key"] = private_key.into();
        let nested = json!({
            "type": "impersonated_service_account", "source_credentials": file.clone(),
            "service_account_impersonation_url":
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.test:generateAccessToken",
        });
        for (file, field) in [(file, "field private_key: "), (nested, "field source_credentials: field private_key: ")]
        {
            let sink = ScriptedServer::answering(|_| Answer::hang_up());
            for options in [&[][..], &["--self-signed"], &["--no-cache"], &["--refresh"]] {
                if options == ["--self-signed"] && file["type"] != "service_account" {
                    continue;
                }
                let run = run_with_sink(file.to_string().as_bytes(), &sink, options).expect_failure(2);
                let says = format!("given.json': {field}");
                assert!(run.stderr().contains(&says), "{says}: {}", run.stderr());
            }
            assert!(sink.requests().is_empty());
            assert_refused(file.to_string().as_bytes(), says);
        }
    }
}

#[test]
fn a_client_may_hold_any_visible_character_and_blanks() {
    let secret = "GOCSPX-a+b%2F&c=d e:;/?#";
    let server = ScriptedServer::start([Answer::json(200, r#"{"access_token":"ya29.a"}"#)]);
    let mut file = canary_user(&crate::token_at(&server));
    file["client_id"] = "an id: \"x\"".into();
    file["client_secret"] = secret.into();
    let sink = ScriptedServer::answering(|_| Answer::hang_up());
    run_with_sink(file.to_string().as_bytes(), &sink, &[]).expect(0);
    let request = &server.requests()[0];
    assert_eq!(request.field("client_secret").as_deref(), Some(secret));
    assert_eq!(request.field("client_id").as_deref(), Some("an id: \"x\""));
}

#[test]
fn e12_nothing_that_would_split_a_header_or_a_line_is_taken_from_a_file() {
    for bad in ["\r", "\n", "\r\nX-Evil: 1", "\0", "\u{7f}", "\u{85}", " ", "\u{202e}"] {
        // RFC 6749 appendix A: a client's id and secret may hold blanks.
        let client: &[&str] = if bad == " " { &[] } else { &["client_id", "client_secret"] };
        for field in [client, &["refresh_token", "rapt_token"]].concat() {
            let mut file = canary_user("https://oauth2.googleapis.com/token");
            file[field] = format!("x{bad}y").into();
            assert_refused(file.to_string().as_bytes(), &format!("field {field}"));
        }
    }
}

#[test]
fn e12_nor_from_an_option_or_a_variable() {
    let user = logged_in();
    for bad in ["a\rb", "a\nb", "a\r\nX: y", "a\u{7f}b", "a\u{85}b", "a b", "a\"b", "", "ü"] {
        let run = user.run(&["--quota-project", bad]).expect_failure(2);
        crate::assert_harmless(run.stderr());
        if !bad.is_empty() {
            let mut command = user.command(&[]);
            command.env("GOOGLE_CLOUD_QUOTA_PROJECT", bad);
            user.run_command(command).expect_failure(2);
        }
        // A blank parts two scopes.
        if bad != "a b" {
            user.run(&["--scope", bad]).expect_failure(2);
        }
    }
    let mut file = user.stored();
    file["quota_project_id"] = "p\r\nX-Evil: 1".into();
    fs::write(&user.credentials, file.to_string()).expect("write the credentials");
    user.run(&["--format", "header"]).expect_failure(2);
    assert!(user.requests_to("/token").is_empty());
}

#[test]
fn e14_other_keys_of_the_file_change_neither_proxy_nor_server() {
    let user = logged_in();
    let sink = ScriptedServer::answering(|_| Answer::hang_up());
    let mut file = user.stored();
    for name in ["proxy", "https_proxy", "HTTPS_PROXY", "GAUTH_SANDBOX_URL", "auth_uri", "token_info_uri", "revoke_uri"]
    {
        file[name] = sink.url().into();
    }
    fs::write(&user.credentials, file.to_string()).expect("write the credentials");
    user.token(&[]);
    assert!(sink.requests().is_empty());
}

#[test]
fn a9_a_pipe_is_read_where_it_was_named_and_nothing_hangs_at_a_default_place() {
    let user = logged_in();
    let file = user.home.path().join("elsewhere.json");
    fs::rename(&user.credentials, &file).expect("move the credentials");
    let mut command = user.home.command("bash");
    command.args(["-c", r#""$0" --credentials <(cat "$1")"#, BIN]).arg(&file);
    token(&user.run_command(command).expect(0));
    let content = fs::read(&file).expect("read them");
    let piped = run_with_input(user.command(&["--credentials", "-"]), content);
    token(&user.check(piped).expect(0));

    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &user.credentials, mode).expect("make a FIFO");
    let run = user.run(&[]).expect_failure(2);
    assert!(run.stderr().contains("not a regular file"), "{}", run.stderr());
    fs::remove_file(&user.credentials).expect("remove the FIFO");
    fs::create_dir(&user.credentials).expect("make a directory");
    user.run(&[]).expect_failure(2);
    for named in ["/dev/zero", "/dev/null", "/", "/nonexistent", ""] {
        user.run(&["--credentials", named]).expect_failure(2);
    }
}

#[test]
fn a15_credentials_that_are_refused_stay_as_they_are() {
    let user = logged_in();
    for broken in [&b"{\"type\":\"authorized_user\""[..], b"", b"\0\0\0", b"{\"type\":\"x\"}"] {
        fs::write(&user.credentials, broken).expect("break them");
        user.run(&[]).expect_failure(2);
        assert_eq!(fs::read(&user.credentials).expect("read them"), broken);
    }
}

#[test]
fn a12_a_path_of_odd_bytes_works_and_is_shown_escaped() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let user = logged_in();
    let odd = user.home.path().join(OsStr::from_bytes(b"\xff\n\x1b]0;x\x07"));
    fs::create_dir(&odd).expect("make the directory");
    let file = odd.join("c".repeat(255));
    fs::rename(&user.credentials, &file).expect("move the credentials");
    let mut command = user.command(&["--explain"]);
    command.env("GAUTH_CREDENTIALS", &file);
    let run = user.run_command(command).expect(0);
    token(&run);
    crate::assert_harmless(run.stderr());
    let mut command = user.command(&[]);
    command.env("GAUTH_CREDENTIALS", odd.join("missing"));
    let run = user.run_command(command).expect_failure(2);
    assert!(run.stderr().contains("\\xff"), "{}", run.stderr());
    crate::assert_harmless(run.stderr());
}
