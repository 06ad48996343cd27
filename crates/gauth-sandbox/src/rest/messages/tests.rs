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

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// A request with everything in it, in the form that the reader gives out.
fn rich() -> Value {
    json!({
        "dimensions": [{"name": "date"}, {"name": "x", "dimensionExpression": {"lowerCase": {"dimensionName": "country"}}}],
        "metrics": [{"name": "sessions", "invisible": true}],
        "dateRanges": [{"startDate": "7daysAgo", "endDate": "today", "name": "n"}],
        "dimensionFilter": {"andGroup": {"expressions": [
            {"filter": {"fieldName": "date", "stringFilter": {"matchType": "FULL_REGEXP", "value": "2.*", "caseSensitive": true}}},
            {"notExpression": {"filter": {"fieldName": "country", "inListFilter": {"values": ["a", "b"]}}}}]}},
        "metricFilter": {"filter": {"fieldName": "sessions", "numericFilter": {
            "operation": "GREATER_THAN_OR_EQUAL", "value": {"int64Value": 9_007_199_254_740_993_i64}}}},
        "offset": 20, "limit": 10, "metricAggregations": ["TOTAL", "MAXIMUM"], "keepEmptyRows": false,
        "orderBys": [{"dimension": {"dimensionName": "date", "orderType": "NUMERIC"}, "desc": true}],
        "cohortSpec": {"cohortsRange": {"granularity": "WEEKLY", "startOffset": 0, "endOffset": 4}},
    })
}

/// The same in another spelling.
fn respelt(value: &Value, numbers: &mut Numbers) -> Value {
    match value {
        Value::Object(members) => {
            let mut out = Map::new();
            for (name, value) in members {
                let name = if numbers.below(2) == 0 { name.clone() } else { snake_case(name) };
                out.insert(name, respelt(value, numbers));
            }
            if numbers.below(3) == 0 && members.contains_key("limit") {
                out.insert("currencyCode".to_owned(), Value::Null);
            }
            out.into()
        }
        Value::Array(values) => values.iter().map(|value| respelt(value, numbers)).collect(),
        Value::Number(number) if numbers.below(2) == 0 => number.to_string().into(),
        Value::String(text) if numbers.below(2) == 0 => {
            let mut enums = TABLE.enums.iter().flat_map(|each| &each.values);
            enums.find(|(name, _)| name == text).map_or_else(|| value.clone(), |(_, number)| (*number).into())
        }
        other => other.clone(),
    }
}

#[test]
fn every_spelling_of_a_request_reads_the_same() {
    let canonical = read(rich().to_string().as_bytes(), message(REPORT)).expect("valid");
    assert_eq!(canonical, rich());
    let mut numbers = Numbers(20_261_127);
    let rounds = if std::env::var_os("TESTKIT_LONG").is_some() { 20_000 } else { 400 };
    for _ in 0..rounds {
        let text = respelt(&rich(), &mut numbers).to_string();
        let again =
            read(text.as_bytes(), message(REPORT)).unwrap_or_else(|refusal| panic!("{text}: {}", refusal.message));
        assert_eq!(again, canonical, "{text}");
    }
}

/// One value somewhere inside, replaced.
fn spoil(value: &mut Value, at: &mut usize, wrong: &Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| spoil(value, at, wrong)),
        Value::Array(values) => values.iter_mut().for_each(|value| spoil(value, at, wrong)),
        leaf => {
            if *at == 0 {
                *leaf = wrong.clone();
            }
            *at = at.wrapping_sub(1);
        }
    }
}

#[test]
fn a_value_of_the_wrong_type_is_refused_wherever_it_is() {
    for position in 0..30 {
        for wrong in [json!({"a": 1}), json!([[]])] {
            let mut request = rich();
            spoil(&mut request, &mut { position }, &wrong);
            if request != rich() {
                let refusal = read(request.to_string().as_bytes(), message(REPORT)).expect_err("refused");
                assert!(!refusal.details.is_empty(), "{request}");
            }
        }
    }
}
