//! The figures: sums, totals and order, for all kinds of reports.

use super::*;
use std::collections::{BTreeMap, HashSet};

#[test]
fn date_country_and_page_give_exactly_the_rows_asked_for() {
    for count in [1, 10, 1000, 30_000] {
        let request = with(request("date,country,pagePath", "sessions,totalUsers"), json!({"limit": 250_000}));
        let answer = answer(&sandbox(count), &request);
        assert_eq!(answer["rowCount"], count);
        let rows = rows(&answer);
        assert_eq!(rows.len() as u64, count);
        let distinct: HashSet<_> = rows.iter().map(|row| &row[..3]).collect();
        assert_eq!(distinct.len() as u64, count);
    }
}

#[test]
fn sums_are_the_same_over_any_breakdown() {
    let sandbox = sandbox(2000);
    let metrics = "sessions,screenPageViews,newUsers,eventCount,transactions,keyEvents,advertiserAdClicks";
    let total = rows(&answer(&sandbox, &request("", metrics)));
    for dimensions in [
        "country",
        "city",
        "date,hour",
        "pagePath",
        "pageTitle,browser",
        "sourceMedium",
        "firstUserCampaignName",
        "deviceCategory,newVsReturning",
        "yearWeek",
        "eventName",
        "isKeyEvent,date",
    ] {
        let request = with(request(dimensions, metrics), json!({"limit": 250_000, "keepEmptyRows": true}));
        let request = match dimensions {
            // Advertising does not go with pages and devices.
            "pagePath" | "pageTitle,browser" | "deviceCategory,newVsReturning" | "eventName" | "isKeyEvent,date" => {
                let metrics = request["metrics"].as_array().expect("a list");
                with(request.clone(), json!({"metrics": metrics[..6]}))
            }
            _ => request,
        };
        let answer = answer(&sandbox, &request);
        let count = dimensions.split(',').count();
        let metrics = request["metrics"].as_array().map_or(0, Vec::len);
        for (metric, whole) in total[0].iter().take(metrics).enumerate() {
            let sum: f64 = numbers(&answer, count + metric).iter().sum();
            assert_eq!(sum.to_string(), *whole, "{dimensions} {metric}");
        }
    }
}

#[test]
fn people_are_not_additive_but_never_absurd() {
    let sandbox = sandbox(2000);
    let whole = numbers(&answer(&sandbox, &request("", "totalUsers")), 0)[0];
    let by_day = numbers(&answer(&sandbox, &request("date", "totalUsers")), 1);
    let largest = by_day.iter().copied().fold(0.0, f64::max);
    assert!(whole < by_day.iter().sum());
    assert!(whole > largest);
}

#[test]
fn totals_minima_and_maxima_cover_all_rows_with_any_limit() {
    let all = request("country", "sessions,bounceRate");
    let aggregated = with(all.clone(), json!({"limit": 1, "metricAggregations": ["TOTAL", "MINIMUM", "MAXIMUM"]}));
    let sandbox = sandbox(1000);
    let sessions = numbers(&answer(&sandbox, &all), 1);
    let answer = answer(&sandbox, &aggregated);
    assert_eq!(rows(&answer).len(), 1);
    for (member, text, expected) in [
        ("totals", "RESERVED_TOTAL", sessions.iter().sum()),
        ("minimums", "RESERVED_MIN", sessions.iter().copied().fold(f64::MAX, f64::min)),
        ("maximums", "RESERVED_MAX", sessions.iter().copied().fold(0.0, f64::max)),
    ] {
        let row = &cells(&answer[member])[0];
        assert_eq!(row[0], text);
        assert_eq!(row[1], expected.to_string());
    }
    let total_rate: f64 = cells(&answer["totals"])[0][2].parse().expect("a rate");
    assert!((0.0..1.0).contains(&total_rate), "a rate over all, not a sum of rates");
}

#[test]
fn pages_put_together_are_the_whole() {
    let sandbox = sandbox(3000);
    let request = request("date,country,pagePath", "sessions,bounceRate");
    let whole = rows(&answer(&sandbox, &with(request.clone(), json!({"limit": 250_000}))));
    let mut pieces = Vec::new();
    for offset in (0..3000).step_by(700) {
        let page = with(request.clone(), json!({"limit": 700, "offset": offset.to_string()}));
        let page = answer(&sandbox, &page);
        assert_eq!(page["rowCount"], 3000);
        pieces.extend(rows(&page));
    }
    assert_eq!(pieces, whole);
    let beyond = answer(&sandbox, &with(request, json!({"offset": 3000})));
    assert!(beyond.get("rows").is_none());
    assert_eq!(beyond["rowCount"], 3000);
}

