//! A value that must not be printed: no `Display`, no `Serialize`, a `Debug` without content.
//! Wiped when dropped; copies that TLS or JSON buffers made on the way are out of reach.

use std::fmt;

use zeroize::Zeroizing;

/// A token, client secret, private key or authorization code.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Only for building a request, writing a credentials file or the one line of stdout.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text equals `other`, in a time that tells only whether the lengths differ.
    pub fn matches(&self, other: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.as_bytes());
        ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

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
