//! Removes secrets from text: tokens and keys by their shape, and a request's own secrets by comparison.

use std::collections::HashSet;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Shown instead of a secret.
pub const MASK: &str = "…";

/// Prefixes that only secrets have, each with the number of characters that must follow.
const BEGINNINGS: [(&str, usize); 5] = [("ya29.", 10), ("1//", 10), ("GOCSPX-", 10), ("eyJ", 10), ("-----BEGIN", 0)];

/// Pieces of a secret are masked from this length on.
const PIECE: usize = 12;

/// Shorter runs of letters and digits also occur by chance, across the words of a sentence.
const SKELETON: usize = 8;

/// The text without anything that looks like a token, a key, or the user info of a URL.
pub fn redacted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = next_secret(rest) {
        shown.push_str(&rest[..before]);
        shown.push_str(MASK);
        rest = &rest[after..];
    }
    shown.push_str(rest);
    shown
}

/// Where the first secret begins and ends.
fn next_secret(text: &str) -> Option<(usize, usize)> {
    let token = BEGINNINGS.iter().filter_map(|(start, least)| next_token(text, start, *least));
    token.chain(next_user_info(text)).min_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)))
}

fn next_token(text: &str, start: &str, least: usize) -> Option<(usize, usize)> {
    begins(text, start).find_map(|place| {
        let rest = &text[place + start.len()..];
        let length = match start {
            "-----BEGIN" => pem_length(rest),
            _ => rest.bytes().take_while(|byte| is_token_byte(*byte)).count(),
        };
        (length >= least).then_some((place, place + start.len() + length))
    })
}

/// The places of `start`, except in the middle of a longer word.
pub(crate) fn begins<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = usize> + 'a {
    let inside = |place: usize| text[..place].ends_with(|before: char| before.is_ascii_alphanumeric());
    text.match_indices(start).map(|(place, _)| place).filter(move |place| !inside(*place))
}

/// What RFC 6750 allows in a token, and `%`, since it may be percent-encoded.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte)
}

/// The end of the last line of base64; in JSON a line break is a backslash and a letter.
fn pem_length(rest: &str) -> usize {
    const END: &str = "-----END";
    match rest.find(END) {
        Some(end) => {
            let frame = &rest[end + END.len()..];
            end + END.len() + frame.find("-----").map_or(0, |dashes| dashes + "-----".len())
        }
        None => rest.len(),
    }
}

/// `user:password` in `scheme://user:password@host`.
fn next_user_info(text: &str) -> Option<(usize, usize)> {
    text.match_indices("://").find_map(|(place, slashes)| {
        let start = place + slashes.len();
        let authority = text[start..].split(|c: char| c.is_whitespace() || "/?\"'".contains(c)).next()?;
        let user_info = &authority[..authority.rfind('@')?];
        // The placeholders of our own hints stay.
        (!["", "USER:PASSWORD"].contains(&user_info)).then_some((start, start + user_info.len()))
    })
}

/// Known secrets, which are masked in a text: whole or in pieces, in any encoding, spacing or case.
#[derive(Default)]
pub struct Masks(Vec<String>);

impl Masks {
    /// Adds a secret. Fewer than four characters cannot be distinguished from other text.
    pub fn add(&mut self, secret: &str) {
        if secret.len() >= 4 {
            self.0.push(secret.to_owned());
        }
    }

    /// The text with each piece of a secret masked, and [`redacted`].
    pub fn apply(&self, text: &str) -> String {
        let mut hidden = vec![false; text.len()];
        let bytes: Vec<_> = text.bytes().enumerate().map(|(at, byte)| (byte, at..at + 1)).collect();
        let letters = skeleton(text);
        for secret in &self.0 {
            let encoded = percent_encoded(secret);
            for form in [secret, &encoded, &encoded.replace("%20", "+")] {
                hide(&mut hidden, &bytes, form.as_bytes());
            }
            for form in skeletons(secret).chain(skeletons(&encoded)).filter(|form| form.len() >= SKELETON) {
                hide(&mut hidden, &letters, &form);
            }
        }
        let mut shown = String::with_capacity(text.len());
        for (place, character) in text.char_indices() {
            if !hidden[place] {
                shown.push(character);
            } else if place == 0 || !hidden[place - 1] {
                shown.push_str(MASK);
            }
        }
        redacted(&shown)
    }
}

/// A byte after decoding, and where in the text it comes from.
type Located = (u8, Range<usize>);

