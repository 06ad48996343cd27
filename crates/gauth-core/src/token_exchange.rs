//! Token exchange at Google's security token service (RFC 8693 §2,
//! <https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>): an external identity's subject token becomes
//! a federated access token. `credentials::external_account` gets the subject token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::code_exchange::form_request;
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy, Role};
use crate::scope::Scopes;
use crate::token::jwt_claims;
use crate::{Error, Request, Secret};

/// What an exchange needs in addition to the subject token.
#[derive(Clone, Debug)]
pub(crate) struct SecurityTokenService {
    token_url: Endpoint,
    audience: String,
    subject_token_type: String,
    client: Option<(String, Secret)>,
    /// The project that a workforce user's calls are billed to; only without a client.
    user_project: Option<String>,
}

impl SecurityTokenService {
    /// Reads the fields of an `external_account` file.
    pub(crate) fn read(document: &Document, policy: &Policy) -> Result<Self, Error> {
        let client = basic_client(document)?;
        Ok(Self {
            token_url: policy.receiver(Role::SecurityTokenService, document.text("token_url")?, "field token_url")?,
            audience: document.word("audience")?.to_owned(),
            subject_token_type: document.word("subject_token_type")?.to_owned(),
            user_project: document
                .optional_word("workforce_pool_user_project")?
                .filter(|_| client.is_none())
                .map(str::to_owned),
            client,
        })
    }

    pub(crate) fn audience(&self) -> &str {
        &self.audience
    }

    pub(crate) fn subject_token_type(&self) -> &str {
        &self.subject_token_type
    }

    pub(crate) fn token_url(&self) -> &Endpoint {
        &self.token_url
    }

    /// RFC 8693 §2.1. `place` is where the subject token comes from, for the message.
    pub(crate) fn request(&self, subject_token: &Secret, place: &str, scopes: &Scopes) -> Result<Request, Error> {
        // The author of the file chose the place: what is not of the type it claims, perhaps a private key, is not sent.
        if JWT_TYPES.contains(&self.subject_token_type.as_str()) && jwt_claims(subject_token.expose()).is_none() {
            return Err(Error::Input(format!(
                "subject token from {place}: expected a JWT, as subject_token_type says"
            )));
        }
        let scope = scopes.joined();
        let options = self.user_project.as_ref().map(|project| serde_json::json!({"userProject": project}).to_string());
        let mut fields = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("audience", self.audience.as_str()),
            ("scope", &scope),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token", subject_token.expose()),
            ("subject_token_type", &self.subject_token_type),
        ];
        if let Some(options) = &options {
            fields.push(("options", options));
        }
        Ok(with_basic_auth(form_request(self.token_url.as_str(), &fields), self.client.as_ref()))
    }
}

/// RFC 8693 §3.
const JWT_TYPES: [&str; 2] = ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];

/// `client_id` and `client_secret`, if the file has them.
pub(crate) fn basic_client(document: &Document) -> Result<Option<(String, Secret)>, Error> {
    Ok(match document.optional_client_text("client_id")? {
        Some(id) => {
            Some((id.to_owned(), document.optional_client_text("client_secret")?.map(Secret::new).unwrap_or_default()))
        }
        None => None,
    })
}

/// RFC 6749 §2.3.1: client id and secret in the Authorization header.
pub(crate) fn with_basic_auth(mut request: Request, client: Option<&(String, Secret)>) -> Request {
    if let Some((id, secret)) = client {
        let text = STANDARD.encode(format!("{id}:{}", secret.expose()));
        let mut value = HeaderValue::from_str(&format!("Basic {text}")).expect("base64 is a valid header value");
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    request
}
