//! The OAuth clients of the sandbox's one project, its service account and its users, with the files that Google's
//! console would hand out for them.

use serde_json::{Value, json};

use crate::jwt::SigningKey;
use crate::random;

pub(crate) const PROJECT: &str = "gauth-sandbox";
/// Who sits before the browser when no `login_hint` says otherwise.
pub(crate) const DEFAULT_ACCOUNT: &str = "alex@example.com";
/// Users of the domain `example.com` that the service account may stand in for, and with which scopes.
pub(crate) const DELEGATED_ACCOUNTS: [&str; 2] = [DEFAULT_ACCOUNT, "admin@example.com"];
pub(crate) const DELEGATED_SCOPES: [&str; 4] = [
    "https://www.googleapis.com/auth/analytics",
    "https://www.googleapis.com/auth/analytics.readonly",
    "https://www.googleapis.com/auth/userinfo.email",
    "openid",
];

const INSTALLED_ID: &str =
    "123456789012-d3sktop0client0of0the0sandbox00.apps.googleusercontent.com";
const WEB_ID: &str = "123456789012-w3b0client0of0the0sandbox0000.apps.googleusercontent.com";

pub(crate) struct Client {
    pub(crate) id: &'static str,
    pub(crate) secret: String,
    pub(crate) kind: ClientKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ClientKind {
    /// Any loopback redirect is good.
    Installed,
    /// Only these redirects are, to the letter.
    Web { redirect_uris: Vec<String> },
}

impl Client {
    pub(crate) fn installed() -> Self {
        Self {
            id: INSTALLED_ID,
            secret: secret(),
            kind: ClientKind::Installed,
        }
    }

    pub(crate) fn web() -> Self {
        Self {
            id: WEB_ID,
            secret: secret(),
            kind: ClientKind::Web {
                redirect_uris: Vec::new(),
            },
        }
    }

    /// RFC 8252 §7.3 for installed clients, RFC 9700 §4.1 for the web.
    pub(crate) fn permits_redirect(&self, uri: &str) -> bool {
        match &self.kind {
            ClientKind::Installed => is_loopback(uri),
            ClientKind::Web { redirect_uris } => redirect_uris.iter().any(|known| known == uri),
        }
    }

    /// `client_secrets.json` as the console offers it for download.
    pub(crate) fn secrets_file(&self, url: &str) -> Value {
        let (key, redirect_uris) = match &self.kind {
            ClientKind::Installed => ("installed", vec!["http://localhost".to_owned()]),
            ClientKind::Web { redirect_uris } => ("web", redirect_uris.clone()),
        };
        json!({
            key: {
                "client_id": self.id,
                "project_id": PROJECT,
                "auth_uri": format!("{url}/o/oauth2/auth"),
                "token_uri": format!("{url}/token"),
                "auth_provider_x509_cert_url": format!("{url}/oauth2/v1/certs"),
                "client_secret": self.secret,
                "redirect_uris": redirect_uris,
            }
        })
    }
}

fn secret() -> String {
    format!("GOCSPX-{}", random::text(28))
}

/// `http://` and a loopback name, then perhaps a port, a path, a query; no user, no fragment, nothing that is not plain
/// ASCII.
fn is_loopback(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://") else {
        return false;
    };
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) || uri.contains(['#', '\\']) {
        return false;
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let Some(port) = ["127.0.0.1", "[::1]", "localhost"]
        .iter()
        .find_map(|host| authority.strip_prefix(host))
    else {
        return false;
    };
    port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok())
}

/// The service account whose key lies in the sandbox's directory.
pub(crate) struct ServiceAccount {
    pub(crate) email: String,
    /// The number that a Workspace administrator enters for delegation.
    pub(crate) id: &'static str,
    pub(crate) key: SigningKey,
}

const PKCS8: &str = include_str!("../keys/service_account.pem");
const PKCS1: &str = include_str!("../keys/service_account_pkcs1.pem");

impl ServiceAccount {
    pub(crate) fn new() -> Self {
        Self {
            email: format!("reporter@{PROJECT}.iam.gserviceaccount.com"),
            id: "109876543210987654321",
            key: SigningKey::from_pem(PKCS8),
        }
    }

    /// The key file of the console.
    pub(crate) fn key_file(&self, url: &str) -> Value {
        self.key_file_with(url, pem(PKCS8))
    }

    /// The same with the key as PKCS#1, which some tools write.
    pub(crate) fn key_file_pkcs1(&self, url: &str) -> Value {
        self.key_file_with(url, pem(PKCS1))
    }

    /// The lines of both private keys that differ from key to key, for searches of leaks.
    pub(crate) fn key_lines() -> impl Iterator<Item = String> {
        [PKCS8, PKCS1]
            .into_iter()
            .flat_map(|text| pem(text).lines().skip(2))
            .filter(|line| line.len() == 64)
            .map(str::to_owned)
    }

    fn key_file_with(&self, url: &str, private_key: &str) -> Value {
        let email = &self.email;
        json!({
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": self.key.id,
            "private_key": private_key,
            "client_email": email,
            "client_id": self.id,
            "auth_uri": format!("{url}/o/oauth2/auth"),
            "token_uri": format!("{url}/token"),
            "auth_provider_x509_cert_url": format!("{url}/oauth2/v1/certs"),
            "client_x509_cert_url": format!("{url}/robot/v1/metadata/x509/{}", email.replace('@', "%40")),
            "universe_domain": "googleapis.com",
        })
    }
}

/// Without the remark that stands before the key.
fn pem(text: &'static str) -> &'static str {
    &text[text.find("-----BEGIN").unwrap_or_default()..]
}

/// The number that stands for a user in `sub`: 21 digits made of the address.
pub(crate) fn subject(account: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, account.as_bytes());
    let digits: String = digest.as_ref()[..20]
        .iter()
        .map(|byte| char::from(b'0' + byte % 10))
        .collect();
    format!("1{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installed_client_may_use_any_loopback_redirect_and_no_other() {
        let client = Client::installed();
        for good in [
            "http://127.0.0.1:49152",
            "http://127.0.0.1",
            "http://[::1]:8080/callback",
            "http://localhost:1/?x=1",
        ] {
            assert!(client.permits_redirect(good), "{good}");
        }
        for bad in [
            "https://127.0.0.1:1",
            "http://127.0.0.2:1",
            "http://127.0.0.1.evil.test:1",
            "http://127.0.0.1@evil.test",
            "http://127.0.0.1:1#x",
            "http://127.0.0.1:99999",
            "http://127.0.0.1:1/\r\nX: y",
            "urn:ietf:wg:oauth:2.0:oob",
            "",
        ] {
            assert!(!client.permits_redirect(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_web_client_may_use_its_redirects_to_the_letter() {
        let mut client = Client::web();
        client.kind = ClientKind::Web {
            redirect_uris: vec!["http://localhost:8080/cb".into()],
        };
        assert!(client.permits_redirect("http://localhost:8080/cb"));
        assert!(!client.permits_redirect("http://localhost:8080/cb/"));
        assert!(!client.permits_redirect("http://localhost:8081/cb"));
    }

    #[test]
    fn both_forms_of_the_key_are_one_key() {
        let account = ServiceAccount::new();
        let pkcs8 = account.key_file("http://127.0.0.1:1");
        let pkcs1 = account.key_file_pkcs1("http://127.0.0.1:1");
        let text = |file: &Value| file["private_key"].as_str().map(str::to_owned).unwrap();
        assert!(text(&pkcs8).starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(text(&pkcs1).starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
        assert!(ServiceAccount::key_lines().count() > 40);
    }
}
