//! One report: from what was typed, or from an official request, to the request that is sent.
//!
//! Names and filters are read by [`ga_client::report`] and checked by [`ga_core::check`], dates are read by
//! [`ga_core::dates`]; this decides which word means what.

use ga_client::report::{self, filters, names};
use ga_core::catalogue::FieldKind;
use ga_core::check::{self, Method};
use ga_core::order::{self, DefaultOrder};
use ga_core::paging;
use ga_core::report::{DateRange, MetricAggregation, MinuteRange, PAGE_ROWS, RunReportRequest};
use ga_core::v3::{self, FieldMap, Translation};
use gauth_cli::{Failure, Terminal};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::conversions;

/// What is requested of each property, and what its rows become.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) request: RunReportRequest,
    /// How GA4's rows become the requested ones. An official request has none: its rows stay as they are.
    pub(crate) translation: Option<Translation>,
    /// Rows to skip.
    pub(crate) offset: u64,
    /// The most rows.
    pub(crate) limit: Option<u64>,
}

/// When: days, or minutes with `--realtime`.
pub(crate) enum Span {
    Days(Vec<DateRange>),
    Minutes(Vec<MinuteRange>),
}

impl Report {
    /// A report in words, and its method; what changes its meaning from Universal Analytics to GA4 is noted on the terminal.
    pub(crate) fn in_words(
        arguments: &Arguments,
        metrics: Vec<String>,
        span: Span,
        map: &FieldMap,
        terminal: &Terminal,
    ) -> anyhow::Result<(Method, Self)> {
        let translation = translation(arguments, metrics, span.ranges() > 1, map)?;
        for note in &translation.notes {
            terminal.note(note);
        }
        let (offset, limit) = window(arguments)?;
        if limit.is_some()
            && translation.is_in_order_of_time()
            && let Some(metric) = translation.columns.iter().find(|column| column.kind == FieldKind::Metric)
        {
            terminal.note(&format!("rows are in order of time; for the largest add --sort -{}", metric.name));
        }
        let mut request = RunReportRequest {
            // Rows that are merged here are counted afterwards.
            limit: limit.filter(|_| !translation.merges()),
            offset: offset.filter(|_| !translation.merges()),
            metric_aggregations: aggregations(arguments, &translation)?,
            currency_code: arguments.currency.as_deref().map(report::currency).transpose()?,
            conversion_spec: conversions::spec(arguments)?,
            keep_empty_rows: arguments.keeps_empty_rows().then_some(true),
            return_property_quota: arguments.shows_quota().then_some(true),
            ..translation.request.clone()
        };
        let method = match span {
            Span::Days(ranges) => {
                request.date_ranges = ranges;
                Method::RunReport.for_body(&serde_json::to_value(&request)?)
            }
            Span::Minutes(ranges) => {
                request.minute_ranges = ranges;
                Method::RunRealtimeReport
            }
        };
        if !arguments.no_check {
            for note in check::request(method, &mut request)? {
                terminal.note(&note);
            }
        }
        order::total_order(&mut request, default_order(arguments));
        Ok((method, Self { request, translation: Some(translation), offset: offset.unwrap_or(0), limit }))
    }

    /// An official request, as is but for what all its pages need.
    pub(crate) fn official(method: Method, body: Value, returns_quota: bool) -> anyhow::Result<Self> {
        let Value::Object(body) = body else {
            return Err(Failure::usage("cannot read the request: expected an object").into());
        };
        let mut request = RunReportRequest::official(body);
        if returns_quota {
            request.return_property_quota = Some(true);
        }
        // One that fits into a page keeps its order.
        if method.counts_rows() && request.limit.is_none_or(|limit| limit > PAGE_ROWS) {
            order::total_order(&mut request, DefaultOrder::TimeOrSize);
        }
        Ok(Self { offset: request.offset.unwrap_or(0), limit: request.limit, request, translation: None })
    }

    /// How the rows are to be changed, if they are.
    pub(crate) fn translation(&self) -> Option<&Translation> {
        self.translation.as_ref().filter(|translation| !translation.is_plain())
    }

    /// Whether rows are merged, so that all must have arrived before the first is written.
    pub(crate) fn merges(&self) -> bool {
        self.translation.as_ref().is_some_and(Translation::merges)
    }

    /// The request with other date ranges, if there are any.
    pub(crate) fn request_on(&self, date_ranges: Option<&[DateRange]>) -> RunReportRequest {
        let mut request = self.request.clone();
        if let Some(ranges) = date_ranges {
            request.date_ranges = ranges.to_vec();
        }
        request
    }
}

fn translation(
    arguments: &Arguments,
    metrics: Vec<String>,
    compares_ranges: bool,
    map: &FieldMap,
) -> anyhow::Result<Translation> {
    let dimensions = names("--dimensions", &arguments.dimensions)?;
    if metrics.is_empty() && dimensions.is_empty() {
        return Err(Failure::usage("no metric was named").hint("ga-query -p PROPERTY -m sessions -d date").into());
    }
    let sort = names("--sort", &arguments.sort)?;
    if sort.iter().any(|key| key.trim_start_matches('-') == paging::DATE_RANGE) {
        return Err(Failure::usage("--sort: the API cannot sort by dateRange; sort the output instead").into());
    }
    let default_order = default_order(arguments);
    let filters = filters(&arguments.filter, &arguments.filters)?;
    let question = v3::Question { dimensions, metrics, sort, default_order, filters, compares_ranges };
    report::translation(question, map)
}

impl Span {
    fn ranges(&self) -> usize {
        match self {
            Self::Days(ranges) => ranges.len(),
            Self::Minutes(ranges) => ranges.len(),
        }
    }
}

fn default_order(arguments: &Arguments) -> DefaultOrder {
    if arguments.is_v3() { DefaultOrder::Dimensions } else { DefaultOrder::TimeOrSize }
}

/// The first row and the most rows.
fn window(arguments: &Arguments) -> anyhow::Result<(Option<u64>, Option<u64>)> {
    let (offset, most) = v3::window(arguments.start_index, arguments.max_results)?;
    let offset = one_of("--offset", arguments.offset, "--start-index", offset)?;
    let limit = one_of("--limit", arguments.limit, "--max-results", most)?;
    Ok((offset, limit))
}

fn aggregations(arguments: &Arguments, translation: &Translation) -> Result<Vec<MetricAggregation>, Failure> {
    if (arguments.min || arguments.max) && !translation.is_plain() {
        return Err(Failure::usage("--min and --max: the report has computed columns, which GA4 cannot compare"));
    }
    let is_v3 = arguments.format() == Some("v3");
    let aggregations = [
        (arguments.totals || is_v3, MetricAggregation::Total),
        (arguments.min, MetricAggregation::Minimum),
        (arguments.max, MetricAggregation::Maximum),
    ];
    let requested = aggregations.into_iter().filter(|(is_requested, _)| *is_requested);
    Ok(requested.map(|(_, aggregation)| aggregation).collect())
}

/// The value of an option that has two names.
pub(crate) fn one_of<T>(
    name: &str,
    value: Option<T>,
    old_name: &str,
    old_value: Option<T>,
) -> Result<Option<T>, Failure> {
    match (value, old_value) {
        (Some(_), Some(_)) => Err(Failure::usage(format!("{old_name} and {name} exclude each other"))),
        (value, old_value) => Ok(value.or(old_value)),
    }
}
