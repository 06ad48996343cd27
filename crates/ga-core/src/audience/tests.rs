use super::*;
use crate::Kind;

const BASE: &str = "http://127.0.0.1:9";

fn wanted() -> Wanted {
    Wanted {
        property: PropertyNumber::parse("7").unwrap(),
        audience: Audience::parse("55").unwrap(),
        dimensions: vec!["deviceId".to_owned()],
    }
}

fn now() -> Timestamp {
    "2026-03-04T12:00:00Z".parse().unwrap()
}

/// An export of what is wanted, but for `changed`.
fn export(id: &str, state: &str, begun: &str, changed: &Value) -> Value {
    let mut export = json!({"name": format!("properties/7/audienceExports/{id}"), "state": state,
        "audience": "properties/7/audiences/55", "dimensions": [{"dimensionName": "deviceId"}], "beginCreatingTime": begun});
    for (name, value) in changed.as_object().into_iter().flatten() {
        export[name] = value.clone();
    }
    export
}

fn answer(preparation: &mut Preparation, body: &Value) -> Result<(), Error> {
    preparation.answer(body.to_string().as_bytes(), now())
}

/// Method and path of what is sent next, or the export that is ready.
fn shown(preparation: &Preparation) -> String {
    let request =
        |request: Request<Vec<u8>>| format!("{} {}", request.method(), request.uri().path_and_query().unwrap());
    match preparation.next().unwrap() {
        Step::Send(send) | Step::Create(send) => request(send),
        Step::Look { request: send, looks, .. } => format!("{} after {looks}", request(send)),
        Step::Ready { export, is_new } => format!("{} {}", export.name, if is_new { "new" } else { "found" }),
    }
}

#[test]
fn audiences_are_read_in_both_forms() {
    let property = PropertyNumber::parse("7").unwrap();
    for (text, name) in [
        ("55", Some("properties/7/audiences/55")),
        ("properties/7/audiences/55", Some("properties/7/audiences/55")),
        ("properties/07/audiences/55", Some("properties/7/audiences/55")),
        ("properties/8/audiences/55", None),
        ("audiences/55", None),
        ("properties/7/audiences/", None),
        ("properties/x/audiences/55", None),
        ("properties/7/audiences/55:query", None),
        ("7/55", None),
        ("", None),
        ("-1", None),
        ("1234567890123456789", None),
    ] {
        let read = Audience::parse(text).and_then(|audience| audience.name_at(&property));
        assert_eq!(read.as_deref().ok(), name, "{text}");
        assert!(read.is_ok() || read.unwrap_err().kind() == Kind::Usage, "{text}");
    }
}

#[test]
fn dimensions_of_reports_are_refused_and_typing_errors_corrected() {
    let check = |name: &str| check_dimensions(&["userId".to_owned(), name.to_owned()]);
    assert_eq!(check("deviceId"), Ok(()));
    for (name, hint) in [("deviceid", "did you mean `deviceId`?"), ("userIds", "`userId`"), ("country", "--no-check")] {
        let error = check(name).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.hint().is_some_and(|found| found.contains(hint)), "{error:?}");
    }
}

#[test]
fn an_export_is_created_only_if_none_can_be_reused() {
    let long_ago = "2026-03-03T23:59:59Z";
    let recent = "2026-03-04T00:00:01.123456789Z";
    let later = "2026-03-04T11:00:00Z";
    let none = json!({});
    for (exports, next) in [
        (vec![], "POST"),
        (vec![export("a", "ACTIVE", recent, &none)], "properties/7/audienceExports/a found"),
        (vec![export("a", "CREATING", recent, &none)], "GET /v1beta/properties/7/audienceExports/a"),
        (vec![export("a", "ACTIVE", "2026-03-04T12:01:00Z", &none)], "properties/7/audienceExports/a found"),
        // Too old, failed, of something else.
        (vec![export("a", "ACTIVE", long_ago, &none)], "POST"),
        (vec![export("a", "CREATING", long_ago, &none)], "POST"),
        (vec![export("a", "FAILED", recent, &none)], "POST"),
        (vec![export("a", "ACTIVE", "soon", &none)], "POST"),
        (vec![export("a", "ACTIVE", recent, &json!({"audience": "properties/7/audiences/5"}))], "POST"),
        (vec![export("a", "ACTIVE", recent, &json!({"dimensions": [{"dimensionName": "userId"}]}))], "POST"),
        (vec![export("a", "ACTIVE", recent, &json!({"dimensions": null}))], "POST"),
        // The newest that is made, else the newest.
        (
            vec![export("a", "ACTIVE", recent, &none), export("b", "ACTIVE", later, &none)],
            "properties/7/audienceExports/b found",
        ),
        (
            vec![export("b", "CREATING", later, &none), export("a", "ACTIVE", recent, &none)],
            "properties/7/audienceExports/a found",
        ),
        (
            vec![export("a", "CREATING", recent, &none), export("b", "CREATING", later, &none)],
            "GET /v1beta/properties/7/audienceExports/b",
        ),
    ] {
        let mut preparation = Preparation::new(BASE, wanted());
        answer(&mut preparation, &json!({"audienceExports": exports})).unwrap();
        assert!(shown(&preparation).starts_with(next), "{exports:?}: {}", shown(&preparation));
    }
}

