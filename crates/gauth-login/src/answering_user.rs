//! Whether the user whose browser answered may log in here. Another user of the machine can read the consent URL, with its
//! `state`, in the browser's command line; this keeps such a user from answering. Where the system does not show who
//! answers, `state` and PKCE protect the login.

use std::fs;

use gauth_cli::environment;
use gauth_cli::loopback::peer::Peer;

/// Whether the user of this process may have sent the request: as themselves, through sudo, or through a service of
/// the system (an SSH tunnel).
pub(crate) fn may_answer(peer: Peer) -> bool {
    match peer {
        Peer::User(uid) => is_own(uid),
        Peer::Gone => false,
        Peer::Unknown => true,
    }
}

fn is_own(uid: u32) -> bool {
    let of_sudo = || environment::variable("SUDO_UID")?.to_str()?.parse().ok();
    #[cfg(unix)]
    let is_ours = uid == rustix::process::getuid().as_raw() || uid == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    let is_ours = true;
    is_ours || uid == 0 || of_sudo() == Some(uid)
}

/// A user's name, or the number if there is no name.
pub(crate) fn name(uid: u32) -> String {
    let number = uid.to_string();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, found) = (fields.next()?, fields.next()?, fields.next()?);
        (found == number).then(|| name.to_owned())
    });
    named.unwrap_or(number)
}
