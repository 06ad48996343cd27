//! Which fields can be added to a report: `checkCompatibility`.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/checkCompatibility>
//!
//! Only the server knows, and only for core reports. If the fields of the report are incompatible already, it refuses
//! and names the field to remove.

use serde::{Deserialize, Serialize};

use crate::catalogue::FieldKind;
use crate::error::Error;
use crate::metadata::{Definition, FieldMetadata};
use crate::report::{Dimension, Metric};

/// `CheckCompatibilityRequest`: what the report has so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CheckCompatibilityRequest {
    /// Its dimensions.
    pub dimensions: Vec<Dimension>,
    /// Its metrics.
    pub metrics: Vec<Metric>,
}

/// The fields that can and cannot be added, each list sorted by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compatibility {
    /// Fields that can be added to the report.
    pub compatible: Vec<Definition>,
    /// Fields that cannot.
    pub incompatible: Vec<Definition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    dimension_compatibilities: Vec<Judged>,
    metric_compatibilities: Vec<Judged>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Judged {
    #[serde(alias = "metricMetadata")]
    dimension_metadata: FieldMetadata,
    compatibility: String,
}

impl Compatibility {
    /// Reads the response to a request without a filter.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let response: Response = serde_json::from_slice(body)
            .map_err(|error| Error::response(format!("the response is not about compatibility: {error}")))?;
        let mut judged: Vec<(Definition, bool)> = Vec::new();
        for (list, kind) in [
            (response.dimension_compatibilities, FieldKind::Dimension),
            (response.metric_compatibilities, FieldKind::Metric),
        ] {
            judged.extend(list.into_iter().map(|one| {
                let is_compatible = one.compatibility == "COMPATIBLE";
                (one.dimension_metadata.into_definition(kind), is_compatible)
            }));
        }
        judged.sort_by(|(a, _), (b, _)| (&a.name, a.kind as u8).cmp(&(&b.name, b.kind as u8)));
        let (compatible, incompatible): (Vec<_>, Vec<_>) =
            judged.into_iter().partition(|(_, is_compatible)| *is_compatible);
        let definitions = |list: Vec<(Definition, bool)>| list.into_iter().map(|(one, _)| one);
        Ok(Self { compatible: definitions(compatible).collect(), incompatible: definitions(incompatible).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_separated_by_the_servers_verdict() {
        let body = r#"{"dimensionCompatibilities":[
            {"dimensionMetadata":{"apiName":"itemName","uiName":"Item"},"compatibility":"INCOMPATIBLE"},
            {"dimensionMetadata":{"apiName":"country"},"compatibility":"COMPATIBLE"}],
            "metricCompatibilities":[{"metricMetadata":{"apiName":"activeUsers","type":"TYPE_INTEGER"},
            "compatibility":"COMPATIBLE"}]}"#;
        let verdict = Compatibility::parse(body.as_bytes()).unwrap();
        let names = |list: &[Definition]| -> Vec<(String, FieldKind)> {
            list.iter().map(|one| (one.name.clone(), one.kind)).collect()
        };
        assert_eq!(
            names(&verdict.compatible),
            [("activeUsers".to_owned(), FieldKind::Metric), ("country".to_owned(), FieldKind::Dimension)]
        );
        assert_eq!(names(&verdict.incompatible), [("itemName".to_owned(), FieldKind::Dimension)]);
        assert_eq!(verdict.compatible[0].format, "integer");
        assert!(Compatibility::parse(b"<html>").is_err());
    }
}
