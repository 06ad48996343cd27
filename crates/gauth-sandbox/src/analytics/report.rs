//! `RunReportRequest`: reading and checking it
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/runReport>). The order
//! of the checks is that observed at the service: limit and offset, date ranges, then the columns. The form of the JSON
//! has been checked before, by `rest`.

use super::catalogue::Surface;
use super::cohorts::CohortSpec;
use super::columns::{Columns, ColumnsRequest, Dimension, FilterOn};
use super::comparisons::{self, Comparison};
use super::conversions::{ConversionSpec, Credit};
use super::dates::{self, DateRange, NamedDays};
use super::order::{Direction, OrderBy};
use super::pivot::PivotRequest;
use super::properties::Property;
use super::realtime::MinuteRange;
use super::refuse_if;
use super::site::{Days, Visit};
use crate::rest::Refusal;
use serde::Deserialize;
use std::ops::RangeInclusive;

const DEFAULT_LIMIT: i64 = 10_000;
pub(super) const LARGEST_LIMIT: i64 = 250_000;

/// A request for a report, a pivot report or a realtime report. Its form has been checked by the message of its method,
/// so the members of the others are empty.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ReportRequest {
    pub(super) property: String,
    #[serde(flatten)]
    pub(super) columns: ColumnsRequest,
    pub(super) date_ranges: Vec<DateRange>,
    pub(super) minute_ranges: Vec<MinuteRange>,
    pub(super) offset: i64,
    pub(super) limit: i64,
    pub(super) metric_aggregations: Vec<String>,
    pub(super) order_bys: Vec<OrderBy>,
    pub(super) pivots: Vec<PivotRequest>,
    pub(super) cohort_spec: Option<CohortSpec>,
    pub(super) return_property_quota: bool,
    pub(super) comparisons: Vec<Comparison>,
    /// Of v1alpha.
    conversion_spec: Option<ConversionSpec>,
}

/// A valid report.
pub(super) struct Report {
    pub(super) columns: Columns,
    /// The columns beside the dimensions: `comparison`, `dateRange`.
    pub(super) extra_columns: Vec<&'static str>,
    /// Their values: each row of the table becomes a row for each slice.
    pub(super) slices: Vec<Vec<String>>,
    pub(super) passes: Vec<Pass>,
    pub(super) comparisons: Vec<FilterOn<Dimension>>,
    pub(super) aggregations: Vec<Aggregation>,
    pub(super) order: Vec<Direction>,
}

/// A pass over the visits: which it counts, and for which slice.
#[derive(Clone)]
pub(super) struct Pass {
    pub(super) slice: usize,
    pub(super) days: Days,
    /// Minutes ago, for realtime.
    pub(super) minutes: Option<RangeInclusive<u32>>,
    /// The number of the comparison whose filter applies.
    pub(super) comparison: Option<usize>,
    /// The days of the first visits, for cohorts.
    pub(super) cohort: Option<Days>,
    /// The part of the conversions that it counts, for conversion reports.
    pub(super) credit: Option<Credit>,
}

/// One row of figures over many rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Aggregation {
    Total,
    Minimum,
    Maximum,
    Count,
}

impl ReportRequest {
    /// Checks the request, for a report on `property`; only v1alpha has conversion reports.
    pub(super) fn resolve(&self, property: &Property, today: i32, is_alpha: bool) -> Result<Report, Refusal> {
        check_property(&self.property, property)?;
        check_not_negative(&[("limit", self.limit), ("offset", self.offset)])?;
        let ranges = match &self.cohort_spec {
            None => dates::resolve(&self.date_ranges, today)?,
            Some(_) if self.date_ranges.is_empty() => Vec::new(),
            Some(_) => {
                return Err(Refusal::invalid("A cohort request may not have dateRanges."));
            }
        };
        let is_of_conversions = is_alpha && (self.conversion_spec.is_some() || self.columns.name_conversions());
        let surface = if is_of_conversions { Surface::Conversions } else { Surface::Core };
        let mut columns = self.columns.resolve(property, surface, self.cohort_spec.is_some())?;
        let comparisons = comparisons::resolve(&self.comparisons)?;
        let order = resolve_order(&self.order_bys, &columns)?;
        let (slices, mut passes) = match &self.cohort_spec {
            None => slices(&ranges, &comparisons),
            Some(spec) => (vec![Vec::new()], spec.passes(&mut columns, today)?),
        };
        if is_of_conversions {
            let all = ConversionSpec::default();
            let credits = self.conversion_spec.as_ref().unwrap_or(&all).credits()?;
            let credited =
                |pass: Pass| credits.iter().map(move |credit| Pass { credit: Some(credit.clone()), ..pass.clone() });
            passes = passes.into_iter().flat_map(credited).collect();
        }
        let extra = [(!comparisons.is_empty(), "comparison"), (ranges.len() > 1, "dateRange")];
        Ok(Report {
            extra_columns: extra.into_iter().filter_map(|(is_there, name)| is_there.then_some(name)).collect(),
            comparisons: comparisons.into_iter().map(|comparison| comparison.filter).collect(),
            aggregations: resolve_aggregations(&self.metric_aggregations, false)?,
            order,
            ..Report::new(columns, slices, passes)
        })
    }

