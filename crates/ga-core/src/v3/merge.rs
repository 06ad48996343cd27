//! Sums rows of GA4 that are one row in v3.
//!
//! The result is known only after the last row; what is kept is one sum for each row of the result.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::column::{Cells, Column};
use super::decimal::Decimal;
use super::translation::Translation;
use crate::catalogue::FieldKind;
use crate::error::Error;
use crate::order::DefaultOrder;

/// Takes rows one by one.
#[derive(Debug)]
pub struct Merge<'a> {
    translation: &'a Translation,
    /// The dimensions of the result, and the sums of GA4's metrics.
    sums: HashMap<Vec<Vec<u8>>, Vec<Sum>>,
}

/// Exact while the digits suffice.
#[derive(Clone, Copy, Debug)]
enum Sum {
    Exact(Decimal),
    Double(f64),
}

impl Sum {
    fn add(&mut self, text: &str) {
        if let Self::Exact(sum) = *self
            && let Some(sum) = Decimal::parse(text).and_then(|number| sum.plus(number))
        {
            *self = Self::Exact(sum);
            return;
        }
        let number: f64 = text.parse().unwrap_or(0.0);
        *self = Self::Double(self.to_string().parse().unwrap_or(0.0) + number);
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(sum) => sum.fmt(f),
            Self::Double(sum) => sum.fmt(f),
        }
    }
}

impl<'a> Merge<'a> {
    /// For a translation that [merges](Translation::merges).
    pub fn new(translation: &'a Translation) -> Self {
        Self { translation, sums: HashMap::new() }
    }

    /// Adds a row of GA4.
    pub fn add(&mut self, row: &[&[u8]]) {
        let dimensions = self.translation.columns.iter();
        let key = dimensions
            .filter(|column| column.kind == FieldKind::Dimension)
            .map(|column| column.cell(row).into_owned())
            .collect();
        let metrics = row.get(self.translation.metrics_start..).unwrap_or_default();
        let sums = self.sums.entry(key).or_insert_with(|| vec![Sum::Exact(Decimal::ZERO); metrics.len()]);
        for (sum, cell) in sums.iter_mut().zip(metrics) {
            sum.add(str::from_utf8(cell).unwrap_or_default());
        }
    }

    /// The rows of the result, in the requested or the default order, and then by the dimensions.
    pub fn finish(self) -> Vec<Vec<Vec<u8>>> {
        let translation = self.translation;
        let mut rows: Vec<Vec<Vec<u8>>> = self
            .sums
            .into_iter()
            .map(|(mut cells, sums)| {
                let sums: Vec<String> = sums.iter().map(Sum::to_string).collect();
                let mut row: Vec<&[u8]> = vec![b""; translation.metrics_start];
                row.extend(sums.iter().map(|sum| sum.as_bytes()));
                let metrics = translation.columns.iter().filter(|column| column.kind == FieldKind::Metric);
                cells.extend(metrics.map(|column| column.cell(&row).into_owned()));
                cells
            })
            .collect();
        let mut sort = translation.sort.clone();
        if sort.is_empty() && translation.default_order == DefaultOrder::TimeOrSize {
            sort = translation.time_or_size();
        }
        rows.sort_unstable_by(|a, b| {
            let by_key = sort.iter().map(|&(place, desc)| {
                let order = compare(translation.columns[place].kind, &a[place], &b[place]);
                if desc { order.reverse() } else { order }
            });
            by_key.fold(Ordering::Equal, Ordering::then).then_with(|| a.cmp(b))
        });
        rows
    }
}

fn compare(kind: FieldKind, a: &[u8], b: &[u8]) -> Ordering {
    let number = |cell: &[u8]| str::from_utf8(cell).unwrap_or_default().parse::<f64>().unwrap_or(0.0);
    match kind {
        FieldKind::Dimension => a.cmp(b),
        FieldKind::Metric => number(a).total_cmp(&number(b)),
    }
}

/// Metrics that can be summed over the rows of any report: they count events, items or money.
const ADDITIVE: &[&str] = &[
    "addToCarts",
    "adUnitExposure",
    "advertiserAdClicks",
    "advertiserAdCost",
    "advertiserAdImpressions",
    "checkouts",
    "countCustomEvent:",
    "customEvent:",
    "ecommercePurchases",
    "eventCount",
    "eventValue",
    "grossItemRevenue",
    "grossPurchaseRevenue",
    "itemDiscountAmount",
    "itemListClickEvents",
    "itemListViewEvents",
    "itemRefundAmount",
    "itemRevenue",
    "itemViewEvents",
    "itemsAddedToCart",
    "itemsCheckedOut",
    "itemsClickedInList",
    "itemsClickedInPromotion",
    "itemsPurchased",
    "itemsViewed",
    "itemsViewedInList",
    "itemsViewedInPromotion",
    "keyEvents",
    "keyEvents:",
    "newUsers",
    "promotionClicks",
    "promotionViews",
    "publisherAdClicks",
    "publisherAdImpressions",
    "purchaseRevenue",
    "refundAmount",
    "screenPageViews",
    "shippingAmount",
    "taxAmount",
    "totalAdRevenue",
    "totalRevenue",
    "transactions",
    "userEngagementDuration",
];

/// Metrics that can be summed over attributes of a whole session, such as its device.
const ADDITIVE_OVER_SESSIONS: &[&str] = &["engagedSessions", "sessions"];

/// Refuses metrics that cannot be summed, if rows are merged.
pub(super) fn check_additive(columns: &[Column], metrics: &[String]) -> Result<(), Error> {
    let merging: Vec<&Column> = columns.iter().filter(|column| column.merges()).collect();
    let within_sessions = merging.iter().all(|column| matches!(column.cells, Cells::Labelled(..)));
    let is_additive = |metric: &String| {
        let family = metric.split_inclusive(':').next().unwrap_or(metric);
        ADDITIVE.contains(&family) || (within_sessions && ADDITIVE_OVER_SESSIONS.contains(&metric.as_str()))
    };
    match (metrics.iter().find(|metric| !is_additive(metric)), merging.first()) {
        (Some(metric), Some(column)) => Err(Error::field(format!(
            "{} needs its rows summed, and {metric} cannot be summed: the same one would count twice",
            column.name
        ))
        .with_hint("use metrics of events (eventCount, screenPageViews, …) with it, or leave it out")),
        _ => Ok(()),
    }
}
