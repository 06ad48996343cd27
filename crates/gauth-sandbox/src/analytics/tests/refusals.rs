//! What the service refuses, in its words and order.

use super::*;

/// Many of one thing.
fn names(list: &[&str]) -> Value {
    list.iter().map(|name| json!({ "name": name })).collect()
}

#[test]
fn requests_that_make_no_sense_are_refused_in_the_services_words() {
    let sandbox = sandbox(100);
    let plain = || request("country", "sessions");
    let ten =
        names(&["date", "hour", "country", "city", "region", "browser", "medium", "source", "pagePath", "language"]);
    let eleven = names(&[
        "sessions",
        "newUsers",
        "totalUsers",
        "activeUsers",
        "eventCount",
        "keyEvents",
        "bounceRate",
        "engagementRate",
        "addToCarts",
        "checkouts",
        "transactions",
    ]);
    let range = |days: &str| json!({"startDate": days, "endDate": "yesterday"});
    let five: Value = ["9daysAgo", "8daysAgo", "7daysAgo", "6daysAgo", "5daysAgo"].map(range).into_iter().collect();
    for (request, start) in [
        (json!({}), "A dateRange is required."),
        (with(plain(), json!({"dimensions": [], "metrics": []})), "At least one dimension or metric is required."),
        (with(plain(), json!({"limit": -1})), "The limit must be a non-negative number."),
        (with(plain(), json!({"offset": "-5"})), "The offset must be a non-negative number."),
        (with(plain(), json!({"dateRanges": five})), "Requests are limited to 4 dateRanges."),
        (with(plain(), json!({"dimensions": ten})), "Requests are limited to 9 dimensions."),
        (with(plain(), json!({"metrics": eleven})), "Requests are limited to 10 metrics."),
        (request("countri", "sessions"), "Did you mean country? Field countri is not a valid dimension. For"),
        (request("country", "session"), "Did you mean sessions? Field session is not a valid metric.  For"),
        (request("country,country", "sessions"), "The dimension country is requested more than once."),
        (request("country", "sessions,sessions"), "The metric sessions is requested more than once."),
        (request("itemName", "sessions"), "Please remove itemName to make the request compatible."),
        (request("cohort", "cohortActiveUsers"), "Cohort metrics can only be used in requests with a CohortSpec."),
        (
            with(request("country", "cohortActiveUsers"), json!({"cohortSpec": {}})),
            "A cohort request may not have dateRanges.",
        ),
        (
            with(request("country", "cohortActiveUsers"), json!({"dateRanges": [], "cohortSpec": {}})),
            "A cohortSpec must have at least one cohort.",
        ),
        (with(plain(), json!({"comparisons": [{"comparison": "comparisons/7"}]})), "The comparison 0 must have"),
        (with(plain(), json!({"metricAggregations": ["COUNT"]})), "The metric aggregation COUNT is not supported"),
        (
            with(plain(), json!({"orderBys": [{"metric": {"metricName": "newUsers"}}]})),
            "The orderBys uses the metric newUsers, which is not among",
        ),
        (
            with(plain(), json!({"orderBys": [{"dimension": {"dimensionName": "city"}}]})),
            "The orderBys uses the dimension city, which is not among",
        ),
        (with(plain(), json!({"orderBys": [{"desc": true}]})), "An orderBy must have a metric or a dimension."),
        (
            with(plain(), json!({"orderBys": [{"pivot": {"metricName": "sessions"}}]})),
            "Pivot orderBys are only supported in pivot reports.",
        ),
        (with(plain(), json!({"currencyCode": "XXX"})), "Invalid currency code: XXX."),
        (with(plain(), json!({"property": "properties/1"})), "The property in the request body must be"),
        (
            with(
                plain(),
                json!({"dimensionFilter": {"filter": {
                "fieldName": "sessions", "stringFilter": {"value": "1"}}}}),
            ),
            "Field sessions is not a valid dimension.",
        ),
        (
            with(
                plain(),
                json!({"metricFilter": {"filter": {
                "fieldName": "newUsers", "numericFilter": {"operation": "EQUAL", "value": {"int64Value": 1}}}}}),
            ),
            "The metricFilter uses newUsers, which is not among",
        ),
        (
            with(
                plain(),
                json!({"metricFilter": {"filter": {
                "fieldName": "sessions", "stringFilter": {"value": "1"}}}}),
            ),
            "The metric sessions can be filtered by",
        ),
        (
            with(plain(), json!({"metrics": [{"name": "x", "expression": "sessions +"}]})),
            "Missing operand in metric expression.",
        ),
        (
            with(plain(), json!({"metrics": [{"name": "x", "expression": "visits / 2"}]})),
            "Field visits is not a valid metric.",
        ),
        (
            with(
                plain(),
                json!({"dimensions": [{"name": "a b", "dimensionExpression": {
                "lowerCase": {"dimensionName": "city"}}}]}),
            ),
            "The name a b must match",
        ),
    ] {
        let (status, answer) = report(&sandbox, REPORT, &request);
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{request}");
        assert_eq!(answer["error"]["status"], "INVALID_ARGUMENT");
        assert_eq!(answer["error"]["code"], 400);
        let hint = message.find("Field").filter(|_| start.starts_with("Field")).unwrap_or(0);
        assert!(message[hint..].starts_with(start), "{message}");
    }
}

