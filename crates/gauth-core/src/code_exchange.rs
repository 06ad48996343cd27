//! The authorization code exchange (RFC 6749 §4.1.3 with RFC 7636 §4.5): code in, refresh token out, and the
//! `authorized_user` file that every reader of Application Default Credentials loads.

use std::time::SystemTime;

use http::header::CONTENT_TYPE;

use crate::client_secrets::Client;
use crate::description::DEFAULT_UNIVERSE;
use crate::document::Document;
use crate::error::Call;
use crate::pkce::CodeVerifier;
use crate::scope::Scopes;
use crate::token::{TokenResponse, id_token_claims};
use crate::{Error, Request, Response, Secret, dpop, form, timestamp};

/// The token request for a code; with a key the grant will be bound to that. It must be sent only once: the first try uses the
/// code up (RFC 6749 §4.1.2).
pub fn request(
    client: &Client,
    redirect_uri: &str,
    code: &Secret,
    verifier: &CodeVerifier,
    key: Option<&dpop::Key>,
) -> Request {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code.expose()),
        ("client_id", client.id.as_str()),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier.expose()),
    ];
    if let Some(secret) = &client.secret {
        fields.push(("client_secret", secret.expose()));
    }
    let mut request = form_request(client.token_uri.as_str(), &fields);
    if let Some(key) = key {
        request.extensions_mut().insert(dpop::Binding::of_code(key, code));
    }
    request
}

/// A POST of form fields that asks for JSON.
pub(crate) fn form_request(url: &str, fields: &[(&str, &str)]) -> Request {
    http::Request::post(url)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form::encode(fields).into_bytes())
        .expect("a checked endpoint is a valid URI")
}

/// A user's new grant from the token endpoint.
#[derive(Clone, Debug)]
pub struct UserGrant {
    refresh_token: Secret,
    /// What the user granted; what was requested, if the server did not say.
    pub scopes: Scopes,
    /// E-mail, if the response has an ID token with it.
    pub account: Option<String>,
}

impl UserGrant {
    /// Reads the response to [`request`].
    ///
    /// # Errors
    /// As [`TokenResponse::access`]; [`Error::Unsupported`] without a refresh token.
    pub fn receive(response: &Response, asked: &Scopes, now: SystemTime) -> Result<Self, Error> {
        let token = TokenResponse::access(Call::AuthorizationCode, response, now)?;
        let Some(refresh_token) = token.refresh_token else {
            return Err(Error::bad_response(
                Call::AuthorizationCode,
                "no refresh_token (remove the app's access in the Google account, then log in again)",
            ));
        };
        let account = token
            .id_token
            .as_ref()
            .and_then(id_token_claims)
            .and_then(|claims| claims.get("email")?.as_str().map(str::to_owned))
            .filter(|email| crate::document::is_word(email));
        Ok(Self { refresh_token, scopes: token.scopes.unwrap_or_else(|| asked.clone()), account })
    }

    /// The `authorized_user` file, with the key that the grant is bound to and the unknown keys of a `previous` file. A previous file in another tool's dialect is
    /// ignored, since its keys would be read as that tool's grant.
    pub fn authorized_user(
        &self,
        client: &Client,
        key: Option<&dpop::Key>,
        previous: Option<&Document>,
        now: SystemTime,
    ) -> Document {
        let mut file = previous
            .filter(|file| matches!(file.text("type"), Ok("authorized_user")))
            .cloned()
            .unwrap_or_else(|| Document::from_map(serde_json::Map::new()));
        file.set("type", "authorized_user");
        file.set("client_id", client.id.as_str());
        file.set("client_secret", client.secret.as_ref().map_or("", Secret::expose));
        file.set("refresh_token", self.refresh_token.expose());
        match key {
            Some(key) => file.set(dpop::FIELD, key.pem().expose()),
            None => file.remove(dpop::FIELD),
        }
        file.set("token_uri", client.token_uri.as_str());
        file.set("scopes", self.scopes.iter().collect::<Vec<_>>());
        client.write_for_renewal(&mut file);
        if !file.has("universe_domain") {
            file.set("universe_domain", DEFAULT_UNIVERSE);
        }
        match &self.account {
            Some(account) => file.set("account", account.as_str()),
            None => file.remove("account"),
        }
        match timestamp::rfc3339(timestamp::unix_seconds(now)) {
            Some(time) => file.set("granted_at", time),
            None => file.remove("granted_at"),
        }
        // These belong to the grant that this one replaces.
        for stale in ["token", "expiry", "rapt_token", "id_token", "access_token"] {
            file.remove(stale);
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::endpoint::Policy;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn client() -> Client {
        let file = br#"{"installed":{"client_id":"id","client_secret":"s&s","redirect_uris":["http://localhost"]}}"#;
        Client::read(&Document::parse(file).unwrap(), &Policy::default()).unwrap()
    }

    fn receive(body: &str) -> Result<UserGrant, Error> {
        let response = http::Response::new(body.as_bytes().to_vec());
        UserGrant::receive(&response, &Scopes::default_read(), NOW)
    }

    #[test]
    fn the_request_follows_the_standards() {
        let request = request(&client(), "http://127.0.0.1:1", &Secret::new("4/0A"), &CodeVerifier::new([7; 32]), None);
        assert_eq!(request.uri(), "https://oauth2.googleapis.com/token");
        assert_eq!(
            String::from_utf8(request.into_body()).unwrap(),
            "grant_type=authorization_code&code=4%2F0A&client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1%3A1\
             &code_verifier=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc&client_secret=s%26s"
        );
    }

    #[test]
    fn c24_a_response_without_a_refresh_token_is_an_error() {
        let error = receive(r#"{"access_token":"a","token_type":"Bearer"}"#).unwrap_err();
        assert!(error.to_string().contains("refresh_token"));
    }

    #[test]
    fn a_renewed_file_keeps_unknown_keys_and_drops_those_of_the_old_grant() {
        // The ID token's claims are {"email":"ada@example.test"}.
        let grant = receive(
            r#"{"access_token":"a","refresh_token":"r","scope":"openid email",
               "id_token":"e30.eyJlbWFpbCI6ImFkYUBleGFtcGxlLnRlc3QifQ.x"}"#,
        )
        .unwrap();
        let old = Document::parse(
            br#"{"type":"authorized_user","quota_project_id":"p","rapt_token":"x","refresh_token":"old"}"#,
        )
        .unwrap();
        let file = grant.authorized_user(&client(), None, Some(&old), NOW + Duration::from_secs(1_769_850_487));
        let written: serde_json::Value = serde_json::from_slice(&file.to_bytes()).unwrap();
        assert_eq!(
            written,
            serde_json::json!({
                "type": "authorized_user", "client_id": "id", "client_secret": "s&s", "refresh_token": "r",
                "token_uri": "https://oauth2.googleapis.com/token", "scopes": ["email", "openid"],
                "universe_domain": "googleapis.com", "account": "ada@example.test",
                "granted_at": "2026-01-31T09:08:07Z", "quota_project_id": "p",
            })
        );
        let foreign = Document::parse(br#"{"_class":"OAuth2Credentials","token_response":{}}"#).unwrap();
        assert!(!grant.authorized_user(&client(), None, Some(&foreign), NOW).has("_class"));
    }
}
