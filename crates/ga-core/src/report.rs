//! RunReportRequest of the Analytics Data API in Google's own field names.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/runReport>
//!
//! Parts without a type here (cohorts, comparisons, …) pass through unchanged. The response is in [`crate::response`],
//! paging in [`crate::paging`].

pub(crate) mod int64;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dates::RANGE_NAMES;

/// The largest page that the API returns; the server silently reduces a larger `limit`.
pub const PAGE_ROWS: u64 = 250_000;

/// The body of `POST v1beta/properties/{id}:runReport`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunReportRequest {
    /// Up to four; several add a `dateRange` column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub date_ranges: Vec<DateRange>,
    /// Up to nine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
    /// Up to ten.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    /// Which rows count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension_filter: Option<FilterExpression>,
    /// Which rows are shown, by their aggregated metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_filter: Option<FilterExpression>,
    /// The order of the rows; without any, the first metric descending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order_bys: Vec<OrderBy>,
    /// The first row, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none", with = "int64")]
    pub offset: Option<u64>,
    /// How many rows; without it the server sends 10,000.
    #[serde(skip_serializing_if = "Option::is_none", with = "int64")]
    pub limit: Option<u64>,
    /// Rows of totals beside the rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metric_aggregations: Vec<MetricAggregation>,
    /// In which amounts of money are given (ISO 4217); the property's own without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_code: Option<String>,
    /// Up to two, in the place of `date_ranges` and in realtime reports only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub minute_ranges: Vec<MinuteRange>,
    /// Which conversions are reported, and how they are attributed; only v1alpha knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion_spec: Option<ConversionSpec>,
    /// Whether rows whose metrics are all zero are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_empty_rows: Option<bool>,
    /// Whether the response carries `propertyQuota`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_property_quota: Option<bool>,
    /// Everything else in the body.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl RunReportRequest {
    /// An official body. What has no type here stays in `other` as it is, and so does what a type would not hold whole.
    pub fn official(body: Map<String, Value>) -> Self {
        let (modelled, other): (Map<_, _>, Map<_, _>) =
            body.into_iter().partition(|(name, value)| is_modelled(name, value));
        let mut request = Self::deserialize(Value::Object(modelled)).unwrap_or_default();
        request.other.extend(other);
        // The server's default is a page; ours is the whole report.
        request.limit = request.limit.filter(|limit| *limit > 0);
        request
    }

    /// The names of the ranges of days or minutes in the response.
    pub(crate) fn range_names(&self) -> Vec<String> {
        let days = self.date_ranges.iter().map(|range| &range.name);
        let minutes = self.minute_ranges.iter().map(|range| &range.name);
        let names = days.chain(minutes).enumerate();
        names.map(|(place, name)| name.clone().unwrap_or_else(|| format!("{RANGE_NAMES}{place}"))).collect()
    }
}

/// Whether a member of the body comes through its type unchanged.
fn is_modelled(name: &str, value: &Value) -> bool {
    let member = Value::Object([(name.to_owned(), value.clone())].into_iter().collect());
    let typed = RunReportRequest::deserialize(&member).and_then(serde_json::to_value);
    typed.is_ok_and(|typed| holds(&typed, &member))
}

/// Whether `typed` says everything that `sent` does, but for defaults.
fn holds(typed: &Value, sent: &Value) -> bool {
    match (typed, sent) {
        (Value::Object(typed), Value::Object(sent)) => sent.iter().all(|(name, value)| match typed.get(name) {
            Some(typed) => holds(typed, value),
            None => matches!(value, Value::Null | Value::Bool(false)) || value.as_array().is_some_and(Vec::is_empty),
        }),
        (Value::Array(typed), Value::Array(sent)) => {
            typed.len() == sent.len() && typed.iter().zip(sent).all(|(typed, sent)| holds(typed, sent))
        }
        // 64-bit numbers are text.
        (Value::String(typed), Value::Number(sent)) => *typed == sent.to_string(),
        (typed, sent) => typed == sent,
    }
}

/// Days from `start_date` to `end_date`, both included: `YYYY-MM-DD`, `NdaysAgo`, `yesterday`, `today`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DateRange {
    /// The first day.
    pub start_date: String,
    /// The last day.
    pub end_date: String,
    /// What the `dateRange` column calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Minutes from `start_minutes_ago` to `end_minutes_ago`, both included; 0 is the present one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MinuteRange {
    /// The first minute; 29 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_minutes_ago: Option<u32>,
    /// The last minute; 0 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_minutes_ago: Option<u32>,
    /// What the `dateRange` column calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Which conversions a conversion report counts, and for whom.
