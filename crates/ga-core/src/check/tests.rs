//! What is refused, and what passes.

use serde_json::{Value, json};

use super::{Method, body, parse};
use crate::error::{Error, Kind};

fn with(extra: Value) -> Value {
    let mut request = json!({
        "dateRanges": [{"startDate": "yesterday", "endDate": "today"}],
        "metrics": [{"name": "sessions"}],
    });
    for (key, value) in extra.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

fn refusal(method: Method, request: Value) -> Error {
    let mut checked = request.clone();
    body(method, &mut checked).expect_err(&request.to_string())
}

fn names(count: usize, name: &str) -> Value {
    json!(vec![json!({"name": name}); count])
}

#[test]
fn a_good_request_passes_unchanged() {
    let filter = |field: &str, test: Value| {
        let mut filter = json!({"fieldName": field});
        filter.as_object_mut().unwrap().extend(test.as_object().unwrap().clone());
        json!({"orGroup": {"expressions": [{"notExpression": {"filter": filter}}]}})
    };
    let string = json!({"stringFilter": {"matchType": "EXACT", "value": "x", "caseSensitive": true}});
    let number = json!({"numericFilter": {"operation": "EQUAL", "value": {"int64Value": "1"}}});
    for (method, request) in [
        (
            Method::RunReport,
            with(json!({
                "dimensions": [
                    {"name": "country"},
                    {"name": "customEvent:plan"},
                    {"name": "loud", "dimensionExpression": {"upperCase": {"dimensionName": "city"}}},
                ],
                "metrics": [{"name": "sessions"}, {"name": "perUser", "expression": "eventCount/totalUsers"}],
                "dimensionFilter": filter("loud", string.clone()),
                "metricFilter": filter("perUser", number),
                "orderBys": [{"desc": true, "metric": {"metricName": "perUser"}},
                             {"dimension": {"dimensionName": "country", "orderType": "NUMERIC"}}],
                "limit": "5", "offset": "10", "returnPropertyQuota": true, "keepEmptyRows": false,
                "metricAggregations": ["TOTAL"], "currencyCode": "EUR",
                "comparisons": [{"name": "c", "dimensionFilter": filter("country", string)}],
            })),
        ),
        (
            Method::RunPivotReport,
            with(json!({"pivots": [{"fieldNames": ["country", "dateRange"], "limit": "10"}],
                        "dimensions": [{"name": "country"}]})),
        ),
        (
            Method::RunRealtimeReport,
            json!({"metrics": [{"name": "activeUsers"}], "dimensions": [{"name": "minutesAgo"}],
                   "minuteRanges": [{"startMinutesAgo": 4}]}),
        ),
        (Method::BatchRunReports, json!({"requests": [with(json!({})), with(json!({}))]})),
        (
            Method::RunReportAlpha,
            with(json!({"metrics": names(1, "allConversionsByConversionDate"), "dimensions": names(1, "subcontinent"),
                        "conversionSpec": {"conversionActions": ["conversionActions/1002"],
                                           "attributionModel": "LAST_CLICK"}})),
        ),
        (
            Method::RunReport,
            json!({"metrics": [{"name": "cohortActiveUsers"}], "dimensions": [{"name": "cohort"}],
                   "cohortSpec": {"cohorts": [{"dimension": "firstSessionDate"}]}}),
        ),
        (
            Method::RunFunnelReport,
            json!({"funnel": {"steps": [{"name": "a", "filterExpression":
                       {"funnelEventFilter": {"eventName": "purchase"}}}]},
                   "segments": [{"name": "s", "userSegment": {"userInclusionCriteria": {}}}]}),
        ),
    ] {
        let mut checked = request.clone();
        assert_eq!(body(method, &mut checked), Ok(vec![]), "{request}");
        assert_eq!(checked, request);
    }
}

#[test]
fn unknown_and_misplaced_fields_are_refused_with_the_nearest() {
    for (extra, message, hint) in [
        (
            json!({"metrics": [{"name": "screenpageviews"}]}),
            "unknown metric \"screenpageviews\"",
            "did you mean `screenPageViews`?",
        ),
        (
            json!({"dimensions": [{"name": "sessions"}]}),
            "sessions is a metric, not a dimension",
            "request it with -m sessions",
        ),
        (
            json!({"metrics": [{"name": "country"}]}),
            "country is a dimension, not a metric",
            "request it with -d country",
        ),
        (
            json!({"dimensions": [{"name": "minutesAgo"}]}),
            "minutesAgo is available only in realtime reports",
            "--no-check",
        ),
        (
            json!({"dimensions": [{"name": "subcontinent"}]}),
            "subcontinent is available only in conversion reports",
            "--conversions all",
        ),
        (
            json!({"dimensions": [{"name": "userId"}]}),
            "userId is available only in audience exports",
            "--audience ID -d userId",
        ),
        (json!({"dimensions": [{"name": "cohort"}]}), "cohort needs a cohortSpec", "--request"),
        (
            json!({"metrics": [{"name": "x", "expression": "2 * (sesions / users)"}]}),
            "unknown metric \"sesions\"; unknown metric \"users\"",
            "did you mean `totalUsers`?",
        ),
        (
            json!({"metricFilter": {"filter": {"fieldName": "country", "stringFilter": {"value": "x"}}}}),
            "country is a dimension, not a metric",
            "-d country",
        ),
        (
            json!({"dimensionFilter": {"filter": {"fieldName": "Country", "stringFilter": {"value": "x"}}}}),
            "unknown dimension \"Country\"",
            "did you mean `country`?",
        ),
    ] {
        let error = refusal(Method::RunReport, with(extra));
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.hint().unwrap().contains(hint), "{:?}", error.hint());
    }
    let realtime = json!({"metrics": [{"name": "sessions"}]});
    let error = refusal(Method::RunRealtimeReport, realtime);
    assert!(error.to_string().contains("sessions is not available in realtime reports"));
    let error =
        refusal(Method::RunReportAlpha, with(json!({"dimensions": names(1, "pagePath"), "conversionSpec": {}})));
    assert!(error.to_string().contains("pagePath is not available in conversion reports"));
    assert!(error.hint().unwrap().contains("run ga-fields --conversions"));
    // Under its present name.
    let error =
        refusal(Method::RunReportAlpha, with(json!({"metrics": names(1, "conversions"), "conversionSpec": {}})));
    assert!(error.to_string().contains("keyEvents is not available in conversion reports"));
}

