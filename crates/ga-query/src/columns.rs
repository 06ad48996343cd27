//! The columns of the output, and the rows of totals and their like.

use ga_client::rows::{Measure, Role};
use ga_core::catalogue::{self, FieldKind};
use ga_core::compare;
use ga_core::paging::DATE_RANGE;
use ga_core::report::{Metric, RunReportRequest};
use ga_core::response::{AggregateRow, MetricHeader, ReportHead};
use ga_core::v3::{DataType, Translation};

use crate::document::Source;
use crate::format::Column;
use crate::report::Report;

/// The columns from the left. Those shown as sent have the API's names, and computed ones the names that were requested.
pub(crate) fn of(report: &Report, has_property: bool, head: &ReportHead) -> Vec<Column> {
    let sent = sent(&report.request, head);
    let mut columns = Vec::new();
    if has_property {
        columns.push(Column::new("property", false));
    }
    let Some(translation) = report.translation() else {
        columns.extend(sent);
        return columns;
    };
    columns.extend(translation.columns.iter().map(|asked| {
        let unchanged = asked.unchanged().and_then(|place| sent.get(place));
        unchanged.cloned().unwrap_or_else(|| Column {
            is_integer: asked.data_type == DataType::Integer,
            measure: match asked.data_type {
                DataType::Percent => Measure::Percent,
                DataType::Time => Measure::Time(1000),
                DataType::Currency => money(head),
                DataType::String | DataType::Integer | DataType::Float => Measure::Number,
            },
            ..Column::new(&asked.name, asked.kind == FieldKind::Metric)
        })
    }));
    columns
}

/// What the other columns of a metric are called in a comparison of two periods, behind its name.
pub(crate) const PREVIOUS: &str = "_previous";
pub(crate) const CHANGE: &str = "_change";

/// The columns of a comparison of two periods: three for each metric, called as Analytics would if those are.
pub(crate) fn compared(columns: Vec<Column>, has_display_names: bool) -> Vec<Column> {
    let mut all = Vec::new();
    for column in columns {
        if !column.is_metric {
            all.push(column);
            continue;
        }
        let other = |role: Role, ending: &str| {
            let (name, words) = (format!("{}{ending}", column.name), ending.trim_start_matches('_'));
            let shown = format!("{} ({words})", column.heading);
            Column { heading: if has_display_names { shown } else { name.clone() }, name, role, ..column.clone() }
        };
        let previous = other(Role::Previous, PREVIOUS);
        let change = Column { is_integer: false, measure: Measure::Change, ..other(Role::Change, CHANGE) };
        all.extend([column, previous, change]);
    }
    all
}

/// Whether a metric counts something, so that nothing is 0 of it.
pub(crate) fn is_sum(column: &Column) -> bool {
    column.is_integer || matches!(column.measure, Measure::Money(_))
}

/// The columns of an answer; an empty one may omit its headers, and then the request determines them.
fn sent(request: &RunReportRequest, head: &ReportHead) -> Vec<Column> {
    let mut columns = Vec::new();
    if head.dimension_headers.is_empty() && head.metric_headers.is_empty() {
        let dimensions = request.dimensions.iter().map(|d| &*d.name);
        columns.extend(dimensions.map(|name| Column::new(name, false)));
        let is_asked = request.dimensions.iter().any(|d| d.name == DATE_RANGE);
        let ranges = request.date_ranges.len().max(request.minute_ranges.len());
        if ranges > 1 && !is_asked {
            columns.push(Column::new(DATE_RANGE, false));
        }
        let visible = request.metrics.iter().filter(|m| m.invisible != Some(true));
        columns
            .extend(visible.map(|metric| Column { is_integer: is_integer(metric), ..Column::new(&metric.name, true) }));
    } else {
        let dimensions = head.dimension_headers.iter();
        columns.extend(dimensions.map(|header| Column::new(&header.name, false)));
        let metrics = head.metric_headers.iter();
        columns.extend(metrics.map(|header| Column {
            is_integer: header.r#type == "TYPE_INTEGER",
            measure: measure(header, request, head),
            ..Column::new(&header.name, true)
        }));
    }
    columns
}

/// Whether a metric whose type was not sent is known to be whole.
fn is_integer(metric: &Metric) -> bool {
    let field = catalogue::find(&metric.name, FieldKind::Metric).filter(|_| metric.expression.is_none());
    field.is_some_and(|field| field.format == "integer")
}

