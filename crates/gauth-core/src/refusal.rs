//! What is kept of an error response: only what the server says about the error. Every body goes through here before it is
//! read, so that no message can quote a token, or what the server repeats of the request itself.
//!
//! RFC 6749 §5.2 and Google's APIs put that into members whose names begin with `error`. A body that is not JSON (a
//! proxy's page, a load balancer's sentence) keeps its text without anything that looks like a token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gauth_text::{MASK, Masks};
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};

use crate::error::read_oauth_error;
use crate::{Request, Response, form};

/// Fields of our forms that are public; the others are secrets.
const PUBLIC_FIELDS: [&str; 8] = [
    "audience",
    "client_id",
    "grant_type",
    "options",
    "redirect_uri",
    "requested_token_type",
    "scope",
    "subject_token_type",
];
/// No text about an error is longer.
const TEXT_LIMIT: usize = 64 << 10;
/// In plain text, a run of this many characters that are allowed in a token counts as one.
const TOKEN_LENGTH: usize = 24;

/// The secrets of a request: headers that are marked as such, and the fields of a form.
pub fn secrets_of(request: &Request) -> Masks {
    let mut masks = Masks::default();
    let secret = request.headers().iter().filter(|(name, value)| *name == AUTHORIZATION || value.is_sensitive());
    for value in secret.filter_map(|(_, value)| value.to_str().ok()) {
        let (scheme, credentials) = value.split_once(' ').unwrap_or(("", value));
        masks.add(credentials);
        if scheme.eq_ignore_ascii_case("basic")
            && let Some(decoded) = STANDARD.decode(credentials).ok().and_then(|bytes| String::from_utf8(bytes).ok())
            && let Some((_, password)) = decoded.split_once(':')
        {
            masks.add(password);
        }
    }
    let form = std::str::from_utf8(request.body()).ok().and_then(form::decode);
    let is_form = request
        .headers()
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    for (name, value) in form.filter(|_| is_form).unwrap_or_default() {
        if !PUBLIC_FIELDS.contains(&name.as_str()) {
            match signed_request(&value) {
                Some(headers) => secrets_of_signature(&headers).for_each(|secret| masks.add(secret)),
                None => masks.add(&value),
            }
        }
    }
    masks
}

/// The headers of a signed AWS request as subject token: JSON that is encoded once more.
fn signed_request(subject_token: &str) -> Option<Vec<(String, String)>> {
    let (json, _) = form::decode(subject_token)?.into_iter().next()?;
    let request: Value = serde_json::from_str(&json).ok()?;
    let text = |header: &Value, name: &str| Some(header[name].as_str()?.to_owned());
    request["headers"].as_array()?.iter().map(|header| Some((text(header, "key")?, text(header, "value")?))).collect()
}

/// What is secret of them. The names of headers are not: a server that speaks of the security token means no other.
fn secrets_of_signature(headers: &[(String, String)]) -> impl Iterator<Item = &str> {
    headers.iter().filter_map(|(name, value)| {
        if name.eq_ignore_ascii_case("x-amz-security-token") {
            return Some(value.as_str());
        }
        value.split_once("Signature=").map(|(_, signature)| signature)
    })
}

/// A success as is; an error response with only what the server says about the error in its body, without the secrets of the
/// request.
pub fn quotable(response: Response, request: &Request) -> Response {
    if !is_refusal(&response) {
        return response;
    }
    response.map(|body| reduced(&body, &secrets_of(request)))
}

/// A status that is not a success, or an error in spite of it.
fn is_refusal(response: &Response) -> bool {
    let body = response.body();
    let names_error = || body.windows(7).take(TEXT_LIMIT).any(|window| window == b"\"error\"");
    !response.status().is_success() || (names_error() && read_oauth_error(body).is_some())
}

fn reduced(body: &[u8], secrets: &Masks) -> Vec<u8> {
    let text = String::from_utf8_lossy(&body[..body.len().min(TEXT_LIMIT)]);
    match serde_json::from_slice(body) {
        Ok(Value::Array(items)) => Value::from_iter(items.into_iter().map(|item| about_the_error(item, secrets))),
        Ok(value) => about_the_error(value, secrets),
        // JSON that was cut off may hold anything.
        Err(_) if text.trim_start().starts_with(['{', '[']) => Value::Object(Map::new()),
        Err(_) => return without_tokens(&secrets.apply(&text)).into_bytes(),
    }
    .to_string()
    .into_bytes()
}

/// The members of an object whose names begin with `error`.
fn about_the_error(value: Value, secrets: &Masks) -> Value {
    let Value::Object(members) = value else {
        return Value::Object(Map::new());
    };
    let members = members.into_iter().filter(|(name, _)| name.starts_with("error"));
    members.map(|(name, value)| (name, masked(value, secrets))).collect()
}

