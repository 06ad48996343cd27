//! `RunPivotReportRequest`: the rows and columns of a cross table
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/runPivotReport>). Each
//! pivot sorts and limits the combinations of its dimensions (its *headers*); a row is shown if every pivot shows its
//! header.

use super::aggregate::{self, Groups};
use super::catalogue::Surface;
use super::columns::{Columns, Dimension};
use super::dates;
use super::order::{self, Direction, OrderBy, OrderType, Step};
use super::properties::Property;
use super::refuse_if;
use super::report::{self, Aggregation, LARGEST_LIMIT, Pass, Report, ReportRequest};
use crate::rest::Refusal;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PivotRequest {
    field_names: Vec<String>,
    order_bys: Vec<OrderBy>,
    offset: i64,
    limit: i64,
    metric_aggregations: Vec<String>,
}

/// One side of the cross table.
pub(super) struct Pivot {
    /// Its dimensions, by number in the report.
    fields: Range<usize>,
    offset: usize,
    limit: usize,
    order: Vec<(Direction, Vec<(usize, String)>)>,
    aggregations: Vec<Aggregation>,
}

/// A cross table; keys are numbers of `texts`.
pub(super) struct CrossTable {
    pub(super) texts: Vec<Vec<String>>,
    pub(super) headers: Vec<Headers>,
    pub(super) rows: Vec<(Vec<u32>, Vec<f64>)>,
    /// Texts and figures; dimensions that were summed over read RESERVED_….
    pub(super) aggregates: Vec<(Vec<String>, Vec<f64>)>,
}

/// What a pivot shows of its combinations, and how many there are.
pub(super) struct Headers {
    pub(super) fields: Range<usize>,
    pub(super) shown: Vec<Vec<u32>>,
    pub(super) count: usize,
}

impl ReportRequest {
    /// For a pivot report.
    pub(super) fn resolve_pivots(&self, property: &Property, today: i32) -> Result<(Report, Vec<Pivot>), Refusal> {
        report::check_property(&self.property, property)?;
        self.check_pages()?;
        refuse_if(!self.comparisons.is_empty(), "The sandbox has no comparisons in pivot reports.")?;
        let ranges = match self.cohort_spec {
            Some(_) => Vec::new(),
            None => dates::resolve(&self.date_ranges, today)?,
        };
        let mut columns = self.columns.resolve(property, Surface::Core, self.cohort_spec.is_some())?;
        refuse_if(columns.metrics.is_empty(), "A pivot report must have at least one metric.")?;
        let passes = match &self.cohort_spec {
            Some(spec) => spec.passes(&mut columns, today)?,
            None => ranges.iter().map(|range| Pass::over(range.days, 0)).collect(),
        };
        let names = ranges.into_iter().map(|range| range.name).collect();
        let fields = self.take_fields(&mut columns, names)?;
        let pivots = self
            .pivots
            .iter()
            .zip(fields)
            .map(|(pivot, fields)| pivot.resolve(fields, &columns))
            .collect::<Result<_, _>>()?;
        let report = Report::new(columns, vec![Vec::new()], passes);
        Ok((report, pivots))
    }

    fn check_pages(&self) -> Result<(), Refusal> {
        refuse_if(self.pivots.is_empty(), "A pivot report must have at least one pivot.")?;
        let mut product: i64 = 1;
        for pivot in &self.pivots {
            report::check_not_negative(&[("limit", pivot.limit), ("offset", pivot.offset)])?;
            refuse_if(pivot.limit == 0, "Each pivot must have a limit.")?;
            product = product.saturating_mul(pivot.limit);
        }
        refuse_if(
            product > LARGEST_LIMIT,
            format!(
                "The product of the limits of all pivots must not exceed {LARGEST_LIMIT}. It is {product} in this request."
            ),
        )?;
        Ok(())
    }

