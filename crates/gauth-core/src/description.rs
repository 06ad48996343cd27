//! What a credentials or client file says about itself, without its secrets: for people, and for scripts that sort
//! files. Each kind of credentials adds its own part in its own file; here are the fields that all may have.

use crate::Error;
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::scope::Scopes;

/// The universe of a file that names none (AIP-4110 and the client libraries agree).
pub(crate) const DEFAULT_UNIVERSE: &str = "googleapis.com";

/// Public facts; a field is empty if the file does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// As in the file's `type`, or the name of the tool that writes it.
    pub kind: String,
    /// Who it is, for messages.
    pub identity: Option<String>,
    /// OAuth client id; of a service account the numeric id that delegation is granted to.
    pub client_id: Option<String>,
    /// `project_id`: the Google Cloud project that the client or account belongs to.
    pub project_id: Option<String>,
    /// Id of a service account's key.
    pub key_id: Option<String>,
    /// What was granted, according to the file.
    pub scopes: Scopes,
    /// Of the key that the grant is bound to (RFC 7638).
    pub dpop_thumbprint: Option<String>,
    /// The audience that an external identity's token must have.
    pub audience: Option<String>,
    /// Where an external identity's token comes from.
    pub subject_token: Option<String>,
    /// Service accounts on the way to an impersonated one, as resource names.
    pub delegates: Vec<String>,
    /// Where the browser of a client may be sent back to.
    pub redirect_uris: Vec<String>,
    /// `universe_domain`.
    pub universe_domain: Option<String>,
    /// `quota_project_id`: the project that calls are billed to.
    pub quota_project_id: Option<String>,
    /// When gauth-login got the grant (RFC 3339).
    pub granted_at: Option<String>,
    /// The authorization endpoint, without query.
    pub auth_uri: Option<String>,
    /// The token endpoint, without query.
    pub token_uri: Option<String>,
    /// The credentials below an impersonated service account.
    pub source: Option<Box<Self>>,
}

impl Description {
    /// Adds the fields that all kinds of files may have.
    pub(crate) fn with_common(self, file: &Document) -> Result<Self, Error> {
        let universe = text(file, "universe_domain")?;
        Ok(Self {
            universe_domain: Some(universe.unwrap_or_else(|| DEFAULT_UNIVERSE.to_owned())),
            quota_project_id: text(file, "quota_project_id")?,
            granted_at: text(file, "granted_at")?,
            ..self
        })
    }
}

/// The text of a field, if it is present.
pub(crate) fn text(file: &Document, name: &str) -> Result<Option<String>, Error> {
    Ok(file.optional_text(name)?.map(str::to_owned))
}

/// The granted scopes according to a file, written as one text or as a list; empty if it does not say.
///
/// # Errors
/// [`Error::Input`] naming the field.
pub fn scopes(file: &Document) -> Result<Scopes, Error> {
    Ok(Scopes::from_answer(&file.list("scopes")?.join(" ")))
}

/// A URL that may be shown: a query could hold anything.
pub(crate) fn without_query(endpoint: &Endpoint) -> String {
    let url = endpoint.as_str();
    url.split_once('?').map_or(url, |(url, _)| url).to_owned()
}
