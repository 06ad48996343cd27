//! Workload and workforce identity federation (AIP-4117): a subject token of another issuer, exchanged at Google's
//! security token service (RFC 8693), and if the file names a service account, impersonation of that. A source of subject
//! tokens is one file below `external_account/` and one line in [`SOURCES`].

mod aws;
mod executable;
mod file;
mod subject_token;
mod url;

use std::time::SystemTime;

use super::authorized_user::AuthorizedUser;
use super::{Context, Credential, Kind, Principal, TokenRequest, unsupported};
use crate::description::{self, Description};
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::error::Call;
use crate::exchange::{Answer, Exchange, Holds, OneRequest, Step};
use crate::iam_credentials::{CALLER_SCOPE, Goal, Impersonation, Target};
use crate::scope::Scopes;
use crate::token_exchange::SecurityTokenService;
use crate::{Error, Secret, cache};

pub(super) const KIND: Kind =
    Kind::of_type("external_account", |document, context| Ok(Box::new(ExternalAccount::read(document, context)?)));

/// A way to a subject token, recognised by a field of `credential_source`.
struct Source {
    field: &'static str,
    read: SourceReader,
}

type SourceReader = fn(&Document, &Setting<'_>) -> Result<Box<dyn SubjectSource>, Error>;

/// What a source is read with: the rest of the file, and its context.
struct Setting<'a> {
    service: &'a SecurityTokenService,
    target: Option<&'a Target>,
    context: &'a Context<'a>,
}

const SOURCES: &[Source] = &[aws::SOURCE, file::SOURCE, url::SOURCE, executable::SOURCE];

/// Where subject tokens come from.
trait SubjectSource: Send {
    /// A machine that ends in [`Subject::Token`].
    fn start(&self) -> Box<dyn SubjectMachine>;

    /// What it is, for messages, without possible secrets.
    fn describe(&self) -> String;

    /// The part of the environment that the token depends on, for the cache key.
    fn environment(&self) -> String {
        String::new()
    }
}

/// A source in use.
trait SubjectMachine {
    fn step(&mut self, answer: Option<Answer>, now: SystemTime) -> Result<Subject, Error>;
}

/// The next step of a [`SubjectMachine`].
enum Subject {
    Next(Box<Step>),
    Token(Secret),
}

impl Subject {
    fn next(step: Step) -> Self {
        Self::Next(Box::new(step))
    }
}

struct ExternalAccount {
    service: SecurityTokenService,
    source: Box<dyn SubjectSource>,
    target: Option<Target>,
    token_uri: Endpoint,
    digest: String,
}

impl ExternalAccount {
    fn read(document: &Document, context: &Context<'_>) -> Result<Self, Error> {
        // The service's URL is checked before any source is read: nothing is read that could be sent elsewhere.
        let service = SecurityTokenService::read(document, context.policy)?;
        let source = document
            .optional_object("credential_source")?
            .ok_or_else(|| Error::field("credential_source", "missing"))?;
        let kind = SOURCES.iter().find(|kind| source.has(kind.field)).ok_or_else(|| {
            let known: Vec<_> = SOURCES.iter().map(|source| source.field).collect();
            let problem = if source.has("certificate") {
                "certificate sources are not supported".to_owned()
            } else {
                format!("expected one of the fields {} in it", known.join(", "))
            };
            Error::field("credential_source", &problem)
        })?;
        let target = target(document, context)?;
        let setting = Setting { service: &service, target: target.as_ref(), context };
        Ok(Self {
            source: (kind.read)(&source, &setting)?,
            service,
            target,
            token_uri: context.policy.token(),
            digest: cache::digest(&document.to_bytes()),
        })
    }

    fn federated(&self, scopes: Scopes) -> Box<dyn Exchange> {
        Box::new(Federation {
            subject: self.source.start(),
            place: self.source.describe(),
            service: self.service.clone(),
            scopes,
            exchange: None,
        })
    }
}

/// The service account to impersonate, with the lifetime of its tokens.
fn target(document: &Document, context: &Context<'_>) -> Result<Option<Target>, Error> {
    const LIFETIME: &str = "token_lifetime_seconds";
    let Some(url) = document.optional_text("service_account_impersonation_url")? else {
        return Ok(None);
    };
    let target = Target::from_url(url, context.policy)?;
    let lifetime = match document.optional_object("service_account_impersonation")? {
        Some(options) => options.optional_number(LIFETIME)?,
        None => None,
    };
    match lifetime {
        Some(seconds) => target.with_lifetime(LIFETIME, seconds).map(Some),
        None => Ok(Some(target)),
    }
}

impl Credential for ExternalAccount {
    fn principal(&self) -> Principal {
        Principal {
            client: String::new(),
            name: format!("{} {}", self.digest, self.source.environment()),
            token_uri: self.service.token_url().as_str().to_owned(),
        }
    }

    fn identity(&self) -> String {
        match &self.target {
            Some(target) => target.email().to_owned(),
            None => format!("an external identity at {}", self.service.audience()),
        }
    }

    fn email(&self) -> Option<&str> {
        self.target.as_ref().map(Target::email)
    }

    fn default_scopes(&self) -> Scopes {
        Scopes::default_read()
    }

    fn exchange(&self, request: &TokenRequest, _now: SystemTime) -> Result<Box<dyn Exchange>, Error> {
        request.refuse_self_signed("a federated identity has no key")?;
        let scopes = request.scopes.clone().unwrap_or_else(|| self.default_scopes());
        let Some(target) = &self.target else {
            if request.subject.is_some() || request.audience.is_some() {
                return Err(unsupported(
                    "a federated identity only gives access tokens, for itself",
                    Some("add --impersonate SERVICE_ACCOUNT_EMAIL"),
                ));
            }
            return Ok(self.federated(scopes));
        };
        Ok(Box::new(Impersonation::new(
            self.federated(Scopes::from_answer(CALLER_SCOPE)),
            target.clone(),
            Goal::of(request, scopes, &self.token_uri),
        )))
    }

    fn describe(&self, file: &Document) -> Result<Description, Error> {
        Ok(Description {
            client_id: description::text(file, "client_id")?,
            audience: Some(self.service.audience().to_owned()),
            subject_token: Some(self.source.describe()),
            token_uri: Some(description::without_query(self.service.token_url())),
            ..Description::default()
        })
    }

    fn users_grant(&self) -> Result<&AuthorizedUser, String> {
        Err("the file contains no token: remove the identity's roles in Google Cloud, or end its access at its issuer"
            .to_owned())
    }
}

/// Subject token, then token exchange.
struct Federation {
    subject: Box<dyn SubjectMachine>,
    place: String,
    service: SecurityTokenService,
    scopes: Scopes,
    exchange: Option<OneRequest>,
}

impl Exchange for Federation {
    fn step(&mut self, answer: Option<Answer>, now: SystemTime) -> Result<Step, Error> {
        if let Some(exchange) = &mut self.exchange {
            return exchange.step(answer, now);
        }
        match self.subject.step(answer, now)? {
            Subject::Next(step) => Ok(*step),
            Subject::Token(token) => {
                let request = self.service.request(&token, &self.place, &self.scopes)?;
                self.exchange.insert(OneRequest::new(Call::TokenExchange, Holds::AccessToken, request)).step(None, now)
            }
        }
    }
}
