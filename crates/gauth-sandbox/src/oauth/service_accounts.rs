//! The project's service accounts: which of them has a key file, which may act for users, and who may act as them; and
//! the key files, as Google's console and gcloud write them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::oauth::clients::{DEFAULT_ACCOUNT, PROJECT};
use crate::oauth::jwt::SigningKey;

pub(crate) const REPORTER: &str = "reporter@gauth-sandbox.iam.gserviceaccount.com";
pub(crate) const ANALYST: &str = "analyst@gauth-sandbox.iam.gserviceaccount.com";
pub(crate) const ARCHIVIST: &str = "archivist@gauth-sandbox.iam.gserviceaccount.com";
pub(crate) const MACHINE: &str = "123456789012-compute@developer.gserviceaccount.com";

/// The prefix of outside identities, as at Google.
pub(crate) const OUTSIDE: &str = "principal://iam.googleapis.com/";

pub(crate) struct ServiceAccount {
    pub(crate) email: &'static str,
    /// The number that a Workspace administrator enters for delegation.
    pub(crate) id: &'static str,
    /// Whether an administrator has entered it.
    pub(crate) is_delegated: bool,
    /// Who has the role Service Account Token Creator on it.
    token_creators: &'static [&'static str],
}

const SERVICE_ACCOUNTS: [ServiceAccount; 4] = [
    ServiceAccount { email: REPORTER, id: "109876543210987654321", is_delegated: true, token_creators: &[] },
    ServiceAccount {
        email: ANALYST,
        id: "109876543210987654322",
        is_delegated: true,
        token_creators: &[DEFAULT_ACCOUNT, REPORTER, MACHINE, OUTSIDE],
    },
    ServiceAccount { email: ARCHIVIST, id: "109876543210987654323", is_delegated: false, token_creators: &[ANALYST] },
    ServiceAccount { email: MACHINE, id: "109876543210987654324", is_delegated: false, token_creators: &[] },
];

impl ServiceAccount {
    pub(crate) fn find(email: &str) -> Option<&'static Self> {
        SERVICE_ACCOUNTS.iter().find(|account| account.email == email)
    }

    /// `caller` is an e-mail address or a principal of [`OUTSIDE`].
    pub(crate) fn lets(&self, caller: &str) -> bool {
        self.token_creators.iter().any(|member| *member == caller || *member == OUTSIDE && caller.starts_with(OUTSIDE))
    }
}

const PKCS8: &str = include_str!("../../keys/service_account.pem");
const PKCS1: &str = include_str!("../../keys/service_account_pkcs1.pem");
const PKCS12: &[u8] = include_bytes!("../../keys/service_account.p12");

/// The key of [`REPORTER`], whose file is in the sandbox's directory.
pub(crate) fn reporter_key() -> SigningKey {
    SigningKey::from_pem(PKCS8)
}

/// The key file as the console offers it.
pub(crate) fn key_file(url: &str) -> Value {
    key_file_with(url, pem(PKCS8))
}

/// The same with the key in PKCS#1, which some tools write.
pub(crate) fn key_file_pkcs1(url: &str) -> Value {
    key_file_with(url, pem(PKCS1))
}

/// The same key as gcloud stores one in PKCS#12; the password is the one that Google gave to all of them.
pub(crate) fn key_file_pkcs12(url: &str) -> Value {
    json!({
        "type": "service_account_p12",
        "client_email": REPORTER,
        "private_key": STANDARD.encode(PKCS12),
        "password": "notasecret",
        "token_uri": format!("{url}/token"),
    })
}

/// The lines that are specific to each private key, to search for leaks.
pub(crate) fn key_lines() -> impl Iterator<Item = String> {
    [PKCS8, PKCS1]
        .into_iter()
        .flat_map(|text| pem(text).lines().skip(2))
        .filter(|line| line.len() == 64)
        .map(str::to_owned)
        .chain([STANDARD.encode(PKCS12)])
}

fn key_file_with(url: &str, private_key: &str) -> Value {
    let account = &SERVICE_ACCOUNTS[0];
    let email = account.email;
    json!({
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": reporter_key().id,
        "private_key": private_key,
        "client_email": email,
        "client_id": account.id,
        "auth_uri": format!("{url}/o/oauth2/auth"),
        "token_uri": format!("{url}/token"),
        "auth_provider_x509_cert_url": format!("{url}/oauth2/v1/certs"),
        "client_x509_cert_url": format!("{url}/robot/v1/metadata/x509/{}", email.replace('@', "%40")),
        "universe_domain": "googleapis.com",
    })
}

/// Without the comment before the key.
fn pem(text: &'static str) -> &'static str {
    &text[text.find("-----BEGIN").unwrap_or_default()..]
}

#[cfg(test)]
mod tests;
