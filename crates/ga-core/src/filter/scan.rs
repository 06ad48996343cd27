//! The pieces that the text of a filter is made of: names, operators, words, joints and values.
//!
//! Both grammars, [`super::parse()`] and [`super::parse_v3`], are written over this one scanner; they differ in
//! which pieces they ask for and in where a value without quotes [`Ends`]. Each look-ahead is bounded, so
//! the time is proportional to the length of the text.

use gauth_text::{Seems, Typed};

use super::print::quoted;
use super::{OPERATORS, Operator, SyntaxError, is_number};
use crate::v3::is_field;

/// Brackets, `not`s and `case`s in a row; deeper ones would only exhaust the stack.
pub(super) const DEPTH: usize = 32;

/// Words of the language, which cannot name a field.
const RESERVED: [&str; 6] = ["and", "or", "not", "case", "in", "between"];

/// What joins two conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Joint {
    Comma,
    Semicolon,
    And,
    Or,
}

impl Joint {
    pub(super) fn is_word(self) -> bool {
        matches!(self, Self::And | Self::Or)
    }
}

/// Where a value without quotes ends, if not at the end of the text.
pub(super) struct Ends {
    /// At one of these.
    marks: &'static str,
    /// What a backslash escapes; before anything else it is part of the value.
    escaped: &'static str,
    /// At an unmatched `)`.
    at_bracket: bool,
    /// Before a joint that a condition follows.
    at_condition: bool,
}

impl Ends {
    /// A value in `--filters`.
    pub(super) const V3: Self = Self { marks: ",;", escaped: ",;\\", at_bracket: false, at_condition: false };
    /// A value in `--filter`.
    pub(super) const CONDITION: Self = Self { at_bracket: true, at_condition: true, ..Self::V3 };
    /// A member of `in (…)`, where words are text.
    pub(super) const LIST: Self = Self { marks: ",", escaped: ",()\\", at_bracket: true, at_condition: false };
}

