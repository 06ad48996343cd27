//! Addresses that need no name server: literals, and `localhost`, which is this machine (RFC 6761 §6.3) regardless of what a
//! name server says. All others go to the system's resolver, which needs a thread and may take seconds.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The addresses of `localhost`.
pub const LOCALHOST: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// As many as ureq tries.
const MOST: usize = 16;

/// For ureq.
#[derive(Debug)]
pub(crate) struct KnownFirst;

impl Resolver for KnownFirst {
    fn resolve(&self, uri: &Uri, _config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let default_port = || if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or_else(default_port);
        let mut found: Vec<_> = known(host).into_iter().map(|address| SocketAddr::new(address, port)).collect();
        if found.is_empty() {
            found = looked_up(host, port, *timeout.after).ok_or(ureq::Error::Timeout(timeout.reason))??;
        }
        let mut addresses = self.empty();
        found.into_iter().take(MOST).for_each(|address| addresses.push(address));
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}

/// What the system's resolver finds in this time. Without a thread it runs in this one, with the system's deadline. (A channel
/// would take thread-local storage, of which musl has little; see `files/replacement.rs`.)
fn looked_up(host: &str, port: u16, time: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
    let address = format!("{host}:{port}");
    let look_up = move || address.to_socket_addrs().map(Iterator::collect);
    let shared = Arc::new((Mutex::new(None), Condvar::new()));
    let (theirs, look_up_there) = (Arc::clone(&shared), look_up.clone());
    let thread = thread::Builder::new().spawn(move || {
        let found = look_up_there();
        *theirs.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        theirs.1.notify_one();
    });
    if thread.is_err() {
        return Some(look_up());
    }
    let found = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = shared.1.wait_timeout_while(found, time, |found| found.is_none());
    waited.unwrap_or_else(PoisonError::into_inner).0.take()
}

fn known(host: &str) -> Vec<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return LOCALHOST.to_vec();
    }
    host.trim_start_matches('[').trim_end_matches(']').parse().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_localhost_and_literals_are_known_and_nothing_else() {
        assert_eq!(known("localhost"), LOCALHOST);
        assert_eq!(known("LocalHost"), LOCALHOST);
        assert_eq!(known("127.8.0.1"), ["127.8.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(known("[::1]"), ["::1".parse::<IpAddr>().unwrap()]);
        for host in ["localhost.", "localhost.evil.test", "oauth2.googleapis.com", "127.1", ""] {
            assert!(known(host).is_empty(), "{host}");
        }
    }
}
