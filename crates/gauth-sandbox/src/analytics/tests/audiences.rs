//! Audience exports: from the request that creates one to its rows.

use super::*;
use std::sync::atomic::Ordering;

const EXPORTS: &str = "/v1beta/properties/123456/audienceExports";

fn create(sandbox: &Analytics, body: &Value) -> (u16, Value) {
    report(sandbox, EXPORTS, body)
}

fn wanted(audience: u64, dimensions: &[&str]) -> Value {
    let dimensions = dimensions.iter().map(|name| json!({ "dimensionName": name }));
    json!({"audience": format!("properties/123456/audiences/{audience}"), "dimensions": dimensions.collect::<Vec<_>>()})
}

#[test]
fn an_export_is_made_after_two_looks_and_then_has_all_its_rows() {
    let sandbox = sandbox(50);
    let (status, operation) = create(&sandbox, &wanted(4002, &["deviceId", "userId"]));
    assert_eq!((status, &operation["response"]["state"]), (200, &json!("CREATING")));
    let name = operation["response"]["name"].as_str().expect("a name").to_owned();
    let (status, refused) = report(&sandbox, &format!("/v1beta/{name}:query"), &json!({}));
    assert_eq!((status, refused["error"]["status"].as_str()), (400, Some("INVALID_ARGUMENT")));
    assert_eq!(get(&sandbox, &format!("/v1beta/{name}"))["percentageCompleted"], 50.0);
    assert_eq!(get(&sandbox, EXPORTS)["audienceExports"][0]["state"], "CREATING");
    assert_eq!(get(&sandbox, &format!("/v1beta/{name}"))["rowCount"], 5);
    let rows = |body: Value| report(&sandbox, &format!("/v1beta/{name}:query"), &body).1;
    let all = rows(json!({}));
    assert_eq!((all["rowCount"].as_u64(), all["audienceRows"].as_array().map(Vec::len)), (Some(5), Some(5)));
    assert_eq!(all["audienceRows"][0]["dimensionValues"].as_array().map(Vec::len), Some(2));
    let page = rows(json!({"offset": "3", "limit": "10"}));
    assert_eq!(page["audienceRows"].as_array(), all["audienceRows"].as_array().map(|rows| rows[3..].to_vec()).as_ref());
    assert_eq!(rows(json!({"offset": 5})).get("audienceRows"), None);
}

#[test]
fn an_export_of_too_many_users_fails() {
    let sandbox = sandbox(50);
    sandbox.exports.looks.store(0, Ordering::Relaxed);
    let (_, operation) = create(&sandbox, &wanted(4009, &["deviceId"]));
    assert_eq!(operation["response"]["state"], "FAILED");
    assert!(operation["response"]["errorMessage"].as_str().is_some_and(|text| text.contains("quota")));
}

#[test]
fn what_no_export_can_be_of_is_refused() {
    let sandbox = sandbox(50);
    let unknown = json!({"audience": "properties/123456/audiences/4001", "dimension": []});
    for (body, status, words) in [
        (wanted(4001, &[]), 400, "At least one dimension"),
        (wanted(4001, &["country"]), 400, "Field country is not a valid dimension."),
        (wanted(4001, &["userId", "userId"]), 400, "requested twice"),
        (wanted(5, &["userId"]), 404, "not found"),
        (json!({"audience": "properties/1/audiences/4001"}), 400, "must be one of the property"),
        (unknown, 400, "Unknown name \"dimension\""),
    ] {
        let (found, answer) = create(&sandbox, &body);
        assert_eq!(found, status, "{answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains(words)), "{answer}");
    }
    for (path, status) in [("123456/audienceExports/9", 404), ("200403/audienceExports", 403)] {
        assert_eq!(ask(&sandbox, "GET", &format!("/v1beta/properties/{path}"), "analytics.readonly", b"").0, status);
    }
    assert_eq!(ask(&sandbox, "GET", EXPORTS, "analytics.edit", b"").0, 403);
}
