//! Translates a v3 query into a GA4 request, and the rows of the response back.
//!
//! Dates, limit, offset and aggregations mean the same in both; they are left to the caller.

use std::borrow::Cow;

use gauth_text::Typed;

use super::column::{Cells, Column, DataType};
use super::conditions;
use super::decimal::with_point;
use super::field_list::FieldList;
use super::map::FieldMap;
use super::merge::check_additive;
use crate::catalogue::{self, FieldKind, edit_distance};
use crate::error::Error;
use crate::filter::{self, Expression};
use crate::order::{self, DefaultOrder};
use crate::paging::DATE_RANGE;
use crate::report::{Dimension, Metric, RunReportRequest};
use crate::response::AggregateRow;

/// The query; each name is a GA4 name, or a v3 name with or without `ga:`.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The dimensions, in order.
    pub dimensions: Vec<String>,
    /// The metrics, in order.
    pub metrics: Vec<String>,
    /// Dimensions and metrics of the report; `-` before a name means descending.
    pub sort: Vec<String>,
    /// The order if `sort` is empty.
    pub default_order: DefaultOrder,
    /// All of them must match.
    pub filters: Vec<Expression>,
    /// Whether the request has several date ranges, so that each row of GA4's carries the name of its
    /// range behind the dimensions.
    pub compares_ranges: bool,
}

/// The request, and how its rows become v3 rows.
#[derive(Clone, Debug)]
pub struct Translation {
    /// Dimensions, metrics, filters and order of the request.
    pub request: RunReportRequest,
    /// The requested columns: dimensions, then metrics.
    pub columns: Vec<Column>,
    /// Names whose meaning differs, each reported once.
    pub notes: Vec<String>,
    /// The place of the first metric in GA4's row.
    pub(super) metrics_start: usize,
    /// Columns and whether they are in descending order, for rows that are merged here.
    pub(super) sort: Vec<(usize, bool)>,
    /// Their order where `sort` is empty.
    pub(super) default_order: DefaultOrder,
}

impl Translation {
    /// Translates; refuses what has no equivalent in GA4.
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
        let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        let sort = sort_keys(&question.sort, &names)?;
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
        let notes = std::mem::take(&mut fields.notes);
        Ok(Self {
            request: RunReportRequest { order_bys, ..request(fields, filters, &columns)? },
            columns,
            notes,
            metrics_start,
            sort,
            default_order: question.default_order,
        })
    }

    /// Whether the rows of GA4 need no translation.
    pub fn is_plain(&self) -> bool {
        let in_place = |(place, column): (usize, &Column)| column.cells == Cells::Same(place);
        self.columns.iter().enumerate().all(in_place)
    }

    /// Whether several rows of GA4 can become one, so that the result is known only after the last row: see
    /// [`super::Merge`]. Limit and offset then apply to its rows, not to the request.
    pub fn merges(&self) -> bool {
        self.columns.iter().any(Column::merges)
    }

    /// The places of the columns with a dimension of time.
    fn times(&self) -> impl Iterator<Item = usize> {
        let is_time = |column: &Column| {
            let dimension = column.unchanged().and_then(|place| self.request.dimensions.get(place));
            dimension.is_some_and(|dimension| order::is_time(&dimension.name))
        };
        (0..self.columns.len()).filter(move |place| is_time(&self.columns[*place]))
    }

    /// The columns that rows are sorted by unless another order is requested, and whether in descending order.
    pub fn time_or_size(&self) -> Vec<(usize, bool)> {
        let mut sort: Vec<_> = self.times().map(|place| (place, false)).collect();
        let metric = self.columns.iter().position(|column| column.kind == FieldKind::Metric);
        if sort.is_empty() {
            sort.extend(metric.map(|place| (place, true)));
        }
        sort
    }

    /// Whether the rows are in order of time by default.
    pub fn is_in_order_of_time(&self) -> bool {
        self.sort.is_empty() && self.default_order == DefaultOrder::TimeOrSize && self.times().next().is_some()
    }

    /// Puts the translated cells into `cells` for a row of GA4: the request's dimensions, the name of
    /// the range if there are several, then the visible metrics.
    pub fn row<'a>(&self, row: &[&'a [u8]], cells: &mut Vec<Cow<'a, [u8]>>) {
        cells.clear();
        cells.extend(self.columns.iter().map(|column| column.cell(row)));
    }

    /// The totals of the metric columns, from those of the server; zeros if it sent none, as it does if there are no
    /// rows.
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

