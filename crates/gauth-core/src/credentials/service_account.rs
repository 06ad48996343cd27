//! A service account's key (AIP-4112): signs an assertion and exchanges it (RFC 7523 §2.1), for an access token, or with
//! `target_audience` for an ID token; or gives out the signed JWT itself (AIP-4111).

use std::time::{Duration, SystemTime};

use super::authorized_user::AuthorizedUser;
use super::{Credential, Kind, Principal, TokenRequest};
use crate::assertion::{self, Claims, PrivateKey};
use crate::code_exchange::form_request;
use crate::description::{self, Description};
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy, Role};
use crate::error::Call;
use crate::exchange::{Exchange, Holds, NoRequest, OneRequest};
use crate::scope::Scopes;
use crate::token::TokenResponse;
use crate::{Error, Secret};

pub(super) const KIND: Kind =
    Kind::of_type("service_account", |document, context| Ok(Box::new(ServiceAccount::read(document, context.policy)?)));

pub(super) struct ServiceAccount {
    email: String,
    key: PrivateKey,
    key_id: Option<String>,
    token_uri: Endpoint,
}

impl ServiceAccount {
    fn read(document: &Document, policy: &Policy) -> Result<Self, Error> {
        let key = PrivateKey::Pem(Secret::new(document.text("private_key")?));
        Self::new(document, policy, "client_email", "private_key_id", key)
    }

    /// Reads all but the key from the fields of these names, which differ between the dialects.
    pub(super) fn new(
        document: &Document,
        policy: &Policy,
        email: &str,
        key_id: &str,
        key: PrivateKey,
    ) -> Result<Self, Error> {
        let token_uri = match document.optional_text("token_uri")? {
            Some(url) => policy.receiver(Role::Token, url, "field token_uri")?,
            None => policy.token(),
        };
        Ok(Self {
            email: document.word(email)?.to_owned(),
            key,
            key_id: document.optional_word(key_id)?.map(str::to_owned),
            token_uri,
        })
    }

    /// The assertion for the token endpoint.
    fn assertion(&self, request: &TokenRequest, now: SystemTime) -> Result<Secret, Error> {
        let (iat, exp) = assertion::lifetime(now);
        let scope = self.scope(request);
        let claims = Claims {
            iss: &self.email,
            sub: request.subject.as_deref(),
            scope: request.audience.is_none().then_some(scope.as_str()),
            aud: Some(self.token_uri.as_str()),
            target_audience: request.audience.as_deref(),
            iat,
            exp,
        };
        assertion::sign(&claims, &self.key, self.key_id.as_deref())
    }

    /// A JWT that is itself the access token (AIP-4111): `aud` or `scope`, never both.
    fn self_signed(&self, request: &TokenRequest, now: SystemTime) -> Result<TokenResponse, Error> {
        let (iat, exp) = assertion::lifetime(now);
        let scope = self.scope(request);
        let claims = Claims {
            iss: &self.email,
            sub: Some(&self.email),
            scope: request.audience.is_none().then_some(scope.as_str()),
            aud: request.audience.as_deref(),
            target_audience: None,
            iat,
            exp,
        };
        let token = assertion::sign(&claims, &self.key, self.key_id.as_deref())?;
        let left = exp.saturating_sub(crate::timestamp::unix_seconds(now));
        Ok(TokenResponse {
            token,
            life: Some(Duration::from_secs(left)),
            scopes: claims.scope.map(Scopes::from_answer),
            refresh_token: None,
            id_token: None,
        })
    }

    fn scope(&self, request: &TokenRequest) -> String {
        match &request.scopes {
            Some(scopes) => scopes.joined(),
            None => self.default_scopes().joined(),
        }
    }
}

impl Credential for ServiceAccount {
    fn principal(&self) -> Principal {
        Principal {
            client: String::new(),
            name: format!("{} {} {}", self.email, self.key_id.as_deref().unwrap_or_default(), self.key.digest()),
            token_uri: self.token_uri.as_str().to_owned(),
        }
    }

    fn identity(&self) -> String {
        self.email.clone()
    }

    fn email(&self) -> Option<&str> {
        Some(&self.email)
    }

    fn default_scopes(&self) -> Scopes {
        Scopes::default_read()
    }

    fn exchange(&self, request: &TokenRequest, now: SystemTime) -> Result<Box<dyn Exchange>, Error> {
        if request.self_signed {
            if request.subject.is_some() {
                return Err(super::unsupported(
                    "--self-signed and --subject exclude each other: a self-signed JWT can only act for the service account",
                    None,
                ));
            }
            return Ok(Box::new(NoRequest(self.self_signed(request, now)?)));
        }
        let assertion = self.assertion(request, now)?;
        let holds = match request.audience {
            Some(_) => Holds::IdToken,
            None => Holds::AccessToken,
        };
        Ok(Box::new(OneRequest::new(
            Call::JwtBearer,
            holds,
            form_request(
                self.token_uri.as_str(),
                &[("grant_type", assertion::GRANT_TYPE), ("assertion", assertion.expose())],
            ),
        )))
    }

    fn describe(&self, file: &Document) -> Result<Description, Error> {
        self.key.check()?;
        Ok(Description {
            client_id: description::text(file, "client_id")?,
            project_id: description::text(file, "project_id")?,
            key_id: self.key_id.clone(),
            token_uri: Some(description::without_query(&self.token_uri)),
            ..Description::default()
        })
    }

    fn users_grant(&self) -> Result<&AuthorizedUser, String> {
        Err(format!(
            "delete the key: gcloud iam service-accounts keys delete {} --iam-account {}",
            self.key_id.as_deref().unwrap_or("KEY_ID"),
            self.email
        ))
    }
}
