//! A value that must not be printed: no `Display`, no `Serialize`, a `Debug` without content.
//! Wiped when dropped; copies that TLS or JSON buffers made on the way are out of reach.

use std::fmt;

use http::HeaderValue;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A token, client secret, private key or authorization code.
#[derive(Clone, Default, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Only for building a request, writing a credentials file or the one line of stdout.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text equals `other`, in a time that depends only on the lengths.
    pub fn matches(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The Authorization header of a request with this token (RFC 6750 §2.1), marked so that it is never printed.
///
/// # Panics
/// For a token with a character that no header has; tokens are checked when they are read.
pub fn bearer(token: &Secret) -> HeaderValue {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {}", token.expose())).expect("a checked token is a valid header");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::{Secret, bearer};

    #[test]
    fn a_bearer_header_is_always_sensitive() {
        let header = bearer(&Secret::new("canary"));
        assert_eq!(header, "Bearer canary");
        assert_eq!(format!("{header:?}"), "Sensitive");
    }

    #[test]
    fn d3_debug_shows_nothing_of_the_secret() {
        assert_eq!(format!("{:?}", Secret::new("canary")), "Secret(…)");
    }

    #[test]
    fn c5_matches_is_equality() {
        let secret = Secret::new("state-1");
        assert!(secret.matches("state-1"));
        for other in ["", "state-", "state-10", "State-1", "state-2"] {
            assert!(!secret.matches(other), "{other:?}");
        }
    }
}
