//! The whole way: a question in v3's words, the request, and the rows of the answer.

use serde_json::{Value, json};

use super::*;
use crate::error::{Error, Kind};
use crate::response::AggregateRow;
use crate::{filter, order};

fn words(text: &str) -> Vec<String> {
    let words = text.split(',').filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn translate(dimensions: &str, metrics: &str, sort: &str, filters: &str) -> Result<Translation, Error> {
    let map = FieldMap::parse("goal1 = sign_up\nmetric2 = customEvent:words\n").unwrap();
    let question = Question {
        dimensions: words(dimensions),
        metrics: words(metrics),
        sort: words(sort),
        filters: match filters {
            "" => Vec::new(),
            text => vec![filter::parse(text).unwrap()],
        },
        ..Question::default()
    };
    Translation::new(question, &map)
}

fn request(translation: &Translation) -> Value {
    serde_json::to_value(&translation.request).unwrap()
}

fn row(translation: &Translation, cells: &[&str]) -> Vec<String> {
    let cells: Vec<&[u8]> = cells.iter().map(|cell| cell.as_bytes()).collect();
    let mut row = Vec::new();
    translation.row(&cells, &mut row);
    row.iter().map(|cell| String::from_utf8(cell.to_vec()).unwrap()).collect()
}

#[test]
fn a_question_of_ga4s_own_names_is_passed_through() {
    let translation = translate("date,customUser:plan", "sessions,bounceRate", "-sessions", "country==x").unwrap();
    assert!(translation.is_plain() && !translation.merges() && translation.notes.is_empty());
    assert_eq!(
        request(&translation),
        json!({
            "dimensions": [{"name": "date"}, {"name": "customUser:plan"}],
            "metrics": [{"name": "sessions"}, {"name": "bounceRate"}],
            "orderBys": [{"desc": true, "metric": {"metricName": "sessions"}}],
            "dimensionFilter": {"filter": {"fieldName": "country",
                "stringFilter": {"matchType": "EXACT", "value": "x"}}},
        })
    );
}

#[test]
fn an_old_question_is_answered_in_old_values() {
    let translation = translate(
        "ga:userType,ga:date",
        "ga:visits,ga:percentNewVisits,ga:bounceRate,ga:bounces",
        "-ga:visits,ga:date",
        "",
    )
    .unwrap();
    assert_eq!(
        request(&translation),
        json!({
            "dimensions": [{"name": "newVsReturning"}, {"name": "date"}],
            "metrics": [{"name": "sessions"}, {"name": "newUsers"}, {"name": "bounceRate"},
                        {"name": "engagedSessions"}],
            "orderBys": [{"desc": true, "metric": {"metricName": "sessions"}},
                         {"dimension": {"dimensionName": "date"}}],
        })
    );
    assert!(!translation.is_plain() && !translation.merges());
    assert_eq!(
        row(&translation, &["new", "20140101", "8", "2", "0.1234", "5"]),
        ["New Visitor", "20140101", "8", "25.0", "12.34", "3"]
    );
    let types: Vec<&str> = translation.columns.iter().map(|column| column.data_type.name()).collect();
    assert_eq!(types, ["STRING", "STRING", "INTEGER", "PERCENT", "PERCENT", "INTEGER"]);
    assert_eq!(translation.notes.len(), 4, "{:?}", translation.notes);
}

#[test]
fn totals_are_made_of_the_servers_totals() {
    let translation = translate("ga:date", "ga:users,ga:percentNewSessions", "", "").unwrap();
    let totals = AggregateRow {
        dimension_values: vec!["RESERVED_TOTAL".into()],
        metric_values: vec!["100".into(), "30".into(), "120".into()],
    };
    assert_eq!(translation.totals(Some(&totals)), ["100", "25.0"]);
    assert_eq!(translation.totals(None), ["0", "0.0"]);
}

#[test]
fn the_name_of_the_range_is_between_dimensions_and_metrics() {
    let question = Question {
        dimensions: words("date"),
        metrics: words("users,ga:bounceRate"),
        compares_ranges: true,
        ..Question::default()
    };
    let translation = Translation::new(question, &FieldMap::default()).unwrap();
    assert_eq!(translation.request.dimensions.len(), 1);
    assert_eq!(row(&translation, &["20140101", "before", "5", "0.25"]), ["20140101", "before", "5", "25.0"]);
    let totals = AggregateRow { dimension_values: vec![], metric_values: vec!["5".into(), "0.5".into()] };
    assert_eq!(translation.totals(Some(&totals)), ["5", "50.0"]);
}

#[test]
fn filters_are_translated_with_their_values() {
    let string = |field: &str, value: &str| {
        json!({"filter": {"fieldName": field,
            "stringFilter": {"matchType": "EXACT", "value": value}}})
    };
    let not = |inner: Value| json!({ "notExpression": inner });
    let number = |field: &str, value: Value| {
        json!({"filter": {"fieldName": field,
            "numericFilter": {"operation": "GREATER_THAN", "value": value}}})
    };
    let list = json!({"filter": {"fieldName": "deviceCategory",
        "inListFilter": {"values": ["mobile", "tablet"]}}});
    let regexp = |value: &str| {
        json!({"filter": {"fieldName": "pagePath",
            "stringFilter": {"matchType": "PARTIAL_REGEXP", "value": value}}})
    };
    for (filter, side, expected) in [
        ("ga:bounceRate>50", "metricFilter", number("bounceRate", json!({"doubleValue": 0.5}))),
        ("bounceRate>0.5", "metricFilter", number("bounceRate", json!({"doubleValue": 0.5}))),
        ("ga:percentNewSessions>50", "metricFilter", number("percentNewSessions", json!({"doubleValue": 0.5}))),
        ("ga:metric2>5", "metricFilter", number("customEvent:words", json!({"int64Value": "5"}))),
        ("ga:source==google", "dimensionFilter", string("sessionSource", "google")),
        ("source==google", "dimensionFilter", string("source", "google")),
        ("ga:userType==New Visitor", "dimensionFilter", string("newVsReturning", "new")),
        ("ga:userType!=returning visitor", "dimensionFilter", not(string("newVsReturning", "returning"))),
        ("ga:isMobile==Yes", "dimensionFilter", list.clone()),
        ("ga:isMobile==No", "dimensionFilter", not(list)),
        ("ga:isTablet==Yes", "dimensionFilter", string("deviceCategory", "tablet")),
        ("ga:pagePathLevel1==/a.b/", "dimensionFilter", regexp(r"^(/[^/]*){0}/a\.b/")),
        ("ga:pagePathLevel2==/c", "dimensionFilter", regexp("^(/[^/]*){1}/c$")),
    ] {
        let translation = translate("", "sessions", "", filter).expect(filter);
        assert_eq!(request(&translation)[side], expected, "{filter}");
    }
    let computed = translate("", "sessions", "", "ga:percentNewSessions>50").unwrap();
    assert_eq!(
        request(&computed)["metrics"],
        json!([{"name": "sessions"},
               {"name": "percentNewSessions", "expression": "newUsers/sessions", "invisible": true}])
    );
}

#[test]
fn a_computed_metric_is_sorted_by_on_the_server() {
    let translation = translate("date", "ga:percentNewSessions", "-ga:percentNewSessions", "").unwrap();
    let request = request(&translation);
    assert_eq!(request["orderBys"], json!([{"desc": true, "metric": {"metricName": "percentNewSessions"}}]));
    assert_eq!(request["metrics"].as_array().unwrap().len(), 3);
    let cells = row(&translation, &["20140101", "1", "3"]);
    assert_eq!(cells[1].parse::<f64>().unwrap(), 100.0 / 3.0);
}

#[test]
fn a_metric_that_needs_a_filter_brings_it() {
    let translation = translate("date", "ga:searchUniques,ga:searchResultViews", "", "country==x").unwrap();
    let filter = &request(&translation)["dimensionFilter"]["andGroup"]["expressions"][1];
    assert_eq!(filter["filter"]["fieldName"], "eventName");
    let goal = translate("date", "ga:goal1Value", "", "").unwrap();
    let filter = &request(&goal)["dimensionFilter"]["filter"];
    assert_eq!(filter["stringFilter"]["value"], "sign_up");

    let error = translate("date", "ga:searchUniques,ga:users", "", "").unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.to_string().contains("it counts only where eventName=="), "{error}");
    assert!(translate("date", "ga:users,ga:organicSearches", "", "").is_err());
    assert!(translate("date", "ga:organicSearches", "", "ga:users>1").is_err());
}