#[test]
fn limits_default_to_10000_and_are_capped_at_250000() {
    let sandbox = sandbox(260_000);
    let request = request("date,country,pagePath", "sessions");
    for (limit, rows_expected) in
        [(json!(null), 10_000), (json!(0), 10_000), (json!("3"), 3), (json!(1_000_000), 250_000)]
    {
        let answer = answer(&sandbox, &with(request.clone(), json!({ "limit": limit })));
        assert_eq!(answer["rows"].as_array().map(Vec::len), Some(rows_expected));
        assert_eq!(answer["rowCount"], 260_000);
    }
}

#[test]
fn the_first_metric_leads_from_the_top_unless_asked_otherwise() {
    let sandbox = sandbox(1000);
    let sessions = numbers(&answer(&sandbox, &request("country", "sessions")), 1);
    assert!(sessions.windows(2).all(|pair| pair[0] >= pair[1]));
    let order = json!({"orderBys": [
        {"dimension": {"dimensionName": "deviceCategory"}, "desc": true},
        {"metric": {"metricName": "newUsers"}}]});
    let ordered = rows(&answer(&sandbox, &with(request("country,deviceCategory", "sessions,newUsers"), order)));
    for pair in ordered.windows(2) {
        assert!(pair[0][1] >= pair[1][1]);
        if pair[0][1] == pair[1][1] {
            let number = |row: &[String]| row[3].parse::<i64>().expect("a number");
            assert!(number(&pair[0]) <= number(&pair[1]));
        }
    }
}

#[test]
fn several_ranges_add_a_column_and_count_combinations_once() {
    let sandbox = sandbox(1000);
    let ranges = json!({"dateRanges": [
        {"startDate": "7daysAgo", "endDate": "yesterday", "name": "this_week"},
        {"startDate": "14daysAgo", "endDate": "8daysAgo"}],
        "limit": 5, "metricAggregations": ["TOTAL"]});
    let both = answer(&sandbox, &with(request("country", "sessions"), ranges.clone()));
    assert_eq!(both["dimensionHeaders"][1]["name"], "dateRange");
    let rows = rows(&both);
    assert_eq!(rows.len(), 10);
    let countries: HashSet<_> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(countries.len(), 5, "each combination comes once for each range");
    let totals = cells(&both["totals"]);
    for (number, total) in totals.iter().enumerate() {
        let range = with(
            request("", "sessions"),
            json!({"dateRanges": [{
                "startDate": ranges["dateRanges"][number]["startDate"],
                "endDate": ranges["dateRanges"][number]["endDate"]}]}),
        );
        assert_eq!(cells(&answer(&sandbox, &range)["rows"])[0][0], total[2]);
        assert_eq!(total[0], "RESERVED_TOTAL");
    }
}

/// As a recorded answer of the service has it: 37 combinations counted, 74 rows, the lines of zeros at the end.
#[test]
fn lines_of_several_ranges_are_ordered_one_by_one_within_a_page() {
    let sandbox = sandbox(1000);
    let ranges = json!({"dateRanges": [
        {"startDate": "7daysAgo", "endDate": "yesterday"}, {"startDate": "14daysAgo", "endDate": "8daysAgo"}]});
    let request = with(request("date,country", "sessions"), ranges);
    let whole = answer(&sandbox, &request);
    let count = whole["rowCount"].as_u64().expect("a count") as usize;
    let lines = rows(&whole);
    assert_eq!(lines.len(), 2 * count);
    let sessions = numbers(&whole, 3);
    assert!(sessions.is_sorted_by(|a, b| a >= b));
    assert_eq!(sessions.iter().filter(|value| **value == 0.0).count(), count, "each date is in one range");
    assert!(lines.windows(2).all(|pair| pair[0][3] != pair[1][3] || pair[0][..3] < pair[1][..3]), "ties by dimensions");
    let mut paged = HashSet::new();
    for offset in (0..count).step_by(10) {
        let page = answer(&sandbox, &with(request.clone(), json!({"limit": 10, "offset": offset})));
        assert_eq!(page["rowCount"], count);
        assert_eq!(rows(&page).len(), 2 * (count - offset).min(10));
        assert!(numbers(&page, 3).is_sorted_by(|a, b| a >= b));
        paged.extend(rows(&page));
    }
    assert_eq!(paged, lines.into_iter().collect());
}

