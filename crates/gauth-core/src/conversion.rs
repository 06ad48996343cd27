//! One user's grant in the file formats of several tools. The fields of a grant have the same names everywhere; the
//! dialects differ in the other fields. google-auth's own form is that of its `Credentials.to_json`
//! (<https://googleapis.dev/python/google-auth/latest/reference/google.oauth2.credentials.html>).

use std::str::FromStr;

use crate::description::scopes;
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::{Error, timestamp};

/// A file format for a user's grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Application Default Credentials, which all Google libraries read; as gauth-login writes them.
    AuthorizedUser,
    /// What google-auth's `Credentials.from_authorized_user_file` reads: no `type`, perhaps an access token.
    GoogleAuth,
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "authorized_user" => Ok(Self::AuthorizedUser),
            "google-auth" => Ok(Self::GoogleAuth),
            _ => Err("expected authorized_user or google-auth".to_owned()),
        }
    }
}

/// A grant as its file has it.
pub(crate) struct Grant<'a> {
    pub(crate) file: &'a Document,
    /// Fields that only the tool which wrote the file reads. What they say is in every dialect.
    pub(crate) own_fields: &'static [&'static str],
    /// The fields of an access token and its expiry.
    pub(crate) access_token: (&'static str, &'static str),
    pub(crate) token_uri: &'a Endpoint,
    pub(crate) account: Option<&'a str>,
}

impl Grant<'_> {
    /// The file in another dialect; keys that no dialect gives a meaning to are kept.
    ///
    /// # Errors
    /// [`Error::Input`] naming the field.
    pub(crate) fn converted(&self, to: Dialect) -> Result<Document, Error> {
        let scopes = scopes(self.file)?;
        let access_token = match to {
            Dialect::AuthorizedUser => None,
            Dialect::GoogleAuth => self.access_token()?,
        };
        let mut written = self.file.without_nulls();
        for name in ["type", "token", "expiry", "scopes"].iter().chain(self.own_fields) {
            written.remove(name);
        }
        written.set("token_uri", self.token_uri.as_str());
        if let Some(account) = self.account {
            written.set("account", account);
        }
        if !self.file.has("client_secret") {
            // Readers require the key, even for clients without a secret.
            written.set("client_secret", "");
        }
        if !scopes.is_empty() {
            written.set("scopes", scopes.iter().collect::<Vec<_>>());
        }
        if to == Dialect::AuthorizedUser {
            written.set("type", "authorized_user");
        }
        if let Some((token, expiry)) = access_token {
            written.set("token", token);
            written.set("expiry", expiry);
        }
        Ok(written)
    }

    /// An access token with its expiry as google-auth reads it: UTC, `Z`, whole seconds. A token of unknown expiry is left
    /// out, so that the reader refreshes at once.
    fn access_token(&self) -> Result<Option<(&str, String)>, Error> {
        let (token, expiry) = self.access_token;
        let expiry = self.file.optional_text(expiry)?.and_then(timestamp::parse_rfc3339).and_then(timestamp::rfc3339);
        Ok(self.file.optional_word(token)?.zip(expiry))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::credentials::{Context, Credentials};
    use crate::endpoint::Policy;

    fn converted(file: Value, to: Dialect) -> Value {
        let context = Context { policy: &Policy::default(), env: &|_| None };
        Credentials::parse(file.to_string().as_bytes(), &context).unwrap().converted(to).unwrap().into()
    }

    fn grant() -> Value {
        json!({
            "client_id": "id", "client_secret": "s", "refresh_token": "r", "scopes": ["a", "b"],
            "token_uri": "https://oauth2.googleapis.com/token", "quota_project_id": "p", "mine": [1],
        })
    }

    fn with(fields: Value) -> Value {
        let mut file = grant();
        let map = file.as_object_mut().unwrap();
        map.extend(fields.as_object().unwrap().clone());
        file
    }

    #[test]
    fn the_dialects_of_one_grant_differ_in_the_other_fields() {
        let adc = with(json!({"type": "authorized_user", "granted_at": "2026-01-31T09:08:07Z"}));
        assert_eq!(converted(adc.clone(), Dialect::AuthorizedUser), adc);
        assert_eq!(converted(adc, Dialect::GoogleAuth), with(json!({"granted_at": "2026-01-31T09:08:07Z"})));
        let google_auth = with(json!({"token": "ya29", "expiry": "2026-01-31T09:08:07.123456Z"}));
        assert_eq!(converted(google_auth.clone(), Dialect::AuthorizedUser), with(json!({"type": "authorized_user"})));
        assert_eq!(
            converted(google_auth, Dialect::GoogleAuth),
            with(json!({"token": "ya29", "expiry": "2026-01-31T09:08:07Z"}))
        );
    }

    #[test]
    fn fields_that_only_oauth2client_reads_are_left_out() {
        let old = with(json!({
            "_class": "OAuth2Credentials", "_module": "oauth2client.client", "invalid": true, "user_agent": null,
            "access_token": "ya29", "token_expiry": "2026-01-31T09:08:07Z", "id_token": {"email": "e"},
            "id_token_jwt": "j", "token_response": {"access_token": "ya29"}, "scopes": ["b", "a"],
            "revoke_uri": "https://oauth2.googleapis.com/revoke", "token_info_uri": null,
        }));
        let kept =
            json!({"account": "e", "revoke_uri": "https://oauth2.googleapis.com/revoke", "type": "authorized_user"});
        assert_eq!(converted(old.clone(), Dialect::AuthorizedUser), with(kept));
        let google_auth = converted(old, Dialect::GoogleAuth);
        assert_eq!((&google_auth["token"], &google_auth["expiry"]), (&json!("ya29"), &json!("2026-01-31T09:08:07Z")));
    }

    #[test]
    fn an_access_token_of_unknown_expiry_is_left_out() {
        for expiry in [json!(null), json!("soon"), json!(""), json!("2026-01-31T10:08:07+01:00")] {
            let file = with(json!({"token": "ya29", "expiry": expiry}));
            assert_eq!(converted(file, Dialect::GoogleAuth), grant());
        }
    }

    #[test]
    fn scopes_become_a_list_and_a_client_without_a_secret_gets_an_empty_one() {
        let file = json!({"client_id": "id", "refresh_token": "r", "scopes": "b a", "client_secret": null});
        let written = converted(file, Dialect::GoogleAuth);
        assert_eq!(written["scopes"], json!(["a", "b"]));
        assert_eq!(written["client_secret"], "");
    }
}
