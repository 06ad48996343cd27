//! The messages of funnel reports (v1alpha, google.analytics.data.v1alpha).

use super::messages::{
    BETWEEN_FILTER, DATE_RANGE, DIMENSION, FILTER_EXPRESSION, IN_LIST_FILTER, NUMERIC_FILTER, STRING_FILTER,
};
use super::{Message, Type, many, message, one};

const TESTS: &[&str] = &["stringFilter", "inListFilter", "numericFilter", "betweenFilter"];
const EXPRESSION: &[&str] = &["andGroup", "orGroup", "notExpression", "funnelFieldFilter", "funnelEventFilter"];
const PARAMETER_EXPRESSION: &[&str] = &["andGroup", "orGroup", "notExpression", "funnelParameterFilter"];

const FIELD_FILTER: Message = Message {
    fields: &[
        one("fieldName", Type::Text),
        one("stringFilter", Type::Message(&STRING_FILTER)),
        one("inListFilter", Type::Message(&IN_LIST_FILTER)),
        one("numericFilter", Type::Message(&NUMERIC_FILTER)),
        one("betweenFilter", Type::Message(&BETWEEN_FILTER)),
    ],
    one_of: Some(("one_filter", TESTS)),
};
const PARAMETER_FILTER: Message = Message {
    fields: &[
        one("eventParameterName", Type::Text),
        one("itemParameterName", Type::Text),
        one("stringFilter", Type::Message(&STRING_FILTER)),
        one("inListFilter", Type::Message(&IN_LIST_FILTER)),
        one("numericFilter", Type::Message(&NUMERIC_FILTER)),
        one("betweenFilter", Type::Message(&BETWEEN_FILTER)),
    ],
    one_of: Some(("one_filter", TESTS)),
};
static PARAMETER_FILTER_LIST: Message = message(&[many("expressions", Type::Message(&PARAMETER_FILTER_EXPRESSION))]);
static PARAMETER_FILTER_EXPRESSION: Message = Message {
    fields: &[
        one("andGroup", Type::Message(&PARAMETER_FILTER_LIST)),
        one("orGroup", Type::Message(&PARAMETER_FILTER_LIST)),
        one("notExpression", Type::Message(&PARAMETER_FILTER_EXPRESSION)),
        one("funnelParameterFilter", Type::Message(&PARAMETER_FILTER)),
    ],
    one_of: Some(("expr", PARAMETER_EXPRESSION)),
};
static EVENT_FILTER: Message = message(&[
    one("eventName", Type::Text),
    one("funnelParameterFilterExpression", Type::Message(&PARAMETER_FILTER_EXPRESSION)),
]);
static FILTER_LIST: Message = message(&[many("expressions", Type::Message(&FUNNEL_FILTER_EXPRESSION))]);
static FUNNEL_FILTER_EXPRESSION: Message = Message {
    fields: &[
        one("andGroup", Type::Message(&FILTER_LIST)),
        one("orGroup", Type::Message(&FILTER_LIST)),
        one("notExpression", Type::Message(&FUNNEL_FILTER_EXPRESSION)),
        one("funnelFieldFilter", Type::Message(&FIELD_FILTER)),
        one("funnelEventFilter", Type::Message(&EVENT_FILTER)),
    ],
    one_of: Some(("expr", EXPRESSION)),
};
static STEP: Message = message(&[
    one("name", Type::Text),
    one("isDirectlyFollowedBy", Type::Bool),
    one("withinDurationFromPriorStep", Type::Text),
    one("filterExpression", Type::Message(&FUNNEL_FILTER_EXPRESSION)),
]);
static FUNNEL: Message = message(&[one("isOpenFunnel", Type::Bool), many("steps", Type::Message(&STEP))]);
const BREAKDOWN: Message = message(&[one("breakdownDimension", Type::Message(&DIMENSION)), one("limit", Type::Int64)]);
const NEXT_ACTION: Message =
    message(&[one("nextActionDimension", Type::Message(&DIMENSION)), one("limit", Type::Int64)]);

/// `RunFunnelReportRequest`.
pub(in crate::analytics) static RUN_FUNNEL_REPORT: Message = message(&[
    one("property", Type::Text),
    many("dateRanges", Type::Message(&DATE_RANGE)),
    one("funnel", Type::Message(&FUNNEL)),
    one("funnelBreakdown", Type::Message(&BREAKDOWN)),
    one("funnelNextAction", Type::Message(&NEXT_ACTION)),
    one(
        "funnelVisualizationType",
        Type::Enum(
            "google.analytics.data.v1alpha.RunFunnelReportRequest.FunnelVisualizationType",
            &["FUNNEL_VISUALIZATION_TYPE_UNSPECIFIED", "STANDARD_FUNNEL", "TRENDED_FUNNEL"],
        ),
    ),
    many("segments", Type::Unchecked),
    one("limit", Type::Int64),
    one("dimensionFilter", Type::Message(&FILTER_EXPRESSION)),
    one("returnPropertyQuota", Type::Bool),
]);
