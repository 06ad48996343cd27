//! Credentials files of every known kind, behind one interface.
//! A kind is one file below `credentials/` and one line in `KINDS`; nothing else lists them.

mod authorized_user;
mod external_account;
mod external_account_authorized_user;
mod foreign;
mod google_auth;
mod impersonated_service_account;
mod metadata_server;
mod oauth2client;
mod service_account;
mod service_account_p12;

use std::time::SystemTime;

use authorized_user::AuthorizedUser;

use crate::cache::{self, Key};
use crate::conversion::{self, Dialect};
use crate::description::Description;
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy};
use crate::exchange::Exchange;
use crate::iam_credentials::{Goal, Impersonation, Target};
use crate::scope::Scopes;
use crate::source::Lookup;
use crate::{Error, Secret, revocation};

/// A kind of credentials file.
struct Kind {
    /// As in the file's `type`, or the name of the tool that writes it.
    name: &'static str,
    /// Whether a document is of this kind, if its `type` does not say so.
    recognises: Option<fn(&Document) -> bool>,
    read: Reader,
    /// Whether its tokens are worth caching.
    is_cacheable: bool,
    /// The object in the file that holds the refresh token, unless the file itself does.
    source: Option<&'static str>,
    /// Fields that only the tool of this kind reads; they are left out when its grant is written for another.
    own_fields: &'static [&'static str],
    /// The fields of an access token and its expiry.
    access_token: (&'static str, &'static str),
}

type Reader = fn(&Document, &Context<'_>) -> Result<Box<dyn Credential>, Error>;

impl Kind {
    /// A file that names its type.
    const fn of_type(name: &'static str, read: Reader) -> Self {
        Self {
            name,
            recognises: None,
            read,
            is_cacheable: true,
            source: None,
            own_fields: &[],
            access_token: ("token", "expiry"),
        }
    }

    fn fits(&self, document: &Document) -> bool {
        self.recognises.map_or_else(|| has_type(document, self.name), |recognises| recognises(document))
    }
}

/// The project that calls are billed to.
const QUOTA_PROJECT: &str = "quota_project_id";

/// What a file is read with.
pub struct Context<'a> {
    /// Where secrets may go.
    pub policy: &'a Policy,
    /// The environment, which some kinds depend on.
    pub env: Lookup<'a>,
}

/// The first that fits reads the file.
const KINDS: &[Kind] = &[
    authorized_user::KIND,
    service_account::KIND,
    service_account_p12::KIND,
    external_account::KIND,
    external_account_authorized_user::KIND,
    impersonated_service_account::KIND,
    google_auth::KIND,
    oauth2client::KIND,
];

/// The token that is requested.
#[derive(Clone, Debug, Default)]
pub struct TokenRequest {
    /// `--scope`; `None` when not given.
    pub scopes: Option<Scopes>,
    /// `--subject`: the user to act for (domain-wide delegation).
    pub subject: Option<String>,
    /// `--impersonate`: the last is the target, earlier ones are delegates.
    pub impersonate: Vec<String>,
    /// `--audience`: an ID token is requested, or with `self_signed` the JWT's `aud`.
    pub audience: Option<String>,
    /// `--self-signed`.
    pub self_signed: bool,
}

/// What the token depends on besides [`TokenRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// OAuth client id, or empty.
    pub client: String,
    /// E-mail and key id, or a digest; never a secret.
    pub name: String,
    /// Where the token comes from.
    pub token_uri: String,
}

/// One kind's behaviour.
trait Credential: Send {
    fn principal(&self) -> Principal;

    /// Who it is, for messages: an e-mail or a client id.
    fn identity(&self) -> String;

    /// The e-mail of whom a token acts for, if it is known.
    fn email(&self) -> Option<&str> {
        None
    }

    /// The scopes that are requested without `--scope`; empty if none are sent.
    fn default_scopes(&self) -> Scopes;

    /// The exchange that ends in a token.
    fn exchange(&self, request: &TokenRequest, now: SystemTime) -> Result<Box<dyn Exchange>, Error>;

    /// What `file` says about itself, besides what a file of any kind may hold.
    fn describe(&self, file: &Document) -> Result<Description, Error>;

    /// The user's grant in the file, or else how to end its access.
    fn users_grant(&self) -> Result<&AuthorizedUser, String>;

    /// The refresh token, which the server may replace.
    fn refresh_token(&self) -> Option<&Secret> {
        None
    }
}

/// A credentials file of a known kind.
pub struct Credentials {
    document: Document,
    kind: &'static Kind,
    credential: Box<dyn Credential>,
    policy: Policy,
}

