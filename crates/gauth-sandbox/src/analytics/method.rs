//! The methods of the Data API (v1beta, some of v1alpha) and of the Admin API v1beta. The scope `analytics` covers the
//! Data API but not the Admin API, `analytics.edit` the other way round.

use super::response::Kind;
use super::{Analytics, metadata};
use crate::rest::{Handler, Method};
use std::sync::LazyLock;

const DATA: &[&str] =
    &["https://www.googleapis.com/auth/analytics.readonly", "https://www.googleapis.com/auth/analytics"];
const ADMIN_SCOPES: &[&str] =
    &["https://www.googleapis.com/auth/analytics.readonly", "https://www.googleapis.com/auth/analytics.edit"];
/// The version in the path, that of the messages, the service, and the scopes of an API.
type Api = (&'static str, &'static str, &'static str, &'static [&'static str]);
const BETA: Api = ("v1beta", "v1beta", "google.analytics.data.v1beta.BetaAnalyticsData", DATA);
const ALPHA: Api = ("v1alpha", "v1alpha", "google.analytics.data.v1alpha.AlphaAnalyticsData", DATA);
const ADMIN: Api = ("v1beta", "admin", "google.analytics.admin.v1beta.AnalyticsAdminService", ADMIN_SCOPES);

/// A method by its name, after which its messages are called: a GET has no request, and a single thing is its own answer.
fn method(api: Api, name: &str, path: &str, handler: Handler<Analytics>) -> Method<Analytics> {
    let (version, messages, service, scopes) = api;
    let (request, response) = match (name, name.strip_prefix("Get")) {
        ("CreateAudienceExport", _) => (format!("{messages}.AudienceExport"), "Operation".to_owned()),
        (_, Some(thing)) => (String::new(), thing.to_owned()),
        _ if name.starts_with("List") => (String::new(), format!("{name}Response")),
        _ => (format!("{messages}.{name}Request"), format!("{name}Response")),
    };
    Method {
        verb: if request.is_empty() { "GET" } else { "POST" },
        path: format!("/{version}/{path}"),
        name: format!("{service}.{name}"),
        scopes,
        request,
        response: format!("{messages}.{response}"),
        parameters: match name {
            "ListAccountSummaries" | "ListAudienceExports" => &["pageSize", "pageToken"],
            "ListAccounts" => &["pageSize", "pageToken", "showDeleted"],
            "ListProperties" => &["filter", "pageSize", "pageToken", "showDeleted"],
            _ => &[],
        },
        handler,
    }
}

pub(crate) static METHODS: LazyLock<Vec<Method<Analytics>>> = LazyLock::new(|| {
    let post = |api, verb: &str, handler| {
        method(api, &(verb[..1].to_uppercase() + &verb[1..]), &format!("properties/{{}}:{verb}"), handler)
    };
    let exports = "properties/{}/audienceExports";
    let export = &format!("{exports}/{{}}");
    vec![
        post(BETA, "runReport", |analytics, call| analytics.run_report(call, Kind::Report)),
        post(BETA, "batchRunReports", Analytics::batch_run_reports),
        post(BETA, "runPivotReport", Analytics::run_pivot_report),
        post(BETA, "batchRunPivotReports", Analytics::batch_run_pivot_reports),
        post(BETA, "runRealtimeReport", |analytics, call| analytics.run_report(call, Kind::Realtime)),
        post(BETA, "checkCompatibility", Analytics::check_compatibility),
        method(BETA, "GetMetadata", "properties/{}/metadata", |_, call| metadata::answer(call, false)),
        method(BETA, "CreateAudienceExport", exports, Analytics::create_audience_export),
        method(BETA, "ListAudienceExports", exports, Analytics::audience_exports),
        method(BETA, "GetAudienceExport", export, Analytics::audience_export),
        method(BETA, "QueryAudienceExport", &format!("{export}:query"), Analytics::query_audience_export),
        post(ALPHA, "runReport", |analytics, call| analytics.run_report(call, Kind::AlphaReport)),
        post(ALPHA, "runFunnelReport", Analytics::run_funnel_report),
        method(ALPHA, "GetMetadata", "properties/{}/metadata", |_, call| metadata::answer(call, true)),
        method(ALPHA, "GetPropertyQuotasSnapshot", "properties/{}/propertyQuotasSnapshot", Analytics::quotas_snapshot),
        method(ADMIN, "ListAccountSummaries", "accountSummaries", Analytics::account_summaries),
        method(ADMIN, "ListAccounts", "accounts", Analytics::accounts),
        method(ADMIN, "ListProperties", "properties", Analytics::properties),
        method(ADMIN, "GetAccount", "accounts/{}", Analytics::account),
        method(ADMIN, "GetProperty", "properties/{}", Analytics::property),
    ]
});

#[cfg(test)]
mod tests;
