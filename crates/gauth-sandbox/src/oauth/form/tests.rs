use super::*;

#[test]
fn values_are_decoded_once() {
    let form = Form::parse(b"code=4%2F0A%252F&scope=a+b").unwrap();
    assert_eq!(form.get("code"), Some("4/0A%2F"));
    assert_eq!(form.get("scope"), Some("a b"));
}

#[test]
fn a_repeated_parameter_is_refused_even_when_empty() {
    for text in ["state=a&state=b", "state=&state=b", "state=a&st%61te=a"] {
        let error = Form::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.error, "invalid_request");
        assert!(error.description.ends_with("single value: state"));
    }
}

#[test]
fn an_empty_value_counts_as_missing() {
    let form = Form::parse(b"code=").unwrap();
    assert_eq!(form.get("code"), None);
    assert!(form.required("code").is_err());
}
