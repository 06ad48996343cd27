//! Another credential with a service account on top, as `gcloud auth application-default login
//! --impersonate-service-account` writes it: the source's token is exchanged at IAM Credentials.

use std::time::SystemTime;

use super::authorized_user::AuthorizedUser;
use super::{Context, Credential, Kind, Principal, TokenRequest, has_type};
use crate::description::Description;
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::exchange::Exchange;
use crate::iam_credentials::{CALLER_SCOPE, Goal, Impersonation, Target};
use crate::scope::Scopes;
use crate::{Error, Secret};

/// The field that holds the other credential.
const SOURCE: &str = "source_credentials";

pub(super) const KIND: Kind = Kind {
    source: Some(SOURCE),
    ..Kind::of_type("impersonated_service_account", |document, context| {
        Ok(Box::new(Impersonated::read(document, context)?))
    })
};

struct Impersonated {
    source_kind: &'static Kind,
    source: Box<dyn Credential>,
    target: Target,
    scopes: Scopes,
    token_uri: Endpoint,
}

impl Impersonated {
    fn read(document: &Document, context: &Context<'_>) -> Result<Self, Error> {
        let url = document.text("service_account_impersonation_url")?;
        let delegates = document.list("delegates")?;
        let source = document.optional_object(SOURCE)?.ok_or_else(|| Error::field(SOURCE, "missing"))?;
        if has_type(&source, KIND.name) {
            return Err(Error::field(SOURCE, "is itself impersonated (use delegates)"));
        }
        let scopes = document.list("scopes")?;
        let (source_kind, source) = super::read(&source, context).map_err(|e| e.within(SOURCE))?;
        Ok(Self {
            target: Target::from_url(url, context.policy)?.with_delegates("delegates", delegates.into_iter())?,
            source_kind,
            source,
            scopes: Scopes::from_typed(scopes)?,
            token_uri: context.policy.token(),
        })
    }
}

impl Credential for Impersonated {
    fn principal(&self) -> Principal {
        let source = self.source.principal();
        Principal { name: format!("{} {}", source.name, self.target.key()), ..source }
    }

    fn identity(&self) -> String {
        format!("{} through {}", self.target.email(), self.source.identity())
    }

    fn email(&self) -> Option<&str> {
        Some(self.target.email())
    }

    fn default_scopes(&self) -> Scopes {
        if self.scopes.is_empty() { Scopes::default_read() } else { self.scopes.clone() }
    }

    fn exchange(&self, request: &TokenRequest, now: SystemTime) -> Result<Box<dyn Exchange>, Error> {
        request.refuse_self_signed("Google keeps the key of an impersonated account")?;
        let scopes = request.scopes.clone().unwrap_or_else(|| self.default_scopes());
        let caller = TokenRequest::caller(self.source.as_ref());
        Ok(Box::new(Impersonation::new(
            self.source.exchange(&caller, now).map_err(|e| e.within(SOURCE))?,
            self.target.clone(),
            Goal::of(request, scopes, &self.token_uri),
        )))
    }

    fn describe(&self, file: &Document) -> Result<Description, Error> {
        let source = file.optional_object(SOURCE)?.ok_or_else(|| Error::field(SOURCE, "missing"))?;
        let described =
            super::describe(self.source_kind, self.source.as_ref(), &source).map_err(|e| e.within(SOURCE))?;
        Ok(Description {
            scopes: self.scopes.clone(),
            delegates: self.target.delegates().to_vec(),
            source: Some(Box::new(described)),
            ..Description::default()
        })
    }

    fn users_grant(&self) -> Result<&AuthorizedUser, String> {
        Err(format!(
            "remove the role Service Account Token Creator on {} from {}",
            self.target.email(),
            self.source.identity()
        ))
    }

    fn refresh_token(&self) -> Option<&Secret> {
        self.source.refresh_token()
    }
}

impl TokenRequest {
    /// The token that will call IAM: with the scope for that, if its scopes can be chosen at all. A user's grant has its
    /// own.
    pub(super) fn caller(source: &dyn Credential) -> Self {
        let can_be_chosen = !source.default_scopes().is_empty();
        Self { scopes: can_be_chosen.then(|| Scopes::from_answer(CALLER_SCOPE)), ..Self::default() }
    }
}