#[test]
fn unknown_fields_carry_their_path_in_the_details() {
    let (status, answer) = report(&sandbox(10), REPORT, &json!({"dimensions": [{"nam": "date"}]}));
    assert_eq!(status, 400);
    let detail = &answer["error"]["details"][0];
    assert_eq!(detail["@type"], "type.googleapis.com/google.rpc.BadRequest");
    assert_eq!(detail["fieldViolations"][0]["field"], "dimensions[0]");
    assert_eq!(detail["fieldViolations"][0]["description"], answer["error"]["message"]);
}

#[test]
fn checks_come_in_the_order_of_the_service() {
    let sandbox = sandbox(10);
    let mut wrong = json!({
        "nonsense": 1,
        "limit": -1,
        "dateRanges": [{"startDate": "never", "endDate": "today"}],
        "dimensions": [{"name": "nowhere"}],
    });
    for (start, repaired, value) in [
        ("Invalid JSON payload received. Unknown name \"nonsense\"", "nonsense", json!(null)),
        ("The limit must be", "limit", json!(5)),
        ("Invalid startDate: never.", "dateRanges", json!([{"startDate": "today", "endDate": "today"}])),
        ("Field nowhere is not", "dimensions", json!([{"name": "date"}])),
    ] {
        let (_, answer) = report(&sandbox, REPORT, &wrong);
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(start), "{message}");
        if value.is_null() {
            wrong.as_object_mut().map(|members| members.remove(repaired));
        } else {
            wrong[repaired] = value;
        }
    }
    assert_eq!(report(&sandbox, REPORT, &wrong).0, 200);
}

#[test]
fn properties_that_are_not_ones_own_are_refused() {
    for (id, status, start) in [
        ("abc", 400, "Invalid property ID: abc. A numeric Property ID is required."),
        ("UA-12345-1", 400, "Invalid property ID: UA-12345-1. "),
        ("999", 403, "User does not have sufficient permissions for this property."),
        ("200403", 403, "User does not have sufficient permissions for this property."),
    ] {
        let path = format!("/v1beta/properties/{id}:runReport");
        let (code, answer) = report(&sandbox(10), &path, &request("date", "sessions"));
        assert_eq!(code, status, "{id}");
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(start), "{message}");
    }
}

#[test]
fn unknown_paths_and_verbs_get_a_page_of_html() {
    let sandbox = sandbox(10);
    for path in [
        "/v1beta/properties/123456",
        "/v1beta/properties/123456:runreport",
        "/v1beta/properties/1/2:runReport",
        "/v1beta/properties/:runReport",
        "/v1beta/accountSummaries",
        "/v2/properties/123456:runReport",
    ] {
        let (status, body) = send(&sandbox, path, "", b"{}");
        assert_eq!(status, 404, "{path}");
        assert!(body.starts_with(b"<!DOCTYPE html>"), "{path}");
    }
}

#[test]
fn each_api_wants_its_own_scope() {
    let sandbox = sandbox(10);
    let status = |verb, path, scope: &str| {
        let (status, body) = ask(&sandbox, verb, path, scope, b"{}");
        (status, serde_json::from_slice::<Value>(&body).expect("JSON"))
    };
    for (scope, data, admin) in [
        // 400: the scope suffices, the empty request does not.
        ("analytics.readonly", 400, 200),
        ("analytics", 400, 403),
        ("analytics.edit", 403, 200),
        ("drive", 403, 403),
    ] {
        let (code, refusal) = status("POST", REPORT, scope);
        assert_eq!(code, data, "{scope}");
        assert_eq!(status("GET", "/v1beta/accountSummaries", scope).0, admin, "{scope}");
        if code == 403 {
            let detail = &refusal["error"]["details"][0];
            assert_eq!(refusal["error"]["message"], "Request had insufficient authentication scopes.");
            assert_eq!(detail["reason"], "ACCESS_TOKEN_SCOPE_INSUFFICIENT");
            assert_eq!(detail["metadata"]["service"], "analyticsdata.googleapis.com");
        }
    }
}

#[test]
fn ordering_by_date_range_breaks_the_service() {
    let request =
        with(request("country", "sessions"), json!({"orderBys": [{"dimension": {"dimensionName": "dateRange"}}]}));
    let (status, answer) = report(&sandbox(10), REPORT, &request);
    assert_eq!((status, &answer["error"]["status"]), (500, &json!("INTERNAL")));
}

#[test]
fn spent_quota_is_429() {
    let sandbox = sandbox(10);
    let path = "/v1beta/properties/200008:runReport";
    let mut answered = 0;
    let refusal = loop {
        let (status, answer) = report(&sandbox, path, &request("date", "sessions"));
        match status {
            200 => answered += 1,
            _ => break (status, answer),
        }
        assert!(answered < 100, "20 tokens never run out");
    };
    assert!(answered > 0);
    assert_eq!(refusal.0, 429);
    assert_eq!(refusal.1["error"]["status"], "RESOURCE_EXHAUSTED");
}