/// The request for these fields and rows, without its order.
fn request(fields: FieldList<'_>, filters: Vec<Expression>, columns: &[Column]) -> Result<RunReportRequest, Error> {
    let own_names = fields.expressions.iter().map(|metric| metric.name.clone());
    let metrics: Vec<String> = fields.metrics.iter().cloned().chain(own_names).collect();
    let known: Vec<String> = metrics.iter().cloned().chain(fields.filtered_metrics).collect();
    let sides = filter::sides(filters, &known)?;
    if let Some(column) = columns.iter().find(|column| column.merges())
        && sides.metric.is_some()
    {
        return Err(Error::field(format!(
            "cannot translate {}: its rows are summed after the server has filtered metrics, so the filter would miss them",
            Typed(&column.name)
        ))
        .with_hint("filter the output, or by dimensions only"));
    }
    Ok(RunReportRequest {
        dimensions: fields.dimensions.into_iter().map(Dimension::named).collect(),
        metrics: fields
            .metrics
            .into_iter()
            .map(Metric::named)
            .chain(fields.expressions)
            .chain(not_among(&metrics, &sides.metrics).map(Metric::invisible))
            .collect(),
        dimension_filter: sides.dimension,
        metric_filter: sides.metric,
        ..RunReportRequest::default()
    })
}

/// Those of `filtered` that are not among `metrics`, each once. A former name is the same metric.
fn not_among<'a>(metrics: &[String], filtered: &'a [String]) -> impl Iterator<Item = &'a String> + use<'a> {
    let present = |name: &String| catalogue::renamed(name).unwrap_or_else(|| name.clone());
    let mut requested: Vec<String> = metrics.iter().map(present).collect();
    filtered.iter().filter(move |name| {
        let name = present(name);
        let is_new = !requested.contains(&name);
        requested.extend(is_new.then_some(name));
        is_new
    })
}

/// The places of the columns of these `names` that rows are to be sorted by, and whether in descending order.
pub fn sort_keys(sort: &[String], names: &[&str]) -> Result<Vec<(usize, bool)>, Error> {
    let mut keys: Vec<(usize, bool)> = Vec::new();
    for key in sort {
        let (desc, name) = match key.strip_prefix('-') {
            Some(name) => (true, name.trim_start()),
            None => (false, key.as_str()),
        };
        let exact = names.iter().position(|column| *column == name);
        let alike = || names.iter().position(|column| bare(column) == bare(name));
        let Some(place) = exact.or_else(alike) else {
            return Err(no_column(name, desc, names));
        };
        if keys.iter().any(|(known, _)| *known == place) {
            return Err(Error::usage(format!("--sort: {} is named twice", Typed(name))));
        }
        keys.push((place, desc));
    }
    Ok(keys)
}

fn bare(name: &str) -> &str {
    name.strip_prefix("ga:").unwrap_or(name)
}

/// Why rows cannot be sorted by this, with a hint.
fn no_column(name: &str, desc: bool, columns: &[&str]) -> Error {
    let key = |name: &str, desc: bool| format!("--sort {}{}", if desc { "-" } else { "" }, Typed(name).quoted());
    let names: Vec<&str> = columns.iter().copied().filter(|name| *name != DATE_RANGE).collect();
    if name.is_empty() {
        let error = Error::usage("--sort: expected a name after the dash");
        return match names.last() {
            Some(column) => error.with_hint(format!("for the largest first, use {}", key(column, true))),
            None => error,
        };
    }
    let mut words = name.split([' ', ':']).filter(|word| !word.is_empty());
    if let (Some(column), Some(direction), None) = (words.next(), words.next(), words.next())
        && ["asc", "ascending", "desc", "descending"].iter().any(|word| direction.eq_ignore_ascii_case(word))
    {
        let desc = desc != direction.to_ascii_lowercase().starts_with("desc");
        return Error::usage(format!("--sort: {} is not a column", Typed(name)))
            .with_hint(format!("a dash means descending: {}", key(column, desc)));
    }
    let error = Error::usage(format!("cannot sort by {}: it is not in the report", Typed(name)));
    let distance = |column: &&str| edit_distance(&bare(column).to_lowercase(), &bare(name).to_lowercase());
    let kinds = [(FieldKind::Metric, "-m"), (FieldKind::Dimension, "-d")];
    let option = kinds.into_iter().find(|(kind, _)| catalogue::find(name, *kind).is_some());
    let near = names.iter().copied().min_by_key(distance).filter(|near| distance(near) <= (name.len() / 3).max(1));
    error.with_hint(match (option, near) {
        (Some((_, option)), _) => format!("add it with {option} {name}"),
        (None, Some(near)) => format!("did you mean `{near}`? use {}", key(near, desc)),
        (None, None) => {
            let names: Vec<String> = names.iter().map(|name| Typed(name).to_string()).collect();
            format!("sort by one of {}", names.join(", "))
        }
    })
}
