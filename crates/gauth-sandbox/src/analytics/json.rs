//! JSON as Google's servers print it: members in the order of the message, two blanks of indent, or all on one line with
//! `prettyPrint=false`. Written piece by piece, so that a long report never exists as a document.

use std::borrow::Cow;

/// Builds JSON text from the outside in. Each `member` or `element` is followed by exactly one value.
pub(super) struct Writer {
    out: Vec<u8>,
    indented: bool,
    depth: usize,
    /// Nothing was written yet in the innermost object or list.
    empty: bool,
}

impl Writer {
    pub(super) fn new(indented: bool) -> Self {
        Self { out: Vec::new(), indented, depth: 0, empty: true }
    }

    /// An object whose members `write` writes.
    pub(super) fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.open(b'{');
        write(self);
        self.close(b'}');
    }

    /// A list whose elements `write` writes.
    pub(super) fn list(&mut self, write: impl FnOnce(&mut Self)) {
        self.open(b'[');
        write(self);
        self.close(b']');
    }

    /// Opens what is closed in a later piece.
    pub(super) fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.depth += 1;
        self.empty = true;
    }

    pub(super) fn close(&mut self, bracket: u8) {
        self.depth -= 1;
        if !self.empty {
            self.line();
        }
        self.out.push(bracket);
        self.empty = false;
    }

    /// The name of the value that follows; plain ASCII.
    pub(super) fn member(&mut self, name: &str) -> &mut Self {
        self.element();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(if self.indented { b"\": " } else { b"\":" });
        self
    }

    pub(super) fn element(&mut self) -> &mut Self {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.line();
        self
    }

    pub(super) fn text(&mut self, text: &str) {
        self.quoted(&escaped(text));
    }

    /// Text that needs no escaping or has it already.
    pub(super) fn quoted(&mut self, text: &str) {
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    /// A text that `write` writes, of characters that need no escaping.
    pub(super) fn quoted_by(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'"');
        write(&mut self.out);
        self.out.push(b'"');
    }

    pub(super) fn number(&mut self, number: i64) {
        self.out.extend_from_slice(number.to_string().as_bytes());
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Bytes waiting to be taken.
    pub(super) fn waiting(&self) -> usize {
        self.out.len()
    }

    /// Takes what is written so far; writing goes on.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let room = Vec::with_capacity(self.out.capacity());
        std::mem::replace(&mut self.out, room)
    }

    /// The newline that ends Google's answers.
    pub(super) fn end_line(&mut self) {
        self.out.push(b'\n');
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.end_line();
        self.out
    }

    fn line(&mut self) {
        const BLANKS: &[u8] = &[b' '; 64];
        if self.indented {
            self.out.push(b'\n');
            self.out.extend_from_slice(&BLANKS[..2 * self.depth]);
        }
    }
}

/// The inside of a JSON string. Google escapes also `<`, `>` and the line separators of
/// JavaScript; so do we, since a reader must cope with it.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    let special = |c: char| matches!(c, '"' | '\\' | '<' | '>' | '\0'..='\x1f' | '\x7f' | '\u{2028}' | '\u{2029}');
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if special(c) => out.push_str(&format!("\\u{:04x}", c as u32)),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(indented: bool) -> String {
        let mut json = Writer::new(indented);
        json.object(|json| {
            json.member("rows").list(|json| {
                json.element().text("a\"b\n<\u{2028}ü");
                json.element().number(-7);
            });
            json.member("none").list(|_| {});
            json.member("last").boolean(true);
        });
        String::from_utf8(json.finish()).expect("UTF-8")
    }

    #[test]
    fn indented_json_looks_like_googles() {
        assert_eq!(
            sample(true),
            "{\n  \"rows\": [\n    \"a\\\"b\\n\\u003c\\u2028ü\",\n    -7\n  ],\n  \"none\": [],\n  \"last\": true\n}\n"
        );
    }

    #[test]
    fn compact_json_has_no_blanks() {
        assert_eq!(sample(false), "{\"rows\":[\"a\\\"b\\n\\u003c\\u2028ü\",-7],\"none\":[],\"last\":true}\n");
    }
}
