use super::super::messages::message;
use super::*;

fn sample(format: &Format) -> String {
    let mut json = Writer::untyped(format);
    json.object(|json| {
        json.member("rows").list(|json| {
            json.element().text("a\"b\n<\u{2028}ü");
            json.element().number(-7);
        });
        json.member("none").list(|_| {});
        json.member("last").boolean(true);
    });
    String::from_utf8(json.finish()).expect("UTF-8")
}

#[test]
fn json_looks_like_googles_indented_and_compact() {
    assert_eq!(
        sample(&Format { indented: true, ..Format::default() }),
        "{\n  \"rows\": [\n    \"a\\\"b\\n\\u003c\\u2028ü\",\n    -7\n  ],\n  \"none\": [],\n  \"last\": true\n}\n"
    );
    assert_eq!(sample(&Format::default()), "{\"rows\":[\"a\\\"b\\n\\u003c\\u2028ü\",-7],\"none\":[],\"last\":true}\n");
}

#[test]
fn the_message_decides_what_is_written_and_how() {
    for (fields, enum_numbers, expected) in [
        (None, false, r#"{"metricHeaders":[{"name":"x","type":"TYPE_CURRENCY"}],"rowCount":2}"#),
        (None, true, r#"{"metricHeaders":[{"name":"x","type":9}],"rowCount":2}"#),
        (Some("metricHeaders/type"), true, r#"{"metricHeaders":[{"type":9}]}"#),
        (Some("rows"), false, "{}"),
    ] {
        let format = Format { enum_numbers, fields: fields.map(str::to_owned), ..Format::default() };
        let mut json = Writer::new(&format, message("v1beta.RunReportResponse")).expect("a mask");
        json.value(&serde_json::json!({"metricHeaders": [{"name": "x", "type": "TYPE_CURRENCY"}], "rowCount": 2}));
        assert_eq!(String::from_utf8_lossy(&json.finish()).trim_end(), expected);
    }
    let mut json = Writer::new(&Format::default(), message("v1beta.SamplingMetadata")).expect("no mask");
    json.object(|json| json.member("samplesReadCount").number(7));
    assert_eq!(json.finish(), b"{\"samplesReadCount\":\"7\"}\n");
}
