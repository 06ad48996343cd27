//! The order of rows: that of `orderBys`, or by the first metric, descending. Rows with equal sort keys are ordered by
//! their dimensions, so that pages fit together
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/OrderBy>).

use super::columns::Columns;
use super::refuse_if;
use super::report::Report;
use super::site::mix;
use crate::rest::Refusal;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct OrderBy {
    metric: Option<By>,
    dimension: Option<By>,
    pivot: Option<By>,
    desc: bool,
}

/// A metric or dimension, and how it is compared.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct By {
    #[serde(alias = "metricName", alias = "dimensionName")]
    name: String,
    order_type: String,
    pivot_selections: Vec<PivotSelection>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PivotSelection {
    dimension_name: String,
    dimension_value: String,
}

/// One step of an order, by number of dimension or metric.
pub(super) enum Direction {
    Metric { metric: usize, descending: bool },
    Dimension { dimension: usize, by: OrderType, descending: bool },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderType {
    Alphanumeric,
    CaseInsensitive,
    /// Numbers by size; other values are equal, and below all numbers.
    Numeric,
}

impl OrderBy {
    pub(super) fn dimension_name(&self) -> Option<&str> {
        Some(self.dimension.as_ref()?.name.as_str())
    }

    /// In a pivot: the metric, and the values that other dimensions must have.
    pub(super) fn resolve_in_pivot(&self, columns: &Columns) -> Result<(Direction, Vec<(usize, String)>), Refusal> {
        let Some(order) = &self.pivot else {
            return Ok((self.resolve(columns)?, Vec::new()));
        };
        let selections = order
            .pivot_selections
            .iter()
            .map(|selection| Ok((dimension(columns, &selection.dimension_name)?, selection.dimension_value.clone())));
        let metric = metric(columns, &order.name)?;
        Ok((Direction::Metric { metric, descending: self.desc }, selections.collect::<Result<_, Refusal>>()?))
    }

    /// Looks up the columns of the order.
    pub(super) fn resolve(&self, columns: &Columns) -> Result<Direction, Refusal> {
        refuse_if(self.pivot.is_some(), "Pivot orderBys are only supported in pivot reports.")?;
        if let Some(order) = &self.metric {
            return Ok(Direction::Metric { metric: metric(columns, &order.name)?, descending: self.desc });
        }
        let Some(order) = &self.dimension else {
            return Err(Refusal::invalid("An orderBy must have a metric or a dimension."));
        };
        Ok(Direction::Dimension {
            dimension: dimension(columns, &order.name)?,
            by: match order.order_type.as_str() {
                "CASE_INSENSITIVE_ALPHANUMERIC" => OrderType::CaseInsensitive,
                "NUMERIC" => OrderType::Numeric,
                _ => OrderType::Alphanumeric,
            },
            descending: self.desc,
        })
    }
}

fn metric(columns: &Columns, name: &str) -> Result<usize, Refusal> {
    columns.metric(name).ok_or_else(|| missing("metric", name))
}

fn dimension(columns: &Columns, name: &str) -> Result<usize, Refusal> {
    columns.dimension(name).ok_or_else(|| missing("dimension", name))
}

fn missing(kind: &str, name: &str) -> Refusal {
    Refusal::invalid(format!("The orderBys uses the {kind} {name}, which is not among the {kind}s of the request."))
}

/// Sorts the lines of a report. A line is one slice of one row: row * slices + slice.
pub(super) struct Sorter<'a> {
    pub(super) texts: &'a [Vec<String>],
    pub(super) keys: &'a [u32],
    pub(super) values: &'a [f64],
    pub(super) slices: usize,
    pub(super) metrics: usize,
    /// Lines with equal sort keys are ordered by this noise instead of the dimensions.
    pub(super) shuffle: Option<u64>,
}

/// One step of a comparison.
pub(super) enum Step {
    /// Metric, and whether the largest comes first.
    Value(usize, bool),
    /// Dimension, ranks of its texts, and whether the last comes first.
    Rank(usize, Vec<u32>, bool),
    Shuffle(u64),
}

