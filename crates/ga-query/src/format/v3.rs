//! The answer that Core Reporting v3 would have given: one `analytics#gaData` object, of which the rows come last.
//! <https://developers.google.com/analytics/devguides/reporting/core/v3/reference#data_response>

use ga_core::v3::{Query as V3Query, Translation, data_table_columns, ga_data};
use gauth_cli::{Failure, Kind};

use super::{Content, Format, Layout, RowWriter, Start};
use crate::arguments::{Arguments, DATA_TABLE};
use crate::query::Query;

pub(super) const FORMAT: Format = Format { check, ..Format::new("v3", Content::Report(begin)) };

/// v3's own page; ours is as long as the report, if that is longer.
const MAX_RESULTS: u64 = 1000;

fn check(_: &Arguments, query: &Query) -> Result<(), Failure> {
    if query.properties.is_list() {
        return Err(Failure::usage("-f v3: v3 answered for one view at a time"));
    }
    let is_v3 = |report: &crate::report::Report| report.translation.is_some() && report.request.date_ranges.len() == 1;
    if query.reports.iter().all(is_v3) {
        return Ok(());
    }
    Err(Failure::usage("-f v3: v3 answered only reports in options, over one date range"))
}

fn begin(_: Layout, start: &Start<'_>, out: &mut Vec<u8>) -> Result<Box<dyn RowWriter>, Failure> {
    let Some(translation) = &start.report.translation else {
        return Err(Failure::usage("-f v3: v3 had no official requests"));
    };
    let rows = match start.arguments.v3_output() {
        Some(DATA_TABLE) => Rows::of_data_table(translation),
        _ => Rows::of_texts(),
    };
    let total = start.head.row_count.unwrap_or(0);
    let object = serde_json::Value::Object(ga_data(translation, &query(start, total), start.head, total));
    let object = object.to_string();
    // The rows follow before its last brace.
    out.extend_from_slice(object.strip_suffix('}').unwrap_or(&object).as_bytes());
    Ok(Box::new(GaData { rows, is_empty: true }))
}

/// The query as v3 repeats it in its answer.
fn query(start: &Start<'_>, total: u64) -> V3Query {
    let Start { arguments, report, request, .. } = start;
    let property = start.property.number.to_string();
    let filters: Vec<String> = arguments.filter.iter().chain(&arguments.filters).cloned().collect();
    let (start_date, end_date) = match &request.date_ranges[..] {
        [range] => (range.start_date.clone(), range.end_date.clone()),
        _ => Default::default(),
    };
    V3Query {
        ids: arguments.ids.clone().filter(|ids| !ids.is_empty()).unwrap_or_else(|| format!("ga:{property}")),
        property,
        start_date,
        end_date,
        sort: arguments.sort.iter().flat_map(|keys| keys.split(',')).map(|key| key.trim().to_owned()).collect(),
        filters: filters.join(";"),
        start_index: report.offset + 1,
        max_results: report.limit.unwrap_or_else(|| total.max(MAX_RESULTS)),
        ..V3Query::default()
    }
}

/// How rows are written.
struct Rows {
    /// Before the first, if there are any or they are part of a table.
    begin: String,
    is_table: bool,
    /// Around the cells of a row and around each cell.
    row: [&'static str; 2],
    cell: [&'static str; 2],
    end: &'static str,
}

impl Rows {
    fn of_texts() -> Self {
        Self { begin: ",\"rows\":[\n".to_owned(), is_table: false, row: ["[", "]"], cell: ["", ""], end: "\n]}\n" }
    }

    fn of_data_table(translation: &Translation) -> Self {
        Self {
            begin: format!(",\"dataTable\":{{\"cols\":{},\"rows\":[\n", data_table_columns(translation)),
            is_table: true,
            row: ["{\"c\":[", "]}"],
            cell: ["{\"v\":", "}"],
            end: "\n]}}\n",
        }
    }
}

struct GaData {
    rows: Rows,
    is_empty: bool,
}

impl RowWriter for GaData {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        let before = if self.is_empty { self.rows.begin.as_bytes() } else { b",\n" };
        out.extend_from_slice(before);
        self.is_empty = false;
        let [begin, end] = self.rows.row;
        out.extend_from_slice(begin.as_bytes());
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            let [begin, end] = self.rows.cell;
            out.extend_from_slice(begin.as_bytes());
            let text = str::from_utf8(cell).unwrap_or_default();
            serde_json::to_writer(&mut *out, text)
                .map_err(|error| Failure::new(Kind::Failed, format!("cannot write a row: {error}")))?;
            out.extend_from_slice(end.as_bytes());
        }
        out.extend_from_slice(end.as_bytes());
        Ok(())
    }

    /// They are in `totalsForAllResults`.
    fn aggregate(&mut self, _: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.is_empty && !self.rows.is_table {
            // v3 left its rows out when there were none.
            out.extend_from_slice(b"}\n");
            return Ok(());
        }
        if self.is_empty {
            out.extend_from_slice(self.rows.begin.as_bytes());
        }
        out.extend_from_slice(self.rows.end.as_bytes());
        Ok(())
    }
}
