//! Cohorts: visitors whose first visits were on the same days, followed over time
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/CohortSpec>). Each cohort is a
//! separate pass over the visits; the `cohort` dimension names the pass.

use super::columns::{Columns, Shape};
use super::dates::{self, DateRange};
use super::refuse_if;
use super::report::Pass;
use super::site::Days;
use crate::rest::Refusal;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CohortSpec {
    cohorts: Vec<Cohort>,
    cohorts_range: Option<CohortsRange>,
    cohort_report_settings: serde_json::Value,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Cohort {
    name: String,
    dimension: String,
    date_range: DateRange,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CohortsRange {
    granularity: String,
    start_offset: i32,
    end_offset: i32,
}

impl CohortSpec {
    /// A pass for each cohort; gives the `cohort` dimension their names.
    pub(super) fn passes(&self, columns: &mut Columns, today: i32) -> Result<Vec<Pass>, Refusal> {
        refuse_if(self.cohorts.is_empty(), "A cohortSpec must have at least one cohort.")?;
        let Some(range) = &self.cohorts_range else {
            return Err(Refusal::invalid("A cohortSpec must have a cohortsRange."));
        };
        refuse_if(self.cohort_report_settings["accumulate"] == true, "Cohorts can accumulate in pivot reports only.")?;
        let step = match range.granularity.as_str() {
            "DAILY" => 1,
            "WEEKLY" => 7,
            "MONTHLY" => 30,
            _ => return Err(Refusal::invalid("A cohortsRange must have a granularity.")),
        };
        refuse_if(
            range.start_offset < 0 || range.end_offset < range.start_offset,
            "The offsets of a cohortsRange must not be negative, nor the endOffset less than the startOffset.",
        )?;
        let Some(dimension) = columns.dimension("cohort") else {
            return Err(Refusal::invalid("The cohort dimension must be present in requests with a CohortSpec."));
        };
        let mut names = Vec::new();
        let mut passes = Vec::new();
        for (number, cohort) in self.cohorts.iter().enumerate() {
            let (name, first) = cohort.resolve(number, today)?;
            names.push(name);
            let days = Days {
                first: first.first + range.start_offset * step,
                last: (first.last + range.end_offset * step).min(today),
                origin: first.first,
            };
            passes.push(Pass { cohort: Some(first), ..Pass::over(days, 0) });
        }
        columns.dimensions[dimension].shape = Shape::Named(names);
        Ok(passes)
    }
}

impl Cohort {
    fn resolve(&self, number: usize, today: i32) -> Result<(String, Days), Refusal> {
        refuse_if(self.dimension != "firstSessionDate", "A cohort's dimension must be firstSessionDate.")?;
        let name = dates::name(&self.name, "cohort_", number)?;
        Ok((name, dates::resolve_one(&self.date_range, number, today)?))
    }
}
