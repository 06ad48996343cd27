//! The service account of a machine on Google Cloud, from its metadata server
//! (<https://cloud.google.com/compute/docs/access/authenticate-workloads>). No file and no secret: whoever can ask may
//! have the token, so an answer counts only with `Metadata-Flavor: Google`, and nothing is cached (the server does).

use std::time::SystemTime;

use http::StatusCode;

use super::authorized_user::AuthorizedUser;
use super::{Credential, Principal, Wanted, unsupported};
use crate::description::Description;
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy};
use crate::error::Grant;
use crate::exchange::{Answer, Exchange, Step};
use crate::scope::Scopes;
use crate::token::{TokenResponse, check_b64token, identity_life};
use crate::{Error, Request, Secret, form};

pub(super) const NAME: &str = "metadata_server";
const GRANT: Grant = Grant::MetadataServer;
const FLAVOR: &str = "metadata-flavor";

pub(super) struct MetadataServer {
    root: Endpoint,
}

impl MetadataServer {
    /// `host` is a host, perhaps with a port and a path before Google's own.
    pub(super) fn new(host: &str, policy: &Policy) -> Result<Self, Error> {
        let root = policy.metadata(&format!("http://{host}"), "the metadata server's host")?;
        Ok(Self { root })
    }

    fn request(&self, method: &str, query: &[(&str, &str)]) -> Request {
        let root = self.root.as_str().trim_end_matches('/');
        let path = "/computeMetadata/v1/instance/service-accounts/default/";
        http::Request::get(format!("{root}{path}{method}?{}", form::encode(query)))
            .header(FLAVOR, "Google")
            .body(Vec::new())
            .expect("a checked endpoint is a valid URI")
    }
}

impl Credential for MetadataServer {
    fn principal(&self) -> Principal {
        Principal { client: String::new(), name: String::new(), token_uri: self.root.as_str().to_owned() }
    }

    fn identity(&self) -> String {
        "this machine's service account".to_owned()
    }

    fn default_scopes(&self) -> Scopes {
        Scopes::default_read()
    }

    fn exchange(&self, wanted: &Wanted, _now: SystemTime) -> Result<Box<dyn Exchange>, Error> {
        wanted.refuse_self_signed("the metadata server hands out none")?;
        if wanted.subject.is_some() {
            return Err(unsupported(
                "the metadata server gives tokens for the machine's own account alone",
                Some("add --impersonate SERVICE_ACCOUNT_EMAIL"),
            ));
        }
        let scopes = wanted.scopes.clone().unwrap_or_else(|| self.default_scopes());
        let request = match &wanted.audience {
            Some(audience) => self.request("identity", &[("audience", audience), ("format", "full")]),
            None => {
                let list: Vec<_> = scopes.iter().collect();
                self.request("token", &[("scopes", &list.join(","))])
            }
        };
        Ok(Box::new(OneAnswer { request, is_identity: wanted.audience.is_some() }))
    }

    fn describe(&self, _file: &Document) -> Result<Description, Error> {
        Ok(Description { token_uri: Some(self.root.as_str().to_owned()), ..Description::default() })
    }

    fn users_grant(&self) -> Result<&AuthorizedUser, String> {
        Err("take the service account off the machine, or its roles away, in Google Cloud".to_owned())
    }
}

struct OneAnswer {
    request: Request,
    is_identity: bool,
}

impl Exchange for OneAnswer {
    fn step(&mut self, answer: Option<Answer>, now: SystemTime) -> Result<Step, Error> {
        let Some(answer) = answer else {
            return Ok(Step::Send(self.request.clone()));
        };
        let response = answer.response();
        let flavor = response.headers().get(FLAVOR);
        if flavor.is_none_or(|flavor| flavor != "Google") {
            return Err(bad_answer("no metadata server of Google's"));
        }
        if response.status() == StatusCode::NOT_FOUND {
            return Err(Error::NoCredentials {
                reason: "this machine has no service account".to_owned(),
                hint: "attach one to the machine in Google Cloud, or run gauth-login".to_owned(),
            });
        }
        if !self.is_identity {
            return TokenResponse::access(GRANT, &response, now).map(Step::Done);
        }
        if !response.status().is_success() {
            return Err(Error::from_response(GRANT, &response, now));
        }
        let text = std::str::from_utf8(response.body()).unwrap_or_default();
        let token = Secret::new(text.trim());
        check_b64token(token.expose()).map_err(bad_answer)?;
        Ok(Step::Done(TokenResponse {
            life: identity_life(&token, now),
            token,
            scopes: None,
            refresh_token: None,
            id_token: None,
        }))
    }
}

fn bad_answer(reason: &str) -> Error {
    Error::Answer { grant: GRANT, reason: format!("the answer: {reason}") }
}
