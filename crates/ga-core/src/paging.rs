//! Which pages of a report to request, and whether the responses are complete.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/basics#pagination>
//!
//! `limit`, `offset` and `rowCount` count combinations of dimensions; with one date range that is rows.
//! The first page is requested by itself, since its `rowCount` gives the number of rows; the others can be requested in
//! parallel. Sending, and the order of writing, are left to the caller.

use std::ops::Range;

use serde_json::Value;

use crate::error::Error;
use crate::page::{Page, RowKey};
use crate::report::{PAGE_ROWS, RunReportRequest};

/// A part of the report that one worker fetches, in one request unless the server sends less than requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first combination that is not yet fetched.
    pub offset: u64,
    /// How many are not yet fetched.
    pub left: u64,
}

/// The pages of a report, once the first has arrived.
#[derive(Debug)]
pub struct Paging {
    /// The `rowCount` that every page must report.
    row_count: u64,
    /// How many of them are requested.
    pub wanted: u64,
    /// Where the first page ended, and where the report ends.
    rest: Range<u64>,
    /// The size of a page.
    size: u64,
}

/// The first stretch to request.
pub fn first(request: &RunReportRequest) -> Stretch {
    Stretch { offset: request.offset.unwrap_or(0), left: request.limit.unwrap_or(PAGE_ROWS).min(PAGE_ROWS) }
}

impl Paging {
    /// What is left of the report that `request` asks for after its first page.
    pub fn after(request: &RunReportRequest, page: &Page) -> Result<Self, Error> {
        let row_count = match page.head.row_count {
            Some(count) => count,
            None if page.rows == 0 => 0,
            None => return Err(Error::response("the response has rows but no rowCount")),
        };
        let asked = first(request);
        let beyond = row_count.saturating_sub(asked.offset);
        let wanted = request.limit.map_or(beyond, |limit| beyond.min(limit));
        check_count(Stretch { left: wanted.min(asked.left), ..asked }, page)?;
        let came = page.combinations;
        // A server that sends less than requested has smaller pages: request that size.
        let size = if came < asked.left { came } else { PAGE_ROWS };
        Ok(Self { row_count, wanted, rest: asked.offset + came..asked.offset + wanted, size })
    }

    /// The stretches after the first page, in order.
    pub fn rest(&self) -> impl Iterator<Item = Stretch> {
        let (end, size) = (self.rest.end, self.size);
        let mut offset = self.rest.start;
        std::iter::from_fn(move || {
            let left = size.min(end - offset);
            let stretch = Stretch { offset, left };
            offset += left;
            (left > 0).then_some(stretch)
        })
    }

    /// The rest of `stretch` after `page`; `None` when it is complete.
    pub fn check(&self, stretch: Stretch, page: &Page) -> Result<Option<Stretch>, Error> {
        if page.head.row_count.unwrap_or(0) != self.row_count {
            return Err(Error::Incomplete(format!(
                "the report changed during the download: {} rows at first, {} at offset {}",
                self.row_count,
                page.head.row_count.unwrap_or(0),
                stretch.offset
            )));
        }
        check_count(stretch, page)?;
        let came = page.combinations;
        let left = stretch.left - came;
        Ok((left > 0).then_some(Stretch { offset: stretch.offset + came, left }))
    }
}

/// Whether `page` has at least one row of `expected`, if there is any, and no more than all.
fn check_count(expected: Stretch, page: &Page) -> Result<(), Error> {
    let Stretch { offset, left } = expected;
    let came = page.combinations;
    let why = if came > left {
        format!("expected {left} rows at offset {offset}, got {came}")
    } else if came == 0 && left > 0 {
        format!("expected {left} rows at offset {offset}, got none")
    } else if came < left && page.rows == left {
        // The pages of such a server do not fit together: the second would begin within the rows of the first.
        format!(
            "the server counts rows where the API counts combinations of dimensions: {left} rows at offset {offset} \
             contain {came}"
        )
    } else {
        return Ok(());
    };
    Err(Error::Incomplete(why))
}

/// How often the response may hold each combination of dimensions: once for each date range and comparison.
pub fn slices(request: &RunReportRequest) -> u64 {
    let ranges = request.date_ranges.len().max(request.minute_ranges.len());
    let comparisons = request.other.get("comparisons").and_then(Value::as_array);
    (ranges.max(1) * comparisons.map_or(1, Vec::len).max(1)) as u64
}

/// What distinguishes the rows of the response. The server appends the names of date range and comparison if they are not
/// requested.
pub fn row_key(request: &RunReportRequest) -> RowKey {
    if slices(request) == 1 {
        return RowKey::Dimensions;
    }
    let is_own = |name: &str| name != DATE_RANGE && name != COMPARISON;
    let names = request.dimensions.iter().map(|dimension| &*dimension.name);
    let own = names.enumerate().filter(|(_, name)| is_own(name));
    RowKey::Combination(own.map(|(place, _)| place).collect())
}

