//! The grants of users, and their codes and tokens: issue, redemption, rotation, expiry, revocation.
//! All times are Unix seconds.

use std::collections::{HashMap, HashSet};

use crate::fail_if;
use crate::oauth::random;

/// Google's 3600 seconds, minus one for the request.
const TOKEN_LIFETIME: u64 = 3599;
const CODE_LIFETIME: u64 = 600;
/// The most per account and client; beyond that the oldest is dropped silently.
const REFRESH_TOKENS_PER_ACCOUNT: usize = 100;

/// Who granted what to whom. Tokens of one consent share `family`.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) family: u64,
    /// E-mail address of the user or service account.
    pub(crate) account: String,
    /// OAuth client, or the numeric id of a service account.
    pub(crate) client: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) kind: Kind,
    /// The public key that its refresh tokens are bound to.
    pub(crate) key: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A user who granted offline access: there is a refresh token.
    Offline,
    /// A user without refresh token.
    Online,
    /// A service account, for itself or for a user of its domain, or an outside identity. Cannot be revoked.
    ServiceAccount,
}

/// The parameters of the authorization request that the code is bound to.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) holder: Holder,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<Challenge>,
    /// For the ID token.
    pub(crate) nonce: Option<String>,
    pub(crate) expires: u64,
    used: bool,
}

/// RFC 7636 §4.3.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Challenge {
    S256(String),
    Plain(String),
}

#[derive(Clone, Debug)]
pub(crate) struct AccessToken {
    pub(crate) holder: Holder,
    pub(crate) expires: u64,
}

#[derive(Debug)]
struct RefreshToken {
    token: String,
    holder: Holder,
    state: Life,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Life {
    Live,
    /// Replaced by rotation: if it is used again, it has been stolen.
    Rotated,
    Revoked,
}

/// Why a code or refresh token is not valid.
#[derive(Debug, PartialEq)]
pub(crate) enum Dead {
    Unknown,
    Revoked,
}

pub(crate) struct Grants {
    codes: HashMap<String, Code>,
    access_tokens: HashMap<String, AccessToken>,
    refresh_tokens: Vec<RefreshToken>,
    /// The client and account of every consent so far.
    consents: HashSet<(String, String)>,
    families: u64,
    pub(crate) token_lifetime: u64,
    /// Every code and token ever issued.
    pub(crate) issued: Vec<String>,
}

impl Grants {
    pub(crate) fn new() -> Self {
        Self {
            codes: HashMap::new(),
            access_tokens: HashMap::new(),
            refresh_tokens: Vec::new(),
            consents: HashSet::new(),
            families: 0,
            token_lifetime: TOKEN_LIFETIME,
            issued: Vec::new(),
        }
    }

    /// Starts a family of tokens.
    pub(crate) fn holder(&mut self, account: &str, client: &str, scopes: Vec<String>, kind: Kind) -> Holder {
        self.families += 1;
        let (account, client) = (account.to_owned(), client.to_owned());
        Holder { family: self.families, account, client, scopes, kind, key: None }
    }

    /// Records the consent; true if it is the account's first for this client.
    pub(crate) fn consent(&mut self, client: &str, account: &str) -> bool {
        self.consents.insert((client.to_owned(), account.to_owned()))
    }

    pub(crate) fn has_consented(&self, client: &str, account: &str) -> bool {
        self.consents.contains(&(client.to_owned(), account.to_owned()))
    }

    pub(crate) fn issue_code(
        &mut self,
        holder: Holder,
        redirect_uri: &str,
        challenge: Option<Challenge>,
        nonce: Option<String>,
        now: u64,
    ) -> String {
        let code = self.record(format!("4/0A{}", random::text(72)));
        self.codes.insert(
            code.clone(),
            Code {
                holder,
                redirect_uri: redirect_uri.to_owned(),
                challenge,
                nonce,
                expires: now + CODE_LIFETIME,
                used: false,
            },
        );
        code
    }

    /// The parameters that the code is bound to, still to be checked. If the code was used before, its tokens are
    /// revoked (RFC 6749 §4.1.2).
    pub(crate) fn code(&mut self, code: &str, now: u64) -> Result<Code, Dead> {
        let code = self.codes.get(code).ok_or(Dead::Unknown)?.clone();
        if code.used {
            self.revoke_where(|holder| holder.family == code.holder.family);
            return Err(Dead::Revoked);
        }
        fail_if(code.expires <= now, Dead::Revoked)?;
        Ok(code)
    }

