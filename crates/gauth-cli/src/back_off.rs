//! How long to wait before the next try: exponential back-off with full jitter, and `Retry-After` (RFC 9110 §10.2.3).
//! The caller decides whether there is a next try.

use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, RETRY_AFTER};

use crate::terminal::Terminal;

/// The longest pause without `Retry-After`.
const LONGEST: Duration = Duration::from_secs(20);
/// The first pause, which then doubles.
const SHORTEST: Duration = Duration::from_millis(500);

/// The pause after this many failed tries: a `random` part (0 to 1) of a time that doubles, and at least `retry_after`.
/// `None` if it does not fit into `left`, the time until the caller's deadline.
pub fn pause(failed: u32, random: f64, retry_after: Option<Duration>, left: Duration) -> Option<Duration> {
    let doubled = SHORTEST.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1)));
    let jittered = doubled.min(LONGEST).mul_f64(random.clamp(0.0, 1.0));
    let pause = retry_after.map_or(jittered, |wait| wait.max(jittered));
    (pause < left).then_some(pause)
}

/// The time in `Retry-After`: seconds or a date. An invalid value or a date in the past counts as missing.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    gauth_core::timestamp::parse_http_date(value)?.duration_since(now).ok()
}

/// Reports how long the server asks to wait, if there is not so much time.
pub fn warn_of_long_wait(terminal: &Terminal, retry_after: Duration, left: Duration) {
    if retry_after >= left {
        terminal.warn(&format!("the server asks to wait {} s before the next try", retry_after.as_secs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_spread_and_bounded() {
        let hour = Duration::from_secs(3600);
        for failed in 1..=2 {
            let at = |random| pause(failed, random, None, hour).unwrap();
            assert_eq!(at(0.0), Duration::ZERO);
            assert_eq!(at(1.0), SHORTEST * 2_u32.pow(failed - 1));
            assert_eq!(at(0.5) * 2, at(1.0));
        }
        assert_eq!(pause(u32::MAX, 1.0, None, hour), Some(LONGEST));
    }

    #[test]
    fn retry_after_is_followed_only_if_it_fits() {
        let wait = |seconds, left| pause(1, 0.0, Some(Duration::from_secs(seconds)), Duration::from_secs(left));
        assert_eq!(wait(3, 10), Some(Duration::from_secs(3)));
        assert_eq!(wait(11, 10), None);
        assert_eq!(wait(u64::MAX, 10), None);
    }

    #[test]
    fn an_invalid_retry_after_counts_as_missing() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_768);
        for (value, expected) in [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(9)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999999", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            let seconds = retry_after(&headers, now).map(|wait| wait.as_secs());
            assert_eq!(seconds, expected, "{value}");
        }
    }
}
