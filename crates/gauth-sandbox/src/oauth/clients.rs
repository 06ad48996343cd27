//! The OAuth clients of the sandbox's one project, its users, and the client files as Google's console offers them.

use serde_json::{Value, json};

use crate::oauth::random;

pub(crate) const PROJECT: &str = "gauth-sandbox";
/// The user who consents without a `login_hint`.
pub(crate) const DEFAULT_ACCOUNT: &str = "alex@example.com";
/// Users of the domain `example.com` that service accounts with delegation may act for, and with which scopes.
pub(crate) const DELEGATED_ACCOUNTS: [&str; 2] = [DEFAULT_ACCOUNT, "admin@example.com"];
pub(crate) const DELEGATED_SCOPES: [&str; 4] = [
    "https://www.googleapis.com/auth/analytics",
    "https://www.googleapis.com/auth/analytics.readonly",
    "https://www.googleapis.com/auth/userinfo.email",
    "openid",
];

const INSTALLED_ID: &str = "123456789012-d3sktop0client0of0the0sandbox00.apps.googleusercontent.com";
const WEB_ID: &str = "123456789012-w3b0client0of0the0sandbox0000.apps.googleusercontent.com";
/// The client of people who log in through their company's identity provider; only the security token service knows it.
pub(crate) const WORKFORCE_ID: &str = "w0rkf0rce-client-of-the-sandbox";

pub(crate) struct Client {
    pub(crate) id: &'static str,
    pub(crate) secret: String,
    pub(crate) kind: ClientKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ClientKind {
    /// Any loopback redirect is valid.
    Installed,
    /// Only exactly these redirects are valid.
    Web { redirect_uris: Vec<String> },
}

impl Client {
    pub(crate) fn installed() -> Self {
        Self { id: INSTALLED_ID, secret: secret(), kind: ClientKind::Installed }
    }

    pub(crate) fn web() -> Self {
        Self { id: WEB_ID, secret: secret(), kind: ClientKind::Web { redirect_uris: Vec::new() } }
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

pub(crate) fn secret() -> String {
    format!("GOCSPX-{}", random::text(28))
}

/// `http://` and a loopback name, optionally a port, a path and a query; no user, no fragment, only printable ASCII.
fn is_loopback(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://") else {
        return false;
    };
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) || uri.contains(['#', '\\']) {
        return false;
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let Some(port) = ["127.0.0.1", "[::1]", "localhost"].iter().find_map(|host| authority.strip_prefix(host)) else {
        return false;
    };
    port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

/// The number of a user in `sub`: 21 digits computed from the address.
pub(crate) fn subject(account: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, account.as_bytes());
    let digits: String = digest.as_ref()[..20].iter().map(|byte| char::from(b'0' + byte % 10)).collect();
    format!("1{digits}")
}

#[cfg(test)]
mod tests;
