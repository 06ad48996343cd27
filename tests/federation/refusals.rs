//! What a file from elsewhere could do harm with is refused by name before a file is opened or a packet sent (E2–E4,
//! E13, E14), and so is what is not supported.

use gauth_sandbox::Provider;
use serde_json::{Value, json};
use testkit::{Answer, ScriptedServer, User, strace};

use super::{READONLY, holding, impersonated, machine, user};

/// Refused with exit code 2 and these words, without a packet, a look-up, or a look at the file named in it.
#[track_caller]
fn refused(machine: &User, file: &Value, says: &str) {
    machine.keep(file);
    let command = machine.command(&[]);
    let Some(trace) = strace(&["-e", "trace=network,openat,execve"], command) else {
        return;
    };
    let run = machine.check(trace.run).expect_failure(2);
    assert!(run.stderr().contains(says), "{says:?}: {}", run.stderr());
    for call in &trace.calls {
        let harmless = call.name == "openat" && !call.text.contains("subject-token")
            || call.name == "execve" && call.text.contains("gauth-token");
        assert!(harmless || call.name.is_empty(), "{}", call.text);
    }
}

const HOSTS: [&str; 12] = [
    "https://sts.googleapis.com.evil.test",
    "https://evilgoogleapis.com",
    "https://sts.googleapis.com@evil.test",
    "https://sts.googleapis.com:8443",
    "https://sts.googleapis.com.",
    "https://sts.googleapis.com%2eevil.test",
    "https://evil.test\\.googleapis.com",
    "https://evil.test#.googleapis.com",
    "https://[2001:db8::1]",
    "http://sts.googleapis.com",
    "http://169.254.169.254",
    "ftp://sts.googleapis.com",
];

#[test]
fn e2_e3_neither_file_nor_packet_goes_to_a_token_service_that_is_not_googles() {
    let machine = machine();
    let outside = machine.outside(None);
    let workforce = machine.sandbox.external_account_authorized_user(&[READONLY]);
    for host in HOSTS {
        for (file, path) in [(&outside, "/v1/token"), (&workforce, "/v1/oauthtoken")] {
            let mut file = file.clone();
            file["token_url"] = format!("{host}{path}").into();
            refused(&machine, &file, "field token_url");
            let nested = machine.sandbox.impersonated_service_account(file, &[], machine.sandbox.analyst());
            refused(&machine, &nested, "field token_url");
        }
    }
}

#[test]
fn e2_e13_an_impersonation_url_leads_to_google_and_to_one_account() {
    let machine = machine();
    let field = "field service_account_impersonation_url";
    let account = "/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com";
    let mut urls: Vec<String> = HOSTS.iter().map(|host| format!("{host}{account}:generateAccessToken")).collect();
    for path in [
        "/v1/projects/-/serviceAccounts/a@b/../../x:y:generateAccessToken",
        "/v1/projects/-/serviceAccounts/a%40b.test:generateAccessToken",
        "/v1/projects/-/serviceAccounts/:generateAccessToken",
        "/v1/projects/-/serviceAccounts/a@b.test?x=:generateAccessToken",
        "/v1/projects/-/serviceAccounts/a@b.test:signBlob",
        "/v1/projects/-/serviceAccounts/a@b.test",
        "/",
    ] {
        urls.push(format!("https://iamcredentials.googleapis.com{path}"));
    }
    for url in urls {
        for mut file in [machine.outside(None), impersonated(&machine)] {
            file["service_account_impersonation_url"] = url.as_str().into();
            refused(&machine, &file, field);
        }
    }
}

