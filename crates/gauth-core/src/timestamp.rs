//! The times in credentials files and responses: RFC 3339 in UTC, and HTTP's `Date` (RFC 9110 §5.6.7).
//! Times are Unix seconds, or exact where a second is too coarse, in the years 1970 to 9999. Dates of a calendar, with
//! time zones, are in ga-core: gauth-token starts quickly because it needs no calendar.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::DATE;

/// Whole seconds since 1970, 0 for anything earlier.
pub fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// `2026-01-31T09:08:07Z`; `None` past the year 9999.
pub fn rfc3339(seconds: u64) -> Option<String> {
    const YEAR_10000: u64 = 253_402_300_800;
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    (seconds < YEAR_10000).then(|| humantime::format_rfc3339_seconds(time).to_string())
}

/// Unix seconds of an RFC 3339 time in UTC, as Google and its libraries write it; a fraction is dropped.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    parse_exact(text).map(unix_seconds)
}

/// `2026-01-31T09:08:07.000000001Z`; `None` past the year 9999.
pub(crate) fn exact(time: SystemTime) -> Option<String> {
    rfc3339(unix_seconds(time)).map(|_| humantime::format_rfc3339_nanos(time).to_string())
}

/// A time from [`exact`], or the same with fewer digits.
pub(crate) fn parse_exact(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

/// An HTTP date (RFC 9110 §5.6.7).
pub fn parse_http_date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

/// The server's clock minus ours in seconds, from the response's `Date`.
pub(crate) fn skew(response: &crate::Response, now: SystemTime) -> Option<i64> {
    let date = response.headers().get(DATE)?.to_str().ok()?;
    let server = parse_http_date(date)?;
    let seconds = |time| i64::try_from(unix_seconds(time)).ok();
    Some(seconds(server)? - seconds(now)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_reads_what_it_writes() {
        assert_eq!(rfc3339(1_769_850_487).as_deref(), Some("2026-01-31T09:08:07Z"));
        for text in ["2026-01-31T09:08:07Z", "2026-01-31T09:08:07.123456Z"] {
            assert_eq!(parse_rfc3339(text), Some(1_769_850_487), "{text}");
        }
    }

    #[test]
    fn exact_times_keep_their_nanoseconds() {
        let time = UNIX_EPOCH + Duration::new(1_769_850_487, 123_456_789);
        assert_eq!(exact(time).as_deref(), Some("2026-01-31T09:08:07.123456789Z"));
        assert_eq!(parse_exact("2026-01-31T09:08:07.123456789Z"), Some(time));
    }

    #[test]
    fn g4_invalid_times_are_refused() {
        for text in ["", "tomorrow", "2026-13-01T00:00:00Z", "2026-01-31T10:08:07+01:00", "1960-01-01T00:00:00Z"] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
        assert_eq!(rfc3339(u64::MAX), None);
    }
}
