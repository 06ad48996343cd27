//! Google's IAM Credentials API: a caller's token becomes a service account's
//! (<https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts>).
//! Three methods: `generateAccessToken`, `generateIdToken`, and `signJwt`, which gives domain-wide delegation without a
//! key file. Google decides who may act for whom.

use std::time::{Duration, SystemTime};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;

use crate::assertion;
use crate::code_exchange::form_request;
use crate::description::DEFAULT_UNIVERSE;
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy, Role};
use crate::error::Call;
use crate::exchange::{Answer, Exchange, Step};
use crate::scope::Scopes;
use crate::token::{TokenResponse, check_b64token, identity_life, life_until};
use crate::{Error, Request, Response, Secret, bearer, timestamp};

/// The scope that a caller's token needs.
pub(crate) const CALLER_SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Google's own limit on a chain is lower; this one limits the work.
const MOST_DELEGATES: usize = 20;
/// Lifetime of an access token in seconds, unless a file sets another.
const DEFAULT_LIFETIME: u64 = 3600;
/// The method that a file's URL names; the others are called at the same place.
const GENERATE_ACCESS_TOKEN: &str = "generateAccessToken";

/// The service account to act as, and the way there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// `https://HOST/v1/projects/-/serviceAccounts/EMAIL`, without a method.
    base: String,
    email: String,
    delegates: Vec<String>,
    /// Seconds.
    lifetime: u64,
}

impl Target {
    /// From e-mails as typed: the last is the target, earlier ones are delegates. `universe` is the file's
    /// `universe_domain`.
    pub(crate) fn from_chain(chain: &[String], universe: Option<&str>, policy: &Policy) -> Result<Self, Error> {
        let Some((email, delegates)) = chain.split_last() else {
            return Err(Error::field("--impersonate", "empty"));
        };
        check_email("--impersonate", email)?;
        let path = format!("/v1/projects/-/serviceAccounts/{email}:{GENERATE_ACCESS_TOKEN}");
        let url = match universe {
            None | Some(DEFAULT_UNIVERSE) => policy.google(Role::IamCredentials.example().0, &path),
            Some(universe) => {
                let url = format!("https://iamcredentials.{universe}{path}");
                policy.receiver(Role::IamCredentials, &url, "field universe_domain")?
            }
        };
        Self::at(&url)
            .ok_or_else(|| Error::field("universe_domain", "not a domain"))?
            .with_delegates("--impersonate", delegates.iter().map(String::as_str))
    }

    /// From a file's `service_account_impersonation_url`, which ends in `…/serviceAccounts/EMAIL:generateAccessToken`.
    pub(crate) fn from_url(url: &str, policy: &Policy) -> Result<Self, Error> {
        const FIELD: &str = "service_account_impersonation_url";
        let url = policy.receiver(Role::IamCredentials, url, &format!("field {FIELD}"))?;
        Self::at(&url).ok_or_else(|| Error::field(FIELD, "does not end in /serviceAccounts/EMAIL:generateAccessToken"))
    }

    fn at(url: &Endpoint) -> Option<Self> {
        let (base, verb) = url.as_str().rsplit_once(':')?;
        let (_, email) = base.rsplit_once("/serviceAccounts/")?;
        (verb == GENERATE_ACCESS_TOKEN && is_email(email)).then(|| Self {
            base: base.to_owned(),
            email: email.to_owned(),
            delegates: Vec::new(),
            lifetime: DEFAULT_LIFETIME,
        })
    }

    /// Adds delegates, e-mails or full resource names.
    pub(crate) fn with_delegates<'a>(
        mut self,
        field: &str,
        delegates: impl Iterator<Item = &'a str>,
    ) -> Result<Self, Error> {
        const PREFIX: &str = "projects/-/serviceAccounts/";
        for delegate in delegates {
            let email = delegate.strip_prefix(PREFIX).unwrap_or(delegate);
            check_email(field, email)?;
            self.delegates.push(format!("{PREFIX}{email}"));
        }
        if self.delegates.len() > MOST_DELEGATES {
            return Err(Error::field(field, "more than 20 delegates"));
        }
        Ok(self)
    }

    /// Sets the lifetime of access tokens, 1 to 43200 seconds.
    pub(crate) fn with_lifetime(mut self, field: &str, seconds: u64) -> Result<Self, Error> {
        if !(1..=43_200).contains(&seconds) {
            return Err(Error::field(field, "must be from 1 to 43200 seconds"));
        }
        self.lifetime = seconds;
        Ok(self)
    }

    pub(crate) fn email(&self) -> &str {
        &self.email
    }

    pub(crate) fn delegates(&self) -> &[String] {
        &self.delegates
    }

    /// Everything in which two targets can differ, for a cache key.
    pub(crate) fn key(&self) -> String {
        format!("{} {} {}", self.base, self.delegates.join(","), self.lifetime)
    }

    fn request(&self, verb: &str, caller: &Secret, mut body: serde_json::Value) -> Request {
        if !self.delegates.is_empty() {
            body["delegates"] = self.delegates.clone().into();
        }
        http::Request::post(format!("{}:{verb}", self.base))
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, bearer(caller))
            .body(body.to_string().into_bytes())
            .expect("a checked endpoint is a valid URI, a checked token a valid header")
    }
}

