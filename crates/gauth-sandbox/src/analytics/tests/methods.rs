//! Batches, pivots and the other methods beside runReport.

use super::*;

fn post(sandbox: &Analytics, verb: &str, request: &Value) -> (u16, Value) {
    report(sandbox, &format!("/v1beta/properties/123456:{verb}"), request)
}

fn done(sandbox: &Analytics, verb: &str, request: &Value) -> Value {
    let (status, answer) = post(sandbox, verb, request);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn refused(sandbox: &Analytics, verb: &str, request: &Value, start: &str) {
    let (status, answer) = post(sandbox, verb, request);
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert_eq!(status, 400, "{request}");
    assert!(message.starts_with(start), "{message}");
}

#[test]
fn a_batch_answers_what_its_reports_answer() {
    let sandbox = sandbox(500);
    let requests = [request("country", "sessions"), request("date", "newUsers")];
    let batch = done(&sandbox, "batchRunReports", &json!({ "requests": requests }));
    assert_eq!(batch["kind"], "analyticsData#batchRunReports");
    for (number, request) in requests.iter().enumerate() {
        assert_eq!(batch["reports"][number], answer(&sandbox, request));
    }
}

#[test]
fn one_bad_request_fails_the_batch() {
    let sandbox = sandbox(10);
    let good = || request("date", "sessions");
    let six: Vec<Value> = (0..6).map(|_| good()).collect();
    for (requests, start) in [
        (json!(six), "Batch requests are limited to 5 requests."),
        (json!([good(), request("date", "visits")]), "Field visits is not a valid metric."),
        (json!([good(), {"nonsense": 1}]), "Invalid JSON payload received. Unknown name \"nonsense\" at 'requests[1]'"),
        (json!([with(good(), json!({"property": "properties/1"}))]), "The property in the request body"),
    ] {
        refused(&sandbox, "batchRunReports", &json!({ "requests": requests }), start);
    }
}

/// Countries down, devices across.
fn cross(more: Value) -> Value {
    let pivots = json!({"pivots": [
        {"fieldNames": ["country"], "limit": 5, "metricAggregations": ["TOTAL"]},
        {"fieldNames": ["deviceCategory"], "limit": 2,
         "orderBys": [{"dimension": {"dimensionName": "deviceCategory"}}]}]});
    with(with(request("country,deviceCategory", "sessions"), pivots), more)
}

#[test]
fn a_pivot_report_shows_the_rows_under_its_headers() {
    let sandbox = sandbox(2000);
    let plain = answer(&sandbox, &request("country,deviceCategory", "sessions"));
    let pivot = done(&sandbox, "runPivotReport", &cross(json!({})));
    assert_eq!(pivot["kind"], "analyticsData#runPivotReport");
    let headers = |pivot: &Value, number: usize| -> Vec<String> {
        let headers = &pivot["pivotHeaders"][number]["pivotDimensionHeaders"];
        let headers = headers.as_array().into_iter().flatten();
        headers.map(|header| header["dimensionValues"][0]["value"].as_str().expect("a text").to_owned()).collect()
    };
    let countries = headers(&pivot, 0);
    let devices = headers(&pivot, 1);
    assert_eq!(countries.len(), 5);
    assert_eq!(devices, ["desktop", "mobile"]);
    let by_country = answer(&sandbox, &request("country", "sessions"));
    assert_eq!(pivot["pivotHeaders"][0]["rowCount"], by_country["rowCount"]);
    let largest: Vec<String> = rows(&by_country).into_iter().take(5).map(|row| row[0].clone()).collect();
    assert_eq!(countries, largest);
    let all = rows(&plain);
    let shown = rows(&pivot);
    let under = |row: &&Vec<String>| countries.contains(&row[0]) && devices.contains(&row[1]);
    assert_eq!(shown.len(), all.iter().filter(under).count());
    assert!(shown.iter().all(|row| all.contains(row)));
    // The total over all countries, for each device shown.
    for row in cells(&pivot["aggregates"]) {
        assert_eq!(row[0], "RESERVED_TOTAL");
        let of_device = all.iter().filter(|other| other[1] == row[1]);
        let sum: i64 = of_device.map(|row| row[2].parse::<i64>().expect("a number")).sum();
        assert_eq!(sum.to_string(), row[2]);
    }
    assert_eq!(cells(&pivot["aggregates"]).len(), 2);
    let batch = done(&sandbox, "batchRunPivotReports", &json!({"requests": [cross(json!({}))]}));
    assert_eq!(batch["pivotReports"][0], pivot);
}

#[test]
fn a_pivot_may_hold_date_ranges_and_order_by_another_pivots_value() {
    let sandbox = sandbox(2000);
    let request = cross(json!({
        "dateRanges": [
            {"startDate": "7daysAgo", "endDate": "yesterday", "name": "now"},
            {"startDate": "14daysAgo", "endDate": "8daysAgo", "name": "before"}],
        "dimensions": [{"name": "country"}],
        "pivots": [
            {"fieldNames": ["country"], "limit": 100, "orderBys": [{"desc": true, "pivot": {
                "metricName": "sessions",
                "pivotSelections": [{"dimensionName": "dateRange", "dimensionValue": "before"}]}}]},
            {"fieldNames": ["dateRange"], "limit": 2}]}));
    let pivot = done(&sandbox, "runPivotReport", &request);
    assert_eq!(pivot["dimensionHeaders"][1]["name"], "dateRange");
    let before: Vec<i64> = rows(&pivot)
        .into_iter()
        .filter(|row| row[1] == "before")
        .map(|row| row[2].parse().expect("a number"))
        .collect();
    assert!(before.len() > 5);
    assert!(before.windows(2).all(|pair| pair[0] >= pair[1]), "{before:?}");
}

#[test]
fn pivots_that_make_no_sense_are_refused() {
    let sandbox = sandbox(10);
    let pivot = |fields: &[&str], limit: i64| json!({"fieldNames": fields, "limit": limit});
    for (more, start) in [
        (json!({"pivots": []}), "A pivot report must have at least one pivot."),
        (json!({"metrics": []}), "A pivot report must have at least one metric."),
        (json!({"pivots": [pivot(&["country", "deviceCategory"], 0)]}), "Each pivot must have a limit."),
        (
            json!({"pivots": [pivot(&["country"], 1000), pivot(&["deviceCategory"], 1000)]}),
            "The product of the limits of all pivots must not exceed 250000.",
        ),
        (
            json!({"pivots": [pivot(&["country"], 5), pivot(&["country"], 5)]}),
            "The dimension country is in more than one pivot.",
        ),
        (json!({"pivots": [pivot(&["country", "city"], 5)]}), "The pivot uses the dimension city, which is not among"),
        (
            json!({"pivots": [pivot(&["country"], 5)]}),
            "The dimension deviceCategory is not used by any pivot or filter.",
        ),
        (json!({"limit": 5}), "Invalid JSON payload received. Unknown name \"limit\": Cannot find field."),
        (json!({"dateRanges": []}), "A dateRange is required."),
    ] {
        refused(&sandbox, "runPivotReport", &cross(more), start);
    }
}

/// A realtime request without dates.
fn live(dimensions: &str, metrics: &str, more: Value) -> Value {
    let mut request = with(request(dimensions, metrics), more);
    request.as_object_mut().map(|members| members.remove("dateRanges"));
    request
}

#[test]
fn realtime_counts_the_last_minutes() {
    let sandbox = sandbox(20_000);
    let all = done(&sandbox, "runRealtimeReport", &live("minutesAgo", "activeUsers,eventCount", json!({})));
    assert_eq!(all["kind"], "analyticsData#runRealtimeReport");
    assert!(all.get("metadata").is_none());
    assert!(rows(&all).iter().all(|row| *row[0] < *"30"));
    let two = live(
        "",
        "eventCount",
        json!({"returnPropertyQuota": true, "minuteRanges": [
        {"startMinutesAgo": 9, "name": "just_now"},
        {"startMinutesAgo": 29, "endMinutesAgo": 10}]}),
    );
    let two = done(&sandbox, "runRealtimeReport", &two);
    let parts = rows(&two);
    assert_eq!((&*parts[0][0], &*parts[1][0]), ("date_range_1", "just_now"), "the larger first");
    let sum: f64 = numbers(&two, 1).iter().sum();
    assert_eq!(sum, numbers(&all, 2).iter().sum::<f64>());
    assert!(two["propertyQuota"]["tokensPerDay"]["remaining"].is_number());
}

#[test]
fn realtime_has_its_own_fields_and_limits() {
    let sandbox = sandbox(10);
    let range = |start: i32, end: i32| json!({"startMinutesAgo": start, "endMinutesAgo": end});
    for (request, start) in [
        (live("pagePath", "activeUsers", json!({})), "Field pagePath is not a valid dimension."),
        (live("country", "sessions", json!({})), "Field sessions is not a valid metric."),
        (
            live("country", "activeUsers", json!({"offset": 1})),
            "Invalid JSON payload received. Unknown name \"offset\"",
        ),
        (
            live("country", "activeUsers", json!({"minuteRanges": [range(9, 5), range(4, 3), range(2, 0)]})),
            "Requests are limited to 2 minuteRanges.",
        ),
        (
            live("country", "activeUsers", json!({"minuteRanges": [range(30, 0)]})),
            "Invalid minuteRange 0: startMinutesAgo 30",
        ),
        (
            live("country", "activeUsers", json!({"minuteRanges": [range(3, 4)]})),
            "Invalid minuteRange 0: startMinutesAgo 3, endMinutesAgo 4.",
        ),
    ] {
        refused(&sandbox, "runRealtimeReport", &request, start);
    }
    let hour = live("", "activeUsers", json!({"minuteRanges": [range(59, 30)]}));
    let (status, _) = report(&sandbox, "/v1beta/properties/200010:runRealtimeReport", &hour);
    assert_eq!(status, 200, "Analytics 360 keeps an hour");
}

/// The entry of a list whose `apiName` is `name`.
fn entry<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|entry| entry["apiName"] == name)
}

