//! The response of runReport without its rows: headers, totals, metadata, quota.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/RunReportResponse>
//!
//! Unknown fields are ignored and missing ones are empty, as in Google's own clients. [`crate::quality`] makes notes for
//! users of it.

use std::borrow::Cow;
use std::time::Duration;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::audience::Export;
use crate::error::Error;
use crate::report::int64;

/// Everything in a response but its rows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReportHead {
    /// One for each dimension of the request, and `dateRange` if there are several ranges.
    #[serde(deserialize_with = "or_default")]
    pub dimension_headers: Vec<DimensionHeader>,
    /// One for each visible metric of the request.
    #[serde(deserialize_with = "or_default")]
    pub metric_headers: Vec<MetricHeader>,
    /// One row for each date range, when asked for.
    #[serde(deserialize_with = "or_default")]
    pub totals: Vec<AggregateRow>,
    /// As `totals`.
    #[serde(deserialize_with = "or_default")]
    pub maximums: Vec<AggregateRow>,
    /// As `totals`.
    #[serde(deserialize_with = "or_default")]
    pub minimums: Vec<AggregateRow>,
    /// All aggregates of a pivot report.
    #[serde(deserialize_with = "or_default")]
    pub aggregates: Vec<AggregateRow>,
    /// The rows of the whole report, not of the page; missing if there are none. With several date ranges it counts
    /// combinations of dimensions.
    #[serde(deserialize_with = "int64::deserialize")]
    pub row_count: Option<u64>,
    /// Notes about the data.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Metadata,
    /// Left out unless asked for.
    pub property_quota: Option<PropertyQuota>,
    /// Present only when `rows` is not a list: the decoder takes lists out.
    #[serde(rename = "rows", alias = "audienceRows")]
    rows_without_list: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
    /// `analyticsData#` and the method.
    kind: Option<String>,
    /// The export whose page this is, in place of headers.
    audience_export: Option<Export>,
}

/// The name of a column of dimensions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DimensionHeader {
    /// The API name.
    pub name: String,
}

/// The name and type of a column of metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MetricHeader {
    /// The API name.
    pub name: String,
    /// `TYPE_INTEGER`, `TYPE_FLOAT`, `TYPE_SECONDS`, …
    pub r#type: String,
}

/// A row of totals, minimums or maximums.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AggregateRow {
    /// `RESERVED_TOTAL` and its like.
    #[serde(deserialize_with = "cells")]
    pub dimension_values: Vec<String>,
    /// The numbers, as the server wrote them.
    #[serde(deserialize_with = "cells")]
    pub metric_values: Vec<String>,
}

/// ResponseMetaData.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// ISO 4217.
    pub currency_code: Option<String>,
    /// The property's zone, in which its days are days.
    pub time_zone: Option<String>,
    /// Some rows were rolled into `(other)`.
    #[serde(deserialize_with = "or_default")]
    pub data_loss_from_other_row: bool,
    /// Some rows may be withheld to protect people.
    #[serde(deserialize_with = "or_default")]
    pub subject_to_thresholding: bool,
    /// Why there are no rows.
    pub empty_reason: Option<String>,
    /// One for each date range that was sampled.
    #[serde(deserialize_with = "or_default")]
    pub sampling_metadatas: Vec<Sampling>,
    /// Metrics that this user may not see.
    #[serde(deserialize_with = "or_default")]
    pub schema_restriction_response: SchemaRestriction,
    /// Why some data is missing.
    #[serde(deserialize_with = "or_default")]
    pub data_truncation_reasons: Vec<Truncation>,
}

/// How much of the data was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Sampling {
    /// Events that were read.
    #[serde(deserialize_with = "int64::deserialize")]
    pub samples_read_count: Option<u64>,
    /// Events that there are.
    #[serde(deserialize_with = "int64::deserialize")]
    pub sampling_space_size: Option<u64>,
}

/// SchemaRestrictionResponse.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SchemaRestriction {
    /// One for each metric.
    #[serde(deserialize_with = "or_default")]
    pub active_metric_restrictions: Vec<MetricRestriction>,
}

/// A metric that this user may not see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricRestriction {
    /// The API name.
    pub metric_name: String,
    /// `COST_DATA`, `REVENUE_DATA`.
    #[serde(deserialize_with = "or_default")]
    pub restricted_metric_types: Vec<String>,
}