    /// The first row and the number of rows requested.
    pub(super) fn page(&self) -> (usize, usize) {
        (self.offset as usize, rows_asked(self.limit))
    }
}

impl Report {
    /// A report of these columns over these passes, with defaults for the rest.
    pub(super) fn new(columns: Columns, slices: Vec<Vec<String>>, passes: Vec<Pass>) -> Self {
        Self {
            columns,
            extra_columns: Vec::new(),
            slices,
            passes,
            comparisons: Vec::new(),
            aggregations: Vec::new(),
            order: Vec::new(),
        }
    }

    /// Whether it is of the section Advertising.
    pub(super) fn is_of_conversions(&self) -> bool {
        self.passes.iter().any(|pass| pass.credit.is_some())
    }

    /// The number of days read, for the cost.
    pub(super) fn days(&self) -> i64 {
        self.passes.iter().map(|pass| pass.days.count()).sum()
    }
}

impl Pass {
    /// All visits of some days.
    pub(super) fn over(days: Days, slice: usize) -> Self {
        Self { slice, days, minutes: None, comparison: None, cohort: None, credit: None }
    }

    pub(super) fn counts(&self, visit: &Visit) -> bool {
        let minutes = self.minutes.as_ref();
        minutes.is_none_or(|minutes| minutes.contains(&visit.minutes_ago()))
            && self.cohort.is_none_or(|first| (first.first..=first.last).contains(&visit.first_day()))
    }
}

/// Within each comparison, each date range.
fn slices(ranges: &[NamedDays], comparisons: &[comparisons::Resolved]) -> (Vec<Vec<String>>, Vec<Pass>) {
    let mut slices = Vec::new();
    let mut passes = Vec::new();
    let numbers: Vec<Option<usize>> = match comparisons.len() {
        0 => vec![None],
        count => (0..count).map(Some).collect(),
    };
    for number in numbers {
        for range in ranges {
            let mut labels = Vec::new();
            labels.extend(number.map(|number| comparisons[number].name.clone()));
            if ranges.len() > 1 {
                labels.push(range.name.clone());
            }
            passes.push(Pass { comparison: number, ..Pass::over(range.days, slices.len()) });
            slices.push(labels);
        }
    }
    (slices, passes)
}

/// The body may repeat the property, but not name another.
pub(super) fn check_property(named: &str, property: &Property) -> Result<(), Refusal> {
    if named.is_empty() || named == format!("properties/{}", property.id) {
        return Ok(());
    }
    Err(Refusal::invalid("The property in the request body must be unspecified or that of the URL."))
}

pub(super) fn check_not_negative(values: &[(&str, i64)]) -> Result<(), Refusal> {
    for (name, value) in values {
        refuse_if(
            *value < 0,
            format!("The {name} must be a non-negative number. The {name} in this request is {value}."),
        )?;
    }
    Ok(())
}

/// Zero means the default; larger numbers are cut to the maximum.
pub(super) fn rows_asked(limit: i64) -> usize {
    match limit {
        0 => DEFAULT_LIMIT as usize,
        limit => limit.min(LARGEST_LIMIT) as usize,
    }
}

/// `COUNT` is for pivots only.
pub(super) fn resolve_aggregations(names: &[String], in_pivot: bool) -> Result<Vec<Aggregation>, Refusal> {
    let mut aggregations = Vec::new();
    for name in names {
        let aggregation = match name.as_str() {
            "TOTAL" => Aggregation::Total,
            "MINIMUM" => Aggregation::Minimum,
            "MAXIMUM" => Aggregation::Maximum,
            "COUNT" if in_pivot => Aggregation::Count,
            _ => {
                return Err(Refusal::invalid(format!(
                    "The metric aggregation {name} is not supported in this report."
                )));
            }
        };
        if !aggregations.contains(&aggregation) {
            aggregations.push(aggregation);
        }
    }
    Ok(aggregations)
}

pub(super) fn resolve_order(orders: &[OrderBy], columns: &Columns) -> Result<Vec<Direction>, Refusal> {
    let asks_for_range = |order: &OrderBy| order.dimension_name() == Some("dateRange");
    if orders.iter().any(asks_for_range) {
        // Observed at the service: it fails.
        return Err(Refusal::new(500, "Internal error encountered."));
    }
    orders.iter().map(|order| order.resolve(columns)).collect()
}
