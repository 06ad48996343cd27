//! A cursor over JSON text (RFC 8259) of which only a part has arrived: at the end of that part it reports "more",
//! not "wrong".
//!
//! It finds where tokens begin and end. Escapes and unknown values are left to serde_json, and UTF-8 is
//! checked by the caller, who sees whole rows.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// Why a cursor stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes end here; the next chunk may go on.
    More,
    /// No further bytes can make this valid.
    Wrong(&'static str),
}

/// The inside of a string, between its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) escaped: bool,
}

/// A place in the bytes that have arrived.
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// The next byte that is not white space, without taking it.
    pub(super) fn peek(&mut self) -> Result<u8, Stop> {
        loop {
            match self.bytes.get(self.at) {
                // Compact answers have no white space.
                Some(&byte) if byte > b' ' => return Ok(byte),
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(&byte) => return Ok(byte),
                None => return Err(Stop::More),
            }
        }
    }

    /// Takes the next byte that is not white space if it is this one.
    pub(super) fn take(&mut self, byte: u8) -> Result<bool, Stop> {
        let found = self.peek()? == byte;
        self.at += usize::from(found);
        Ok(found)
    }

    /// Takes this byte.
    pub(super) fn expect(&mut self, byte: u8, otherwise: &'static str) -> Result<(), Stop> {
        if self.take(byte)? { Ok(()) } else { Err(Stop::Wrong(otherwise)) }
    }

    /// Takes these bytes if all of them come next.
    pub(super) fn take_exactly(&mut self, bytes: &[u8]) -> bool {
        let found = self.bytes[self.at..].starts_with(bytes);
        if found {
            self.at += bytes.len();
        }
        found
    }

    /// Takes a string.
    pub(super) fn string(&mut self) -> Result<Text, Stop> {
        self.expect(b'"', "expected a string")?;
        self.string_rest()
    }

    /// Takes a string whose opening quote is taken already.
    pub(super) fn string_rest(&mut self) -> Result<Text, Stop> {
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = plain_end(self.bytes, self.at);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let end = self.at;
                    self.at += 1;
                    return Ok(Text { start, end, escaped });
                }
                Some(b'\\') if self.at + 1 < self.bytes.len() => {
                    escaped = true;
                    self.at += 2;
                }
                Some(b'\\') | None => return Err(Stop::More),
                Some(_) => return Err(Stop::Wrong("control character in a string")),
            }
        }
    }

    /// Takes a key and its colon.
    pub(super) fn key(&mut self) -> Result<Cow<'a, [u8]>, Stop> {
        let text = self.string()?;
        self.expect(b':', "expected `:`")?;
        self.decode(text)
    }

    /// The decoded bytes of a string.
    pub(super) fn decode(&self, text: Text) -> Result<Cow<'a, [u8]>, Stop> {
        if !text.escaped {
            return Ok(Cow::Borrowed(&self.bytes[text.start..text.end]));
        }
        let quoted = &self.bytes[text.start - 1..=text.end];
        match serde_json::from_slice::<String>(quoted) {
            Ok(decoded) => Ok(Cow::Owned(decoded.into_bytes())),
            Err(_) => Err(Stop::Wrong("invalid string")),
        }
    }

    /// Takes any value and gives the bytes it is written with.
    pub(super) fn value(&mut self) -> Result<&'a [u8], Stop> {
        self.peek()?;
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    self.string_rest()?;
                }
                b'{' | b'[' => {
                    self.at += 1;
                    depth += 1;
                }
                b'}' | b']' if depth > 0 => {
                    self.at += 1;
                    depth -= 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                byte if is_word(byte) => {
                    let rest = &self.bytes[self.at..];
                    let length = rest.iter().position(|&byte| !is_word(byte));
                    self.at += length.ok_or(Stop::More)?;
                }
                _ => return Err(Stop::Wrong("expected a value")),
            }
            if depth == 0 {
                break;
            }
        }
        let value = &self.bytes[start..self.at];
        match serde_json::from_slice::<IgnoredAny>(value) {
            Ok(_) => Ok(value),
            Err(_) => Err(Stop::Wrong("invalid value")),
        }
    }
}

/// Whether the byte can be part of a number, `true`, `false` or `null`.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// The first place from `at` on with a quote, a backslash or a control character. It tests eight bytes at a time,
/// since most of the time of a report is spent here.
#[inline]
pub(super) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = quotes | backslashes | controls;
        if found != 0 {
            // The lowest mark is exact; a borrow can only spoil those above it.
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes[at..].iter();
    let plain = rest.take_while(|&&byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    at + plain.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_at_the_same_place_as_byte_by_byte() {
        let kinds = [b'a', b'"', b'\\', 0x1f, 0x20, 0x21, 0x7f, 0x80, 0xa2, 0xff, 0];
        for length in 0..20 {
            for place in 0..length {
                for kind in kinds {
                    for next in kinds {
                        let mut bytes = vec![b'x'; length];
                        bytes[place] = kind;
                        if let Some(after) = bytes.get_mut(place + 1) {
                            *after = next;
                        }
                        let slow = bytes.iter().position(|&b| b < 0x20 || b == b'"' || b == b'\\');
                        assert_eq!(plain_end(&bytes, 0), slow.unwrap_or(length), "{bytes:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_value_is_taken_whole_or_not_at_all() {
        let text = br#" {"a":[1,-2.5e3,true,null,"\"]}"],"b":{}} ,"#;
        let mut cursor = Cursor { bytes: text, at: 0 };
        assert_eq!(cursor.value().unwrap(), &text[1..text.len() - 2]);
        for end in 0..text.len() - 2 {
            let mut cursor = Cursor { bytes: &text[..end], at: 0 };
            assert_eq!(cursor.value().unwrap_err(), Stop::More, "cut at {end}");
        }
        for wrong in ["}", "[1,,2] ", "nul ", "01 ", "{\"a\"} ", "[1} "] {
            let mut cursor = Cursor { bytes: wrong.as_bytes(), at: 0 };
            assert!(matches!(cursor.value(), Err(Stop::Wrong(_))), "{wrong}");
        }
    }
}
