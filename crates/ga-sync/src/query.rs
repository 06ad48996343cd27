//! From the command line to what is requested of each property and day.
//!
//! Names of Universal Analytics are translated as ga-query does, but each column must be a field of GA4: the table is to be
//! read for longer than anyone remembers the old ones.

use std::time::Instant;

use ga_client::report;
use ga_core::check::{self, Method};
use ga_core::order::{self, DefaultOrder};
use ga_core::report::{DateRange, RunReportRequest};
use ga_core::v3::{Question, Translation};
use gauth_cli::Failure;
use gauth_text::Typed;
use jiff::civil::Date;

use crate::arguments::Arguments;

/// The day of the report, which is a column anyway.
const DATE: [&str; 2] = ["date", "ga:date"];

/// A report without its day.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) request: RunReportRequest,
    /// What changes its meaning from Universal Analytics to GA4.
    pub(crate) notes: Vec<String>,
}

impl Query {
    pub(crate) fn read(arguments: &Arguments, deadline: Option<Instant>) -> anyhow::Result<Self> {
        let map = report::field_map(arguments.map.as_deref(), deadline)?;
        let metrics = report::names("--metrics", &arguments.metrics)?;
        if metrics.is_empty() {
            return Err(Failure::usage("no metric was named").hint("add -m NAMES, such as -m sessions").into());
        }
        let mut dimensions = report::names("--dimensions", &arguments.dimensions)?;
        dimensions.retain(|name| !DATE.contains(&&**name));
        let filters = report::filters(&arguments.filter, &arguments.filters)?;
        let question = Question { dimensions, metrics, filters, ..Question::default() };
        let translation = report::translation(question, &map)?;
        check_plain(&translation)?;
        let mut request = RunReportRequest {
            currency_code: arguments.currency.as_deref().map(report::currency).transpose()?,
            keep_empty_rows: arguments.keep_empty.then_some(true),
            return_property_quota: arguments.reserve.map(|_| true),
            ..translation.request
        };
        let mut notes = translation.notes;
        // Any day will do for the check.
        request.date_ranges = vec![day_range("yesterday")];
        notes.extend(check::request(Method::RunReport, &mut request)?);
        order::total_order(&mut request, DefaultOrder::Dimensions);
        Ok(Self { request, notes })
    }

    /// The report of one day.
    pub(crate) fn on(&self, day: Date) -> RunReportRequest {
        RunReportRequest { date_ranges: vec![day_range(&day.to_string())], ..self.request.clone() }
    }
}

fn day_range(day: &str) -> DateRange {
    DateRange { start_date: day.to_owned(), end_date: day.to_owned(), name: None }
}

/// Refuses columns that are computed from others.
fn check_plain(translation: &Translation) -> Result<(), Failure> {
    let Some(column) = translation.columns.iter().find(|column| column.unchanged().is_none()) else {
        return Ok(());
    };
    let request = &translation.request;
    let dimensions = request.dimensions.iter().map(|dimension| &*dimension.name);
    let fields: Vec<&str> = dimensions.chain(request.metrics.iter().map(|metric| &*metric.name)).collect();
    let name = Typed(&column.name);
    Err(Failure::usage(format!("{name} is computed from other fields: a table holds the fields of GA4"))
        .hint(format!("use fields of GA4, of which it is made: {}", fields.join(","))))
}
