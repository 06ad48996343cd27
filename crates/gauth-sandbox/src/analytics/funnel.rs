//! `RunFunnelReportRequest` (v1alpha): how many people reach each step
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/funnels>). A visit represents many people; the
//! number that reaches a step is the minimum over the steps so far. In an open funnel people may enter at any step.
//! Time limits and "directly followed by" are accepted but have no effect; segments are refused.

use super::catalogue::{self, Kind, Surface};
use super::columns::{Dimension, DimensionRequest, FilterOn, filter_on, plain};
use super::dates::{self, DateRange, NamedDays};
use super::filter::{Condition, Filter, FilterExpression, Leaf};
use super::properties::Property;
use super::refuse_if;
use super::report;
use super::site::data::DATA;
use crate::rest::Refusal;
use crate::rest::messages::camel_case;
use serde::Deserialize;

const DEFAULT_VALUES: i64 = 5;
const MOST_VALUES: i64 = 15;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RunFunnelReportRequest {
    property: String,
    date_ranges: Vec<DateRange>,
    funnel: Funnel,
    funnel_breakdown: Option<DivisionRequest>,
    funnel_next_action: Option<DivisionRequest>,
    funnel_visualization_type: String,
    segments: Vec<serde_json::Value>,
    limit: i64,
    dimension_filter: Option<FilterExpression>,
    pub(super) return_property_quota: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Funnel {
    is_open_funnel: bool,
    steps: Vec<Step>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Step {
    name: String,
    filter_expression: Option<FilterExpression>,
}

/// A breakdown, or the next action.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct DivisionRequest {
    #[serde(alias = "breakdownDimension", alias = "nextActionDimension")]
    dimension: DimensionRequest,
    limit: i64,
}

/// A funnel that can be counted.
pub(super) struct FunnelReport {
    pub(super) ranges: Vec<NamedDays>,
    /// The name, as "1. Name", and the condition of each step.
    pub(super) steps: Vec<(String, Condition)>,
    /// The tests of the conditions.
    pub(super) tests: Vec<StepTest>,
    pub(super) is_open: bool,
    pub(super) is_trended: bool,
    pub(super) divided_by: Option<Division>,
    pub(super) filter: Option<FilterOn<Dimension>>,
    pub(super) limit: usize,
}

/// A column that splits the steps, and how many of its values are shown.
pub(super) struct Division {
    /// The name of the column.
    pub(super) header: String,
    pub(super) dimension: Dimension,
    pub(super) values: usize,
}

/// A test of a step.
pub(super) enum StepTest {
    /// Met by all people of the visit or by none of them.
    Field(FilterOn<Dimension>),
    /// Met by the people with the event; by none if the site does not have it.
    Event(Option<u32>),
}

impl RunFunnelReportRequest {
    pub(super) fn resolve(&self, property: &Property, today: i32) -> Result<FunnelReport, Refusal> {
        report::check_property(&self.property, property)?;
        report::check_not_negative(&[("limit", self.limit)])?;
        refuse_if(!self.segments.is_empty(), "The sandbox has no segments.")?;
        refuse_if(self.funnel.steps.is_empty(), "A funnel must have at least one step.")?;
        let ranges = dates::resolve(&self.date_ranges, today)?;
        let mut tests = Vec::new();
        let mut steps = Vec::new();
        for (number, step) in self.funnel.steps.iter().enumerate() {
            steps.push(step.resolve(number + 1, &mut tests)?);
        }
        let filter = self.dimension_filter.as_ref();
        Ok(FunnelReport {
            ranges,
            steps,
            tests,
            is_open: self.funnel.is_open_funnel,
            is_trended: self.funnel_visualization_type == "TRENDED_FUNNEL",
            divided_by: self.division()?,
            filter: filter.map(|filter| filter_on(filter, &[], Surface::Core)).transpose()?,
            limit: report::rows_asked(self.limit),
        })
    }

    fn division(&self) -> Result<Option<Division>, Refusal> {
        let (request, header) = match (&self.funnel_breakdown, &self.funnel_next_action) {
            (None, None) => return Ok(None),
            (Some(breakdown), None) => (breakdown, None),
            (None, Some(next)) => (next, Some("funnelStepNextAction".to_owned())),
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid("A funnel report has either a funnelBreakdown or a funnelNextAction."));
            }
        };
        let values = match request.limit {
            0 => DEFAULT_VALUES,
            limit @ 1..=MOST_VALUES => limit,
            _ => {
                return Err(Refusal::invalid(format!(
                    "The limit of a breakdown or next action must be from 1 to {MOST_VALUES}."
                )));
            }
        };
        let dimension = request.dimension.resolve(Surface::Core)?;
        Ok(Some(Division {
            header: header.unwrap_or_else(|| dimension.name.clone()),
            dimension,
            values: values as usize,
        }))
    }
}

impl Step {
    fn resolve(&self, number: usize, tests: &mut Vec<StepTest>) -> Result<(String, Condition), Refusal> {
        let Some(expression) = &self.filter_expression else {
            return Err(Refusal::invalid(format!("Step {number} of the funnel must have a filterExpression.")));
        };
        Ok((format!("{number}. {}", self.name), condition(expression, tests)?))
    }
}

fn condition(expression: &FilterExpression, tests: &mut Vec<StepTest>) -> Result<Condition, Refusal> {
    let add = |test, tests: &mut Vec<StepTest>| {
        tests.push(test);
        Condition::Leaf(tests.len() - 1)
    };
    expression.resolve_by(&mut |leaf| {
        if let Some(event) = &leaf.funnel_event_filter {
            refuse_if(event.event_name.is_empty(), "A funnelEventFilter must have an eventName.")?;
            let number = DATA.events.iter().position(|known| *known == event.event_name);
            let happened = add(StepTest::Event(number.map(|number| number as u32)), tests);
            return Ok(match &event.funnel_parameter_filter_expression {
                Some(parameters) => Condition::All(vec![happened, condition(parameters, tests)?]),
                None => happened,
            });
        }
        let (field, filter) = match (&leaf.filter, &leaf.funnel_parameter_filter) {
            (Some(filter), _) => (filter.field_name.clone(), filter),
            (None, Some(filter)) => (parameter(filter)?, filter),
            (None, None) => return Err(Refusal::invalid("A filter expression must not be empty.")),
        };
        let dimension = plain(&field, Surface::Core)?;
        let test = Leaf { test: filter.test(&field)?, field };
        Ok(add(StepTest::Field((Condition::Leaf(0), vec![(dimension, test)])), tests))
    })
}

/// The dimension of an event's parameter: `page_location` is `pageLocation`.
fn parameter(filter: &Filter) -> Result<String, Refusal> {
    let names = [filter.event_parameter_name.as_str(), &filter.item_parameter_name];
    let name = names.into_iter().find(|name| !name.is_empty()).ok_or_else(|| {
        Refusal::invalid("A funnelParameterFilter must have an eventParameterName or an itemParameterName.")
    })?;
    let camel = camel_case(name);
    let known = catalogue::find(&camel, Kind::Dimension, Surface::Core).is_ok();
    // Parameters that the site does not send have no values.
    Ok(if known { camel } else { "audienceName".to_owned() })
}