/// A place in the text of a filter.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    /// The byte that is read next.
    pub(super) at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The text from `start` to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
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

    /// Takes `word`, in any case of letters, if it ends before a blank, a bracket or the end.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let found = rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
            && rest[word.len()..].chars().next().is_none_or(|c| c.is_whitespace() || c == '(');
        if found {
            self.at += word.len();
        }
        found
    }

    pub(super) fn joint(&mut self) -> Option<Joint> {
        if self.take(",") {
            Some(Joint::Comma)
        } else if self.take(";") {
            Some(Joint::Semicolon)
        } else if self.take("&&") || self.take_word("and") {
            Some(Joint::And)
        } else if self.take("||") || self.take_word("or") {
            Some(Joint::Or)
        } else {
            None
        }
    }

    /// The name of a field.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_alphanumeric() || "_:[].".contains(c))).unwrap_or(rest.len());
        let name = &rest[..length];
        if name.is_empty() || RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word)) {
            return None;
        }
        self.at += length;
        Some(name)
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

    /// Text without quotes; refused if it looks like more than one value.
    pub(super) fn value(&mut self, ends: &Ends, is_regex: bool) -> Result<String, SyntaxError> {
        let start = self.at;
        let mut value = String::new();
        let mut brackets = Brackets { is_regex, ..Brackets::default() };
        let mut doubts = Doubts::default();
        let mut is_behind_blank = true;
        while let Some(c) = self.peek() {
            let here = self.at;
            let is_word_start = is_behind_blank && !c.is_whitespace();
            if ends.marks.contains(c) || (ends.at_bracket && brackets.is_closed_by(c)) {
                break;
            }
            if ends.at_condition && self.begins_condition(is_word_start, here > start, &mut doubts) {
                break;
            }
            self.at += c.len_utf8();
            let last = match self.peek().filter(|_| c == '\\') {
                Some(next) => {
                    self.at += next.len_utf8();
                    if !ends.escaped.contains(next) {
                        value.push(c);
                    }
                    value.push(next);
                    next
                }
                None => {
                    brackets.take(c, here, self.peek());
                    value.push(c);
                    c
                }
            };
            is_behind_blank = last.is_whitespace();
        }
        let end = start + self.since(start).trim_end().len();
        let value = value.trim_end().to_owned();
        if ends.at_condition {
            doubts.settle(self, start, end);
        }
        if ends.at_bracket && doubts.first.is_none() {
            let opened = brackets.opened.first();
            doubts.first = opened.map(|place| (*place, "this bracket is not closed within the value".to_owned()));
        }
        match doubts.first {
            Some((place, message)) => Err(self.error(place, message).with_hint(self.with_quotes(start, end, &value))),
            None => Ok(value),
        }
    }

    /// Whether the value ends here because a joint and a condition follow. Records a reason to doubt that the text
    /// here belongs to the value.
    fn begins_condition(&self, is_word_start: bool, is_inside: bool, doubts: &mut Doubts<'a>) -> bool {
        let mut behind = *self;
        if (is_word_start || self.rest().starts_with(['&', '|'])) && behind.joint().is_some() {
            if behind.ahead().is_some_and(|ahead| ahead.has_operator || is_field(ahead.name)) {
                return true;
            }
            doubts.last_joint = Some((self.at, behind));
            return false;
        }
        if is_word_start
            && is_inside
            && doubts.first.is_none()
            && let Some(Ahead { name, .. }) = self.ahead().filter(|ahead| is_field(ahead.name))
        {
            let message =
                format!("the value contains a condition on {name}: expected `,`, `;`, `and` or `or` before it");
            doubts.first = Some((self.at, message));
        }
        false
    }

    /// What looks like a condition here, after any `(`, `not` and `case`.
    fn ahead(mut self) -> Option<Ahead<'a>> {
        for _ in 0..=DEPTH {
            self.skip_blanks();
            if !self.skip_prefix() {
                let name = self.name()?;
                self.skip_blanks();
                let is_typo = self.rest().starts_with('=');
                let has_operator = self.operator().is_some() || self.word_operator();
                return (has_operator || is_typo).then_some(Ahead { name, has_operator });
            }
        }
        // Too deep: the parser refuses it.
        Some(Ahead { name: "", has_operator: true })
    }

    fn skip_prefix(&mut self) -> bool {
        self.take("(") || self.take_word("not") || self.take_word("case")
    }

    /// `[not] in (` or `[not] between`.
    fn word_operator(&mut self) -> bool {
        self.take_word("not");
        self.skip_blanks();
        if self.take_word("in") {
            self.skip_blanks();
            return self.take("(");
        }
        self.take_word("between")
    }

    /// One number of `between`, quoted or ending where the number ends.
    pub(super) fn bound(&mut self) -> Result<String, SyntaxError> {
        self.skip_blanks();
        let start = self.at;
        let value = match self.quoted()? {
            Some(value) => value,
            None => {
                let rest = self.rest();
                let is_end = |c: char| c.is_whitespace() || ",;)&|".contains(c);
                let length = rest.find(is_end).unwrap_or(rest.len());
                self.at += length;
                rest[..length].to_owned()
            }
        };
        self.check_number(start, &value)?;
        Ok(value)
    }

    pub(super) fn check_number(&self, start: usize, value: &str) -> Result<(), SyntaxError> {
        if is_number(value) {
            Ok(())
        } else {
            Err(self.error(start, format!("expected a number, found {:?}", Typed(value))))
        }
    }

    pub(super) fn no_operator(&self, name: &str, known: &str) -> SyntaxError {
        let message = match self.peek() {
            Some('=') => "`=` is not an operator (use `==`)".to_owned(),
            Some('!') => "`!` is not an operator (use `!=`, `!@` or `!~`)".to_owned(),
            _ => format!("expected an operator after {}", Typed(name)),
        };
        self.error(self.at, message).with_hint(format!("use one of {known}"))
    }

    pub(super) fn no_name(&self) -> SyntaxError {
        let message = match self.rest().split(|c: char| !c.is_alphanumeric()).next() {
            Some(word) if !word.is_empty() => format!("expected a field name, found the word `{}`", Typed(word)),
            _ => "expected a field name".to_owned(),
        };
        self.error(self.at, message)
    }

    /// What to type if the text from `start` to `end` is a value.
    pub(super) fn with_quotes(&self, start: usize, end: usize, value: &str) -> String {
        match Seems::of(self.text) {
            None if !self.text.contains(char::is_control) => {
                format!("quote it: {}{}{}", &self.text[..start], quoted(value), &self.text[end..])
            }
            _ => "quote it: put the value between double quotes".to_owned(),
        }
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

/// The beginning of a condition.
struct Ahead<'a> {
    name: &'a str,
    /// Whether an operator follows; otherwise it is a single `=`, which is a typo if the field is known.
    has_operator: bool,
}

