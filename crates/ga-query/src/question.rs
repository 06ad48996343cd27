//! One report: from what was typed, or from an official request, to the body that is sent.
//!
//! Names are translated by [`ga_core::v3`] and checked by [`ga_core::check`], dates are read by
//! [`ga_core::dates`]; here is only which word means what.

use ga_core::catalogue::FieldKind;
use ga_core::check::{self, Method};
use ga_core::filter::{self, Expression, SyntaxError};
use ga_core::order::{self, DefaultOrder};
use ga_core::paging;
use ga_core::report::{DateRange, MetricAggregation, MinuteRange, RunReportRequest};
use ga_core::v3::{self, FieldMap, Translation};
use gauth_cli::{Failure, Terminal};
use gauth_text::{Seems, Typed};
use serde_json::{Map, Value};

use crate::arguments::Arguments;

/// Which report is wanted.
#[derive(Debug)]
pub(crate) struct Question {
    /// What is sent, but for the page.
    pub(crate) body: Map<String, Value>,
    /// The same as far as pages and columns depend on it.
    pub(crate) request: RunReportRequest,
    /// How GA4's rows become those that were asked for. An official request has none: its rows stay as they are.
    pub(crate) plan: Option<Translation>,
    /// Rows to leave out at the beginning.
    pub(crate) offset: u64,
    /// The most rows.
    pub(crate) limit: Option<u64>,
}

/// When: days, or minutes with `--realtime`.
pub(crate) enum Span {
    Days(Vec<DateRange>),
    Minutes(Vec<MinuteRange>),
}

impl Question {
    /// A question in words; what changes its meaning from Universal Analytics to GA4 is said on the terminal.
    pub(crate) fn in_words(
        arguments: &Arguments,
        metrics: Vec<String>,
        span: Span,
        map: &FieldMap,
        terminal: &Terminal,
    ) -> anyhow::Result<Self> {
        let dimensions = list("--dimensions", &arguments.dimensions)?;
        if metrics.is_empty() && dimensions.is_empty() {
            return Err(Failure::usage("no metric was named").hint("ga-query -p PROPERTY -m sessions -d date").into());
        }
        let sort = list("--sort", &arguments.sort)?;
        if sort.iter().any(|key| key.trim_start_matches('-') == paging::DATE_RANGE) {
            return Err(Failure::usage("--sort: the API cannot sort by dateRange; sort the output instead").into());
        }
        let plan = Translation::new(
            v3::Question {
                dimensions,
                metrics,
                sort,
                default_order: default_order(arguments),
                filters: filters(arguments)?,
                compares_ranges: span.ranges() > 1,
            },
            map,
        )?;
        check_columns(&plan)?;
        for note in &plan.notes {
            terminal.note(note);
        }
        let (offset, limit) = window(arguments)?;
        if limit.is_some()
            && plan.is_in_order_of_time()
            && let Some(metric) = plan.columns.iter().find(|column| column.kind == FieldKind::Metric)
        {
            terminal.note(&format!("rows are in order of time; for the largest add --sort -{}", metric.name));
        }
        let aggregations = aggregations(arguments, &plan)?;
        let mut request = RunReportRequest {
            // Rows that are put together here are counted afterwards.
            limit: limit.filter(|_| !plan.merges()),
            offset: offset.filter(|_| !plan.merges()),
            metric_aggregations: aggregations,
            currency_code: arguments.currency.as_deref().map(currency).transpose()?,
            keep_empty_rows: keeps_empty_rows(arguments).then_some(true),
            return_property_quota: wants_quota(arguments).then_some(true),
            ..plan.request.clone()
        };
        let method = match span {
            Span::Days(ranges) => {
                request.date_ranges = ranges;
                Method::RunReport
            }
            Span::Minutes(ranges) => {
                request.minute_ranges = ranges;
                Method::RunRealtimeReport
            }
        };
        if !arguments.no_check {
            let mut body = serde_json::to_value(&request)?;
            for note in check::body(method, &mut body)? {
                terminal.note(&note);
            }
            request = serde_json::from_value(body)?;
        }
        order::total_order(&mut request, default_order(arguments));
        Ok(Self {
            body: as_map(serde_json::to_value(&request)?)?,
            request,
            plan: Some(plan),
            offset: offset.unwrap_or(0),
            limit,
        })
    }

    /// An official request, as it stands but for what all its pages need.
    pub(crate) fn official(method: Method, body: Value, returns_quota: bool) -> anyhow::Result<Self> {
        let mut body = as_map(body)?;
        if returns_quota {
            body.insert("returnPropertyQuota".to_owned(), true.into());
        }
        let mut request = RunReportRequest::outline(&body);
        // One that fits into a page keeps the order that it has.
        if method.counts_rows() && request.limit.is_none_or(|limit| limit > ga_core::report::PAGE_ROWS) {
            let given = request.order_bys.len();
            order::total_order(&mut request, DefaultOrder::TimeOrSize);
            let added = request.order_bys[given..].iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
            if let Value::Array(orders) = body.entry("orderBys").or_insert_with(|| Value::Array(Vec::new())) {
                orders.extend(added);
            }
        }
        Ok(Self { offset: request.offset.unwrap_or(0), limit: request.limit, body, request, plan: None })
    }

