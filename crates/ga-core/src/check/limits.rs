//! The limits of one request.

use gauth_text::Typed;
use serde_json::Value;

use super::{Method, list};
use crate::dates;
use crate::error::Error;
use crate::paging::DATE_RANGE;
use crate::report::PAGE_ROWS;

/// Dimensions of one request.
const DIMENSIONS: usize = 9;
/// Metrics of one request.
const METRICS: usize = 10;
/// Requests of one batch.
const REQUESTS: usize = 5;
/// Minute ranges of a realtime request.
const MINUTE_RANGES: usize = 2;
/// The most minutes that realtime reports go back (Analytics 360; 29 otherwise).
const MINUTES: u64 = 59;

pub(super) fn check_batch(requests: &[Value]) -> Result<(), Error> {
    match requests.len() {
        0 => Err(refused("the batch has no requests")),
        count => at_most(REQUESTS, count, "requests in one batch"),
    }
}

pub(super) fn check(method: Method, request: &Value) -> Result<(), Error> {
    at_most(DIMENSIONS, list(request, "dimensions").len(), "dimensions")?;
    at_most(METRICS, list(request, "metrics").len(), "metrics")?;
    check_ranges(request)?;
    check_orders(request)?;
    check_actions(request)?;
    for name in ["limit", "offset"] {
        if let Some(number) = request.get(name) {
            whole(number, name)?;
        }
    }
    match method {
        Method::RunReport | Method::RunReportAlpha | Method::BatchRunReports => {
            let aggregations = list(request, "metricAggregations");
            if aggregations.iter().any(|aggregation| aggregation == "COUNT") {
                return Err(refused("the aggregation COUNT is available only in pivot reports"));
            }
            check_dates(request)
        }
        Method::RunPivotReport | Method::BatchRunPivotReports => {
            check_pivots(request)?;
            check_dates(request)
        }
        Method::RunRealtimeReport => check_minutes(request),
        Method::CheckCompatibility | Method::RunFunnelReport | Method::QueryAudienceExport => Ok(()),
    }
}

fn check_dates(request: &Value) -> Result<(), Error> {
    if list(request, "dimensions").is_empty() && list(request, "metrics").is_empty() {
        return Err(refused("it requests neither dimensions nor metrics"));
    }
    let has_cohorts = request.get("cohortSpec").is_some();
    let has_ranges = !list(request, "dateRanges").is_empty();
    match (has_cohorts, has_ranges) {
        (false, false) => Err(refused("it has no date range")),
        (true, true) => Err(refused("dateRanges cannot be combined with cohortSpec, which has its own dates")),
        _ => Ok(()),
    }
}

fn check_ranges(request: &Value) -> Result<(), Error> {
    let ranges = list(request, "dateRanges");
    at_most(dates::MOST_RANGES, ranges.len(), "date ranges")?;
    let days = ranges.iter().flat_map(|range| [range.get("startDate"), range.get("endDate")]);
    for day in days.filter_map(|day| day?.as_str()) {
        dates::check_sent(day)?;
    }
    let cohorts = request.get("cohortSpec").map_or(&[][..], |spec| list(spec, "cohorts"));
    for (named, what, own) in [
        (ranges, "date range", dates::RANGE_NAMES),
        (list(request, "minuteRanges"), "minute range", dates::RANGE_NAMES),
        (cohorts, "cohort", "cohort_"),
    ] {
        for name in named.iter().filter_map(|one| one.get("name")?.as_str()) {
            dates::check_name(what, own, name)?;
        }
    }
    Ok(())
}

/// Rows can only be ordered by columns of the report; for the name of the date range the server returns 500.
fn check_orders(request: &Value) -> Result<(), Error> {
    let orders = list(request, "orderBys");
    let of_pivots = list(request, "pivots").iter().flat_map(|pivot| list(pivot, "orderBys"));
    for order in orders.iter().chain(of_pivots) {
        for (kind, key, columns) in [("dimension", "dimensionName", "dimensions"), ("metric", "metricName", "metrics")]
        {
            let Some(name) = order.get(kind).and_then(|by| by.get(key)?.as_str()) else {
                continue;
            };
            if name == DATE_RANGE {
                return Err(refused("rows cannot be ordered by dateRange"));
            }
            let is_column = |column: &Value| column.get("name").is_some_and(|own| own == name);
            if !list(request, columns).iter().any(is_column) {
                return Err(refused(format!("rows are ordered by {}, which is not among the {columns}", Typed(name))));
            }
        }
    }
    Ok(())
}

fn check_actions(request: &Value) -> Result<(), Error> {
    let actions = request.get("conversionSpec").map_or(&[][..], |spec| list(spec, "conversionActions"));
    for (place, action) in actions.iter().filter_map(Value::as_str).enumerate() {
        let id = action.strip_prefix("conversionActions/").unwrap_or_default();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused(format!(
                "conversionSpec.conversionActions[{place}] is {:?}: expected conversionActions/ID",
                Typed(action)
            ))
            .with_hint("run ga-fields --conversion-actions to list those of the property"));
        }
    }
    Ok(())
}

fn check_pivots(request: &Value) -> Result<(), Error> {
    let pivots = list(request, "pivots");
    if pivots.is_empty() {
        return Err(refused("a pivot report needs pivots"));
    }
    let mut cells: u64 = 1;
    for (place, pivot) in pivots.iter().enumerate() {
        let Some(limit) = pivot.get("limit") else {
            return Err(refused(format!("pivots[{place}] needs a limit")));
        };
        cells = cells.saturating_mul(whole(limit, &format!("pivots[{place}].limit"))?);
    }
    if cells > PAGE_ROWS {
        Err(refused(format!("the pivot limits multiply to {cells}: at most {PAGE_ROWS} are allowed")))
    } else {
        Ok(())
    }
}

fn check_minutes(request: &Value) -> Result<(), Error> {
    let ranges = list(request, "minuteRanges");
    at_most(MINUTE_RANGES, ranges.len(), "minute ranges")?;
    for (place, range) in ranges.iter().enumerate() {
        for name in ["startMinutesAgo", "endMinutesAgo"] {
            let path = format!("minuteRanges[{place}].{name}");
            let minutes = range.get(name).map_or(Ok(0), |number| whole(number, &path))?;
            if minutes > MINUTES {
                return Err(refused(format!(
                    "{path} is {minutes}: realtime reports go back at most {MINUTES} minutes"
                )));
            }
        }
    }
    Ok(())
}

/// A number that cannot be negative.
fn whole(number: &Value, path: &str) -> Result<u64, Error> {
    let parsed = match number {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    let found = number.as_str().map_or_else(|| number.to_string(), str::to_owned);
    parsed.ok_or_else(|| refused(format!("{path} is {}: it must not be negative", Typed(&found))))
}

fn at_most(limit: usize, count: usize, what: &str) -> Result<(), Error> {
    if count > limit { Err(refused(format!("{count} {what}: at most {limit} are allowed"))) } else { Ok(()) }
}

fn refused(why: impl std::fmt::Display) -> Error {
    Error::usage(why.to_string())
}