    /// Sorts the dimensions by pivot, and drops those in none. Returns the number of each pivot's dimensions.
    fn take_fields(&self, columns: &mut Columns, ranges: Vec<String>) -> Result<Vec<Range<usize>>, Refusal> {
        let mut visible: Vec<Dimension> = Vec::new();
        let mut fields = Vec::new();
        for pivot in &self.pivots {
            let from = visible.len();
            for name in &pivot.field_names {
                refuse_if(
                    visible.iter().any(|dimension| dimension.name == *name),
                    format!("The dimension {name} is in more than one pivot."),
                )?;
                visible.push(match columns.dimension(name) {
                    Some(number) => columns.dimensions[number].clone(),
                    None if name == "dateRange" && !ranges.is_empty() => Dimension::of_ranges(name, ranges.clone()),
                    None => {
                        return Err(Refusal::invalid(format!(
                            "The pivot uses the dimension {name}, which is not among the dimensions of the request."
                        )));
                    }
                });
            }
            fields.push(from..visible.len());
        }
        let unused = columns.dimensions.iter().find(|dimension| {
            let shown = visible.iter().any(|shown| shown.name == dimension.name);
            !shown && !columns.filters_on(&dimension.name)
        });
        if let Some(dimension) = unused {
            return Err(Refusal::invalid(format!(
                "The dimension {} is not used by any pivot or filter.",
                dimension.name
            )));
        }
        columns.dimensions = visible;
        Ok(fields)
    }
}

impl PivotRequest {
    fn resolve(&self, fields: Range<usize>, columns: &Columns) -> Result<Pivot, Refusal> {
        let mut order = Vec::new();
        for step in &self.order_bys {
            let (direction, selections) = step.resolve_in_pivot(columns)?;
            if let Direction::Dimension { dimension, .. } = direction
                && !fields.contains(&dimension)
            {
                return Err(Refusal::invalid("The dimensions in a pivot's orderBys must be among its fieldNames."));
            }
            order.push((direction, selections));
        }
        if order.is_empty() {
            let direction = Direction::Metric { metric: 0, descending: true };
            order.push((direction, Vec::new()));
        }
        Ok(Pivot {
            fields,
            offset: self.offset as usize,
            limit: self.limit as usize,
            order,
            aggregations: report::resolve_aggregations(&self.metric_aggregations, true)?,
        })
    }
}

/// Makes the cross table of a report.
pub(super) fn cross_table(groups: &Groups, property: &Property, report: &Report, pivots: &[Pivot]) -> CrossTable {
    let columns = &report.columns;
    let values = groups.values(property, columns);
    let kept = groups.kept(columns, &values);
    let table = Rows { groups, property, columns, texts: groups.texts(), values };
    let headers: Vec<Headers> = pivots.iter().map(|pivot| table.headers(pivot, &kept)).collect();
    let places: Vec<HashMap<&[u32], usize>> =
        headers.iter().map(|headers| headers.shown.iter().map(Vec::as_slice).zip(0..).collect()).collect();
    // The place of a row in one pivot; none if its header is not shown.
    let place = |pivot: usize, row: u32| {
        let key = &groups.key(row)[pivots[pivot].fields.clone()];
        places[pivot].get(key).copied()
    };
    let mut rows: Vec<(Vec<usize>, u32)> = kept
        .iter()
        .filter_map(|row| {
            let at = (0..pivots.len()).map(|pivot| place(pivot, *row));
            Some((at.collect::<Option<_>>()?, *row))
        })
        .collect();
    rows.sort_unstable();
    let mut aggregates = Vec::new();
    for (number, pivot) in pivots.iter().enumerate() {
        // All rows of this pivot under each combination of the other pivots' headers.
        let mut under: BTreeMap<Vec<usize>, Vec<u32>> = BTreeMap::new();
        for row in kept.iter().filter(|_| !pivot.aggregations.is_empty()) {
            let others = (0..pivots.len()).filter(|other| *other != number);
            if let Some(at) = others.map(|other| place(other, *row)).collect() {
                under.entry(at).or_default().push(*row);
            }
        }
        for aggregation in &pivot.aggregations {
            aggregates.extend(under.values().map(|rows| table.aggregate(*aggregation, pivot, rows)));
        }
    }
    CrossTable {
        rows: rows.into_iter().map(|(_, row)| (groups.key(row).to_vec(), table.row(row).to_vec())).collect(),
        texts: table.texts,
        headers,
        aggregates,
    }
}

