//! JSON as Google's servers print it: members in the order of the message, indented by two blanks or all on one line.
//! It is written piece by piece, so that a long report never exists as a whole. The writer knows the message: it omits
//! what the `fields` mask excludes, and writes 64-bit numbers as text and enums by name or number.

use std::borrow::Cow;

use serde_json::Value;

use super::mask::{Mask, Place};
use super::messages::{Kind, Message};
use super::{Format, Refusal};

/// Builds JSON text from the outside in. Each `member` or `element` is followed by exactly one value.
pub(crate) struct Writer {
    out: Vec<u8>,
    indented: bool,
    enum_numbers: bool,
    mask: Mask,
    /// The objects and lists that are open.
    open: Vec<Level>,
    /// Of the value that comes next.
    next: Slot,
}

#[derive(Clone, Copy)]
struct Slot {
    /// `None` if the type of the value is not known.
    kind: Option<Kind>,
    place: Place,
    /// The mask excludes it.
    skipped: bool,
}

struct Level {
    message: Option<&'static Message>,
    slot: Slot,
    /// Nothing has been written in it yet.
    empty: bool,
}

impl Writer {
    /// A writer for an answer that is a `message`.
    pub(crate) fn new(format: &Format, message: &'static Message) -> Result<Self, Refusal> {
        let mask = match format.fields.as_deref() {
            None | Some("") => Mask::all(),
            Some(fields) => Mask::parse(fields, message)?,
        };
        let root = Level { message: Some(message), slot: Slot::UNKNOWN, empty: true };
        Ok(Self { mask, open: vec![root], ..Self::untyped(format) })
    }

    /// A writer for messages that are not in the table: nothing is omitted.
    pub(super) fn untyped(format: &Format) -> Self {
        let root = Level { message: None, slot: Slot::UNKNOWN, empty: true };
        Self {
            out: Vec::new(),
            indented: format.indented,
            enum_numbers: format.enum_numbers,
            mask: Mask::all(),
            open: vec![root],
            next: Slot::UNKNOWN,
        }
    }

    /// An object whose members `write` writes.
    pub(crate) fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested(*b"{}", write);
    }

    /// A list whose elements `write` writes.
    pub(crate) fn list(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested(*b"[]", write);
    }

    fn nested(&mut self, [open, close]: [u8; 2], write: impl FnOnce(&mut Self)) {
        if self.next.skipped {
            return;
        }
        self.out.push(open);
        let message = match &self.open[..] {
            // The outermost object is the message itself.
            [root] => root.message,
            _ => self.next.kind.and_then(Kind::message),
        };
        self.open.push(Level { message, slot: self.next, empty: true });
        write(self);
        if self.open.pop().is_some_and(|level| !level.empty) {
            self.line();
        }
        self.out.push(close);
    }

    /// The name of the value that follows; plain ASCII.
    pub(crate) fn member(&mut self, name: &str) -> &mut Self {
        let Level { message, slot, .. } = *self.level();
        let field = message.and_then(|message| message.field(name));
        debug_assert!(message.is_none() || field.is_some(), "{} has no {name}", message.map_or("", Message::name));
        let place = self.mask.member(slot.place, name);
        self.next =
            Slot { kind: field.map(|field| field.kind), place: place.unwrap_or(slot.place), skipped: place.is_none() };
        if place.is_some() {
            self.comma();
            self.out.push(b'"');
            self.out.extend_from_slice(name.as_bytes());
            self.out.extend_from_slice(if self.indented { b"\": " } else { b"\":" });
        }
        self
    }

    pub(crate) fn element(&mut self) -> &mut Self {
        self.next = self.level().slot;
        self.comma();
        self
    }

    pub(crate) fn text(&mut self, text: &str) {
        match self.next.kind {
            Some(kind @ Kind::Enum(_)) if !self.next.skipped => {
                let number = kind.number(text);
                debug_assert!(number.is_some(), "{text} is no value of its enum");
                match number {
                    Some(number) if self.enum_numbers => self.digits(number),
                    _ => self.quoted(text),
                }
            }
            _ => self.quoted(&escaped(text)),
        }
    }

    /// Text that needs no escaping or has it already.
    pub(crate) fn quoted(&mut self, text: &str) {
        self.quoted_by(|out| out.extend_from_slice(text.as_bytes()));
    }

    /// A text that `write` writes, of characters that need no escaping.
    pub(crate) fn quoted_by(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.next.skipped {
            self.out.push(b'"');
            write(&mut self.out);
            self.out.push(b'"');
        }
    }

    pub(crate) fn number(&mut self, number: i64) {
        match self.next.kind {
            Some(Kind::Int64) => self.quoted(&number.to_string()),
            _ if self.next.skipped => {}
            _ => self.digits(number),
        }
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        if !self.next.skipped {
            self.out.extend_from_slice(if value { b"true" } else { b"false" });
        }
    }

    /// A list of texts.
    pub(crate) fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        self.list(|json| texts.into_iter().for_each(|text| json.element().text(text)));
    }

    /// A whole document.
    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Object(members) => self.object(|json| match json.level().message {
                // In the order of the message.
                Some(message) => {
                    for name in message.names().filter(|name| members.contains_key(*name)) {
                        json.member(name).value(&members[name]);
                    }
                    debug_assert!(members.keys().all(|name| message.field(name).is_some()), "{members:?}");
                }
                None => members.iter().for_each(|(name, value)| json.member(name).value(value)),
            }),
            Value::Array(values) => self.list(|json| values.iter().for_each(|value| json.element().value(value))),
            Value::String(text) => self.text(text),
            Value::Bool(value) => self.boolean(*value),
            Value::Number(_) | Value::Null => match value.as_i64() {
                Some(number) => self.number(number),
                None => self.out.extend_from_slice(value.to_string().as_bytes()),
            },
        }
    }

    /// Bytes waiting to be taken.
    pub(crate) fn waiting(&self) -> usize {
        self.out.len()
    }

    /// Takes what is written so far; writing goes on.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let room = Vec::with_capacity(self.out.capacity());
        std::mem::replace(&mut self.out, room)
    }

    /// What is left of the text, with the newline that ends Google's answers.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.out.push(b'\n');
        self.out
    }

    fn level(&self) -> &Level {
        self.open.last().expect("the root stays open")
    }

    fn digits(&mut self, number: i64) {
        self.out.extend_from_slice(number.to_string().as_bytes());
    }

    fn comma(&mut self) {
        let level = self.open.last_mut().expect("the root stays open");
        if !std::mem::take(&mut level.empty) {
            self.out.push(b',');
        }
        self.line();
    }

    fn line(&mut self) {
        const BLANKS: &[u8] = &[b' '; 64];
        if self.indented {
            self.out.push(b'\n');
            self.out.extend_from_slice(&BLANKS[..2 * (self.open.len() - 1)]);
        }
    }
}

impl Slot {
    const UNKNOWN: Self = Self { kind: None, place: Mask::ROOT, skipped: false };
}

/// The inside of a JSON string. Google escapes also `<`, `>` and the line separators of
/// JavaScript; so do we, since a reader must cope with it.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
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
mod tests;
