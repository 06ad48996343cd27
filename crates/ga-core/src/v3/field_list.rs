//! The GA4 fields of a translation, collected from its columns, order and filters.

use super::column::{Cells, Column, DataType};
use super::map::FieldMap;
use super::resolve::{Fields, Resolved, resolve};
use crate::catalogue::FieldKind;
use crate::error::Error;
use crate::filter::{self, Expression};
use crate::paging::DATE_RANGE;
use crate::report::{Metric, OrderBy, OrderKey};

/// The fields found so far.
pub(super) struct FieldList<'a> {
    map: &'a FieldMap,
    pub(super) dimensions: Vec<String>,
    has_date_range: bool,
    /// The visible metrics.
    pub(super) metrics: Vec<String>,
    /// Metrics that the server computes to filter or sort by, but does not send.
    pub(super) expressions: Vec<Metric>,
    /// Metrics that occur in filters.
    pub(super) filtered_metrics: Vec<String>,
    /// Each requested metric with the filter that it needs.
    conditions: Vec<(String, String)>,
    pub(super) notes: Vec<String>,
}

impl<'a> FieldList<'a> {
    pub(super) fn new(map: &'a FieldMap) -> Self {
        Self {
            map,
            dimensions: Vec::new(),
            has_date_range: false,
            metrics: Vec::new(),
            expressions: Vec::new(),
            filtered_metrics: Vec::new(),
            conditions: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// What replaces a name; its note is kept.
    pub(super) fn resolve(&mut self, name: &str, kind: FieldKind) -> Result<Resolved, Error> {
        let resolved = resolve(name, kind, self.map)?;
        if let Some(note) = &resolved.note
            && !self.notes.contains(note)
        {
            self.notes.push(note.clone());
        }
        let condition = (name.to_owned(), resolved.filter.clone());
        if kind == FieldKind::Metric && !self.conditions.contains(&condition) {
            self.conditions.push(condition);
        }
        Ok(resolved)
    }

    pub(super) fn column(&mut self, name: String, kind: FieldKind) -> Result<Column, Error> {
        let resolved = self.resolve(&name, kind)?;
        let power = power(&resolved);
        let cells = match (resolved.fields, kind) {
            (Fields::Joined(names), _) => Cells::Joined(names.into_iter().map(|name| self.place(name, kind)).collect()),
            (Fields::Quotient(a, b), _) => Cells::Quotient(self.place(a, kind), self.place(b, kind), power),
            (Fields::Difference(a, b), _) => Cells::Difference(self.place(a, kind), self.place(b, kind)),
            (Fields::One(field), FieldKind::Metric) if power != 0 => Cells::Shifted(self.place(field, kind), power),
            (Fields::One(field), _) => {
                let place = self.place(field, kind);
                match (resolved.values, level(resolved.values)) {
                    ("path", _) => Cells::Path(place),
                    (_, Some(level)) => Cells::Level(place, level),
                    (labels, None) if labels.contains('>') => Cells::Labelled(place, labels),
                    _ => Cells::Same(place),
                }
            }
        };
        Ok(Column { name, kind, data_type: resolved.data_type, cells })
    }

    /// The column that the server adds after the dimensions if there are several date ranges.
    pub(super) fn date_range(&mut self) -> Column {
        self.has_date_range = true;
        Column {
            name: DATE_RANGE.to_owned(),
            kind: FieldKind::Dimension,
            data_type: DataType::String,
            cells: Cells::Same(self.dimensions.len()),
        }
    }

    /// The place of the first metric in GA4's row, once all dimensions are known.
    pub(super) fn metrics_start(&self) -> usize {
        self.dimensions.len() + usize::from(self.has_date_range)
    }

    /// The place of a field in GA4's row; dimensions are all known before the first metric.
    fn place(&mut self, field: String, kind: FieldKind) -> usize {
        let (before, list) = match kind {
            FieldKind::Dimension => (0, &mut self.dimensions),
            FieldKind::Metric => (self.metrics_start(), &mut self.metrics),
        };
        let known = list.iter().position(|known| *known == field);
        before
            + known.unwrap_or_else(|| {
                list.push(field);
                list.len() - 1
            })
    }

    /// The name by which a metric of the request can be filtered or sorted: its own, or that of an
    /// invisible metric that the server computes.
    pub(super) fn comparable(&mut self, name: &str, fields: &Fields) -> String {
        if let Fields::One(field) = fields {
            return field.clone();
        }
        let (_, own) = name.rsplit_once(':').unwrap_or(("", name));
        if !self.expressions.iter().any(|metric| metric.name == own) {
            self.expressions.push(Metric {
                name: own.to_owned(),
                expression: Some(fields.to_string()),
                invisible: Some(true),
            });
        }
        own.to_owned()
    }

    /// Records that a filter uses this metric.
    pub(super) fn filters_by(&mut self, metric: String) {
        self.filtered_metrics.push(metric);
    }

    pub(super) fn order(&mut self, column: &Column, desc: bool, orders: &mut Vec<OrderBy>) -> Result<(), Error> {
        let fields = self.resolve(&column.name, column.kind)?.fields;
        let keys = match (column.kind, fields) {
            (FieldKind::Metric, fields) => {
                vec![OrderKey::Metric { metric_name: self.comparable(&column.name, &fields) }]
            }
            (FieldKind::Dimension, Fields::Joined(names)) => names.into_iter().map(by_dimension).collect(),
            (FieldKind::Dimension, fields) => vec![by_dimension(fields.to_string())],
        };
        orders.extend(keys.into_iter().map(|key| OrderBy { desc, key }));
        Ok(())
    }

    /// The filter that all metrics need; an error if they need different ones.
    pub(super) fn own_condition(&self) -> Result<Option<Expression>, Error> {
        let Some((first, condition)) = self.conditions.first() else {
            return Ok(None);
        };
        if let Some((other, different)) = self.conditions.iter().find(|(_, c)| c != condition) {
            let (name, condition, other) =
                if condition.is_empty() { (other, different, first) } else { (first, condition, other) };
            return Err(Error::field(format!(
                "cannot translate {name}: it counts only where {condition}, which {other} does not"
            ))
            .with_hint("request the two in separate reports"));
        }
        if condition.is_empty() { Ok(None) } else { Ok(Some(filter::parse(condition)?)) }
    }
}

/// The power of ten by which v3's numbers are larger than GA4's.
pub(super) fn power(resolved: &Resolved) -> i32 {
    match resolved.values {
        "x100" => 2,
        "x1000" => 3,
        _ => 0,
    }
}

/// The level of a path that `splitN` means.
pub(super) fn level(values: &str) -> Option<usize> {
    values.strip_prefix("split")?.parse().ok()
}

fn by_dimension(dimension_name: String) -> OrderKey {
    OrderKey::Dimension { dimension_name, order_type: None }
}
