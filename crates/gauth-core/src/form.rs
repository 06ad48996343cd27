//! `application/x-www-form-urlencoded` (WHATWG URL §5), both directions: token requests out, redirect queries in.
//! Decoding is stricter than the standard, which passes broken escapes through and replaces what is not UTF-8.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Joins names and values, encoding everything but letters, digits and `*-._`.
pub fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
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
    let is_escape = |rest: &str| rest.as_bytes().get(..2).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit));
    if !text.split('%').skip(1).all(is_escape) {
        return None;
    }
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(Cow::into_owned)
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