#[test]
fn e3_no_file_is_read_for_a_place_at_google_where_anybody_keeps_things() {
    const UPLOAD: &str = "https://storage.googleapis.com/upload/storage/v1/b/evil/o?uploadType=media&name=x";
    let machine = machine();
    let key = machine.home.write("subject-token-of-ssh", 0o600, "-----BEGIN OPENSSH PRIVATE KEY-----");
    let mut outside = machine.outside(None);
    outside["credential_source"] = json!({"file": key});
    for url in [
        UPLOAD,
        "https://sts.googleapis.com/v1/token?x=1",
        "https://sts.googleapis.com/v1/token/../../upload",
        "https://sts.googleapis.com/v1/%74oken",
        "https://oauth2.googleapis.com/token",
        "http://127.0.0.1:1/upload",
    ] {
        outside["token_url"] = url.into();
        refused(&machine, &outside, "field token_url");
    }
    let mut user = user(&machine);
    user["token_uri"] = UPLOAD.into();
    refused(&machine, &user, "field token_uri");
    let mut impersonated = impersonated(&machine);
    impersonated["service_account_impersonation_url"] = UPLOAD.into();
    refused(&machine, &impersonated, "field service_account_impersonation_url");
}

#[test]
fn e2_a_file_that_is_no_jwt_stays_here_and_token_info_url_is_never_asked() {
    let machine = machine();
    let mut file = machine.outside_with("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n", None);
    machine.keep(&file);
    let run = machine.run(&[]).expect_failure(2);
    assert!(run.stderr().contains("subject-token: expected a JWT"), "{}", run.stderr());
    assert!(!run.stderr().contains("b3BlbnNz"), "{}", run.stderr());
    assert!(machine.asked().is_empty());
    file = machine.outside(None);
    let sink = ScriptedServer::answering(|_| Answer::hang_up());
    file["token_info_url"] = sink.url().into();
    machine.keep(&file);
    machine.token(&[]);
    assert!(sink.requests().is_empty());
}

#[test]
fn e2_nothing_of_aws_but_who_we_are_is_signed_and_one_metadata_service_asked() {
    let machine = machine();
    for (name, url) in [
        ("regional_cred_verification_url", "https://iam.amazonaws.com/?Action=CreateAccessKey&UserName=x"),
        ("regional_cred_verification_url", "https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&x"),
        (
            "regional_cred_verification_url",
            "https://sts.{region}.evil.test/?Action=GetCallerIdentity&Version=2011-06-15",
        ),
        ("region_url", "http://169.254.169.254/latest/meta-data/placement/availability-zone"),
        ("url", "https://evil.test/latest/meta-data/iam/security-credentials"),
        ("imdsv2_session_token_url", "http://127.0.0.1:1/latest/api/token"),
    ] {
        let mut source = machine.sandbox.aws_source();
        source[name] = url.into();
        refused(&machine, &machine.sandbox.external_account(Provider::Aws, source, None), "field credential_source");
    }
}

#[test]
fn e13_emails_delegates_and_lives_are_bounded() {
    let machine = holding(user);
    for email in [
        "",
        "a",
        "a@b",
        "@b.test",
        "a@b.test/../../x:y",
        "a b@c.test",
        "a@b.test:signJwt",
        "a%2f@b.test",
        "a@b.test\r\nX: y",
        "ä@b.test",
    ] {
        machine.refused_offline(&["--impersonate", email], "--impersonate");
        let good = machine.sandbox.analyst();
        machine.refused_offline(&["--impersonate", email, "--impersonate", good], "--impersonate");
        let file = machine.sandbox.impersonated_service_account(user(&machine), &[email], good);
        refused(&machine, &file, "field delegates");
        machine.keep(&user(&machine));
    }
    let many = vec!["a@b.test"; 1000];
    let file = machine.sandbox.impersonated_service_account(user(&machine), &many, machine.sandbox.analyst());
    refused(&machine, &file, "field delegates: more than 20");
    for (seconds, says) in [
        (json!(0), "from 1 to 43200"),
        (json!(43_201), "from 1 to 43200"),
        (json!(-1), "token_lifetime_seconds"),
        (json!("1h"), "token_lifetime_seconds"),
        (json!(1e300), "token_lifetime_seconds"),
    ] {
        let mut file = machine.outside(Some(machine.sandbox.analyst()));
        file["service_account_impersonation"] = json!({"token_lifetime_seconds": seconds});
        refused(&machine, &file, says);
    }
}

