//! Successful responses of a token endpoint (RFC 6749 §5.1), checked: what is printed or sent on is a bearer token that
//! fits into one line and one header (RFC 6750 §2.1), and a senseless lifetime counts as unknown.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use serde_json::Value;

use crate::document::Document;
use crate::error::{Call, Error, read_oauth_error};
use crate::scope::Scopes;
use crate::{Response, Secret};

/// The longest token that is accepted, in bytes. Google promises at most 2048.
pub const MAX_TOKEN: usize = 16 << 10;

/// The longest lifetime that is believed.
const MAX_LIFE: Duration = Duration::from_secs(12 * 3600);

/// What a token endpoint returns.
#[derive(Clone, Debug)]
pub struct TokenResponse {
    /// `access_token`, or the ID token if that was requested.
    pub token: Secret,
    /// `expires_in`; `None` if missing or not a number, zero for less than a second: use once, do not cache.
    pub life: Option<Duration>,
    /// `scope`, if the server sent it.
    pub scopes: Option<Scopes>,
    /// `refresh_token`: after a refresh, a new one replaces the old.
    pub refresh_token: Option<Secret>,
    /// `id_token` (OpenID Connect Core §3.1.3.3).
    pub id_token: Option<Secret>,
}

impl TokenResponse {
    /// Reads a response that should hold an access token.
    ///
    /// # Errors
    /// [`Error::Refused`] or [`Error::Status`] for an error response (also one with status 200), [`Error::BadResponse`]
    /// for a success without a usable bearer token.
    pub fn access(call: Call, response: &Response, now: SystemTime) -> Result<Self, Error> {
        let document = success(call, response, now)?;
        let bad = |e: Error| Error::bad_response(call, e);
        if let Some(kind) = document.optional_text("token_type").map_err(bad)?
            && !kind.eq_ignore_ascii_case("bearer")
        {
            return Err(Error::bad_response(call, "token_type is not Bearer"));
        }
        Self::read(&document, "access_token").map_err(bad)
    }

    /// Reads a response that should hold an ID token and nothing else.
    ///
    /// # Errors
    /// As [`TokenResponse::access`].
    pub fn identity(call: Call, response: &Response, now: SystemTime) -> Result<Self, Error> {
        let document = success(call, response, now)?;
        if call == Call::RefreshToken && !document.has("id_token") {
            return Err(Error::Unsupported {
                reason: "the server returned no ID token: the grant does not cover openid".to_owned(),
                hint: Some("run gauth-login with --scope openid in addition to the other scopes".to_owned()),
            });
        }
        let token = Self::read(&document, "id_token").map_err(|e| Error::bad_response(call, e))?;
        Ok(Self { life: identity_life(&token.token, now), ..token })
    }

    fn read(document: &Document, field: &str) -> Result<Self, Error> {
        let token = document.secret(field)?;
        check_b64token(token.expose()).map_err(|problem| Error::field(field, problem))?;
        Ok(Self {
            token,
            life: document.life("expires_in"),
            scopes: document.optional_text("scope")?.map(Scopes::from_answer),
            refresh_token: document.optional_secret("refresh_token")?,
            id_token: document.optional_secret("id_token")?,
        })
    }
}

/// The remaining lifetime of an ID token by its own `exp`: such responses have no `expires_in`.
pub(crate) fn identity_life(token: &Secret, now: SystemTime) -> Option<Duration> {
    Some(life_until(id_token_claims(token)?.get("exp")?.as_u64()?, now))
}

/// The time from `now` to an expiry in Unix seconds; zero if that has passed.
pub(crate) fn life_until(expiry: u64, now: SystemTime) -> Duration {
    Duration::from_secs(expiry.saturating_sub(crate::timestamp::unix_seconds(now))).min(MAX_LIFE)
}

/// Checks that a token is a `b64token` of RFC 6750 §2.1 of bounded length.
///
/// # Errors
/// What is wrong, without the value.
pub fn check_b64token(token: &str) -> Result<(), &'static str> {
    if token.is_empty() {
        return Err("empty");
    }
    if token.len() > MAX_TOKEN {
        return Err("longer than any token");
    }
    let body = token.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    if body.is_empty() || !body.bytes().all(allowed) {
        return Err("contains a character that is not allowed in a bearer token");
    }
    Ok(())
}

