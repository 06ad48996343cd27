use super::*;
use serde_json::json;

fn holds(filter: serde_json::Value, text: &str) -> bool {
    let mut members = json!({"fieldName": "country"});
    if let (Some(members), Some(filter)) = (members.as_object_mut(), filter.as_object()) {
        members.extend(filter.clone());
    }
    let expression: FilterExpression = serde_json::from_value(json!({ "filter": members })).expect("a filter");
    let (condition, leaves) = expression.resolve().expect("valid");
    condition.holds(&mut |leaf| leaves[leaf].test.holds_for_text(text))
}

fn string(kind: &str, value: &str, case_sensitive: bool) -> serde_json::Value {
    json!({"stringFilter": {"matchType": kind, "value": value, "caseSensitive": case_sensitive}})
}

#[test]
fn each_test_of_texts_holds_and_fails() {
    for (filter, holding, failing) in [
        (string("EXACT", "germany", false), "Germany", "Germany "),
        (string("EXACT", "Germany", true), "Germany", "germany"),
        (string("", "TÜRKIYE", false), "Türkiye", "Turkiye"),
        (string("BEGINS_WITH", "south", false), "South Korea", "Korea, South"),
        (string("ENDS_WITH", "LAND", false), "Poland", "Polanda"),
        (string("CONTAINS", "ted s", false), "United States", "Untied States"),
        (string("CONTAINS", "ted S", true), "United States", "UNITED STATES"),
        (string("FULL_REGEXP", "ger.*|fr.*", false), "France", "Africa, France"),
        (string("PARTIAL_REGEXP", "^.{5}$", false), "Spain", "France"),
        (string("PARTIAL_REGEXP", "L", true), "Lodz", "lodz"),
        (json!({"inListFilter": {"values": ["spain", "France"]}}), "Spain", "Italy"),
        (json!({"inListFilter": {"values": ["Spain"], "caseSensitive": true}}), "Spain", "spain"),
        (json!({"emptyFilter": {}}), "", "x"),
        (json!({"emptyFilter": {}}), "(not set)", "not set"),
        (json!({"numericFilter": {"operation": "GREATER_THAN", "value": {"int64Value": 9}}}), "10", "9"),
    ] {
        assert!(holds(filter.clone(), holding), "{filter} {holding}");
        assert!(!holds(filter.clone(), failing), "{filter} {failing}");
    }
}

#[test]
fn each_test_of_numbers_holds_and_fails() {
    for (operation, holding, failing) in [
        ("EQUAL", 5.0, 5.1),
        ("LESS_THAN", 4.9, 5.0),
        ("LESS_THAN_OR_EQUAL", 5.0, 5.1),
        ("GREATER_THAN", 5.1, 5.0),
        ("GREATER_THAN_OR_EQUAL", 5.0, 4.9),
    ] {
        let filter = json!({"numericFilter": {"operation": operation, "value": {"doubleValue": 5.0}}});
        let filter: Filter = serde_json::from_value(filter).expect("a filter");
        let test = filter.test("sessions").expect("a test");
        assert!(test.holds_for_number(holding));
        assert!(!test.holds_for_number(failing));
    }
    assert!(Test::Between(1.0, 2.0).holds_for_number(2.0));
    assert!(!Test::Between(1.0, 2.0).holds_for_number(2.1));
}

#[test]
fn groups_nest() {
    let expression: FilterExpression = serde_json::from_value(json!({"andGroup": {"expressions": [
        {"orGroup": {"expressions": [
            {"filter": {"fieldName": "a", "stringFilter": {"value": "1"}}},
            {"filter": {"fieldName": "b", "stringFilter": {"value": "1"}}}]}},
        {"notExpression": {"filter": {"fieldName": "c", "stringFilter": {"value": "1"}}}}
    ]}}))
    .expect("a filter");
    let (condition, leaves) = expression.resolve().expect("valid");
    let fields: Vec<&str> = leaves.iter().map(|leaf| leaf.field.as_str()).collect();
    assert_eq!(fields, ["a", "b", "c"]);
    for (a, b, c, expected) in [
        (true, false, false, true),
        (false, true, false, true),
        (false, false, false, false),
        (true, true, true, false),
    ] {
        assert_eq!(condition.holds(&mut |leaf| [a, b, c][leaf]), expected);
    }
}

#[test]
fn filters_without_substance_are_refused() {
    for (filter, start) in [
        (json!({}), "A filter expression must not be empty."),
        (json!({"andGroup": {}}), "A filter group must contain"),
        (json!({"filter": {}}), "A filter must have a fieldName."),
        (json!({"filter": {"fieldName": "x"}}), "The filter on x must have one of"),
        (json!({"filter": {"fieldName": "x", "inListFilter": {}}}), "The inListFilter must have at least one value."),
        (json!({"filter": {"fieldName": "x", "numericFilter": {"operation": "EQUAL"}}}), "A numeric value must have"),
        (
            json!({"filter": {"fieldName": "x", "numericFilter": {"value": {"int64Value": 1}}}}),
            "The numericFilter must have an operation.",
        ),
        (
            json!({"filter": {"fieldName": "x", "stringFilter": {"matchType": "FULL_REGEXP", "value": "("}}}),
            "The regular expression ( is not a valid RE2 expression.",
        ),
    ] {
        let expression: FilterExpression = serde_json::from_value(filter).expect("a filter");
        let refusal = expression.resolve().err().expect("refused");
        assert!(refusal.message.starts_with(start), "{}", refusal.message);
    }
}
