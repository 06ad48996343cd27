//! `RunReportRequest`: what it says, and whether it makes sense
//! (https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/runReport).
//! Checked in the order in which the service is seen to check: limit and offset, date ranges, how many, names, filters,
//! compatibility. The form of the JSON was checked before, by `schema`.

use super::catalogue::{self, Field, Kind, Surface};
use super::dates::{self, DateRange, NamedDays};
use super::dimensions::{self, Column};
use super::errors::{Refusal, Status};
use super::filter::{Condition, FilterExpression, Leaf};
use super::metrics::Metric;
use super::order::{Direction, OrderBy};
use super::properties::Property;
use serde::Deserialize;

const DEFAULT_LIMIT: i64 = 10_000;
const LARGEST_LIMIT: i64 = 250_000;
const MOST_DIMENSIONS: usize = 9;
const MOST_METRICS: usize = 10;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RunReportRequest {
    pub(super) property: String,
    dimensions: Vec<DimensionRequest>,
    metrics: Vec<MetricRequest>,
    date_ranges: Vec<DateRange>,
    dimension_filter: Option<FilterExpression>,
    metric_filter: Option<FilterExpression>,
    pub(super) offset: i64,
    pub(super) limit: i64,
    metric_aggregations: Vec<String>,
    order_bys: Vec<OrderBy>,
    currency_code: String,
    cohort_spec: Option<serde_json::Value>,
    keep_empty_rows: bool,
    pub(super) return_property_quota: bool,
    comparisons: Vec<serde_json::Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct DimensionRequest {
    name: String,
    dimension_expression: Option<DimensionExpression>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct DimensionExpression {
    lower_case: Option<CaseExpression>,
    upper_case: Option<CaseExpression>,
    concatenate: Option<Concatenate>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CaseExpression {
    dimension_name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Concatenate {
    dimension_names: Vec<String>,
    delimiter: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MetricRequest {
    name: String,
    expression: String,
    invisible: bool,
}

/// A filter, and for each of its tests the column that it looks at.
pub(super) type FilterOn<C> = (Condition, Vec<(C, Leaf)>);

/// A report that can be made.
pub(super) struct Report {
    pub(super) dimensions: Vec<Dimension>,
    pub(super) metrics: Vec<Metric>,
    pub(super) ranges: Vec<NamedDays>,
    pub(super) dimension_filter: Option<FilterOn<Dimension>>,
    /// Columns are numbers of `metrics`.
    pub(super) metric_filter: Option<FilterOn<usize>>,
    pub(super) aggregations: Vec<Aggregation>,
    pub(super) order: Vec<Direction>,
    pub(super) currency: &'static str,
    /// Units of `currency` for one of the property's own.
    pub(super) rate: f64,
    pub(super) keep_empty_rows: bool,
    pub(super) thresholded: bool,
}

/// A dimension's name, what it is made of, and how the texts are put together.
#[derive(Clone)]
pub(super) struct Dimension {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) shape: Shape,
}

#[derive(Clone)]
pub(super) enum Shape {
    Plain,
    Lower,
    Upper,
    Joined(String),
}

/// One row of figures over all rows of the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Aggregation {
    Total,
    Minimum,
    Maximum,
}

/// Rough rates to the euro: enough to see that something was converted.
const CURRENCIES: &[(&str, f64)] = &[
    ("EUR", 1.0),
    ("USD", 1.1537),
    ("GBP", 0.8746),
    ("JPY", 178.23),
    ("CHF", 0.9312),
    ("SEK", 11.0171),
    ("CAD", 1.6143),
    ("AUD", 1.7702),
    ("INR", 102.187),
    ("BRL", 6.2114),
];

impl RunReportRequest {
    /// Checks everything that the request says, for a report on `property`.
    pub(super) fn resolve(&self, property: &Property, today: i32) -> Result<Report, Refusal> {
        self.check_page()?;
        if self.cohort_spec.is_some() || !self.comparisons.is_empty() {
            return Err(Refusal::invalid(
                "The sandbox does not answer cohort and comparison requests.",
            ));
        }
        let ranges = dates::resolve(&self.date_ranges, today)?;
        self.check_counts()?;
        let dimensions = self.resolve_dimensions()?;
        let metrics = self.resolve_metrics()?;
        let fields = self.fields(&dimensions, &metrics)?;
        check_compatible(&fields)?;
        let (currency, rate) = self.currency(property)?;
        Ok(Report {
            dimension_filter: self.resolve_dimension_filter(&dimensions)?,
            metric_filter: self.resolve_metric_filter(&metrics, property)?,
            aggregations: self.resolve_aggregations()?,
            order: self.resolve_order(&dimensions, &metrics)?,
            thresholded: fields.iter().any(|field| field.is_thresholded()),
            keep_empty_rows: self.keep_empty_rows,
            currency,
            rate,
            dimensions,
            metrics,
            ranges,
        })
    }

    /// First row and number of rows asked for.
    pub(super) fn page(&self) -> (usize, usize) {
        let limit = match self.limit {
            0 => DEFAULT_LIMIT,
            limit => limit.min(LARGEST_LIMIT),
        };
        (self.offset as usize, limit as usize)
    }

    fn check_page(&self) -> Result<(), Refusal> {
        for (name, value) in [("limit", self.limit), ("offset", self.offset)] {
            if value < 0 {
                return Err(Refusal::invalid(format!(
                    "The {name} must be a non-negative number. The {name} in this request is {value}."
                )));
            }
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<(), Refusal> {
        for (what, count, most) in [
            ("dimensions", self.dimensions.len(), MOST_DIMENSIONS),
            ("metrics", self.metrics.len(), MOST_METRICS),
        ] {
            if count > most {
                return Err(Refusal::invalid(format!(
                    "Requests are limited to {most} {what}. This request is for {count} {what}."
                )));
            }
        }
        if self.dimensions.is_empty() && self.metrics.is_empty() {
            return Err(Refusal::invalid(
                "At least one dimension or metric is required.",
            ));
        }
        Ok(())
    }

    fn resolve_dimensions(&self) -> Result<Vec<Dimension>, Refusal> {
        let mut resolved: Vec<Dimension> = Vec::new();
        for request in &self.dimensions {
            let dimension = request.resolve()?;
            if resolved.iter().any(|other| other.name == dimension.name) {
                return Err(Refusal::invalid(format!(
                    "The dimension {} is requested more than once.",
                    dimension.name
                )));
            }
            resolved.push(dimension);
        }
        Ok(resolved)
    }

    fn resolve_metrics(&self) -> Result<Vec<Metric>, Refusal> {
        let mut resolved: Vec<Metric> = Vec::new();
        for request in &self.metrics {
            let metric = if request.expression.is_empty() {
                Metric::named(&request.name, Surface::Core)
            } else {
                dates::check_name(&request.name)?;
                Metric::expressed(&request.name, &request.expression, &resolved, Surface::Core)
            };
            let mut metric = metric.map_err(Refusal::invalid)?;
            if resolved.iter().any(|other| other.name == metric.name) {
                return Err(Refusal::invalid(format!(
                    "The metric {} is requested more than once.",
                    metric.name
                )));
            }
            metric.invisible = request.invisible;
            resolved.push(metric);
        }
        Ok(resolved)
    }

    /// The catalogue's entries of all that the report shows, for the rules that hold between them.
    fn fields(
        &self,
        dimensions: &[Dimension],
        metrics: &[Metric],
    ) -> Result<Vec<&'static Field>, Refusal> {
        let mut fields = Vec::new();
        for (request, dimension) in self.dimensions.iter().zip(dimensions) {
            for name in request.sources(dimension) {
                fields.push(core_field(&name, Kind::Dimension)?);
            }
        }
        for (request, metric) in self.metrics.iter().zip(metrics) {
            if request.expression.is_empty() {
                fields.push(core_field(&metric.name, Kind::Metric)?);
            }
        }
        Ok(fields)
    }

    fn resolve_dimension_filter(
        &self,
        dimensions: &[Dimension],
    ) -> Result<Option<FilterOn<Dimension>>, Refusal> {
        let Some(expression) = &self.dimension_filter else {
            return Ok(None);
        };
        let mut leaves = Vec::new();
        let condition = expression.resolve(&mut leaves)?;
        let leaves = leaves
            .into_iter()
            .map(|leaf| {
                let requested = dimensions
                    .iter()
                    .find(|dimension| dimension.name == leaf.field);
                let dimension = match requested {
                    Some(dimension) => dimension.clone(),
                    None => plain(&leaf.field)?,
                };
                Ok((dimension, leaf))
            })
            .collect::<Result<_, Refusal>>()?;
        Ok(Some((condition, leaves)))
    }

    fn resolve_metric_filter(
        &self,
        metrics: &[Metric],
        property: &Property,
    ) -> Result<Option<FilterOn<usize>>, Refusal> {
        let Some(expression) = &self.metric_filter else {
            return Ok(None);
        };
        let mut leaves = Vec::new();
        let condition = expression.resolve(&mut leaves)?;
        let leaves = leaves
            .into_iter()
            .map(|leaf| {
                let Some(number) = metrics.iter().position(|metric| metric.name == leaf.field)
                else {
                    core_field(&leaf.field, Kind::Metric)?;
                    return Err(Refusal::invalid(format!(
                        "The metricFilter uses {}, which is not among the metrics of the request.",
                        leaf.field
                    )));
                };
                if !leaf.test.is_numeric() {
                    return Err(Refusal::invalid(format!(
                        "The metric {} can be filtered by numericFilter and betweenFilter only.",
                        leaf.field
                    )));
                }
                if property.hides(&metrics[number]) {
                    return Err(Refusal::invalid(format!(
                        "The metric {} is restricted and cannot be used in a metricFilter.",
                        leaf.field
                    )));
                }
                Ok((number, leaf))
            })
            .collect::<Result<_, _>>()?;
        Ok(Some((condition, leaves)))
    }

    fn resolve_aggregations(&self) -> Result<Vec<Aggregation>, Refusal> {
        let mut aggregations = Vec::new();
        for name in &self.metric_aggregations {
            let aggregation = match name.as_str() {
                "TOTAL" => Aggregation::Total,
                "MINIMUM" => Aggregation::Minimum,
                "MAXIMUM" => Aggregation::Maximum,
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

    fn resolve_order(
        &self,
        dimensions: &[Dimension],
        metrics: &[Metric],
    ) -> Result<Vec<Direction>, Refusal> {
        let asks_for_range = |order: &OrderBy| order.dimension_name() == Some("dateRange");
        if self.order_bys.iter().any(asks_for_range) {
            // Seen on the service: it breaks.
            return Err(Refusal::new(
                Status::Internal,
                "Internal error encountered.",
            ));
        }
        self.order_bys
            .iter()
            .map(|order| {
                order.resolve(
                    |name| {
                        dimensions
                            .iter()
                            .position(|dimension| dimension.name == name)
                    },
                    |name| metrics.iter().position(|metric| metric.name == name),
                )
            })
            .collect()
    }

    fn currency(&self, property: &Property) -> Result<(&'static str, f64), Refusal> {
        let code = match self.currency_code.as_str() {
            "" => property.currency,
            code => code,
        };
        let rate = |code: &str| CURRENCIES.iter().find(|(known, _)| *known == code).copied();
        let (Some((name, to)), Some((_, from))) = (rate(code), rate(property.currency)) else {
            return Err(Refusal::invalid(format!("Invalid currency code: {code}.")));
        };
        Ok((name, to / from))
    }
}

impl DimensionRequest {
    fn resolve(&self) -> Result<Dimension, Refusal> {
        let Some(expression) = &self.dimension_expression else {
            return plain(&self.name);
        };
        dates::check_name(&self.name)?;
        let (names, shape) = expression.parts()?;
        Ok(Dimension {
            name: self.name.clone(),
            columns: names
                .iter()
                .map(|name| core_field(name, Kind::Dimension).map(|_| dimensions::column(name)))
                .collect::<Result<_, _>>()?,
            shape,
        })
    }

    /// Names in the catalogue that the dimension is made of.
    fn sources(&self, dimension: &Dimension) -> Vec<String> {
        let parts = self
            .dimension_expression
            .as_ref()
            .and_then(|expression| expression.parts().ok());
        match parts {
            Some((names, _)) => names,
            None => vec![dimension.name.clone()],
        }
    }
}

impl DimensionExpression {
    fn parts(&self) -> Result<(Vec<String>, Shape), Refusal> {
        if let Some(case) = &self.lower_case {
            return Ok((vec![case.dimension_name.clone()], Shape::Lower));
        }
        if let Some(case) = &self.upper_case {
            return Ok((vec![case.dimension_name.clone()], Shape::Upper));
        }
        match &self.concatenate {
            Some(join) if !join.dimension_names.is_empty() => Ok((
                join.dimension_names.clone(),
                Shape::Joined(join.delimiter.clone()),
            )),
            _ => Err(Refusal::invalid("A dimensionExpression must not be empty.")),
        }
    }
}

/// A dimension as the catalogue has it.
fn plain(name: &str) -> Result<Dimension, Refusal> {
    core_field(name, Kind::Dimension)?;
    Ok(Dimension {
        name: name.to_owned(),
        columns: vec![dimensions::column(name)],
        shape: Shape::Plain,
    })
}

fn core_field(name: &str, kind: Kind) -> Result<&'static Field, Refusal> {
    catalogue::find(name, kind, Surface::Core).map_err(Refusal::invalid)
}

fn check_compatible(fields: &[&'static Field]) -> Result<(), Refusal> {
    if fields.iter().any(|field| field.is_cohort()) {
        return Err(Refusal::invalid(
            "Cohort metrics can only be used in requests with a CohortSpec.",
        ));
    }
    let dimensions = || fields.iter().filter(|field| field.kind == Kind::Dimension);
    let metrics = || fields.iter().filter(|field| field.kind == Kind::Metric);
    let mut clashing: Vec<&str> = dimensions()
        .filter(|dimension| metrics().any(|metric| dimension.clashes_with(metric)))
        .map(|dimension| dimension.name)
        .collect();
    if clashing.is_empty() {
        return Ok(());
    }
    clashing.dedup();
    let all: Vec<&str> = fields.iter().map(|field| field.name).collect();
    Err(Refusal::invalid(format!(
        "Please remove {} to make the request compatible. The request's dimensions & metrics are incompatible: {}. \
         To learn more, see https://ga-dev-tools.google/ga4/dimensions-metrics-explorer/",
        clashing.join(", "),
        all.join(", ")
    )))
}
