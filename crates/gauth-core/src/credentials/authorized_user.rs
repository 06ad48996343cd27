//! A user's grant: a refresh token with the client it was issued to (RFC 6749 §6), as gcloud, google-auth and
//! gauth-login write it. The other dialects of the same grant are read into this form.

use std::time::SystemTime;

use serde_json::Value;

use super::{Credential, Kind, Principal, TokenRequest, unsupported};
use crate::code_exchange::form_request;
use crate::description::{self, Description};
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy, Role};
use crate::error::Call;
use crate::exchange::{Exchange, Holds, OneRequest};
use crate::scope::Scopes;
use crate::token::id_token_claims;
use crate::{Error, Secret, cache, dpop};

pub(super) const KIND: Kind =
    Kind::of_type("authorized_user", |document, context| Ok(Box::new(AuthorizedUser::read(document, context.policy)?)));

pub(super) struct AuthorizedUser {
    client_id: String,
    client_secret: Option<Secret>,
    refresh_token: Secret,
    /// Proof of a recent login that Workspace session control requires.
    rapt_token: Option<Secret>,
    token_uri: Endpoint,
    account: Option<String>,
    /// What the refresh token is bound to.
    dpop_key: Option<dpop::Key>,
}

impl AuthorizedUser {
    /// The field names are the same in every dialect.
    pub(super) fn read(document: &Document, policy: &Policy) -> Result<Self, Error> {
        let token_uri = match document.optional_text("token_uri")? {
            Some(url) => policy.receiver(Role::Token, url, "field token_uri")?,
            None => policy.token(),
        };
        Ok(Self {
            client_id: document.client_text("client_id")?.to_owned(),
            client_secret: document.optional_client_text("client_secret")?.map(Secret::new),
            refresh_token: document.secret("refresh_token")?,
            rapt_token: document.optional_secret("rapt_token")?,
            token_uri,
            account: account(document)?,
            dpop_key: document.optional_text(dpop::FIELD)?.map(dpop::Key::read).transpose()?,
        })
    }
}

impl AuthorizedUser {
    pub(super) fn token_uri(&self) -> &Endpoint {
        &self.token_uri
    }

    pub(super) fn token(&self) -> &Secret {
        &self.refresh_token
    }

    /// Whether only the holder of a key can use the refresh token.
    pub(super) fn is_bound(&self) -> bool {
        self.dpop_key.is_some()
    }

    /// The e-mail, if the file has it.
    pub(super) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }
}

/// From its own field, else from the ID token, of which oauth2client keeps the claims and others the whole.
fn account(document: &Document) -> Result<Option<String>, Error> {
    if let Some(account) = document.optional_text("account")? {
        return Ok(Some(account.to_owned()));
    }
    let of_token = match document.value("id_token") {
        Some(Value::String(token)) => id_token_claims(&Secret::new(token.as_str())),
        Some(Value::Object(claims)) => Some(claims.clone()),
        _ => None,
    };
    Ok(of_token.and_then(|claims| claims.get("email")?.as_str().map(str::to_owned)))
}

impl Credential for AuthorizedUser {
    fn principal(&self) -> Principal {
        let mut secrets = vec![Some(&self.refresh_token), self.client_secret.as_ref()];
        secrets.extend(self.dpop_key.as_ref().map(|key| Some(key.pem())));
        Principal {
            client: self.client_id.clone(),
            name: cache::secrets_digest(&secrets),
            token_uri: self.token_uri.as_str().to_owned(),
        }
    }

    fn identity(&self) -> String {
        match &self.account {
            Some(account) => account.clone(),
            None => format!("an unknown user (client {})", self.client_id),
        }
    }

    fn email(&self) -> Option<&str> {
        self.account()
    }

    /// The grant has its own scopes.
    fn default_scopes(&self) -> Scopes {
        Scopes::default()
    }

    fn exchange(&self, request: &TokenRequest, _now: SystemTime) -> Result<Box<dyn Exchange>, Error> {
        if request.subject.is_some() {
            return Err(unsupported(
                "--subject requires a service account: a user's grant can only act for that user",
                None,
            ));
        }
        request.refuse_self_signed("a user's grant has no key")?;
        if let Some(audience) = &request.audience
            && *audience != self.client_id
        {
            return Err(unsupported(
                &format!("a user's ID token can only be for the client {}", self.client_id),
                Some("use that as --audience, or add --impersonate SERVICE_ACCOUNT_EMAIL"),
            ));
        }
        let mut fields = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.expose()),
            ("client_id", self.client_id.as_str()),
        ];
        if let Some(secret) = &self.client_secret {
            fields.push(("client_secret", secret.expose()));
        }
        if let Some(rapt) = &self.rapt_token {
            fields.push(("rapt", rapt.expose()));
        }
        let scope = request.scopes.as_ref().map(Scopes::joined);
        if let Some(scope) = &scope {
            fields.push(("scope", scope));
        }
        let holds = match request.audience {
            Some(_) => Holds::IdToken,
            None => Holds::AccessToken,
        };
        let mut request = form_request(self.token_uri.as_str(), &fields);
        if let Some(key) = &self.dpop_key {
            request.extensions_mut().insert(dpop::Binding::of_refresh(key));
        }
        Ok(Box::new(OneRequest::new(Call::RefreshToken, holds, request)))
    }

    fn describe(&self, file: &Document) -> Result<Description, Error> {
        let auth_uri = file.optional_text("auth_uri")?.map(|url| Endpoint::parse(url, "field auth_uri")).transpose()?;
        Ok(Description {
            client_id: Some(self.client_id.clone()),
            scopes: description::scopes(file)?,
            dpop_thumbprint: self.dpop_key.as_ref().map(dpop::Key::thumbprint).transpose()?,
            auth_uri: auth_uri.as_ref().map(description::without_query),
            token_uri: Some(description::without_query(&self.token_uri)),
            ..Description::default()
        })
    }

    fn users_grant(&self) -> Result<&AuthorizedUser, String> {
        Ok(self)
    }

    fn refresh_token(&self) -> Option<&Secret> {
        Some(&self.refresh_token)
    }
}