/// Why a text may be more than a value.
#[derive(Default)]
struct Doubts<'a> {
    /// The place of the first reason, and the reason.
    first: Option<(usize, String)>,
    /// Where the last joint within the value begins, and the text after it.
    last_joint: Option<(usize, Scanner<'a>)>,
}

impl<'a> Doubts<'a> {
    /// Checks the end of the value, once it is known.
    fn settle(&mut self, scanner: &Scanner<'a>, start: usize, end: usize) {
        if self.first.is_some() {
            return;
        }
        let raw = &scanner.text[start..end];
        let last = raw.rsplit(char::is_whitespace).next().unwrap_or_default();
        let symbol = ["&&", "||"].into_iter().find(|symbol| raw.ends_with(symbol));
        let word = ["and", "or", "not"].into_iter().find(|word| last.eq_ignore_ascii_case(word));
        if let Some(joint) = symbol.or(word) {
            self.first = Some((end - joint.len(), format!("the value ends in `{joint}` with no condition after it")));
        } else if let Some((place, mut behind)) = self.last_joint {
            behind.skip_blanks();
            while behind.at < end && behind.skip_prefix() {
                behind.skip_blanks();
            }
            let name = behind.name().filter(|name| is_field(name));
            let rest = scanner.text.get(behind.at..end).unwrap_or_default();
            if let Some(name) = name
                && rest.trim_start_matches(|c: char| c.is_whitespace() || c == ')').is_empty()
            {
                self.first =
                    Some((place, format!("the value ends in the field {name}: expected an operator after it")));
            }
        }
    }
}

/// The brackets that a value has opened. Escaped ones are not passed in; those in a class of a regular
/// expression do not count.
#[derive(Default)]
struct Brackets {
    is_regex: bool,
    opened: Vec<usize>,
    class: Class,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Class {
    #[default]
    Outside,
    /// After `[` or `[^`, where a `]` is a member.
    Beginning,
    Inside,
    /// Within `[:alpha:]`.
    Named,
}

impl Brackets {
    fn is_closed_by(&self, c: char) -> bool {
        c == ')' && self.opened.is_empty() && self.class == Class::Outside
    }

    fn take(&mut self, c: char, place: usize, next: Option<char>) {
        self.class = match (self.class, c, next) {
            (Class::Outside, '[', _) if self.is_regex => Class::Beginning,
            (Class::Beginning, '^', _) => Class::Beginning,
            (Class::Beginning | Class::Inside, '[', Some(':')) => Class::Named,
            (Class::Beginning, _, _) => Class::Inside,
            (Class::Inside, ']', _) => Class::Outside,
            (Class::Named, ':', Some(']')) => Class::Beginning,
            (class, _, _) => class,
        };
        match c {
            '(' if self.class == Class::Outside => self.opened.push(place),
            ')' if self.class == Class::Outside => drop(self.opened.pop()),
            _ => {}
        }
    }
}