#[test]
fn rows_that_become_the_same_are_added_up() {
    let translation = translate("ga:pagePathLevel1", "ga:pageviews,ga:avgTimeOnPage", "", "").unwrap();
    assert!(translation.merges());
    assert_eq!(request(&translation)["orderBys"], Value::Null);
    let mut merge = Merge::new(&translation);
    for cells in [["/a/x", "2", "1.5", "2"], ["/b", "4", "8", "4"], ["/a/y", "1", "0.25", "1"]] {
        let cells: Vec<&[u8]> = cells[..3].iter().map(|cell| cell.as_bytes()).collect();
        merge.add(&cells);
    }
    let rows: Vec<Vec<String>> = merge
        .finish()
        .into_iter()
        .map(|row| row.into_iter().map(|cell| String::from_utf8(cell).unwrap()).collect())
        .collect();
    assert_eq!(rows, [["/b", "4", "2.0"], ["/a/", "3", "0.5833333333333334"]]);
}

#[test]
fn only_what_can_be_added_up_is() {
    for (dimensions, metrics, fits) in [
        ("ga:pagePathLevel1", "ga:pageviews,eventCount,keyEvents:buy", true),
        ("ga:pagePathLevel1", "ga:users", false),
        ("ga:pagePathLevel1", "ga:sessions", false),
        ("ga:pagePathLevel1", "ga:bounceRate", false),
        ("ga:isMobile", "ga:sessions,ga:pageviews", true),
        ("ga:isMobile", "ga:users", false),
        ("ga:isMobile,ga:pagePathLevel1", "ga:sessions", false),
        ("ga:userType", "ga:users", true),
    ] {
        let result = translate(dimensions, metrics, "", "");
        assert_eq!(result.is_ok(), fits, "{dimensions} {metrics}");
        if let Err(error) = result {
            assert_eq!(error.kind(), Kind::Refused);
        }
    }
}

