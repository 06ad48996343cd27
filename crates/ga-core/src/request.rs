//! HTTP requests without the token, which the program adds.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest>,
//! <https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1beta/accountSummaries/list>
//!
//! URLs are made from a fixed host and digits, so no argument decides where a token goes.

use http::Request;
use serde::Serialize;

use crate::check::Method;
use crate::compatibility::CheckCompatibilityRequest;
use crate::error::Error;
use crate::property::PropertyNumber;

/// The Analytics Data API.
pub const DATA_API: &str = "https://analyticsdata.googleapis.com";
/// The Analytics Admin API.
pub const ADMIN_API: &str = "https://analyticsadmin.googleapis.com";

/// `POST v1beta/properties/{id}:{method}` below `base`, which is [`DATA_API`] or a sandbox, asking for
/// the response without indentation.
pub fn report(
    base: &str,
    property: &PropertyNumber,
    method: Method,
    body: &impl Serialize,
) -> Result<Request<Vec<u8>>, Error> {
    post(base, &format!("{}/properties/{property}:{method}?prettyPrint=false", method.version()), body)
}

/// `GET v1beta/properties/{id}/metadata` below `base`, which is [`DATA_API`] or a sandbox, in the version of the API that
/// has `method`: v1alpha also knows conversions. Of property 0 it asks for the fields that all properties have.
pub fn metadata(base: &str, property: &PropertyNumber, method: Method) -> Result<Request<Vec<u8>>, Error> {
    get(base, &format!("{}/properties/{property}/metadata?prettyPrint=false", method.version()))
}

/// `POST v1beta/properties/{id}:checkCompatibility` below `base`, which is [`DATA_API`] or a sandbox.
pub fn check_compatibility(
    base: &str,
    property: &PropertyNumber,
    check: &CheckCompatibilityRequest,
) -> Result<Request<Vec<u8>>, Error> {
    report(base, property, Method::CheckCompatibility, check)
}

/// `GET v1beta/accountSummaries` below `base`, which is [`ADMIN_API`] or a sandbox.
pub fn account_summaries(base: &str, page_token: Option<&str>) -> Result<Request<Vec<u8>>, Error> {
    let token = page_token.map_or_else(String::new, |token| format!("&pageToken={}", percent_encoded(token)));
    get(base, &format!("v1beta/accountSummaries?pageSize=200&prettyPrint=false{token}"))
}

pub(crate) fn post(base: &str, path: &str, body: &impl Serialize) -> Result<Request<Vec<u8>>, Error> {
    let base = base.trim_end_matches('/');
    let body =
        serde_json::to_vec(body).map_err(|error| Error::usage(format!("the request cannot be written: {error}")))?;
    Request::post(format!("{base}/{path}"))
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|error| Error::usage(format!("{base} is not a base URL: {error}")))
}

pub(crate) fn get(base: &str, path: &str) -> Result<Request<Vec<u8>>, Error> {
    let base = base.trim_end_matches('/');
    Request::get(format!("{base}/{path}"))
        .body(Vec::new())
        .map_err(|error| Error::usage(format!("{base} is not a base URL: {error}")))
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Dimension, Metric, RunReportRequest};

    #[test]
    fn a_report_is_posted_to_its_property() {
        let property = PropertyNumber::parse("properties/42").unwrap();
        let body = RunReportRequest::default();
        let request = report(DATA_API, &property, Method::RunReport, &body).unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(
            request.uri(),
            "https://analyticsdata.googleapis.com/v1beta/properties/42:runReport?prettyPrint=false"
        );
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.body(), b"{}");
        let request = report(DATA_API, &property, Method::RunFunnelReport, &body).unwrap();
        assert!(request.uri().path().starts_with("/v1alpha/"));
    }

    #[test]
    fn metadata_and_compatibility_are_asked_of_a_property() {
        let property = PropertyNumber::parse("7").unwrap();
        let request = metadata("http://127.0.0.1:9/", &property, Method::RunReport).unwrap();
        assert_eq!(request.uri(), "http://127.0.0.1:9/v1beta/properties/7/metadata?prettyPrint=false");
        let request = metadata(DATA_API, &property, Method::RunReportAlpha).unwrap();
        assert_eq!(request.uri().path(), "/v1alpha/properties/7/metadata");
        let check = CheckCompatibilityRequest {
            dimensions: vec![Dimension::named("date")],
            metrics: vec![Metric::named("sessions")],
        };
        let request = check_compatibility(DATA_API, &property, &check).unwrap();
        assert!(request.uri().path().ends_with("/7:checkCompatibility"));
        assert_eq!(request.body(), br#"{"dimensions":[{"name":"date"}],"metrics":[{"name":"sessions"}]}"#);
    }

    #[test]
    fn a_page_token_stays_inside_the_query() {
        let request = account_summaries("http://127.0.0.1:9/", Some("a&b/ö=#")).unwrap();
        assert_eq!(
            request.uri(),
            "http://127.0.0.1:9/v1beta/accountSummaries?pageSize=200&prettyPrint=false&pageToken=a%26b%2F%C3%B6%3D%23"
        );
    }
}
