//! Funnel reports.

use super::*;

/// A funnel from any page over products to the cart, with further members.
fn funnel(more: Value) -> Value {
    let event = |name: &str| json!({"name": name, "filterExpression": {"funnelEventFilter": {"eventName": name}}});
    let product = json!({"name": "product", "isDirectlyFollowedBy": true, "withinDurationFromPriorStep": "3600s",
        "filterExpression": {"andGroup": {"expressions": [
            {"funnelEventFilter": {"eventName": "view_item", "funnelParameterFilterExpression": {
                "funnelParameterFilter": {"eventParameterName": "page_location",
                    "stringFilter": {"matchType": "CONTAINS", "value": "/shop"}}}}},
            {"notExpression": {"funnelFieldFilter": {"fieldName": "country",
                "inListFilter": {"values": ["(not set)"]}}}}]}}});
    let request = json!({
        "dateRanges": [{"startDate": "7daysAgo", "endDate": "yesterday"}],
        "funnel": {"steps": [event("session_start"), product, event("add_to_cart")]},
    });
    with(request, more)
}

fn funnel_answer(sandbox: &Analytics, request: &Value) -> (u16, Value) {
    report(sandbox, "/v1alpha/properties/123456:runFunnelReport", request)
}

#[test]
fn a_funnel_loses_people_from_step_to_step() {
    let sandbox = sandbox(2000);
    let (status, answer) = funnel_answer(&sandbox, &funnel(json!({"returnPropertyQuota": true})));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["kind"], "analyticsData#runFunnelReport");
    let table = rows(&answer["funnelTable"]);
    let names: Vec<&str> = table.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["1. session_start", "2. product", "3. add_to_cart"]);
    let number = |row: usize, column: usize| table[row][column].parse::<f64>().expect("a number");
    for step in 0..2 {
        assert!(number(step, 1) > number(step + 1, 1));
        assert_eq!(number(step, 1) - number(step, 3), number(step + 1, 1));
        assert!((number(step, 2) + number(step, 4) - 1.0).abs() < 1e-12);
    }
    assert_eq!(rows(&answer["funnelVisualization"])[0][1], table[0][1]);
    assert!(answer["propertyQuota"]["tokensPerDay"]["remaining"].is_number());
}

#[test]
fn funnels_divide_by_dimension_and_by_day() {
    let sandbox = sandbox(2000);
    let request = funnel(json!({
        "funnelBreakdown": {"breakdownDimension": {"name": "deviceCategory"}, "limit": 2},
        "funnelVisualizationType": "TRENDED_FUNNEL"}));
    let (status, answer) = funnel_answer(&sandbox, &request);
    assert_eq!(status, 200, "{answer}");
    let table = rows(&answer["funnelTable"]);
    assert_eq!(answer["funnelTable"]["dimensionHeaders"][1]["name"], "deviceCategory");
    assert_eq!(table.len(), 9);
    assert_eq!(table[0][1], "RESERVED_TOTAL");
    let trend = rows(&answer["funnelVisualization"]);
    assert_eq!(trend.len(), 21);
    assert_eq!(trend[0][1], "20261114");
    let next = funnel(json!({"funnelNextAction": {"nextActionDimension": {"name": "eventName"}}}));
    let (_, answer) = funnel_answer(&sandbox, &next);
    assert_eq!(answer["funnelTable"]["dimensionHeaders"][1]["name"], "funnelStepNextAction");
}

#[test]
fn funnels_that_make_no_sense_are_refused() {
    let sandbox = sandbox(10);
    let step = |filter: Value| json!({"funnel": {"steps": [{"filterExpression": filter}]}});
    for (more, start) in [
        (json!({"funnel": {}}), "A funnel must have at least one step."),
        (json!({"funnel": {"steps": [{"name": "x"}]}}), "Step 1 of the funnel must have a filterExpression."),
        (json!({"segments": [{"name": "x"}]}), "The sandbox has no segments."),
        (json!({"dateRanges": []}), "A dateRange is required."),
        (
            step(json!({"filter": {}})),
            "Invalid JSON payload received. Unknown name \"filter\" at 'funnel.steps[0].filter_expression'",
        ),
        (step(json!({"funnelEventFilter": {}})), "A funnelEventFilter must have an eventName."),
        (
            step(json!({"funnelFieldFilter": {"fieldName": "nowhere", "stringFilter": {"value": "x"}}})),
            "Field nowhere is not a valid dimension.",
        ),
        (
            json!({"funnelBreakdown": {"breakdownDimension": {"name": "date"}, "limit": 16}}),
            "The limit of a breakdown or next action",
        ),
    ] {
        let (status, answer) = funnel_answer(&sandbox, &funnel(more));
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{answer}");
        assert!(message.starts_with(start), "{message}");
    }
}