impl Credentials {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`Error::Input`] naming the field, [`Error::Unsupported`] for a URL that secrets may not go to.
    pub fn parse(bytes: &[u8], context: &Context<'_>) -> Result<Self, Error> {
        refuse_bare_key(bytes)?;
        let document = Document::parse(bytes)?;
        let (kind, credential) = read(&document, context)?;
        if let Some(id) = document.optional_text(QUOTA_PROJECT)? {
            check_project_id(id).map_err(|problem| Error::field(QUOTA_PROJECT, problem))?;
        }
        Ok(Self { document, kind, credential, policy: context.policy.clone() })
    }

    /// The machine's own credentials on Google Cloud. `host` is a host, perhaps with a port and a path.
    ///
    /// # Errors
    /// [`Error::Input`] for an invalid host.
    pub fn metadata_server(host: &str, policy: &Policy) -> Result<Self, Error> {
        Ok(Self {
            document: Document::from_map(serde_json::Map::new()),
            kind: &metadata_server::KIND,
            credential: Box::new(metadata_server::MetadataServer::new(host, policy)?),
            policy: policy.clone(),
        })
    }

    /// Whether its tokens are worth caching.
    pub fn is_cacheable(&self) -> bool {
        self.kind.is_cacheable
    }

    /// The kind's name.
    pub fn kind(&self) -> &'static str {
        self.kind.name
    }

    /// Who it is, for messages.
    pub fn identity(&self) -> String {
        self.credential.identity()
    }

    /// The e-mail of whom the requested token acts for, if it is known.
    pub fn email<'a>(&'a self, request: &'a TokenRequest) -> Option<&'a str> {
        let named = request.subject.as_ref().or_else(|| request.impersonate.last());
        named.map_or_else(|| self.credential.email(), |email| Some(email))
    }

    /// What the file says about itself, without its secrets.
    ///
    /// # Errors
    /// [`Error::Input`] naming the field.
    pub fn describe(&self) -> Result<Description, Error> {
        describe(self.kind, self.credential.as_ref(), &self.document)
    }

    /// Whether this is the grant of a user whom the file does not name.
    pub fn is_of_unknown_user(&self) -> bool {
        self.credential.users_grant().is_ok_and(|grant| grant.account().is_none())
    }

    /// The request that revokes a user's grant (RFC 7009); [`crate::revocation::receive`] reads the response.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for credentials without a user's grant, with what to do instead, and for a grant of an issuer
    /// whose revocation endpoint is not known.
    pub fn revocation(&self) -> Result<crate::Request, Error> {
        let grant =
            self.credential.users_grant().map_err(|instead| unsupported(&self.without_grant(), Some(&instead)))?;
        let endpoint = revocation::endpoint(&self.document, grant.token_uri(), &self.policy)?;
        Ok(revocation::request(&endpoint, grant.token()))
    }

    /// The same grant as another tool keeps it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for credentials without a user's grant, and for a grant that is bound to a key.
    pub fn converted(&self, to: Dialect) -> Result<Document, Error> {
        let grant = self
            .credential
            .users_grant()
            .map_err(|_| unsupported(&format!("{}, and only that can be converted", self.without_grant()), None))?;
        if grant.is_bound() {
            return Err(unsupported(
                "the grant is bound to the key in field dpop_key, with which no other tool can sign",
                Some("run gauth-login --credentials FILE, without --dpop, for a grant that other tools can use"),
            ));
        }
        let grant = conversion::Grant {
            file: &self.document,
            own_fields: self.kind.own_fields,
            access_token: self.kind.access_token,
            token_uri: grant.token_uri(),
            account: grant.account(),
        };
        grant.converted(to)
    }

    fn without_grant(&self) -> String {
        format!("{} credentials contain no user grant", self.kind.name)
    }

    /// `quota_project_id`, if the file names one; it fits into a header.
    pub fn quota_project(&self) -> Option<&str> {
        self.document.optional_text(QUOTA_PROJECT).ok().flatten()
    }

    /// The refresh token, for kinds that have one.
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.credential.refresh_token()
    }

    /// The scopes that will be requested; empty if none are sent.
    pub fn scopes(&self, request: &TokenRequest) -> Scopes {
        match &request.scopes {
            Some(scopes) => scopes.clone(),
            None if request.audience.is_some() => Scopes::default(),
            None if !request.impersonate.is_empty() => Scopes::default_read(),
            None => self.credential.default_scopes(),
        }
    }

    /// The name of the cache file of the token.
    pub fn cache_file_name(&self, request: &TokenRequest) -> String {
        let principal = self.credential.principal();
        Key {
            kind: self.kind.name,
            client: &principal.client,
            principal: &principal.name,
            token_uri: &principal.token_uri,
            scopes: &self.scopes(request),
            subject: request.subject.as_deref().unwrap_or_default(),
            impersonate: &request.impersonate,
            audience: request.audience.as_deref().unwrap_or_default(),
            self_signed: request.self_signed,
        }
        .file_name()
    }

    /// A digest of whose tokens these credentials get, regardless of the request.
    pub fn principal_digest(&self) -> String {
        let Principal { client, name, token_uri } = self.credential.principal();
        cache::digest(format!("{} {client} {name} {token_uri}", self.kind.name).as_bytes())
    }

    /// The exchange that ends in a token.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if these credentials do not support the request, [`Error::Input`] for an unusable key.
    pub fn exchange(&self, request: &TokenRequest, now: SystemTime) -> Result<Box<dyn Exchange>, Error> {
        if request.impersonate.is_empty() {
            return self.credential.exchange(request, now);
        }
        request.refuse_self_signed("Google keeps the key of an impersonated account")?;
        let caller = TokenRequest::caller(self.credential.as_ref());
        let universe = self.document.optional_word("universe_domain")?;
        Ok(Box::new(Impersonation::new(
            self.credential.exchange(&caller, now)?,
            Target::from_chain(&request.impersonate, universe, &self.policy)?,
            Goal::of(request, self.scopes(request), &self.policy.token()),
        )))
    }

    /// Whether these differ from `other` in the refresh token only, as after it was replaced.
    pub fn differs_in_refresh_token(&self, other: &Self) -> bool {
        match (self.refresh_token(), other.refresh_token()) {
            (Some(ours), Some(theirs)) => ours != theirs && self.document == other.with_refresh_token(ours),
            _ => false,
        }
    }

    /// The file with a new refresh token; every other key stays.
    pub fn with_refresh_token(&self, token: &Secret) -> Document {
        let mut document = self.document.clone();
        match self.kind.source.and_then(|name| Some((name, document.optional_object(name).ok()??))) {
            Some((name, mut source)) => {
                source.set("refresh_token", token.expose());
                document.set(name, source);
            }
            None => document.set("refresh_token", token.expose()),
        }
        document
    }
}

