//! One report: from what was typed, or from an official request, to the request that is sent.
//!
//! Names and filters are read by [`ga_client::report`] and checked by [`ga_core::check`], dates are read by
//! [`ga_core::dates`]; this decides which word means what.

use std::ops::Range;

use ga_client::report::{self, filters, names};
use ga_core::catalogue::FieldKind;
use ga_core::check::{self, Method};
use ga_core::compare::Periods;
use ga_core::order::{self, DefaultOrder};
use ga_core::paging;
use ga_core::report::{DateRange, Dimension, MetricAggregation, MinuteRange, PAGE_ROWS, RunReportRequest};
use ga_core::v3::{self, FieldMap, Translation};
use gauth_cli::{Failure, Terminal};
use gauth_text::Typed;
use jiff::civil::Date;
use serde_json::Value;

use crate::arguments::Arguments;
use crate::columns::{CHANGE, PREVIOUS};
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
    /// How it is compared with another period, if it is.
    pub(crate) comparison: Option<Compared>,
}

/// When: days, with `--compare` those of two periods, or minutes with `--realtime`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Days(Vec<DateRange>),
    Compared(Periods),
    Minutes(Vec<MinuteRange>),
}

/// A report beside the same one of another period.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) periods: Periods,
    /// The columns that rows are sorted by, and whether the largest comes first.
    pub(crate) sort: Vec<(usize, bool)>,
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
        let sort = sort(arguments)?;
        let translation = translation(arguments, metrics, &sort, &span, map)?;
        for note in &translation.notes {
            terminal.note(note);
        }
        let (offset, limit) = window(arguments)?;
        if limit.is_some()
            && sort.is_empty()
            && translation.is_in_order_of_time()
            && let Some(metric) = translation.columns.iter().find(|column| column.kind == FieldKind::Metric)
        {
            terminal.note(&format!("rows are in order of time; for the largest add --sort -{}", metric.name));
        }
        let comparison = match &span {
            Span::Compared(periods) => Some(Compared::new(*periods, &translation, &sort)?),
            Span::Days(_) | Span::Minutes(_) => None,
        };
        if let Some(comparison) = &comparison {
            comparison.notes(&translation.request).for_each(|note| terminal.note(&note));
        }
        // Rows that are merged or compared here are counted afterwards.
        let is_counted = comparison.is_none() && !translation.merges();
        let mut request = RunReportRequest {
            limit: limit.filter(|_| is_counted),
            offset: offset.filter(|_| is_counted),
            metric_aggregations: aggregations(arguments, &translation)?,
            currency_code: arguments.currency.as_deref().map(report::currency).transpose()?,
            conversion_spec: conversions::spec(arguments)?,
            keep_empty_rows: arguments.keeps_empty_rows().then_some(true),
            return_property_quota: arguments.shows_quota().then_some(true),
            ..translation.request.clone()
        };
        span.set(&mut request);
        let method = span.method().for_body(&serde_json::to_value(&request)?);
        if !arguments.no_check {
            for note in check::request(method, &mut request)? {
                terminal.note(&note);
            }
        }
        // Rows that are compared are sorted afterwards.
        let (method, order) = match &comparison {
            Some(_) => (method.of_several_reports(), DefaultOrder::Dimensions),
            None => (method, default_order(arguments)),
        };
        order::total_order(&mut request, order);
        Ok((method, Self { request, translation: Some(translation), offset: offset.unwrap_or(0), limit, comparison }))
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
        Ok(Self {
            offset: request.offset.unwrap_or(0),
            limit: request.limit,
            request,
            translation: None,
            comparison: None,
        })
    }

    /// The users of an audience with these dimensions.
    pub(crate) fn of_users(arguments: &Arguments, dimensions: &[String]) -> Self {
        let (limit, offset) = (arguments.limit, arguments.offset.filter(|offset| *offset > 0));
        let dimensions = dimensions.iter().map(Dimension::named).collect();
        let request = RunReportRequest { dimensions, limit, offset, ..RunReportRequest::default() };
        Self { request, translation: None, offset: offset.unwrap_or(0), limit, comparison: None }
    }

    /// How the rows are to be changed, if they are.
    pub(crate) fn translation(&self) -> Option<&Translation> {
        self.translation.as_ref().filter(|translation| !translation.is_plain())
    }

    /// Whether all rows must have arrived before the first is written.
    pub(crate) fn needs_all_rows(&self) -> bool {
        self.comparison.is_some() || self.translation.as_ref().is_some_and(Translation::merges)
    }

    /// The API's names of the dimensions that are shown as sent; the others have none.
    pub(crate) fn dimensions(&self) -> Vec<&str> {
        let columns = self.translation.iter().flat_map(|translation| &translation.columns);
        let sent = |place: usize| self.request.dimensions.get(place).map(|dimension| &*dimension.name);
        let dimensions = columns.filter(|column| column.kind == FieldKind::Dimension);
        dimensions.map(|column| column.unchanged().and_then(sent).unwrap_or_default()).collect()
    }

    /// Which of this number of rows are requested.
    pub(crate) fn window(&self, rows: usize) -> Range<usize> {
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(rows);
        place(self.offset)..self.limit.map_or(rows, |limit| place(self.offset.saturating_add(limit)))
    }

    /// The request for other days, if there are any.
    pub(crate) fn request_on(&self, span: Option<&Span>) -> RunReportRequest {
        let mut request = self.request.clone();
        if let Some(span) = span {
            span.set(&mut request);
        }
        request
    }

    /// Both periods, if they are compared: other ones, if there are any.
    pub(crate) fn periods<'a>(&'a self, span: Option<&'a Span>) -> Option<&'a Periods> {
        match span {
            Some(Span::Compared(periods)) => Some(periods),
            _ => self.comparison.as_ref().map(|comparison| &comparison.periods),
        }
    }

    /// What is requested for other days, if there are any: the report, and the same one of the period that it is compared
    /// with.
    pub(crate) fn requests_on(&self, span: Option<&Span>) -> Vec<RunReportRequest> {
        let own = self.request_on(span);
        let other = self.periods(span).map(|periods| periods.other_range());
        let other = other.map(|range| RunReportRequest { date_ranges: vec![range], ..own.clone() });
        [own].into_iter().chain(other).collect()
    }
}

