//! The Admin API: lists in pages, single accounts and properties.

use super::*;

fn page(query: &str) -> (u16, Value) {
    let (status, body) = ask(&sandbox(10), "GET", &format!("/v1beta/accountSummaries?{query}"), "analytics.edit", b"");
    (status, serde_json::from_slice(&body).expect("JSON"))
}

fn names(page: &Value) -> Vec<String> {
    let accounts = page["accountSummaries"].as_array().expect("a list");
    accounts.iter().map(|account| account["account"].to_string()).collect()
}

#[test]
fn pages_of_two_hold_what_one_page_holds() {
    let (_, whole) = page("");
    assert!(whole.get("nextPageToken").is_none());
    let mut pieces = Vec::new();
    let mut query = "pageSize=2".to_owned();
    loop {
        let (_, piece) = page(&query);
        pieces.extend(names(&piece));
        match piece["nextPageToken"].as_str() {
            Some(token) => query = format!("pageSize=2&pageToken={token}"),
            None => break,
        }
    }
    assert_eq!(pieces, names(&whole));
    assert!(pieces.len() > 4);
}

#[test]
fn the_first_property_is_123456() {
    let (_, whole) = page("pageSize=1000");
    let first = &whole["accountSummaries"][0]["propertySummaries"][0];
    assert_eq!(first["property"], "properties/123456");
    assert_eq!(first["parent"], "accounts/1001");
}

#[test]
fn wrong_parameters_are_refused() {
    for (query, start) in [
        ("pageSize=-1", "The page_size must be"),
        ("pageSize=many", "Invalid value at 'page_size' (TYPE_INT32), \"many\""),
        ("pageToken=made-up", "The page token is invalid."),
        ("pagesize=1", "Invalid JSON payload received. Unknown name \"pagesize\": Cannot bind query parameter."),
        ("alt=xml", "Invalid value \"xml\" for the parameter alt"),
        ("prettyPrint=maybe", "Invalid value \"maybe\" for the parameter prettyPrint"),
    ] {
        let (status, refusal) = page(query);
        let message = refusal["error"]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.starts_with(start), "{message}");
    }
}

#[test]
fn accounts_and_properties_are_read_one_by_one_and_in_lists() {
    let sandbox = sandbox(10);
    assert_eq!(get(&sandbox, "/v1beta/accounts/1003")["displayName"], "東京書店");
    assert_eq!(get(&sandbox, "/v1beta/accounts?pageSize=3")["accounts"][2]["regionCode"], "JP");
    let property = get(&sandbox, "/v1beta/properties/345678");
    assert_eq!((&property["timeZone"], &property["currencyCode"]), (&json!("Asia/Tokyo"), &json!("JPY")));
    assert_eq!(property["parent"], "accounts/1003");
    let of_account = get(&sandbox, "/v1beta/properties?filter=parent:accounts/1003&$alt=json;enum-encoding=int");
    assert_eq!(of_account["properties"][0]["propertyType"], 1);
    assert_eq!(get(&sandbox, "/v1beta/properties?filter=ancestor:accounts/1004"), json!({}));
    for (path, status) in
        [("/v1beta/properties/1", 403), ("/v1beta/accounts/x", 403), ("/v1beta/properties?filter=x", 400)]
    {
        assert_eq!(ask(&sandbox, "GET", path, "analytics.readonly", b"").0, status, "{path}");
    }
}