/// What a metric measures: a standard one what the catalogue says, any other (custom, calculated, an expression of the
/// request) what the type in the answer says.
/// <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/MetricType>
fn measure(header: &MetricHeader, request: &RunReportRequest, head: &ReportHead) -> Measure {
    let name = &header.name;
    let is_expression = request.metrics.iter().any(|metric| metric.name == *name && metric.expression.is_some());
    let known = catalogue::find(name, FieldKind::Metric).filter(|field| !is_expression && !field.format.is_empty());
    let sent = header.r#type.strip_prefix("TYPE_").unwrap_or_default().to_ascii_lowercase();
    match known.map_or(&*sent, |field| field.format) {
        "currency" => money(head),
        "milliseconds" => Measure::Time(1),
        "seconds" => Measure::Time(1000),
        "minutes" => Measure::Time(60_000),
        "hours" => Measure::Time(3_600_000),
        _ if !is_expression && catalogue::is_share(name) => Measure::Rate,
        _ => Measure::Number,
    }
}

/// An amount in the currency of the report, if that is known.
fn money(head: &ReportHead) -> Measure {
    let code = head.metadata.currency_code.clone();
    let is_code = |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    code.filter(is_code).map_or(Measure::Number, Measure::Money)
}

/// Whether these are the same columns. An answer without rows may omit its headers, and with them the types.
pub(crate) fn have_same_names(some: &[Column], others: &[Column]) -> bool {
    some.iter().map(|column| &column.name).eq(others.iter().map(|column| &column.name))
}

/// Totals, smallest and largest numbers as rows of the output.
pub(crate) fn aggregates(source: Source<'_>, head: &ReportHead) -> Vec<Vec<String>> {
    lists(head).into_iter().flatten().map(|row| aggregate(source, head, row)).collect()
}

/// Those of two periods, side by side as `columns` before they are those of a comparison.
pub(crate) fn compared_aggregates(source: Source<'_>, heads: [&ReportHead; 2], columns: &[Column]) -> Vec<Vec<String>> {
    let cells = |head: &ReportHead, list: &[AggregateRow]| list.first().map(|row| aggregate(source, head, row));
    let rows = lists(heads[0]).into_iter().zip(lists(heads[1]));
    let rows = rows.map(|(own, other)| (cells(heads[0], own), cells(heads[1], other)));
    rows.filter_map(|(own, other)| {
        let known = own.as_ref().or(other.as_ref())?;
        let mut row = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            if column.is_metric {
                let cell = |cells: &Option<Vec<String>>| Some(cells.as_ref()?.get(place)?.clone().into_bytes());
                let (own, other) = (cell(&own), cell(&other));
                let cells = compare::cells(own.as_deref(), other.as_deref(), is_sum(column));
                row.extend(cells.map(|cell| String::from_utf8_lossy(&cell).into_owned()));
            } else {
                row.push(known[place].clone());
            }
        }
        Some(row)
    })
    .collect()
}

fn lists(head: &ReportHead) -> [&[AggregateRow]; 4] {
    [&head.totals, &head.minimums, &head.maximums, &head.aggregates]
}

fn aggregate(source: Source<'_>, head: &ReportHead, row: &AggregateRow) -> Vec<String> {
    let mut cells = Vec::new();
    cells.extend(source.is_named.then(|| source.property.number.to_string()));
    match source.report.translation() {
        Some(translation) => cells.extend(translated(translation, row)),
        None => {
            let (dimensions, metrics) = (&head.dimension_headers, &head.metric_headers);
            cells.extend(padded(&row.dimension_values, dimensions.len()));
            cells.extend(padded(&row.metric_values, metrics.len()));
        }
    }
    cells
}

/// `RESERVED_TOTAL` stays what it is regardless of how its dimension is translated.
fn translated(translation: &Translation, row: &AggregateRow) -> Vec<String> {
    let reserved = row.dimension_values.first().cloned().unwrap_or_default();
    let dimensions = translation.columns.iter().filter(|column| column.kind == FieldKind::Dimension);
    let dimensions = dimensions.map(|column| {
        let sent = column.unchanged().and_then(|place| row.dimension_values.get(place));
        sent.unwrap_or(&reserved).clone()
    });
    dimensions.chain(translation.totals(Some(row))).collect()
}

/// One cell for each column.
fn padded(cells: &[String], width: usize) -> impl Iterator<Item = String> {
    let missing = width.saturating_sub(cells.len());
    let cells = cells.iter().take(width).cloned();
    cells.chain(std::iter::repeat_n(String::new(), missing))
}
