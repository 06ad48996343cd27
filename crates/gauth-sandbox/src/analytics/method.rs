//! The methods of the APIs: path and verb, and the scopes that open them. Anything else is a page that does not exist.

use super::errors::Refusal;
use super::schema::{Message, funnel, messages};
use crate::api::ApiRequest;

const DATA: &str = "analyticsdata.googleapis.com";
const ADMIN: &str = "analyticsadmin.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/";

/// A method, with the property that the path names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method<'a> {
    AccountSummaries,
    Metadata(&'a str),
    QuotasSnapshot(&'a str),
    Report(Kind, &'a str),
}

/// The methods that take a request in the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Run,
    BatchRun,
    Pivot,
    BatchPivot,
    Realtime,
    Compatibility,
    Funnel,
}

impl Kind {
    /// The message that the body holds.
    pub(super) fn message(self) -> &'static Message {
        match self {
            Self::Run => &messages::RUN_REPORT,
            Self::BatchRun => &messages::BATCH_RUN_REPORTS,
            Self::Pivot => &messages::RUN_PIVOT_REPORT,
            Self::BatchPivot => &messages::BATCH_RUN_PIVOT_REPORTS,
            Self::Realtime => &messages::RUN_REALTIME_REPORT,
            Self::Compatibility => &messages::CHECK_COMPATIBILITY,
            Self::Funnel => &funnel::RUN_FUNNEL_REPORT,
        }
    }
}

/// Version, verb in the path, and name of the method in Google's own terms.
const REPORTS: &[(Kind, &str, &str, &str)] = &[
    (Kind::Run, "v1beta", "runReport", "RunReport"),
    (Kind::BatchRun, "v1beta", "batchRunReports", "BatchRunReports"),
    (Kind::Pivot, "v1beta", "runPivotReport", "RunPivotReport"),
    (Kind::BatchPivot, "v1beta", "batchRunPivotReports", "BatchRunPivotReports"),
    (Kind::Realtime, "v1beta", "runRealtimeReport", "RunRealtimeReport"),
    (Kind::Compatibility, "v1beta", "checkCompatibility", "CheckCompatibility"),
    (Kind::Funnel, "v1alpha", "runFunnelReport", "RunFunnelReport"),
];

impl<'a> Method<'a> {
    pub(super) fn of(request: &ApiRequest<'a>) -> Option<Self> {
        let (version, resource) = request.path.strip_prefix('/')?.split_once('/')?;
        if (request.method, version, resource) == ("GET", "v1beta", "accountSummaries") {
            return Some(Self::AccountSummaries);
        }
        let rest = resource.strip_prefix("properties/")?;
        let (property, verb) = rest.split_once([':', '/'])?;
        if property.is_empty() {
            return None;
        }
        match (request.method, version, &rest[property.len()..]) {
            ("GET", "v1beta" | "v1alpha", "/metadata") => Some(Self::Metadata(property)),
            ("GET", "v1alpha", "/propertyQuotasSnapshot") => Some(Self::QuotasSnapshot(property)),
            ("POST", _, rest) if rest.starts_with(':') => REPORTS
                .iter()
                .find(|(_, of_version, name, _)| (*of_version, *name) == (version, verb))
                .map(|(kind, ..)| Self::Report(*kind, property)),
            _ => None,
        }
    }

    /// `analytics` opens the Data API but not the Admin API, `analytics.edit` the other way round.
    pub(super) fn check_scope(self, scopes: &[String]) -> Result<(), Refusal> {
        let (service, also) = match self {
            Self::AccountSummaries => (ADMIN, "analytics.edit"),
            _ => (DATA, "analytics"),
        };
        let has = |scope: &String| {
            let name = scope.strip_prefix(SCOPE);
            name.is_some_and(|name| name == "analytics.readonly" || name == also)
        };
        if scopes.iter().any(has) {
            return Ok(());
        }
        Err(Refusal::insufficient_scope(service, self.full_name()))
    }

    /// As `google.rpc.ErrorInfo` names it.
    fn full_name(self) -> String {
        const BETA: &str = "google.analytics.data.v1beta.BetaAnalyticsData";
        const ALPHA: &str = "google.analytics.data.v1alpha.AlphaAnalyticsData";
        match self {
            Self::AccountSummaries => {
                "google.analytics.admin.v1beta.AnalyticsAdminService.ListAccountSummaries".to_owned()
            }
            Self::Metadata(_) => format!("{BETA}.GetMetadata"),
            Self::QuotasSnapshot(_) => format!("{ALPHA}.GetPropertyQuotasSnapshot"),
            Self::Report(kind, _) => {
                let found = REPORTS.iter().find(|(known, ..)| *known == kind);
                let (_, version, _, name) = found.expect("every kind is in the list");
                let service = if *version == "v1beta" { BETA } else { ALPHA };
                format!("{service}.{name}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_verbs_lead_to_methods() {
        for (verb, path, expected) in [
            ("GET", "/v1beta/accountSummaries", Some(Method::AccountSummaries)),
            ("GET", "/v1beta/properties/0/metadata", Some(Method::Metadata("0"))),
            ("GET", "/v1alpha/properties/7/propertyQuotasSnapshot", Some(Method::QuotasSnapshot("7"))),
            ("POST", "/v1beta/properties/7:runReport", Some(Method::Report(Kind::Run, "7"))),
            ("POST", "/v1alpha/properties/7:runFunnelReport", Some(Method::Report(Kind::Funnel, "7"))),
            ("POST", "/v1beta/accountSummaries", None),
            ("GET", "/v1beta/properties/7:runReport", None),
            ("POST", "/v1beta/properties/7/runReport", None),
            ("POST", "/v1beta/properties/7:runFunnelReport", None),
            ("POST", "/v1beta/properties/7:runreport", None),
            ("POST", "/v1beta/properties/:runReport", None),
            ("POST", "/v1beta/properties/7/8:runReport", None),
            ("POST", "/v1/properties/7:runReport", None),
        ] {
            let request = ApiRequest { method: verb, path, query: "", body: b"", scopes: &[], quota_project: None };
            assert_eq!(Method::of(&request), expected, "{verb} {path}");
        }
    }
}