#[test]
fn e4_a_url_source_stays_on_https_and_cannot_pose_as_google() {
    let machine = machine();
    let metadata = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity";
    for (url, headers) in [
        ("http://idp.example.test/token", json!({})),
        ("http://10.0.0.1/token", json!({})),
        ("file:///etc/passwd", json!({})),
        ("gopher://127.0.0.1/", json!({})),
        (metadata, json!({"Metadata-Flavor": "Google"})),
        (metadata, json!({"metadata-flavor": "Google"})),
        ("https://idp.example.test/", json!({"Host": "metadata.google.internal"})),
        ("https://idp.example.test/", json!({"Transfer-Encoding": "chunked"})),
        ("https://idp.example.test/", json!({"Connection": "close, x"})),
        ("https://idp.example.test/", json!({"Content-Length": "5"})),
        ("https://idp.example.test/", json!({"X": "a\r\nMetadata-Flavor: Google"})),
        ("https://idp.example.test/", json!({"X\r\nMetadata-Flavor": "Google"})),
        ("https://idp.example.test/", json!({"X": ["a"]})),
        ("https://idp.example.test/", json!({"X y": "a"})),
    ] {
        let source = json!({"url": url, "headers": headers});
        let file = machine.sandbox.external_account(Provider::Oidc, source, None);
        refused(&machine, &file, "credential_source");
    }
}

#[test]
fn e4_f1_a_source_that_redirects_is_not_followed() {
    let machine = machine();
    let sink = ScriptedServer::answering(|_| Answer::json(200, "canary"));
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}/elsewhere\r\n", sink.url());
        let server = ScriptedServer::start([Answer::new(status, &location, "")]);
        let source = json!({"url": server.url(), "headers": {"Authorization": "bearer canary"}});
        machine.keep(&machine.sandbox.external_account(Provider::Oidc, source, None));
        let run = machine.run(&[]).expect_failure(1);
        assert!(run.stderr().contains("get the subject token"), "{}", run.stderr());
        assert!(!run.stderr().contains("canary"), "{}", run.stderr());
    }
    assert!(sink.requests().is_empty() && machine.asked().is_empty());
}

#[test]
fn e3_a_subject_token_file_is_bounded_and_never_shown() {
    let machine = machine();
    let path = machine.home.path().join("subject-token");
    for content in [
        Some("x".repeat((64 << 10) + 1)),
        Some(String::new()),
        Some(" \n".to_owned()),
        Some("canary-canary\u{1b}[2J".to_owned()),
        None,
    ] {
        let file = machine.outside(None);
        match content {
            Some(content) => drop(machine.home.write("subject-token", 0o600, content)),
            None => std::fs::remove_file(&path).expect("remove the file"),
        }
        machine.keep(&file);
        let run = machine.run(&[]).expect_failure(2);
        assert!(run.stderr().contains("subject"), "{}", run.stderr());
        assert!(!run.stderr().contains("canary"));
        assert!(machine.asked().is_empty());
    }
}

#[test]
fn e14_other_keys_of_the_file_change_neither_proxy_nor_server() {
    let machine = machine();
    let sink = ScriptedServer::answering(|_| Answer::hang_up());
    for mut file in [machine.outside(None), impersonated(&machine), machine.key()] {
        for name in ["proxy", "https_proxy", "token_info_url", "revoke_url", "auth_uri", "GCE_METADATA_HOST"] {
            file[name] = sink.url().into();
        }
        machine.keep(&file);
        machine.token(&[]);
    }
    assert!(sink.requests().is_empty());
}