fn masked(value: Value, secrets: &Masks) -> Value {
    match value {
        Value::String(text) => secrets.apply(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| masked(item, secrets)).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (secrets.apply(&name), masked(value, secrets))).collect()
        }
        other => other,
    }
}

/// Text without long runs of letters and digits, which do not occur in sentences.
fn without_tokens(text: &str) -> String {
    let is_token = |character: char| character.is_ascii_alphanumeric() || "-._~+/%".contains(character);
    let is_secret = |run: &str| {
        run.len() >= TOKEN_LENGTH
            && run.bytes().any(|byte| byte.is_ascii_digit())
            && run.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
        shown.push_str(if is_secret(&rest[..run]) { MASK } else { &rest[..run] });
        let other = rest[run..].find(is_token).map_or(rest.len(), |length| run + length);
        shown.push_str(&rest[run..other]);
        rest = &rest[other..];
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code_exchange::form_request;
    use crate::{Secret, bearer};

    const OPAQUE: &str = "c4n4ry-opaque-0123456789/abc def";

    fn quoted(status: u16, body: &str, request: &Request) -> String {
        let response = http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
        String::from_utf8(quotable(response, request).into_body()).unwrap()
    }

    fn form() -> Request {
        form_request("https://a.test/token", &[("client_id", "some-client-id"), ("refresh_token", OPAQUE)])
    }

    #[test]
    fn only_what_the_server_says_about_the_error_is_kept() {
        for (status, body, kept) in [
            (403, r#"{"access_token":"ya29.canary-0123456789"}"#, "{}"),
            (403, r#"{"access_token":"ya29.ca"#, "{}"),
            (403, r#""ya29.canary-0123456789""#, "{}"),
            (
                400,
                r#"{"error":"x","error_description":"y","id_token":"z"}"#,
                r#"{"error":"x","error_description":"y"}"#,
            ),
            (400, r#"{"error":{"message":"ya29.canary-0123456789 m"}}"#, r#"{"error":{"message":"… m"}}"#),
            (400, r#"[{"error":{"status":"A"},"token":"z"}]"#, r#"[{"error":{"status":"A"}}]"#),
            (200, r#"{"error":"x","access_token":"z"}"#, r#"{"error":"x"}"#),
            (200, r#"{"access_token":"z","scope":"\"error\""}"#, r#"{"access_token":"z","scope":"\"error\""}"#),
            (502, "upstream gone", "upstream gone"),
            (502, "token=abcdefghij0123456789klmnop gone", "token=… gone"),
        ] {
            assert_eq!(quoted(status, body, &form()), kept, "{body}");
        }
    }

    #[test]
    fn the_secrets_of_a_request_are_masked_in_everything_that_the_server_repeats() {
        let basic = STANDARD.encode(format!("some-client-id:{OPAQUE}"));
        let mut with_basic = http::Request::new(Vec::new());
        with_basic.headers_mut().insert(AUTHORIZATION, format!("Basic {basic}").parse().unwrap());
        let mut with_bearer = http::Request::new(Vec::new());
        with_bearer.headers_mut().insert(AUTHORIZATION, bearer(&Secret::new("opaque-bearer-0123456789")));
        let mut with_header = http::Request::new(Vec::new());
        let mut value = http::HeaderValue::from_static("session-0123456789");
        value.set_sensitive(true);
        with_header.headers_mut().insert("x-session", value);
        for (request, secret) in [
            (form(), OPAQUE.to_owned()),
            (form(), form::encode(&[("", OPAQUE)])[1..].to_owned()),
            (with_basic, basic.clone()),
            (with_bearer, "opaque-bearer-0123456789".to_owned()),
            (with_header, "session-0123456789".to_owned()),
        ] {
            for body in [
                serde_json::json!({"error": "bad", "error_description": format!("you sent {secret}!")}).to_string(),
                serde_json::json!({"error": {"message": format!("client some-client-id sent {secret}!")}}).to_string(),
                serde_json::json!({"error": secret}).to_string().replace('/', "\\/").replace('a', "\\u0061"),
                format!("you sent {secret}!"),
            ] {
                let kept = quoted(400, &body, &request);
                for piece in secret.as_bytes().windows(12).map(|piece| std::str::from_utf8(piece).unwrap()) {
                    assert!(!kept.contains(piece), "{kept}");
                }
            }
        }
        let kept = quoted(400, r#"{"error":"x","error_description":"client some-client-id"}"#, &form());
        assert!(kept.contains("some-client-id"), "{kept}");
    }
}
