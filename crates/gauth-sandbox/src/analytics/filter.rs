//! Filters of a request (`FilterExpression`): on dimensions before rows are grouped, on metrics afterwards
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/FilterExpression>). Text
//! is compared without case by default; regular expressions are RE2's.

use super::dimensions::NOT_SET;
use super::refuse_if;
use crate::rest::Refusal;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// The steps of funnels use them as well, and also test events and their parameters.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FilterExpression {
    and_group: Option<FilterList>,
    or_group: Option<FilterList>,
    not_expression: Option<Box<Self>>,
    #[serde(alias = "funnelFieldFilter")]
    pub(super) filter: Option<Filter>,
    pub(super) funnel_event_filter: Option<EventFilter>,
    pub(super) funnel_parameter_filter: Option<Filter>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct FilterList {
    expressions: Vec<FilterExpression>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EventFilter {
    pub(super) event_name: String,
    pub(super) funnel_parameter_filter_expression: Option<Box<FilterExpression>>,
}

/// One test of one field, or of one parameter of an event.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Filter {
    pub(super) field_name: String,
    pub(super) event_parameter_name: String,
    pub(super) item_parameter_name: String,
    string_filter: Option<StringFilter>,
    in_list_filter: Option<InListFilter>,
    numeric_filter: Option<NumericFilter>,
    between_filter: Option<BetweenFilter>,
    empty_filter: Option<EmptyFilter>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct StringFilter {
    match_type: String,
    value: String,
    case_sensitive: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct InListFilter {
    values: Vec<String>,
    case_sensitive: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NumericFilter {
    operation: String,
    value: NumericValue,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct BetweenFilter {
    from_value: NumericValue,
    to_value: NumericValue,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct NumericValue {
    int64_value: Option<i64>,
    double_value: Option<f64>,
}

#[derive(Deserialize, Default)]
struct EmptyFilter {}

/// A filter whose leaves are indices into the list of tests.
pub(super) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Leaf(usize),
}

/// What a field is compared with.
pub(super) struct Leaf {
    pub(super) field: String,
    pub(super) test: Test,
}

pub(super) enum Test {
    /// How a text is compared with this one.
    Text(fn(&str, &str) -> bool, String, Case),
    Matches(Regex),
    OneOf(Vec<String>, Case),
    /// How a number is compared with this one.
    Compare(fn(&f64, &f64) -> bool, f64),
    Between(f64, f64),
    Empty,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Kept,
    Folded,
}

/// Makes the condition of an expression that is neither a group nor a negation.
type LeafReader<'a> = dyn FnMut(&FilterExpression) -> Result<Condition, Refusal> + 'a;

impl FilterExpression {
    /// Checks the form; the tests are in the order of the request.
    pub(super) fn resolve(&self) -> Result<(Condition, Vec<Leaf>), Refusal> {
        let mut leaves = Vec::new();
        let condition = self.resolve_by(&mut |expression| {
            let Some(filter) = &expression.filter else {
                return Err(Refusal::invalid("A filter expression must not be empty."));
            };
            leaves.push(Leaf { field: filter.field_name.clone(), test: filter.test(&filter.field_name)? });
            Ok(Condition::Leaf(leaves.len() - 1))
        })?;
        Ok((condition, leaves))
    }

    pub(super) fn resolve_by(&self, leaf: &mut LeafReader<'_>) -> Result<Condition, Refusal> {
        let mut group = |list: &FilterList| {
            refuse_if(list.expressions.is_empty(), "A filter group must contain at least one expression.")?;
            list.expressions.iter().map(|expression| expression.resolve_by(leaf)).collect::<Result<Vec<_>, _>>()
        };
        match (&self.and_group, &self.or_group, &self.not_expression) {
            (Some(list), ..) => Ok(Condition::All(group(list)?)),
            (_, Some(list), _) => Ok(Condition::Any(group(list)?)),
            (.., Some(inner)) => Ok(Condition::Not(Box::new(inner.resolve_by(leaf)?))),
            _ => leaf(self),
        }
    }
}

impl Filter {
    /// What the field `name` is compared with.
    pub(super) fn test(&self, name: &str) -> Result<Test, Refusal> {
        refuse_if(name.is_empty(), "A filter must have a fieldName.")?;
        if let Some(filter) = &self.string_filter {
            return filter.test();
        }
        if let Some(filter) = &self.in_list_filter {
            refuse_if(filter.values.is_empty(), "The inListFilter must have at least one value.")?;
            let case = case(filter.case_sensitive);
            let values = filter.values.iter().map(|value| folded(value, case)).collect();
            return Ok(Test::OneOf(values, case));
        }
        if let Some(filter) = &self.numeric_filter {
            let holds: fn(&f64, &f64) -> bool = match filter.operation.as_str() {
                "EQUAL" => f64::eq,
                "LESS_THAN" => f64::lt,
                "LESS_THAN_OR_EQUAL" => f64::le,
                "GREATER_THAN" => f64::gt,
                "GREATER_THAN_OR_EQUAL" => f64::ge,
                _ => {
                    return Err(Refusal::invalid("The numericFilter must have an operation."));
                }
            };
            return Ok(Test::Compare(holds, filter.value.number()?));
        }
        if let Some(filter) = &self.between_filter {
            return Ok(Test::Between(filter.from_value.number()?, filter.to_value.number()?));
        }
        match self.empty_filter {
            Some(_) => Ok(Test::Empty),
            None => Err(Refusal::invalid(format!(
                "The filter on {name} must have one of stringFilter, inListFilter, numericFilter, betweenFilter, emptyFilter."
            ))),
        }
    }
}

impl StringFilter {
    fn test(&self) -> Result<Test, Refusal> {
        let case = case(self.case_sensitive);
        let text = |holds| Ok(Test::Text(holds, folded(&self.value, case), case));
        let regex = |pattern: &str| {
            RegexBuilder::new(pattern).case_insensitive(case == Case::Folded).build().map(Test::Matches).map_err(|_| {
                Refusal::invalid(format!("The regular expression {} is not a valid RE2 expression.", self.value))
            })
        };
        match self.match_type.as_str() {
            // The default is EXACT.
            "" | "MATCH_TYPE_UNSPECIFIED" | "EXACT" => text(|text, value| text == value),
            "BEGINS_WITH" => text(|text, value| text.starts_with(value)),
            "ENDS_WITH" => text(|text, value| text.ends_with(value)),
            "CONTAINS" => text(|text, value| text.contains(value)),
            "FULL_REGEXP" => regex(&format!("^(?:{})$", self.value)),
            _ => regex(&self.value),
        }
    }
}

impl NumericValue {
    fn number(&self) -> Result<f64, Refusal> {
        match (self.int64_value, self.double_value) {
            (Some(whole), _) => Ok(whole as f64),
            (_, Some(number)) => Ok(number),
            (None, None) => Err(Refusal::invalid("A numeric value must have an int64Value or a doubleValue.")),
        }
    }
}

fn case(sensitive: bool) -> Case {
    if sensitive { Case::Kept } else { Case::Folded }
}

fn folded(text: &str, case: Case) -> String {
    match case {
        Case::Kept => text.to_owned(),
        Case::Folded => text.to_lowercase(),
    }
}

impl Test {
    /// Whether only metrics can have this test.
    pub(super) fn is_numeric(&self) -> bool {
        matches!(self, Self::Compare(..) | Self::Between(..))
    }

    /// Applies the test to a dimension's value; numeric tests read it as a number.
    pub(super) fn holds_for_text(&self, text: &str) -> bool {
        match self {
            Self::Text(holds, value, case) => holds(&folded(text, *case), value),
            Self::Matches(regex) => regex.is_match(text),
            Self::OneOf(values, case) => values.contains(&folded(text, *case)),
            Self::Empty => text.is_empty() || text == NOT_SET,
            Self::Compare(..) | Self::Between(..) => text.parse().is_ok_and(|number| self.holds_for_number(number)),
        }
    }

    pub(super) fn holds_for_number(&self, number: f64) -> bool {
        match self {
            Self::Compare(holds, value) => holds(&number, value),
            Self::Between(from, to) => (*from..=*to).contains(&number),
            _ => false,
        }
    }
}

impl Condition {
    /// Whether the condition holds; `leaf` gives the result of each test.
    pub(super) fn holds(&self, leaf: &mut impl FnMut(usize) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(leaf)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(leaf)),
            Self::Not(part) => !part.holds(leaf),
            Self::Leaf(number) => leaf(*number),
        }
    }

    /// How many of `everybody` meet the condition; `leaf` gives the number for each test.
    pub(super) fn people(&self, everybody: i64, leaf: &mut impl FnMut(usize) -> i64) -> i64 {
        match self {
            Self::All(parts) => parts.iter().map(|part| part.people(everybody, leaf)).fold(everybody, i64::min),
            Self::Any(parts) => parts.iter().map(|part| part.people(everybody, leaf)).fold(0, i64::max),
            Self::Not(part) => everybody - part.people(everybody, leaf),
            Self::Leaf(number) => leaf(*number),
        }
    }
}

#[cfg(test)]
mod tests;
