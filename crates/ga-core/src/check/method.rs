//! The methods that answer reports.

use std::fmt;

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
    /// Which fields go together.
    CheckCompatibility,
    /// Steps that users take one after the other; in v1alpha only.
    RunFunnelReport,
}

/// Every method, its name in the URL and the message that its body is.
const METHODS: &[(Method, &str, &str)] = &[
    (Method::RunReport, "runReport", "RunReportRequest"),
    (Method::BatchRunReports, "batchRunReports", "BatchRunReportsRequest"),
    (Method::RunPivotReport, "runPivotReport", "RunPivotReportRequest"),
    (Method::BatchRunPivotReports, "batchRunPivotReports", "BatchRunPivotReportsRequest"),
    (Method::RunRealtimeReport, "runRealtimeReport", "RunRealtimeReportRequest"),
    (Method::CheckCompatibility, "checkCompatibility", "CheckCompatibilityRequest"),
    (Method::RunFunnelReport, "runFunnelReport", "RunFunnelReportRequest"),
];

impl Method {
    /// The method of this name in a URL (`runReport`).
    pub fn named(name: &str) -> Option<Self> {
        let found = METHODS.iter().find(|(_, known, _)| *known == name);
        found.map(|(method, _, _)| *method)
    }

    /// All names, for a message or a help text.
    pub fn names() -> impl Iterator<Item = &'static str> {
        METHODS.iter().map(|(_, name, _)| *name)
    }

    /// The version of the API that has it.
    pub fn version(self) -> &'static str {
        match self {
            Self::RunFunnelReport => "v1alpha",
            _ => "v1beta",
        }
    }

    /// Whether the body is a list of requests.
    pub fn is_batch(self) -> bool {
        matches!(self, Self::BatchRunReports | Self::BatchRunPivotReports)
    }

    /// Whether it hands out a report page by page.
    pub fn has_pages(self) -> bool {
        matches!(self, Self::RunReport | Self::BatchRunReports)
    }

    /// Whether its answers are tables with one row for each combination of dimensions, which `limit` and `rowCount` count.
    pub fn counts_rows(self) -> bool {
        self.has_pages() || self == Self::RunRealtimeReport
    }

    /// The message that its body is, in Google's discovery document.
    pub(super) fn message(self) -> &'static str {
        let found = METHODS.iter().find(|(method, _, _)| *method == self);
        found.map_or("", |(_, _, message)| message)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = METHODS.iter().find(|(method, _, _)| method == self);
        f.write_str(found.map_or("", |(_, name, _)| name))
    }
}
