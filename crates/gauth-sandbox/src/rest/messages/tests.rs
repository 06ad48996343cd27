use super::*;
use serde_json::json;

const REPORT: &str = "v1beta.RunReportRequest";

fn refusal(body: &str) -> (String, String) {
    let refusal = read(body.as_bytes(), message(REPORT)).expect_err(body);
    let field = refusal.details[0]["fieldViolations"][0]["field"].as_str();
    (field.unwrap_or_default().to_owned(), refusal.message)
}

#[test]
fn unknown_fields_and_wrong_types_are_refused_with_their_path() {
    for (body, field, start) in [
        (r#"{"dimension": []}"#, "", "Invalid JSON payload received. Unknown name \"dimension\": Cannot find field."),
        (
            r#"{"dimensions": [{"nam": "date"}]}"#,
            "dimensions[0]",
            "Invalid JSON payload received. Unknown name \"nam\" at 'dimensions[0]': Cannot find field.",
        ),
        (
            r#"{"dimensionFilter": {"andGroup": {"expressions": [{"filter": {"fieldname": "x"}}]}}}"#,
            "dimension_filter.and_group.expressions[0].filter",
            "Invalid JSON payload received. Unknown name \"fieldname\" at 'dimension_filter.and_group.expressions[0].filter'",
        ),
        (r#"{"limit": "ten"}"#, "limit", "Invalid value at 'limit' (TYPE_INT64), \"ten\""),
        (r#"{"limit": 1.5}"#, "limit", "Invalid value at 'limit' (TYPE_INT64), 1.5"),
        (r#"{"keepEmptyRows": "true"}"#, "keep_empty_rows", "Invalid value at 'keep_empty_rows' (TYPE_BOOL), \"true\""),
        (
            r#"{"metricAggregations": ["SUM"]}"#,
            "metric_aggregations[0]",
            "Invalid value at 'metric_aggregations[0]' (type.googleapis.com/google.analytics.data.v1beta.MetricAggregation), \"SUM\"",
        ),
        (
            r#"{"dateRanges": [{"startDate": 20260101}]}"#,
            "date_ranges[0].start_date",
            "Invalid value at 'date_ranges[0].start_date' (TYPE_STRING), 20260101",
        ),
        (
            r#"{"currencyCode": ["EUR"]}"#,
            "",
            "Invalid JSON payload received. Unknown name \"currencyCode\": Proto field is not repeating, cannot start list.",
        ),
        (
            r#"{"dimensionFilter": {"filter": {}, "notExpression": {}}}"#,
            "dimension_filter",
            "Invalid value at 'dimension_filter' (oneof), oneof field 'expr' is already set.",
        ),
        (
            r#"{"date_Ranges": []}"#,
            "",
            "Invalid JSON payload received. Unknown name \"date_Ranges\": Cannot find field.",
        ),
        ("{", "", "Invalid JSON payload received. Unexpected end of string."),
        ("{]", "", "Invalid JSON payload received. Unexpected token."),
        ("[]", "", "Invalid JSON payload received. Unknown name \"\": Root element"),
    ] {
        let (at, message) = refusal(body);
        assert_eq!(at, field, "{body}");
        assert!(message.starts_with(start), "{message}");
    }
}

#[test]
fn both_spellings_of_names_and_of_int64_are_taken() {
    let read = |body: &str| read(body.as_bytes(), message(REPORT)).expect(body);
    assert_eq!(
        read(r#"{"date_ranges": [{"start_date": "today"}], "limit": "10", "offset": null}"#),
        read(r#"{"dateRanges": {"startDate": "today"}, "limit": 10.0}"#),
    );
}

#[test]
fn enums_are_taken_by_name_and_by_number_and_other_values_are_not() {
    let read = |body: Value| read(body.to_string().as_bytes(), message(REPORT));
    let order =
        |order_type: Value| json!({"orderBys": [{"dimension": {"dimensionName": "x", "orderType": order_type}}]});
    assert_eq!(read(order(json!(3))).expect("a number"), read(order(json!("NUMERIC"))).expect("a name"));
    assert_eq!(read(json!({"metricAggregations": [1, 6, 5]})).expect("numbers")["metricAggregations"][1], "MAXIMUM");
    for wrong in [json!(99), json!("3"), json!("numeric"), json!(1.5), json!(true)] {
        assert!(read(order(wrong.clone())).is_err(), "{wrong}");
    }
}

#[test]
fn durations_and_bytes_have_their_own_forms() {
    let read = |name: &str, body: Value| read(body.to_string().as_bytes(), message(name));
    for (text, good) in [("3600s", true), ("0.5s", true), ("-1s", true), ("1", false), ("s", false), ("1.s", false)] {
        assert_eq!(read("iam.GenerateAccessTokenRequest", json!({"lifetime": text})).is_ok(), good, "{text}");
    }
    for text in ["_-8=", "_-8", "/+8=", "/+8"] {
        assert_eq!(read("iam.SignBlobRequest", json!({"payload": text})).expect(text)["payload"], "/+8=");
    }
    assert!(read("iam.SignBlobRequest", json!({"payload": "!"})).is_err());
}
