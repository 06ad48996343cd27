//! What is sent, to the letter, to a server that is not the sandbox (RFC 6749 §6, RFC 7523 §2.1).

use serde_json::{Value, json};
use testkit::{Answer, Home, Received, ScriptedServer};

use crate::{BIN, EDIT, READONLY, canary_user, with_a_key};

const TOKEN: &str = r#"{"access_token":"ya29.a","expires_in":3599,"token_type":"Bearer"}"#;

/// The one request for a token of these credentials.
#[track_caller]
fn request(credentials: impl FnOnce(&str) -> Value, options: &[&str]) -> Received {
    let server = ScriptedServer::start([Answer::json(200, TOKEN)]);
    let home = Home::new();
    let file = credentials(&format!("{}/token", server.url())).to_string();
    home.write(".config/gauth/credentials.json", 0o600, file);
    let mut command = home.command(BIN);
    command.args(options);
    let run = testkit::run(command).expect(0);
    assert_eq!(run.stdout(), "ya29.a\n");
    server.requests().remove(0)
}

fn names(request: &Received) -> Vec<&str> {
    let pairs = request.text().split('&');
    pairs.filter_map(|pair| pair.split('=').next()).collect()
}

#[test]
fn a_refresh_is_the_request_of_rfc_6749() {
    let sent = request(canary_user, &[]);
    assert_eq!((sent.method.as_str(), sent.target.as_str()), ("POST", "/token"));
    assert_eq!(sent.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(sent.header("accept-encoding"), None);
    assert_eq!(sent.header("authorization"), None);
    assert!(sent.header("user-agent").is_some_and(|name| name.starts_with("gauth/")));
    assert_eq!(names(&sent), ["grant_type", "refresh_token", "client_id", "client_secret"]);
    assert_eq!(sent.field("grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(sent.field("refresh_token").as_deref(), Some("1//canary-9876543210"));

    let narrowed = request(canary_user, &["--scope", "analytics.readonly", "--scope", EDIT]);
    assert_eq!(narrowed.field("scope"), Some(format!("{EDIT} {READONLY}")));

    let with_rapt = |uri: &str| {
        let mut file = canary_user(uri);
        file["rapt_token"] = "rapt-1".into();
        file.as_object_mut().expect("an object").remove("client_secret");
        file
    };
    let sent = request(with_rapt, &[]);
    assert_eq!(names(&sent), ["grant_type", "refresh_token", "client_id", "rapt"]);
}

#[test]
fn odd_characters_reach_the_server_as_they_are() {
    let secret = "GOCSPX-+%&=;/?#~_*!'()";
    let odd = |uri: &str| {
        let mut file = canary_user(uri);
        file["client_secret"] = secret.into();
        file
    };
    assert_eq!(request(odd, &[]).field("client_secret").as_deref(), Some(secret));
}

/// Claims and header of the assertion in a request.
fn assertion(sent: &Received) -> (Value, Value) {
    let assertion = sent.field("assertion").expect("an assertion");
    let parts: Vec<&str> = assertion.split('.').collect();
    assert_eq!(parts.len(), 3);
    let json = |part: &str| {
        assert!(!part.contains('='));
        serde_json::from_slice(&base64url(part)).expect("JSON")
    };
    (json(parts[0]), json(parts[1]))
}

/// RFC 4648 §5, without padding.
fn base64url(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == byte).expect("a digit");
        bits = bits << 6 | u32::try_from(digit).expect("below 64");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

#[test]
fn an_assertion_says_what_google_wants_to_read() {
    let key = with_a_key().stored();
    let with = |uri: &str| {
        let mut file = key.clone();
        file["token_uri"] = uri.into();
        file
    };
    for (options, has, lacks) in [
        (&[][..], json!({"scope": READONLY}), &["sub", "target_audience"][..]),
        (&["--scope", "analytics.edit openid"], json!({"scope": format!("{EDIT} openid")}), &["sub"]),
        (&["--subject", "a@example.com"], json!({"sub": "a@example.com", "scope": READONLY}), &[]),
    ] {
        let sent = request(with, options);
        assert_eq!(names(&sent), ["grant_type", "assertion"]);
        assert_eq!(sent.field("grant_type").as_deref(), Some("urn:ietf:params:oauth:grant-type:jwt-bearer"));
        let (header, claims) = assertion(&sent);
        assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": key["private_key_id"]}));
        assert_eq!(claims["iss"], key["client_email"]);
        assert!(claims["aud"].as_str().is_some_and(|aud| aud.ends_with("/token")));
        let (iat, exp) = (claims["iat"].as_i64(), claims["exp"].as_i64());
        assert_eq!(exp.zip(iat).map(|(exp, iat)| exp - iat), Some(3600));
        for (name, value) in has.as_object().expect("an object") {
            assert_eq!(claims[name], *value, "{options:?}");
        }
        for name in lacks {
            assert!(claims.get(name).is_none(), "{options:?}: {name}");
        }
    }
}
