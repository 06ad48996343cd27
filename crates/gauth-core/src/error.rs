//! What can go wrong, and of what kind it is for a script (gauth-cli chooses the exit code). Server errors keep the
//! server's own words: RFC 6749 §5.2 for OAuth, the status envelope for Google's APIs.

use std::fmt;

use gauth_text::refusal;
use http::StatusCode;
use serde_json::Value;

use crate::error_code;

/// What a script should do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Neither another try nor other input will help.
    Failed,
    /// The command, a file it names or a URL in it is wrong.
    Usage,
    /// A new login (or key) is needed.
    Login,
    /// Access was refused.
    Refused,
    /// Worth trying again later.
    Temporary,
}

/// The call that failed: the same error code means different things after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// RFC 6749 §4.1.3: an authorization code was exchanged.
    AuthorizationCode,
    /// RFC 6749 §6: a refresh token was used.
    RefreshToken,
    /// RFC 6749 §6 at the security token service: the refresh token of a login through a company was used.
    WorkforceRefreshToken,
    /// RFC 7523 §2.1: a JWT signed with a service account's key.
    JwtBearer,
    /// RFC 8693: a subject token was exchanged at a security token service.
    TokenExchange,
    /// Google's IAM Credentials API was called.
    IamCredentials,
    /// A subject token was requested at its source.
    SubjectToken,
    /// The metadata server of a machine on Google Cloud was asked.
    MetadataServer,
    /// Google's tokeninfo was asked.
    TokenInfo,
    /// OpenID Connect Core §5.3: userinfo was asked.
    UserInfo,
    /// RFC 7009: a token was revoked.
    Revocation,
}

impl Call {
    /// The message before the reason.
    fn failed(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "cannot exchange the authorization code",
            Self::RefreshToken => "cannot refresh the access token",
            Self::WorkforceRefreshToken => "cannot refresh the workforce user's access token",
            Self::JwtBearer => "cannot exchange the signed assertion",
            Self::TokenExchange => "cannot exchange the subject token",
            Self::IamCredentials => "cannot act as the service account",
            Self::SubjectToken => "cannot get the subject token",
            Self::MetadataServer => "cannot get a token from the metadata server",
            Self::TokenInfo => "token lookup failed",
            Self::UserInfo => "account lookup failed",
            Self::Revocation => "cannot revoke the grant",
        }
    }
}

/// An OAuth error response, as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OAuthError {
    /// `error`: the code; for Google's API envelope its `status` in lower case.
    pub error: String,
    /// `error_description`, or the envelope's `message`.
    pub description: Option<String>,
    /// `error_subtype`, Google's own (`invalid_rapt`), or the envelope's reason (`userRateLimitExceeded`).
    pub subtype: Option<String>,
}

/// An error of the protocol layer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file, flag or variable is malformed: what is wrong, without any value.
    Input(String),
    /// These credentials do not support the request.
    Unsupported {
        /// One line.
        reason: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// There are no credentials to get a token with.
    NoCredentials {
        /// One line.
        reason: String,
        /// What to do next.
        hint: String,
    },
    /// The server returned an OAuth or API error.
    Refused {
        /// Which call failed.
        call: Call,
        /// HTTP status.
        status: StatusCode,
        /// The server's words.
        oauth: OAuthError,
        /// Server's clock minus ours in seconds, if the response had a `Date`.
        skew: Option<i64>,
    },
    /// The server returned an error status without a readable error body.
    Status {
        /// Which call failed.
        call: Call,
        /// HTTP status.
        status: StatusCode,
        /// What the body was, shortened.
        body: String,
    },
    /// A success without what the standard promises.
    BadResponse {
        /// Which call failed.
        call: Call,
        /// What is wrong with it.
        reason: String,
    },
    /// The consent did not end in a code.
    Consent(OAuthError),
}

