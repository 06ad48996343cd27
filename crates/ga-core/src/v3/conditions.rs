//! Translates the fields and values of a v3 filter.

use gauth_text::Typed;

use super::column::labels;
use super::decimal;
use super::field_list::{FieldList, level, power};
use super::names;
use super::resolve::{Fields, Resolved};
use crate::catalogue::{self, FieldKind};
use crate::error::Error;
use crate::filter::{Comparison, Condition, Expression, Operator};

/// Renames the fields and converts the values, so that `ga:bounceRate>50` asks for more than 0.5.
pub(super) fn translate(expression: Expression, fields: &mut FieldList<'_>) -> Result<Expression, Error> {
    let all = |members: Vec<Expression>, fields: &mut FieldList<'_>| {
        let translated = members.into_iter().map(|member| translate(member, fields));
        translated.collect::<Result<Vec<_>, _>>()
    };
    Ok(match expression {
        Expression::And(members) => Expression::And(all(members, fields)?),
        Expression::Or(members) => Expression::Or(all(members, fields)?),
        Expression::Not(inner) => Expression::Not(Box::new(translate(*inner, fields)?)),
        Expression::Condition(condition) => translate_condition(condition, fields)?,
    })
}

fn translate_condition(condition: Condition, fields: &mut FieldList<'_>) -> Result<Expression, Error> {
    let name = condition.field.clone();
    let old = name.strip_prefix("ga:");
    let entry = match old {
        None if names::is_ga4(&name) => None,
        _ => names::find(old.unwrap_or(&name)),
    };
    let kind = entry.map(|(entry, _)| entry.kind).or_else(|| catalogue::kind_of(&name));
    // Names whose kind depends on the operator or the report are passed on.
    let Some(kind) = kind.or_else(|| old.map(|_| FieldKind::Dimension)) else {
        return Ok(Expression::Condition(condition));
    };
    let resolved = fields.resolve(&name, kind)?;
    match kind {
        FieldKind::Metric => {
            let field = fields.comparable(&name, &resolved.fields);
            fields.filters_by(field.clone());
            Ok(Expression::Condition(metric(condition, field, &resolved)))
        }
        FieldKind::Dimension => dimension(condition, resolved),
    }
}

fn metric(condition: Condition, field: String, resolved: &Resolved) -> Condition {
    let shift = |value: &str| match power(resolved) {
        0 => value.to_owned(),
        power => decimal::shift(value, -power),
    };
    let comparison = match condition.comparison {
        Comparison::With(operator, value) => Comparison::With(operator, shift(&value)),
        Comparison::Between(from, to) => Comparison::Between(shift(&from), shift(&to)),
        list @ Comparison::In(_) => list,
    };
    Condition { field, comparison, ..condition }
}

fn dimension(condition: Condition, resolved: Resolved) -> Result<Expression, Error> {
    let name = condition.field.clone();
    let Fields::One(field) = resolved.fields else {
        return Err(unfilterable(&name, "it combines several fields"));
    };
    let condition = Condition { field, ..condition };
    if resolved.values.is_empty() {
        return Ok(Expression::Condition(condition));
    }
    let by_value = |value: &str| match level(resolved.values) {
        Some(level) => Some(at_level(level, value, &condition)),
        None if resolved.values.contains('>') => Some(labelled(resolved.values, value, &condition)),
        None => None,
    };
    let translated = match &condition.comparison {
        Comparison::With(Operator::Equal, value) => by_value(value),
        Comparison::With(Operator::NotEqual, value) => by_value(value).map(|equal| Expression::Not(Box::new(equal))),
        Comparison::In(values) => match &values[..] {
            [value] => by_value(value),
            values => values.iter().map(|value| by_value(value)).collect::<Option<_>>().map(Expression::Or),
        },
        _ => None,
    };
    translated.ok_or_else(|| unfilterable(&name, "its values are computed: only `==`, `!=` and `in` can be translated"))
}

/// The GA4 values with this label; the label `*` is for all values without another label.
fn labelled(table: &'static str, label: &str, condition: &Condition) -> Expression {
    let carries = |(_, known): &(&str, &str)| known.eq_ignore_ascii_case(label);
    let is_rest = labels(table).any(|pair| pair.0 == "*" && carries(&pair));
    let values: Vec<String> = labels(table)
        .filter(|pair| pair.0 != "*" && carries(pair) != is_rest)
        .map(|(value, _)| value.to_owned())
        .collect();
    let comparison = match &values[..] {
        [] => Comparison::With(Operator::Equal, label.to_owned()),
        [value] => Comparison::With(Operator::Equal, value.clone()),
        _ => Comparison::In(values),
    };
    let with_values = Expression::Condition(Condition { comparison, ..condition.clone() });
    if is_rest { Expression::Not(Box::new(with_values)) } else { with_values }
}

/// The paths whose part on this level is `value`.
fn at_level(level: usize, value: &str, condition: &Condition) -> Expression {
    let above = level - 1;
    let pattern = match value {
        "" => format!("^(/[^/]*){{0,{above}}}$"),
        value if value.ends_with('/') && value != "/" => {
            format!("^(/[^/]*){{{above}}}{}", escaped(value))
        }
        value => format!("^(/[^/]*){{{above}}}{}$", escaped(value)),
    };
    Expression::Condition(Condition { comparison: Comparison::With(Operator::Matches, pattern), ..condition.clone() })
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn unfilterable(name: &str, why: &str) -> Error {
    Error::field(format!("cannot translate the filter on {}: {why}", Typed(name)))
}