impl Sorter<'_> {
    /// All lines of `rows`, in order.
    pub(super) fn sorted(&self, rows: &[u32], report: &Report) -> Vec<u32> {
        let steps = self.steps(report);
        let slices = self.slices as u32;
        let lines = rows.iter().flat_map(|row| (0..slices).map(move |slice| row * slices + slice));
        // Most lines differ in the first step, which is compared as a plain number; the others only if that is equal.
        let mut keyed: Vec<(u64, u32)> =
            lines.map(|line| (steps.first().map_or(0, |step| self.word(step, line)), line)).collect();
        keyed.sort_unstable_by(|(word, line), (other_word, other)| {
            word.cmp(other_word).then_with(|| {
                steps
                    .iter()
                    .skip(1)
                    .map(|step| self.word(step, *line).cmp(&self.word(step, *other)))
                    .find(|ordering| ordering.is_ne())
                    .unwrap_or_else(|| line.cmp(other))
            })
        });
        keyed.into_iter().map(|(_, line)| line).collect()
    }

    fn steps(&self, report: &Report) -> Vec<Step> {
        let mut steps: Vec<Step> = report.order.iter().map(|direction| direction.step(self.texts)).collect();
        if steps.is_empty() && !report.columns.metrics.is_empty() {
            steps.push(Step::Value(0, true));
        }
        match self.shuffle {
            Some(noise) => steps.push(Step::Shuffle(noise)),
            None => steps.extend(
                self.texts
                    .iter()
                    .enumerate()
                    .map(|(dimension, texts)| Step::Rank(dimension, ranks(texts, OrderType::Alphanumeric), false)),
            ),
        }
        steps
    }

    /// The sort key of a line in one step, smallest first.
    fn word(&self, step: &Step, line: u32) -> u64 {
        let row = line as usize / self.slices;
        let figure = |metric| self.values[line as usize * self.metrics + metric];
        step.word(row, figure, |dimension| self.keys[row * self.texts.len() + dimension])
    }
}

impl Direction {
    /// This step over the `texts` of the dimensions.
    pub(super) fn step(&self, texts: &[Vec<String>]) -> Step {
        match *self {
            Self::Metric { metric, descending } => Step::Value(metric, descending),
            Self::Dimension { dimension, by, descending } => {
                Step::Rank(dimension, ranks(&texts[dimension], by), descending)
            }
        }
    }
}

impl Step {
    /// The sort key, smallest first, of a row with this `figure` of a metric and number of the `text` of a dimension.
    pub(super) fn word(&self, row: usize, figure: impl Fn(usize) -> f64, text: impl Fn(usize) -> u32) -> u64 {
        match self {
            Self::Value(metric, descending) => sortable(figure(*metric), *descending),
            Self::Rank(dimension, ranks, descending) => {
                let rank = u64::from(ranks[text(*dimension) as usize]);
                if *descending { !rank } else { rank }
            }
            Self::Shuffle(noise) => mix(noise ^ row as u64),
        }
    }
}

/// The rank of each text among all `texts`; equal texts share a rank.
pub(super) fn ranks(texts: &[String], by: OrderType) -> Vec<u32> {
    match by {
        OrderType::Alphanumeric => ranks_by(texts.iter().map(String::as_str).collect(), Ord::cmp),
        OrderType::CaseInsensitive => ranks_by(texts.iter().map(|text| text.to_lowercase()).collect(), Ord::cmp),
        OrderType::Numeric => {
            ranks_by(texts.iter().map(|text| text.parse().unwrap_or(f64::NEG_INFINITY)).collect(), f64::total_cmp)
        }
    }
}

fn ranks_by<T>(keys: Vec<T>, compare: impl Fn(&T, &T) -> std::cmp::Ordering) -> Vec<u32> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|a, b| compare(&keys[*a], &keys[*b]));
    let mut ranks = vec![0; keys.len()];
    let mut rank = 0;
    for pair in order.windows(2) {
        if compare(&keys[pair[0]], &keys[pair[1]]).is_ne() {
            rank += 1;
        }
        ranks[pair[1]] = rank;
    }
    ranks
}

/// An integer that sorts as the float does.
fn sortable(value: f64, descending: bool) -> u64 {
    let bits = value.to_bits();
    let ascending = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    if descending { !ascending } else { ascending }
}

#[cfg(test)]
mod tests;
