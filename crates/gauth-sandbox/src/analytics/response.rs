//! `RunReportResponse`, written page by page
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/RunReportResponse>). The rows of a
//! large page are formatted while it is sent.

use super::aggregate::Table;
use super::metrics;
use super::properties::{Behaviour, Property};
use super::quota::{Running, State};
use super::report::{Aggregation, Report};
use crate::http::Body;
use crate::rest::json::{Writer, escaped};
use serde_json::{Value, json};
use std::sync::Arc;

/// The most rows of an answer that is formatted at once.
const SHORT: usize = 1000;
/// Size of a piece of a long answer.
pub(super) const PIECE: usize = 64 * 1024;

/// The method: `runReport` of v1beta or of v1alpha, or `runRealtimeReport`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Report,
    AlphaReport,
    Realtime,
}

/// A page of a report: its members before, in and after the rows.
pub(super) struct Answer {
    pub(super) kind: Kind,
    pub(super) property: &'static Property,
    pub(super) report: Report,
    pub(super) table: Arc<Table>,
    /// The result of [`Table::page`].
    pub(super) rows: Vec<u32>,
    pub(super) quota: Option<State>,
    /// The request counts as running until the answer is sent.
    pub(super) running: Option<Running>,
}

impl Answer {
    /// The body: whole if it is small, else in pieces that are formatted while they are sent.
    pub(super) fn into_body(self, mut json: Writer) -> Body {
        if self.rows.len() <= SHORT {
            self.write(&mut json, |_| true);
            return Body::Bytes(json.finish());
        }
        Body::Stream(Box::new(move |send| {
            self.write(&mut json, |json| json.waiting() < PIECE || send(json.take()));
            send(json.finish());
        }))
    }

    /// Writes the whole answer; after each row `goes_on` may take what is written, or end the rows.
    pub(super) fn write(&self, json: &mut Writer, mut goes_on: impl FnMut(&mut Writer) -> bool) {
        json.object(|json| {
            self.write_head(json);
            if !self.rows.is_empty() {
                json.member("rows").list(|json| {
                    for row in &self.rows {
                        self.write_row(json.element(), *row);
                        if !goes_on(json) {
                            break;
                        }
                    }
                });
            }
            self.write_tail(json);
        });
    }

    fn write_head(&self, json: &mut Writer) {
        let columns = &self.report.columns;
        let names = columns.dimensions.iter().map(|dimension| dimension.name.as_str());
        let names: Vec<&str> = names.chain(self.report.extra_columns.iter().copied()).collect();
        // Recorded: an empty report without dimensions has no headers at all.
        if !names.is_empty() || self.table.rows() > 0 {
            write_headers(json, names, columns.headers());
        }
    }

    /// Writes one row of the page.
    fn write_row(&self, json: &mut Writer, row: u32) {
        let slices = self.report.slices.len();
        let (row, slice) = (row as usize / slices, row as usize % slices);
        let pairs = self.table.key(row).iter().zip(&self.table.texts);
        let texts = pairs.map(|(text, texts)| texts[*text as usize].as_str());
        let labels = self.report.slices[slice].iter().map(String::as_str);
        let metrics = self.report.columns.metrics.len();
        let values = &self.table.values(row)[slice * metrics..][..metrics];
        write_row(json, texts.chain(labels), self.report.columns.shown(values));
    }

    fn write_tail(&self, json: &mut Writer) {
        let report = &self.report;
        for (member, aggregation, text) in [
            ("totals", Aggregation::Total, "RESERVED_TOTAL"),
            ("maximums", Aggregation::Maximum, "RESERVED_MAX"),
            ("minimums", Aggregation::Minimum, "RESERVED_MIN"),
        ] {
            let Some(values) = self.table.aggregate(aggregation) else { continue };
            json.member(member).list(|json| {
                let metrics = report.columns.metrics.len();
                for (slice, labels) in report.slices.iter().enumerate() {
                    let texts = report.columns.dimensions.iter().map(|_| text);
                    let texts = texts.chain(labels.iter().map(String::as_str));
                    write_row(json.element(), texts, report.columns.shown(&values[slice * metrics..][..metrics]));
                }
            });
        }
        let rows = self.table.rows();
        if rows > 0 {
            json.member("rowCount").number(rows as i64);
        }
        // Realtime answers have no metadata.
        if self.kind != Kind::Realtime {
            write_metadata(json.member("metadata"), self.property, report, rows, self.kind == Kind::AlphaReport);
        }
        if let Some(quota) = &self.quota {
            quota.write(json.member("propertyQuota"));
        }
        json.member("kind").text(match self.kind {
            Kind::Report | Kind::AlphaReport => "analyticsData#runReport",
            Kind::Realtime => "analyticsData#runRealtimeReport",
        });
    }
}

