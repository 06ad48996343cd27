//! The columns of a report of any kind: dimensions, metrics and filters, checked against the catalogue and
//! against each other (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/Dimension>,
//! …/Metric). Reports add dates, order and pages to them.

use super::catalogue::{self, Field, Kind, Surface};
use super::dimensions::{self, Column};
use super::filter::{Condition, FilterExpression, Leaf};
use super::metrics::Metric;
use super::properties::Property;
use super::refuse_if;
use crate::rest::Refusal;
use serde::Deserialize;

const MOST_DIMENSIONS: usize = 9;
const MOST_METRICS: usize = 10;

/// The part of a request that all kinds of reports share.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ColumnsRequest {
    dimensions: Vec<DimensionRequest>,
    metrics: Vec<MetricRequest>,
    dimension_filter: Option<FilterExpression>,
    metric_filter: Option<FilterExpression>,
    keep_empty_rows: bool,
    currency_code: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DimensionRequest {
    name: String,
    dimension_expression: Option<DimensionExpression>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct DimensionExpression {
    lower_case: Option<Parts>,
    upper_case: Option<Parts>,
    concatenate: Option<Parts>,
}

/// The expression of a dimension: one dimension, or several with a separator.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Parts {
    dimension_name: String,
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

/// A filter, and the column of each of its tests.
pub(super) type FilterOn<C> = (Condition, Vec<(C, Leaf)>);

/// Columns that can be combined.
pub(super) struct Columns {
    pub(super) dimensions: Vec<Dimension>,
    pub(super) metrics: Vec<Metric>,
    pub(super) dimension_filter: Option<FilterOn<Dimension>>,
    /// Its columns are indices into `metrics`.
    pub(super) metric_filter: Option<FilterOn<usize>>,
    pub(super) keep_empty_rows: bool,
    pub(super) currency: &'static str,
    /// The value of the property's currency in the requested one.
    pub(super) rate: f64,
    /// Whether it may be thresholded, which counts against a separate quota.
    pub(super) thresholded: bool,
}

impl Columns {
    /// The number of the dimension of this name.
    pub(super) fn dimension(&self, name: &str) -> Option<usize> {
        self.dimensions.iter().position(|dimension| dimension.name == name)
    }

    /// The number of the metric of this name.
    pub(super) fn metric(&self, name: &str) -> Option<usize> {
        self.metrics.iter().position(|metric| metric.name == name)
    }

    /// Whether the dimension filter tests this dimension.
    pub(super) fn filters_on(&self, name: &str) -> bool {
        let filter = self.dimension_filter.as_ref();
        filter.is_some_and(|(_, leaves)| leaves.iter().any(|(dimension, _)| dimension.name == name))
    }

    /// The name and type of each metric that is a column.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.metrics.iter().filter(|metric| !metric.invisible).map(|metric| (metric.name.as_str(), metric.metric_type))
    }

    /// The type and figure of each of these, out of the figures of all metrics.
    pub(super) fn shown<'a>(&'a self, values: &'a [f64]) -> impl Iterator<Item = (&'a str, f64)> {
        let pairs = self.metrics.iter().zip(values).filter(|(metric, _)| !metric.invisible);
        pairs.map(|(metric, value)| (metric.metric_type, *value))
    }
}

/// A dimension's name, its parts, and how their texts are joined.
#[derive(Clone)]
pub(super) struct Dimension {
    pub(super) name: String,
    /// The catalogue's entries of its parts.
    fields: Vec<&'static Field>,
    pub(super) columns: Vec<Column>,
    pub(super) shape: Shape,
}

impl Dimension {
    /// A dimension of the parts with these names.
    fn of(name: &str, names: &[String], shape: Shape, surface: Surface) -> Result<Self, Refusal> {
        let mut dimension = Self { name: name.to_owned(), fields: Vec::new(), columns: Vec::new(), shape };
        for part in names {
            let field = field(part, Kind::Dimension, surface)?;
            dimension.columns.push(dimensions::column(field.current_name(part).as_deref().unwrap_or(part)));
            dimension.fields.push(field);
        }
        Ok(dimension)
    }

    /// The column of date ranges, which only pivots have.
    pub(super) fn of_ranges(name: &str, ranges: Vec<String>) -> Self {
        let columns = vec![dimensions::column(name)];
        Self { name: name.to_owned(), fields: Vec::new(), columns, shape: Shape::Named(ranges) }
    }
}

