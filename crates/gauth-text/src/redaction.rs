//! Text in which a secret may be: tokens and keys are recognised by their shape, a request's own secrets by themselves.

use std::collections::HashSet;

/// What stands in the place of a secret.
pub const MASK: &str = "…";

/// A beginning that only a secret has, and how many characters must follow before it is taken for one.
const BEGINNINGS: [(&str, usize); 5] = [("ya29.", 10), ("1//", 10), ("GOCSPX-", 10), ("eyJ", 10), ("-----BEGIN", 0)];

/// A piece of a secret this long is not shown either.
const PIECE: usize = 12;

/// The text without whatever looks like a token, a key, or the user info of a URL.
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

/// The places where `start` stands and is not the middle of a longer word.
pub(crate) fn begins<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = usize> + 'a {
    let inside = |place: usize| text[..place].ends_with(|before: char| before.is_ascii_alphanumeric());
    text.match_indices(start).map(|(place, _)| place).filter(move |place| !inside(*place))
}

/// What RFC 6750 allows in a token, and the percent sign of one that is encoded.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte)
}

/// Up to the end of the last line of base64; in JSON a line break is a backslash and a letter.
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
        authority.rfind('@').filter(|length| *length > 0).map(|length| (start, start + length))
    })
}

/// Secrets that are known, to be taken out of a text: whole, in pieces, percent-encoded or with JSON's escapes.
#[derive(Default)]
pub struct Masks(Vec<Vec<u8>>);

impl Masks {
    /// Adds a secret. One of fewer than four characters cannot be told from other text.
    pub fn add(&mut self, secret: &str) {
        if secret.len() >= 4 {
            let encoded = percent_encoded(secret);
            let forms = [
                secret.replace('/', "\\/"),
                encoded.to_ascii_lowercase(),
                encoded.replace("%20", "+"),
                encoded,
                secret.to_owned(),
            ];
            self.0.extend(forms.map(String::into_bytes));
        }
    }

    /// The text with each piece of a secret masked, and [`redacted`].
    pub fn apply(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut hidden = vec![false; bytes.len()];
        for secret in &self.0 {
            let length = secret.len().min(PIECE);
            let pieces: HashSet<&[u8]> = secret.windows(length).collect();
            for (place, window) in bytes.windows(length).enumerate() {
                if pieces.contains(window) {
                    hidden[place..place + length].fill(true);
                }
            }
        }
        let mut shown = String::with_capacity(text.len());
        for (place, character) in text.char_indices() {
            match hidden[place] {
                false => shown.push(character),
                true if place == 0 || !hidden[place - 1] => shown.push_str(MASK),
                true => {}
            }
        }
        redacted(&shown)
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_and_keys_are_taken_out_and_the_rest_stays() {
        for (text, shown) in [
            ("token ya29.a0AfH6SMBxyz0123 is bad", "token … is bad"),
            (r#"{"refresh_token":"1//0gAbcdefghijkl"}"#, r#"{"refresh_token":"…"}"#),
            ("secret=GOCSPX-abcdefghijklmn&x=1", "secret=…&x=1"),
            ("jwt eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln, sent", "jwt …, sent"),
            ("-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n left", "…\\n left"),
            ("-----BEGIN PRIVATE KEY----- MIIE", "…"),
            ("proxy http://user:pa#ss@127.0.0.1:3128 refused", "proxy http://…@127.0.0.1:3128 refused"),
            ("proxy http://user:pass@127.0.0.1:3128 refused", "proxy http://…@127.0.0.1:3128 refused"),
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
        fn no_token_is_left_whatever_surrounds_it(before in "([ -~]{0,12}[ {,;=\"])?", after in "[ -~]{0,30}", tail in "[A-Za-z0-9_-]{12,40}") {
            for start in ["ya29.", "1//", "GOCSPX-", "eyJ"] {
                let shown = redacted(&format!("{before}{start}{tail} {after}"));
                prop_assert!(!shown.contains(&tail), "{}", shown);
            }
        }
    }
}