/// The headers of dimensions and metrics (name and type), if there are any.
pub(super) fn write_headers<'a>(
    json: &mut Writer,
    dimensions: Vec<&str>,
    metrics: impl Iterator<Item = (&'a str, &'a str)>,
) {
    if !dimensions.is_empty() {
        json.member("dimensionHeaders").list(|json| {
            dimensions.iter().for_each(|name| json.element().object(|json| json.member("name").text(name)));
        });
    }
    let mut metrics = metrics.peekable();
    if metrics.peek().is_some() {
        json.member("metricHeaders").list(|json| {
            for (name, metric_type) in metrics {
                json.element().object(|json| {
                    json.member("name").text(name);
                    json.member("type").text(metric_type);
                });
            }
        });
    }
}

/// A `Row`; `texts` are escaped, figures have their metric's type.
pub(super) fn write_row<'a>(
    json: &mut Writer,
    texts: impl Iterator<Item = &'a str>,
    figures: impl Iterator<Item = (&'a str, f64)>,
) {
    let (mut texts, mut figures) = (texts.peekable(), figures.peekable());
    json.object(|json| {
        if texts.peek().is_some() {
            json.member("dimensionValues").list(|json| {
                texts.for_each(|text| json.element().object(|json| json.member("value").quoted(text)));
            });
        }
        if figures.peek().is_some() {
            json.member("metricValues").list(|json| {
                for (metric_type, figure) in figures {
                    json.element().object(|json| {
                        json.member("value").quoted_by(|out| metrics::write_value(out, metric_type, figure));
                    });
                }
            });
        }
    });
}

/// `ResponseMetaData`; v1alpha's differs.
pub(super) fn write_metadata(json: &mut Writer, property: &Property, report: &Report, rows: usize, is_alpha: bool) {
    let behaviour = property.behaviour;
    json.object(|json| {
        if behaviour == Behaviour::OtherRow {
            json.member("dataLossFromOtherRow").boolean(true);
        }
        let restrictions = report.columns.metrics.iter().filter(|metric| property.hides(metric)).map(|metric| {
            let kind = metric.restricted_as.unwrap_or_default();
            json!({"metricName": metric.name, "restrictedMetricTypes": [kind]})
        });
        let restrictions: Vec<Value> = restrictions.collect();
        if !restrictions.is_empty() {
            let value = json!({"activeMetricRestrictions": restrictions});
            json.member("schemaRestrictionResponse").value(&value);
        }
        json.member("currencyCode").text(report.columns.currency);
        json.member("timeZone").text(&property.time_zone);
        if behaviour == Behaviour::Empty {
            json.member("emptyReason").text("NO_DATA_COLLECTED");
        }
        if behaviour == Behaviour::Thresholded {
            json.member("subjectToThresholding").boolean(true);
        }
        if behaviour == Behaviour::Sampled && rows > 0 {
            let one = json!({"samplesReadCount": 500_000, "samplingSpaceSize": 9_350_117});
            let all = report.slices.iter().map(|_| one.clone());
            json.member("samplingMetadatas").value(&all.collect());
        }
        if is_alpha {
            let section = if report.is_of_conversions() { "SECTION_ADVERTISING" } else { "SECTION_REPORT" };
            json.member("section").text(section);
        } else if behaviour == Behaviour::Truncated {
            json.member("dataTruncationReasons").value(&json!([{
                "dataTruncationType": "DATA_TRUNCATION_TYPE_PROPERTY",
                "dataTruncationMessage": "The property keeps data for 14 months.",
                "dataTruncationDate": "2025-09-01",
            }]));
        }
    });
}

/// Escapes the texts of a table for JSON.
pub(super) fn escape(texts: &mut [Vec<String>]) {
    for text in texts.iter_mut().flatten() {
        if let std::borrow::Cow::Owned(escaped) = escaped(text) {
            *text = escaped;
        }
    }
}
