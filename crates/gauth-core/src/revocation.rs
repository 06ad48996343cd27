//! Token revocation (RFC 7009) as Google does it (<https://developers.google.com/identity/protocols/oauth2/native-app>):
//! any token of a grant ends the user's grant to the whole project, for all clients and scopes, and a token that is no
//! longer valid is an error. Only a user's grant can be revoked.

use std::time::SystemTime;

use crate::code_exchange::form_request;
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy, Role};
use crate::error::{Call, read_oauth_error};
use crate::{Error, Request, Response, Secret};

/// RFC 7009 §2.1.
pub(crate) fn request(endpoint: &Endpoint, token: &Secret) -> Request {
    form_request(endpoint.as_str(), &[("token", token.expose())])
}

/// Where the tokens of this issuer are revoked. The file may name the endpoint, as oauth2client and gcloud do, but a token
/// is sent only to its issuer: a `revoke_uri` at another host is ignored, and Google only receives its own tokens.
pub(crate) fn endpoint(file: &Document, token_uri: &Endpoint, policy: &Policy) -> Result<Endpoint, Error> {
    const FIELD: &str = "revoke_uri";
    let of_google = policy.is_google(token_uri);
    let named = file
        .optional_text(FIELD)?
        .map(|url| policy.receiver(Role::Revocation, url, "field revoke_uri"))
        .transpose()?
        .filter(|named| named.host() == token_uri.host() || (named.is_google() && token_uri.is_google()));
    match named {
        Some(endpoint) => Ok(endpoint),
        None if of_google => Ok(policy.default_for(Role::Revocation)),
        None => Err(Error::Unsupported {
            reason: format!("field {FIELD}: expected an endpoint at {}, which issued the token", token_uri.host()),
            hint: Some(format!(
                "revoke the access at {}, or put its revocation endpoint into {FIELD}",
                token_uri.host()
            )),
        }),
    }
}

/// Reads the response.
///
/// # Errors
/// What the server refused: `invalid_token` ([`crate::Kind::Login`]) for a grant that it no longer knows.
pub fn receive(response: &Response, now: SystemTime) -> Result<(), Error> {
    if response.status().is_success() && read_oauth_error(response.body()).is_none() {
        return Ok(());
    }
    Err(Error::from_response(Call::Revocation, response, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn sent_to(token_uri: &str, file: &str, sandbox: Option<&str>) -> Result<String, String> {
        let policy = Policy::new(Some("idp.example.com"), sandbox).unwrap();
        let token_uri = Endpoint::parse(token_uri, "token_uri").unwrap();
        let file = Document::parse(file.as_bytes()).unwrap();
        endpoint(&file, &token_uri, &policy).map(|endpoint| endpoint.as_str().to_owned()).map_err(|e| e.to_string())
    }

    #[test]
    fn e2_a_token_is_sent_to_its_issuer_only() {
        const GOOGLE: &str = "https://oauth2.googleapis.com/token";
        const SANDBOX: Option<&str> = Some("http://127.0.0.1:1");
        let old = r#"{"revoke_uri":"https://accounts.google.com/o/oauth2/revoke"}"#;
        let own = r#"{"revoke_uri":"https://idp.example.com/revoke"}"#;
        for (token_uri, file, sandbox, expected) in [
            (GOOGLE, "{}", None, Some("https://oauth2.googleapis.com/revoke")),
            (GOOGLE, old, None, Some("https://accounts.google.com/o/oauth2/revoke")),
            (GOOGLE, own, None, Some("https://oauth2.googleapis.com/revoke")),
            (GOOGLE, "{}", SANDBOX, Some("http://127.0.0.1:1/revoke")),
            ("http://127.0.0.1:1/token", "{}", SANDBOX, Some("http://127.0.0.1:1/revoke")),
            ("http://127.0.0.1:1/token", old, SANDBOX, Some("http://127.0.0.1:1/revoke")),
            ("http://127.0.0.1:1/token", "{}", None, None),
            ("http://127.0.0.1:1/token", old, None, None),
            ("https://idp.example.com/token", "{}", None, None),
            ("https://idp.example.com/token", "{}", SANDBOX, None),
            ("https://idp.example.com/token", old, None, None),
            ("https://idp.example.com/token", own, None, Some("https://idp.example.com/revoke")),
        ] {
            let found = sent_to(token_uri, file, sandbox).ok();
            assert_eq!(found.as_deref(), expected, "{token_uri} {file} {sandbox:?}");
        }
        let evil = r#"{"revoke_uri":"https://evil.example/revoke"}"#;
        assert!(sent_to(GOOGLE, evil, None).unwrap_err().contains("field revoke_uri"));
    }

    #[test]
    fn only_a_plain_success_confirms() {
        let kind = |status: u16, body: &str| {
            let response = http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
            receive(&response, SystemTime::UNIX_EPOCH).map_err(|e| e.kind())
        };
        assert_eq!(kind(200, "{}"), Ok(()));
        assert_eq!(kind(200, ""), Ok(()));
        assert_eq!(kind(400, r#"{"error":"invalid_token"}"#), Err(Kind::Login));
        assert_eq!(kind(200, r#"{"error":"invalid_token"}"#), Err(Kind::Login));
        assert_eq!(kind(302, ""), Err(Kind::Failed));
        assert_eq!(kind(503, "<html>"), Err(Kind::Temporary));
    }
}
