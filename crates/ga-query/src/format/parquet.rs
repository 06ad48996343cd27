//! A Parquet file for analytical databases ([`ga_client::parquet`]): days are DATE, other dimensions are text, metrics
//! INT64 where Analytics says that they are whole, and otherwise DOUBLE, as Google's are. The metadata describe the
//! report.

use ga_client::parquet::{CellType, Writer};
use ga_core::check::Method;
use ga_core::report::{DateRange, RunReportRequest};
use gauth_cli::{Failure, Kind};
use serde_json::json;

use super::days::Days;
use super::{Column, Content, Format, Layout, RowWriter, Start};
use crate::arguments::Arguments;
use crate::query::Query;

pub(super) const FORMAT: Format = Format {
    extensions: &["parquet"],
    has_totals: false,
    is_text: false,
    check,
    ..Format::new("parquet", Content::Report(begin))
};

fn check(_: &Arguments, query: &Query) -> Result<(), Failure> {
    match query.method {
        Method::RunPivotReport | Method::BatchRunPivotReports | Method::RunFunnelReport => {
            Err(Failure::usage(format!("-f parquet: cannot hold the tables of {}", query.method)))
        }
        _ => Ok(()),
    }
}

fn begin(layout: Layout, start: &Start<'_>, _: &mut Vec<u8>) -> Result<Box<dyn RowWriter>, Failure> {
    let columns = layout.columns.iter().map(|column| (&*column.name, cell_type(column, start.request)));
    let writer = Writer::new(Vec::new(), &columns.collect::<Vec<_>>()).map_err(|error| Failure::of(&error))?;
    Ok(Box::new(Parquet { writer, metadata: metadata(start)? }))
}

fn cell_type(column: &Column, request: &RunReportRequest) -> CellType {
    // An expression may have any name.
    let is_expression = |name: &str| {
        let mut dimensions = request.dimensions.iter();
        dimensions.any(|dimension| dimension.name == name && dimension.dimension_expression.is_some())
    };
    match &*column.name {
        _ if column.is_metric && column.is_integer => CellType::Integer,
        _ if column.is_metric => CellType::Number,
        name if is_expression(name) => CellType::Text,
        "date" => CellType::Date,
        "property" => CellType::Integer,
        _ => CellType::Text,
    }
}

/// The key-value metadata of the file.
fn metadata(start: &Start<'_>) -> Result<Vec<(&'static str, String)>, Failure> {
    let properties: Vec<_> = start.properties.iter().map(|property| property.number.as_str()).collect();
    let request = serde_json::to_string(start.request)
        .map_err(|error| Failure::new(Kind::Failed, format!("cannot write the request: {error}")))?;
    let days = Days::of(start).ranges;
    let ranges = start.request.date_ranges.iter().zip(days).map(|(range, known)| match known.days {
        Some((first, last)) => {
            DateRange { start_date: first.to_string(), end_date: last.to_string(), name: range.name.clone() }
        }
        None => range.clone(),
    });
    let ranges = match &start.request.minute_ranges[..] {
        [] => json!(ranges.collect::<Vec<_>>()),
        minutes => json!(minutes),
    };
    let compared = start.other.map(|range| ("compared_with", json!(range).to_string()));
    let report = [("property", properties.join(",")), ("ranges", ranges.to_string()), ("request", request)];
    Ok(report.into_iter().chain(compared).collect())
}

struct Parquet {
    writer: Writer<Vec<u8>>,
    metadata: Vec<(&'static str, String)>,
}

impl RowWriter for Parquet {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.writer.row(cells).map_err(|error| Failure::of(&error))?;
        out.append(self.writer.sink());
        Ok(())
    }

    fn aggregate(&mut self, _: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        Err(Failure::new(Kind::Failed, "cannot write Parquet: the server sent totals that were not requested"))
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let finished = self.writer.finish(self.metadata.clone());
        finished.map_err(|error| Failure::new(Kind::Failed, format!("cannot write Parquet: {error}")))?;
        out.append(self.writer.sink());
        Ok(())
    }

    fn loss(&self) -> Option<String> {
        self.writer.null_dates()
    }
}
