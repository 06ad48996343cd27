//! Every answer of every method, compared with the discovery documents.

use super::*;
use crate::rest::tests::faults_of;
use std::collections::HashSet;

/// Verb, path and request: at least one for each method.
fn calls() -> Vec<(&'static str, String, Value)> {
    let report = with(
        request("date,country", "sessions,bounceRate,totalRevenue,advertiserAdCost"),
        json!({"metrics": [{"name": "sessions"}, {"name": "bounceRate"}, {"name": "totalRevenue"}], "limit": 3,
            "metricAggregations": ["TOTAL", "MINIMUM", "MAXIMUM"], "returnPropertyQuota": true}),
    );
    let costs = with(request("date", "advertiserAdCost,purchaseRevenue"), json!({"limit": 2}));
    let ranges = with(
        report.clone(),
        json!({"dateRanges": [{"startDate": "7daysAgo", "endDate": "yesterday"}, {"startDate": "9daysAgo", "endDate": "8daysAgo"}]}),
    );
    let pivot = json!({
        "dimensions": [{"name": "country"}, {"name": "browser"}], "metrics": [{"name": "sessions"}],
        "dateRanges": [{"startDate": "7daysAgo", "endDate": "yesterday"}], "returnPropertyQuota": true,
        "pivots": [{"fieldNames": ["country"], "limit": 3, "metricAggregations": ["TOTAL", "COUNT"]},
            {"fieldNames": ["browser"], "limit": 3}],
    });
    let funnel = json!({
        "dateRanges": [{"startDate": "7daysAgo", "endDate": "yesterday"}], "returnPropertyQuota": true,
        "funnelVisualizationType": "TRENDED_FUNNEL", "funnelBreakdown": {"breakdownDimension": {"name": "deviceCategory"}},
        "funnel": {"steps": [{"name": "all", "filterExpression": {"funnelEventFilter": {"eventName": "session_start"}}}]},
    });
    let live = json!({"dimensions": [{"name": "country"}], "metrics": [{"name": "activeUsers"}],
        "metricAggregations": ["TOTAL"], "returnPropertyQuota": true});
    let conversions = with(
        request("source", "allConversionsByConversionDate,totalRevenueByInteractionDate,advertiserAdCost"),
        json!({"conversionSpec": {"conversionActions": ["conversionActions/1002"]}, "metricAggregations": ["TOTAL"]}),
    );
    let compatible = json!({"dimensions": [{"name": "itemName"}]});
    let mut calls = Vec::new();
    let mut post = |path: &str, body: &Value| calls.push(("POST", path.to_owned(), body.clone()));
    // Each kind of property adds other members.
    for id in [123_456, 200_001, 200_002, 200_003, 200_004, 200_005, 200_006, 200_007, 200_010] {
        for body in [&report, &ranges, &costs] {
            post(&format!("/v1beta/properties/{id}:runReport"), body);
        }
        post(&format!("/v1beta/properties/{id}:runPivotReport"), &pivot);
        post(&format!("/v1beta/properties/{id}:runRealtimeReport"), &live);
        post(&format!("/v1beta/properties/{id}:checkCompatibility"), &compatible);
        post(&format!("/v1alpha/properties/{id}:runReport"), &conversions);
        post(&format!("/v1alpha/properties/{id}:runReport"), &report);
        post(&format!("/v1alpha/properties/{id}:runFunnelReport"), &funnel);
    }
    post("/v1beta/properties/123456:batchRunReports", &json!({"requests": [report, ranges]}));
    post("/v1beta/properties/123456:batchRunPivotReports", &json!({"requests": [pivot]}));
    let exports = "/v1beta/properties/123456/audienceExports";
    for audience in [4002, 4003, 4009] {
        let name = format!("properties/123456/audiences/{audience}");
        post(exports, &json!({"audience": name, "dimensions": [{"dimensionName": "deviceId"}]}));
    }
    // Being made, and made.
    for path in ["", "/1", "/1", "/2", "?pageSize=2", "/3", "/3", "/1"] {
        calls.push(("GET", format!("{exports}{path}"), Value::Null));
    }
    calls.push(("POST", format!("{exports}/1:query"), json!({"limit": 2, "offset": "1"})));
    for path in [
        "/v1beta/properties/0/metadata",
        "/v1beta/properties/200005/metadata",
        "/v1beta/properties/200006/metadata",
        "/v1alpha/properties/0/metadata",
        "/v1alpha/properties/123456/metadata",
        "/v1alpha/properties/123456/propertyQuotasSnapshot",
        "/v1beta/accountSummaries",
        "/v1beta/accountSummaries?pageSize=1",
        "/v1beta/accounts",
        "/v1beta/accounts/1001",
        "/v1beta/properties?filter=parent:accounts/2001",
        "/v1beta/properties/200010",
    ] {
        calls.push(("GET", path.to_owned(), Value::Null));
    }
    calls
}

#[test]
fn every_answer_of_every_method_is_its_message() {
    let sandbox = sandbox(200);
    let mut met = HashSet::new();
    for (verb, path, body) in calls() {
        let (method, _) = Method::find(&METHODS, verb, path.split('?').next().unwrap_or_default()).expect(&path);
        met.insert(&method.name);
        for enum_numbers in [false, true] {
            let joint = if path.contains('?') { '&' } else { '?' };
            let alt = if enum_numbers { "json;enum-encoding=int" } else { "json" };
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let path = format!("{path}{joint}$alt={alt}");
            let (status, answer) = ask(&sandbox, verb, &path, "analytics.readonly", body.as_bytes());
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            assert_eq!(status, 200, "{path} {answer}");
            assert_eq!(faults_of(&answer, &method.response, enum_numbers), Vec::<String>::new(), "{path} {body}");
        }
    }
    let all: HashSet<_> = METHODS.iter().map(|method| &method.name).collect();
    assert_eq!(met, all, "a method was not asked");
}
