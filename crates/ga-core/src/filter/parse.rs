//! `--filter`: text to [`Expression`], by recursive descent over the grammar of [`super`].

use super::scan::{DEPTH, Ends, Joint, Scanner};
use super::{Comparison, Condition, Expression, Operator, SyntaxError, fold};

const OPERATORS: &str = "== != =@ !@ =~ !~ ^= $= > >= < <= in (…) between … and …";

/// Reads one filter.
pub fn parse(text: &str) -> Result<Expression, SyntaxError> {
    let mut parser = Parser { scanner: Scanner::new(text), depth: 0, last_value: None };
    let expression = parser.level()?;
    let scanner = parser.scanner;
    match scanner.peek() {
        None => Ok(expression),
        Some(')') => Err(parser.stray_bracket()),
        Some(_) => Err(scanner.error(scanner.at, "expected `,`, `;`, `and` or `or` after the value")),
    }
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    depth: usize,
    /// Where the last value without quotes began, and whether it is a regular expression.
    last_value: Option<(usize, bool)>,
}

impl Parser<'_> {
    /// `filter` of the grammar: everything up to the end or an unmatched bracket.
    fn level(&mut self) -> Result<Expression, SyntaxError> {
        let mut words = self.is_at_not().then_some(true);
        let mut items = vec![self.item()?];
        let mut joints = Vec::new();
        loop {
            self.scanner.skip_blanks();
            let start = self.scanner.at;
            let Some(joint) = self.scanner.joint() else { break };
            let negated = self.is_at_not();
            let first = *words.get_or_insert_with(|| joint.is_word());
            if first != joint.is_word() || (negated && !first) {
                let message = "`,` and `;` cannot be mixed with the words and, or, not on one level";
                return Err(self.scanner.error(start, message).with_hint("put one kind into brackets"));
            }
            joints.push(joint);
            items.push(self.item()?);
        }
        Ok(match words {
            Some(true) => fold(items, &joints, Joint::Or, Expression::And, Expression::Or),
            _ => fold(items, &joints, Joint::Semicolon, Expression::Or, Expression::And),
        })
    }

    fn is_at_not(&self) -> bool {
        let mut ahead = self.scanner;
        ahead.skip_blanks();
        ahead.take_word("not")
    }

    fn item(&mut self) -> Result<Expression, SyntaxError> {
        self.scanner.skip_blanks();
        let start = self.scanner.at;
        if self.scanner.take_word("not") {
            let item = self.deeper(start, Self::item)?;
            return Ok(Expression::Not(Box::new(item)));
        }
        if !self.scanner.take("(") {
            return self.condition();
        }
        let inner = self.deeper(start, Self::level)?;
        match self.scanner.peek() {
            Some(')') => {
                self.scanner.take(")");
                Ok(inner)
            }
            Some(_) => {
                let message = "expected `,`, `;`, `and`, `or` or `)` after the value";
                Err(self.scanner.error(self.scanner.at, message))
            }
            None => Err(self.scanner.error(start, "this bracket is not closed")),
        }
    }

    fn deeper(
        &mut self,
        start: usize,
        read: fn(&mut Self) -> Result<Expression, SyntaxError>,
    ) -> Result<Expression, SyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.scanner.error(start, format!("more than {DEPTH} levels of brackets")));
        }
        let inner = read(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn condition(&mut self) -> Result<Expression, SyntaxError> {
        let start = self.scanner.at;
        let case_sensitive = self.scanner.take_word("case");
        self.scanner.skip_blanks();
        let field = self.scanner.name().ok_or_else(|| self.scanner.no_name())?.to_owned();
        self.scanner.skip_blanks();
        let negated = self.scanner.take_word("not");
        self.scanner.skip_blanks();
        let operator = if negated { None } else { self.scanner.operator() };
        let comparison = if let Some(operator) = operator {
            Comparison::With(operator, self.value(operator)?)
        } else if self.scanner.take_word("in") {
            Comparison::In(self.list()?)
        } else if self.scanner.take_word("between") {
            let from = self.scanner.bound()?;
            self.scanner.skip_blanks();
            if !self.scanner.take_word("and") {
                return Err(self.scanner.error(self.scanner.at, "expected `and` between the two numbers"));
            }
            Comparison::Between(from, self.scanner.bound()?)
        } else {
            return Err(self.scanner.no_operator(&field, OPERATORS));
        };
        if case_sensitive && comparison.is_numeric() {
            return Err(self.scanner.error(start, "`case` applies to text only"));
        }
        let condition = Expression::Condition(Condition { field, comparison, case_sensitive });
        Ok(if negated { Expression::Not(Box::new(condition)) } else { condition })
    }

    fn value(&mut self, operator: Operator) -> Result<String, SyntaxError> {
        self.scanner.skip_blanks();
        let start = self.scanner.at;
        let value = match self.scanner.quoted()? {
            Some(value) => {
                self.last_value = None;
                value
            }
            None => {
                self.last_value = Some((start, operator.is_regex()));
                let value = self.scanner.value(&Ends::CONDITION, operator.is_regex()).map_err(|error| {
                    // Quotes would not make it a number.
                    if operator.is_numeric() { SyntaxError { hint: None, ..error } } else { error }
                })?;
                if value.is_empty() {
                    return Err(self.scanner.error(start, "expected a value (for empty text write \"\")"));
                }
                value
            }
        };
        if operator.is_numeric() {
            self.scanner.check_number(start, &value)?;
        }
        Ok(value)
    }

    fn list(&mut self) -> Result<Vec<String>, SyntaxError> {
        let scanner = &mut self.scanner;
        self.last_value = None;
        scanner.skip_blanks();
        let open = scanner.at;
        if !scanner.take("(") {
            return Err(scanner.error(open, "expected a list in brackets, as in (a, b)"));
        }
        let mut values = Vec::new();
        loop {
            scanner.skip_blanks();
            let start = scanner.at;
            values.push(match scanner.quoted()? {
                Some(value) => value,
                None => scanner.value(&Ends::LIST, false)?,
            });
            if scanner.at == start {
                return Err(scanner.error(start, "expected a value (for empty text write \"\")"));
            }
            scanner.skip_blanks();
            if scanner.take(")") {
                return Ok(values);
            }
            if !scanner.take(",") {
                return Err(match scanner.peek() {
                    None => scanner.error(open, "this list is not closed"),
                    Some(_) => scanner.error(scanner.at, "expected `,` or `)` after the value"),
                });
            }
        }
    }

    /// An unmatched `)`: it may belong to the value before it.
    fn stray_bracket(&self) -> SyntaxError {
        let error = self.scanner.error(self.scanner.at, "unexpected `)`: no bracket is open");
        let Some((start, is_regex)) = self.last_value else {
            return error;
        };
        let mut behind = self.scanner;
        while behind.take(")") {
            if behind.value(&Ends::CONDITION, is_regex).is_err() {
                return error;
            }
        }
        let value = behind.since(start).trim_end();
        error.with_hint(self.scanner.with_quotes(start, start + value.len(), value))
    }
}