#[test]
fn filters_pick_rows_before_and_after_they_are_summed() {
    let sandbox = sandbox(2000);
    let all: BTreeMap<String, f64> = rows(&answer(&sandbox, &request("country", "sessions")))
        .into_iter()
        .map(|row| (row[0].clone(), row[1].parse().expect("a number")))
        .collect();
    let filtered = with(
        request("country", "sessions"),
        json!({
            "dimensionFilter": {"andGroup": {"expressions": [
                {"filter": {"fieldName": "continent", "inListFilter": {"values": ["europe"]}}},
                {"notExpression": {"filter": {"fieldName": "country", "stringFilter": {"value": "France"}}}}]}},
            "metricFilter": {"filter": {"fieldName": "sessions", "betweenFilter": {
                "fromValue": {"int64Value": "2"}, "toValue": {"doubleValue": all["Germany"]}}}}
        }),
    );
    let rows = rows(&answer(&sandbox, &filtered));
    assert!(rows.len() > 3);
    for row in &rows {
        assert_eq!(all[&row[0]].to_string(), row[1]);
        assert!(!["France", "Japan", "United States"].contains(&row[0].as_str()));
    }
    assert!(rows.iter().any(|row| row[0] == "Germany"));
}

#[test]
fn expressions_make_metrics_and_dimensions() {
    let sandbox = sandbox(500);
    let request = json!({
        "dateRanges": [{"startDate": "28daysAgo", "endDate": "yesterday"}],
        "dimensions": [
            {"name": "place", "dimensionExpression": {"concatenate": {
                "dimensionNames": ["country", "city"], "delimiter": ", "}}},
            {"name": "shout", "dimensionExpression": {"upperCase": {"dimensionName": "deviceCategory"}}}],
        "metrics": [
            {"name": "sessions", "invisible": true},
            {"name": "views_per_session", "expression": "screenPageViews / sessions"},
            {"name": "twice", "expression": "2 * (sessions + 1) - 2"}],
        "orderBys": [{"metric": {"metricName": "sessions"}, "desc": true}],
    });
    let answer = answer(&sandbox, &request);
    assert_eq!(
        answer["metricHeaders"],
        json!([{"name": "views_per_session", "type": "TYPE_FLOAT"}, {"name": "twice", "type": "TYPE_INTEGER"}])
    );
    let twice = numbers(&answer, 3);
    assert!(twice.windows(2).all(|pair| pair[0] >= pair[1]));
    let rows = rows(&answer);
    assert!(rows.iter().any(|row| row[0] == "Germany, Lübeck" && row[1] == "DESKTOP"));
}

#[test]
fn an_empty_report_has_neither_rows_nor_row_count() {
    let sandbox = sandbox(100);
    let long_ago = with(
        request("date", "sessions"),
        json!({"dateRanges": [{"startDate": "2016-01-01", "endDate": "2016-01-31"}], "metricAggregations": ["TOTAL"]}),
    );
    let answer = answer(&sandbox, &long_ago);
    for member in ["rows", "rowCount", "totals"] {
        assert!(answer.get(member).is_none(), "{member}");
    }
    assert_eq!(answer["kind"], "analyticsData#runReport");
    assert_eq!(answer["metadata"], json!({"currencyCode": "EUR", "timeZone": "Europe/Berlin"}));
    assert!(answer.get("metricHeaders").is_some());
    let bare = with(long_ago, json!({"dimensions": []}));
    assert!(self::answer(&sandbox, &bare).get("metricHeaders").is_none(), "recorded: no headers without dimensions");
}

#[test]
fn rows_of_zeros_are_left_out_unless_they_are_kept() {
    let sandbox = sandbox(1000);
    let sold = request("pagePath", "transactions");
    let without = rows(&answer(&sandbox, &sold)).len();
    let with_zeros = rows(&answer(&sandbox, &with(sold, json!({"keepEmptyRows": true})))).len();
    assert!(without < with_zeros, "{without} {with_zeros}");
}

