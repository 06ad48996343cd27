//! The OAuth client as downloaded from Google's console (`client_secrets.json`): one object under `installed` or `web`.
//! The secret of an installed application is not confidential (RFC 8252 §8.5), but Google requires it.

use serde_json::Value;

use crate::description::{self, Description};
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy, Role};
use crate::{Error, Secret};

/// The names of the object with the client's fields.
const KINDS: [&str; 2] = ["installed", "web"];

/// The field of a credentials file with one of [`KINDS`], if a renewal needs it.
const CLIENT_TYPE: &str = "client_type";

/// Fields of credentials and token files, which clients do not have.
const CREDENTIALS_FIELDS: [&str; 5] = ["type", "refresh_token", "access_token", "token", "_class"];

/// A client that can request consent on this machine.
#[derive(Clone, Debug)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`; Google's desktop clients have one.
    pub secret: Option<Secret>,
    /// `auth_uri`.
    pub auth_uri: Endpoint,
    /// `token_uri`.
    pub token_uri: Endpoint,
    /// Where the browser is sent back to.
    pub redirect: Redirect,
}

/// Which redirect URIs the client may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// Any loopback port (RFC 8252 §7.3), with the path of the client's first loopback URI.
    AnyPort {
        /// Starts with a slash, or is empty.
        path: String,
    },
    /// One registered loopback URI, used exactly as is.
    Exactly(String),
}

impl Client {
    /// Reads a client file.
    ///
    /// # Errors
    /// [`Error::Input`] naming the field; a `web` client without a loopback redirect URI is refused.
    pub fn read(file: &Document, policy: &Policy) -> Result<Self, Error> {
        let installed = file.optional_object("installed")?;
        let web = file.optional_object("web")?;
        match (installed, web) {
            (Some(client), None) => Self::installed(&client, policy),
            (None, Some(client)) => Self::web(&client, policy),
            (Some(_), Some(_)) => Err(two_kinds()),
            (None, None) => Err(not_a_client(file)),
        }
    }

    /// The client inside an `authorized_user` file that is being renewed.
    ///
    /// # Errors
    /// [`Error::Input`] naming the field.
    pub fn from_authorized_user(file: &Document, policy: &Policy) -> Result<Self, Error> {
        match file.optional_text(CLIENT_TYPE)? {
            Some("web") => Self::web(file, policy),
            _ => Self::installed(file, policy),
        }
    }

    /// Writes into an `authorized_user` file what [`Self::from_authorized_user`] needs besides what every reader of
    /// such a file knows: the authorization endpoint unless it is Google's, and where the browser is sent back to.
    pub(crate) fn write_for_renewal(&self, file: &mut Document) {
        let redirect = match &self.redirect {
            Redirect::AnyPort { path } if path.is_empty() => None,
            Redirect::AnyPort { path } => Some(("installed", format!("http://127.0.0.1{path}"))),
            Redirect::Exactly(uri) => Some(("web", uri.clone())),
        };
        let fields: [(&str, Option<Value>); 3] = [
            ("auth_uri", (!self.auth_uri.is_google()).then(|| self.auth_uri.as_str().into())),
            (CLIENT_TYPE, redirect.as_ref().map(|(kind, _)| (*kind).into())),
            ("redirect_uris", redirect.map(|(_, uri)| vec![uri].into())),
        ];
        for (name, value) in fields {
            match value {
                Some(value) => file.set(name, value),
                None => file.remove(name),
            }
        }
    }

    fn installed(client: &Document, policy: &Policy) -> Result<Self, Error> {
        // `http://localhost` in Google's own files has no path: the redirect URI then has none either.
        let path = loopback_uris(client)?
            .first()
            .and_then(|uri| {
                let (_, rest) = uri.split_once("://")?;
                rest.find('/').map(|start| rest[start..].to_owned())
            })
            .unwrap_or_default();
        Self::common(client, policy, Redirect::AnyPort { path })
    }

    fn web(client: &Document, policy: &Policy) -> Result<Self, Error> {
        let Some(uri) = loopback_uris(client)?.into_iter().next() else {
            return Err(Error::Input(
                "field web.redirect_uris: no loopback URI such as http://127.0.0.1:8080/ is registered; use a client of type Desktop app".to_owned(),
            ));
        };
        Self::common(client, policy, Redirect::Exactly(uri.to_owned()))
    }

