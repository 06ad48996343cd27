//! `RunFunnelReportRequest` (v1alpha): how many people get from step to step
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/funnels>). A visit stands for many people; of
//! them as many reach a step as have met the least met step up to it. In an open funnel one may enter at any step. Time
//! limits and "directly followed by" are read but change nothing here; segments are refused.

use super::catalogue::{self, Kind, Surface};
use super::columns::{Dimension, DimensionRequest, FilterOn, filter_on, plain};
use super::dates::{self, DateRange, NamedDays};
use super::filter::{Condition, Filter, FilterExpression, Leaf};
use super::properties::Property;
use super::report;
use super::site::data::DATA;
use crate::rest::Refusal;
use serde::Deserialize;

const DEFAULT_VALUES: i64 = 5;
const MOST_VALUES: i64 = 15;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RunFunnelReportRequest {
    property: String,
    date_ranges: Vec<DateRange>,
    funnel: Funnel,
    funnel_breakdown: Option<Breakdown>,
    funnel_next_action: Option<NextAction>,
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
    filter_expression: Option<FunnelFilterExpression>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct FunnelFilterExpression {
    and_group: Option<FunnelFilterList>,
    or_group: Option<FunnelFilterList>,
    not_expression: Option<Box<Self>>,
    funnel_field_filter: Option<Filter>,
    funnel_event_filter: Option<EventFilter>,
    /// Inside an event filter only.
    funnel_parameter_filter: Option<ParameterFilter>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct FunnelFilterList {
    expressions: Vec<FunnelFilterExpression>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct EventFilter {
    event_name: String,
    funnel_parameter_filter_expression: Option<Box<FunnelFilterExpression>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ParameterFilter {
    event_parameter_name: String,
    item_parameter_name: String,
    #[serde(flatten)]
    filter: Filter,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Breakdown {
    breakdown_dimension: DimensionRequest,
    limit: i64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct NextAction {
    next_action_dimension: DimensionRequest,
    limit: i64,
}

/// A funnel that can be counted.
pub(super) struct FunnelReport {
    pub(super) ranges: Vec<NamedDays>,
    /// Name, as "1. Name", and what has to be met.
    pub(super) steps: Vec<(String, Reach)>,
    /// What the steps test of dimensions, by the number that `Reach::Field` holds.
    pub(super) tests: Vec<FilterOn<Dimension>>,
    pub(super) is_open: bool,
    pub(super) is_trended: bool,
    pub(super) divided_by: Option<Division>,
    pub(super) filter: Option<FilterOn<Dimension>>,
    pub(super) limit: usize,
}

/// A column that divides the steps, and how many of its values are shown.
pub(super) struct Division {
    /// The name of the column.
    pub(super) header: String,
    pub(super) dimension: Dimension,
    pub(super) values: usize,
}

/// How many of a visit's people meet a step.
pub(super) enum Reach {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// All, if the test of this number holds.
    Field(usize),
    /// Those who did the event; nobody if it is not one of the site's.
    Event(Option<u32>),
}

impl RunFunnelReportRequest {
    pub(super) fn resolve(&self, property: &Property, today: i32) -> Result<FunnelReport, Refusal> {
        report::check_property(&self.property, property)?;
        report::check_not_negative(&[("limit", self.limit)])?;
        if !self.segments.is_empty() {
            return Err(Refusal::invalid("The sandbox has no segments."));
        }
        if self.funnel.steps.is_empty() {
            return Err(Refusal::invalid("A funnel must have at least one step."));
        }
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
        let (request, limit, header) = match (&self.funnel_breakdown, &self.funnel_next_action) {
            (None, None) => return Ok(None),
            (Some(breakdown), None) => (&breakdown.breakdown_dimension, breakdown.limit, None),
            (None, Some(next)) => {
                let header = Some("funnelStepNextAction".to_owned());
                (&next.next_action_dimension, next.limit, header)
            }
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid("A funnel report has either a funnelBreakdown or a funnelNextAction."));
            }
        };
        let values = match limit {
            0 => DEFAULT_VALUES,
            1..=MOST_VALUES => limit,
            _ => {
                return Err(Refusal::invalid(format!(
                    "The limit of a breakdown or next action must be from 1 to {MOST_VALUES}."
                )));
            }
        };
        let dimension = request.resolve(Surface::Core)?;
        Ok(Some(Division {
            header: header.unwrap_or_else(|| dimension.name.clone()),
            dimension,
            values: values as usize,
        }))
    }
}

impl Step {
    fn resolve(&self, number: usize, tests: &mut Vec<FilterOn<Dimension>>) -> Result<(String, Reach), Refusal> {
        let Some(expression) = &self.filter_expression else {
            return Err(Refusal::invalid(format!("Step {number} of the funnel must have a filterExpression.")));
        };
        Ok((format!("{number}. {}", self.name), expression.resolve(tests)?))
    }
}

impl FunnelFilterExpression {
    fn resolve(&self, tests: &mut Vec<FilterOn<Dimension>>) -> Result<Reach, Refusal> {
        let mut group = |list: &FunnelFilterList| {
            let parts = list.expressions.iter();
            parts.map(|part| part.resolve(tests)).collect::<Result<Vec<_>, _>>()
        };
        if let Some(list) = &self.and_group {
            return Ok(Reach::All(group(list)?));
        }
        if let Some(list) = &self.or_group {
            return Ok(Reach::Any(group(list)?));
        }
        if let Some(inner) = &self.not_expression {
            return Ok(Reach::Not(Box::new(inner.resolve(tests)?)));
        }
        if let Some(filter) = &self.funnel_field_filter {
            return add_test(tests, &filter.field_name, filter);
        }
        if let Some(parameter) = &self.funnel_parameter_filter {
            return add_test(tests, &parameter.dimension()?, &parameter.filter);
        }
        match &self.funnel_event_filter {
            Some(event) => event.resolve(tests),
            None => Err(Refusal::invalid("A filter expression must not be empty.")),
        }
    }
}

impl EventFilter {
    fn resolve(&self, tests: &mut Vec<FilterOn<Dimension>>) -> Result<Reach, Refusal> {
        if self.event_name.is_empty() {
            return Err(Refusal::invalid("A funnelEventFilter must have an eventName."));
        }
        let number = DATA.events.iter().position(|event| *event == self.event_name);
        let event = Reach::Event(number.map(|number| number as u32));
        Ok(match &self.funnel_parameter_filter_expression {
            Some(parameters) => Reach::All(vec![event, parameters.resolve(tests)?]),
            None => event,
        })
    }
}

impl ParameterFilter {
    /// The dimension that an event's parameter is known by: `page_location` is `pageLocation`.
    fn dimension(&self) -> Result<String, Refusal> {
        let parameter = match (&*self.event_parameter_name, &*self.item_parameter_name) {
            ("", "") => {
                return Err(Refusal::invalid(
                    "A funnelParameterFilter must have an eventParameterName or an itemParameterName.",
                ));
            }
            ("", item) => item,
            (event, _) => event,
        };
        let camel = crate::rest::messages::camel_case(parameter);
        let known = catalogue::find(&camel, Kind::Dimension, Surface::Core).is_ok();
        // Of parameters that the site does not send, all values are missing.
        Ok(if known { camel } else { "audienceName".to_owned() })
    }
}

fn add_test(tests: &mut Vec<FilterOn<Dimension>>, field: &str, filter: &Filter) -> Result<Reach, Refusal> {
    let leaf = Leaf { field: field.to_owned(), test: filter.test(field)? };
    tests.push((Condition::Leaf(0), vec![(plain(field, Surface::Core)?, leaf)]));
    Ok(Reach::Field(tests.len() - 1))
}
