//! `--filters`: the grammar of Core Reporting v3, where values run to an unescaped `,` or `;` and there are no
//! words, quotes or brackets.
//! <https://developers.google.com/analytics/devguides/reporting/core/v3/reference#filters>

use super::scan::{Ends, Joint, Scanner};
use super::{Comparison, Condition, Expression, Operator, SyntaxError, fold};

const OPERATORS: &str = "== != =@ !@ =~ !~ > >= < <=";

/// Reads one value of v3's parameter `filters`.
pub fn parse_v3(text: &str) -> Result<Expression, SyntaxError> {
    let mut scanner = Scanner::new(text);
    let mut items = vec![condition(&mut scanner)?];
    let mut joints = Vec::new();
    while let Some(joint) = scanner.joint() {
        joints.push(joint);
        items.push(condition(&mut scanner)?);
    }
    Ok(fold(items, &joints, Joint::Semicolon, Expression::Or, Expression::And))
}

fn condition(scanner: &mut Scanner<'_>) -> Result<Expression, SyntaxError> {
    scanner.skip_blanks();
    let field = scanner.name().ok_or_else(|| {
        scanner.no_name().with_hint("use --filter for words, quotes and brackets: --filters has only the grammar of v3")
    })?;
    scanner.skip_blanks();
    let before = *scanner;
    let is_v3 = |operator: &Operator| !matches!(operator, Operator::BeginsWith | Operator::EndsWith);
    let operator = scanner.operator().filter(is_v3).ok_or_else(|| before.no_operator(field, OPERATORS))?;
    scanner.skip_blanks();
    let start = scanner.at;
    let value = scanner.value(&Ends::V3, operator.is_regex())?;
    if value.is_empty() {
        return Err(scanner.error(start, "expected a value"));
    }
    if operator.is_numeric() {
        scanner.check_number(start, &value)?;
    }
    let comparison = Comparison::With(operator, value);
    Ok(Expression::Condition(Condition { field: field.to_owned(), comparison, case_sensitive: false }))
}