    /// How the rows are to be changed, if they are.
    pub(crate) fn translation(&self) -> Option<&Translation> {
        self.plan.as_ref().filter(|plan| !plan.is_plain())
    }
}

impl Span {
    fn ranges(&self) -> usize {
        match self {
            Self::Days(ranges) => ranges.len(),
            Self::Minutes(ranges) => ranges.len(),
        }
    }
}

fn as_map(body: Value) -> Result<Map<String, Value>, Failure> {
    match body {
        Value::Object(map) => Ok(map),
        _ => Err(Failure::usage("cannot read the request: expected an object")),
    }
}

fn filters(arguments: &Arguments) -> Result<Vec<Expression>, Failure> {
    let filters = arguments.filter.iter().map(|text| filter::parse(text));
    let old = arguments.filters.iter().map(|text| filter::parse_v3(text));
    filters.chain(old).map(|filter| filter.map_err(unreadable)).collect()
}

/// A filter that cannot be read, with the place unless the text may hold a secret.
fn unreadable(error: SyntaxError) -> Failure {
    let mut failure = Failure::usage(error.to_string());
    if Seems::of(&error.text).is_none() {
        failure = error.caret().lines().fold(failure, Failure::hint);
    }
    error.hint.into_iter().fold(failure, Failure::hint)
}

fn default_order(arguments: &Arguments) -> DefaultOrder {
    match arguments.is_v3() {
        true => DefaultOrder::Dimensions,
        false => DefaultOrder::TimeOrSize,
    }
}

/// Two names of the old kind may be one of GA4's; a report has each column once.
fn check_columns(plan: &Translation) -> Result<(), Failure> {
    for (place, column) in plan.columns.iter().enumerate() {
        let is_same = |other: &&v3::Column| other.unchanged().is_some() && other.unchanged() == column.unchanged();
        if let Some(other) = plan.columns[..place].iter().find(is_same) {
            return Err(Failure::usage(format!(
                "{} is the same as {}, which is in the report already",
                Typed(&column.name),
                Typed(&other.name)
            )));
        }
    }
    Ok(())
}

/// The first row and the most rows.
fn window(arguments: &Arguments) -> anyhow::Result<(Option<u64>, Option<u64>)> {
    let (offset, most) = v3::window(arguments.start_index, arguments.max_results)?;
    let offset = one_of("--offset", arguments.offset, "--start-index", offset)?;
    let limit = one_of("--limit", arguments.limit, "--max-results", most)?;
    Ok((offset, limit))
}

fn aggregations(arguments: &Arguments, plan: &Translation) -> Result<Vec<MetricAggregation>, Failure> {
    if (arguments.min || arguments.max) && !plan.is_plain() {
        return Err(Failure::usage(
            "--min and --max: the report has columns that GA4 cannot compare, since they are computed from others",
        ));
    }
    let is_v3 = arguments.format() == Some("v3");
    let wanted = [
        (arguments.totals || is_v3, MetricAggregation::Total),
        (arguments.min, MetricAggregation::Minimum),
        (arguments.max, MetricAggregation::Maximum),
    ];
    let wanted = wanted.into_iter().filter(|(is_wanted, _)| *is_wanted);
    Ok(wanted.map(|(_, aggregation)| aggregation).collect())
}

fn currency(code: &str) -> Result<String, Failure> {
    match code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        true => Ok(code.to_owned()),
        false => Err(Failure::usage(format!("--currency: {:?} is not an ISO 4217 code, such as EUR", Typed(code)))),
    }
}

/// Whether answers are to tell what is left of the quota.
pub(crate) fn wants_quota(arguments: &Arguments) -> bool {
    arguments.quota || arguments.reserve.is_some()
}

pub(crate) fn keeps_empty_rows(arguments: &Arguments) -> bool {
    arguments.keep_empty || arguments.include_empty_rows == Some(true)
}

/// The value of an option that has two names.
pub(crate) fn one_of<T>(
    name: &str,
    value: Option<T>,
    old_name: &str,
    old_value: Option<T>,
) -> Result<Option<T>, Failure> {
    match (value, old_value) {
        (Some(_), Some(_)) => Err(Failure::usage(format!("{old_name} is {name}: give one"))),
        (value, old_value) => Ok(value.or(old_value)),
    }
}

/// The parts of comma lists; an empty part is a slip, and so is one that comes twice.
pub(crate) fn list(option: &str, texts: &[impl AsRef<str>]) -> Result<Vec<String>, Failure> {
    let mut parts: Vec<String> = Vec::new();
    for text in texts {
        for part in text.as_ref().split(',').map(str::trim) {
            if part.is_empty() {
                return Err(Failure::usage(format!("{option}: an empty name")));
            }
            if parts.iter().any(|known| known == part) {
                return Err(Failure::usage(format!("{option}: {} is named twice", Typed(part))));
            }
            parts.push(part.to_owned());
        }
    }
    Ok(parts)
}