/// The rows of a report before they become a cross table.
struct Rows<'a> {
    groups: &'a Groups,
    property: &'a Property,
    columns: &'a Columns,
    texts: Vec<Vec<String>>,
    values: Vec<f64>,
}

impl Rows<'_> {
    fn row(&self, row: u32) -> &[f64] {
        let width = self.columns.metrics.len();
        &self.values[row as usize * width..][..width]
    }

    /// The combinations of a pivot's dimensions, sorted and limited.
    fn headers(&self, pivot: &Pivot, kept: &[u32]) -> Headers {
        let mut members: HashMap<&[u32], Vec<u32>> = HashMap::new();
        for row in kept {
            let key = &self.groups.key(*row)[pivot.fields.clone()];
            members.entry(key).or_default().push(*row);
        }
        let ranks = |dimension: usize| order::ranks(&self.texts[dimension], OrderType::Alphanumeric);
        let steps: Vec<Vec<u32>> = pivot.fields.clone().map(ranks).collect();
        let order = pivot.order.iter().map(|(direction, selections)| (direction.step(&self.texts), selections));
        let order: Vec<(Step, &Vec<_>)> = order.collect();
        let mut ordered: Vec<(Vec<u64>, Vec<u32>)> = members
            .into_iter()
            .map(|(key, rows)| {
                let word = |(step, selections): &(Step, &Vec<_>)| {
                    let text = |dimension: usize| key[dimension - pivot.fields.start];
                    step.word(0, |metric| self.figure(metric, selections, &rows), text)
                };
                let mut words: Vec<u64> = order.iter().map(word).collect();
                // Headers with equal sort keys are ordered by their texts.
                words.extend(key.iter().zip(&steps).map(|(text, ranks)| u64::from(ranks[*text as usize])));
                (words, key.to_vec())
            })
            .collect();
        ordered.sort_unstable();
        Headers {
            fields: pivot.fields.clone(),
            count: ordered.len(),
            shown: ordered.into_iter().map(|(_, key)| key).skip(pivot.offset).take(pivot.limit).collect(),
        }
    }

    /// A figure over those of `rows` that have the selected values.
    fn figure(&self, metric: usize, selections: &[(usize, String)], rows: &[u32]) -> f64 {
        let is_selected = |row: u32| {
            selections
                .iter()
                .all(|(dimension, value)| self.texts[*dimension][self.groups.key(row)[*dimension] as usize] == *value)
        };
        let rows: Vec<u32> = rows.iter().copied().filter(|row| is_selected(*row)).collect();
        self.groups.totals(self.property, self.columns, &rows)[metric]
    }

    /// The figures over `rows`, which differ only in the dimensions of `pivot`.
    fn aggregate(&self, aggregation: Aggregation, pivot: &Pivot, rows: &[u32]) -> (Vec<String>, Vec<f64>) {
        let width = self.columns.metrics.len();
        let (name, figures) = match aggregation {
            Aggregation::Total => ("RESERVED_TOTAL", self.groups.totals(self.property, self.columns, rows)),
            Aggregation::Minimum => ("RESERVED_MIN", aggregate::extreme(&self.values, rows, width, f64::min)),
            Aggregation::Maximum => ("RESERVED_MAX", aggregate::extreme(&self.values, rows, width, f64::max)),
            Aggregation::Count => ("RESERVED_COUNT", vec![rows.len() as f64; width]),
        };
        let key = self.groups.key(rows[0]);
        let texts = key.iter().enumerate().map(|(dimension, text)| {
            if pivot.fields.contains(&dimension) {
                name.to_owned()
            } else {
                self.texts[dimension][*text as usize].clone()
            }
        });
        (texts.collect(), figures)
    }
}