#[test]
fn metadata_lists_all_fields_and_those_of_the_property() {
    let sandbox = sandbox(10);
    let own = get(&sandbox, "/v1beta/properties/123456/metadata");
    let common = get(&sandbox, "/v1beta/properties/0/metadata");
    assert_eq!(own["name"], "properties/123456/metadata");
    assert_eq!(common["name"], "properties/0/metadata");
    let sessions = entry(&own["metrics"], "sessions").expect("sessions");
    assert_eq!((&sessions["type"], &sessions["uiName"]), (&json!("TYPE_INTEGER"), &json!("Sessions")));
    assert!(sessions.get("customDefinition").is_none());
    let rate = entry(&own["metrics"], "engagementRate").expect("engagementRate");
    assert_eq!(rate["expression"], "engagedSessions / sessions");
    let key_events = entry(&own["metrics"], "keyEvents").expect("keyEvents");
    assert_eq!(key_events["deprecatedApiNames"], json!(["conversions"]));
    let custom = entry(&own["dimensions"], "customUser:membership").expect("custom");
    assert_eq!(custom["customDefinition"], true);
    assert!(entry(&common["dimensions"], "customUser:membership").is_none());
    assert!(entry(&own["dimensions"], "minutesAgo").is_none());
    let hidden = get(&sandbox, "/v1beta/properties/200005/metadata");
    let cost = entry(&hidden["metrics"], "advertiserAdCost").expect("cost");
    assert_eq!(cost["blockedReasons"], json!(["NO_COST_METRICS"]));
}

