//! What the OAuth endpoints share: the clients and accounts, the grants, and the server's clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::lock;
use crate::oauth::clients::{self, Client, subject};
use crate::oauth::dpop::Proofs;
use crate::oauth::grants::{Grants, Holder};
use crate::oauth::jwt::SigningKey;
use crate::oauth::outside::Outside;
use crate::oauth::scopes;
use crate::oauth::service_accounts::{REPORTER, ServiceAccount, reporter_key};

/// The issuer of ID tokens: clients accept no other.
pub(crate) const ISSUER: &str = "https://accounts.google.com";

/// What happens on the consent page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Consent {
    Ask,
    Allow,
    Deny,
}

pub(crate) struct Google {
    /// Scheme, address and port; also the `iss` of redirects.
    pub(crate) url: String,
    pub(crate) consent: Consent,
    /// Whether each refresh replaces the refresh token.
    pub(crate) rotate: bool,
    pub(crate) installed: Client,
    pub(crate) web: Mutex<Client>,
    pub(crate) workforce_secret: String,
    /// The key of the service account that has a key file.
    pub(crate) reporter_key: SigningKey,
    /// The key with which Google itself signs for service accounts.
    pub(crate) managed_key: SigningKey,
    pub(crate) id_token_key: SigningKey,
    /// All ID tokens that were issued.
    pub(crate) id_tokens: Mutex<Vec<String>>,
    pub(crate) outside: Outside,
    pub(crate) grants: Mutex<Grants>,
    pub(crate) proofs: Proofs,
    /// The seconds by which the server's clock is ahead. Tokens expire by the real clock.
    pub(crate) skew: AtomicI64,
}

impl Google {
    pub(crate) fn new(url: String, consent: Consent, rotate: bool) -> Self {
        Self {
            url,
            consent,
            rotate,
            installed: Client::installed(),
            web: Mutex::new(Client::web()),
            workforce_secret: clients::secret(),
            reporter_key: reporter_key(),
            managed_key: SigningKey::from_pem(include_str!("../../keys/google_managed.pem")),
            id_token_key: SigningKey::from_pem(include_str!("../../keys/id_token.pem")),
            id_tokens: Mutex::default(),
            outside: Outside::new(),
            grants: Mutex::new(Grants::new()),
            proofs: Proofs::new(),
            skew: AtomicI64::new(0),
        }
    }

    /// The server's time, in Unix seconds.
    pub(crate) fn clock(&self) -> u64 {
        now().saturating_add_signed(self.skew.load(Ordering::Relaxed))
    }

    /// For the `Date` header.
    pub(crate) fn date(&self) -> String {
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(self.clock()))
    }

    /// Runs `read` on the client of this id.
    pub(crate) fn client<T>(&self, id: &str, read: impl FnOnce(&Client) -> T) -> Option<T> {
        let web = lock(&self.web);
        [&self.installed, &web].into_iter().find(|client| client.id == id).map(read)
    }

    /// The keys that may sign for a service account.
    pub(crate) fn keys_of(&self, account: &ServiceAccount) -> Vec<&SigningKey> {
        let of_file = (account.email == REPORTER).then_some(&self.reporter_key);
        of_file.into_iter().chain([&self.managed_key]).collect()
    }

    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        lock(&self.grants)
    }

    /// The `sub` of a user or of a service account.
    pub(crate) fn subject(&self, account: &str) -> String {
        ServiceAccount::find(account).map_or_else(|| subject(account), |account| account.id.to_owned())
    }

    /// An ID token about the user of a grant, for its client, issued with `access_token` (OpenID Connect Core §2 and
    /// §3.1.3.6).
    pub(crate) fn id_token(&self, holder: &Holder, access_token: &str, nonce: Option<&str>) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, access_token.as_bytes());
        let email = scopes::has_email(&holder.scopes).then_some(&*holder.account);
        let mut claims = self.claims(&holder.client, &holder.client, &self.subject(&holder.account), email);
        claims["at_hash"] = URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]).into();
        if let Some((_, domain)) = holder.account.split_once('@') {
            claims["hd"] = domain.into();
        }
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        self.issue(&claims)
    }

    /// An ID token about a service account for an audience of its choice.
    pub(crate) fn service_id_token(&self, account: &ServiceAccount, audience: &str, with_email: bool) -> String {
        let email = with_email.then_some(account.email);
        self.issue(&self.claims(audience, account.id, account.id, email))
    }

    /// What all ID tokens say.
    fn claims(&self, audience: &str, client: &str, subject: &str, email: Option<&str>) -> Value {
        let now = self.clock();
        let mut claims =
            json!({"iss": ISSUER, "aud": audience, "azp": client, "sub": subject, "iat": now, "exp": now + 3600});
        if let Some(email) = email {
            claims["email"] = email.into();
            claims["email_verified"] = true.into();
        }
        claims
    }

    /// Signs an ID token, and records it as a secret.
    fn issue(&self, claims: &Value) -> String {
        let token = self.id_token_key.sign(claims);
        lock(&self.id_tokens).push(token.clone());
        token
    }
}

/// The real time in Unix seconds.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
