//! Unguessable text for codes, tokens and client secrets. It is always long, so that finding it in an output proves a
//! leak.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

/// `length` characters of the URL-safe base64 alphabet.
pub(crate) fn text(length: usize) -> String {
    let mut bytes = vec![0; length];
    SystemRandom::new().fill(&mut bytes).expect("the operating system has randomness");
    let mut text = URL_SAFE_NO_PAD.encode(bytes);
    text.truncate(length);
    text
}
