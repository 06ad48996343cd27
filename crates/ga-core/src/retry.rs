//! Whether a request that failed is sent again.
//!
//! Sending again is safe, since every request of these APIs reads. Each try costs quota, though: a server
//! error counts against a budget of ten in an hour, and tokens that are used up stay so until the hour or
//! the day ends (<https://developers.google.com/analytics/devguides/reporting/data/v1/quotas>). Hence few
//! tries. When to send it again is left to the caller.

use crate::refusal::{Quota, Refusal};

/// How a try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure<'a> {
    /// The connection was refused, reset, or broke while the response came.
    Connection,
    /// The response came, but not to its end.
    Truncated,
    /// The server refused.
    Refused(&'a Refusal),
}

impl Failure<'_> {
    /// How often this failure is answered by another try.
    fn tries(self, has_retry_after: bool) -> u32 {
        match self {
            Self::Connection => 2,
            Self::Truncated => 1,
            Self::Refused(refusal) => match refusal.status {
                500 => 1,
                408 | 502 | 503 | 504 => 2,
                403 | 429 => match refusal.quota() {
                    Some(Quota::Concurrent) => 2,
                    // A quota that is not Analytics' own: only the server knows when it is free again.
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
    fn an_unknown_quota_is_tried_again_only_when_the_server_says_when() {
        let refusal = refusal(429, "Slow down");
        assert!(is_worth_another_try(Failure::Refused(&refusal), 1, true));
        assert!(!is_worth_another_try(Failure::Refused(&refusal), 1, false));
    }
}