impl Compared {
    fn new(periods: Periods, translation: &Translation, sort: &[String]) -> anyhow::Result<Self> {
        let mut names = Vec::new();
        for column in &translation.columns {
            names.push(column.name.clone());
            if column.kind == FieldKind::Metric {
                names.extend([PREVIOUS, CHANGE].map(|ending| format!("{}{ending}", column.name)));
            }
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let repeated = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name));
        if let Some((_, name)) = repeated {
            return Err(Failure::usage(format!("--compare: two columns would be named {}", Typed(name))).into());
        }
        let mut hidden = translation.request.metrics.iter().filter(|metric| metric.invisible == Some(true));
        if let Some(metric) = hidden.find(|metric| names.contains(&&*metric.name)) {
            let name = &metric.name;
            return Err(Failure::usage(format!("--compare: {name} is made of both periods, so it cannot be filtered"))
                .hint(format!("sort by it: --sort -{name} --limit 10"))
                .into());
        }
        let mut sort = v3::sort_keys(sort, &names)?;
        if sort.is_empty() {
            sort = translation.time_or_size();
        }
        Ok(Self { periods, sort })
    }
}

impl Compared {
    /// What makes the two periods less than comparable.
    fn notes(&self, request: &RunReportRequest) -> impl Iterator<Item = String> {
        let length = |(first, last): (Date, Date)| (last - first).get_days() + 1;
        let [own, other] = [self.periods.own, self.periods.other].map(length);
        let lengths = format!("--compare: a period of {own} days beside one of {other}");
        let filter = "--compare: a filter on a metric applies to each period by itself; a row that passes in only one \
                      counts as missing in the other";
        let filter = request.metric_filter.as_ref().map(|_| filter.to_owned());
        (own != other).then_some(lengths).into_iter().chain(filter)
    }
}

fn sort(arguments: &Arguments) -> anyhow::Result<Vec<String>> {
    let sort = names("--sort", &arguments.sort)?;
    if sort.iter().any(|key| key.trim_start_matches('-') == paging::DATE_RANGE) {
        return Err(Failure::usage("--sort: the API cannot sort by dateRange; sort the output instead").into());
    }
    Ok(sort)
}

fn translation(
    arguments: &Arguments,
    metrics: Vec<String>,
    sort: &[String],
    span: &Span,
    map: &FieldMap,
) -> anyhow::Result<Translation> {
    let dimensions = names("--dimensions", &arguments.dimensions)?;
    if metrics.is_empty() && dimensions.is_empty() {
        return Err(Failure::usage("no metric was named").hint("ga-query -p PROPERTY -m sessions -d date").into());
    }
    let sort = if matches!(span, Span::Compared(_)) { Vec::new() } else { sort.to_vec() };
    let default_order = default_order(arguments);
    let filters = filters(&arguments.filter, &arguments.filters)?;
    let question =
        v3::Question { dimensions, metrics, sort, default_order, filters, compares_ranges: span.ranges() > 1 };
    report::translation(question, map)
}

impl Span {
    /// How a report of it is requested.
    fn method(&self) -> Method {
        match self {
            Self::Days(_) | Self::Compared(_) => Method::RunReport,
            Self::Minutes(_) => Method::RunRealtimeReport,
        }
    }

    /// How many ranges one request has.
    fn ranges(&self) -> usize {
        match self {
            Self::Days(ranges) => ranges.len(),
            Self::Compared(_) => 1,
            Self::Minutes(ranges) => ranges.len(),
        }
    }

    fn set(&self, request: &mut RunReportRequest) {
        match self {
            Self::Days(ranges) => request.date_ranges.clone_from(ranges),
            Self::Compared(periods) => request.date_ranges = vec![periods.own_range()],
            Self::Minutes(ranges) => request.minute_ranges.clone_from(ranges),
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
