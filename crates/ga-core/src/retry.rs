//! Whether a request that failed is sent again, and after how long.
//!
//! Sending again is safe, since every request of these APIs reads. Each try costs quota, though: a server
//! error counts against a budget of ten in an hour, and tokens that are used up stay so until the hour or
//! the day ends (<https://developers.google.com/analytics/devguides/reporting/data/v1/quotas>). Hence few
//! tries. `Retry-After` is RFC 9110 §10.2.3.

use std::time::Duration;

use crate::refusal::{Quota, Refusal};

/// The longest pause that is taken on our own account.
const LONGEST: Duration = Duration::from_secs(20);
/// The pause doubles from here.
const SHORTEST: Duration = Duration::from_millis(500);

/// How a try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure<'a> {
    /// The connection was refused, reset, or broke while the answer came.
    Connection,
    /// The answer came, but not to its end.
    Truncated,
    /// The server refused.
    Refused(&'a Refusal),
}

impl Failure<'_> {
    /// How often this failure is answered by another try.
    fn tries(self, has_wish: bool) -> u32 {
        match self {
            Self::Connection => 2,
            Self::Truncated => 1,
            Self::Refused(refusal) => match refusal.status {
                500 => 1,
                408 | 502 | 503 | 504 => 2,
                403 | 429 => match refusal.quota() {
                    Some(Quota::Concurrent) => 2,
                    // A quota that is not Analytics' own: only the server knows when it is free again.
                    Some(Quota::Other) if has_wish => 2,
                    _ => 0,
                },
                _ => 0,
            },
        }
    }
}

/// The pause before the next try, or `None` to give up. `failed` is how many tries have failed, this one
/// included; for the rest see [`backoff`].
pub fn pause(
    failure: Failure<'_>,
    failed: u32,
    random: f64,
    retry_after: Option<Duration>,
    left: Duration,
) -> Option<Duration> {
    if failed > failure.tries(retry_after.is_some()) {
        return None;
    }
    backoff(failed, random, retry_after, left)
}

/// How long to wait after so many failed tries: `random`, evenly spread from 0 to 1, of a time that doubles.
/// `retry_after` is what the server wishes and `left` is the time until the caller's deadline; a wait that
/// does not fit is none.
pub fn backoff(failed: u32, random: f64, retry_after: Option<Duration>, left: Duration) -> Option<Duration> {
    let doubled = SHORTEST.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1)));
    let jittered = doubled.min(LONGEST).mul_f64(random.clamp(0.0, 1.0));
    let pause = retry_after.map_or(jittered, |wish| wish.max(jittered));
    (pause < left).then_some(pause)
}

/// Reads `Retry-After`: seconds or a date. What cannot be read, or lies behind, is as good as missing.
/// `date` gives the seconds from now to an HTTP date.
pub fn retry_after(value: &str, date: impl Fn(&str) -> Option<Duration>) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    date(value)
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
        let hour = Duration::from_secs(3600);
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
            let again = |failed| pause(Failure::Refused(&refusal), failed, 0.5, None, hour);
            for failed in 1..5 {
                let expected = failed <= tries;
                assert_eq!(again(failed).is_some(), expected, "{status} {message} {failed}");
            }
        }
    }

    #[test]
    fn pauses_are_spread_and_bounded() {
        let hour = Duration::from_secs(3600);
        for failed in 1..=2 {
            let at = |random| pause(Failure::Connection, failed, random, None, hour).unwrap();
            assert_eq!(at(0.0), Duration::ZERO);
            assert_eq!(at(1.0), SHORTEST * 2_u32.pow(failed - 1));
            assert_eq!(at(0.5) * 2, at(1.0));
        }
    }

    #[test]
    fn a_wish_is_followed_only_if_it_fits() {
        let wish = |seconds, left| {
            pause(Failure::Connection, 1, 0.0, Some(Duration::from_secs(seconds)), Duration::from_secs(left))
        };
        assert_eq!(wish(3, 10), Some(Duration::from_secs(3)));
        assert_eq!(wish(11, 10), None);
        assert_eq!(wish(u64::MAX, 10), None);
    }

    #[test]
    fn an_unknown_quota_is_tried_again_only_when_the_server_says_when() {
        let refusal = refusal(429, "Slow down");
        let second = Duration::from_secs(1);
        let hour = Duration::from_secs(3600);
        let again = |wish| pause(Failure::Refused(&refusal), 1, 0.0, wish, hour);
        assert_eq!(again(Some(second)), Some(second));
        assert_eq!(again(None), None);
    }

    #[test]
    fn a_wish_that_cannot_be_read_is_no_wish() {
        let date = |text: &str| (text == "DATE").then_some(Duration::from_secs(9));
        let table = [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("DATE", Some(9)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999999", None),
        ];
        for (value, expected) in table {
            let seconds = retry_after(value, date).map(|wish| wish.as_secs());
            assert_eq!(seconds, expected, "{value}");
        }
    }
}
