//! The methods of the Data API that return reports.

use std::fmt;

use serde_json::Value;

use super::proto;
use crate::catalogue::{self, Field, FieldKind};

/// A method of the Data API that takes a request body.
/// <https://developers.google.com/analytics/devguides/reporting/data/v1/rest>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One report.
    RunReport,
    /// Up to five reports of one property.
    BatchRunReports,
    /// One report with dimensions as columns.
    RunPivotReport,
    /// Up to five of them.
    BatchRunPivotReports,
    /// What happened within the last minutes.
    RunRealtimeReport,
    /// Which fields can be combined.
    CheckCompatibility,
    /// Steps that users take one after the other; only in v1alpha.
    RunFunnelReport,
    /// One report of conversions; only in v1alpha, by the name of runReport.
    RunReportAlpha,
    /// The rows of an audience export; its request is a page and nothing else.
    QueryAudienceExport,
}

/// Every method, its name in the URL and the message that its body is, if users may write it.
const METHODS: &[(Method, &str, &str)] = &[
    (Method::RunReport, "runReport", "RunReportRequest"),
    (Method::BatchRunReports, "batchRunReports", "BatchRunReportsRequest"),
    (Method::RunPivotReport, "runPivotReport", "RunPivotReportRequest"),
    (Method::BatchRunPivotReports, "batchRunPivotReports", "BatchRunPivotReportsRequest"),
    (Method::RunRealtimeReport, "runRealtimeReport", "RunRealtimeReportRequest"),
    (Method::CheckCompatibility, "checkCompatibility", "CheckCompatibilityRequest"),
    (Method::RunFunnelReport, "runFunnelReport", "RunFunnelReportRequest"),
    (Method::RunReportAlpha, "runReport", "RunReportRequest"),
    (Method::QueryAudienceExport, "query", ""),
];

impl Method {
    /// The method of this name in a URL (`runReport`).
    pub fn named(name: &str) -> Option<Self> {
        let found = METHODS.iter().find(|(_, known, message)| *known == name && !message.is_empty());
        found.map(|(method, _, _)| *method)
    }

    /// All names, for a message or a help text.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let is_named = |(method, _, message): &&(Self, _, &str)| *method != Self::RunReportAlpha && !message.is_empty();
        METHODS.iter().filter(is_named).map(|(_, name, _)| *name)
    }

    /// The version of the API that has it.
    pub fn version(self) -> &'static str {
        match self {
            Self::RunFunnelReport | Self::RunReportAlpha => "v1alpha",
            _ => "v1beta",
        }
    }

    /// Whether the body is a list of requests.
    pub fn is_batch(self) -> bool {
        matches!(self, Self::BatchRunReports | Self::BatchRunPivotReports)
    }

    /// Whether it returns a report page by page.
    pub fn has_pages(self) -> bool {
        matches!(self, Self::RunReport | Self::RunReportAlpha | Self::BatchRunReports | Self::QueryAudienceExport)
    }

    /// Whether its responses are tables of rows, which `limit` and `rowCount` count.
    pub fn counts_rows(self) -> bool {
        self.has_pages() || self == Self::RunRealtimeReport
    }

    /// The method for several reports in one request, if there is one; v1alpha has none.
    #[must_use]
    pub fn of_several_reports(self) -> Self {
        if self == Self::RunReport { Self::BatchRunReports } else { self }
    }

    /// Whether there is one row for each combination of dimensions. An audience export has one for each user.
    pub fn has_distinct_rows(self) -> bool {
        self.counts_rows() && self != Self::QueryAudienceExport
    }

    /// The method for the pages after the first.
    pub fn of_further_pages(self) -> Self {
        if self == Self::BatchRunReports { Self::RunReport } else { self }
    }

    /// The method for `body`: each but runReport has a member that no other has.
    pub fn of(body: &Value) -> Self {
        match body.get("requests") {
            Some(requests) if requests.get(0).is_some_and(|first| has(first, "pivots")) => Self::BatchRunPivotReports,
            Some(_) => Self::BatchRunReports,
            None if has(body, "pivots") => Self::RunPivotReport,
            None if has(body, "funnel") => Self::RunFunnelReport,
            None if has(body, "minuteRanges") => Self::RunRealtimeReport,
            None => Self::RunReport.for_body(body),
        }
    }

    /// The method of the same name in the version of the API that knows `body`: a report with a `conversionSpec`, or with a
    /// metric of conversions, is one of v1alpha.
    pub fn for_body(self, body: &Value) -> Self {
        let is_of_conversions = |metric: &Value| {
            let name = metric.get("name").and_then(Value::as_str);
            let field = name.and_then(|name| catalogue::find(name, FieldKind::Metric));
            field.is_some_and(Field::is_of_conversions)
        };
        let reports_conversions =
            has(body, "conversionSpec") || super::list(body, "metrics").iter().any(is_of_conversions);
        if self == Self::RunReport && reports_conversions { Self::RunReportAlpha } else { self }
    }

    /// The message type of its body in Google's discovery document.
    pub(super) fn message(self) -> &'static str {
        let found = METHODS.iter().find(|(method, _, _)| *method == self);
        found.map_or("", |(_, _, message)| message)
    }
}

/// Whether `body` has a member of this name, in either spelling.
fn has(body: &Value, name: &str) -> bool {
    body.as_object().is_some_and(|members| members.keys().any(|key| proto::camel_case(key) == name))
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = METHODS.iter().find(|(method, _, _)| method == self);
        f.write_str(found.map_or("", |(_, name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_method_is_recognised_by_the_body() {
        for (body, method) in [
            (json!({"metrics": []}), Method::RunReport),
            (json!({"requests": [{}]}), Method::BatchRunReports),
            (json!({"requests": [{"pivots": []}]}), Method::BatchRunPivotReports),
            (json!({"pivots": []}), Method::RunPivotReport),
            (json!({"funnel": {}}), Method::RunFunnelReport),
            (json!({"minuteRanges": []}), Method::RunRealtimeReport),
            (json!({"minute_ranges": []}), Method::RunRealtimeReport),
            (json!({"conversionSpec": {}}), Method::RunReportAlpha),
            (json!({"conversion_spec": {}}), Method::RunReportAlpha),
            (json!({"metrics": [{"name": "allConversionsByConversionDate"}]}), Method::RunReportAlpha),
            (json!({"metrics": [{"name": "advertiserAdCost"}, {}]}), Method::RunReport),
        ] {
            assert_eq!(Method::of(&body), method, "{body}");
        }
    }
}
