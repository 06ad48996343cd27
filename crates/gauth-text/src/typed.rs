//! A word that the user typed, for a message: shown only if it cannot contain a secret.

use std::fmt;

use crate::redaction::begins;
use crate::{MASK, quoted, redacted};

/// The longest word that is repeated, in characters.
const LONGEST: usize = 256;

/// A word of the command line, the environment or a file: `{}` as is, `{:?}` in quotes. If it may contain a secret, what it
/// looks like is shown instead.
#[derive(Clone, Copy)]
pub struct Typed<'a>(pub &'a str);

/// What a word that may be a secret looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seems {
    /// A JSON object, such as the content of a credentials file.
    Credentials,
    /// A key in PEM.
    PrivateKey,
    /// An access token of Google's.
    AccessToken,
    /// A refresh token of Google's.
    RefreshToken,
    /// The secret of an OAuth client.
    ClientSecret,
    /// A JWT (RFC 7519), or an object in base64.
    Jwt,
    /// Longer than any name.
    TooLong,
}

impl Seems {
    /// What `word` looks like; `None` if it cannot contain a secret.
    pub fn of(word: &str) -> Option<Self> {
        let holds = |start| begins(word, start).next().is_some();
        Some(if word.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
            Self::Credentials
        } else if word.contains("-----BEGIN") {
            Self::PrivateKey
        } else if word.contains("ya29.") {
            Self::AccessToken
        } else if holds("1//") || word.to_ascii_lowercase().contains("1%2f%2f") {
            Self::RefreshToken
        } else if word.contains("GOCSPX-") {
            Self::ClientSecret
        } else if begins(word, "eyJ").any(|place| word[place..].len() > 8) {
            Self::Jwt
        } else if word.chars().nth(LONGEST).is_some() {
            Self::TooLong
        } else {
            return None;
        })
    }

    /// As [`Seems::of`], but only for what is certainly a secret: a JSON object, a key, or the prefix of a token with enough
    /// characters after it. Such a word is refused wherever no secret belongs.
    pub fn certainly(word: &str) -> Option<Self> {
        match Self::of(word)? {
            Self::TooLong => None,
            Self::Credentials => word.contains('"').then_some(Self::Credentials),
            seems => (redacted(word) != word).then_some(seems),
        }
    }
}

impl fmt::Display for Seems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => "the credentials themselves",
            Self::PrivateKey => "a private key",
            Self::AccessToken => "an access token",
            Self::RefreshToken => "a refresh token",
            Self::ClientSecret => "a client secret",
            Self::Jwt => "a signed token",
            Self::TooLong => "a text of more than 256 characters",
        })
    }
}

impl Typed<'_> {
    /// As a word of a command to paste; an ellipsis if it may be a secret.
    pub fn quoted(self) -> String {
        Seems::of(self.0).map_or_else(|| quoted(self.0.as_bytes()), |_| MASK.to_owned())
    }
}

impl fmt::Display for Typed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Seems::of(self.0) {
            None => f.write_str(self.0),
            Some(seems) => write!(f, "(not shown: looks like {seems})"),
        }
    }
}

impl fmt::Debug for Typed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Seems::of(self.0) {
            None => fmt::Debug::fmt(self.0, f),
            Some(_) => fmt::Display::fmt(self, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_may_hold_a_secret_is_not_repeated() {
        let long = "x".repeat(257);
        for (word, seems) in [
            (r#" {"type":"service_account"}"#, Seems::Credentials),
            ("{", Seems::Credentials),
            ("\n\t{}", Seems::Credentials),
            ("-----BEGIN PRIVATE KEY-----", Seems::PrivateKey),
            ("ya29.x", Seems::AccessToken),
            ("sessions,ya29.x", Seems::AccessToken),
            ("country==1//0gx", Seems::RefreshToken),
            ("1%2F%2F0gx", Seems::RefreshToken),
            ("GOCSPX-x", Seems::ClientSecret),
            ("eyJhbGciOiJSUzI1NiJ9.e30.x", Seems::Jwt),
            (&long, Seems::TooLong),
        ] {
            assert_eq!(Seems::of(word), Some(seems), "{word}");
            for shown in [format!("{}", Typed(word)), format!("{:?}", Typed(word))] {
                assert!(shown.contains("not shown") && !shown.contains(word), "{shown}");
            }
            assert_eq!(Typed(word).quoted(), MASK);
        }
    }

    #[test]
    fn only_a_whole_secret_is_certainly_one() {
        for (word, certain) in [
            (r#"{"type":"x"}"#, true),
            ("{shop}", false),
            ("ya29.x", false),
            ("ya29.a0AfH6SMBxyz", true),
            ("-----BEGIN PRIVATE KEY-----", true),
            ("pagePath=@/2021//x", false),
            (&"x".repeat(257), false),
        ] {
            assert_eq!(Seems::certainly(word).is_some(), certain, "{word}");
        }
    }

    #[test]
    fn other_words_are_repeated() {
        let long = "é".repeat(256);
        for word in ["", "sessions", "/data/2021//out.csv", "a{b}", "11//2", "keyJack", &long] {
            assert_eq!(Seems::of(word), None, "{word}");
            assert_eq!(format!("{} {:?}", Typed(word), Typed(word)), format!("{word} {word:?}"));
        }
    }
}
