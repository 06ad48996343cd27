//! The pieces that a filter's text is made of: names, operators, words, quoted and bare values.

use super::super::{OPERATORS, Operator, SyntaxError};
use super::Parser;

impl<'a> Parser<'a> {
    pub(super) fn field(&mut self) -> Result<String, SyntaxError> {
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_alphanumeric() || "_:[].".contains(c))).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.error(self.at, "the name of a field was expected here"));
        }
        self.at += length;
        Ok(rest[..length].to_owned())
    }

    pub(super) fn operator(&mut self) -> Option<Operator> {
        OPERATORS.iter().find(|(symbol, _)| self.take(symbol)).map(|(_, operator)| *operator)
    }

    /// Text in quotes, if there is a quote here.
    pub(super) fn quoted(&mut self) -> Result<Option<String>, SyntaxError> {
        let start = self.at;
        let Some(quote) = self.peek().filter(|c| "\"'".contains(*c)) else {
            return Ok(None);
        };
        let mut value = String::new();
        let mut rest = self.rest().char_indices().skip(1).peekable();
        while let Some((offset, c)) = rest.next() {
            match (c, rest.peek()) {
                ('\\', Some((_, next))) if "\"'\\".contains(*next) => {
                    value.push(*next);
                    rest.next();
                }
                (c, _) if c == quote => {
                    self.at = start + offset + c.len_utf8();
                    return Ok(Some(value));
                }
                (c, _) => value.push(c),
            }
        }
        Err(self.error(start, "this quote is not closed"))
    }

    /// Text without quotes up to one of `ends` (which a backslash escapes) or the end of the filter:
    /// as it stands, and as it is meant.
    pub(super) fn bare(&mut self, ends: &[char]) -> (&'a str, String) {
        let rest = self.rest();
        let mut value = String::new();
        let mut length = rest.len();
        let mut characters = rest.char_indices().peekable();
        while let Some((offset, c)) = characters.next() {
            match (c, characters.peek()) {
                ('\\', Some((_, next))) if *next == '\\' || ends.contains(next) => {
                    value.push(*next);
                    characters.next();
                }
                (c, _) if ends.contains(&c) => {
                    length = offset;
                    break;
                }
                (c, _) => value.push(c),
            }
        }
        self.at += length;
        (&rest[..length], value.trim_end().to_owned())
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    pub(super) fn take(&mut self, symbol: &str) -> bool {
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    /// Takes `word` in upper or lower case, if it ends before a blank or a bracket.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let found = rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
            && rest[word.len()..].starts_with(|c: char| c.is_whitespace() || c == '(');
        if found {
            self.at += word.len();
        }
        found
    }

    pub(super) fn is_at_not(&self) -> bool {
        let mut ahead = self.clone();
        ahead.skip_blanks();
        ahead.take_word("not")
    }

    pub(super) fn error(&self, at: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            text: self.text.to_owned(),
            column: self.text[..at].chars().count() + 1,
            message: message.into(),
            hint: None,
        }
    }
}
