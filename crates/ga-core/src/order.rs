//! The order of the rows of a report.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/OrderBy>
//!
//! It is always total, so that consecutive pages fit together: no two rows are equal in all
//! dimensions.

use crate::catalogue::{self, FieldKind};
use crate::paging::DATE_RANGE;
use crate::report::{OrderBy, OrderKey, RunReportRequest};

/// The order of rows if none is requested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultOrder {
    /// By the dimensions of time, ascending; without any, by the first metric, descending.
    #[default]
    TimeOrSize,
    /// By the dimensions from left to right, as Core Reporting v3 did.
    Dimensions,
}

/// Whether text order is time order for the values of this dimension, which does not hold for names of days.
pub(crate) fn is_time(dimension: &str) -> bool {
    catalogue::find(dimension, FieldKind::Dimension)
        .is_some_and(|field| field.category == "time" && !field.name.ends_with("Name"))
}

/// Gives the request a total order: its own keys, or else the default ones, and then the dimensions that are not among
/// them. The name of the date range is left out: the API returns 500 for it.
pub fn total_order(request: &mut RunReportRequest, default: DefaultOrder) {
    if request.dimensions.is_empty() || request.other.contains_key("orderBys") {
        return;
    }
    if request.order_bys.is_empty() && default == DefaultOrder::TimeOrSize {
        let times = request.dimensions.iter().filter(|dimension| is_time(&dimension.name));
        request.order_bys.extend(times.map(|dimension| ascending(&dimension.name)));
        let mut visible = request.metrics.iter().filter(|metric| metric.invisible != Some(true));
        if request.order_bys.is_empty()
            && let Some(metric) = visible.next()
        {
            request.order_bys.push(OrderBy { desc: true, key: OrderKey::Metric { metric_name: metric.name.clone() } });
        }
    }
    for dimension in &request.dimensions {
        let is_this = |order: &OrderBy| {
            matches!(&order.key, OrderKey::Dimension { dimension_name, .. }
                if *dimension_name == dimension.name)
        };
        if dimension.name != DATE_RANGE && !request.order_bys.iter().any(is_this) {
            request.order_bys.push(ascending(&dimension.name));
        }
    }
}

fn ascending(dimension: &str) -> OrderBy {
    OrderBy { desc: false, key: OrderKey::Dimension { dimension_name: dimension.to_owned(), order_type: None } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Dimension, Metric};

    fn keys(request: &RunReportRequest) -> String {
        let text = |order: &OrderBy| {
            let name = match &order.key {
                OrderKey::Metric { metric_name } => metric_name,
                OrderKey::Dimension { dimension_name, .. } => dimension_name,
                OrderKey::Pivot(_) => "pivot",
            };
            format!("{}{name}", if order.desc { "-" } else { "" })
        };
        let texts: Vec<_> = request.order_bys.iter().map(text).collect();
        texts.join(",")
    }

    fn request(dimensions: &str) -> RunReportRequest {
        let dimensions = dimensions.split(',').filter(|name| !name.is_empty());
        RunReportRequest {
            dimensions: dimensions.map(Dimension::named).collect(),
            metrics: vec![
                Metric { invisible: Some(true), ..Metric::named("newUsers") },
                Metric::named("sessions"),
                Metric::named("totalUsers"),
            ],
            ..RunReportRequest::default()
        }
    }

    #[test]
    fn time_leads_the_order_and_else_the_first_metric() {
        for (dimensions, by_default, of_v3) in [
            ("country,dateRange,city", "-sessions,country,city", "country,city"),
            ("country,dateRange,date", "date,country", "country,date"),
            ("hour,country,date", "hour,date,country", "hour,country,date"),
            ("minutesAgo", "minutesAgo", "minutesAgo"),
            ("nthDay", "nthDay", "nthDay"),
            ("dayOfWeekName", "-sessions,dayOfWeekName", "dayOfWeekName"),
            ("firstSessionDate", "-sessions,firstSessionDate", "firstSessionDate"),
            ("customUser:date", "-sessions,customUser:date", "customUser:date"),
            ("", "", ""),
        ] {
            for (default, expected) in [(DefaultOrder::TimeOrSize, by_default), (DefaultOrder::Dimensions, of_v3)] {
                let mut request = request(dimensions);
                total_order(&mut request, default);
                assert_eq!(keys(&request), expected, "{dimensions}");
            }
        }
    }

    #[test]
    fn the_keys_of_the_request_come_first_and_become_total() {
        let mut request = request("country,date");
        request.order_bys.push(OrderBy { desc: true, ..ascending("date") });
        total_order(&mut request, DefaultOrder::TimeOrSize);
        assert_eq!(keys(&request), "-date,country");
    }
}
