//! What a token is: Google's tokeninfo, and userinfo (OpenID Connect Core §5.3) for the e-mail. The token goes into a
//! header or a body, never into a URL, which ends up in logs
//! (<https://developers.google.com/identity/openid-connect/openid-connect#callinganapi>).

use std::time::{Duration, SystemTime};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

use crate::code_exchange::form_request;
use crate::description::text;
use crate::document::Document;
use crate::endpoint::{Policy, Role};
use crate::error::{Call, OAuthError};
use crate::scope::Scopes;
use crate::token::{self, id_token_claims};
use crate::{Error, Request, Response, Secret, bearer, timestamp};

/// What is known about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// What kind of token it is, for people.
    pub kind: &'static str,
    /// E-mail of the account.
    pub email: Option<String>,
    /// The account's permanent id.
    pub subject: Option<String>,
    /// OAuth client, or a service account's numeric id, that the token was given to.
    pub client_id: Option<String>,
    /// Who the token is for, if that is not the client.
    pub audience: Option<String>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// Its remaining lifetime; zero once it has expired.
    pub life: Option<Duration>,
}

/// A request to tokeninfo, with the kind of the token that it is about.
pub struct Lookup {
    /// What to send.
    pub request: Request,
    kind: &'static str,
}

impl Lookup {
    /// An ID token, which is a JWT, goes into the body; any other token into the Authorization header.
    pub fn of(token: &Secret, policy: &Policy) -> Self {
        let url = policy.default_for(Role::TokenInfo);
        if id_token_claims(token).is_some() {
            return Self { request: form_request(url.as_str(), &[("id_token", token.expose())]), kind: "ID token" };
        }
        let request = http::Request::post(url.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, bearer(token))
            .body(Vec::new());
        Self {
            request: request.expect("a checked endpoint is a valid URI, a checked token a header"),
            kind: "access token",
        }
    }

    /// Reads the response.
    ///
    /// # Errors
    /// [`crate::Kind::Login`] for a token that is no longer valid, and any other error or unexpected response.
    pub fn receive(&self, response: &Response, now: SystemTime) -> Result<TokenInfo, Error> {
        let answer = success(Call::TokenInfo, response, now)?;
        let read = || -> Result<TokenInfo, Error> {
            let seconds = |name| number(&answer, name);
            let left = |end: u64| end.saturating_sub(timestamp::unix_seconds(now));
            Ok(TokenInfo {
                kind: self.kind,
                email: text(&answer, "email")?,
                subject: text(&answer, "sub")?,
                client_id: text(&answer, "azp")?.or(text(&answer, "aud")?),
                audience: text(&answer, "aud")?.filter(|_| self.kind == "ID token"),
                scopes: Scopes::from_answer(answer.optional_text("scope")?.unwrap_or_default()),
                life: seconds("expires_in").or_else(|| seconds("exp").map(left)).map(Duration::from_secs),
            })
        };
        read().map_err(|e| Error::bad_response(Call::TokenInfo, e))
    }
}

impl TokenInfo {
    /// A JWT that a service account signed for itself (AIP-4111), by its own unverified claims; no server is asked.
    pub fn of_self_signed(token: &Secret, now: SystemTime) -> Option<Self> {
        let claims = id_token_claims(token)?;
        let claim = |name: &str| Some(claims.get(name)?.as_str()?.to_owned());
        let issuer = claim("iss").filter(|issuer| issuer.contains('@'))?;
        let exp = claims.get("exp").and_then(Value::as_u64);
        Some(Self {
            kind: "self-signed JWT, signature not checked",
            email: Some(issuer),
            subject: None,
            client_id: None,
            audience: claim("aud"),
            scopes: Scopes::from_answer(&claim("scope").unwrap_or_default()),
            life: exp.map(|end| Duration::from_secs(end.saturating_sub(timestamp::unix_seconds(now)))),
        })
    }

