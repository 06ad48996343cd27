//! Notes for users: about the quality of the rows, from a report's metadata, and about the quota.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/ResponseMetaData>
//!
//! Each is one line, reported once for all pages. Whether incomplete data is an error is left to the caller.

use std::time::Duration;

use gauth_text::counted;

use crate::report::RunReportRequest;
use crate::response::{Metadata, PropertyQuota, QuotaStatus, ReportHead};

/// One note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line.
    pub text: String,
    /// How rows or numbers are missing or estimated; `None` for an empty report.
    pub loss: Option<Loss>,
}

/// How data is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// The numbers are estimates.
    Sampled,
    /// Rows were grouped into `(other)`.
    Other,
    /// Rows about few users may be withheld.
    Thresholded,
    /// Days are missing.
    Truncated,
    /// A metric is hidden from this user.
    Restricted,
}

impl Loss {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sampled => "sampled",
            Self::Other => "other",
            Self::Thresholded => "thresholded",
            Self::Truncated => "truncated",
            Self::Restricted => "restricted",
        }
    }
}

/// Collects the notes of all pages.
#[derive(Debug, Default)]
pub struct Quality {
    notes: Vec<Note>,
}

impl Quality {
    /// Takes the metadata of one page of the report that `request` asks for.
    pub fn add(&mut self, request: &RunReportRequest, head: &ReportHead) {
        for note in notes(&head.metadata, &request.range_names()) {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// Each note once.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

fn notes(metadata: &Metadata, ranges: &[String]) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut lossy = |loss, text: String| notes.push(Note { text, loss: Some(loss) });
    for (place, sampling) in metadata.sampling_metadatas.iter().enumerate() {
        let range = ranges.get(place).filter(|_| ranges.len() > 1);
        let range = range.map_or_else(String::new, |name| format!(" (date range {name})"));
        let read = sampling.samples_read_count.unwrap_or(0);
        match sampling.sampling_space_size.unwrap_or(0) {
            0 => lossy(Loss::Sampled, format!("sampled{range}: the numbers are estimates")),
            space if read >= space => {}
            space => lossy(
                Loss::Sampled,
                format!(
                    "sampled{range}: the numbers are estimates from {} of {} events ({})",
                    counted(read),
                    counted(space),
                    percent(read, space)
                ),
            ),
        }
    }
    if metadata.data_loss_from_other_row {
        lossy(Loss::Other, "some rows were grouped into (other): request fewer dimensions or days".to_owned());
    }
    if metadata.subject_to_thresholding {
        lossy(Loss::Thresholded, "thresholding: rows about small numbers of users may be withheld".to_owned());
    }
    for reason in &metadata.data_truncation_reasons {
        let words = match &*reason.data_truncation_message {
            "" => &reason.data_truncation_type,
            message => message,
        };
        lossy(Loss::Truncated, format!("truncated: {}", words.trim_end_matches('.')));
    }
    for restriction in &metadata.schema_restriction_response.active_metric_restrictions {
        let kinds = restriction.restricted_metric_types.join(", ");
        let text = format!("the metric {} is restricted for this user ({kinds})", restriction.metric_name);
        lossy(Loss::Restricted, text);
    }
    if let Some(reason) = metadata.empty_reason.as_deref().filter(|r| !r.is_empty()) {
        let why = match reason {
            "NO_DATA_COLLECTED" => "the property has collected no data for these dates",
            other => other,
        };
        notes.push(Note { text: format!("no rows: {why}"), loss: None });
    }
    notes
}

/// `read` of `space` with one decimal, cut, not rounded up: 99.9% is never called all.
fn percent(read: u64, space: u64) -> String {
    let thousandths = u128::from(read) * 1000 / u128::from(space.max(1));
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

/// The quota that a run consumed, over all its requests.
#[derive(Clone, Debug, Default)]
pub struct Consumption {
    tokens: i64,
    last: PropertyQuota,
}

impl Consumption {
    /// Takes the quota of one response.
    pub fn add(&mut self, quota: &PropertyQuota) {
        let consumed = |status: Option<QuotaStatus>| status.map_or(0, |status| status.consumed);
        self.tokens += consumed(quota.tokens_per_day);
        let mut last = quota.clone();
        lower(&mut last.tokens_per_day, self.last.tokens_per_day);
        lower(&mut last.tokens_per_hour, self.last.tokens_per_hour);
        lower(&mut last.tokens_per_project_per_hour, self.last.tokens_per_project_per_hour);
        self.last = last;
    }

    /// [`PropertyQuota::pace`] for runs like this one.
    pub fn pace(&self, kept: u64) -> Option<Duration> {
        self.last.pace(self.tokens.max(0).unsigned_abs(), kept)
    }

    /// The smallest number of tokens left.
    pub fn tokens_left(&self) -> Option<u64> {
        self.last.tokens_left()
    }

    /// Lines for users: the quota consumed by the run, then what is left of each quota that the server reported.
    pub fn lines(&self) -> Vec<String> {
        let left = [
            ("tokens per day", self.last.tokens_per_day),
            ("tokens per hour", self.last.tokens_per_hour),
            ("tokens per project per hour", self.last.tokens_per_project_per_hour),
            ("concurrent requests", self.last.concurrent_requests),
            ("server errors per project per hour", self.last.server_errors_per_project_per_hour),
            ("potentially thresholded requests per hour", self.last.potentially_thresholded_requests_per_hour),
        ];
        let mut lines = vec![format!("quota: {} tokens consumed", counted(self.tokens))];
        for (name, status) in left {
            if let Some(status) = status {
                lines.push(format!("quota: {name}: {} left", counted(status.remaining)));
            }
        }
        lines
    }
}

/// Keeps the smaller remainder: responses of parallel requests arrive in any order.
fn lower(status: &mut Option<QuotaStatus>, before: Option<QuotaStatus>) {
    if let Some(before) = before
        && status.is_none_or(|status| before.remaining < status.remaining)
    {
        *status = Some(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::DateRange;

    fn head(json: &str) -> ReportHead {
        ReportHead::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn each_kind_of_loss_is_one_line_reported_once() {
        let page = head(
            r#"{"kind":"analyticsData#runReport","metadata":{
                "samplingMetadatas":[{"samplesReadCount":"999999","samplingSpaceSize":"1000000"}],
                "dataLossFromOtherRow":true,"subjectToThresholding":true,"emptyReason":"NO_DATA_COLLECTED",
                "dataTruncationReasons":[{"dataTruncationType":"RETENTION","dataTruncationMessage":"older than 14 months"}],
                "schemaRestrictionResponse":{"activeMetricRestrictions":[
                    {"metricName":"adCost","restrictedMetricTypes":["COST_DATA"]}]},
                "somethingNew":{"a":1}}}"#,
        );
        let mut quality = Quality::default();
        quality.add(&RunReportRequest::default(), &page);
        quality.add(&RunReportRequest::default(), &page);
        let texts: Vec<_> = quality.notes().iter().map(|note| (&*note.text, note.loss.map(Loss::word))).collect();
        assert_eq!(
            texts,
            [
                ("sampled: the numbers are estimates from 999,999 of 1,000,000 events (99.9%)", Some("sampled")),
                ("some rows were grouped into (other): request fewer dimensions or days", Some("other")),
                ("thresholding: rows about small numbers of users may be withheld", Some("thresholded")),
                ("truncated: older than 14 months", Some("truncated")),
                ("the metric adCost is restricted for this user (COST_DATA)", Some("restricted")),
                ("no rows: the property has collected no data for these dates", None),
            ]
        );
        let mut clean = Quality::default();
        clean.add(
            &RunReportRequest::default(),
            &head(r#"{"kind":"analyticsData#runReport","metadata":{"currencyCode":"EUR","timeZone":"Europe/Rome"}}"#),
        );
        assert!(clean.notes().is_empty());
    }

    #[test]
    fn what_was_read_whole_is_not_sampled_and_each_of_several_ranges_is_named() {
        let page = head(
            r#"{"kind":"analyticsData#runReport","metadata":{"samplingMetadatas":[
                {"samplesReadCount":"100","samplingSpaceSize":"100"},
                {"samplesReadCount":"1","samplingSpaceSize":"3"}, {}]}}"#,
        );
        let text = |request: &RunReportRequest| {
            let mut quality = Quality::default();
            quality.add(request, &page);
            quality.notes().iter().map(|note| note.text.clone()).collect::<Vec<_>>()
        };
        let ranges = [("before", true), ("", false), ("after", true)].map(|(name, is_named)| DateRange {
            start_date: "yesterday".into(),
            end_date: "today".into(),
            name: is_named.then(|| name.to_owned()),
        });
        let three = RunReportRequest { date_ranges: ranges.into(), ..RunReportRequest::default() };
        assert_eq!(
            text(&three),
            [
                "sampled (date range date_range_1): the numbers are estimates from 1 of 3 events (33.3%)",
                "sampled (date range after): the numbers are estimates",
            ]
        );
        assert!(text(&RunReportRequest::default())[0].starts_with("sampled: "));
    }

    #[test]
    fn the_pace_leaves_each_quota_enough_until_it_is_renewed() {
        let status = |remaining| Some(QuotaStatus { consumed: 10, remaining });
        let pace = |day, hour, kept| {
            let quota = PropertyQuota {
                tokens_per_day: status(day),
                tokens_per_hour: status(hour),
                ..PropertyQuota::default()
            };
            let mut consumption = Consumption::default();
            consumption.add(&quota);
            consumption.pace(kept).map(|pace| pace.as_secs())
        };
        assert_eq!(pace(1_000_000, 36_000, 0), Some(1));
        assert_eq!(pace(1_000_000, 3_600, 0), Some(10));
        assert_eq!(pace(8_640, 3_600, 0), Some(100));
        assert_eq!(pace(1_000_000, 3_600, 3_590), Some(3_600));
        assert_eq!(pace(1_000_000, 3_600, 3_591), None);
        assert_eq!(pace(1_000_000, 9, 0), None);
        assert_eq!(Consumption::default().pace(5), Some(Duration::ZERO));
    }

    #[test]
    fn consumption_is_summed_and_the_smallest_remainder_is_kept() {
        let mut consumption = Consumption::default();
        for (consumed, remaining) in [(3, 190), (4, 186), (2, 188)] {
            let json = format!(
                r#"{{"kind":"analyticsData#runReport","propertyQuota":{{"tokensPerDay":{{"consumed":{consumed},"remaining":{remaining}}},
                    "concurrentRequests":{{"remaining":9}}}}}}"#
            );
            consumption.add(&head(&json).property_quota.unwrap());
        }
        assert_eq!(
            consumption.lines(),
            ["quota: 9 tokens consumed", "quota: tokens per day: 186 left", "quota: concurrent requests: 9 left"]
        );
    }
}
