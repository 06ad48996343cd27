//! Credentials files of every known kind, behind one face.
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
    /// Whether a document is of this kind. Asked in order; the first that says yes reads it.
    recognises: fn(&Document) -> bool,
    read: Reader,
}

type Reader = fn(&Document, &Reading<'_>) -> Result<Box<dyn Credential>, Error>;

/// The project that calls are billed to.
const QUOTA_PROJECT: &str = "quota_project_id";

/// What a file is read against.
pub struct Reading<'a> {
    /// Where secrets may go.
    pub policy: &'a Policy,
    /// The environment, for kinds that lean on it.
    pub env: Lookup<'a>,
}

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

/// What is asked of credentials.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// `--scope`; `None` when not given.
    pub scopes: Option<Scopes>,
    /// `--subject`: the user to act for (domain-wide delegation).
    pub subject: Option<String>,
    /// `--impersonate`: the last is the target, earlier ones are delegates.
    pub impersonate: Vec<String>,
    /// `--audience`: an ID token is wanted, or with `self_signed` the JWT's `aud`.
    pub audience: Option<String>,
    /// `--self-signed`.
    pub self_signed: bool,
}

/// What the token depends on besides [`Wanted`].
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
trait Credential {
    fn principal(&self) -> Principal;

    /// Who it is, for people: an e-mail or a client id.
    fn identity(&self) -> String;

    /// The scopes that a token is asked for with when `--scope` is not given; empty when none are sent.
    fn default_scopes(&self) -> Scopes;

    /// The exchange that ends in a token.
    fn exchange(&self, wanted: &Wanted, now: SystemTime) -> Result<Box<dyn Exchange>, Error>;

    /// What `file` says about itself, besides what a file of any kind may hold.
    fn describe(&self, file: &Document) -> Result<Description, Error>;

    /// The user's grant in the file, or how access ends where there is none.
    fn users_grant(&self) -> Result<&AuthorizedUser, String>;

    /// The field of the file that holds a refresh token which the server may replace.
    fn refresh_token(&self) -> Option<&Secret> {
        None
    }
}

/// A credentials file that was read and understood.
pub struct Credentials {
    document: Document,
    kind: &'static str,
    credential: Box<dyn Credential>,
    policy: Policy,
}

impl Credentials {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`Error::Input`] naming the field, [`Error::Unsupported`] for a URL that secrets may not go to.
    pub fn parse(bytes: &[u8], reading: &Reading<'_>) -> Result<Self, Error> {
        refuse_bare_key(bytes)?;
        let document = Document::parse(bytes)?;
        let (kind, credential) = read(&document, reading)?;
        if document.optional_text(QUOTA_PROJECT)?.is_some_and(|id| !is_project_id(id)) {
            return Err(Error::field(QUOTA_PROJECT, "holds a character that no project id has"));
        }
        Ok(Self { document, kind, credential, policy: reading.policy.clone() })
    }

    /// The machine's own credentials on Google Cloud. `host` is a host, perhaps with a port and a path.
    ///
    /// # Errors
    /// [`Error::Input`] for a host that is none.
    pub fn metadata_server(host: &str, policy: &Policy) -> Result<Self, Error> {
        Ok(Self {
            document: Document::from_map(serde_json::Map::new()),
            kind: metadata_server::NAME,
            credential: Box::new(metadata_server::MetadataServer::new(host, policy)?),
            policy: policy.clone(),
        })
    }

    /// Whether tokens are worth keeping: a metadata server keeps them itself.
    pub fn is_cacheable(&self) -> bool {
        self.kind != metadata_server::NAME
    }

    /// The kind's name.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Who it is, for people.
    pub fn identity(&self) -> String {
        self.credential.identity()
    }

    /// What the file says about itself, without its secrets.
    ///
    /// # Errors
    /// [`Error::Input`] naming the field.
    pub fn describe(&self) -> Result<Description, Error> {
        describe(self.kind, self.credential.as_ref(), &self.document)
    }

    /// Whether this is a user's grant that does not say whose.
    pub fn is_of_unknown_user(&self) -> bool {
        self.credential.users_grant().is_ok_and(|grant| grant.account().is_none())
    }

    /// The request that ends a user's grant (RFC 7009); [`crate::revocation::receive`] reads the answer.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for credentials that hold no user's grant, with what to do instead, and for a grant of an
    /// issuer whose revocation endpoint is not known.
    pub fn revocation(&self) -> Result<crate::Request, Error> {
        let grant = self.credential.users_grant().map_err(|instead| {
            unsupported(&format!("{} credentials hold no user's grant", self.kind), Some(&instead))
        })?;
        let endpoint = revocation::endpoint(&self.document, grant.token_uri(), &self.policy)?;
        Ok(revocation::request(&endpoint, grant.token()))
    }

    /// The same grant as another tool keeps it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for credentials that hold no user's grant.
    pub fn converted(&self, to: Dialect) -> Result<Document, Error> {
        let grant = self.credential.users_grant().map_err(|_| {
            let reason =
                format!("{} credentials hold no user's grant, and only that is kept in several dialects", self.kind);
            unsupported(&reason, None)
        })?;
        conversion::convert(&self.document, grant.token_uri(), grant.account(), to)
    }

    /// `quota_project_id`, when the file names one; it fits into a header.
    pub fn quota_project(&self) -> Option<&str> {
        self.document.optional_text(QUOTA_PROJECT).ok().flatten()
    }

    /// The refresh token, for kinds that have one.
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.credential.refresh_token()
    }

    /// The scopes that the token will be asked for with; empty when none are sent.
    pub fn scopes(&self, wanted: &Wanted) -> Scopes {
        match &wanted.scopes {
            Some(scopes) => scopes.clone(),
            None if wanted.audience.is_some() => Scopes::default(),
            None if !wanted.impersonate.is_empty() => Scopes::default_read(),
            None => self.credential.default_scopes(),
        }
    }

    /// The name of the cache file for what is wanted.
    pub fn cache_file_name(&self, wanted: &Wanted) -> String {
        let principal = self.credential.principal();
        Key {
            kind: self.kind,
            client: &principal.client,
            principal: &principal.name,
            token_uri: &principal.token_uri,
            scopes: &self.scopes(wanted),
            subject: wanted.subject.as_deref().unwrap_or_default(),
            impersonate: &wanted.impersonate,
            audience: wanted.audience.as_deref().unwrap_or_default(),
            self_signed: wanted.self_signed,
        }
        .file_name()
    }

    /// Whose tokens these credentials get, whatever is asked for: tells two apart without telling either.
    pub fn principal_digest(&self) -> String {
        let Principal { client, name, token_uri } = self.credential.principal();
        cache::digest(format!("{} {client} {name} {token_uri}", self.kind).as_bytes())
    }

    /// The exchange that ends in a token.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when these credentials cannot give what is wanted, [`Error::Input`] for an unusable key.
    pub fn exchange(&self, wanted: &Wanted, now: SystemTime) -> Result<Box<dyn Exchange>, Error> {
        if wanted.impersonate.is_empty() {
            return self.credential.exchange(wanted, now);
        }
        wanted.refuse_self_signed("an impersonated account's key is Google's")?;
        let caller = Wanted::caller(self.credential.as_ref());
        let universe = self.document.optional_word("universe_domain")?;
        Ok(Box::new(Impersonation::new(
            self.credential.exchange(&caller, now)?,
            Target::from_chain(&wanted.impersonate, universe, &self.policy)?,
            Goal::of(wanted, self.scopes(wanted), &self.policy.token()),
        )))
    }

    /// Whether these say the same as `other` but for the refresh token, as after it was replaced.
    pub fn differs_in_refresh_token(&self, other: &Self) -> bool {
        match (self.refresh_token(), other.refresh_token()) {
            (Some(ours), Some(theirs)) => ours != theirs && self.document == other.with_refresh_token(ours),
            _ => false,
        }
    }

    /// The file with a new refresh token, in its own dialect; every other key stays.
    pub fn with_refresh_token(&self, token: &Secret) -> Document {
        let mut document = self.document.clone();
        match document.optional_object(impersonated_service_account::SOURCE) {
            Ok(Some(mut source)) => {
                source.set("refresh_token", token.expose());
                document.set(impersonated_service_account::SOURCE, source);
            }
            _ => document.set("refresh_token", token.expose()),
        }
        document
    }
}