    fn common(client: &Document, policy: &Policy, redirect: Redirect) -> Result<Self, Error> {
        let auth_uri = match client.optional_text("auth_uri")? {
            Some(url) => policy.receiver(Role::Authorization, url, "field auth_uri")?,
            None => policy.default_for(Role::Authorization),
        };
        let token_uri = match client.optional_text("token_uri")? {
            Some(url) => policy.receiver(Role::Token, url, "field token_uri")?,
            None => policy.token(),
        };
        let id = client.client_text("client_id")?.to_owned();
        let secret = client.optional_client_text("client_secret")?.map(Secret::new);
        // A public client (RFC 8252 §8.4) is fine for other servers. Google returns "client_secret is missing", and only
        // after the consent.
        if secret.is_none() && policy.is_google(&token_uri) {
            return Err(Error::Unsupported {
                reason: "field client_secret: missing, and Google requires one, even of a Desktop app".to_owned(),
                hint: Some("add a secret to the client at https://console.cloud.google.com/auth/clients, download its JSON, and run gauth-login --client-secrets FILE".to_owned()),
            });
        }
        Ok(Self { id, secret, auth_uri, token_uri, redirect })
    }
}

/// Whether a file is a client's, whole or damaged.
pub fn is_client(file: &Document) -> bool {
    KINDS.iter().any(|kind| file.has(kind))
}

/// What a client file says about itself, without its secret; also for a client that cannot log in here.
///
/// # Errors
/// [`Error::Input`] naming the field.
pub fn describe(file: &Document, policy: &Policy) -> Result<Description, Error> {
    let url = |client: &Document, role: Role, name: &str| -> Result<Option<String>, Error> {
        let field = format!("field {name}");
        let url = client.optional_text(name)?;
        url.map(|url| policy.receiver(role, url, &field))
            .transpose()
            .map(|url| url.as_ref().map(description::without_query))
    };
    if KINDS.iter().all(|kind| file.has(kind)) {
        return Err(two_kinds());
    }
    for kind in KINDS {
        if let Some(client) = file.optional_object(kind)? {
            let redirect_uris = client.list("redirect_uris")?;
            return Ok(Description {
                kind: format!("OAuth client ({kind})"),
                client_id: Some(client.client_text("client_id")?.to_owned()),
                project_id: description::text(&client, "project_id")?,
                redirect_uris: redirect_uris.into_iter().map(str::to_owned).collect(),
                auth_uri: url(&client, Role::Authorization, "auth_uri")?,
                token_uri: url(&client, Role::Token, "token_uri")?,
                ..Description::default()
            });
        }
    }
    Err(Error::field("installed", "missing"))
}

fn not_a_client(file: &Document) -> Error {
    let is_credentials = CREDENTIALS_FIELDS.iter().any(|field| file.has(field));
    let (what, hint) = if file.has("refresh_token") {
        (
            "; this is a credentials file, not an OAuth client",
            "run gauth-login --credentials FILE to renew the login in it",
        )
    } else if file.has("type") {
        (
            "; this is a credentials file, not an OAuth client",
            "run gauth-token --credentials FILE: this file needs no login",
        )
    } else if is_credentials {
        ("; this is a credentials file, not an OAuth client", DOWNLOAD)
    } else {
        ("", DOWNLOAD)
    };
    Error::Unsupported { reason: format!("field installed: missing{what}"), hint: Some(hint.to_owned()) }
}

const DOWNLOAD: &str =
    "download the JSON of a client of type Desktop app: https://console.cloud.google.com/auth/clients";

fn two_kinds() -> Error {
    Error::Input("fields installed and web: expected only one of them".to_owned())
}

