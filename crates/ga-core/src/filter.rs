//! The filter language of `--filter`: the operators of Core Reporting v3, plus words and brackets; and the grammar of
//! `--filters`, which is that of v3.
//!
//! ```text
//! filter    = symbols | words
//! symbols   = any { ";" any }              ";" is AND
//! any       = item { "," item }            "," is OR and binds tighter
//! words     = all { ("or" | "||") all }
//! all       = item { ("and" | "&&") item }
//! item      = condition | "(" filter ")" | "not" item
//! condition = ["case"] FIELD operator value
//!           | ["case"] FIELD ["not"] "in" "(" value { "," value } ")"
//!           | FIELD ["not"] "between" NUMBER "and" NUMBER
//! operator  = "==" | "!=" | "=@" | "!@" | "=~" | "!~" | "^=" | "$=" | ">" | ">=" | "<" | "<="
//! ```
//!
//! Case does not matter in words; a line break is a blank. One level of brackets uses symbols or words, never
//! both. `case` makes one condition case-sensitive.
//!
//! A value is quoted (`"…"` or `'…'`, where a backslash escapes quotes and itself), or it ends, without the
//! blanks around it,
//! - at `,` or `;`, which a backslash escapes as it does itself; any other backslash stays, so that regular
//!   expressions need none of their own doubled;
//! - at an unmatched `)`; brackets that are escaped or in a class of a regular expression do not count;
//! - before `&&`, `||`, or `and` or `or` between blanks, if a field and an operator follow it, possibly after `(`,
//!   `not` and `case`. So `Bread and Butter` is one value.
//!
//! In a list it ends at `,` or at such a `)`, which a backslash escapes there. A value that was
//! probably meant to end earlier is refused with a hint to quote it.
//!
//! `sides` turns expressions into the two FilterExpressions of a request.

mod parse;
mod print;
mod scan;
mod sides;
mod syntax_error;
#[cfg(test)]
mod tests;
mod v3;

pub use parse::parse;
pub(crate) use sides::sides;
pub use syntax_error::SyntaxError;
pub use v3::parse_v3;

use scan::Joint;

/// A parsed filter; which of its fields are metrics is not yet known.
///
/// `Display` prints the one canonical text, which [`parse()`] reads back as the same expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// All of two or more hold.
    And(Vec<Self>),
    /// At least one of two or more holds.
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// One field holds.
    Condition(Condition),
}

impl Expression {
    /// Every condition, from left to right, to read or to rewrite.
    fn conditions_mut(&mut self) -> Vec<&mut Condition> {
        match self {
            Self::And(members) | Self::Or(members) => members.iter_mut().flat_map(Self::conditions_mut).collect(),
            Self::Not(inner) => inner.conditions_mut(),
            Self::Condition(condition) => vec![condition],
        }
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

/// One field and what must be true of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The name as typed: GA4's, a bare UA name, or one with `ga:`.
    pub field: String,
    /// What must be true of it.
    pub comparison: Comparison,
    /// Whether case matters.
    pub case_sensitive: bool,
}

/// What must be true of a field. Numbers are kept as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Against one value.
    With(Operator, String),
    /// The text is one of these.
    In(Vec<String>),
    /// The number lies between these two, both included.
    Between(String, String),
}

impl Comparison {
    /// Whether only numbers can be compared like this.
    fn is_numeric(&self) -> bool {
        match self {
            Self::With(operator, _) => operator.is_numeric(),
            Self::In(_) => false,
            Self::Between(..) => true,
        }
    }

    /// Whether only text can be compared like this.
    fn is_textual(&self) -> bool {
        match self {
            Self::With(operator, _) => {
                !operator.is_numeric() && !matches!(operator, Operator::Equal | Operator::NotEqual)
            }
            Self::In(_) => true,
            Self::Between(..) => false,
        }
    }
}

/// The operators that are written as symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `==`, of text and of numbers.
    Equal,
    /// `!=`, of text and of numbers.
    NotEqual,
    /// `=@`
    Contains,
    /// `!@`
    ContainsNot,
    /// `=~`: a regular expression that may match any part.
    Matches,
    /// `!~`
    MatchesNot,
    /// `^=`
    BeginsWith,
    /// `$=`
    EndsWith,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

/// Each operator with its spelling; the longer of two with the same beginning comes first.
const OPERATORS: &[(&str, Operator)] = &[
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("=@", Operator::Contains),
    ("!@", Operator::ContainsNot),
    ("=~", Operator::Matches),
    ("!~", Operator::MatchesNot),
    ("^=", Operator::BeginsWith),
    ("$=", Operator::EndsWith),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

impl Operator {
    /// How it is written.
    fn symbol(self) -> &'static str {
        OPERATORS.iter().find(|(_, operator)| *operator == self).map_or("", |(symbol, _)| symbol)
    }

    fn is_regex(self) -> bool {
        matches!(self, Self::Matches | Self::MatchesNot)
    }

    fn is_numeric(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual)
    }
}

/// Whether a text is a number for Analytics: finite, decimal, with or without an exponent.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}
