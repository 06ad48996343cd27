//! Addresses that need no name server: literals, and `localhost`, which is this machine (RFC 6761 §6.3) regardless of what a
//! name server says. All others go to the system's resolver, which needs a thread and may take seconds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::unversioned::transport::time::Duration;

/// The addresses of `localhost`.
pub const LOCALHOST: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// For ureq.
#[derive(Debug, Default)]
pub(crate) struct KnownFirst(DefaultResolver);

impl Resolver for KnownFirst {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let known = known(uri.host().unwrap_or_default());
        if known.is_empty() {
            // Without a thread the resolver runs in this one, with the system's deadline.
            let has_thread = thread::Builder::new().spawn(|| {}).is_ok();
            let after = if has_thread { timeout.after } else { Duration::NotHappening };
            return self.0.resolve(uri, config, NextTimeout { after, ..timeout });
        }
        let default_port = || if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or_else(default_port);
        let mut addresses = self.empty();
        for address in known {
            addresses.push(SocketAddr::new(address, port));
        }
        Ok(addresses)
    }
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
