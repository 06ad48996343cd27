//! Tables over the whole way from text to Google's JSON, and over what is refused and where.

use serde_json::{Value, json};

mod language;

use super::{parse, sides};
use crate::catalogue::FieldKind;

fn both(filters: &[&str], metrics: &[&str]) -> Result<(Value, Value), String> {
    let filters =
        filters.iter().map(|text| parse(text).map_err(|error| error.to_string())).collect::<Result<Vec<_>, _>>()?;
    let metrics: Vec<String> = metrics.iter().map(|name| (*name).to_owned()).collect();
    let sides = sides(filters, &metrics).map_err(|error| error.to_string())?;
    Ok((serde_json::to_value(sides.dimension).unwrap(), serde_json::to_value(sides.metric).unwrap()))
}

fn text(field: &str, match_type: &str, value: &str) -> Value {
    json!({"filter": {"fieldName": field, "stringFilter": {"matchType": match_type, "value": value}}})
}

fn int(field: &str, operation: &str, value: &str) -> Value {
    json!({"filter": {"fieldName": field, "numericFilter": {
        "operation": operation, "value": {"int64Value": value}}}})
}

fn not(inner: Value) -> Value {
    json!({ "notExpression": inner })
}

fn and(members: &[Value]) -> Value {
    json!({"andGroup": {"expressions": members}})
}

fn or(members: &[Value]) -> Value {
    json!({"orGroup": {"expressions": members}})
}

