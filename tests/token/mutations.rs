//! Files of every kind, damaged at random from a fixed seed: the result is always a token's first step or one clear
//! error that names the file; never a panic, never a secret (E6–E13).

use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use gauth_core::conversion::Dialect;
use gauth_core::credentials::{Context, Credentials, TokenRequest};
use gauth_core::endpoint::Policy;
use gauth_core::exchange::{Answer, Step};
use serde_json::{Map, Value, json};
use testkit::{Home, assert_no_secret, repetitions};

use crate::BIN;

const KEY: &str = include_str!("../../crates/gauth-core/testdata/pkcs8.pem");
const REFRESH_TOKEN: &str = "1//canary-9876543210-abcdefghij";
const CLIENT_SECRET: &str = "GOCSPX-canary-0123456789-abcdef";
const JWT: &str = "eyJhbGciOiJub25lIn0.eyJjYW5hcnkiOiI5ODc2NTQzMjEwIn0.c2lnbmF0dXJl";

fn secrets() -> Vec<String> {
    [REFRESH_TOKEN, CLIENT_SECRET, KEY].map(str::to_owned).to_vec()
}

/// xorshift64*, so that a failure comes again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// A whole file of each kind; nothing in them leads off this machine without a proxy.
fn files() -> Vec<Value> {
    let account = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com:generateAccessToken";
    let user = json!({
        "type": "authorized_user", "client_id": "client-1", "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN,
        "token_uri": "https://oauth2.googleapis.com/token", "scopes": ["a", "b"], "account": "a@b.test",
        "quota_project_id": "p-1", "universe_domain": "googleapis.com", "granted_at": "2026-01-31T09:08:07Z",
    });
    let without_type = |mut file: Value, more: Value| {
        let fields = file.as_object_mut().expect("an object");
        fields.remove("type");
        fields.extend(more.as_object().expect("an object").clone());
        file
    };
    let key = json!({
        "type": "service_account", "client_email": "a@b.iam.gserviceaccount.com", "private_key_id": "k", "private_key": KEY,
        "token_uri": "https://oauth2.googleapis.com/token", "project_id": "p", "client_id": "1",
    });
    let outside = |source: Value| {
        json!({
            "type": "external_account", "audience": "//iam.googleapis.com/x", "credential_source": source,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "client_id": "c", "client_secret": CLIENT_SECRET,
            "token_url": "https://sts.googleapis.com/v1/token", "service_account_impersonation_url": account,
            "service_account_impersonation": {"token_lifetime_seconds": 900},
        })
    };
    vec![
        user.clone(),
        without_type(user.clone(), json!({"token": "ya29.canary-9876543210", "expiry": "2026-01-31T09:08:07Z"})),
        without_type(user.clone(), json!({"_class": "OAuth2Credentials", "_module": "oauth2client.client"})),
        key.clone(),
        json!({"type": "service_account_p12", "client_email": "a@b", "private_key": "MIICanary", "password": "notasecret"}),
        outside(json!({"file": "/nonexistent/subject", "format": {"type": "json", "subject_token_field_name": "t"}})),
        outside(json!({"url": "https://ci.example.test/token?x=1", "headers": {"X-Key": CLIENT_SECRET}})),
        outside(
            json!({"executable": {"command": "/nonexistent/program x", "timeout_millis": 5000, "output_file": "/nonexistent/o"}}),
        ),
        outside(json!({
            "environment_id": "aws1",
            "region_url": "http://127.0.0.1:1/latest/meta-data/placement/availability-zone",
            "url": "http://127.0.0.1:1/latest/meta-data/iam/security-credentials",
            "imdsv2_session_token_url": "http://127.0.0.1:1/latest/api/token",
            "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        })),
        json!({
            "type": "external_account_authorized_user", "audience": "x", "client_id": "c", "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN, "token_url": "https://sts.googleapis.com/v1/oauthtoken",
        }),
        json!({
            "type": "impersonated_service_account", "source_credentials": user, "delegates": ["d@b.test"],
            "service_account_impersonation_url": account, "scopes": ["x"],
        }),
        json!({"type": "impersonated_service_account", "source_credentials": key, "service_account_impersonation_url": account}),
    ]
}

/// The places of all values below `value`.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in below {
        let pointer = format!("{at}/{name}");
        pointers(value, &pointer, found);
        found.push(pointer);
    }
}

fn other_value(random: &mut Random, file: &Value, places: &[String]) -> Value {
    let deep = |depth| (0..depth).fold(Value::Null, |inner, _| json!([inner]));
    match random.below(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(*random.of(&[0, -1, i64::MAX, i64::MIN, 4711])),
        3 => json!(*random.of(&[1e308, -0.0, 0.5, 1e-308])),
        4 => json!(*random.of(&[
            "",
            " ",
            "\0",
            "a\r\nX: y",
            "\u{202e}",
            "\u{feff}",
            "ä",
            "{region}",
            "a@b",
            "-----BEGIN "
        ])),
        5 => json!("x".repeat(random.below(80_000))),
        6 => json!([]),
        7 => json!({}),
        8 => deep(random.below(140)),
        9 => json!(random.of(&[
            "http://127.0.0.1:1/token",
            "https://evil.test/token",
            "https://oauth2.googleapis.com/token?x",
            "//x",
            "https://",
            "https://[::1]/v1/token",
            "http://[::1]:1/token",
            "https://sts.googleapis.com/v1/token#x",
            "file:///etc/passwd",
        ])),
        // The value of another field, which may be a secret.
        _ => file.pointer(random.of(places).as_str()).cloned().unwrap_or_default(),
    }
}

/// One to three damages, in the structure and then perhaps in the text.
fn damaged(random: &mut Random, file: &Value) -> Vec<u8> {
    let mut file = file.clone();
    for _ in 0..random.below(3) {
        let mut places = Vec::new();
        pointers(&file, "", &mut places);
        if places.is_empty() {
            break;
        }
        let place = random.of(&places).clone();
        let (parent, name) = place.rsplit_once('/').expect("a pointer");
        let value = other_value(random, &file, &places);
        match file.pointer_mut(parent) {
            Some(Value::Object(fields)) if random.below(4) == 0 => drop(fields.remove(name)),
            Some(Value::Object(fields)) => drop(fields.insert(name.to_owned(), value)),
            Some(Value::Array(items)) => items.push(value),
            _ => {}
        }
    }
    let mut text = file.to_string().into_bytes();
    match random.below(8) {
        0 => text.truncate(random.below(text.len())),
        1 => {
            for _ in 0..=random.below(3) {
                let at = random.below(text.len());
                text[at] ^= 1 << random.below(8);
            }
        }
        2 => {
            // A key that comes twice.
            let empty = Map::new();
            let fields = file.as_object().unwrap_or(&empty);
            let names: Vec<_> = fields.keys().collect();
            if !names.is_empty() {
                let again = format!(r#"{{"{}":{},"#, random.of(&names), other_value(random, &file, &[String::new()]));
                text.splice(..1, again.into_bytes());
            }
        }
        3 => {
            let at = random.below(text.len());
            let deep = "[".repeat(random.below(5000));
            let put = *random.of(&[
                "1e999999",
                "99999999999999999999999",
                "\u{feff}",
                "\\u0000",
                "\\ud800",
                "}",
                "\"",
                deep.as_str(),
            ]);
            text.splice(at..at, put.bytes());
        }
        _ => {}
    }
    text
}

/// Tells what was tried when a check fails.
struct Tried<'a>(usize, &'a [u8]);

impl Drop for Tried<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("round {}: {}", self.0, String::from_utf8_lossy(self.1));
        }
    }
}

