//! The messages of the discovery documents (analyticsdata v1beta): their fields, types and enums.

use super::{Message, Type, many, message, one};

const AGGREGATION: Type = Type::Enum(
    "google.analytics.data.v1beta.MetricAggregation",
    &["METRIC_AGGREGATION_UNSPECIFIED", "TOTAL", "MINIMUM", "MAXIMUM", "COUNT"],
);

const CASE: Message = message(&[one("dimensionName", Type::Text)]);
const CONCATENATE: Message = message(&[many("dimensionNames", Type::Text), one("delimiter", Type::Text)]);
const DIMENSION_EXPRESSION: Message = Message {
    fields: &[
        one("lowerCase", Type::Message(&CASE)),
        one("upperCase", Type::Message(&CASE)),
        one("concatenate", Type::Message(&CONCATENATE)),
    ],
    one_of: Some(("one_expression", &["lowerCase", "upperCase", "concatenate"])),
};
pub(super) const DIMENSION: Message =
    message(&[one("name", Type::Text), one("dimensionExpression", Type::Message(&DIMENSION_EXPRESSION))]);
const METRIC: Message =
    message(&[one("name", Type::Text), one("expression", Type::Text), one("invisible", Type::Bool)]);
pub(super) const DATE_RANGE: Message =
    message(&[one("startDate", Type::Text), one("endDate", Type::Text), one("name", Type::Text)]);
const NUMERIC_VALUE: Message = Message {
    fields: &[one("int64Value", Type::Int64), one("doubleValue", Type::Double)],
    one_of: Some(("one_value", &["int64Value", "doubleValue"])),
};
pub(super) const STRING_FILTER: Message = message(&[
    one(
        "matchType",
        Type::Enum(
            "google.analytics.data.v1beta.Filter.StringFilter.MatchType",
            &[
                "MATCH_TYPE_UNSPECIFIED",
                "EXACT",
                "BEGINS_WITH",
                "ENDS_WITH",
                "CONTAINS",
                "FULL_REGEXP",
                "PARTIAL_REGEXP",
            ],
        ),
    ),
    one("value", Type::Text),
    one("caseSensitive", Type::Bool),
]);
pub(super) const IN_LIST_FILTER: Message = message(&[many("values", Type::Text), one("caseSensitive", Type::Bool)]);
pub(super) const NUMERIC_FILTER: Message = message(&[
    one(
        "operation",
        Type::Enum(
            "google.analytics.data.v1beta.Filter.NumericFilter.Operation",
            &[
                "OPERATION_UNSPECIFIED",
                "EQUAL",
                "LESS_THAN",
                "LESS_THAN_OR_EQUAL",
                "GREATER_THAN",
                "GREATER_THAN_OR_EQUAL",
            ],
        ),
    ),
    one("value", Type::Message(&NUMERIC_VALUE)),
]);
pub(super) const BETWEEN_FILTER: Message =
    message(&[one("fromValue", Type::Message(&NUMERIC_VALUE)), one("toValue", Type::Message(&NUMERIC_VALUE))]);
const EMPTY_FILTER: Message = message(&[]);
const FILTER: Message = Message {
    fields: &[
        one("fieldName", Type::Text),
        one("stringFilter", Type::Message(&STRING_FILTER)),
        one("inListFilter", Type::Message(&IN_LIST_FILTER)),
        one("numericFilter", Type::Message(&NUMERIC_FILTER)),
        one("betweenFilter", Type::Message(&BETWEEN_FILTER)),
        one("emptyFilter", Type::Message(&EMPTY_FILTER)),
    ],
    one_of: Some(("one_filter", &["stringFilter", "inListFilter", "numericFilter", "betweenFilter", "emptyFilter"])),
};
// Statics, because the two contain each other.
static FILTER_LIST: Message = message(&[many("expressions", Type::Message(&FILTER_EXPRESSION))]);
pub(super) static FILTER_EXPRESSION: Message = Message {
    fields: &[
        one("andGroup", Type::Message(&FILTER_LIST)),
        one("orGroup", Type::Message(&FILTER_LIST)),
        one("notExpression", Type::Message(&FILTER_EXPRESSION)),
        one("filter", Type::Message(&FILTER)),
    ],
    one_of: Some(("expr", &["andGroup", "orGroup", "notExpression", "filter"])),
};
const METRIC_ORDER: Message = message(&[one("metricName", Type::Text)]);
const DIMENSION_ORDER: Message = message(&[
    one("dimensionName", Type::Text),
    one(
        "orderType",
        Type::Enum(
            "google.analytics.data.v1beta.OrderBy.DimensionOrderBy.OrderType",
            &["ORDER_TYPE_UNSPECIFIED", "ALPHANUMERIC", "CASE_INSENSITIVE_ALPHANUMERIC", "NUMERIC"],
        ),
    ),
]);
const PIVOT_SELECTION: Message = message(&[one("dimensionName", Type::Text), one("dimensionValue", Type::Text)]);
const PIVOT_ORDER: Message =
    message(&[one("metricName", Type::Text), many("pivotSelections", Type::Message(&PIVOT_SELECTION))]);
