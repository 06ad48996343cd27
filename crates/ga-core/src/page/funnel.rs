//! The response of runFunnelReport: its table is a report of its own, next to the data for drawing the funnel.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1alpha/properties/runFunnelReport>

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Error;
use crate::response::PropertyQuota;

/// The `funnelTable` of a response, for [`super::PageDecoder`], and the quota, which is outside of it.
pub fn funnel_table(response: &[u8]) -> Result<(&[u8], Option<PropertyQuota>), Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Response<'a> {
        #[serde(borrow)]
        funnel_table: Option<&'a RawValue>,
        property_quota: Option<PropertyQuota>,
        kind: Option<&'a RawValue>,
    }
    const EMPTY: &[u8] = br#"{"kind":"analyticsData#runFunnelReport"}"#;
    let response: Response<'_> = serde_json::from_slice(response)
        .map_err(|error| Error::response(format!("the response is not a funnel: {error}")))?;
    match (response.funnel_table, response.kind) {
        (Some(table), _) => Ok((table.get().as_bytes(), response.property_quota)),
        (None, Some(_)) => Ok((EMPTY, response.property_quota)),
        (None, None) => Err(Error::response("the response is not a funnel: it has neither a kind nor a table")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_lifted_out_of_the_answer() {
        let (table, quota) =
            funnel_table(br#"{"funnelVisualization":{"rows":[]},"funnelTable":{"rows":[1]},"propertyQuota":{}}"#)
                .unwrap();
        assert_eq!((table, quota), (&br#"{"rows":[1]}"#[..], Some(PropertyQuota::default())));
        let (empty, _) = funnel_table(br#"{"kind":"analyticsData#runFunnelReport"}"#).unwrap();
        assert!(crate::response::ReportHead::parse(empty).is_ok());
        assert!(funnel_table(b"{}").is_err());
        assert!(funnel_table(b"[]").is_err());
    }
}