impl Wanted {
    fn refuse_self_signed(&self, why: &str) -> Result<(), Error> {
        if !self.self_signed {
            return Ok(());
        }
        Err(unsupported(&format!("--self-signed needs a service account's key; {why}"), None))
    }
}

impl Goal {
    /// What is wanted of an impersonated account. `token_uri` is where delegation ends.
    fn of(wanted: &Wanted, scopes: Scopes, token_uri: &Endpoint) -> Self {
        match (&wanted.audience, &wanted.subject) {
            (Some(audience), _) => Self::IdToken(audience.clone()),
            (None, Some(user)) => Self::Subject { user: user.clone(), scopes, token_uri: token_uri.clone() },
            (None, None) => Self::AccessToken(scopes),
        }
    }
}

fn read(document: &Document, reading: &Reading<'_>) -> Result<(&'static str, Box<dyn Credential>), Error> {
    let kind = KINDS.iter().find(|kind| (kind.recognises)(document)).ok_or_else(|| foreign::refusal(document))?;
    Ok((kind.name, (kind.read)(document, reading)?))
}

fn describe(kind: &str, credential: &dyn Credential, file: &Document) -> Result<Description, Error> {
    Description { kind: kind.to_owned(), identity: Some(credential.identity()), ..credential.describe(file)? }
        .with_common(file)
}

/// A key alone, in PKCS#12 or PEM as Google's console handed them out for years, does not say whose it is.
fn refuse_bare_key(bytes: &[u8]) -> Result<(), Error> {
    let (reason, hint) = if bytes.starts_with(&[0x30, 0x82]) || bytes.starts_with(&[0x30, 0x80]) {
        (
            "this is a bare PKCS#12 key, and credentials also say whose it is",
            r#"put it into JSON: {"type": "service_account_p12", "client_email": "EMAIL", "private_key": "its base64", "password": "notasecret"}"#,
        )
    } else if bytes.trim_ascii_start().starts_with(b"-----BEGIN ") {
        (
            "this is a bare PEM key, and credentials also say whose it is",
            r#"put it into JSON: {"type": "service_account", "client_email": "EMAIL", "private_key": "the PEM text"}"#,
        )
    } else {
        return Ok(());
    };
    Err(unsupported(reason, Some(hint)))
}

/// Whether a text may be a project's id or number, which goes into a header.
pub fn is_project_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte))
}

/// Whether a document says it is of a type.
fn has_type(document: &Document, name: &str) -> bool {
    matches!(document.optional_text("type"), Ok(Some(found)) if found == name)
}

fn unsupported(reason: &str, hint: Option<&str>) -> Error {
    Error::Unsupported { reason: reason.to_owned(), hint: hint.map(str::to_owned) }
}

#[cfg(test)]
mod tests;