/// Marks where `text` has a piece of `secret`.
fn hide(hidden: &mut [bool], text: &[Located], secret: &[u8]) {
    let length = secret.len().min(PIECE);
    let pieces: HashSet<&[u8]> = secret.windows(length).collect();
    let bytes: Vec<u8> = text.iter().map(|(byte, _)| *byte).collect();
    for (place, window) in bytes.windows(length).enumerate() {
        if pieces.contains(window) {
            hidden[text[place].1.start..text[place + length - 1].1.end].fill(true);
        }
    }
}

/// The skeletons of texts that contain `secret` as is, reversed, in hexadecimal, or in base64 at any offset.
fn skeletons(secret: &str) -> impl Iterator<Item = Vec<u8>> {
    let letters = |text: &str| skeleton(text).into_iter().map(|(byte, _)| byte).collect::<Vec<u8>>();
    let plain = letters(secret);
    let reversed = plain.iter().rev().copied().collect();
    let hexadecimal = secret.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes();
    let base64 = (0..3).map(|before| {
        let encoded = STANDARD_NO_PAD.encode([&[0; 2][..before], secret.as_bytes()].concat());
        // Without the characters that depend on the bytes before and after.
        letters(&encoded[(before * 8).div_ceil(6)..encoded.len() - 1])
    });
    [plain, reversed, hexadecimal].into_iter().chain(base64.collect::<Vec<_>>())
}

/// The skeleton of a text: its letters and digits in lower case, with percent-encoding, HTML character references and JSON
/// escapes decoded. A secret keeps it, however a server formats it.
fn skeleton(text: &str) -> Vec<Located> {
    let mut bytes: Vec<Located> = text.bytes().enumerate().map(|(at, byte)| (byte, at..at + 1)).collect();
    loop {
        let decoded = decoded(&bytes);
        if decoded.len() == bytes.len() {
            break;
        }
        bytes = decoded;
    }
    bytes.retain(|(byte, _)| byte.is_ascii_alphanumeric());
    bytes.iter_mut().for_each(|(byte, _)| byte.make_ascii_lowercase());
    bytes
}

/// Removes one layer of encoding.
fn decoded(text: &[Located]) -> Vec<Located> {
    let bytes: Vec<u8> = text.iter().map(|(byte, _)| *byte).collect();
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let (byte, length) = escape(&bytes[at..]).unwrap_or((bytes[at], 1));
        decoded.push((byte, text[at].1.start..text[at + length - 1].1.end));
        at += length;
    }
    decoded
}

/// The ASCII character of the escape at the beginning, and the length of that escape.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    let number = |start: usize, end: usize, radix| {
        let digits = std::str::from_utf8(bytes.get(start..end)?).ok()?;
        u8::from_str_radix(digits, radix).ok().filter(u8::is_ascii)
    };
    let reference = || bytes.iter().take(10).position(|byte| *byte == b';');
    match bytes {
        [b'%', ..] => Some((number(1, 3, 16)?, 3)),
        [b'\\', b'u', b'0', b'0', ..] => Some((number(4, 6, 16)?, 6)),
        [b'&', b'#', b'x' | b'X', ..] => reference().and_then(|end| Some((number(3, end, 16)?, end + 1))),
        [b'&', b'#', ..] => reference().and_then(|end| Some((number(2, end, 10)?, end + 1))),
        // Named references are punctuation, as far as secrets are concerned.
        [b'&', ..]
            if [&b"&amp;"[..], b"&lt;", b"&gt;", b"&quot;", b"&apos;", b"&sol;", b"&plus;"]
                .iter()
                .any(|name| bytes.starts_with(name)) =>
        {
            reference().map(|end| (b'&', end + 1))
        }
        _ => None,
    }
}

