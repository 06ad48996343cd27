use super::*;

#[test]
fn a_fault_lets_some_through_then_strikes_so_often_on_its_path_alone() {
    let faults = Faults::default();
    let fault = Fault::new("/token", FaultKind::HangUp).after(1).times(2);
    faults.set(fault).unwrap();
    let strikes: Vec<bool> =
        ["/token", "/revoke", "/token", "/token", "/token"].iter().map(|path| faults.strike(path).is_some()).collect();
    assert_eq!(strikes, [false, false, true, true, false]);
}

#[test]
fn faults_read_as_json() {
    for text in [
        r#"{"path": "/v1beta", "kind": {"quota": "tokens_per_day"}}"#,
        r#"{"path": "/", "times": 3, "after": 1, "kind": "hang_up"}"#,
        r#"{"path": "/token", "kind": {"oauth": {"status": 400, "error": "invalid_grant"}}}"#,
        r#"{"path": "/token", "kind": {"cut_off": {"after": 5}}}"#,
    ] {
        serde_json::from_str::<Fault>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn each_form_that_is_shown_reads_and_a_wrong_one_shows_its_own() {
    for (name, form) in FORMS {
        let text = format!(r#"{{"path": "/", "kind": {form}}}"#);
        Fault::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let error = Fault::parse(br#"{"path": "/", "kind": {"api": 503}}"#).unwrap_err();
    assert!(error.ends_with(r#"where KIND is {"api": {"status": 503, "message": "…"}}"#), "{error}");
    let error = Fault::parse(br#"{"path": "/", "kind": "hangup"}"#).unwrap_err();
    assert!(error.contains(r#""hang_up" or "never_answer""#), "{error}");
}

#[test]
fn a_fault_that_cannot_be_sent_is_refused_when_it_is_set() {
    let faults = Faults::default();
    for kind in [
        FaultKind::Html { status: 100 },
        FaultKind::Html { status: 600 },
        FaultKind::Redirect { status: 302, location: "a\nb".into() },
    ] {
        assert!(faults.set(Fault::new("/", kind)).is_err());
    }
}