    pub(crate) fn use_code(&mut self, code: &str) {
        if let Some(code) = self.codes.get_mut(code) {
            code.used = true;
        }
    }

    pub(crate) fn issue_access_token(&mut self, holder: Holder, now: u64) -> String {
        self.issue_access_token_for(holder, now, self.token_lifetime)
    }

    /// `life` in seconds.
    pub(crate) fn issue_access_token_for(&mut self, holder: Holder, now: u64, life: u64) -> String {
        let token = self.record(format!("ya29.a0{}", random::text(160)));
        let expires = now + life;
        self.access_tokens.insert(token.clone(), AccessToken { holder, expires });
        token
    }

    pub(crate) fn issue_refresh_token(&mut self, holder: Holder) -> String {
        let mut same = self.refresh_tokens.iter_mut().filter(|other| {
            other.state == Life::Live && other.holder.account == holder.account && other.holder.client == holder.client
        });
        if let Some(oldest) = same.next()
            && same.count() + 1 >= REFRESH_TOKENS_PER_ACCOUNT
        {
            oldest.state = Life::Revoked;
        }
        let token = self.record(format!("1//0{}", random::text(96)));
        self.refresh_tokens.push(RefreshToken { token: token.clone(), holder, state: Life::Live });
        token
    }

    /// The grant of a valid refresh token. A rotated one revokes its whole family (RFC 9700 §4.14.2).
    pub(crate) fn refresh_token(&mut self, token: &str) -> Result<Holder, Dead> {
        let found = self.refresh_tokens.iter().find(|known| known.token == token).ok_or(Dead::Unknown)?;
        match found.state {
            Life::Live => Ok(found.holder.clone()),
            Life::Revoked => Err(Dead::Revoked),
            Life::Rotated => {
                let family = found.holder.family;
                self.revoke_where(|holder| holder.family == family);
                Err(Dead::Revoked)
            }
        }
    }

    pub(crate) fn rotate(&mut self, token: &str, holder: Holder) -> String {
        for known in &mut self.refresh_tokens {
            if known.token == token {
                known.state = Life::Rotated;
            }
        }
        self.issue_refresh_token(holder)
    }

    pub(crate) fn access_token(&self, token: &str, now: u64) -> Option<&AccessToken> {
        self.access_tokens.get(token).filter(|token| token.expires > now)
    }

    /// Revokes the grant of an access or refresh token: everything that the account granted to the project, for all
    /// clients (the sandbox is one project).
    pub(crate) fn revoke(&mut self, token: &str, now: u64) -> Result<(), Unrevocable> {
        let refresh = self
            .refresh_tokens
            .iter()
            .find(|known| known.token == token && known.state == Life::Live)
            .map(|known| &known.holder);
        let access = self.access_token(token, now).map(|known| &known.holder);
        let holder = refresh.or(access).ok_or(Unrevocable::Dead)?;
        fail_if(holder.kind == Kind::ServiceAccount, Unrevocable::ServiceAccount)?;
        let account = holder.account.clone();
        self.revoke_where(|holder| holder.account == account && holder.kind != Kind::ServiceAccount);
        self.consents.retain(|(_, consented)| *consented != account);
        Ok(())
    }

    pub(crate) fn revoke_all(&mut self) {
        self.revoke_where(|_| true);
        self.consents.clear();
    }

    pub(crate) fn expire_access_tokens(&mut self) {
        self.access_tokens.clear();
    }

    fn revoke_where(&mut self, matches: impl Fn(&Holder) -> bool) {
        self.codes.retain(|_, code| code.used || !matches(&code.holder));
        self.access_tokens.retain(|_, token| !matches(&token.holder));
        for token in &mut self.refresh_tokens {
            if matches(&token.holder) {
                token.state = Life::Revoked;
            }
        }
    }

    fn record(&mut self, secret: String) -> String {
        self.issued.push(secret.clone());
        secret
    }
}

/// Why a token cannot be revoked.
#[derive(Debug, PartialEq)]
pub(crate) enum Unrevocable {
    Dead,
    ServiceAccount,
}

#[cfg(test)]
mod tests;