#[test]
fn money_is_converted_when_asked() {
    let sandbox = sandbox(1000);
    let revenue = |currency: &str| {
        let request = with(request("", "purchaseRevenue"), json!({"currencyCode": currency}));
        let answer = answer(&sandbox, &request);
        assert_eq!(answer["metricHeaders"][0]["type"], "TYPE_CURRENCY");
        (answer["metadata"]["currencyCode"].clone(), numbers(&answer, 0)[0])
    };
    let (own, euros) = revenue("");
    let (named, dollars) = revenue("USD");
    assert_eq!((own, named), (json!("EUR"), json!("USD")));
    assert!(euros > 0.0);
    assert!((dollars / euros - 1.1537).abs() < 1e-9);
}

#[test]
fn quota_is_told_when_asked_and_goes_down() {
    let sandbox = sandbox(100);
    let request = with(request("date", "sessions"), json!({"returnPropertyQuota": true}));
    let first = answer(&sandbox, &request);
    let second = answer(&sandbox, &request);
    let left = |answer: &Value| {
        let tokens = &answer["propertyQuota"]["tokensPerHour"];
        let number = |name: &str| tokens[name].as_i64().expect("a number");
        (number("consumed"), number("remaining"))
    };
    assert_eq!(left(&first).1 - left(&second).0, left(&second).1);
    assert_eq!(first["propertyQuota"]["concurrentRequests"], json!({"remaining": 10}));
}

#[test]
fn properties_misbehave_as_the_table_says() {
    let sandbox = sandbox(1000);
    let metadata = |id: u32, metrics: &str| {
        let path = format!("/v1beta/properties/{id}:runReport");
        let (status, answer) = report(&sandbox, &path, &request("city", metrics));
        assert_eq!(status, 200, "{answer}");
        (answer["metadata"].clone(), rows(&answer))
    };
    assert_eq!(
        metadata(200_001, "sessions").0["samplingMetadatas"],
        json!([{"samplesReadCount": "500000", "samplingSpaceSize": "9350117"}])
    );
    let (other, rows) = metadata(200_002, "sessions");
    assert_eq!(other["dataLossFromOtherRow"], true);
    assert!(rows.iter().any(|row| row[0] == "(other)"));
    assert_eq!(metadata(200_003, "sessions").0["subjectToThresholding"], true);
    assert_eq!(
        metadata(200_004, "sessions").0["dataTruncationReasons"][0]["dataTruncationType"],
        "DATA_TRUNCATION_TYPE_PROPERTY"
    );
    let (hidden, rows) = metadata(200_005, "advertiserAdCost,sessions");
    assert_eq!(
        hidden["schemaRestrictionResponse"]["activeMetricRestrictions"],
        json!([{"metricName": "advertiserAdCost", "restrictedMetricTypes": ["COST_DATA"]}])
    );
    assert!(rows.iter().all(|row| row[1] == "0"));
    let (empty, rows) = metadata(200_007, "sessions");
    assert!(rows.is_empty() && empty["emptyReason"].is_string());
}

#[test]
fn unsteady_ties_change_places_between_pages_but_not_with_a_total_order() {
    let sandbox = sandbox(1000);
    let path = "/v1beta/properties/200009:runReport";
    let page = |offset: i64, more: Value| -> HashSet<String> {
        let request = with(
            request("date,city", "publisherAdClicks"),
            json!({"keepEmptyRows": true, "limit": 300, "offset": offset}),
        );
        let (_, answer) = report(&sandbox, path, &with(request, more));
        rows(&answer).into_iter().map(|row| row[..2].join(" ")).collect()
    };
    assert!(!page(0, json!({})).is_disjoint(&page(300, json!({}))));
    let total = || {
        json!({"orderBys": [
        {"metric": {"metricName": "publisherAdClicks"}, "desc": true},
        {"dimension": {"dimensionName": "date"}},
        {"dimension": {"dimensionName": "city"}}]})
    };
    assert!(page(0, total()).is_disjoint(&page(300, total())));
}

