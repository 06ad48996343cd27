//! The errors of Google's APIs, each with its kind and a hint.
//!
//! The shape is google.rpc.Status in JSON (<https://cloud.google.com/apis/design/errors>): `{"error":
//! {code, message, status, details}}`. Unknown paths answer with HTML, and Core Reporting v3 puts the reason
//! into `errors[0].reason`; both are read. Retries are left to [`crate::retry`].

use std::fmt;

use gauth_text::refusal;
use serde_json::Value;

use crate::error::Kind;

/// The hint for a 403 that is about neither scope nor project: the account probably has no role at the property.
const NO_ROLE: &str = "ask the administrator of the property for the Viewer role (Analytics, Admin, Property access \
                       management), or run ga-properties to list what this token can see; the number of an account or of \
                       a Universal Analytics view is not a property";

/// A response with a status other than 2xx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The name of the canonical code (`PERMISSION_DENIED`), or v3's reason; empty when there is none.
    pub code: String,
    /// The server's own words, or a summary of a response that has none.
    pub message: String,
    /// `reason` of the google.rpc.ErrorInfo among the details, or of the first of v3's errors.
    pub reason: Option<String>,
    /// The page on which a disabled API can be enabled, from the details or from the message.
    pub link: Option<String>,
}

impl Refusal {
    /// Reads the body of a response whose `status` is not 2xx. Never fails: a body that is not Google's
    /// shape is summed up.
    pub fn parse(status: u16, body: &[u8]) -> Self {
        if (300..400).contains(&status) {
            return Self::without_code(status, "a redirect: a token is never sent to another address".to_owned());
        }
        let envelope = serde_json::from_slice::<Value>(body).ok();
        // Some methods wrap the one error into a list.
        let error = match &envelope {
            Some(Value::Array(items)) => items.first().and_then(|item| item.get("error")),
            Some(value) => value.get("error"),
            None => None,
        };
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let Some(error @ Value::Object(_)) = error else {
            // OAuth's shape, RFC 6749 §5.2.
            let words = ["error", "error_description"].map(|name| text(envelope.as_ref()?.get(name)));
            let words: Vec<String> = words.into_iter().flatten().collect();
            return Self::without_code(
                status,
                if words.is_empty() { refusal::summary(body) } else { words.join(": ") },
            );
        };
        let details: &[Value] = error.get("details").and_then(Value::as_array).map_or(&[], Vec::as_slice);
        let first_v3 = error.get("errors").and_then(|errors| errors.get(0));
        let reason_v3 = || text(first_v3.and_then(|error| error.get("reason")));
        let message = text(error.get("message")).unwrap_or_default();
        let link = details
            .iter()
            .filter_map(|detail| detail.get("links")?.as_array())
            .flatten()
            .find_map(|link| text(link.get("url")))
            .or_else(|| text(first_v3.and_then(|error| error.get("extendedHelp"))))
            .or_else(|| link_in(&message));
        Self {
            status,
            code: text(error.get("status")).or_else(reason_v3).unwrap_or_default(),
            reason: details.iter().find_map(|detail| text(detail.get("reason"))).or_else(reason_v3),
            message,
            link,
        }
    }

    fn without_code(status: u16, message: String) -> Self {
        Self { status, code: String::new(), message, reason: None, link: None }
    }

    /// What a script should do about it.
    pub fn kind(&self) -> Kind {
        match self.status {
            401 => Kind::Login,
            403 if self.is_rate_limit() => Kind::Temporary,
            400 | 403 | 404 => Kind::Refused,
            408 | 429 | 500..=599 => Kind::Temporary,
            _ => Kind::Failed,
        }
    }

    fn has_reason(&self, reason: &str) -> bool {
        self.reason.as_deref() == Some(reason) || self.code == reason
    }

    /// Whether a limit was exceeded, which some of Google's front ends report as 403.
    fn is_rate_limit(&self) -> bool {
        self.status == 429
            || (self.status == 403
                && self.reason.as_deref().into_iter().chain([&*self.code]).any(refusal::is_rate_limit))
    }

    /// The exhausted quota, if there is one.
    pub fn quota(&self) -> Option<Quota> {
        if !self.is_rate_limit() {
            return None;
        }
        let text = self.message.to_ascii_lowercase();
        let has = |word: &str| text.contains(word);
        Some(if has("concurrent") || self.has_reason("concurrentLimitExceeded") {
            Quota::Concurrent
        } else if has("threshold") {
            Quota::Thresholded
        } else if has("server error") {
            Quota::ServerErrors
        } else if has("per day") || has("24 hours") || has("daily") || self.has_reason("dailyLimitExceeded") {
            Quota::Day
        } else if has("per hour") || has("hour") {
            Quota::Hour
        } else {
            Quota::Other
        })
    }