impl Error {
    /// What a script should do about it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Input(_) | Self::Unsupported { .. } => Kind::Usage,
            Self::NoCredentials { .. } => Kind::Login,
            Self::Refused { status, oauth, .. } => kind_of(oauth, *status),
            Self::Status { status, .. } => kind_of_status(*status),
            Self::BadResponse { .. } => Kind::Failed,
            Self::Consent(oauth) => kind_of(oauth, StatusCode::FORBIDDEN),
        }
    }

    /// What to do next, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsupported { hint, .. } => hint.clone(),
            Self::NoCredentials { hint, .. } => Some(hint.clone()),
            Self::Refused { call, oauth, skew, .. } => error_code::hint_for(Some(*call), oauth, *skew),
            Self::Consent(oauth) => error_code::hint_for(None, oauth, None),
            Self::Input(_) | Self::Status { .. } | Self::BadResponse { .. } => None,
        }
    }

    /// An [`Error::Input`] about one field of a document, or about an option, which is recognised by its dashes.
    pub(crate) fn field(name: &str, problem: &str) -> Self {
        let what = if name.starts_with("--") { "" } else { "field " };
        Self::Input(format!("{what}{name}: {problem}"))
    }

    /// A refusal without an error in its body.
    pub(crate) fn status(call: Call, response: &crate::Response) -> Self {
        Self::Status { call, status: response.status(), body: refusal::summary(response.body()) }
    }

    /// An [`Error::BadResponse`] about a response of the server's.
    pub(crate) fn bad_response(call: Call, problem: impl fmt::Display) -> Self {
        Self::BadResponse { call, reason: format!("unexpected response: {problem}") }
    }

    /// The same problem, found in a nested object.
    pub(crate) fn within(self, field: &str) -> Self {
        match self {
            Self::Input(problem) => Self::Input(format!("field {field}: {problem}")),
            Self::Unsupported { reason, hint } => {
                Self::Unsupported { reason: format!("field {field}: {reason}"), hint }
            }
            other => other,
        }
    }

    /// Reads the error in a response that is not a success.
    pub(crate) fn from_response(call: Call, response: &crate::Response, now: std::time::SystemTime) -> Self {
        let status = response.status();
        match read_oauth_error(response.body()) {
            Some(oauth) => Self::Refused { call, status, oauth, skew: crate::timestamp::skew(response, now) },
            None => Self::status(call, response),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(problem) => f.write_str(problem),
            Self::Unsupported { reason, .. } | Self::NoCredentials { reason, .. } => f.write_str(reason),
            Self::Refused { call, oauth, .. } => write!(f, "{}: {oauth}", call.failed()),
            Self::Status { call, status, body } => write!(f, "{}: HTTP {}: {body}", call.failed(), status.as_u16()),
            Self::BadResponse { call, reason } => write!(f, "{}: {reason}", call.failed()),
            Self::Consent(oauth) => write!(f, "consent was not granted: {oauth}"),
        }
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)?;
        if let Some(subtype) = &self.subtype {
            write!(f, " ({subtype})")?;
        }
        if let Some(description) = &self.description {
            write!(f, ": {description}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

fn kind_of(oauth: &OAuthError, status: StatusCode) -> Kind {
    if oauth.subtype.as_deref().is_some_and(refusal::is_rate_limit) {
        return Kind::Temporary;
    }
    error_code::kind(&oauth.error).unwrap_or_else(|| kind_of_status(status))
}

/// Whether the error code in a response says that another try may help. Some servers send it with a status that says the
/// opposite.
pub fn says_temporary(response: &crate::Response) -> bool {
    read_oauth_error(response.body()).is_some_and(|oauth| error_code::kind(&oauth.error) == Some(Kind::Temporary))
}

fn kind_of_status(status: StatusCode) -> Kind {
    match status.as_u16() {
        401 => Kind::Login,
        403 => Kind::Refused,
        408 | 429 | 500..=599 => Kind::Temporary,
        _ => Kind::Failed,
    }
}

/// RFC 6749 §5.2 (`{"error": "word", …}`) or Google's envelope (`{"error": {"status": "WORD", "message": …}}`).
pub(crate) fn read_oauth_error(body: &[u8]) -> Option<OAuthError> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value.get("error")? {
        Value::String(error) => Some(OAuthError {
            error: error.clone(),
            description: value.get("error_description").and_then(text),
            subtype: value.get("error_subtype").and_then(text),
        }),
        Value::Object(envelope) => Some(OAuthError {
            error: envelope
                .get("status")
                .and_then(Value::as_str)
                .map_or_else(|| "error".to_owned(), str::to_ascii_lowercase),
            description: envelope.get("message").and_then(text),
            subtype: reason(envelope),
        }),
        _ => None,
    }
}

/// `reason` of google.rpc.ErrorInfo, or of the older `errors`.
fn reason(envelope: &serde_json::Map<String, Value>) -> Option<String> {
    let lists = ["details", "errors"].into_iter().filter_map(|name| envelope.get(name)?.as_array());
    lists.flatten().find_map(|item| item.get("reason")?.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(word: &str, status: u16) -> Error {
        Error::Refused {
            call: Call::RefreshToken,
            status: StatusCode::from_u16(status).unwrap(),
            oauth: OAuthError { error: word.to_owned(), ..OAuthError::default() },
            skew: None,
        }
    }

    #[test]
    fn the_oauth_code_decides_before_the_status() {
        for (word, status, kind) in [
            ("invalid_grant", 400, Kind::Login),
            ("invalid_grant", 503, Kind::Login),
            ("invalid_client", 401, Kind::Refused),
            ("unauthorized_client", 401, Kind::Refused),
            ("deleted_client", 401, Kind::Refused),
            ("invalid_scope", 400, Kind::Refused),
            ("admin_policy_enforced", 400, Kind::Refused),
            ("org_internal", 403, Kind::Refused),
            ("access_denied", 403, Kind::Refused),
            ("invalid_request", 400, Kind::Failed),
            ("server_error", 400, Kind::Temporary),
            ("internal_failure", 400, Kind::Temporary),
            ("temporarily_unavailable", 400, Kind::Temporary),
            ("permission_denied", 403, Kind::Refused),
            ("never_seen", 401, Kind::Login),
            ("never_seen", 429, Kind::Temporary),
            ("never_seen", 500, Kind::Temporary),
            ("never_seen", 400, Kind::Failed),
        ] {
            assert_eq!(refused(word, status).kind(), kind, "{word} {status}");
        }
    }

    #[test]
    fn a_limit_under_403_is_temporary() {
        for (reason, kind) in [
            ("userRateLimitExceeded", Kind::Temporary),
            ("dailyLimitExceeded", Kind::Temporary),
            ("quotaExceeded", Kind::Temporary),
            ("concurrentLimitExceeded", Kind::Temporary),
            ("rateLimitExceeded", Kind::Temporary),
            ("RATE_LIMIT_EXCEEDED", Kind::Temporary),
            ("forbidden", Kind::Refused),
        ] {
            for list in ["errors", "details"] {
                let body = format!(
                    r#"{{"error":{{"code":403,"status":"PERMISSION_DENIED","{list}":[{{"x":1}},{{"reason":"{reason}"}}]}}}}"#
                );
                let response = http::Response::builder().status(403).body(body.into_bytes()).unwrap();
                let error = Error::from_response(Call::IamCredentials, &response, std::time::SystemTime::UNIX_EPOCH);
                assert_eq!(error.kind(), kind, "{error}");
            }
        }
    }

    #[test]
    fn both_error_shapes_are_read() {
        let oauth = read_oauth_error(
            br#"{"error":"invalid_grant","error_description":"Bad Request","error_subtype":"invalid_rapt"}"#,
        );
        assert_eq!(
            oauth,
            Some(OAuthError {
                error: "invalid_grant".into(),
                description: Some("Bad Request".into()),
                subtype: Some("invalid_rapt".into()),
            })
        );
        let api =
            read_oauth_error(br#"{"error":{"code":403,"message":"Permission missing","status":"PERMISSION_DENIED"}}"#);
        assert_eq!(
            api,
            Some(OAuthError {
                error: "permission_denied".into(),
                description: Some("Permission missing".into()),
                subtype: None,
            })
        );
    }
}
