//! Expressions to the `dimensionFilter` and the `metricFilter` of a request.
//!
//! Google filters dimensions before aggregation and metrics after it, so a FilterExpression has only one kind:
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/FilterExpression>.

use gauth_text::Typed;

use super::{Comparison, Condition, Expression, Operator, is_number};
use crate::catalogue::{self, FieldKind};
use crate::error::Error;
use crate::report::{Filter, FilterExpression, FilterExpressionList, MatchType, NumericValue, Operation, Test};

/// The two filters of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sides {
    /// For `dimensionFilter`.
    pub dimension: Option<FilterExpression>,
    /// For `metricFilter`.
    pub metric: Option<FilterExpression>,
    /// The metrics in it, each once; the server knows only those of the report.
    pub metrics: Vec<String>,
}

/// Splits filters that must all match. `metrics` are the names of the report's metrics: they decide the kind of a name
/// that can be either (`customEvent:x`) or is unknown.
pub(crate) fn sides(filters: Vec<Expression>, metrics: &[String]) -> Result<Sides, Error> {
    let mut conjuncts = Vec::new();
    for filter in filters {
        flatten(filter, &mut conjuncts);
    }
    let mut dimension = Vec::new();
    let mut metric = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for mut conjunct in conjuncts {
        let kind = kind_of(&conjunct, metrics)?;
        if kind == FieldKind::Metric {
            for condition in conjunct.conditions_mut() {
                if !names.contains(&condition.field) {
                    names.push(condition.field.clone());
                }
            }
        }
        let translated = translate(conjunct, kind)?;
        match kind {
            FieldKind::Dimension => dimension.push(translated),
            FieldKind::Metric => metric.push(translated),
        }
    }
    Ok(Sides { dimension: all_of(dimension), metric: all_of(metric), metrics: names })
}

fn flatten(expression: Expression, conjuncts: &mut Vec<Expression>) {
    match expression {
        Expression::And(members) => {
            for member in members {
                flatten(member, conjuncts);
            }
        }
        other => conjuncts.push(other),
    }
}

fn all_of(mut members: Vec<FilterExpression>) -> Option<FilterExpression> {
    match members.len() {
        0 | 1 => members.pop(),
        _ => Some(FilterExpression::AndGroup(FilterExpressionList { expressions: members })),
    }
}

/// The kind of all fields within; an error if there are both.
fn kind_of(expression: &Expression, metrics: &[String]) -> Result<FieldKind, Error> {
    let mut dimension = None;
    let mut metric = None;
    let mut rest = vec![expression];
    while let Some(expression) = rest.pop() {
        match expression {
            Expression::And(members) | Expression::Or(members) => rest.extend(members),
            Expression::Not(inner) => rest.push(inner),
            Expression::Condition(condition) => match kind_of_condition(condition, metrics) {
                FieldKind::Dimension => dimension = Some(condition),
                FieldKind::Metric => metric = Some(condition),
            },
        }
    }
    match (dimension, metric) {
        (Some(dimension), Some(metric)) => Err(Error::usage(format!(
            "invalid filter: the dimension {} and the metric {} cannot be alternatives: dimensions are filtered before \
             aggregation, metrics after it",
            dimension.field, metric.field
        ))
        .with_hint("run one report for each alternative, or join the two with `;` or `and`")),
        (_, Some(_)) => Ok(FieldKind::Metric),
        (_, None) => Ok(FieldKind::Dimension),
    }
}

fn kind_of_condition(condition: &Condition, metrics: &[String]) -> FieldKind {
    if let Some(kind) = catalogue::kind_of(&condition.field) {
        return kind;
    }
    let comparison = &condition.comparison;
    let is_metric = !comparison.is_textual() && (comparison.is_numeric() || metrics.contains(&condition.field));
    if is_metric { FieldKind::Metric } else { FieldKind::Dimension }
}

fn translate(expression: Expression, kind: FieldKind) -> Result<FilterExpression, Error> {
    let list = |members: Vec<Expression>| {
        let expressions = members.into_iter().map(|member| translate(member, kind)).collect::<Result<_, _>>()?;
        Ok::<_, Error>(FilterExpressionList { expressions })
    };
    Ok(match expression {
        Expression::And(members) => FilterExpression::AndGroup(list(members)?),
        Expression::Or(members) => FilterExpression::OrGroup(list(members)?),
        Expression::Not(inner) => negated(translate(*inner, kind)?),
        Expression::Condition(condition) => match kind {
            FieldKind::Dimension => dimension_filter(condition)?,
            FieldKind::Metric => metric_filter(condition)?,
        },
    })
}