/// A service account's e-mail address and nothing that could end a URL's path segment.
pub(crate) fn is_email(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    text.len() <= 320
        && text.split_once('@').is_some_and(|(name, domain)| {
            !name.is_empty() && domain.contains('.') && name.bytes().all(allowed) && domain.bytes().all(allowed)
        })
}

fn check_email(field: &str, email: &str) -> Result<(), Error> {
    if is_email(email) { Ok(()) } else { Err(Error::field(field, "not a service account's e-mail address")) }
}

/// The token to get from the target.
#[derive(Clone, Debug)]
pub(crate) enum Goal {
    /// An access token for these scopes.
    AccessToken(Scopes),
    /// An ID token for this audience.
    IdToken(String),
    /// An access token for these scopes that acts for a user (domain-wide delegation), from this token endpoint.
    Subject { user: String, scopes: Scopes, token_uri: Endpoint },
}

/// A source's token, then the target's: one hop in addition to those of the source, two with a subject.
pub(crate) struct Impersonation {
    source: Box<dyn Exchange>,
    target: Target,
    goal: Goal,
    state: State,
}

enum State {
    Source,
    Requested,
    /// The signed assertion was sent to the token endpoint.
    Delegated,
}

impl Impersonation {
    pub(crate) fn new(source: Box<dyn Exchange>, target: Target, goal: Goal) -> Self {
        Self { source, target, goal, state: State::Source }
    }

    fn request(&self, caller: &Secret, now: SystemTime) -> Request {
        let target = &self.target;
        match &self.goal {
            Goal::AccessToken(scopes) => target.request(
                GENERATE_ACCESS_TOKEN,
                caller,
                json!({
                    "scope": scopes.iter().collect::<Vec<_>>(),
                    "lifetime": format!("{}s", target.lifetime),
                }),
            ),
            Goal::IdToken(audience) => {
                target.request("generateIdToken", caller, json!({"audience": audience, "includeEmail": true}))
            }
            Goal::Subject { user, scopes, token_uri } => {
                let (iat, exp) = assertion::lifetime(now);
                let claims = json!({
                    "iss": target.email, "sub": user, "scope": scopes.joined(),
                    "aud": token_uri.as_str(), "iat": iat, "exp": exp,
                });
                target.request("signJwt", caller, json!({"payload": claims.to_string()}))
            }
        }
    }

    /// Reads the response to [`Impersonation::request`].
    fn receive(&mut self, response: &Response, now: SystemTime) -> Result<Step, Error> {
        if !response.status().is_success() {
            return Err(Error::from_response(Call::IamCredentials, response, now));
        }
        let answer = Document::parse(response.body()).map_err(bad_response)?;
        let token = |field: &str| -> Result<Secret, Error> {
            let token = answer.secret(field).map_err(bad_response)?;
            check_b64token(token.expose()).map_err(|e| bad_response(Error::field(field, e)))?;
            Ok(token)
        };
        let done = |token: Secret, life: Option<Duration>, scopes: Option<Scopes>| {
            Ok(Step::Done(TokenResponse { token, life, scopes, refresh_token: None, id_token: None }))
        };
        match &self.goal {
            Goal::AccessToken(scopes) => {
                let life = answer
                    .optional_text("expireTime")
                    .ok()
                    .flatten()
                    .and_then(timestamp::parse_rfc3339)
                    .map(|end| life_until(end, now));
                done(token("accessToken")?, life, Some(scopes.clone()))
            }
            Goal::IdToken(_) => {
                let token = token("token")?;
                let life = identity_life(&token, now);
                done(token, life, None)
            }
            Goal::Subject { token_uri, .. } => {
                let assertion = token("signedJwt")?;
                self.state = State::Delegated;
                Ok(Step::Send(form_request(
                    token_uri.as_str(),
                    &[("grant_type", assertion::GRANT_TYPE), ("assertion", assertion.expose())],
                )))
            }
        }
    }
}

fn bad_response(e: Error) -> Error {
    Error::bad_response(Call::IamCredentials, e)
}

impl Exchange for Impersonation {
    fn step(&mut self, answer: Option<Answer>, now: SystemTime) -> Result<Step, Error> {
        match (&self.state, answer) {
            (State::Source, answer) => match self.source.step(answer, now)? {
                Step::Done(caller) => {
                    self.state = State::Requested;
                    Ok(Step::Send(self.request(&caller.token, now)))
                }
                other => Ok(other),
            },
            (State::Requested, Some(answer)) => self.receive(&answer.response(), now),
            (State::Delegated, Some(answer)) => {
                TokenResponse::access(Call::JwtBearer, &answer.response(), now).map(Step::Done)
            }
            (_, None) => unreachable!("a request is answered"),
        }
    }

    fn refresh_token(&self) -> Option<&Secret> {
        self.source.refresh_token()
    }
}