#[derive(Clone)]
pub(super) enum Shape {
    Plain,
    /// The code is an index into these, which come from the request.
    Named(Vec<String>),
    Lower,
    Upper,
    Joined(String),
}

/// Approximate exchange rates of the euro: enough to show that amounts are converted.
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

impl ColumnsRequest {
    /// Checks all columns, for reports on `property`; cohort fields need a cohort spec.
    pub(super) fn resolve(&self, property: &Property, surface: Surface, has_cohorts: bool) -> Result<Columns, Refusal> {
        self.check_counts()?;
        let dimensions = self.resolve_dimensions(surface)?;
        let metrics = self.resolve_metrics(surface)?;
        let fields = fields(&dimensions, &metrics);
        // The few fields of conversion reports all go together.
        if surface != Surface::Conversions {
            check_compatible(&fields, has_cohorts)?;
        }
        let (currency, rate) = self.currency(property)?;
        Ok(Columns {
            dimension_filter: self
                .dimension_filter
                .as_ref()
                .map(|filter| filter_on(filter, &dimensions, surface))
                .transpose()?,
            metric_filter: self.resolve_metric_filter(&metrics, property, surface)?,
            keep_empty_rows: self.keep_empty_rows,
            currency,
            rate,
            thresholded: fields.iter().any(|field| field.is_thresholded()),
            dimensions,
            metrics,
        })
    }

    /// Whether a metric is one of conversion reports only.
    pub(super) fn name_conversions(&self) -> bool {
        let is_in = |metric: &MetricRequest, surface| field(&metric.name, Kind::Metric, surface).is_ok();
        self.metrics.iter().any(|metric| !is_in(metric, Surface::Core) && is_in(metric, Surface::Conversions))
    }

    /// The fields of a request for a core report, if they go together.
    pub(super) fn compatible_fields(&self, property: &Property) -> Result<Vec<&'static Field>, Refusal> {
        let dimensions = self.resolve_dimensions(Surface::Core)?;
        let metrics = self.resolve_metrics(Surface::Core)?;
        if let Some(filter) = &self.dimension_filter {
            filter_on(filter, &dimensions, Surface::Core)?;
        }
        self.resolve_metric_filter(&metrics, property, Surface::Core)?;
        let fields = fields(&dimensions, &metrics);
        check_compatible(&fields, false)?;
        Ok(fields)
    }

    fn check_counts(&self) -> Result<(), Refusal> {
        for (what, count, most) in
            [("dimensions", self.dimensions.len(), MOST_DIMENSIONS), ("metrics", self.metrics.len(), MOST_METRICS)]
        {
            refuse_if(
                count > most,
                format!("Requests are limited to {most} {what}. This request is for {count} {what}."),
            )?;
        }
        refuse_if(
            self.dimensions.is_empty() && self.metrics.is_empty(),
            "At least one dimension or metric is required.",
        )?;
        Ok(())
    }

    fn resolve_dimensions(&self, surface: Surface) -> Result<Vec<Dimension>, Refusal> {
        let mut resolved: Vec<Dimension> = Vec::new();
        for request in &self.dimensions {
            let dimension = request.resolve(surface)?;
            refuse_if(
                resolved.iter().any(|other| other.name == dimension.name),
                format!("The dimension {} is requested more than once.", dimension.name),
            )?;
            resolved.push(dimension);
        }
        Ok(resolved)
    }

    fn resolve_metrics(&self, surface: Surface) -> Result<Vec<Metric>, Refusal> {
        let mut resolved: Vec<Metric> = Vec::new();
        for request in &self.metrics {
            let metric = if request.expression.is_empty() {
                Metric::named(&request.name, surface)
            } else {
                check_name(&request.name)?;
                Metric::expressed(&request.name, &request.expression, &resolved, surface)
            };
            let mut metric = metric.map_err(Refusal::invalid)?;
            refuse_if(
                resolved.iter().any(|other| other.name == metric.name),
                format!("The metric {} is requested more than once.", metric.name),
            )?;
            metric.invisible = request.invisible;
            resolved.push(metric);
        }
        Ok(resolved)
    }

    fn resolve_metric_filter(
        &self,
        metrics: &[Metric],
        property: &Property,
        surface: Surface,
    ) -> Result<Option<FilterOn<usize>>, Refusal> {
        let Some(expression) = &self.metric_filter else {
            return Ok(None);
        };
        let (condition, leaves) = expression.resolve()?;
        let leaves = leaves
            .into_iter()
            .map(|leaf| {
                let Some(number) = metrics.iter().position(|metric| metric.name == leaf.field) else {
                    field(&leaf.field, Kind::Metric, surface)?;
                    return Err(Refusal::invalid(format!(
                        "The metricFilter uses {}, which is not among the metrics of the request.",
                        leaf.field
                    )));
                };
                refuse_if(
                    !leaf.test.is_numeric(),
                    format!("The metric {} can be filtered by numericFilter and betweenFilter only.", leaf.field),
                )?;
                refuse_if(
                    property.hides(&metrics[number]),
                    format!("The metric {} is restricted and cannot be used in a metricFilter.", leaf.field),
                )?;
                Ok((number, leaf))
            })
            .collect::<Result<_, _>>()?;
        Ok(Some((condition, leaves)))
    }

    fn currency(&self, property: &Property) -> Result<(&'static str, f64), Refusal> {
        let code = match self.currency_code.as_str() {
            "" => property.currency.as_str(),
            code => code,
        };
        let rate = |code: &str| CURRENCIES.iter().find(|(known, _)| *known == code).copied();
        let (Some((name, to)), Some((_, from))) = (rate(code), rate(&property.currency)) else {
            return Err(Refusal::invalid(format!("Invalid currency code: {code}.")));
        };
        Ok((name, to / from))
    }
}