#[test]
fn every_page_of_the_list_is_read() {
    let mut preparation = Preparation::new(BASE, wanted());
    let list = "GET /v1beta/properties/7/audienceExports?pageSize=1000&prettyPrint=false";
    assert_eq!(shown(&preparation), list);
    let found = export("a", "ACTIVE", "2026-03-04T11:00:00Z", &json!({}));
    answer(&mut preparation, &json!({"audienceExports": [found], "nextPageToken": "x/y"})).unwrap();
    assert_eq!(shown(&preparation), format!("{list}&pageToken=x%2Fy"));
    let mut looping = Preparation::new(BASE, wanted());
    answer(&mut looping, &json!({"nextPageToken": "x/y"})).unwrap();
    assert!(answer(&mut looping, &json!({"nextPageToken": "x/y"})).is_err());
    answer(&mut preparation, &json!({})).unwrap();
    assert_eq!(shown(&preparation), "properties/7/audienceExports/a found");
}

#[test]
fn a_new_export_is_looked_at_until_it_is_made() {
    let creating = export("a", "CREATING", "2026-03-04T12:00:00Z", &json!({}));
    let mut preparation = Preparation::new(BASE, wanted());
    answer(&mut preparation, &json!({})).unwrap();
    let Step::Create(create) = preparation.next().unwrap() else { panic!("expected to create") };
    let body: Value = serde_json::from_slice(create.body()).unwrap();
    assert_eq!(body, json!({"audience": "properties/7/audiences/55", "dimensions": [{"dimensionName": "deviceId"}]}));
    answer(&mut preparation, &json!({"name": "operations/1", "response": creating})).unwrap();
    let look = "GET /v1beta/properties/7/audienceExports/a?prettyPrint=false after";
    assert_eq!(shown(&preparation), format!("{look} 0"));
    answer(&mut preparation, &creating).unwrap();
    assert_eq!(shown(&preparation), format!("{look} 1"));
    answer(&mut preparation, &export("a", "ACTIVE", "2026-03-04T12:00:00Z", &json!({}))).unwrap();
    assert_eq!(shown(&preparation), "properties/7/audienceExports/a new");
}

#[test]
fn an_operation_without_its_export_is_found_in_the_list() {
    let begin = || {
        let mut preparation = Preparation::new(BASE, wanted());
        answer(&mut preparation, &json!({})).unwrap();
        answer(&mut preparation, &json!({"name": "operations/1", "done": false})).unwrap();
        preparation
    };
    let mut preparation = begin();
    let creating = export("a", "CREATING", "2026-03-04T12:00:00Z", &json!({}));
    answer(&mut preparation, &json!({"audienceExports": [creating]})).unwrap();
    assert!(shown(&preparation).ends_with("after 0"));
    // It is created once only.
    assert!(answer(&mut begin(), &json!({})).is_err());
}

#[test]
fn what_cannot_become_an_export_is_an_error() {
    let failed = |why: &str| export("a", "FAILED", "2026-03-04T12:00:00Z", &json!({ "errorMessage": why }));
    let named = |name: &str| export("a", "CREATING", "2026-03-04T12:00:00Z", &json!({ "name": name }));
    for (operation, kind, words) in [
        (json!({"response": failed("Exhausted property quota.")}), Kind::Temporary, "Exhausted property quota."),
        (json!({"response": failed("Internal.")}), Kind::Failed, "could not make the export: Internal."),
        (json!({"error": {"code": 8, "message": "No quota"}}), Kind::Temporary, "No quota"),
        (json!({"response": export("a", "PAUSED", "", &json!({}))}), Kind::Failed, "unknown state \"PAUSED\""),
        (json!({"response": named("properties/8/audienceExports/a")}), Kind::Failed, "invalid name"),
        (json!({"response": named("properties/7/audienceExports/../../8")}), Kind::Failed, "invalid name"),
        (json!({"response": named("")}), Kind::Failed, "invalid name"),
        (json!("later"), Kind::Failed, "not an operation"),
    ] {
        let mut preparation = Preparation::new(BASE, wanted());
        answer(&mut preparation, &json!({})).unwrap();
        let error = answer(&mut preparation, &operation).unwrap_err();
        assert!(error.kind() == kind && error.to_string().contains(words), "{operation}: {error:?}");
    }
}

#[test]
fn pauses_grow_to_half_a_minute() {
    assert_eq!(pause(0, 0.0), FIRST_PAUSE);
    assert_eq!(pause(3, 0.0), FIRST_PAUSE * 8);
    assert_eq!(pause(3, 1.0), FIRST_PAUSE * 4);
    assert_eq!(pause(u32::MAX, 0.0), LONGEST_PAUSE);
    // A quarter of an hour takes less than fifty looks.
    let mut waited = Duration::ZERO;
    let looks = (0..).find(|looks| {
        waited += pause(*looks, 0.5);
        waited > Duration::from_secs(900)
    });
    assert!(looks.is_some_and(|looks| looks < 50), "{looks:?}");
}

#[test]
fn the_rows_of_an_export_are_read_like_those_of_a_report() {
    use crate::page::{PageDecoder, RowKey};
    let response = br#"{"audienceExport": {"name": "x", "dimensions": [{"dimensionName": "deviceId"}, {"dimensionName": "userId"}]},
        "audienceRows": [{"dimensionValues": [{"value": "1.2"}, {}]}, {"dimensionValues": [{"value": "1.2"}, {}]}], "rowCount": 5}"#;
    let (mut decoder, mut blocks) = (PageDecoder::new(RowKey::Unknown), Vec::new());
    decoder.feed(response, &mut blocks).unwrap();
    let page = decoder.finish(&mut blocks).unwrap();
    assert_eq!((page.rows, page.combinations, page.head.row_count), (2, 2, Some(5)));
    let names: Vec<_> = page.head.dimension_headers.iter().map(|header| &*header.name).collect();
    assert_eq!(names, ["deviceId", "userId"]);
    let request = rows(BASE, "properties/7/audienceExports/a", &json!({"limit": "2"})).unwrap();
    assert_eq!(request.uri(), "http://127.0.0.1:9/v1beta/properties/7/audienceExports/a:query?prettyPrint=false");
}
