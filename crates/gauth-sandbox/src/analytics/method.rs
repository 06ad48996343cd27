//! The methods of the Data API (v1beta, some of v1alpha) and of the Admin API v1beta. The scope `analytics` covers the
//! Data API but not the Admin API, `analytics.edit` the other way round.

use super::response::Kind;
use super::{Analytics, metadata};
use crate::rest::{Handler, Method};
use std::sync::LazyLock;

const DATA: &[&str] =
    &["https://www.googleapis.com/auth/analytics.readonly", "https://www.googleapis.com/auth/analytics"];
const ADMIN: &[&str] =
    &["https://www.googleapis.com/auth/analytics.readonly", "https://www.googleapis.com/auth/analytics.edit"];
const BETA: (&str, &str) = ("v1beta", "google.analytics.data.v1beta.BetaAnalyticsData");
const ALPHA: (&str, &str) = ("v1alpha", "google.analytics.data.v1alpha.AlphaAnalyticsData");

/// A method that takes a request, whose messages are named after it.
fn post((version, service): (&str, &str), verb: &str, handler: Handler<Analytics>) -> Method<Analytics> {
    let name = verb[..1].to_uppercase() + &verb[1..];
    Method {
        verb: "POST",
        path: format!("/{version}/properties/{{}}:{verb}"),
        name: format!("{service}.{name}"),
        scopes: DATA,
        request: format!("{version}.{name}Request"),
        response: format!("{version}.{name}Response"),
        parameters: &[],
        handler,
    }
}

/// A method that reads a `message`.
fn get((version, service): (&str, &str), path: &str, message: &str, handler: Handler<Analytics>) -> Method<Analytics> {
    Method {
        verb: "GET",
        path: format!("/{version}/properties/{{}}/{path}"),
        name: format!("{service}.Get{message}"),
        scopes: DATA,
        request: String::new(),
        response: format!("{version}.{message}"),
        parameters: &[],
        handler,
    }
}

fn admin(
    path: &str,
    name: &str,
    message: &str,
    parameters: &'static [&'static str],
    handler: Handler<Analytics>,
) -> Method<Analytics> {
    Method {
        path: format!("/v1beta/{path}"),
        name: format!("google.analytics.admin.v1beta.AnalyticsAdminService.{name}"),
        scopes: ADMIN,
        response: format!("admin.{message}"),
        parameters,
        ..get(BETA, "", "", handler)
    }
}

pub(crate) static METHODS: LazyLock<Vec<Method<Analytics>>> = LazyLock::new(|| {
    let list = |plural: &str, path: &str, parameters, handler| {
        admin(path, &format!("List{plural}"), &format!("List{plural}Response"), parameters, handler)
    };
    vec![
        post(BETA, "runReport", |analytics, call| analytics.run_report(call, Kind::Report)),
        post(BETA, "batchRunReports", Analytics::batch_run_reports),
        post(BETA, "runPivotReport", Analytics::run_pivot_report),
        post(BETA, "batchRunPivotReports", Analytics::batch_run_pivot_reports),
        post(BETA, "runRealtimeReport", |analytics, call| analytics.run_report(call, Kind::Realtime)),
        post(BETA, "checkCompatibility", Analytics::check_compatibility),
        get(BETA, "metadata", "Metadata", |_, call| metadata::answer(call, false)),
        post(ALPHA, "runReport", |analytics, call| analytics.run_report(call, Kind::AlphaReport)),
        post(ALPHA, "runFunnelReport", Analytics::run_funnel_report),
        get(ALPHA, "metadata", "Metadata", |_, call| metadata::answer(call, true)),
        get(ALPHA, "propertyQuotasSnapshot", "PropertyQuotasSnapshot", Analytics::quotas_snapshot),
        list("AccountSummaries", "accountSummaries", &["pageSize", "pageToken"], Analytics::account_summaries),
        list("Accounts", "accounts", &["pageSize", "pageToken", "showDeleted"], Analytics::accounts),
        list("Properties", "properties", &["filter", "pageSize", "pageToken", "showDeleted"], Analytics::properties),
        admin("accounts/{}", "GetAccount", "Account", &[], Analytics::account),
        admin("properties/{}", "GetProperty", "Property", &[], Analytics::property),
    ]
});

#[cfg(test)]
mod tests;