    /// The request for the e-mail that tokeninfo left out, if the token's scopes allow it.
    pub fn userinfo(&self, token: &Secret, policy: &Policy) -> Option<Request> {
        if self.email.is_some() || !self.scopes.covers_email() {
            return None;
        }
        let url = policy.default_for(Role::UserInfo);
        let request = http::Request::get(url.as_str()).header(AUTHORIZATION, bearer(token)).body(Vec::new());
        Some(request.expect("a checked endpoint is a valid URI, a checked token a header"))
    }
}

/// The e-mail in userinfo's response.
///
/// # Errors
/// As [`Lookup::receive`].
pub fn userinfo_email(response: &Response, now: SystemTime) -> Result<Option<String>, Error> {
    let answer = success(Call::UserInfo, response, now)?;
    text(&answer, "email").map_err(|e| Error::bad_response(Call::UserInfo, e))
}

/// Some versions of tokeninfo leave the error code out.
fn success(call: Call, response: &Response, now: SystemTime) -> Result<Document, Error> {
    token::success(call, response, now).map_err(|error| match (error, Document::parse(response.body())) {
        (Error::Status { status, .. }, Ok(answer)) if answer.has("error_description") => Error::Refused {
            call,
            status,
            oauth: OAuthError {
                error: "invalid_token".to_owned(),
                description: text(&answer, "error_description").ok().flatten(),
                subtype: None,
            },
            skew: None,
        },
        (error, _) => error,
    })
}

/// A number, which tokeninfo writes as text.
fn number(answer: &Document, name: &str) -> Option<u64> {
    match answer.value(name)? {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    const NOW: u64 = 1_769_850_487;

    fn answered(status: u16, body: &str) -> Result<TokenInfo, Error> {
        let response = http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        Lookup::of(&Secret::new("ya29.x"), &Policy::default()).receive(&response, now)
    }

    #[test]
    fn d9_the_token_is_in_no_url() {
        // A JWT with the claims {}.
        for token in ["ya29.canary", "e30.e30.canary"] {
            let lookup = Lookup::of(&Secret::new(token), &Policy::default());
            assert_eq!(lookup.request.uri(), "https://oauth2.googleapis.com/tokeninfo");
            assert_eq!(lookup.request.method(), http::Method::POST);
        }
        let info = answered(200, r#"{"scope":"openid email"}"#).unwrap();
        let request = info.userinfo(&Secret::new("ya29.canary"), &Policy::default()).unwrap();
        assert_eq!(request.uri(), "https://openidconnect.googleapis.com/v1/userinfo");
    }

    #[test]
    fn a_response_of_texts_or_numbers_is_read() {
        let exp = NOW + 100;
        for body in [
            r#"{"azp":"id","aud":"id","scope":"b a","expires_in":"100"}"#.to_owned(),
            format!(r#"{{"aud":"id","scope":"a b","exp":"{exp}"}}"#),
            format!(r#"{{"aud":"id","scope":"a b","exp":{exp}}}"#),
        ] {
            let info = answered(200, &body).unwrap();
            assert_eq!(info.client_id.as_deref(), Some("id"));
            assert_eq!(info.scopes.joined(), "a b");
            assert_eq!(info.life, Some(Duration::from_secs(100)));
            assert!(info.userinfo(&Secret::new("t"), &Policy::default()).is_none());
        }
    }

    #[test]
    fn an_expired_token_needs_a_login_in_every_version_of_the_response() {
        for body in [
            r#"{"error":"invalid_token","error_description":"Invalid Value"}"#,
            r#"{"error_description":"Invalid Value"}"#,
        ] {
            let error = answered(400, body).unwrap_err();
            assert_eq!(error.kind(), Kind::Login, "{body}");
            assert!(error.to_string().contains("Invalid Value"), "{error}");
        }
        assert_eq!(answered(503, "<html>").unwrap_err().kind(), Kind::Temporary);
        assert_eq!(answered(200, "<html>").unwrap_err().kind(), Kind::Failed);
        assert_eq!(answered(200, r#"{"aud":7}"#).unwrap_err().kind(), Kind::Failed);
    }
}
