//! The methods of the Data API (v1beta, some of v1alpha) and of the Admin API v1beta. `analytics` opens the Data API but
//! not the Admin API, `analytics.edit` the other way round.

use super::Analytics;
use crate::rest::{Handler, Method};

const DATA: &[&str] =
    &["https://www.googleapis.com/auth/analytics.readonly", "https://www.googleapis.com/auth/analytics"];
const ADMIN: &[&str] =
    &["https://www.googleapis.com/auth/analytics.readonly", "https://www.googleapis.com/auth/analytics.edit"];

const fn post(
    path: &'static str,
    name: &'static str,
    (request, response): (&'static str, &'static str),
    handler: Handler<Analytics>,
) -> Method<Analytics> {
    Method { verb: "POST", path, name, scopes: DATA, request, response, parameters: &[], handler }
}

const fn get(
    path: &'static str,
    name: &'static str,
    response: &'static str,
    handler: Handler<Analytics>,
) -> Method<Analytics> {
    Method { verb: "GET", request: "", ..post(path, name, ("", response), handler) }
}

const fn admin(
    path: &'static str,
    name: &'static str,
    response: &'static str,
    parameters: &'static [&'static str],
    handler: Handler<Analytics>,
) -> Method<Analytics> {
    Method { scopes: ADMIN, parameters, ..get(path, name, response, handler) }
}

pub(crate) static METHODS: &[Method<Analytics>] = &[
    post(
        "/v1beta/properties/{}:runReport",
        "google.analytics.data.v1beta.BetaAnalyticsData.RunReport",
        ("v1beta.RunReportRequest", "v1beta.RunReportResponse"),
        Analytics::run_report,
    ),
    post(
        "/v1beta/properties/{}:batchRunReports",
        "google.analytics.data.v1beta.BetaAnalyticsData.BatchRunReports",
        ("v1beta.BatchRunReportsRequest", "v1beta.BatchRunReportsResponse"),
        Analytics::batch_run_reports,
    ),
    post(
        "/v1beta/properties/{}:runPivotReport",
        "google.analytics.data.v1beta.BetaAnalyticsData.RunPivotReport",
        ("v1beta.RunPivotReportRequest", "v1beta.RunPivotReportResponse"),
        Analytics::run_pivot_report,
    ),
    post(
        "/v1beta/properties/{}:batchRunPivotReports",
        "google.analytics.data.v1beta.BetaAnalyticsData.BatchRunPivotReports",
        ("v1beta.BatchRunPivotReportsRequest", "v1beta.BatchRunPivotReportsResponse"),
        Analytics::batch_run_pivot_reports,
    ),
    post(
        "/v1beta/properties/{}:runRealtimeReport",
        "google.analytics.data.v1beta.BetaAnalyticsData.RunRealtimeReport",
        ("v1beta.RunRealtimeReportRequest", "v1beta.RunRealtimeReportResponse"),
        Analytics::run_realtime_report,
    ),
    post(
        "/v1beta/properties/{}:checkCompatibility",
        "google.analytics.data.v1beta.BetaAnalyticsData.CheckCompatibility",
        ("v1beta.CheckCompatibilityRequest", "v1beta.CheckCompatibilityResponse"),
        Analytics::check_compatibility,
    ),
    get(
        "/v1beta/properties/{}/metadata",
        "google.analytics.data.v1beta.BetaAnalyticsData.GetMetadata",
        "v1beta.Metadata",
        Analytics::metadata,
    ),
    post(
        "/v1alpha/properties/{}:runReport",
        "google.analytics.data.v1alpha.AlphaAnalyticsData.RunReport",
        ("v1alpha.RunReportRequest", "v1alpha.RunReportResponse"),
        Analytics::run_alpha_report,
    ),
    post(
        "/v1alpha/properties/{}:runFunnelReport",
        "google.analytics.data.v1alpha.AlphaAnalyticsData.RunFunnelReport",
        ("v1alpha.RunFunnelReportRequest", "v1alpha.RunFunnelReportResponse"),
        Analytics::run_funnel_report,
    ),
    get(
        "/v1alpha/properties/{}/metadata",
        "google.analytics.data.v1alpha.AlphaAnalyticsData.GetMetadata",
        "v1alpha.Metadata",
        Analytics::alpha_metadata,
    ),
    get(
        "/v1alpha/properties/{}/propertyQuotasSnapshot",
        "google.analytics.data.v1alpha.AlphaAnalyticsData.GetPropertyQuotasSnapshot",
        "v1alpha.PropertyQuotasSnapshot",
        Analytics::quotas_snapshot,
    ),
    admin(
        "/v1beta/accountSummaries",
        "google.analytics.admin.v1beta.AnalyticsAdminService.ListAccountSummaries",
        "admin.ListAccountSummariesResponse",
        &["pageSize", "pageToken"],
        Analytics::account_summaries,
    ),
    admin(
        "/v1beta/accounts",
        "google.analytics.admin.v1beta.AnalyticsAdminService.ListAccounts",
        "admin.ListAccountsResponse",
        &["pageSize", "pageToken", "showDeleted"],
        Analytics::accounts,
    ),
    admin(
        "/v1beta/accounts/{}",
        "google.analytics.admin.v1beta.AnalyticsAdminService.GetAccount",
        "admin.Account",
        &[],
        Analytics::account,
    ),
    admin(
        "/v1beta/properties",
        "google.analytics.admin.v1beta.AnalyticsAdminService.ListProperties",
        "admin.ListPropertiesResponse",
        &["filter", "pageSize", "pageToken", "showDeleted"],
        Analytics::properties,
    ),
    admin(
        "/v1beta/properties/{}",
        "google.analytics.admin.v1beta.AnalyticsAdminService.GetProperty",
        "admin.Property",
        &[],
        Analytics::property,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_verbs_lead_to_methods() {
        for (verb, path, expected) in [
            ("GET", "/v1beta/accountSummaries", Some(("ListAccountSummaries", ""))),
            ("GET", "/v1beta/properties/7", Some(("GetProperty", "7"))),
            ("GET", "/v1beta/properties/0/metadata", Some(("GetMetadata", "0"))),
            ("GET", "/v1alpha/properties/7/propertyQuotasSnapshot", Some(("GetPropertyQuotasSnapshot", "7"))),
            ("POST", "/v1beta/properties/7:runReport", Some(("RunReport", "7"))),
            ("POST", "/v1alpha/properties/7:runFunnelReport", Some(("RunFunnelReport", "7"))),
            ("POST", "/v1beta/accountSummaries", None),
            ("GET", "/v1beta/properties/7:runReport", None),
            ("POST", "/v1beta/properties/7/runReport", None),
            ("POST", "/v1beta/properties/7:runFunnelReport", None),
            ("POST", "/v1beta/properties/7:runreport", None),
            ("POST", "/v1beta/properties/:runReport", None),
            ("POST", "/v1beta/properties/7/8:runReport", None),
            ("POST", "/v1/properties/7:runReport", None),
        ] {
            let found = Method::find(METHODS, verb, path);
            let found = found.map(|(method, id)| (method.name.rsplit('.').next().unwrap_or_default(), id));
            assert_eq!(found, expected, "{verb} {path}");
        }
    }
}