#[test]
fn compatibility_tells_what_could_join_the_request() {
    let sandbox = sandbox(10);
    let asked = |filter: &str| json!({"dimensions": [{"name": "itemName"}], "compatibilityFilter": filter});
    let answer = done(&sandbox, "checkCompatibility", &asked("INCOMPATIBLE"));
    let metrics = answer["metricCompatibilities"].as_array().expect("a list");
    let has = |metrics: &[Value], name: &str| metrics.iter().any(|entry| entry["metricMetadata"]["apiName"] == name);
    assert!(has(metrics, "sessions") && !has(metrics, "itemRevenue"));
    assert!(metrics.iter().all(|entry| entry["compatibility"] == "INCOMPATIBLE"));
    let answer = done(&sandbox, "checkCompatibility", &asked("COMPATIBLE"));
    assert!(has(answer["metricCompatibilities"].as_array().expect("a list"), "itemRevenue"));
    let clash = json!({"dimensions": [{"name": "itemName"}], "metrics": [{"name": "sessions"}]});
    refused(&sandbox, "checkCompatibility", &clash, "Please remove itemName to make the request compatible.");
}

#[test]
fn the_quota_snapshot_needs_no_report() {
    let sandbox = sandbox(10);
    let path = "/v1alpha/properties/123456/propertyQuotasSnapshot";
    let first = get(&sandbox, path);
    assert_eq!(first["name"], "properties/123456/propertyQuotasSnapshot");
    let left = |snapshot: &Value, category: &str| snapshot[category]["tokensPerDay"]["remaining"].as_i64();
    assert_eq!(left(&first, "corePropertyQuota"), Some(199_999));
    assert_eq!(left(&get(&sandbox, path), "corePropertyQuota"), Some(199_998));
    assert_eq!(left(&first, "funnelPropertyQuota"), Some(200_000));
}

/// A report of v1alpha, whose section is named.
fn conversions(sandbox: &Analytics, request: &Value, spec: Value) -> Value {
    let request = with(request.clone(), json!({ "conversionSpec": spec }));
    let (status, answer) = report(sandbox, ALPHA_REPORT, &request);
    assert_eq!((status, &answer["metadata"]["section"]), (200, &json!("SECTION_ADVERTISING")), "{answer}");
    answer
}

const ALPHA_REPORT: &str = "/v1alpha/properties/123456:runReport";
const CONVERSIONS: &str = "allConversionsByConversionDate";

