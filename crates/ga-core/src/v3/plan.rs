//! A report in v3's words to the GA4 request that answers it, and back from its rows to v3's.
//!
//! Dates, limit, offset and aggregations are the caller's: they mean the same in both.

use std::borrow::Cow;

use super::column::{Cells, Column, DataType};
use super::conditions;
use super::decimal::with_point;
use super::field_list::FieldList;
use super::map::FieldMap;
use super::merge::check_additive;
use crate::answer::AggregateRow;
use crate::catalogue::FieldKind;
use crate::error::Error;
use crate::filter::{self, Expression};
use crate::paging::DATE_RANGE;
use crate::report::{Dimension, Metric, RunReportRequest};

/// What is asked, each name GA4's or v3's, with or without `ga:`.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The dimensions, in order.
    pub dimensions: Vec<String>,
    /// The metrics, in order.
    pub metrics: Vec<String>,
    /// Dimensions and metrics of the report; `-` before a name turns its order round.
    pub sort: Vec<String>,
    /// All of them must hold.
    pub filters: Vec<Expression>,
    /// Whether the request has several date ranges, so that each row of GA4's carries the name of its
    /// range behind the dimensions.
    pub compares_ranges: bool,
}

/// How the question is answered.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Dimensions, metrics, filters and order of the request.
    pub request: RunReportRequest,
    /// The columns as asked: dimensions, then metrics.
    pub columns: Vec<Column>,
    /// What has changed its meaning, each said once.
    pub notes: Vec<String>,
    /// The place of the first metric in GA4's row.
    pub(super) metrics_start: usize,
    /// Columns and whether they are in descending order, for rows that are put together here.
    pub(super) sort: Vec<(usize, bool)>,
}

impl Plan {
    /// Finds the fields that answer; refuses what GA4 has no equivalent for.
    pub fn new(question: Question, map: &FieldMap) -> Result<Self, Error> {
        let mut fields = FieldList::new(map);
        let mut columns = Vec::new();
        for name in question.dimensions {
            columns.push(fields.column(name, FieldKind::Dimension)?);
        }
        if question.compares_ranges && !columns.iter().any(|column| column.name == DATE_RANGE) {
            columns.push(fields.date_range());
        }
        let metrics_start = fields.metrics_start();
        for name in question.metrics {
            columns.push(fields.column(name, FieldKind::Metric)?);
        }
        let merges = columns.iter().any(Column::merges);
        let sort = find_sort(&question.sort, &columns)?;
        let mut order_bys = Vec::new();
        if !merges {
            for (place, desc) in &sort {
                fields.order(&columns[*place], *desc, &mut order_bys)?;
            }
        }
        let mut filters = Vec::new();
        for expression in question.filters {
            filters.push(conditions::translate(expression, &mut fields)?);
        }
        filters.extend(fields.own_condition()?);
        if merges {
            check_additive(&columns, &fields.metrics)?;
        }
        let own_names = fields.expressions.iter().map(|metric| metric.name.clone());
        let metrics: Vec<String> = fields.metrics.iter().cloned().chain(own_names).collect();
        let known: Vec<String> = metrics.into_iter().chain(fields.filtered_metrics).collect();
        let sides = filter::sides(filters, &known)?;
        if let Some(column) = columns.iter().find(|column| column.merges())
            && sides.metric.is_some()
        {
            return Err(Error::field(format!(
                "translate {}: its rows are added up after the server has filtered metrics: the filter would miss them",
                column.name
            ))
            .with_hint("filter the output, or by dimensions only"));
        }
        Ok(Self {
            request: RunReportRequest {
                dimensions: fields.dimensions.into_iter().map(Dimension::named).collect(),
                metrics: fields.metrics.into_iter().map(Metric::named).chain(fields.expressions).collect(),
                dimension_filter: sides.dimension,
                metric_filter: sides.metric,
                order_bys,
                ..RunReportRequest::default()
            },
            columns,
            notes: fields.notes,
            metrics_start,
            sort,
        })
    }

    /// Whether GA4's rows are the rows of the answer as they stand.
    pub fn is_plain(&self) -> bool {
        let in_place = |(place, column): (usize, &Column)| column.cells == Cells::Same(place);
        self.columns.iter().enumerate().all(in_place)
    }

    /// Whether several rows of GA4's can become one, so that all must be there before the first is known:
    /// see [`super::Merge`]. Limit and offset then apply to its rows, not to the request.
    pub fn merges(&self) -> bool {
        self.columns.iter().any(Column::merges)
    }

    /// Puts the cells of the answer into `cells` for a row of GA4's: the request's dimensions, the name of
    /// the range if there are several, then the visible metrics.
    pub fn row<'a>(&self, row: &[&'a [u8]], cells: &mut Vec<Cow<'a, [u8]>>) {
        cells.clear();
        cells.extend(self.columns.iter().map(|column| column.cell(row)));
    }

    /// The totals of the metric columns, made of the server's own; zeros when it sent none, which is
    /// what it does when there are no rows.
    pub fn totals(&self, totals: Option<&AggregateRow>) -> Vec<String> {
        let mut row: Vec<&[u8]> = vec![b""; self.metrics_start];
        let metrics = self.request.metrics.len();
        match totals {
            Some(totals) => row.extend(totals.metric_values.iter().map(String::as_bytes)),
            None => row.resize(self.metrics_start + metrics, b"0"),
        }
        let metrics = self.columns.iter();
        metrics
            .filter(|column| column.kind == FieldKind::Metric)
            .map(|column| {
                let cell = String::from_utf8_lossy(&column.cell(&row)).into_owned();
                match (totals, column.data_type) {
                    (None, DataType::Integer) | (Some(_), _) => cell,
                    (None, _) => with_point(cell),
                }
            })
            .collect()
    }
}

fn find_sort(sort: &[String], columns: &[Column]) -> Result<Vec<(usize, bool)>, Error> {
    let bare = |name: &str| name.strip_prefix("ga:").unwrap_or(name).to_owned();
    sort.iter()
        .map(|key| {
            let (desc, name) = match key.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, key.as_str()),
            };
            let exact = columns.iter().position(|column| column.name == name);
            let alike = || columns.iter().position(|column| bare(&column.name) == bare(name));
            match exact.or_else(alike) {
                Some(place) => Ok((place, desc)),
                None => Err(Error::usage(format!("sort the report: {name} is not in it"))
                    .with_hint(format!("add it with -m {name} or -d {name}"))),
            }
        })
        .collect()
}