fn negated(inner: FilterExpression) -> FilterExpression {
    FilterExpression::NotExpression(Box::new(inner))
}

fn dimension_filter(condition: Condition) -> Result<FilterExpression, Error> {
    let Condition { field, comparison, case_sensitive } = condition;
    let text = |match_type, value| Test::StringFilter { match_type, value, case_sensitive };
    let mut is_negated = false;
    let test = match comparison {
        Comparison::In(values) => Test::InListFilter { values, case_sensitive },
        Comparison::Between(from, to) => between(&field, &from, &to)?,
        Comparison::With(operator, value) => {
            is_negated = matches!(operator, Operator::NotEqual | Operator::ContainsNot | Operator::MatchesNot);
            match operator {
                Operator::Equal | Operator::NotEqual => text(MatchType::Exact, value),
                Operator::Contains | Operator::ContainsNot => text(MatchType::Contains, value),
                Operator::Matches | Operator::MatchesNot => text(MatchType::PartialRegexp, value),
                Operator::BeginsWith => text(MatchType::BeginsWith, value),
                Operator::EndsWith => text(MatchType::EndsWith, value),
                Operator::Greater => numeric(&field, Operation::GreaterThan, &value)?,
                Operator::GreaterOrEqual => numeric(&field, Operation::GreaterThanOrEqual, &value)?,
                Operator::Less => numeric(&field, Operation::LessThan, &value)?,
                Operator::LessOrEqual => numeric(&field, Operation::LessThanOrEqual, &value)?,
            }
        }
    };
    let filter = FilterExpression::Filter(Filter { field_name: field, test });
    Ok(if is_negated { negated(filter) } else { filter })
}

fn metric_filter(condition: Condition) -> Result<FilterExpression, Error> {
    let field = condition.field;
    if condition.case_sensitive {
        return Err(Error::usage(format!(
            "invalid filter: {} is a metric, and `case` applies to text only",
            Typed(&field)
        )));
    }
    let (test, is_negated) = match condition.comparison {
        Comparison::In(_) => return Err(not_textual(&field, "in")),
        Comparison::Between(from, to) => (between(&field, &from, &to)?, false),
        Comparison::With(operator, value) => {
            let operation = match operator {
                Operator::Equal | Operator::NotEqual => Operation::Equal,
                Operator::Greater => Operation::GreaterThan,
                Operator::GreaterOrEqual => Operation::GreaterThanOrEqual,
                Operator::Less => Operation::LessThan,
                Operator::LessOrEqual => Operation::LessThanOrEqual,
                other => return Err(not_textual(&field, other.symbol())),
            };
            let test = numeric(&field, operation, &value)?;
            (test, operator == Operator::NotEqual)
        }
    };
    let filter = FilterExpression::Filter(Filter { field_name: field, test });
    Ok(if is_negated { negated(filter) } else { filter })
}

fn not_textual(field: &str, operator: &str) -> Error {
    Error::usage(format!("invalid filter: {} is a metric, and {operator} compares text", Typed(field)))
        .with_hint("use one of == != > >= < <= between … and …")
}

fn numeric(field: &str, operation: Operation, value: &str) -> Result<Test, Error> {
    Ok(Test::NumericFilter { operation, value: number(field, value)? })
}

fn between(field: &str, from: &str, to: &str) -> Result<Test, Error> {
    Ok(Test::BetweenFilter { from_value: number(field, from)?, to_value: number(field, to)? })
}

/// Whole numbers stay exact; anything else becomes the nearest double, which is what the server accepts.
fn number(field: &str, text: &str) -> Result<NumericValue, Error> {
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(NumericValue::Int64Value(whole.to_string()));
    }
    match text.parse() {
        Ok(double) if is_number(text) => Ok(NumericValue::DoubleValue(double)),
        _ => Err(Error::usage(format!(
            "invalid filter: expected a number to compare {} with, found {:?}",
            Typed(field),
            Typed(text)
        ))),
    }
}
