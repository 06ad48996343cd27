//! All that the endpoints share: who the clients and accounts are, what was granted, what time the server believes it
//! is, which faults are set, and what has been asked so far.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::analytics::Analytics;
use crate::clients::{self, Client, subject};
use crate::fault::Faults;
use crate::grants::{Grants, Holder};
use crate::jwt::SigningKey;
use crate::outside::Outside;
use crate::sandbox::Recorded;
use crate::scopes;
use crate::service_accounts::{ServiceAccount, reporter_key};

/// What happens on the consent page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Consent {
    Ask,
    Allow,
    Deny,
}

pub(crate) struct Google {
    /// Scheme, address and port; also the issuer.
    pub(crate) url: String,
    pub(crate) consent: Consent,
    /// Whether each refresh replaces the refresh token.
    pub(crate) rotate: bool,
    pub(crate) installed: Client,
    pub(crate) web: Mutex<Client>,
    pub(crate) workforce_secret: String,
    /// Of the service account that has a key file.
    pub(crate) reporter_key: SigningKey,
    /// What Google itself signs with for service accounts.
    pub(crate) managed_key: SigningKey,
    pub(crate) id_token_key: SigningKey,
    /// All that were issued.
    pub(crate) id_tokens: Mutex<Vec<String>>,
    pub(crate) outside: Outside,
    pub(crate) grants: Mutex<Grants>,
    /// Seconds that the server's clock is ahead. Tokens live by the true clock.
    pub(crate) skew: AtomicI64,
    pub(crate) faults: Faults,
    pub(crate) journal: Mutex<Vec<Recorded>>,
    pub(crate) analytics: Analytics,
}

impl Google {
    pub(crate) fn new(url: String, consent: Consent, rotate: bool, rows: u64) -> Self {
        Self {
            url,
            consent,
            rotate,
            installed: Client::installed(),
            web: Mutex::new(Client::web()),
            workforce_secret: clients::secret(),
            reporter_key: reporter_key(),
            managed_key: SigningKey::from_pem(include_str!("../keys/google_managed.pem")),
            id_token_key: SigningKey::from_pem(include_str!("../keys/id_token.pem")),
            id_tokens: Mutex::default(),
            outside: Outside::new(),
            grants: Mutex::new(Grants::new()),
            skew: AtomicI64::new(0),
            faults: Faults::default(),
            journal: Mutex::new(Vec::new()),
            analytics: Analytics::new(rows, OffsetDateTime::now_utc().date()),
        }
    }

    /// What the server says the time is, in Unix seconds.
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

    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        lock(&self.grants)
    }

    /// The `sub` of a user or of a service account.
    pub(crate) fn subject(&self, account: &str) -> String {
        ServiceAccount::find(account).map_or_else(|| subject(account), |account| account.id.to_owned())
    }

    /// An ID token about the holder of a grant, for its client (OpenID Connect Core §2).
    pub(crate) fn id_token(&self, holder: &Holder) -> String {
        let now = self.clock();
        let mut claims = json!({
            "iss": self.url,
            "azp": holder.client,
            "aud": holder.client,
            "sub": self.subject(&holder.account),
            "iat": now,
            "exp": now + 3600,
        });
        if scopes::has_email(&holder.scopes) {
            claims["email"] = holder.account.as_str().into();
            claims["email_verified"] = true.into();
        }
        if let Some((_, domain)) = holder.account.split_once('@') {
            claims["hd"] = domain.into();
        }
        self.issue(&claims)
    }

    /// An ID token about a service account for an audience of its choice.
    pub(crate) fn service_id_token(&self, account: &ServiceAccount, audience: &str, with_email: bool) -> String {
        let now = self.clock();
        let mut claims: Value = json!({
            "iss": self.url,
            "aud": audience,
            "azp": account.id,
            "sub": account.id,
            "iat": now,
            "exp": now + 3600,
        });
        if with_email {
            claims["email"] = account.email.into();
            claims["email_verified"] = true.into();
        }
        self.issue(&claims)
    }

    /// Signs an ID token, and notes it as a secret.
    fn issue(&self, claims: &Value) -> String {
        let token = self.id_token_key.sign(claims);
        lock(&self.id_tokens).push(token.clone());
        token
    }
}

/// The true time in Unix seconds.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Locks whether or not another request panicked: a test should see that request's failure, not its own.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