fn environment(name: &str) -> Option<OsString> {
    let value = match name {
        "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES" => "1",
        "AWS_ACCESS_KEY_ID" => "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY" => "secret",
        "AWS_REGION" => "us-east-2",
        _ => return None,
    };
    Some(value.into())
}

/// Goes through all that the programs ask of credentials, and hands answers of any kind to their exchanges.
fn use_up(random: &mut Random, content: &[u8]) -> Result<(), gauth_core::Error> {
    let policy = Policy::default();
    let with_environment = random.below(2) == 0;
    let env = |name: &str| environment(name).filter(|_| with_environment);
    let credentials = Credentials::parse(content, &Context { policy: &policy, env: &env })?;
    let request = match random.below(5) {
        0 => TokenRequest { audience: Some("https://a.test".into()), ..TokenRequest::default() },
        1 => TokenRequest { subject: Some("a@b.test".into()), ..TokenRequest::default() },
        2 => TokenRequest { impersonate: vec!["a@b.test".into()], ..TokenRequest::default() },
        3 => TokenRequest { self_signed: true, ..TokenRequest::default() },
        _ => TokenRequest::default(),
    };
    let _ = (credentials.identity(), credentials.cache_file_name(&request), credentials.principal_digest());
    let _ = (credentials.quota_project(), credentials.scopes(&request));
    credentials.describe()?;
    for dialect in [Dialect::AuthorizedUser, Dialect::GoogleAuth] {
        let _ = credentials.converted(dialect);
    }
    let _ = credentials.revocation();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_850_487);
    let mut exchange = credentials.exchange(&request, now)?;
    let mut answer = None;
    for _ in 0..8 {
        let status = *random.of(&[200, 200, 200, 400, 403, 404, 503, 302]);
        let body = random
            .of(&[
                "", "{}", "us-east-1a", "reports", JWT, "<html>", r#"{"error":"invalid_grant"}"#, "\0",
                r#"{"access_token":"ya29.x","expires_in":1e999,"token_type":"Bearer","t":"eyJhbGciOiJub25lIn0.e30.eA"}"#,
                r#"{"access_token":"ya29.x","expires_in":3599,"token":"a.b.c","accessToken":"x","expireTime":"9999-12-31T23:59:59Z"}"#,
                r#"{"AccessKeyId":"a","SecretAccessKey":"b","signedJwt":"a.b.c","version":1,"success":true}"#,
            ])
            .as_bytes()
            .to_vec();
        answer = Some(match exchange.step(answer.take(), now)? {
            Step::Send(_) => Answer::Response(http::Response::builder().status(status).body(body).expect("a response")),
            Step::ReadFile { .. } => Answer::File(Some(body).filter(|_| random.below(3) > 0)),
            Step::Run(_) => Answer::Output(body),
            Step::Done(_) => return Ok(()),
        });
    }
    panic!("an exchange of more than eight steps")
}