    /// What to type or to do next, if known.
    pub fn hint(&self) -> Option<String> {
        let hint = match self.status {
            401 if self.reason.as_deref() == Some("CREDENTIALS_MISSING") => {
                "pass a token with --token $(gauth-token): none reached the server".to_owned()
            }
            401 => "run gauth-token --refresh: the token has expired, was revoked or is not for this API".to_owned(),
            403 | 429 if self.is_rate_limit() => self.quota()?.hint().to_owned(),
            403 => self.remedy_of_forbidden().unwrap_or_else(|| NO_ROLE.to_owned()),
            404 => "run ga-properties to list what this token can see".to_owned(),
            504 => "use a shorter date range".to_owned(),
            _ => return None,
        };
        Some(hint)
    }

    /// What to do about the scope or the project, if those were refused.
    fn remedy_of_forbidden(&self) -> Option<String> {
        let has = |word: &str| self.message.contains(word);
        let is = |reason: &str| self.has_reason(reason);
        if is("ACCESS_TOKEN_SCOPE_INSUFFICIENT") || has("authentication scopes") {
            return Some(
                "run gauth-login --scope analytics.readonly: the token lacks the scope \
                 https://www.googleapis.com/auth/analytics.readonly"
                    .to_owned(),
            );
        }
        if has("quota project") || is("USER_PROJECT_DENIED") || is("CONSUMER_INVALID") {
            return Some("set a project with --quota-project ID or GOOGLE_CLOUD_QUOTA_PROJECT".to_owned());
        }
        if is("SERVICE_DISABLED") || is("accessNotConfigured") || has("it is disabled") {
            return Some(match &self.link {
                Some(link) => format!("enable the API at {link}"),
                None => "enable the API in the project of the OAuth client: \
                         https://console.cloud.google.com/apis/library"
                    .to_owned(),
            });
        }
        None
    }

    /// Whether access to the property was refused, not the token, its scope or its project.
    pub fn is_about_property(&self) -> bool {
        self.status == 403 && !self.is_rate_limit() && self.remedy_of_forbidden().is_none()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}", self.status)?;
        if !self.code.is_empty() {
            write!(f, " {}", self.code)?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(quota @ (Quota::Day | Quota::Hour | Quota::ServerErrors)) = self.quota() {
            write!(f, " ({})", quota.name())?;
        }
        Ok(())
    }
}

/// The buckets of <https://developers.google.com/analytics/devguides/reporting/data/v1/quotas>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Concurrent requests: available again in seconds.
    Concurrent,
    /// Tokens of the property, or of one project at the property, in an hour.
    Hour,
    /// Tokens of the property in a day.
    Day,
    /// Requests whose rows may be withheld to protect people.
    Thresholded,
    /// Server errors of one project in an hour: each retry adds to them.
    ServerErrors,
    /// Another limit, such as the Cloud project's own.
    Other,
}

impl Quota {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Concurrent => "concurrent requests",
            Self::Hour => "the hourly token quota is used up",
            Self::Day => "the daily token quota is used up",
            Self::Thresholded => "potentially thresholded requests per hour",
            Self::ServerErrors => "the hourly quota of server errors is used up",
            Self::Other => "request quota",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Concurrent => "lower --parallel, or run fewer reports at the same time",
            Self::Hour => "run it again in an hour; add --quota to see what is left",
            Self::Day => "run it again after midnight Pacific time; add --quota to see what is left",
            Self::Thresholded => "leave out demographic fields, or run it again in an hour",
            Self::ServerErrors => "run it again in an hour; every attempt before then counts too",
            Self::Other => "run it again in a minute",
        }
    }
}

