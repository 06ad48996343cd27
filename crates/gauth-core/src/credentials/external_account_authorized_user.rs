//! A workforce user's grant, as gcloud writes it after a login through a company's identity provider: a refresh token
//! for the security token service, with the client in the Authorization header (RFC 6749 §2.3.1).

use std::time::SystemTime;

use super::authorized_user::AuthorizedUser;
use super::{Credential, Kind, Principal, TokenRequest, unsupported};
use crate::code_exchange::form_request;
use crate::description::{self, Description};
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy, Role};
use crate::error::Call;
use crate::exchange::{Exchange, Holds, OneRequest};
use crate::scope::Scopes;
use crate::token_exchange::with_basic_auth;
use crate::{Error, Secret, cache};

pub(super) const KIND: Kind = Kind::of_type("external_account_authorized_user", |document, context| {
    Ok(Box::new(ExternalUser::read(document, context.policy)?))
});

struct ExternalUser {
    client: (String, Secret),
    refresh_token: Secret,
    token_url: Endpoint,
    audience: Option<String>,
}

impl ExternalUser {
    fn read(document: &Document, policy: &Policy) -> Result<Self, Error> {
        Ok(Self {
            client: (
                document.client_text("client_id")?.to_owned(),
                Secret::new(document.client_text("client_secret")?),
            ),
            refresh_token: document.secret("refresh_token")?,
            token_url: policy.receiver(Role::SecurityTokenService, document.text("token_url")?, "field token_url")?,
            audience: document.optional_text("audience")?.map(str::to_owned),
        })
    }
}

impl Credential for ExternalUser {
    fn principal(&self) -> Principal {
        Principal {
            client: self.client.0.clone(),
            name: cache::secrets_digest(&[Some(&self.refresh_token), Some(&self.client.1)]),
            token_uri: self.token_url.as_str().to_owned(),
        }
    }

    fn identity(&self) -> String {
        format!("a workforce user of {}", self.audience.as_deref().unwrap_or(&self.client.0))
    }

    fn default_scopes(&self) -> Scopes {
        Scopes::default()
    }

    fn exchange(&self, request: &TokenRequest, _now: SystemTime) -> Result<Box<dyn Exchange>, Error> {
        request.refuse_self_signed("a user's grant has no key")?;
        if request.subject.is_some() || request.audience.is_some() {
            return Err(unsupported(
                "a workforce user's grant only gives access tokens, for that user",
                Some("add --impersonate SERVICE_ACCOUNT_EMAIL"),
            ));
        }
        let scope = request.scopes.as_ref().map(Scopes::joined);
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", self.refresh_token.expose())];
        if let Some(scope) = &scope {
            fields.push(("scope", scope));
        }
        Ok(Box::new(OneRequest::new(
            Call::WorkforceRefreshToken,
            Holds::AccessToken,
            with_basic_auth(form_request(self.token_url.as_str(), &fields), Some(&self.client)),
        )))
    }

    fn describe(&self, file: &Document) -> Result<Description, Error> {
        Ok(Description {
            client_id: Some(self.client.0.clone()),
            audience: self.audience.clone(),
            scopes: description::scopes(file)?,
            token_uri: Some(description::without_query(&self.token_url)),
            ..Description::default()
        })
    }

    fn users_grant(&self) -> Result<&AuthorizedUser, String> {
        Err("end a workforce login with gcloud auth revoke, or at the identity provider".to_owned())
    }

    fn refresh_token(&self) -> Option<&Secret> {
        Some(&self.refresh_token)
    }
}
