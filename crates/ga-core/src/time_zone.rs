//! The time zone of a property, which defines its days: from the Admin API, or from any report.
//! <https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1beta/properties/get>,
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/ResponseMetaData>

use http::Request;
use serde_json::{Value, json};

use crate::check::Method;
use crate::error::Error;
use crate::property::PropertyNumber;
use crate::request::{self, get};

/// `GET v1beta/properties/{id}` below `base`, which is [`request::ADMIN_API`] or a sandbox.
pub fn property(base: &str, property: &PropertyNumber) -> Result<Request<Vec<u8>>, Error> {
    get(base, &format!("v1beta/properties/{property}?prettyPrint=false"))
}

/// A report of one row, for tokens that the Admin API refuses; `base` is [`request::DATA_API`] or a sandbox.
pub fn report(base: &str, property: &PropertyNumber) -> Result<Request<Vec<u8>>, Error> {
    let body = json!({
        "dateRanges": [{"startDate": "yesterday", "endDate": "yesterday"}],
        "metrics": [{"name": "sessions"}],
        "limit": "1",
    });
    request::report(base, property, Method::RunReport, &body)
}

/// The name of the zone in either response.
pub fn parse(body: &[u8]) -> Option<String> {
    let response: Value = serde_json::from_slice(body).ok()?;
    let zone = response.get("timeZone").or_else(|| response.get("metadata")?.get("timeZone"))?;
    zone.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_answers_name_the_zone() {
        for (body, zone) in [
            (r#"{"name":"properties/1","timeZone":"Asia/Tokyo"}"#, Some("Asia/Tokyo")),
            (r#"{"metadata":{"timeZone":"Europe/Rome"},"kind":"analyticsData#runReport"}"#, Some("Europe/Rome")),
            (r#"{"metadata":{}}"#, None),
            (r#"{"timeZone":7}"#, None),
            ("<html>", None),
        ] {
            assert_eq!(parse(body.as_bytes()).as_deref(), zone, "{body}");
        }
        let number = PropertyNumber::parse("7").unwrap();
        let asked = property("http://127.0.0.1:9/", &number).unwrap();
        assert_eq!(asked.uri(), "http://127.0.0.1:9/v1beta/properties/7?prettyPrint=false");
        assert!(report("http://127.0.0.1:9", &number).unwrap().uri().path().ends_with("/7:runReport"));
    }
}
