use super::*;

const AUDIENCE: &str = "//iam.googleapis.com/pool";
/// 2026-01-31T09:08:07Z
const NOW: i64 = 1_769_850_487;

fn account() -> AwsAccount {
    AwsAccount {
        key_id: "AKIDEXAMPLE".to_owned(),
        secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: "session/token==".to_owned(),
        metadata_token: String::new(),
    }
}

/// The signature was computed by other code than this, in another language.
fn request() -> serde_json::Value {
    json!({
        "url": "https://sts.us-east-2.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        "method": "POST",
        "headers": [
            {"key": "host", "value": "sts.us-east-2.amazonaws.com"},
            {"key": "x-amz-date", "value": "20260131T090807Z"},
            {"key": "x-amz-security-token", "value": "session/token=="},
            {"key": "x-goog-cloud-target-resource", "value": AUDIENCE},
            {"key": "Authorization", "value": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/us-east-2/sts/aws4_request, \
                SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource, \
                Signature=a8c0f06ae908a0472af90a2b1e6508afceed66cb9db0293bfdc4b3151a468b53"},
        ],
    })
}

fn verify(request: &serde_json::Value, time: i64) -> Result<&'static str, &'static str> {
    let text: String = form_urlencoded::byte_serialize(request.to_string().as_bytes()).collect();
    account().verify(&text.replace('+', "%20"), AUDIENCE, time)
}

#[test]
fn a_request_signed_elsewhere_verifies_for_a_quarter_of_an_hour() {
    for (time, good) in [(NOW, true), (NOW + 900, true), (NOW - 900, true), (NOW + 901, false), (NOW - 901, false)] {
        assert_eq!(verify(&request(), time).is_ok(), good, "{time}");
    }
}

#[test]
fn nothing_of_a_signed_request_can_be_changed() {
    for (pointer, value) in [
        ("/url", "https://sts.eu-west-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"),
        ("/url", "https://sts.us-east-2.amazonaws.com?Action=AssumeRole&Version=2011-06-15"),
        ("/url", "https://sts.us-east-2.amazonaws.com.evil.test?Action=GetCallerIdentity&Version=2011-06-15"),
        ("/method", "GET"),
        ("/headers/0/value", "sts.eu-west-1.amazonaws.com"),
        ("/headers/1/value", "20260131T090808Z"),
        ("/headers/2/value", "other"),
        ("/headers/3/value", "//iam.googleapis.com/other"),
        ("/headers/3/key", "x-other"),
        (
            "/headers/4/value",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/us-east-2/sts/aws4_request, SignedHeaders=host, Signature=00",
        ),
        ("/headers/4/value", "none"),
    ] {
        let mut changed = request();
        *changed.pointer_mut(pointer).unwrap() = value.into();
        assert!(verify(&changed, NOW).is_err(), "{pointer} {value}");
    }
}

#[test]
fn what_is_no_request_is_no_subject_token() {
    for text in ["", "%7B%7D", "{}", "%", "a=b&c"] {
        assert!(account().verify(text, AUDIENCE, NOW).is_err(), "{text:?}");
    }
}