impl TokenRequest {
    fn refuse_self_signed(&self, why: &str) -> Result<(), Error> {
        if !self.self_signed {
            return Ok(());
        }
        Err(unsupported(&format!("--self-signed requires a service account's key; {why}"), None))
    }
}

impl Goal {
    /// The token to get from an impersonated account. `token_uri` is the last hop of a delegation.
    fn of(request: &TokenRequest, scopes: Scopes, token_uri: &Endpoint) -> Self {
        match (&request.audience, &request.subject) {
            (Some(audience), _) => Self::IdToken(audience.clone()),
            (None, Some(user)) => Self::Subject { user: user.clone(), scopes, token_uri: token_uri.clone() },
            (None, None) => Self::AccessToken(scopes),
        }
    }
}

fn read(document: &Document, context: &Context<'_>) -> Result<(&'static Kind, Box<dyn Credential>), Error> {
    let kind = KINDS.iter().find(|kind| kind.fits(document)).ok_or_else(|| foreign::refusal(document))?;
    Ok((kind, (kind.read)(document, context)?))
}

fn describe(kind: &Kind, credential: &dyn Credential, file: &Document) -> Result<Description, Error> {
    Description { kind: kind.name.to_owned(), identity: Some(credential.identity()), ..credential.describe(file)? }
        .with_common(file)
}

/// A bare key, in PKCS#12 or PEM as Google's console provided them for years, does not say whose it is.
fn refuse_bare_key(bytes: &[u8]) -> Result<(), Error> {
    let (reason, hint) = if bytes.starts_with(&[0x30, 0x82]) || bytes.starts_with(&[0x30, 0x80]) {
        (
            "this is a bare PKCS#12 key without its service account",
            r#"put it into JSON: {"type": "service_account_p12", "client_email": "EMAIL", "private_key": "its base64", "password": "notasecret"}"#,
        )
    } else if bytes.trim_ascii_start().starts_with(b"-----BEGIN ") {
        (
            "this is a bare PEM key without its service account",
            r#"put it into JSON: {"type": "service_account", "client_email": "EMAIL", "private_key": "the PEM text"}"#,
        )
    } else {
        return Ok(());
    };
    Err(unsupported(reason, Some(hint)))
}

/// Checks a project's id or number, which goes into a header.
///
/// # Errors
/// What is wrong with it.
pub fn check_project_id(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("empty")
    } else if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte)) {
        Ok(())
    } else {
        Err("contains a character that is not allowed in a project id")
    }
}

/// Whether a document names this type.
fn has_type(document: &Document, name: &str) -> bool {
    matches!(document.optional_text("type"), Ok(Some(found)) if found == name)
}

fn unsupported(reason: &str, hint: Option<&str>) -> Error {
    Error::Unsupported { reason: reason.to_owned(), hint: hint.map(str::to_owned) }
}

#[cfg(test)]
mod tests;
