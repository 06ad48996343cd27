//! What can go wrong, and what kind of trouble it is for a script (the exit code is chosen by gauth-cli).
//! Server errors keep the server's own words: RFC 6749 §5.2 for OAuth, Google's status envelope for APIs.

use std::fmt;

use http::StatusCode;
use serde_json::Value;

use crate::remedy;

/// What a script should do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Anything that trying again or other input will not mend.
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

/// Which grant an error answers: the same word means different things for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grant {
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
    /// A subject token was sought at its source.
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

impl Grant {
    /// What was being done, to stand before the cause.
    fn doing(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "exchange the authorization code",
            Self::RefreshToken => "refresh the access token",
            Self::WorkforceRefreshToken => "refresh the workforce user's access token",
            Self::JwtBearer => "exchange the signed assertion",
            Self::TokenExchange => "exchange the subject token",
            Self::IamCredentials => "act as the service account",
            Self::SubjectToken => "get the subject token",
            Self::MetadataServer => "ask the metadata server",
            Self::TokenInfo => "look the token up",
            Self::UserInfo => "ask whose token it is",
            Self::Revocation => "revoke the grant",
        }
    }
}

/// An OAuth error answer, as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OAuthError {
    /// `error`: the word that decides; for Google's API envelope its `status` in lower case.
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
    /// What is asked for cannot be had from these credentials, and why.
    Unsupported {
        /// One line.
        reason: String,
        /// The next thing to do.
        hint: Option<String>,
    },
    /// There is nothing that a token could be had with.
    NoCredentials {
        /// One line.
        reason: String,
        /// The next thing to do.
        hint: String,
    },
    /// The server answered with an OAuth or API error.
    Refused {
        /// Which exchange failed.
        grant: Grant,
        /// HTTP status.
        status: StatusCode,
        /// The server's words.
        oauth: OAuthError,
        /// Server's clock minus ours in seconds, when the answer carried a `Date`.
        skew: Option<i64>,
    },
    /// The server answered with a status and no error body that can be read.
    Status {
        /// Which exchange failed.
        grant: Grant,
        /// HTTP status.
        status: StatusCode,
        /// What the body was, shortened.
        body: String,
    },
    /// A success that does not hold what the standard promises.
    Answer {
        /// Which exchange failed.
        grant: Grant,
        /// What is wrong with it.
        reason: String,
    },
    /// The consent did not end in a code.
    Consent {
        /// The `error` parameter of the redirect.
        error: String,
        /// `error_description`, when sent.
        description: Option<String>,
    },
}

