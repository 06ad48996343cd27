//! The search for leaked secrets (D3): no secret may appear in output for people or in logs, whole or in part, in any
//! encoding.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A piece of a secret of this length is a leak.
const PIECE: usize = 12;

/// Expects that `stream` has no piece of any of `secrets`, as is, percent-encoded, in base64 or base64url.
#[track_caller]
pub fn assert_no_secret(name: &str, stream: &[u8], secrets: &[String]) {
    let pieces: HashSet<&[u8]> = stream.windows(PIECE).collect();
    for secret in secrets {
        for (form, text) in forms(secret) {
            if text.as_bytes().windows(PIECE).any(|piece| pieces.contains(piece)) {
                // The secret itself stays out of the test's log, too.
                panic!("{name} holds a piece of a secret of {} characters, {form}", secret.len());
            }
        }
    }
}

fn forms(secret: &str) -> Vec<(&'static str, String)> {
    // Each line of a key in PEM is searched for by itself, without the frame, which is not secret.
    let lines = secret.lines().map(str::trim).filter(|line| line.len() >= PIECE && !line.starts_with("-----"));
    let mut forms = Vec::new();
    for line in lines {
        forms.push(("as it is", line.to_owned()));
        forms.push(("percent-encoded", percent_encoded(line)));
        // The offset of a secret in base64 text determines how it is encoded.
        for skipped in 0..3 {
            let bytes = &line.as_bytes()[skipped..];
            forms.push(("in base64", STANDARD_NO_PAD.encode(bytes)));
            forms.push(("in base64url", URL_SAFE_NO_PAD.encode(bytes)));
        }
    }
    forms
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "1//0canary/With+Slashes_and-more-0123456789";

    fn leaks(stream: &str) -> bool {
        std::panic::catch_unwind(|| assert_no_secret("stream", stream.as_bytes(), &[SECRET.to_owned()])).is_err()
    }

    #[test]
    fn every_form_of_a_leak_is_found() {
        assert!(leaks(SECRET));
        assert!(leaks("... y/With+Slashe ..."));
        assert!(leaks(&percent_encoded(SECRET)));
        for before in ["", "x", "xy"] {
            let text = format!("{before}{SECRET}");
            assert!(leaks(&STANDARD_NO_PAD.encode(&text)), "{before}");
            assert!(leaks(&URL_SAFE_NO_PAD.encode(&text)), "{before}");
        }
    }

    #[test]
    fn eleven_characters_and_other_text_are_no_leak() {
        assert!(!leaks(&SECRET[5..16]));
        assert!(!leaks("gauth-token: refresh the access token: invalid_grant"));
    }

    #[test]
    fn the_lines_of_a_key_are_searched_for_but_not_its_frame() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n";
        let sweep = |stream: &str| {
            std::panic::catch_unwind(|| assert_no_secret("stream", stream.as_bytes(), &[key.to_owned()])).is_err()
        };
        assert!(!sweep("expected -----BEGIN PRIVATE KEY----- in the file"));
        assert!(sweep("ADANBgkqhkiG9w0B"));
    }
}