#[test]
fn answers_are_indented_unless_told_otherwise_and_obey_fields() {
    let sandbox = sandbox(100);
    let body = with(request("date", "sessions"), json!({"limit": 1})).to_string();
    let text = |query: &str| {
        let (status, bytes) = send(&sandbox, REPORT, query, body.as_bytes());
        assert_eq!(status, 200);
        String::from_utf8(bytes).expect("UTF-8")
    };
    assert!(text("").starts_with("{\n  \"dimensionHeaders\": [\n    {\n      \"name\": \"date\"\n    }\n  ],\n"));
    assert!(text("prettyPrint=false").starts_with("{\"dimensionHeaders\":[{\"name\":\"date\"}],\"metricHeaders\":"));
    assert_eq!(text("prettyPrint=false&fields=rowCount"), "{\"rowCount\":28}\n");
    let nested = text("prettyPrint=false&fields=rows(dimensionValues),metadata/timeZone");
    assert!(nested.starts_with("{\"rows\":[{\"dimensionValues\":[{\"value\":"), "{nested}");
    assert!(nested.ends_with("}]}],\"metadata\":{\"timeZone\":\"Europe/Berlin\"}}\n"), "{nested}");
    let (status, _) = send(&sandbox, REPORT, "fields=rows(metricValue)", body.as_bytes());
    assert_eq!(status, 400);
}

#[test]
fn reports_are_the_same_each_time() {
    let request = request("date,city,sourceMedium", "sessions,averageSessionDuration,purchaseRevenue");
    assert_eq!(answer(&sandbox(1000), &request), answer(&sandbox(1000), &request));
}

#[test]
fn comparisons_stand_side_by_side_in_a_column_of_their_own() {
    let sandbox = sandbox(2000);
    let request = with(
        request("country", "sessions"),
        json!({"metricAggregations": ["TOTAL"], "comparisons": [
            {"name": "From search, \"organic\"", "dimensionFilter": {"filter": {
                "fieldName": "medium", "stringFilter": {"value": "organic"}}}},
            {"comparison": "comparisons/1001"}]}),
    );
    let answer = answer(&sandbox, &request);
    assert_eq!(answer["dimensionHeaders"][1]["name"], "comparison");
    let rows = rows(&answer);
    let names: HashSet<_> = rows.iter().take(2).map(|row| row[1].as_str()).collect();
    assert_eq!(names, HashSet::from(["From search, \"organic\"", "Mobile traffic"]));
    let filtered = with(
        self::request("", "sessions"),
        json!({"dimensionFilter": {"filter": {
            "fieldName": "deviceCategory", "stringFilter": {"value": "mobile"}}}}),
    );
    let mobile = self::answer(&sandbox, &filtered);
    assert_eq!(cells(&answer["totals"])[1][2], self::rows(&mobile)[0][0]);
}

#[test]
fn cohorts_shrink_from_the_day_they_came() {
    let request = json!({
        "dimensions": [{"name": "cohort"}, {"name": "cohortNthDay"}],
        "metrics": [{"name": "cohortActiveUsers"}, {"name": "cohortTotalUsers"}],
        "cohortSpec": {
            "cohorts": [
                {"name": "first", "dimension": "firstSessionDate",
                 "dateRange": {"startDate": "2026-10-05", "endDate": "2026-10-05"}},
                {"dimension": "firstSessionDate",
                 "dateRange": {"startDate": "2026-10-06", "endDate": "2026-10-06"}}],
            "cohortsRange": {"granularity": "DAILY", "startOffset": 0, "endOffset": 3}},
        "orderBys": [
            {"dimension": {"dimensionName": "cohort"}},
            {"dimension": {"dimensionName": "cohortNthDay"}}],
    });
    let rows = rows(&answer(&sandbox(5000), &request));
    let labels: Vec<String> = rows.iter().map(|row| row[..2].join(" ")).collect();
    assert_eq!(labels[..2], ["cohort_1 0000", "cohort_1 0001"]);
    assert_eq!(labels[4..6], ["first 0000", "first 0001"]);
    for row in &rows {
        let number = |column: usize| row[column].parse::<i64>().expect("a number");
        assert!(number(2) <= number(3), "{row:?}");
        assert_eq!(row[3], if row[0] == "first" { &*rows[4][3] } else { &*rows[0][3] });
    }
}
