//! The answer that Core Reporting v3 would have given: one `analytics#gaData` object, of which the rows come last.
//! <https://developers.google.com/analytics/devguides/reporting/core/v3/reference#data_response>

use ga_core::v3::{Plan, Query, ga_data};
use gauth_cli::{Failure, Kind};

use super::{Beginning, Content, Format, NewWriter, RowWriter};
use crate::arguments::Arguments;
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
    let (Some(plan), [range]) = (&question.plan, &question.request.date_ranges[..]) else {
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
        start_date: range.start_date.clone(),
        end_date: range.end_date.clone(),
        sort: arguments.sort.iter().flat_map(|keys| keys.split(',')).map(|key| key.trim().to_owned()).collect(),
        filters: filters.cloned().collect::<Vec<_>>().join(";"),
        start_index: question.offset + 1,
        ..Query::default()
    };
    Ok(Box::new(move |_, beginning| Box::new(GaData::new(&plan, query.clone(), limit, beginning))))
}

struct GaData {
    /// The object without its last brace.
    head: Vec<u8>,
    is_empty: bool,
}

impl GaData {
    fn new(plan: &Plan, mut query: Query, limit: Option<u64>, beginning: &Beginning<'_>) -> Self {
        let total = beginning.head.row_count.unwrap_or(0);
        query.property = beginning.property.to_owned();
        if query.ids.is_empty() {
            query.ids = format!("ga:{}", query.property);
        }
        query.max_results = limit.unwrap_or_else(|| total.max(MAX_RESULTS));
        let object = serde_json::Value::Object(ga_data(plan, &query, beginning.head, total));
        let mut head = object.to_string().into_bytes();
        head.pop();
        Self { head, is_empty: true }
    }
}

impl RowWriter for GaData {
    fn begin(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.head);
    }

    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        out.extend_from_slice(match self.is_empty {
            true => b",\"rows\":[\n",
            false => b",\n",
        });
        self.is_empty = false;
        for (place, cell) in cells.iter().enumerate() {
            out.push(if place == 0 { b'[' } else { b',' });
            let text = str::from_utf8(cell).unwrap_or_default();
            serde_json::to_writer(&mut *out, text)
                .map_err(|error| Failure::new(Kind::Failed, format!("write a row: {error}")))?;
        }
        out.push(b']');
        Ok(())
    }

    /// They are in `totalsForAllResults`.
    fn aggregate(&mut self, _: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self.is_empty {
            true => b"}\n",
            false => b"\n]}\n",
        });
    }
}
