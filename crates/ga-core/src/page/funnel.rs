//! The answer of runFunnelReport: its table is a report of its own, beside what draws the funnel.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1alpha/properties/runFunnelReport>

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::PropertyQuota;
use crate::error::Error;

/// The `funnelTable` of an answer, for [`super::PageDecoder`], and the quota that stands outside of it.
pub fn funnel_table(answer: &[u8]) -> Result<(&[u8], Option<PropertyQuota>), Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a> {
        #[serde(borrow)]
        funnel_table: Option<&'a RawValue>,
        property_quota: Option<PropertyQuota>,
    }
    let answer: Answer<'_> = serde_json::from_slice(answer)
        .map_err(|error| Error::answer(format!("the answer is not a funnel: {error}")))?;
    let table = answer.funnel_table.map_or("{}", RawValue::get);
    Ok((table.as_bytes(), answer.property_quota))
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
        assert_eq!(funnel_table(b"{}").unwrap().0, b"{}");
        assert!(funnel_table(b"[]").is_err());
    }
}
