//! Workload and workforce identity federation (AIP-4117): a subject token from somewhere else, exchanged at Google's
//! security token service (RFC 8693), and where the file names one, a service account on top. A source of subject
//! tokens is one file below `external_account/` and one line in [`SOURCES`].

mod aws;
mod executable;
mod file;
mod subject_token;
mod url;

use std::time::SystemTime;

use super::authorized_user::AuthorizedUser;
use super::{Credential, Kind, Principal, Reading, Wanted, has_type, unsupported};
use crate::description::{self, Description};
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::error::Grant;
use crate::exchange::{Answer, Exchange, Holds, OneRequest, Step};
use crate::iam_credentials::{CALLER_SCOPE, Goal, Impersonation, Target};
use crate::scope::Scopes;
use crate::token_exchange::SecurityTokenService;
use crate::{Error, Secret, cache};

pub(super) const KIND: Kind = Kind {
    name: "external_account",
    recognises: |document| has_type(document, "external_account"),
    read: |document, reading| Ok(Box::new(ExternalAccount::read(document, reading)?)),
};

/// A way to a subject token, recognised by a field of `credential_source`.
struct Source {
    field: &'static str,
    read: SourceReader,
}

type SourceReader = fn(&Document, &Setting<'_>) -> Result<Box<dyn SubjectSource>, Error>;

/// What a source is read against: the rest of the file, and the world.
struct Setting<'a> {
    service: &'a SecurityTokenService,
    target: Option<&'a Target>,
    reading: &'a Reading<'a>,
}

const SOURCES: &[Source] = &[aws::SOURCE, file::SOURCE, url::SOURCE, executable::SOURCE];

/// Where subject tokens come from.
trait SubjectSource {
    /// A machine that ends in [`Subject::Token`].
    fn start(&self) -> Box<dyn SubjectMachine>;

    /// What it is, for people, without what may be secret.
    fn describe(&self) -> String;

    /// What of the environment the token depends on, for the cache key.
    fn environment(&self) -> String {
        String::new()
    }
}

/// A source at work.
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
    fn read(document: &Document, reading: &Reading<'_>) -> Result<Self, Error> {
        // The service's URL is judged before any source is looked at: nothing is read that could be sent astray.
        let service = SecurityTokenService::read(document, reading.policy)?;
        let source = document
            .optional_object("credential_source")?
            .ok_or_else(|| Error::field("credential_source", "missing"))?;
        let kind = SOURCES.iter().find(|kind| source.has(kind.field)).ok_or_else(|| {
            let known: Vec<_> = SOURCES.iter().map(|source| source.field).collect();
            let trouble = if source.has("certificate") {
                "certificate sources are not supported".to_owned()
            } else {
                format!("expected one of {} in it", known.join(", "))
            };
            Error::field("credential_source", &trouble)
        })?;
        let target = target(document, reading)?;
        let setting = Setting { service: &service, target: target.as_ref(), reading };
        Ok(Self {
            source: (kind.read)(&source, &setting)?,
            service,
            target,
            token_uri: reading.policy.token(),
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

/// The service account on top, with the life of its tokens.
fn target(document: &Document, reading: &Reading<'_>) -> Result<Option<Target>, Error> {
    const LIFETIME: &str = "token_lifetime_seconds";
    let Some(url) = document.optional_text("service_account_impersonation_url")? else {
        return Ok(None);
    };
    let target = Target::from_url(url, reading.policy)?;
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
            None => format!("an outside identity at {}", self.service.audience()),
        }
    }

    fn default_scopes(&self) -> Scopes {
        Scopes::default_read()
    }

    fn exchange(&self, wanted: &Wanted, _now: SystemTime) -> Result<Box<dyn Exchange>, Error> {
        wanted.refuse_self_signed("a federated identity has no key")?;
        let scopes = wanted.scopes.clone().unwrap_or_else(|| self.default_scopes());
        let Some(target) = &self.target else {
            if wanted.subject.is_some() || wanted.audience.is_some() {
                return Err(unsupported(
                    "a federated identity gives access tokens for itself alone",
                    Some("add --impersonate SERVICE_ACCOUNT_EMAIL"),
                ));
            }
            return Ok(self.federated(scopes));
        };
        Ok(Box::new(Impersonation::new(
            self.federated(Scopes::from_answer(CALLER_SCOPE)),
            target.clone(),
            Goal::of(wanted, scopes, &self.token_uri),
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
        Err("the file holds no token: take the identity's roles away in Google Cloud, or end its access where it comes from".to_owned())
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
                self.exchange.insert(OneRequest::new(Grant::TokenExchange, Holds::AccessToken, request)).step(None, now)
            }
        }
    }
}