impl Error {
    /// What a script should do about it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Input(_) | Self::Unsupported { .. } => Kind::Usage,
            Self::NoCredentials { .. } => Kind::Login,
            Self::Refused { oauth: OAuthError { subtype: Some(reason), .. }, .. } if is_rate_limit(reason) => {
                Kind::Temporary
            }
            Self::Refused { status, oauth, .. } => kind_of_word(&oauth.error, *status),
            Self::Status { status, .. } => kind_of_status(*status),
            Self::Answer { .. } => Kind::Failed,
            Self::Consent { error, .. } => kind_of_word(error, StatusCode::FORBIDDEN),
        }
    }

    /// The next thing to type or do, when there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsupported { hint, .. } => hint.clone(),
            Self::NoCredentials { hint, .. } => Some(hint.clone()),
            Self::Refused { grant, oauth, skew, .. } => remedy::for_refusal(*grant, oauth, *skew),
            Self::Consent { error, .. } => remedy::for_consent(error),
            Self::Input(_) | Self::Status { .. } | Self::Answer { .. } => None,
        }
    }

    /// An [`Error::Input`] about one field of a document, or about an option, which tells itself by its dashes.
    pub(crate) fn field(name: &str, trouble: &str) -> Self {
        let what = if name.starts_with("--") { "" } else { "field " };
        Self::Input(format!("{what}{name}: {trouble}"))
    }

    /// The same trouble, found in a nested object.
    pub(crate) fn within(self, field: &str) -> Self {
        match self {
            Self::Input(trouble) => Self::Input(format!("field {field}: {trouble}")),
            Self::Unsupported { reason, hint } => {
                Self::Unsupported { reason: format!("field {field}: {reason}"), hint }
            }
            other => other,
        }
    }

    /// Reads the error out of an answer that is not a success.
    pub(crate) fn from_response(grant: Grant, response: &crate::Response, now: std::time::SystemTime) -> Self {
        let status = response.status();
        match read_oauth_error(response.body()) {
            Some(oauth) => Self::Refused { grant, status, oauth, skew: crate::timestamp::skew(response, now) },
            None => Self::Status { grant, status, body: summary(response.body()) },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(trouble) => f.write_str(trouble),
            Self::Unsupported { reason, .. } | Self::NoCredentials { reason, .. } => f.write_str(reason),
            Self::Refused { grant, oauth, .. } => {
                write!(f, "{}: {}", grant.doing(), oauth.error)?;
                if let Some(subtype) = &oauth.subtype {
                    write!(f, " ({subtype})")?;
                }
                if let Some(description) = &oauth.description {
                    write!(f, ": {description}")?;
                }
                Ok(())
            }
            Self::Status { grant, status, body } => write!(f, "{}: HTTP {}: {body}", grant.doing(), status.as_u16()),
            Self::Answer { grant, reason } => write!(f, "{}: {reason}", grant.doing()),
            Self::Consent { error, description } => {
                write!(f, "ask for consent: {error}")?;
                match description {
                    Some(description) => write!(f, ": {description}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for Error {}

/// Whether a reason of Google's APIs says that a limit was met, which they also do under 403.
fn is_rate_limit(reason: &str) -> bool {
    ["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"].contains(&reason)
}

fn kind_of_word(word: &str, status: StatusCode) -> Kind {
    match word {
        "invalid_grant" | "invalid_token" | "unauthenticated" => Kind::Login,
        "access_denied"
        | "admin_policy_enforced"
        | "consent_required"
        | "deleted_client"
        | "disallowed_useragent"
        | "insufficient_scope"
        | "interaction_required"
        | "invalid_client"
        | "invalid_scope"
        | "invalid_target"
        | "login_required"
        | "not_found"
        | "org_internal"
        | "permission_denied"
        | "redirect_uri_mismatch"
        | "unauthorized_client" => Kind::Refused,
        "internal_failure"
        | "server_error"
        | "temporarily_unavailable"
        | "slow_down"
        | "rate_limit_exceeded"
        | "resource_exhausted"
        | "unavailable" => Kind::Temporary,
        "invalid_request" | "unsupported_grant_type" | "unsupported_response_type" | "invalid_argument" => Kind::Failed,
        _ => kind_of_status(status),
    }
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

/// What a body that is no JSON looks like, short enough for one line: an HTML page is named, not shown.
pub(crate) fn summary(body: &[u8]) -> String {
    const SHOWN: usize = 120;
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    let text = text.trim();
    if text.is_empty() {
        "empty answer".to_owned()
    } else if text.starts_with('<') {
        "an HTML page instead of JSON".to_owned()
    } else if text.chars().count() > SHOWN || serde_json::from_str::<Value>(text).is_ok() {
        // A JSON answer without an error word may hold a token: it is never shown.
        "an answer without an error word".to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(word: &str, status: u16) -> Error {
        Error::Refused {
            grant: Grant::RefreshToken,
            status: StatusCode::from_u16(status).unwrap(),
            oauth: OAuthError { error: word.to_owned(), ..OAuthError::default() },
            skew: None,
        }
    }

    #[test]
    fn the_oauth_word_decides_before_the_status_does() {
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
            ("rateLimitExceeded", Kind::Temporary),
            ("RATE_LIMIT_EXCEEDED", Kind::Temporary),
            ("forbidden", Kind::Refused),
        ] {
            for list in ["errors", "details"] {
                let body = format!(
                    r#"{{"error":{{"code":403,"status":"PERMISSION_DENIED","{list}":[{{"x":1}},{{"reason":"{reason}"}}]}}}}"#
                );
                let response = http::Response::builder().status(403).body(body.into_bytes()).unwrap();
                let error = Error::from_response(Grant::IamCredentials, &response, std::time::SystemTime::UNIX_EPOCH);
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

    #[test]
    fn f11_a_page_that_is_no_json_is_summed_up() {
        for (body, shown) in [
            ("", "empty answer"),
            ("<html>\u{1b}[2J", "an HTML page instead of JSON"),
            (" upstream gone ", "upstream gone"),
            (r#"{"access_token":"canary"}"#, "an answer without an error word"),
        ] {
            assert_eq!(summary(body.as_bytes()), shown);
        }
    }
}