/// <https://developers.google.com/analytics/devguides/reporting/data/v1/conversions-api-basics>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConversionSpec {
    /// `conversionActions/ID`; all of the property without any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conversion_actions: Vec<String>,
    /// [`AttributionModel::DataDriven`] without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution_model: Option<AttributionModel>,
}

/// Which of the visits before a conversion get the credit for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttributionModel {
    /// All of them, as their part in it is estimated.
    DataDriven,
    /// The last one that was not direct.
    LastClick,
}

/// One dimension of the request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Dimension {
    /// The API name, or a name of one's own for an expression.
    pub name: String,
    /// `lowerCase`, `upperCase` or `concatenate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension_expression: Option<Value>,
}

/// One metric of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metric {
    /// The API name, or a name of one's own for an expression.
    pub name: String,
    /// Arithmetic over metrics, such as `eventCount/sessions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// Whether it may be filtered and sorted by, but is not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invisible: Option<bool>,
}

impl Dimension {
    /// The dimension of that API name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), dimension_expression: None }
    }
}

impl Metric {
    /// The metric of that API name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), expression: None, invisible: None }
    }

    /// The metric of that API name, to filter by only.
    pub fn invisible(name: impl Into<String>) -> Self {
        Self { invisible: Some(true), ..Self::named(name) }
    }
}

/// A filter over dimensions or over metrics, never over both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FilterExpression {
    /// All of them hold.
    AndGroup(FilterExpressionList),
    /// One of them holds.
    OrGroup(FilterExpressionList),
    /// It does not hold. [`Test`] has no "not equal": this is how to express it.
    NotExpression(Box<Self>),
    /// One field holds.
    Filter(Filter),
}

/// The members of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FilterExpressionList {
    /// At least one.
    pub expressions: Vec<FilterExpression>,
}

/// One field and what must be true of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    /// A dimension or a metric; it need not be in the report.
    pub field_name: String,
    /// What must be true of it.
    #[serde(flatten)]
    pub test: Test,
}

/// What must be true of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Test {
    /// Text against text.
    #[serde(rename_all = "camelCase")]
    StringFilter {
        /// How the two are compared.
        match_type: MatchType,
        /// The text or the regular expression.
        value: String,
        /// Upper and lower case differ; by default they do not.
        #[serde(default, skip_serializing_if = "is_false")]
        case_sensitive: bool,
    },
    /// Text against a list.
    #[serde(rename_all = "camelCase")]
    InListFilter {
        /// One of these.
        values: Vec<String>,
        /// Upper and lower case differ; by default they do not.
        #[serde(default, skip_serializing_if = "is_false")]
        case_sensitive: bool,
    },
    /// A number against a number.
    NumericFilter {
        /// How the two are compared.
        operation: Operation,
        /// The right-hand side.
        value: NumericValue,
    },
    /// Between two numbers, both included.
    #[serde(rename_all = "camelCase")]
    BetweenFilter {
        /// The smallest.
        from_value: NumericValue,
        /// The largest.
        to_value: NumericValue,
    },
    /// `(not set)` or the empty text.
    EmptyFilter {},
}

/// How a text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchType {
    /// The whole text.
    Exact,
    /// Its beginning.
    BeginsWith,
    /// Its end.
    EndsWith,
    /// Any part of it.
    Contains,
    /// A regular expression over the whole text.
    FullRegexp,
    /// A regular expression over any part of it.
    PartialRegexp,
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Operation {
    /// `=`
    Equal,
    /// `<`
    LessThan,
    /// `≤`
    LessThanOrEqual,
    /// `>`
    GreaterThan,
    /// `≥`
    GreaterThanOrEqual,
}

/// A number in a filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NumericValue {
    /// A whole number, as text, since it is an int64 in JSON.
    Int64Value(String),
    /// Any other number.
    DoubleValue(f64),
}

/// One key of the order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderBy {
    /// From the largest to the smallest.
    #[serde(default, skip_serializing_if = "is_false")]
    pub desc: bool,
    /// By what.
    #[serde(flatten)]
    pub key: OrderKey,
}