impl DimensionRequest {
    pub(super) fn resolve(&self, surface: Surface) -> Result<Dimension, Refusal> {
        let Some(expression) = &self.dimension_expression else {
            return plain(&self.name, surface);
        };
        check_name(&self.name)?;
        let (names, shape) = expression.parts()?;
        Dimension::of(&self.name, &names, shape, surface)
    }
}

impl DimensionExpression {
    fn parts(&self) -> Result<(Vec<String>, Shape), Refusal> {
        match (&self.lower_case, &self.upper_case, &self.concatenate) {
            (Some(case), ..) => Ok((vec![case.dimension_name.clone()], Shape::Lower)),
            (_, Some(case), _) => Ok((vec![case.dimension_name.clone()], Shape::Upper)),
            (.., Some(join)) if !join.dimension_names.is_empty() => {
                Ok((join.dimension_names.clone(), Shape::Joined(join.delimiter.clone())))
            }
            _ => Err(Refusal::invalid("A dimensionExpression must not be empty.")),
        }
    }
}

/// A filter on dimensions, of the report or of the catalogue.
pub(super) fn filter_on(
    expression: &FilterExpression,
    dimensions: &[Dimension],
    surface: Surface,
) -> Result<FilterOn<Dimension>, Refusal> {
    let (condition, leaves) = expression.resolve()?;
    let leaves = leaves
        .into_iter()
        .map(|leaf| {
            let requested = dimensions.iter().find(|dimension| dimension.name == leaf.field);
            let dimension = match requested {
                Some(dimension) => dimension.clone(),
                None => plain(&leaf.field, surface)?,
            };
            Ok((dimension, leaf))
        })
        .collect::<Result<_, Refusal>>()?;
    Ok((condition, leaves))
}

/// A dimension as the catalogue has it.
pub(super) fn plain(name: &str, surface: Surface) -> Result<Dimension, Refusal> {
    Dimension::of(name, &[name.to_owned()], Shape::Plain, surface)
}

/// The catalogue's entries of all columns, for the rules about combinations.
fn fields(dimensions: &[Dimension], metrics: &[Metric]) -> Vec<&'static Field> {
    let of_dimensions = dimensions.iter().flat_map(|dimension| dimension.fields.iter().copied());
    of_dimensions.chain(metrics.iter().filter_map(|metric| metric.field)).collect()
}

/// Checks the name that a request gives to an expression.
fn check_name(name: &str) -> Result<(), Refusal> {
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let refusal = || Refusal::invalid(format!("The name {name} must match the regular expression ^[a-zA-Z0-9_]+$."));
    if is_plain { Ok(()) } else { Err(refusal()) }
}

fn field(name: &str, kind: Kind, surface: Surface) -> Result<&'static Field, Refusal> {
    catalogue::find(name, kind, surface).map_err(Refusal::invalid)
}

fn check_compatible(fields: &[&'static Field], has_cohorts: bool) -> Result<(), Refusal> {
    refuse_if(
        !has_cohorts && fields.iter().any(|field| field.is_cohort()),
        "Cohort metrics can only be used in requests with a CohortSpec.",
    )?;
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