/// Why some data is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Truncation {
    /// The cause in one word.
    pub data_truncation_type: String,
    /// The cause in a sentence.
    pub data_truncation_message: String,
}

/// What is left of the property's quota.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PropertyQuota {
    /// Of the property.
    pub tokens_per_day: Option<QuotaStatus>,
    /// Of the property.
    pub tokens_per_hour: Option<QuotaStatus>,
    /// Of this Cloud project at the property.
    pub tokens_per_project_per_hour: Option<QuotaStatus>,
    /// At one time.
    pub concurrent_requests: Option<QuotaStatus>,
    /// Of this Cloud project at the property.
    pub server_errors_per_project_per_hour: Option<QuotaStatus>,
    /// Requests whose rows may be withheld.
    pub potentially_thresholded_requests_per_hour: Option<QuotaStatus>,
}

/// One quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct QuotaStatus {
    /// Of tokens: by this request.
    pub consumed: i64,
    /// After this request.
    pub remaining: i64,
}

impl PropertyQuota {
    /// The smallest number of tokens left: for the day, for the hour, and for the project's hour.
    pub fn tokens_left(&self) -> Option<u64> {
        let left = self.tokens().map(|status| status.remaining.max(0).unsigned_abs());
        left.min()
    }

    /// The number of tokens that the request consumed.
    pub fn tokens_consumed(&self) -> u64 {
        let consumed = self.tokens().map(|status| status.consumed.max(0).unsigned_abs());
        consumed.max().unwrap_or(0)
    }

    /// How far apart requests of `cost` tokens must be for `kept` tokens of each quota to be left until it is renewed; `None`
    /// if the next one would take of them.
    pub fn pace(&self, cost: u64, kept: u64) -> Option<Duration> {
        let hour = Duration::from_secs(3600);
        let quotas =
            [(self.tokens_per_day, hour * 24), (self.tokens_per_hour, hour), (self.tokens_per_project_per_hour, hour)];
        let mut known = quotas.into_iter().filter_map(|(status, period)| Some((status?, period)));
        known.try_fold(Duration::ZERO, |pace, (status, period)| {
            let left = status.remaining.max(0).unsigned_abs().saturating_sub(kept);
            let share = cost as f64 / left.max(1) as f64;
            (left >= cost.max(1)).then(|| pace.max(period.mul_f64(share)))
        })
    }

    fn tokens(&self) -> impl Iterator<Item = QuotaStatus> {
        [self.tokens_per_day, self.tokens_per_hour, self.tokens_per_project_per_hour].into_iter().flatten()
    }
}

impl ReportHead {
    /// Reads a response whose rows have been removed.
    pub(crate) fn parse(envelope: &[u8]) -> Result<Self, Error> {
        let mut head: Self = serde_json::from_slice(envelope)
            .map_err(|error| Error::response(format!("the response is not a report: {error}")))?;
        if let Some(export) = head.audience_export.take() {
            head.dimension_headers =
                export.dimension_names().map(|name| DimensionHeader { name: name.to_owned() }).collect();
        }
        if head.error.is_some() {
            return Err(Error::response("the response is an error with status 200"));
        }
        let is_report = match &head.kind {
            Some(kind) => kind.starts_with("analyticsData#"),
            None => !(head.dimension_headers.is_empty() && head.metric_headers.is_empty()),
        };
        if !is_report {
            return Err(Error::response("the response is not a report: it has neither a kind nor headers"));
        }
        if head.rows_without_list.is_some() {
            return Err(Error::response("the rows in the response are not a list"));
        }
        Ok(head)
    }
}

/// `null` counts as missing.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// `[{"value": …}, …]` as texts; a number keeps its spelling.
fn cells<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    struct Cell {
        value: Option<Box<RawValue>>,
    }
    let cells = Option::<Vec<Cell>>::deserialize(deserializer)?.unwrap_or_default();
    let text = |cell: Cell| {
        let Some(raw) = cell.value else {
            return Ok(String::new());
        };
        if raw.get().starts_with('"') {
            let text: Cow<'_, str> = serde_json::from_str(raw.get())?;
            return Ok(text.into_owned());
        }
        Ok(raw.get().to_owned())
    };
    let texts: serde_json::Result<_> = cells.into_iter().map(text).collect();
    texts.map_err(serde::de::Error::custom)
}