/// By what rows are ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OrderKey {
    /// By a metric.
    #[serde(rename_all = "camelCase")]
    Metric {
        /// One of the report's metrics.
        metric_name: String,
    },
    /// By a dimension.
    #[serde(rename_all = "camelCase")]
    Dimension {
        /// One of the report's dimensions.
        dimension_name: String,
        /// `ALPHANUMERIC` (the default), `CASE_INSENSITIVE_ALPHANUMERIC` or `NUMERIC`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order_type: Option<String>,
    },
    /// By a column of a pivot.
    Pivot(Value),
}

/// Rows of totals beside the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MetricAggregation {
    /// Over all rows, not those of the page.
    Total,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
}

fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_is_written_in_googles_own_names() {
        let request = RunReportRequest {
            date_ranges: vec![DateRange { start_date: "7daysAgo".into(), end_date: "yesterday".into(), name: None }],
            dimensions: vec![Dimension::named("country")],
            metrics: vec![Metric::named("sessions")],
            dimension_filter: Some(FilterExpression::NotExpression(Box::new(FilterExpression::Filter(Filter {
                field_name: "country".into(),
                test: Test::StringFilter {
                    match_type: MatchType::BeginsWith,
                    value: "F".into(),
                    case_sensitive: false,
                },
            })))),
            metric_filter: Some(FilterExpression::AndGroup(FilterExpressionList {
                expressions: vec![FilterExpression::Filter(Filter {
                    field_name: "sessions".into(),
                    test: Test::NumericFilter {
                        operation: Operation::GreaterThanOrEqual,
                        value: NumericValue::Int64Value("5".into()),
                    },
                })],
            })),
            order_bys: vec![OrderBy { desc: true, key: OrderKey::Metric { metric_name: "sessions".into() } }],
            limit: Some(PAGE_ROWS),
            ..RunReportRequest::default()
        };
        let expected = json!({
            "dateRanges": [{"startDate": "7daysAgo", "endDate": "yesterday"}],
            "dimensions": [{"name": "country"}],
            "metrics": [{"name": "sessions"}],
            "dimensionFilter": {"notExpression": {"filter": {
                "fieldName": "country",
                "stringFilter": {"matchType": "BEGINS_WITH", "value": "F"},
            }}},
            "metricFilter": {"andGroup": {"expressions": [{"filter": {
                "fieldName": "sessions",
                "numericFilter": {
                    "operation": "GREATER_THAN_OR_EQUAL",
                    "value": {"int64Value": "5"},
                },
            }}]}},
            "orderBys": [{"desc": true, "metric": {"metricName": "sessions"}}],
            "limit": "250000",
        });
        assert_eq!(serde_json::to_value(&request).unwrap(), expected);
        let back: RunReportRequest = serde_json::from_value(expected).unwrap();
        assert_eq!(back, request);
    }

    #[test]
    fn an_official_body_is_sent_whole_with_members_of_unknown_type() {
        let body = json!({
            "dimensions": [{"name": "date"}],
            "metrics": [{"name": "sessions", "unheardOf": 1}],
            "orderBys": [{"pivot": {"metricName": "sessions"}}, {"desc": false, "metric": {"metricName": "sessions"}}],
            "dimensionFilter": {"filter": {"fieldName": "date", "newFilter": {}}},
            "currencyCode": "EUR",
            "conversionSpec": {"conversionActions": [], "attributionModel": "LAST_CLICK"},
            "offset": "3",
            "pivots": [{"fieldNames": ["date"]}],
        });
        let Value::Object(map) = body.clone() else { unreachable!() };
        let request = RunReportRequest::official(map);
        assert_eq!((request.dimensions.len(), request.metrics.len(), request.order_bys.len()), (1, 0, 2));
        assert_eq!((request.offset, request.currency_code.as_deref()), (Some(3), Some("EUR")));
        let mut expected = body;
        // Defaults are not repeated.
        expected["conversionSpec"].as_object_mut().unwrap().remove("conversionActions");
        expected["orderBys"][1].as_object_mut().unwrap().remove("desc");
        assert_eq!(serde_json::to_value(&request).unwrap(), expected);
    }

    #[test]
    fn parts_without_a_type_of_their_own_pass_through() {
        let body = json!({"cohortSpec": {"cohorts": []}, "limit": 7});
        let request: RunReportRequest = serde_json::from_value(body).unwrap();
        assert_eq!(request.limit, Some(7));
        let sent = serde_json::to_value(&request).unwrap();
        assert_eq!(sent, json!({"cohortSpec": {"cohorts": []}, "limit": "7"}));
    }
}
