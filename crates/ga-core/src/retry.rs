//! Whether a request that failed is sent again.
//!
//! Retries are safe, since every request of these APIs only reads. But each costs quota: a server error counts
//! against a budget of ten per hour, and exhausted tokens return only when the hour or the day ends (<https://developers.google.com/analytics/devguides/reporting/data/v1/quotas>). So there are
//! few retries. The back-off is left to the caller.

use crate::refusal::{Quota, Refusal};

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure<'a> {
    /// The connection was refused or reset, or broke during the response.
    Connection,
    /// The response was cut off.
    Truncated,
    /// The server refused.
    Refused(&'a Refusal),
}

impl Failure<'_> {
    /// How often this failure is retried.
    fn tries(self, has_retry_after: bool) -> u32 {
        match self {
            Self::Connection => 2,
            Self::Truncated => 1,
            Self::Refused(refusal) => match refusal.status {
                500 => 1,
                408 | 502 | 503 | 504 => 2,
                403 | 429 => match refusal.quota() {
                    Some(Quota::Concurrent) => 2,
                    // Not a quota of Analytics: only the server knows when it is available again.
                    Some(Quota::Other) if has_retry_after => 2,
                    _ => 0,
                },
                _ => 0,
            },
        }
    }
}

/// Whether to try again when `failed` tries have failed, this one included.
pub fn is_worth_another_try(failure: Failure<'_>, failed: u32, has_retry_after: bool) -> bool {
    failed <= failure.tries(has_retry_after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, message: &str) -> Refusal {
        let body = format!(r#"{{"error":{{"code":{status},"message":"{message}"}}}}"#);
        Refusal::parse(status, body.as_bytes())
    }

    #[test]
    fn each_failure_has_its_number_of_tries() {
        let table = [
            (500, "", 1),
            (502, "", 2),
            (503, "", 2),
            (504, "", 2),
            (408, "", 2),
            (429, "Exhausted concurrent requests quota.", 2),
            (429, "Exhausted property tokens for a project per hour.", 0),
            (429, "Exhausted property tokens per day.", 0),
            (429, "Exhausted potentially thresholded requests quota.", 0),
            (429, "Exhausted server errors per project per hour.", 0),
            (429, "Slow down", 0),
            (400, "", 0),
            (401, "", 0),
            (403, "", 0),
            (404, "", 0),
            (501, "", 0),
        ];
        for (status, message, tries) in table {
            let refusal = refusal(status, message);
            let again = |failed| is_worth_another_try(Failure::Refused(&refusal), failed, false);
            for failed in 1..5 {
                let expected = failed <= tries;
                assert_eq!(again(failed), expected, "{status} {message} {failed}");
            }
        }
    }

    #[test]
    fn an_unknown_quota_is_retried_only_with_a_retry_after() {
        let refusal = refusal(429, "Slow down");
        assert!(is_worth_another_try(Failure::Refused(&refusal), 1, true));
        assert!(!is_worth_another_try(Failure::Refused(&refusal), 1, false));
    }
}