#[test]
fn conversions_are_counted_for_the_chosen_actions_by_v1alpha_alone() {
    let sandbox = sandbox(500);
    let all = request("", CONVERSIONS);
    let beta = |metric: &str| rows(&answer(&sandbox, &request("", metric)))[0][0].clone();
    for (spec, metric) in [
        (json!({}), "keyEvents"),
        (json!({"conversionActions": ["conversionActions/1001", "conversionActions/1002"]}), "keyEvents"),
        (json!({"conversionActions": ["conversionActions/1001"], "attributionModel": 2}), "keyEvents:purchase"),
        (json!({"conversion_actions": ["conversionActions/1002"]}), "keyEvents:sign_up"),
    ] {
        assert_eq!(rows(&conversions(&sandbox, &all, spec))[0][0], beta(metric));
    }
    let (_, by_metric) = report(&sandbox, ALPHA_REPORT, &all);
    assert_eq!(by_metric["metadata"]["section"], "SECTION_ADVERTISING");
    let (_, plain) = report(&sandbox, ALPHA_REPORT, &request("", "sessions"));
    assert_eq!(plain["metadata"]["section"], "SECTION_REPORT");
    let refused = |path: &str, request: Value, message: &str| {
        let (status, answer) = report(&sandbox, path, &request);
        let found = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && found.contains(message), "{answer}");
    };
    let spec = |spec: Value| with(all.clone(), json!({ "conversionSpec": spec }));
    refused(ALPHA_REPORT, spec(json!({"conversionActions": ["1001"]})), "1001 is not a conversion action");
    refused(ALPHA_REPORT, spec(json!({"attributionModel": "FIRST"})), "attribution_model");
    refused(ALPHA_REPORT, spec(json!({"actions": []})), "Unknown name \"actions\" at 'conversion_spec'");
    refused(ALPHA_REPORT, request("date", CONVERSIONS), "Field date is not a valid dimension.");
    refused(ALPHA_REPORT, request("subcontinent", "sessions"), "Field subcontinent is not a valid dimension.");
    refused(REPORT, with(request("", "sessions"), json!({"conversionSpec": {}})), "Unknown name \"conversionSpec\"");
    refused(REPORT, all, "Field allConversionsByConversionDate is not a valid metric.");
}

#[test]
fn an_attribution_model_divides_the_credit_among_the_sources() {
    let sandbox = sandbox(2000);
    let metrics = format!("{CONVERSIONS},totalRevenueByConversionDate,advertiserAdCost");
    let by_source = with(request("source", &metrics), json!({"metricAggregations": ["TOTAL"]}));
    let data_driven = conversions(&sandbox, &by_source, json!({}));
    let last_click = conversions(&sandbox, &by_source, json!({"attributionModel": "LAST_CLICK"}));
    assert_eq!(data_driven["totals"], last_click["totals"]);
    let of = |answer: &Value, source: &str| rows(answer).into_iter().find(|row| row[0] == source).expect("the source");
    let (divided, last) = (of(&data_driven, "google"), of(&last_click, "google"));
    assert!(divided[1] != last[1] && divided[1].contains('.') && !last[1].contains('.'), "{divided:?} {last:?}");
    // What was paid is not divided.
    assert_eq!(divided[3], last[3]);
    let visits = answer(&sandbox, &request("sessionSource", "keyEvents,totalRevenue"));
    assert_eq!(of(&visits, "google")[1..], last[1..3]);
}

#[test]
fn v1alpha_lists_conversions_and_the_sections_of_fields() {
    let sandbox = sandbox(10);
    let metadata = get(&sandbox, "/v1alpha/properties/123456/metadata");
    assert_eq!(metadata["conversions"][0]["displayName"], "purchase");
    for (list, name, sections) in [
        ("dimensions", "source", json!(["SECTION_REPORT", "SECTION_ADVERTISING"])),
        ("dimensions", "date", json!(["SECTION_REPORT"])),
        ("metrics", CONVERSIONS, json!(["SECTION_ADVERTISING"])),
    ] {
        assert_eq!(entry(&metadata[list], name).expect(name)["sections"], sections);
    }
    let beta = get(&sandbox, "/v1beta/properties/123456/metadata");
    assert!(entry(&beta["metrics"], CONVERSIONS).is_none());
}

#[test]
fn former_names_that_the_metadata_lists_are_still_taken() {
    let sandbox = sandbox(100);
    let old = answer(&sandbox, &request("", "conversions,conversions:purchase"));
    assert_eq!(old["metricHeaders"][0], json!({"name": "conversions", "type": "TYPE_FLOAT"}));
    assert_eq!(rows(&old), rows(&answer(&sandbox, &request("", "keyEvents,keyEvents:purchase"))));
    let metadata = get(&sandbox, "/v1beta/properties/123456/metadata");
    let listed = entry(&metadata["metrics"], "keyEvents").expect("listed");
    assert_eq!(listed["deprecatedApiNames"], json!(["conversions"]));
}