#[test]
fn e6_what_is_not_supported_is_refused_by_name() {
    let machine = machine();
    let source = |source: Value| machine.sandbox.external_account(Provider::Oidc, source, None);
    for (file, says) in [
        (json!({"type": "gdch_service_account", "format_version": "1"}), "gdch_service_account"),
        (json!([{"scopes": [READONLY], "token": {"access_token": "x"}}]), "not a JSON object"),
        (
            source(json!({"certificate": {"use_default_certificate_config": true}})),
            "certificate sources are not supported",
        ),
        (source(json!({})), "environment_id, file, url, executable"),
        (source(json!({"environment_id": "aws2"})), "expected aws1"),
        (source(json!({"file": "x", "format": {"type": "xml"}})), "expected text or json"),
        (source(json!({"file": "x", "format": {"type": "json"}})), "subject_token_field_name"),
        (
            machine.sandbox.impersonated_service_account(impersonated(&machine), &[], machine.sandbox.analyst()),
            "use delegates",
        ),
        (
            machine.sandbox.impersonated_service_account(
                json!({"type": "gdch_service_account"}),
                &[],
                machine.sandbox.analyst(),
            ),
            "field source_credentials: field type",
        ),
    ] {
        refused(&machine, &file, says);
    }
    for (kind, field) in [
        ("external_account", "token_url"),
        ("external_account", "audience"),
        ("external_account", "subject_token_type"),
        ("external_account", "credential_source"),
        ("external_account_authorized_user", "client_id"),
        ("external_account_authorized_user", "client_secret"),
        ("external_account_authorized_user", "refresh_token"),
        ("external_account_authorized_user", "token_url"),
        ("impersonated_service_account", "source_credentials"),
        ("impersonated_service_account", "service_account_impersonation_url"),
        ("service_account_p12", "client_email"),
        ("service_account_p12", "private_key"),
    ] {
        let mut file = match kind {
            "external_account" => machine.outside(None),
            "external_account_authorized_user" => machine.sandbox.external_account_authorized_user(&[READONLY]),
            "impersonated_service_account" => impersonated(&machine),
            _ => machine.sandbox.service_account_p12(),
        };
        file.as_object_mut().expect("an object").remove(field);
        refused(&machine, &file, &format!("{field}: missing"));
    }
}

#[test]
fn e10_a_bare_key_has_a_hint_about_its_form() {
    let machine = machine();
    let path = machine.home.config().join("gauth/credentials.json");
    machine.keep(&machine.key());
    let key = machine.key()["private_key"].as_str().map(str::to_owned);
    let p12 = [&[0x30, 0x82, 0x09, 0xae][..], &[0; 2000]].concat();
    for (bytes, says) in [(key.expect("a key").into_bytes(), "bare PEM key"), (p12, "bare PKCS#12 key")] {
        std::fs::write(&path, bytes).expect("write the key");
        machine.refused_offline(&[], says);
    }
}

#[test]
fn another_universe_is_reached_only_when_the_user_trusts_it() {
    let machine = machine();
    let universe = |file: Value, field: &str, url: &str| {
        let mut file = file;
        file["universe_domain"] = "example.test".into();
        file[field] = url.into();
        file
    };
    let sts = "https://sts.example.test/v1/token";
    let file = universe(machine.outside(None), "token_url", sts);
    refused(&machine, &file, "GAUTH_ALLOW_HOSTS=sts.example.test");
    // Its proxy is asked for the host, which is how this test knows without any network.
    for (file, options, host) in [
        (file, &[][..], "sts.example.test:443"),
        (
            universe(user(&machine), "x", ""),
            &["--impersonate", "a@p.iam.gserviceaccount.com"],
            "iamcredentials.example.test:443",
        ),
    ] {
        let proxy = ScriptedServer::start([Answer::new(403, "", "")]);
        machine.keep(&file);
        let mut command = machine.command(options);
        command.env("GAUTH_ALLOW_HOSTS", ".example.test").env("HTTPS_PROXY", proxy.url());
        machine.run_command(command).expect_failure(4);
        assert_eq!(proxy.requests()[0].target, host);
    }
    machine.keep(&universe(user(&machine), "x", ""));
    machine.refused_offline(
        &["--impersonate", "a@p.iam.gserviceaccount.com"],
        "GAUTH_ALLOW_HOSTS=iamcredentials.example.test",
    );
}
