//! Text to [`Expression`], by recursive descent over the grammar of [`super`].
//!
//! There is no token stream: where an unquoted value ends depends on what stands around it.

mod scan;

use super::{Comparison, Condition, Expression, OPERATORS, SyntaxError, is_number};

/// Brackets and `not`s inside one another; deeper ones would only exhaust the stack.
const DEPTH: usize = 32;

/// Reads one filter.
pub fn parse(text: &str) -> Result<Expression, SyntaxError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let expression = parser.level()?;
    match parser.peek() {
        None => Ok(expression),
        Some(')') => Err(parser.error(parser.at, "no bracket is open here")),
        Some(_) => Err(parser.error(parser.at, "the value has ended: , or ; or and or or was expected here")),
    }
}

/// What stands between two items of a level.
#[derive(Clone, Copy, PartialEq)]
enum Joint {
    Comma,
    Semicolon,
    And,
    Or,
}

impl Joint {
    fn is_word(self) -> bool {
        matches!(self, Self::And | Self::Or)
    }
}

#[derive(Clone)]
struct Parser<'a> {
    text: &'a str,
    /// The byte that is read next.
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    /// `filter` of the grammar: everything up to the end or an unmatched bracket.
    fn level(&mut self) -> Result<Expression, SyntaxError> {
        let mut words = self.is_at_not().then_some(true);
        let mut items = vec![self.item()?];
        let mut joints = Vec::new();
        loop {
            self.skip_blanks();
            let start = self.at;
            let Some(joint) = self.joint() else { break };
            let negated = self.is_at_not();
            let first = *words.get_or_insert_with(|| joint.is_word());
            if first != joint.is_word() || (negated && !first) {
                return Err(self.error(
                    start,
                    ", and ; do not go with the words and, or, not on one level: put one kind into brackets",
                ));
            }
            joints.push(joint);
            items.push(self.item()?);
        }
        Ok(match words {
            Some(true) => fold(items, &joints, Joint::Or, Expression::And, Expression::Or),
            _ => {
                let (tight, loose) = (Expression::Or, Expression::And);
                fold(items, &joints, Joint::Semicolon, tight, loose)
            }
        })
    }

    fn joint(&mut self) -> Option<Joint> {
        if self.take(",") {
            Some(Joint::Comma)
        } else if self.take(";") {
            Some(Joint::Semicolon)
        } else if self.take_word("and") {
            Some(Joint::And)
        } else if self.take_word("or") {
            Some(Joint::Or)
        } else {
            None
        }
    }

    fn item(&mut self) -> Result<Expression, SyntaxError> {
        self.skip_blanks();
        let start = self.at;
        if self.is_at_not() {
            self.take_word("not");
            let item = self.deeper(start, Self::item)?;
            return Ok(Expression::Not(Box::new(item)));
        }
        if !self.take("(") {
            return self.condition();
        }
        let inner = self.deeper(start, Self::level)?;
        match self.peek() {
            Some(')') => {
                self.take(")");
                Ok(inner)
            }
            Some(_) => Err(self.error(self.at, "the value has ended: a bracket, , or ; or a word was expected here")),
            None => Err(self.error(
                start,
                "this bracket is not closed: a value without quotes runs on to the next , or ; or the end",
            )),
        }
    }

    fn deeper(
        &mut self,
        start: usize,
        read: fn(&mut Self) -> Result<Expression, SyntaxError>,
    ) -> Result<Expression, SyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error(start, format!("more than {DEPTH} levels of brackets")));
        }
        let inner = read(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn condition(&mut self) -> Result<Expression, SyntaxError> {
        let start = self.at;
        let case_sensitive = self.take_case();
        self.skip_blanks();
        let field = self.field()?;
        self.skip_blanks();
        let negated = self.take_word("not");
        self.skip_blanks();
        let operator = if negated { None } else { self.operator() };
        let comparison = if let Some(operator) = operator {
            let (value_start, value) = self.value()?;
            if operator.is_numeric() {
                self.check_number(value_start, &value)?;
            }
            Comparison::With(operator, value)
        } else if self.take_word("in") {
            Comparison::In(self.list()?)
        } else if self.take_word("between") {
            let from = self.bound()?;
            self.skip_blanks();
            if !self.take_word("and") {
                return Err(self.error(self.at, "and was expected between the two numbers"));
            }
            Comparison::Between(from, self.bound()?)
        } else {
            return Err(self.no_operator(&field));
        };
        if case_sensitive && comparison.is_numeric() {
            return Err(self.error(start, "numbers have no upper and lower case: leave case out"));
        }
        let condition = Expression::Condition(Condition { field, comparison, case_sensitive });
        Ok(match negated {
            true => Expression::Not(Box::new(condition)),
            false => condition,
        })
    }

    /// `case`, unless it is the name of a field.
    fn take_case(&mut self) -> bool {
        let mut ahead = self.clone();
        let is_prefix = ahead.take_word("case") && {
            ahead.skip_blanks();
            ahead.peek().is_some_and(char::is_alphabetic)
        };
        is_prefix && self.take_word("case")
    }

    fn no_operator(&self, field: &str) -> SyntaxError {
        let message = match self.peek() {
            Some('=') => "= is no operator: == is equality".to_owned(),
            Some('!') => "! is no operator: !=, !@ and !~ are".to_owned(),
            _ => format!("an operator was expected after {field}"),
        };
        let known: Vec<&str> = OPERATORS.iter().map(|(symbol, _)| *symbol).collect();
        SyntaxError {
            hint: Some(format!("operators are {} in (…) between … and …", known.join(" "))),
            ..self.error(self.at, message)
        }
    }

    /// A value and where it starts.
    fn value(&mut self) -> Result<(usize, String), SyntaxError> {
        self.skip_blanks();
        let start = self.at;
        if let Some(value) = self.quoted()? {
            return Ok((start, value));
        }
        let (raw, value) = self.bare(&[',', ';']);
        if value.is_empty() {
            return Err(self.error(start, "a value is missing: write \"\" for empty text"));
        }
        match self.condition_inside(start, raw) {
            Some((value_end, joint_start)) => Err(SyntaxError {
                hint: Some(format!(
                    "quote it: {}\"{}\"{}",
                    &self.text[..start],
                    &self.text[start..value_end],
                    &self.text[value_end..]
                )),
                ..self.error(
                    joint_start,
                    "a value without quotes runs on to the next , or ; or the end, and this one reads like a second condition",
                )
            }),
            None => Ok((start, value)),
        }
    }

    /// Where a value that reads like `x and FIELD OP …` should have ended, and where the word stands.
    fn condition_inside(&self, start: usize, raw: &str) -> Option<(usize, usize)> {
        let mut before = ' ';
        for (offset, c) in raw.char_indices() {
            let mut ahead = Parser { at: start + offset, ..self.clone() };
            let separated = before.is_whitespace() || before == ')' || before == '"';
            if separated && ahead.joint().is_some_and(Joint::is_word) && ahead.reads_on() {
                let value = raw[..offset].trim_end().trim_end_matches(')').trim_end();
                return Some((start + value.len(), start + offset));
            }
            before = c;
        }
        None
    }

    /// Whether a condition begins here, behind any brackets and words.
    fn reads_on(&mut self) -> bool {
        loop {
            self.skip_blanks();
            if !self.take("(") && !self.take_word("not") && !self.take_case() {
                break;
            }
        }
        if self.field().is_err() {
            return false;
        }
        self.skip_blanks();
        self.take_word("not");
        self.skip_blanks();
        if self.operator().is_some() {
            return true;
        }
        if self.take_word("in") {
            self.skip_blanks();
            return self.take("(");
        }
        self.take_word("between") && self.bound().is_ok()
    }

    fn list(&mut self) -> Result<Vec<String>, SyntaxError> {
        self.skip_blanks();
        let open = self.at;
        if !self.take("(") {
            return Err(self.error(open, "in takes a list in brackets: in (a, b)"));
        }
        let mut values = Vec::new();
        loop {
            self.skip_blanks();
            let start = self.at;
            let value = match self.quoted()? {
                Some(value) => value,
                None => self.bare(&[',', ')']).1,
            };
            if value.is_empty() && self.at == start {
                return Err(self.error(start, "a value is missing: write \"\" for empty text"));
            }
            values.push(value);
            self.skip_blanks();
            if self.take(")") {
                return Ok(values);
            }
            if !self.take(",") {
                return Err(match self.peek() {
                    None => self.error(open, "this list is not closed"),
                    Some(_) => self.error(self.at, ", or ) was expected after the value"),
                });
            }
        }
    }

    /// One number of `between`, quoted or ending where the number ends.
    fn bound(&mut self) -> Result<String, SyntaxError> {
        self.skip_blanks();
        let start = self.at;
        let value = match self.quoted()? {
            Some(value) => value,
            None => {
                let rest = self.rest();
                let length = rest.find(|c: char| c.is_whitespace() || ",;)".contains(c)).unwrap_or(rest.len());
                self.at += length;
                rest[..length].to_owned()
            }
        };
        self.check_number(start, &value)?;
        Ok(value)
    }

    fn check_number(&self, start: usize, value: &str) -> Result<(), SyntaxError> {
        if is_number(value) {
            return Ok(());
        }
        let inner = value.trim_end_matches([')', ' ']);
        let is_swallowed_bracket = self.depth > 0 && inner.len() < value.len();
        Err(SyntaxError {
            hint: is_swallowed_bracket.then(|| format!("quote it: \"{inner}\"")),
            ..self.error(start, format!("a number was expected, not {value:?}"))
        })
    }
}

/// Joins items: those between two `loose` joints into a `tight_group`, and those into a `loose_group`.
fn fold(
    items: Vec<Expression>,
    joints: &[Joint],
    loose: Joint,
    tight_group: fn(Vec<Expression>) -> Expression,
    loose_group: fn(Vec<Expression>) -> Expression,
) -> Expression {
    let mut groups = vec![Vec::new()];
    for (item, joint) in items.into_iter().zip(joints.iter().map(Some).chain([None])) {
        if let Some(group) = groups.last_mut() {
            group.push(item);
        }
        if joint == Some(&loose) {
            groups.push(Vec::new());
        }
    }
    let groups = groups.into_iter().map(|group| single_or(group, tight_group)).collect();
    single_or(groups, loose_group)
}

fn single_or(mut members: Vec<Expression>, group: fn(Vec<Expression>) -> Expression) -> Expression {
    match members.len() {
        1 => members.remove(0),
        _ => group(members),
    }
}