/// The console's link in "… Enable it by visiting URL then retry".
fn link_in(message: &str) -> Option<String> {
    let start = message.find("https://console.")?;
    let link = message[start..].split_whitespace().next()?;
    Some(link.trim_end_matches(['.', ',']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(status: u16, body: &str) -> Refusal {
        Refusal::parse(status, body.as_bytes())
    }

    #[test]
    fn the_servers_own_words_are_kept() {
        let refusal = parse(
            400,
            r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"Field x is not a valid dimension."}}"#,
        );
        assert_eq!(refusal.to_string(), "the server answered 400 INVALID_ARGUMENT: Field x is not a valid dimension.");
        assert_eq!(refusal.kind(), Kind::Refused);
        let v3 = parse(
            403,
            r#"{"error":{"errors":[{"domain":"global","reason":"insufficientPermissions","message":"no"}],"code":403,"message":"no"}}"#,
        );
        assert_eq!(v3.code, "insufficientPermissions");
        let list = parse(503, r#"[{"error":{"status":"UNAVAILABLE","message":"later"}}]"#);
        assert_eq!((&*list.code, list.kind()), ("UNAVAILABLE", Kind::Temporary));
    }

    #[test]
    fn without_googles_shape_there_are_oauths_words_or_a_summary() {
        for (body, message) in [
            (r#"{"error":"invalid_token"}"#, "invalid_token"),
            (r#"{"error":"invalid_token","error_description":"Bad"}"#, "invalid_token: Bad"),
            ("<title>Error 404</title>", "Error 404"),
        ] {
            assert_eq!(parse(404, body).message, message);
        }
    }

    #[test]
    fn each_refusal_names_what_to_do() {
        let error = |message: &str, reason: &str| {
            format!(r#"{{"error":{{"message":"{message}","details":[{{"@type":"x"}},{{"reason":"{reason}"}}]}}}}"#)
        };
        let table = [
            (401, error("Request is missing", "CREDENTIALS_MISSING"), "--token $(gauth-token)"),
            (401, error("invalid", ""), "run gauth-token --refresh"),
            (403, error("x", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), "gauth-login --scope"),
            (403, error("Request had insufficient authentication scopes.", ""), "analytics.readonly"),
            (403, error("User does not have sufficient permissions", ""), "ga-properties"),
            (
                403,
                error(
                    "It is disabled. Enable it by visiting https://console.developers.google.com/a?b=1 then",
                    "SERVICE_DISABLED",
                ),
                "https://console.developers.google.com/a?b=1",
            ),
            (403, error("requires a quota project", ""), "--quota-project"),
            (403, error("requires a quota project", ""), "GOOGLE_CLOUD_QUOTA_PROJECT"),
            (429, error("Exhausted property tokens per day.", ""), "midnight Pacific"),
            (504, error("Deadline", ""), "shorter date range"),
        ];
        for (status, body, word) in table {
            let hint = parse(status, &body).hint().unwrap();
            assert!(hint.contains(word), "{body}: {hint}");
        }
        assert_eq!(parse(500, "").hint(), None);
    }

    #[test]
    fn a_limit_of_requests_is_temporary_under_403_too() {
        for reason in ["userRateLimitExceeded", "rateLimitExceeded", "RATE_LIMIT_EXCEEDED"] {
            for list in ["errors", "details"] {
                for status in ["", r#""status":"PERMISSION_DENIED","#] {
                    let body = format!(
                        r#"{{"error":{{{status}"message":"User Rate Limit Exceeded","{list}":[{{"reason":"{reason}"}}]}}}}"#
                    );
                    let refusal = parse(403, &body);
                    assert_eq!((refusal.kind(), refusal.quota()), (Kind::Temporary, Some(Quota::Other)), "{body}");
                    assert_eq!(refusal.hint().as_deref(), Some("run it again in a minute"));
                    assert!(!refusal.is_about_property());
                }
            }
        }
        for (reason, quota) in [
            ("concurrentLimitExceeded", Quota::Concurrent),
            ("dailyLimitExceeded", Quota::Day),
            ("quotaExceeded", Quota::Other),
        ] {
            let refusal = parse(403, &format!(r#"{{"error":{{"errors":[{{"reason":"{reason}"}}]}}}}"#));
            assert_eq!((refusal.kind(), refusal.quota()), (Kind::Temporary, Some(quota)), "{reason}");
        }
        assert_eq!(parse(403, r#"{"error":{"errors":[{"reason":"forbidden"}]}}"#).kind(), Kind::Refused);
    }

    #[test]
    fn an_invalid_consumer_is_a_matter_of_the_quota_project() {
        let body = r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"Permission denied on resource project x.","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"CONSUMER_INVALID"}]}}"#;
        let refusal = parse(403, body);
        assert_eq!(refusal.kind(), Kind::Refused);
        assert!(refusal.hint().unwrap().contains("--quota-project ID or GOOGLE_CLOUD_QUOTA_PROJECT"));
        assert!(!refusal.is_about_property());
    }

    #[test]
    fn each_quota_is_recognised() {
        let table = [
            ("Exhausted concurrent requests quota.", Quota::Concurrent),
            (
                "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour.",
                Quota::Hour,
            ),
            ("Exhausted property tokens per day. These quota tokens will return in under 24 hours.", Quota::Day),
            ("Exhausted potentially thresholded requests quota.", Quota::Thresholded),
            ("Exhausted server errors for a project per hour.", Quota::ServerErrors),
            ("Too many", Quota::Other),
        ];
        for (message, quota) in table {
            let body = format!(r#"{{"error":{{"message":"{message}"}}}}"#);
            assert_eq!(parse(429, &body).quota(), Some(quota), "{message}");
            assert_eq!(parse(503, &body).quota(), None);
        }
    }
}
