//! `RunRealtimeReportRequest`: a report over the last minutes instead of days
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/runRealtimeReport>).
//! It has its own fields, its own quota, no offset and no metadata.

use super::catalogue::Surface;
use super::dates;
use super::properties::{Behaviour, Property};
use super::refuse_if;
use super::report::{self, Pass, Report, ReportRequest};
use super::site::Days;
use crate::rest::Refusal;
use serde::Deserialize;

const MOST_RANGES: usize = 2;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct MinuteRange {
    start_minutes_ago: Option<i32>,
    end_minutes_ago: Option<i32>,
    name: String,
}

impl ReportRequest {
    /// For a realtime report.
    pub(super) fn resolve_realtime(&self, property: &Property, today: i32) -> Result<Report, Refusal> {
        report::check_not_negative(&[("limit", self.limit)])?;
        refuse_if(
            self.minute_ranges.len() > MOST_RANGES,
            format!("Requests are limited to {MOST_RANGES} minuteRanges."),
        )?;
        let columns = self.columns.resolve(property, Surface::Realtime, false)?;
        let default = [MinuteRange::default()];
        let ranges = match &self.minute_ranges[..] {
            [] => &default,
            ranges => ranges,
        };
        let several = ranges.len() > 1;
        let mut slices = Vec::new();
        let mut passes = Vec::new();
        for (number, range) in ranges.iter().enumerate() {
            passes.push(range.pass(number, property, today)?);
            slices.push(match several {
                true => vec![dates::name(&range.name, "date_range_", number)?],
                false => Vec::new(),
            });
        }
        Ok(Report {
            order: report::resolve_order(&self.order_bys, &columns)?,
            aggregations: report::resolve_aggregations(&self.metric_aggregations, false)?,
            extra_columns: several.then_some("dateRange").into_iter().collect(),
            ..Report::new(columns, slices, passes)
        })
    }
}

impl MinuteRange {
    fn pass(&self, number: usize, property: &Property, today: i32) -> Result<Pass, Refusal> {
        let earliest = match property.behaviour {
            Behaviour::Large => 59,
            _ => 29,
        };
        let start = self.start_minutes_ago.unwrap_or(29);
        let end = self.end_minutes_ago.unwrap_or(0);
        if !(0..=earliest).contains(&start) || !(0..=start).contains(&end) {
            return Err(Refusal::invalid(format!(
                "Invalid minuteRange {number}: startMinutesAgo {start}, endMinutesAgo {end}. \
                 This property can be asked for the last {} minutes.",
                earliest + 1
            )));
        }
        Ok(Pass { minutes: Some(end as u32..=start as u32), ..Pass::over(Days::new(today, today), number) })
    }
}
