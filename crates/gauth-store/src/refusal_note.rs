//! The error of a server, left in the lock file for the processes that were waiting for the same token: two hundred of them
//! make one request. Only a server's errors are shared. A timeout, a proxy or a file may work for another process.

use std::time::SystemTime;

use gauth_cli::exit::{self, Failure};
use gauth_cli::lock::Lock;

/// Leaves the failure for the processes that wait for the token of the cache entry `name`, if it is the server's. It has no
/// secret, like all messages.
pub(crate) fn leave(lock: &Lock, name: &str, error: &anyhow::Error) {
    if !is_the_servers(error) {
        return;
    }
    let failure = Failure::of(error);
    let mut note = format!("{} {} {name}\n", nanoseconds(SystemTime::now()), failure.kind() as u8);
    for line in std::iter::once(&failure.to_string()).chain(failure.hints()) {
        note.push_str(&line.replace(['\n', '\r'], " "));
        note.push('\n');
    }
    // Without the note the others make their own request.
    let _ = lock.leave_note(note.as_bytes());
}

/// The failure that another process left about the same entry after `asked_at`, while this process was waiting. One from
/// the future was left when the clock was wrong, and is ignored.
pub(crate) fn read(lock: &Lock, name: &str, asked_at: SystemTime) -> Option<Failure> {
    parse(&String::from_utf8(lock.note().ok()?).ok()?, name, asked_at, SystemTime::now())
}

/// Removes a note that is no longer true.
pub(crate) fn clear(lock: &Lock) {
    if lock.note().is_ok_and(|note| !note.is_empty()) {
        // A note that stays is recognised by its time.
        let _ = lock.leave_note(b"");
    }
}

fn parse(note: &str, name: &str, asked_at: SystemTime, now: SystemTime) -> Option<Failure> {
    let mut lines = note.lines();
    let mut words = lines.next()?.split(' ');
    let failed_at: u128 = words.next()?.parse().ok()?;
    let kind = exit::Kind::from_code(words.next()?.parse().ok()?)?;
    if words.next() != Some(name) || !(nanoseconds(asked_at)..=nanoseconds(now)).contains(&failed_at) {
        return None;
    }
    let message = lines.next()?;
    Some(lines.fold(Failure::new(kind, message), Failure::hint))
}

fn is_the_servers(error: &anyhow::Error) -> bool {
    use gauth_core::Error::{BadResponse, Refused, Status};
    matches!(error.downcast_ref(), Some(Refused { .. } | Status { .. } | BadResponse { .. }))
}

fn nanoseconds(time: SystemTime) -> u128 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn b8_only_a_note_from_the_time_of_waiting_counts() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let heard = |failed_at: u64, name: &str| {
            let note = format!("{} 3 entry\ninvalid_grant\nrun gauth-login\n", nanoseconds(at(failed_at)));
            parse(&note, name, at(100), at(200)).map(|failure| failure.to_string())
        };
        assert_eq!(heard(150, "entry").as_deref(), Some("invalid_grant"));
        for (failed_at, name) in [(150, "other"), (99, "entry"), (201, "entry"), (90_000, "entry")] {
            assert_eq!(heard(failed_at, name), None, "{failed_at} {name}");
        }
        assert!(parse("", "entry", at(0), at(1)).is_none());
        assert!(parse("150000000000 9 entry\nwhat\n", "entry", at(100), at(200)).is_none());
    }

    #[test]
    fn b8_only_errors_of_the_server_are_shared() {
        let status =
            gauth_core::Error::BadResponse { call: gauth_core::error::Call::RefreshToken, reason: "x".to_owned() };
        assert!(is_the_servers(&status.into()));
        for own in [
            Failure::new(exit::Kind::Temporary, "timed out").into(),
            gauth_core::Error::Input("a file".to_owned()).into(),
            std::io::Error::from_raw_os_error(5).into(),
        ] {
            assert!(!is_the_servers(&own), "{own}");
        }
    }
}
