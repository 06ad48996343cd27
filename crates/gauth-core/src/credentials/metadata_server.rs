//! The service account of a machine on Google Cloud, from its metadata server
//! (<https://cloud.google.com/compute/docs/access/authenticate-workloads>). No file and no secret: any process on the
//! machine may have the token. A response counts only with `Metadata-Flavor: Google`, and nothing is cached, since the
//! server caches tokens itself.

use std::time::SystemTime;

use http::StatusCode;

use super::authorized_user::AuthorizedUser;
use super::{Credential, Kind, Principal, TokenRequest, foreign, unsupported};
use crate::description::Description;
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy};
use crate::error::Call;
use crate::exchange::{Answer, Exchange, Step};
use crate::scope::Scopes;
use crate::token::{TokenResponse, check_b64token, identity_life};
use crate::{Error, Request, Secret, form};

/// Not in the list of kinds, since no file is of this one.
pub(super) const KIND: Kind = Kind {
    recognises: Some(|_| false),
    is_cacheable: false,
    ..Kind::of_type("metadata_server", |document, _| Err(foreign::refusal(document)))
};
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

    fn exchange(&self, request: &TokenRequest, _now: SystemTime) -> Result<Box<dyn Exchange>, Error> {
        request.refuse_self_signed("the metadata server has no such tokens")?;
        if request.subject.is_some() {
            return Err(unsupported(
                "the metadata server gives tokens for the machine's own account only",
                Some("add --impersonate SERVICE_ACCOUNT_EMAIL"),
            ));
        }
        let scopes = request.scopes.clone().unwrap_or_else(|| self.default_scopes());
        let message = match &request.audience {
            Some(audience) => self.request("identity", &[("audience", audience), ("format", "full")]),
            None => {
                let list: Vec<_> = scopes.iter().collect();
                self.request("token", &[("scopes", &list.join(","))])
            }
        };
        Ok(Box::new(OneResponse { request: message, is_identity: request.audience.is_some() }))
    }

    fn describe(&self, _file: &Document) -> Result<Description, Error> {
        Ok(Description { token_uri: Some(self.root.as_str().to_owned()), ..Description::default() })
    }

    fn users_grant(&self) -> Result<&AuthorizedUser, String> {
        Err("remove the service account from the machine, or its roles, in Google Cloud".to_owned())
    }
}

struct OneResponse {
    request: Request,
    is_identity: bool,
}

impl Exchange for OneResponse {
    fn step(&mut self, answer: Option<Answer>, now: SystemTime) -> Result<Step, Error> {
        let Some(answer) = answer else {
            return Ok(Step::Send(self.request.clone()));
        };
        let response = answer.response();
        let flavor = response.headers().get(FLAVOR);
        if flavor.is_none_or(|flavor| flavor != "Google") {
            return Err(bad_response("not from Google's metadata server"));
        }
        if response.status() == StatusCode::NOT_FOUND {
            return Err(Error::NoCredentials {
                reason: "this machine has no service account".to_owned(),
                hint: "attach one to the machine in Google Cloud, or run gauth-login".to_owned(),
            });
        }
        if !self.is_identity {
            return TokenResponse::access(Call::MetadataServer, &response, now).map(Step::Done);
        }
        if !response.status().is_success() {
            return Err(Error::from_response(Call::MetadataServer, &response, now));
        }
        let text = std::str::from_utf8(response.body()).unwrap_or_default();
        let token = Secret::new(text.trim());
        check_b64token(token.expose()).map_err(bad_response)?;
        Ok(Step::Done(TokenResponse {
            life: identity_life(&token, now),
            token,
            scopes: None,
            refresh_token: None,
            id_token: None,
        }))
    }
}

fn bad_response(problem: &str) -> Error {
    Error::bad_response(Call::MetadataServer, problem)
}