#[test]
fn each_v3_filter_becomes_googles_json() {
    let nothing = Value::Null;
    let table: &[(&str, Value, Value)] = &[
        ("country==Japan", text("country", "EXACT", "Japan"), nothing.clone()),
        ("country!=Japan", not(text("country", "EXACT", "Japan")), nothing.clone()),
        ("pagePath=@shop", text("pagePath", "CONTAINS", "shop"), nothing.clone()),
        ("pagePath!@shop", not(text("pagePath", "CONTAINS", "shop")), nothing.clone()),
        (r"pagePath=~^/a\d+\.html$", text("pagePath", "PARTIAL_REGEXP", r"^/a\d+\.html$"), nothing.clone()),
        ("pagePath!~^/a", not(text("pagePath", "PARTIAL_REGEXP", "^/a")), nothing.clone()),
        ("pagePath^=/a", text("pagePath", "BEGINS_WITH", "/a"), nothing.clone()),
        ("pagePath$=.html", text("pagePath", "ENDS_WITH", ".html"), nothing.clone()),
        ("sessions==10", nothing.clone(), int("sessions", "EQUAL", "10")),
        ("sessions!=10", nothing.clone(), not(int("sessions", "EQUAL", "10"))),
        ("sessions>10", nothing.clone(), int("sessions", "GREATER_THAN", "10")),
        ("sessions>=10", nothing.clone(), int("sessions", "GREATER_THAN_OR_EQUAL", "10")),
        ("sessions<10", nothing.clone(), int("sessions", "LESS_THAN", "10")),
        ("sessions<=-10", nothing.clone(), int("sessions", "LESS_THAN_OR_EQUAL", "-10")),
        // a,b;c is (a OR b) AND c.
        (
            "country==Japan,country==Chile;city!=Lima",
            and(&[
                or(&[text("country", "EXACT", "Japan"), text("country", "EXACT", "Chile")]),
                not(text("city", "EXACT", "Lima")),
            ]),
            nothing.clone(),
        ),
        (
            "city==Lima;country==Japan,country==Chile;sessions>1,totalUsers<2;newUsers==3",
            and(&[
                text("city", "EXACT", "Lima"),
                or(&[text("country", "EXACT", "Japan"), text("country", "EXACT", "Chile")]),
            ]),
            and(&[
                or(&[int("sessions", "GREATER_THAN", "1"), int("totalUsers", "LESS_THAN", "2")]),
                int("newUsers", "EQUAL", "3"),
            ]),
        ),
        // The three escapes of v3, and the backslashes that are none.
        (r"pageTitle==a\,b\;c\\d\.e", text("pageTitle", "EXACT", r"a,b;c\d\.e"), nothing.clone()),
        (
            "pageTitle == Research and Development ",
            text("pageTitle", "EXACT", "Research and Development"),
            nothing.clone(),
        ),
        ("pageTitle==a (b) c", text("pageTitle", "EXACT", "a (b) c"), nothing.clone()),
        ("pageTitle==rock and roll in June", text("pageTitle", "EXACT", "rock and roll in June"), nothing.clone()),
        ("pageTitle==x==y", text("pageTitle", "EXACT", "x==y"), nothing.clone()),
        (r#"pageTitle=="say \"hi\", \\o/; \d""#, text("pageTitle", "EXACT", r#"say "hi", \o/; \d"#), nothing.clone()),
        ("pageTitle=='it is \"so\"'", text("pageTitle", "EXACT", "it is \"so\""), nothing.clone()),
        ("pageTitle==\"\"", text("pageTitle", "EXACT", ""), nothing.clone()),
    ];
    for (filter, dimension, metric) in table {
        let expected = Ok((dimension.clone(), metric.clone()));
        assert_eq!(both(&[filter], &[]), expected, "{filter}");
    }
}

#[test]
fn words_brackets_lists_and_ranges_become_googles_json() {
    let table: &[(&str, Value)] = &[
        (
            "country in (Japan, 'Côte, d\\'Ivoire', a\\,b\\)c)",
            json!({"filter": {"fieldName": "country", "inListFilter": {
                "values": ["Japan", "Côte, d'Ivoire", "a,b)c"]}}}),
        ),
        (
            "country not in (Japan)",
            not(json!({"filter": {"fieldName": "country", "inListFilter": {"values": ["Japan"]}}})),
        ),
        (
            "case country in(Japan)",
            json!({"filter": {"fieldName": "country", "inListFilter": {
                "values": ["Japan"], "caseSensitive": true}}}),
        ),
        (
            "case city==Lima",
            json!({"filter": {"fieldName": "city", "stringFilter": {
                "matchType": "EXACT", "value": "Lima", "caseSensitive": true}}}),
        ),
        (
            "hour between 9 and 17.5",
            json!({"filter": {"fieldName": "hour", "betweenFilter": {
                "fromValue": {"int64Value": "9"}, "toValue": {"doubleValue": 17.5}}}}),
        ),
        (
            "city==\"Lima\" or city==\"Rome\" AND not (country==\"Peru\")",
            or(&[
                text("city", "EXACT", "Lima"),
                and(&[text("city", "EXACT", "Rome"), not(text("country", "EXACT", "Peru"))]),
            ]),
        ),
        (
            "(city==\"Lima\" or city==\"Rome\");country==Peru",
            and(&[
                or(&[text("city", "EXACT", "Lima"), text("city", "EXACT", "Rome")]),
                text("country", "EXACT", "Peru"),
            ]),
        ),
        (
            "(city==Lima,city==\"Rome\") and country in (Peru) and city!=Oslo",
            and(&[
                or(&[text("city", "EXACT", "Lima"), text("city", "EXACT", "Rome")]),
                json!({"filter": {"fieldName": "country", "inListFilter": {"values": ["Peru"]}}}),
                not(text("city", "EXACT", "Oslo")),
            ]),
        ),
    ];
    for (filter, dimension) in table {
        let expected = Ok((dimension.clone(), Value::Null));
        assert_eq!(both(&[filter], &[]), expected, "{filter}");
    }
    let (dimension, metric) = both(&["bounceRate between 0.25 and 1 and city==x"], &[]).unwrap();
    assert_eq!(dimension, text("city", "EXACT", "x"));
    let between = json!({"fromValue": {"doubleValue": 0.25}, "toValue": {"int64Value": "1"}});
    assert_eq!(metric, json!({"filter": {"fieldName": "bounceRate", "betweenFilter": between}}));
}

#[test]
fn several_filters_must_all_hold() {
    let (dimension, metric) = both(&["city==Lima", "sessions>1;city!=Oslo"], &[]).unwrap();
    let expected = [text("city", "EXACT", "Lima"), not(text("city", "EXACT", "Oslo"))];
    assert_eq!(dimension, and(&expected));
    assert_eq!(metric, int("sessions", "GREATER_THAN", "1"));
    assert_eq!(both(&[], &[]), Ok((Value::Null, Value::Null)));
}

#[test]
fn a_name_that_can_be_either_follows_the_report_and_the_operator() {
    for (filter, metrics, kind) in [
        ("customEvent:plan==5", vec![], FieldKind::Dimension),
        ("customEvent:plan==5", vec!["customEvent:plan"], FieldKind::Metric),
        ("customEvent:plan>5", vec![], FieldKind::Metric),
        ("customEvent:plan between 1 and 5", vec![], FieldKind::Metric),
        ("customEvent:plan=~5", vec!["customEvent:plan"], FieldKind::Dimension),
        ("customUser:plan==5", vec![], FieldKind::Dimension),
        ("nobodyKnows==5", vec!["nobodyKnows"], FieldKind::Metric),
        ("nobodyKnows==5", vec![], FieldKind::Dimension),
    ] {
        let (dimension, metric) = both(&[filter], &metrics).unwrap();
        assert_eq!(dimension.is_null(), kind == FieldKind::Metric, "{filter}");
        assert_eq!(metric.is_null(), kind == FieldKind::Dimension, "{filter}");
    }
}

#[test]
fn the_caret_is_below_the_column() {
    let error = parse("country==\"é\",city=x").unwrap_err();
    assert_eq!(error.caret(), "country==\"é\",city=x\n                 ^");
    assert_eq!(error.to_string(), "invalid filter at column 18: `=` is not an operator (use `==`)");
}

#[test]
fn what_google_cannot_filter_is_refused_with_the_reason() {
    for (filter, message) in [
        ("country==x,sessions>1", "the dimension country and the metric sessions cannot be alternatives"),
        (
            "not (country==\"x\" and sessions>\"1\")",
            "the dimension country and the metric sessions cannot be alternatives",
        ),
        ("sessions=~1", "sessions is a metric, and =~ compares text"),
        ("sessions in (1, 2)", "sessions is a metric, and in compares text"),
        ("sessions==many", "expected a number to compare sessions with, found \"many\""),
        ("case sessions==1", "sessions is a metric"),
    ] {
        let error = both(&[filter], &[]).expect_err(filter);
        assert!(error.contains(message), "{filter}: {error}");
    }
}