/// The claims of an ID token that came directly from the token endpoint, where OpenID Connect Core §3.1.3.7 allows to leave
/// the signature unverified. `None` for anything but a JWT of bounded size.
pub fn id_token_claims(token: &Secret) -> Option<serde_json::Map<String, Value>> {
    let text = token.expose();
    if text.len() > MAX_TOKEN { None } else { jwt_claims(text) }
}

/// The claims of a JWT (RFC 7519 §3); `None` for any other text.
pub(crate) fn jwt_claims(text: &str) -> Option<serde_json::Map<String, Value>> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let mut parts = text.splitn(4, '.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// The JSON object of a success.
pub(crate) fn success(call: Call, response: &Response, now: SystemTime) -> Result<Document, Error> {
    if !response.status().is_success() || read_oauth_error(response.body()).is_some() {
        return Err(Error::from_response(call, response, now));
    }
    if response.status() != StatusCode::OK {
        return Err(Error::bad_response(call, format!("expected HTTP 200, got {}", response.status().as_u16())));
    }
    Document::parse(response.body()).map_err(|_| {
        let body = response.body();
        let shown = match body.trim_ascii_start().first() {
            Some(b'<') => "an HTML page instead of JSON",
            None => "an empty response",
            Some(_) => "not JSON",
        };
        Error::bad_response(call, shown)
    })
}

impl Document {
    /// `expires_in` as number or text, whole seconds; `None` for anything else.
    fn life(&self, name: &str) -> Option<Duration> {
        let text = match self.value(name)? {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            _ => return None,
        };
        let seconds = text.parse::<f64>().ok().filter(|seconds| !seconds.is_nan())?.floor().max(0.0);
        Some(Duration::try_from_secs_f64(seconds).map_or(MAX_LIFE, |life| life.min(MAX_LIFE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap()
    }

    fn access(status: u16, body: &str) -> Result<TokenResponse, Error> {
        TokenResponse::access(Call::RefreshToken, &answer(status, body), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn g2_a_success_without_a_usable_bearer_token_is_an_error() {
        let long = "x".repeat(MAX_TOKEN + 1);
        for body in [
            r#"{"error":"invalid_grant"}"#,
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":"a b"}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
            r#"{"access_token":"a","access_token":"b"}"#,
            "<html>",
            "",
            &format!(r#"{{"access_token":"{long}"}}"#),
        ] {
            let error = access(200, body).unwrap_err().to_string();
            assert!(!error.contains(&long), "{body}");
        }
        assert!(access(204, r#"{"access_token":"a"}"#).is_err());
        assert!(access(302, r#"{"access_token":"a"}"#).is_err());
        assert!(access(200, r#"{"access_token":"ya29.a-b_c~d+e/f=","token_type":"bearer"}"#).is_ok());
    }

    #[test]
    fn g3_a_lifetime_is_believed_only_if_it_is_a_sensible_number() {
        for (written, seconds) in [
            ("3599", Some(3599)),
            ("\"3599\"", Some(3599)),
            ("3599.9", Some(3599)),
            ("0", Some(0)),
            ("-1", Some(0)),
            ("\"-1e300\"", Some(0)),
            ("0.5", Some(0)),
            ("\"soon\"", None),
            ("\"NaN\"", None),
            ("null", None),
            ("[]", None),
            ("43201", Some(43200)),
            ("9223372036854775807", Some(43200)),
            ("1e300", Some(43200)),
        ] {
            let body = format!(r#"{{"access_token":"a","expires_in":{written}}}"#);
            let life = access(200, &body).unwrap().life;
            assert_eq!(life, seconds.map(Duration::from_secs), "{written}");
        }
        assert_eq!(access(200, r#"{"access_token":"a"}"#).unwrap().life, None);
    }

    #[test]
    fn g9_claims_are_read_from_a_bounded_jwt_only() {
        let claims = |text: String| id_token_claims(&Secret::new(text));
        assert!(claims(".".repeat(1 << 20)).is_none());
        assert!(claims("a.b".into()).is_none());
        assert!(claims("a.e30.c.d".into()).is_none());
        assert!(claims("a.e30.c".into()).is_some());
    }
}
