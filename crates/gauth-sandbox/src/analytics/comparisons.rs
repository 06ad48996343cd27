//! Comparisons of a report: filters side by side, each with a name in the `comparison` column
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/Comparison>).

use super::catalogue::Surface;
use super::columns::{Dimension, FilterOn, filter_on};
use super::filter::FilterExpression;
use crate::rest::Refusal;
use serde::Deserialize;
use serde_json::json;

/// The comparison that every property has saved: its resource name, its name, and what it filters.
pub(super) const SAVED: (&str, &str) = ("comparisons/1001", "Mobile traffic");

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Comparison {
    name: String,
    dimension_filter: Option<FilterExpression>,
    comparison: String,
}

pub(super) struct Resolved {
    pub(super) name: String,
    pub(super) filter: FilterOn<Dimension>,
}

pub(super) fn resolve(comparisons: &[Comparison]) -> Result<Vec<Resolved>, Refusal> {
    comparisons.iter().enumerate().map(|(number, comparison)| comparison.resolve(number)).collect()
}

impl Comparison {
    fn resolve(&self, number: usize) -> Result<Resolved, Refusal> {
        let (saved, saved_name) = SAVED;
        let filter = match &self.dimension_filter {
            Some(filter) => filter_on(filter, &[], Surface::Core)?,
            None if self.comparison == saved => filter_on(&saved_filter(), &[], Surface::Core)?,
            None => {
                return Err(Refusal::invalid(format!(
                    "The comparison {number} must have a dimensionFilter or the name of a saved comparison."
                )));
            }
        };
        let name = match (self.name.as_str(), self.comparison.as_str()) {
            ("", "") => format!("comparison_{number}"),
            ("", _) => saved_name.to_owned(),
            (name, _) => name.to_owned(),
        };
        Ok(Resolved { name, filter })
    }
}

fn saved_filter() -> FilterExpression {
    let filter = json!({"filter": {
        "fieldName": "deviceCategory",
        "stringFilter": {"matchType": "EXACT", "value": "mobile"},
    }});
    serde_json::from_value(filter).expect("the form is right")
}