/// As written: servers compare them character by character (RFC 9700 §2.1).
fn loopback_uris(client: &Document) -> Result<Vec<&str>, Error> {
    let is_loopback = |uri: &&str| {
        Endpoint::parse(uri, "redirect_uris").is_ok_and(|uri| uri.is_loopback() && uri.as_str().starts_with("http:"))
    };
    Ok(client.list("redirect_uris")?.into_iter().filter(is_loopback).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Client, Error> {
        Client::read(&Document::parse(json.as_bytes()).unwrap(), &Policy::default())
    }

    #[test]
    fn an_installed_client_uses_any_port_and_the_path_of_its_uri() {
        for (uris, path) in [
            (r#"["http://localhost"]"#, ""),
            (r#"["urn:ietf:wg:oauth:2.0:oob","http://127.0.0.1/callback"]"#, "/callback"),
            (r#"["http://127.0.0.1/"]"#, "/"),
            ("[]", ""),
        ] {
            let client = read(&format!(
                r#"{{"installed":{{"client_id":"id","client_secret":"s","redirect_uris":{uris},
                "auth_uri":"https://accounts.google.com/o/oauth2/auth","token_uri":"https://oauth2.googleapis.com/token"}}}}"#
            ))
            .unwrap();
            assert_eq!(client.redirect, Redirect::AnyPort { path: path.to_owned() });
        }
    }

    #[test]
    fn c25_a_wrong_client_file_names_the_field() {
        for (json, part) in [
            (r#"{"type":"service_account"}"#, "credentials file"),
            (r#"{"refresh_token":"r","client_id":"i"}"#, "credentials file"),
            (r#"{"access_token":"a","expiry":"x"}"#, "credentials file"),
            (r#"{"_class":"OAuth2Credentials"}"#, "credentials file"),
            ("{}", "field installed: missing"),
            (r#"{"installed":{},"web":{}}"#, "only one"),
            (r#"{"installed":{}}"#, "client_id: missing"),
            (r#"{"installed":{"client_id":7}}"#, "client_id: expected a string"),
            (r#"{"installed":{"client_id":"i","auth_uri":"http://accounts.google.com/"}}"#, "auth_uri: must be"),
            (r#"{"installed":{"client_id":"i","auth_uri":"file:///etc/passwd"}}"#, "auth_uri: must be"),
            (r#"{"installed":{"client_id":"i","token_uri":"https://evil.test/"}}"#, "token_uri: evil.test"),
            (r#"{"web":{"client_id":"i","redirect_uris":["https://example.test/cb"]}}"#, "web.redirect_uris"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.to_string().contains(part), "{json}: {error}");
            assert_eq!(error.kind(), crate::Kind::Usage);
        }
    }

    #[test]
    fn a_secret_is_any_text_of_visible_characters_and_blanks() {
        for (secret, good) in
            [("GOCSPX-a+b%2F&c=d e:;/?#'", true), ("a\tb", false), ("a\u{e4}", false), ("a\u{7f}", false)]
        {
            let file = serde_json::json!({"installed": {"client_id": "an id", "client_secret": secret}});
            let client = read(&file.to_string());
            assert_eq!(client.is_ok_and(|client| client.secret.unwrap().expose() == secret), good, "{secret:?}");
        }
    }

    #[test]
    fn a_web_client_uses_its_registered_loopback_uri_as_is() {
        for uri in ["http://localhost:8080/oauth", "http://localhost:8080"] {
            let client =
                read(&format!(
                    r#"{{"web":{{"client_id":"i","client_secret":"s","redirect_uris":["https://example.test/cb","{uri}"]}}}}"#
                ))
                .unwrap();
            assert_eq!(client.redirect, Redirect::Exactly(uri.to_owned()));
        }
    }

    #[test]
    fn a_client_survives_in_the_file_of_its_grant() {
        let google = r#""auth_uri":"https://accounts.google.com/o/oauth2/auth""#;
        for (kind, uri, more) in [
            ("installed", "http://localhost", google),
            ("installed", "http://127.0.0.1/callback", google),
            ("web", "http://localhost:8080/oauth", google),
            ("web", "http://localhost", google),
            (
                "installed",
                "http://localhost",
                r#""auth_uri":"http://127.0.0.1:1/o/oauth2/auth","token_uri":"http://127.0.0.1:1/token""#,
            ),
        ] {
            let client = read(&format!(
                r#"{{"{kind}":{{"client_id":"i","client_secret":"s","redirect_uris":["{uri}"],{more}}}}}"#
            ))
            .unwrap();
            let mut file = Document::parse(
                br#"{"client_id":"i","client_secret":"s","auth_uri":"x","client_type":"web","redirect_uris":["x"]}"#,
            )
            .unwrap();
            file.set("token_uri", client.token_uri.as_str());
            client.write_for_renewal(&mut file);
            let renewed = Client::from_authorized_user(&file, &Policy::default()).unwrap();
            assert_eq!(renewed.redirect, client.redirect);
            assert_eq!(renewed.token_uri, client.token_uri);
            assert_eq!(renewed.auth_uri.origin(), client.auth_uri.origin());
            // Other readers see nothing new in the file of a usual client.
            assert_eq!(file.has("auth_uri"), more != google);
            assert_eq!(file.has("redirect_uris"), uri != "http://localhost" || kind == "web");
        }
    }

    #[test]
    fn a_client_without_a_secret_is_refused_at_google_only() {
        let elsewhere = r#""auth_uri":"http://127.0.0.1:1/o/oauth2/auth","token_uri":"http://127.0.0.1:1/token""#;
        assert_eq!(read(&format!(r#"{{"installed":{{"client_id":"i",{elsewhere}}}}}"#)).unwrap().secret, None);
        for more in ["", r#","client_secret":"""#, r#","client_secret":null"#] {
            let error = read(&format!(r#"{{"installed":{{"client_id":"i"{more}}}}}"#)).unwrap_err();
            assert!(error.to_string().contains("field client_secret: missing"), "{error}");
            assert_eq!(error.kind(), crate::Kind::Usage);
        }
    }
}