#[test]
fn a_metric_that_is_only_filtered_by_is_invisible() {
    for (filter, metrics) in [
        ("totalUsers>100", json!([{"name": "sessions"}, {"name": "totalUsers", "invisible": true}])),
        (
            "ga:users>1 and (newUsers<5 or totalUsers>9)",
            json!([{"name": "sessions"},
            {"name": "totalUsers", "invisible": true}, {"name": "newUsers", "invisible": true}]),
        ),
        ("sessions>100", json!([{"name": "sessions"}])),
        ("conversions>1 and keyEvents<5", json!([{"name": "sessions"}, {"name": "conversions", "invisible": true}])),
        ("customEvent:x between 1 and 2", json!([{"name": "sessions"}, {"name": "customEvent:x", "invisible": true}])),
    ] {
        let translation = translate("country", "sessions", "", filter).expect(filter);
        assert_eq!(request(&translation)["metrics"], metrics, "{filter}");
        assert_eq!(
            translation.totals(Some(&AggregateRow { dimension_values: vec![], metric_values: vec!["5".into()] })),
            ["5"]
        );
    }
}

#[test]
fn a_key_of_the_order_that_is_no_column_has_a_hint_that_helps() {
    for (sort, message, hint) in [
        ("-sesions", "cannot sort by sesions", "did you mean `sessions`? use --sort -sessions"),
        ("SESSIONS", "cannot sort by SESSIONS", "did you mean `sessions`? use --sort sessions"),
        ("totalUsers", "cannot sort by totalUsers", "add it with -m totalUsers"),
        ("-country", "cannot sort by country", "add it with -d country"),
        ("zzz", "cannot sort by zzz", "sort by one of date, sessions"),
        ("-", "expected a name after the dash", "use --sort -sessions"),
        ("sessions desc", "sessions desc is not a column", "a dash means descending: --sort -sessions"),
        ("date:ASC", "date:ASC is not a column", "a dash means descending: --sort date"),
        ("date,-ga:date", "date is named twice", ""),
    ] {
        let error = translate("date", "sessions", sort, "").unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{sort}");
        assert!(error.to_string().contains(message), "{sort}: {error}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{sort}: {:?}", error.hint());
    }
}

#[test]
fn rows_that_become_one_have_the_default_order_too() {
    let rows = |default_order, dimensions: &str| {
        let question = Question {
            dimensions: words(dimensions),
            metrics: words("ga:pageviews"),
            default_order,
            ..Question::default()
        };
        let translation = Translation::new(question, &FieldMap::default()).unwrap();
        let mut merge = Merge::new(&translation);
        for cells in [["/a/x", "20240102", "5"], ["/b", "20240101", "2"], ["/a/y", "20240101", "1"]] {
            let cells: Vec<&[u8]> = cells.iter().map(|cell| cell.as_bytes()).collect();
            merge.add(&cells);
        }
        let rows = merge.finish().into_iter().map(|row| String::from_utf8(row.join(&b' ')).unwrap());
        rows.collect::<Vec<_>>()
    };
    let dimensions = "ga:pagePathLevel1,ga:date";
    let by_time = ["/a/ 20240101 1", "/b 20240101 2", "/a/ 20240102 5"];
    assert_eq!(rows(order::DefaultOrder::TimeOrSize, dimensions), by_time);
    let from_left = ["/a/ 20240101 1", "/a/ 20240102 5", "/b 20240101 2"];
    assert_eq!(rows(order::DefaultOrder::Dimensions, dimensions), from_left);
}

#[test]
fn what_cannot_be_translated_is_refused() {
    for (dimensions, metrics, sort, filter, kind) in [
        ("ga:exitPagePath", "sessions", "", "", Kind::Refused),
        ("", "ga:exits", "", "", Kind::Refused),
        ("", "sessions", "ga:users", "", Kind::Usage),
        ("", "sessions", "", "ga:exitRate>5", Kind::Refused),
        ("", "sessions", "", "ga:nothing==5", Kind::Refused),
        ("ga:isMobile", "sessions", "", "sessions>5", Kind::Refused),
        ("", "sessions", "", "ga:userType=~New", Kind::Refused),
        ("", "sessions", "", "ga:referralPath==/x", Kind::Refused),
        ("", "sessions", "", "ga:productCategoryHierarchy==x", Kind::Refused),
        ("", "sessions", "", "ga:source==x,ga:visits>1", Kind::Usage),
    ] {
        let error = translate(dimensions, metrics, sort, filter).unwrap_err();
        assert_eq!(error.kind(), kind, "{dimensions}{metrics}{sort}{filter}: {error}");
    }
}