/// All but the unreserved characters of RFC 3986 §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The text as one component of a URL (RFC 3986 §2.1).
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_and_keys_are_removed_and_the_rest_stays() {
        for (text, shown) in [
            ("token ya29.a0AfH6SMBxyz0123 is bad", "token … is bad"),
            (r#"{"refresh_token":"1//0gAbcdefghijkl"}"#, r#"{"refresh_token":"…"}"#),
            ("secret=GOCSPX-abcdefghijklmn&x=1", "secret=…&x=1"),
            ("jwt eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln, sent", "jwt …, sent"),
            ("-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n left", "…\\n left"),
            ("-----BEGIN PRIVATE KEY----- MIIE", "…"),
            ("proxy http://user:pa#ss@127.0.0.1:3128 refused", "proxy http://…@127.0.0.1:3128 refused"),
            ("proxy http://user:pass@127.0.0.1:3128 refused", "proxy http://…@127.0.0.1:3128 refused"),
            ("use http://USER:PASSWORD@HOST:PORT", "use http://USER:PASSWORD@HOST:PORT"),
            ("'/data/2021//report.csv', 'ya29.txt', 1//2", "'/data/2021//report.csv', 'ya29.txt', 1//2"),
            ("expected ya29. or 1//", "expected ya29. or 1//"),
            ("", ""),
        ] {
            assert_eq!(redacted(text), shown);
        }
    }

    #[test]
    fn known_secrets_are_masked_whole_in_pieces_and_encoded() {
        let mut masks = Masks::default();
        masks.add("s3cr%t/with blanks+and=more");
        masks.add("abc");
        for (text, shown) in [
            ("you sent s3cr%t/with blanks+and=more.", "you sent …."),
            ("you sent s3cr%25t%2Fwith%20blanks%2Band%3Dmore.", "you sent …."),
            ("you sent s3cr%25t%2fwith%20blanks%2band%3dmore.", "you sent …."),
            ("you sent s3cr%25t%2Fwith+blanks%2Band%3Dmore.", "you sent …."),
            (r"you sent s3cr%t\/with blanks+and=more.", "you sent …."),
            ("it began with s3cr%t/with bla…", "it began with ……"),
            ("abc is too short to be told apart", "abc is too short to be told apart"),
        ] {
            assert_eq!(masks.apply(text), shown);
        }
    }

    #[test]
    fn a_known_secret_is_masked_however_a_server_encodes_spaces_or_spells_it() {
        let secret = "opaque-Refresh/zq<xj&kv\"bn'm4567";
        let mut masks = Masks::default();
        masks.add(secret);
        let each = |form: fn(u8) -> String| secret.bytes().map(form).collect::<String>();
        let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\'', "&#39;");
        let percent = each(|byte| format!("%{byte:02x}"));
        for form in [
            percent.to_ascii_uppercase(),
            percent_encoded(&percent),
            html.replace('/', "&#x2F;"),
            html.replace('&', "&amp;"),
            each(|byte| format!("&#{byte};")),
            each(|byte| format!("\\u{byte:04x}")),
            each(|byte| format!("\\\\u{byte:04X}")),
            each(|byte| format!("{byte:02X}:")),
            each(|byte| format!("{}-", char::from(byte))),
            each(|byte| format!("{}\u{200b}", char::from(byte))),
            secret.to_ascii_uppercase(),
            secret.chars().rev().collect(),
            STANDARD_NO_PAD.encode(secret),
            STANDARD_NO_PAD.encode(format!("x{secret}")),
            STANDARD_NO_PAD.encode(format!("token={secret}&")),
            URL_SAFE.encode(format!("refresh_token={}", percent_encoded(secret))),
        ] {
            let shown = masks.apply(&format!("bad token: {form} (code 7)"));
            let left = shown.chars().filter(char::is_ascii_alphanumeric).count();
            assert!(shown.starts_with("bad token: ") && shown.ends_with("(code 7)"), "{form}: {shown}");
            // What surrounds it in the same base64 may remain.
            assert!(left <= "badtokencode7".len() + 24, "{form}: {shown}");
        }
        let sentence = "Token has been expired or revoked. Refresh it: https://example.com/opaque?id=4567&x=%20";
        assert_eq!(masks.apply(sentence), sentence);
    }

    proptest! {
        #[test]
        fn no_piece_of_a_known_secret_is_left(secret in "[!-~]{12,60}", before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
            let mut masks = Masks::default();
            masks.add(&secret);
            for form in [secret.clone(), percent_encoded(&secret)] {
                let shown = masks.apply(&format!("{before} {form} {after}"));
                prop_assert!(form.as_bytes().windows(PIECE).all(|piece| {
                    !shown.as_bytes().windows(PIECE).any(|window| window == piece)
                }), "{}", shown);
            }
        }

        #[test]
        fn no_token_is_left_in_any_surroundings(before in "([ -~]{0,12}[ {,;=\"])?", after in "[ -~]{0,30}", tail in "[A-Za-z0-9_-]{12,40}") {
            for start in ["ya29.", "1//", "GOCSPX-", "eyJ"] {
                let shown = redacted(&format!("{before}{start}{tail} {after}"));
                prop_assert!(!shown.contains(&tail), "{}", shown);
            }
        }
    }
}
