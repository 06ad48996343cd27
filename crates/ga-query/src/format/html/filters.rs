//! The filters of a report in words: `Country is “France” and Sessions is more than 10`.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/FilterExpression>

use ga_client::rows::grouped;
use ga_core::catalogue::FieldKind;
use ga_core::report::{FilterExpression, MatchType, NumericValue, Operation, RunReportRequest, Test};
use gauth_cli::terminal::sanitise;

use super::escaped;
use crate::display_names::DisplayNames;

/// What holds for every row, if anything is filtered, as markup.
pub(super) fn in_words(request: &RunReportRequest, names: Option<&DisplayNames>) -> Option<String> {
    let sides = [(&request.dimension_filter, FieldKind::Dimension), (&request.metric_filter, FieldKind::Metric)];
    let sides = sides.into_iter().filter_map(|(filter, kind)| Some((filter.as_ref()?, kind)));
    let sides: Vec<_> = sides.map(|(filter, kind)| Words { kind, names }.of(filter, false)).collect();
    (!sides.is_empty()).then(|| sides.join(" and "))
}

/// How the fields of one side are called.
struct Words<'a> {
    kind: FieldKind,
    names: Option<&'a DisplayNames>,
}

impl Words<'_> {
    /// `is_inner` says that it stands within another expression.
    fn of(&self, filter: &FilterExpression, is_inner: bool) -> String {
        let (members, joint) = match filter {
            FilterExpression::Filter(filter) => return self.condition(&filter.field_name, &filter.test, false),
            FilterExpression::NotExpression(inner) => match &**inner {
                FilterExpression::Filter(filter) => return self.condition(&filter.field_name, &filter.test, true),
                inner => return format!("not {}", self.of(inner, true)),
            },
            FilterExpression::AndGroup(group) => (&group.expressions, " and "),
            FilterExpression::OrGroup(group) => (&group.expressions, " or "),
        };
        let members: Vec<_> = members.iter().map(|member| self.of(member, joint == " or " || is_inner)).collect();
        let text = members.join(joint);
        let is_bracketed = members.len() > 1 && (is_inner || joint == " or ");
        if is_bracketed { format!("({text})") } else { text }
    }

    fn condition(&self, field: &str, test: &Test, is_not: bool) -> String {
        let field = self.names.map_or_else(|| field.to_owned(), |names| names.of(self.kind, field));
        let field = escaped(&sanitise(&field));
        let verb = |is: &'static str, is_no: &'static str| if is_not { is_no } else { is };
        let is = verb("is", "is not");
        let case = |is_sensitive: bool| if is_sensitive { " (in this case of letters)" } else { "" };
        match test {
            Test::StringFilter { match_type, value, case_sensitive } => {
                let verb = match match_type {
                    MatchType::Exact => is,
                    MatchType::BeginsWith => verb("begins with", "does not begin with"),
                    MatchType::EndsWith => verb("ends with", "does not end with"),
                    MatchType::Contains => verb("contains", "does not contain"),
                    MatchType::FullRegexp => verb("matches", "does not match"),
                    MatchType::PartialRegexp => verb("contains a match of", "does not contain a match of"),
                };
                format!("{field} {verb} {}{}", quoted(value), case(*case_sensitive))
            }
            Test::InListFilter { values, case_sensitive } => {
                let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
                format!("{field} {is} {}{}", values.join(" or "), case(*case_sensitive))
            }
            Test::NumericFilter { operation, value } => {
                let how = match operation {
                    Operation::Equal => "",
                    Operation::LessThan => "less than ",
                    Operation::LessThanOrEqual => "at most ",
                    Operation::GreaterThan => "more than ",
                    Operation::GreaterThanOrEqual => "at least ",
                };
                format!("{field} {is} {how}{}", number(value))
            }
            Test::BetweenFilter { from_value, to_value } => {
                format!("{field} {is} between {} and {}", number(from_value), number(to_value))
            }
            Test::EmptyFilter {} => format!("{field} {is} empty"),
        }
    }
}

/// A value in quotes, isolated so that right-to-left text does not move what is around it.
fn quoted(value: &str) -> String {
    format!("“<bdi>{}</bdi>”", escaped(&sanitise(value)))
}

fn number(value: &NumericValue) -> String {
    match value {
        NumericValue::Int64Value(text) => escaped(&grouped(&sanitise(text))),
        NumericValue::DoubleValue(number) => grouped(&number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_read_as_sentences() {
        let text = |side: &str, filter: &str| {
            let body = format!("{{\"{side}\": {filter}}}");
            let request: RunReportRequest = serde_json::from_str(&body).unwrap();
            in_words(&request, None).unwrap().replace("<bdi>", "").replace("</bdi>", "")
        };
        let condition = |field: &str, value: &str, how: &str| {
            format!(
                r#"{{"filter":{{"fieldName":"{field}","stringFilter":{{"matchType":"{how}","value":"{value}"}}}}}}"#
            )
        };
        let (country, page) = (condition("country", "France", "EXACT"), condition("pagePath", "/a", "BEGINS_WITH"));
        let or = format!(r#"{{"orGroup":{{"expressions":[{country},{page}]}}}}"#);
        for (side, filter, expected) in [
            ("dimensionFilter", country.clone(), "country is “France”"),
            ("dimensionFilter", format!(r#"{{"notExpression":{country}}}"#), "country is not “France”"),
            ("dimensionFilter", or.clone(), "(country is “France” or pagePath begins with “/a”)"),
            (
                "dimensionFilter",
                format!(r#"{{"andGroup":{{"expressions":[{page},{{"notExpression":{or}}}]}}}}"#),
                "pagePath begins with “/a” and not (country is “France” or pagePath begins with “/a”)",
            ),
            (
                "dimensionFilter",
                r#"{"filter":{"fieldName":"city","inListFilter":{"values":["Rome","Milan"],"caseSensitive":true}}}"#.into(),
                "city is “Rome” or “Milan” (in this case of letters)",
            ),
            (
                "metricFilter",
                r#"{"filter":{"fieldName":"sessions","numericFilter":{"operation":"GREATER_THAN","value":{"int64Value":"1000"}}}}"#
                    .into(),
                "sessions is more than 1,000",
            ),
            (
                "metricFilter",
                r#"{"filter":{"fieldName":"sessions","betweenFilter":{"fromValue":{"int64Value":"1"},"toValue":{"doubleValue":2.5}}}}"#
                    .into(),
                "sessions is between 1 and 2.5",
            ),
        ] {
            assert_eq!(text(side, &filter), expected, "{filter}");
        }
        assert_eq!(in_words(&RunReportRequest::default(), None), None);
    }
}
