use super::super::messages::message;
use super::*;

fn wants(mask: &Mask, path: &str) -> bool {
    let mut place = Some(Mask::ROOT);
    for name in path.split('/') {
        place = place.and_then(|place| mask.member(place, name));
    }
    place.is_some()
}

#[test]
fn masks_reach_into_lists_and_messages() {
    for (mask, wanted, unwanted) in [
        ("rows", "rows/dimensionValues/value", "rowCount"),
        ("rows/dimensionValues", "rows/dimensionValues/value", "rows/metricValues"),
        ("rows(metricValues/value),rowCount", "rowCount", "rows/dimensionValues"),
        ("rows.metric_values,metadata(currencyCode,timeZone)", "metadata/timeZone", "metadata/emptyReason"),
        ("*", "rows/metricValues/value", ""),
        ("metricHeaders(name),rows", "metricHeaders/name", "metricHeaders/type"),
    ] {
        let read = Mask::parse(mask, message("v1beta.RunReportResponse")).expect(mask);
        assert!(wants(&read, wanted), "{mask} {wanted}");
        assert!(unwanted.is_empty() || !wants(&read, unwanted), "{mask} {unwanted}");
    }
}

#[test]
fn paths_that_the_answer_does_not_have_are_refused_by_name() {
    for (mask, path) in [
        ("row", "row"),
        ("rows/dimension", "rows.dimension"),
        ("rows(metricValues(values))", "rows.metricValues.values"),
        ("rowCount/x", "rowCount.x"),
        ("rows(", "rows."),
        ("rows)", ")"),
        ("rows,", ""),
    ] {
        let refusal = Mask::parse(mask, message("v1beta.RunReportResponse")).err().expect(mask);
        let text = refusal.details[0]["fieldViolations"][0]["description"].as_str().unwrap_or_default().to_owned();
        assert!(text.ends_with(&format!("path '{path}'.")), "{mask}: {text}");
    }
}