#[test]
fn former_names_are_replaced_and_noted_once() {
    let mut request = with(json!({
        "metrics": [{"name": "conversions:buy"}],
        "orderBys": [{"metric": {"metricName": "conversions:buy"}}],
    }));
    let notes = body(Method::RunReport, &mut request).unwrap();
    assert_eq!(notes, ["conversions:buy is now called keyEvents:buy"]);
    assert_eq!(request["metrics"][0]["name"], "keyEvents:buy");
    assert_eq!(request["orderBys"][0]["metric"]["metricName"], "keyEvents:buy");
}

#[test]
fn limits_are_refused_before_anything_is_sent() {
    let range = json!({"startDate": "today", "endDate": "today"});
    let two = json!([{"fieldNames": ["country"], "limit": 1000}, {"fieldNames": ["city"], "limit": "251"}]);
    for (method, request, message) in [
        (Method::RunReport, with(json!({"dimensions": names(10, "country")})), "10 dimensions: at most 9"),
        (Method::RunReport, with(json!({"metrics": names(11, "sessions")})), "11 metrics: at most 10"),
        (Method::RunReport, with(json!({"dateRanges": vec![range; 5]})), "5 date ranges: at most 4"),
        (Method::RunReport, with(json!({"limit": -1})), "limit is -1: it must not be negative"),
        (Method::RunReport, with(json!({"metricAggregations": ["COUNT"]})), "COUNT"),
        (Method::RunReport, json!({"metrics": names(1, "sessions")}), "no date range"),
        (Method::RunReport, with(json!({"metrics": []})), "neither dimensions nor metrics"),
        (
            Method::RunReport,
            with(json!({"dateRanges": [{"startDate": "today", "endDate": "today", "name": "date_range_1"}]})),
            "date_range_1",
        ),
        (
            Method::RunReport,
            with(json!({"orderBys": [{"dimension": {"dimensionName": "dateRange"}}]})),
            "cannot be ordered by dateRange",
        ),
        (
            Method::RunReport,
            with(json!({"orderBys": [{"metric": {"metricName": "newUsers"}}]})),
            "newUsers, which is not among the metrics",
        ),
        (
            Method::RunReportAlpha,
            with(json!({"conversionSpec": {"conversionActions": ["conversionActions/1", "1002"]}})),
            "conversionSpec.conversionActions[1] is \"1002\": expected conversionActions/ID",
        ),
        (Method::RunPivotReport, with(json!({})), "needs pivots"),
        (Method::RunPivotReport, with(json!({"pivots": [{"fieldNames": []}]})), "pivots[0] needs a limit"),
        (Method::RunPivotReport, with(json!({"pivots": two})), "multiply to 251000"),
        (Method::BatchRunReports, json!({"requests": vec![with(json!({})); 6]}), "6 requests in one batch"),
        (Method::BatchRunReports, json!({}), "no requests"),
        (Method::RunRealtimeReport, json!({"minuteRanges": [{"startMinutesAgo": 60}]}), "startMinutesAgo is 60"),
        (Method::RunRealtimeReport, json!({"minuteRanges": [{}, {}, {}]}), "3 minute ranges"),
        (
            Method::BatchRunReports,
            json!({"requests": [with(json!({})), with(json!({"offset": -1}))]}),
            "invalid request: requests[1]: offset is",
        ),
    ] {
        let error = refusal(method, request);
        assert_eq!(error.kind(), Kind::Usage, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_body_with_other_members_than_googles_is_refused() {
    for (method, request, message, hint) in [
        (
            Method::RunReport,
            with(json!({"dateRange": []})),
            "dateRange: unknown key in RunReportRequest",
            "did you mean `dateRanges`?",
        ),
        (
            Method::RunReport,
            with(json!({"dimensions": [{"name": "country"}, {"nme": "city"}]})),
            "dimensions[1].nme: unknown key in Dimension",
            "did you mean `name`?",
        ),
        (
            Method::RunRealtimeReport,
            json!({"dateRanges": []}),
            "dateRanges: unknown key in RunRealtimeReportRequest",
            "minuteRanges",
        ),
        (
            Method::RunPivotReport,
            with(json!({"somethingElse": 1})),
            "somethingElse: unknown key",
            "use one of property, ",
        ),
    ] {
        let error = refusal(method, request);
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.hint().unwrap().contains(hint), "{:?}", error.hint());
    }
    for (request, message) in [
        (json!([]), "the body: expected an object (RunReportRequest), found a list"),
        (with(json!({"dimensions": {"name": "country"}})), "dimensions: expected a list, found an object"),
        (with(json!({"dimensions": ["country"]})), "dimensions[0]: expected an object (Dimension)"),
        (with(json!({"limit": [1]})), "limit: expected a 64-bit integer, found a list"),
        (with(json!({"limit": {}})), "limit: expected a 64-bit integer, found an object"),
    ] {
        let error = refusal(Method::RunReport, request);
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_duplicate_key_is_refused_with_its_path() {
    for (text, message) in [
        (r#"{"limit": 1, "limit": 1}"#, "invalid request: limit: duplicate key at line 1"),
        (r#"{"metrics": [{}, {"name": "a", "n\u0061me": "b"}]}"#, "invalid request: metrics[1].name: duplicate key"),
        (r#"[{"a": {"b": [[{"c": null, "c": null}]]}}]"#, "[0].a.b[0][0].c: duplicate key"),
        (r#"{"ya29.x": 1, "ya29.x": 2}"#, "(not shown: looks like an access token): duplicate key"),
        ("{", "not JSON: EOF"),
        ("{} {}", "not JSON: trailing characters"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains(message), "{error}");
    }
    let text = r#"[null, true, -1, 18446744073709551615, 2.5e3, "a\n", {"a": {"b": 1}, "c": {"b": 1}}]"#;
    assert_eq!(parse(text), Ok(serde_json::from_str(text).unwrap()));
}

#[test]
fn snake_case_keys_are_written_as_google_documents_them() {
    let mut request = json!({
        "date_ranges": [{"start_date": "today", "end_date": "today"}],
        "metrics": [{"name": "sessions"}],
    });
    body(Method::RunReport, &mut request).unwrap();
    assert_eq!(request["dateRanges"], json!([{"startDate": "today", "endDate": "today"}]));
}
