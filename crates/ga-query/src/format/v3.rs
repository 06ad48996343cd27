//! The answer that Core Reporting v3 would have given: one `analytics#gaData` object, of which the rows come last.
//! <https://developers.google.com/analytics/devguides/reporting/core/v3/reference#data_response>

use ga_core::v3::{Query, Translation, data_table_columns, ga_data};
use gauth_cli::{Failure, Kind};

use super::{Beginning, Content, Format, NewWriter, RowWriter};
use crate::arguments::{Arguments, DATA_TABLE};
use crate::question::Question;

pub(super) const FORMAT: Format = Format {
    name: "v3",
    extensions: &[],
    names_property: false,
    shows_property_name: false,
    several: None,
    content: Content::Report(prepare),
};

/// v3's own page; ours is as long as the report, if that is longer.
const MAX_RESULTS: u64 = 1000;

fn prepare(arguments: &Arguments, question: &Question) -> Result<NewWriter, Failure> {
    let (Some(plan), [_]) = (&question.plan, &question.request.date_ranges[..]) else {
        return Err(Failure::usage(
            "-f v3: v3 knew neither official requests nor realtime nor several date ranges in this answer",
        ));
    };
    if arguments.property.len() > 1 || arguments.property.iter().any(|ids| ids.contains(',')) {
        return Err(Failure::usage("-f v3: v3 answered for one view at a time"));
    }
    let filters = arguments.filter.iter().chain(&arguments.filters);
    let plan = plan.clone();
    let limit = question.limit;
    let query = Query {
        ids: arguments.ids.clone().unwrap_or_default(),
        sort: arguments.sort.iter().flat_map(|keys| keys.split(',')).map(|key| key.trim().to_owned()).collect(),
        filters: filters.cloned().collect::<Vec<_>>().join(";"),
        start_index: question.offset + 1,
        ..Query::default()
    };
    let rows = match arguments.v3_output() {
        Some(DATA_TABLE) => Rows::of_data_table(&plan),
        _ => Rows::of_texts(),
    };
    Ok(Box::new(move |_, beginning| Box::new(GaData::new(&plan, query.clone(), limit, rows.clone(), beginning))))
}

/// How rows are written.
#[derive(Clone)]
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

    fn of_data_table(plan: &Translation) -> Self {
        Self {
            begin: format!(",\"dataTable\":{{\"cols\":{},\"rows\":[\n", data_table_columns(plan)),
            is_table: true,
            row: ["{\"c\":[", "]}"],
            cell: ["{\"v\":", "}"],
            end: "\n]}}\n",
        }
    }
}

struct GaData {
    /// The object without its last brace.
    head: Vec<u8>,
    rows: Rows,
    is_empty: bool,
}

impl GaData {
    fn new(plan: &Translation, mut query: Query, limit: Option<u64>, rows: Rows, beginning: &Beginning<'_>) -> Self {
        let total = beginning.head.row_count.unwrap_or(0);
        query.property = beginning.property.to_owned();
        if query.ids.is_empty() {
            query.ids = format!("ga:{}", query.property);
        }
        if let [range] = &beginning.request.date_ranges[..] {
            query.start_date.clone_from(&range.start_date);
            query.end_date.clone_from(&range.end_date);
        }
        query.max_results = limit.unwrap_or_else(|| total.max(MAX_RESULTS));
        let object = serde_json::Value::Object(ga_data(plan, &query, beginning.head, total));
        let mut head = object.to_string().into_bytes();
        head.pop();
        Self { head, rows, is_empty: true }
    }
}

impl RowWriter for GaData {
    fn begin(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.head);
    }

    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        match self.is_empty {
            true => out.extend_from_slice(self.rows.begin.as_bytes()),
            false => out.extend_from_slice(b",\n"),
        }
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
                .map_err(|error| Failure::new(Kind::Failed, format!("write a row: {error}")))?;
            out.extend_from_slice(end.as_bytes());
        }
        out.extend_from_slice(end.as_bytes());
        Ok(())
    }

    /// They are in `totalsForAllResults`.
    fn aggregate(&mut self, _: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.is_empty && !self.rows.is_table {
            // v3 left its rows out when there were none.
            out.extend_from_slice(b"}\n");
            return;
        }
        if self.is_empty {
            out.extend_from_slice(self.rows.begin.as_bytes());
        }
        out.extend_from_slice(self.rows.end.as_bytes());
    }
}