#[test]
fn a_damaged_file_of_any_kind_is_used_or_refused_in_one_line_without_a_secret() {
    let (mut random, files, secrets) = (Random(0x9e37_79b9_7f4a_7c15), files(), secrets());
    let mut used = 0;
    for round in 0..repetitions(800, 40_000) {
        let content = damaged(&mut random, &files[round % files.len()]);
        let _tried = Tried(round, &content);
        match use_up(&mut random, &content) {
            Ok(()) => used += 1,
            Err(error) => {
                let said = format!("{error} {}", error.hint().unwrap_or_default());
                assert!(said.trim().len() > 3, "{said:?}");
                assert_no_secret("the error", gauth_text::redacted(&said).as_bytes(), &secrets);
            }
        }
    }
    // Most damage is no more than that; some has no effect.
    assert!(used > 0);
}

#[test]
fn the_program_names_the_damaged_file_and_says_one_thing_about_it() {
    let (mut random, files, secrets) = (Random(0x1234_5678_9abc_def1), files(), secrets());
    let home = Home::new();
    for round in 0..repetitions(50, 5_000) {
        let content = damaged(&mut random, &files[round % files.len()]);
        let _tried = Tried(round, &content);
        let file = home.write("given.json", 0o600, &content);
        let mut command = home.command(BIN);
        command.arg("--credentials").arg(file).args(["--no-cache", "--timeout", "0.2"]);
        // Nothing listens there, so that every request beyond this machine fails.
        command.env("HTTPS_PROXY", "http://127.0.0.1:1");
        let run = testkit::run(command);
        run.assert_no_secret(&secrets, false);
        crate::assert_harmless(run.stderr());
        let code = run.code();
        let run = run.expect_failure(code);
        let said: Vec<_> =
            run.stderr().lines().filter(|line| !line.contains(": hint: ") && !line.contains(": warning: ")).collect();
        assert_eq!(said.len(), 1, "{}", run.stderr());
        assert!([2, 5].contains(&code), "{}", run.stderr());
        if code == 2 {
            let names = ["given.json'", "subject token from ", "credential's program "];
            assert!(names.iter().any(|name| said[0].contains(name)), "{}", run.stderr());
        }
    }
}