/// The dimension with the name of the date range.
pub const DATE_RANGE: &str = "dateRange";
/// The dimension with the name of the comparison.
pub(crate) const COMPARISON: &str = "comparison";

/// The request for one stretch of the report that `whole` asks for. What counts for the whole report is asked for once,
/// with the first page.
pub fn page(whole: &RunReportRequest, stretch: Stretch, is_first: bool) -> RunReportRequest {
    let mut page = whole.clone();
    page.limit = Some(stretch.left);
    page.offset = Some(stretch.offset).filter(|offset| *offset > 0);
    if !is_first {
        page.metric_aggregations.clear();
        page.other.remove("metricAggregations");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(combinations: u64, row_count: Option<u64>) -> Page {
        let mut page = Page {
            head: crate::response::ReportHead::default(),
            rows: combinations,
            combinations,
            keys: crate::page::Keys::default(),
        };
        page.head.row_count = row_count;
        page
    }

    fn request(offset: Option<u64>, limit: Option<u64>) -> RunReportRequest {
        RunReportRequest { offset, limit, ..RunReportRequest::default() }
    }

    #[test]
    fn the_first_page_determines_the_rest() {
        // offset, limit, came, rowCount: the rest
        type Case = (Option<u64>, Option<u64>, u64, Option<u64>, &'static [(u64, u64)]);
        let table: [Case; 9] = [
            (None, None, 0, None, &[]),
            (None, None, 3, Some(3), &[]),
            (None, None, 250_000, Some(600_000), &[(250_000, 250_000), (500_000, 100_000)]),
            (None, Some(10), 10, Some(600_000), &[]),
            (None, Some(10), 3, Some(3), &[]),
            (Some(5), Some(300_000), 250_000, Some(600_000), &[(250_005, 50_000)]),
            (Some(599_999), None, 1, Some(600_000), &[]),
            (Some(700_000), None, 0, Some(600_000), &[]),
            // The server's pages are smaller than ours.
            (None, None, 10_000, Some(25_000), &[(10_000, 10_000), (20_000, 5_000)]),
        ];
        for (offset, limit, came, row_count, rest) in table {
            let paging = Paging::after(&request(offset, limit), &page(came, row_count)).unwrap();
            let offsets: Vec<_> = paging.rest().map(|s| (s.offset, s.left)).collect();
            assert_eq!(offsets, rest, "{offset:?} {limit:?} {came} {row_count:?}");
        }
    }

    #[test]
    fn a_page_with_too_few_or_too_many_rows_is_incomplete() {
        let whole = request(None, None);
        for (came, row_count) in [(4, 3), (0, 3)] {
            let error = Paging::after(&whole, &page(came, Some(row_count))).unwrap_err();
            assert_eq!(error.kind(), crate::Kind::Incomplete, "{error}");
        }
        assert!(Paging::after(&whole, &page(1, None)).is_err());
        assert!(Paging::after(&request(None, Some(2)), &page(3, Some(9))).is_err());

        let paging = Paging::after(&whole, &page(10, Some(25))).unwrap();
        let stretch = paging.rest().next().unwrap();
        assert_eq!(paging.check(stretch, &page(10, Some(25))).unwrap(), None);
        let short = paging.check(stretch, &page(4, Some(25))).unwrap();
        assert_eq!(short, Some(Stretch { offset: 14, left: 6 }));
        for (came, row_count) in [(11, 25), (0, 25), (10, 26), (10, 24)] {
            let error = paging.check(stretch, &page(came, Some(row_count))).unwrap_err();
            assert_eq!(error.kind(), crate::Kind::Incomplete, "{error}");
        }
    }

    #[test]
    fn a_huge_row_count_costs_nothing() {
        let paging = Paging::after(&request(None, None), &page(1, Some(u64::MAX))).unwrap();
        assert_eq!(paging.rest().take(1000).count(), 1000);
        assert!(Paging::after(&request(Some(u64::MAX), None), &page(0, Some(5))).is_ok());
    }

    #[test]
    fn a_server_that_counts_rows_of_several_ranges_is_detected_at_once() {
        let rows = |rows, combinations, row_count| Page { rows, ..page(combinations, Some(row_count)) };
        let counts_rows = |request: RunReportRequest, page: &Page| {
            let error = Paging::after(&request, page).err();
            error.is_some_and(|error| error.to_string().contains("counts rows"))
        };
        assert!(counts_rows(request(None, None), &rows(74, 37, 74)));
        assert!(counts_rows(request(None, Some(10)), &rows(10, 7, 74)));
        assert!(counts_rows(request(Some(70), None), &rows(4, 2, 74)));
        assert!(!counts_rows(request(None, None), &rows(74, 37, 37)));
        assert!(!counts_rows(request(None, Some(10)), &rows(20, 10, 37)));
        // Rows whose metrics are all zero are left out, and pages may be small.
        assert!(!counts_rows(request(None, None), &rows(40, 37, 37)));
        assert!(!counts_rows(request(None, None), &rows(6, 3, 10)));
    }
}