const ORDER_BY: Message = Message {
    fields: &[
        one("metric", Type::Message(&METRIC_ORDER)),
        one("dimension", Type::Message(&DIMENSION_ORDER)),
        one("pivot", Type::Message(&PIVOT_ORDER)),
        one("desc", Type::Bool),
    ],
    one_of: Some(("one_order_by", &["metric", "dimension", "pivot"])),
};
const COHORT: Message =
    message(&[one("name", Type::Text), one("dimension", Type::Text), one("dateRange", Type::Message(&DATE_RANGE))]);
const COHORTS_RANGE: Message = message(&[
    one(
        "granularity",
        Type::Enum(
            "google.analytics.data.v1beta.CohortsRange.Granularity",
            &["GRANULARITY_UNSPECIFIED", "DAILY", "WEEKLY", "MONTHLY"],
        ),
    ),
    one("startOffset", Type::Int32),
    one("endOffset", Type::Int32),
]);
const COHORT_SETTINGS: Message = message(&[one("accumulate", Type::Bool)]);
const COHORT_SPEC: Message = message(&[
    many("cohorts", Type::Message(&COHORT)),
    one("cohortsRange", Type::Message(&COHORTS_RANGE)),
    one("cohortReportSettings", Type::Message(&COHORT_SETTINGS)),
]);
static COMPARISON: Message = Message {
    fields: &[
        one("name", Type::Text),
        one("dimensionFilter", Type::Message(&FILTER_EXPRESSION)),
        one("comparison", Type::Text),
    ],
    one_of: Some(("one_comparison", &["dimensionFilter", "comparison"])),
};

const PIVOT: Message = message(&[
    many("fieldNames", Type::Text),
    many("orderBys", Type::Message(&ORDER_BY)),
    one("offset", Type::Int64),
    one("limit", Type::Int64),
    many("metricAggregations", AGGREGATION),
]);
const MINUTE_RANGE: Message =
    message(&[one("startMinutesAgo", Type::Int32), one("endMinutesAgo", Type::Int32), one("name", Type::Text)]);

/// `RunReportRequest`.
pub(in crate::analytics) static RUN_REPORT: Message = message(&[
    one("property", Type::Text),
    many("dimensions", Type::Message(&DIMENSION)),
    many("metrics", Type::Message(&METRIC)),
    many("dateRanges", Type::Message(&DATE_RANGE)),
    one("dimensionFilter", Type::Message(&FILTER_EXPRESSION)),
    one("metricFilter", Type::Message(&FILTER_EXPRESSION)),
    one("offset", Type::Int64),
    one("limit", Type::Int64),
    many("metricAggregations", AGGREGATION),
    many("orderBys", Type::Message(&ORDER_BY)),
    one("currencyCode", Type::Text),
    one("cohortSpec", Type::Message(&COHORT_SPEC)),
    one("keepEmptyRows", Type::Bool),
    one("returnPropertyQuota", Type::Bool),
    many("comparisons", Type::Message(&COMPARISON)),
]);

/// `BatchRunReportsRequest`.
pub(in crate::analytics) static BATCH_RUN_REPORTS: Message = message(&[many("requests", Type::Message(&RUN_REPORT))]);

/// `RunPivotReportRequest`.
pub(in crate::analytics) static RUN_PIVOT_REPORT: Message = message(&[
    one("property", Type::Text),
    many("dimensions", Type::Message(&DIMENSION)),
    many("metrics", Type::Message(&METRIC)),
    many("dateRanges", Type::Message(&DATE_RANGE)),
    many("pivots", Type::Message(&PIVOT)),
    one("dimensionFilter", Type::Message(&FILTER_EXPRESSION)),
    one("metricFilter", Type::Message(&FILTER_EXPRESSION)),
    one("currencyCode", Type::Text),
    one("cohortSpec", Type::Message(&COHORT_SPEC)),
    one("keepEmptyRows", Type::Bool),
    one("returnPropertyQuota", Type::Bool),
    many("comparisons", Type::Message(&COMPARISON)),
]);

/// `BatchRunPivotReportsRequest`.
pub(in crate::analytics) static BATCH_RUN_PIVOT_REPORTS: Message =
    message(&[many("requests", Type::Message(&RUN_PIVOT_REPORT))]);

/// `RunRealtimeReportRequest`.
pub(in crate::analytics) static RUN_REALTIME_REPORT: Message = message(&[
    many("dimensions", Type::Message(&DIMENSION)),
    many("metrics", Type::Message(&METRIC)),
    one("dimensionFilter", Type::Message(&FILTER_EXPRESSION)),
    one("metricFilter", Type::Message(&FILTER_EXPRESSION)),
    one("limit", Type::Int64),
    many("metricAggregations", AGGREGATION),
    many("orderBys", Type::Message(&ORDER_BY)),
    one("returnPropertyQuota", Type::Bool),
    many("minuteRanges", Type::Message(&MINUTE_RANGE)),
]);

/// `CheckCompatibilityRequest`.
pub(in crate::analytics) static CHECK_COMPATIBILITY: Message = message(&[
    many("dimensions", Type::Message(&DIMENSION)),
    many("metrics", Type::Message(&METRIC)),
    one("dimensionFilter", Type::Message(&FILTER_EXPRESSION)),
    one("metricFilter", Type::Message(&FILTER_EXPRESSION)),
    one(
        "compatibilityFilter",
        Type::Enum(
            "google.analytics.data.v1beta.Compatibility",
            &["COMPATIBILITY_UNSPECIFIED", "COMPATIBLE", "INCOMPATIBLE"],
        ),
    ),
]);
