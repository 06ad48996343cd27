//! `application/x-www-form-urlencoded` (WHATWG URL §5), both directions: token requests out, redirect queries in.

/// Joins names and values, encoding everything but letters, digits and `*-._`.
pub fn encode(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode_into(&mut out, name);
        out.push('=');
        encode_into(&mut out, value);
    }
    out
}

fn encode_into(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text.as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// Splits and decodes exactly once, keeping order and repeats. `None` when an escape is broken or the result is not
/// UTF-8.
pub fn decode(query: &str) -> Option<Vec<(String, String)>> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode_one(name)?, decode_one(value)?))
        })
        .collect()
}

fn decode_one(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_with_a_slash_is_decoded_exactly_once() {
        assert_eq!(
            decode("code=4%2F0A%2541&state=a+b"),
            Some(vec![("code".into(), "4/0A%41".into()), ("state".into(), "a b".into())])
        );
    }

    #[test]
    fn broken_escapes_are_refused() {
        for query in ["a=%", "a=%2", "a=%zz", "a=%ff", "%=1"] {
            assert_eq!(decode(query), None, "{query}");
        }
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(name in "[a-z]{1,8}", value in ".*") {
            prop_assert_eq!(decode(&encode(&[(&name, &value)])), Some(vec![(name, value)]));
        }
    }
}
