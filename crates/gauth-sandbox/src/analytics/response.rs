//! `RunReportResponse`, written page by page
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/RunReportResponse>). The rows of a
//! large page are made while it is sent.

use super::aggregate::Table;
use super::columns::Columns;
use super::json::{self, Writer};
use super::metrics;
use super::properties::{Behaviour, Property};
use super::quota::{Running, State};
use super::report::{Aggregation, Report};
use crate::api::Body;
use std::sync::Arc;

/// What `kind` says of a realtime report.
pub(super) const REALTIME: &str = "analyticsData#runRealtimeReport";
/// The most rows of an answer that is made in one go.
const SHORT: usize = 1000;
/// Size of a piece of a long answer.
const PIECE: usize = 64 * 1024;

/// A page of a report: its members before, in and after the rows.
pub(super) struct Answer {
    pub(super) kind: &'static str,
    pub(super) property: &'static Property,
    pub(super) report: Report,
    pub(super) table: Arc<Table>,
    /// First row and number of rows asked for.
    pub(super) page: (usize, usize),
    pub(super) quota: Option<State>,
    pub(super) fields: Fields,
    /// The request counts as running until the answer is sent.
    pub(super) running: Option<Running>,
}

/// An answer on its way out: an iterator over pieces of JSON.
struct Pieces {
    answer: Answer,
    json: Writer,
    next: usize,
    stage: Stage,
}

#[derive(PartialEq, Eq)]
enum Stage {
    Head,
    Rows,
    Done,
}

/// The members of the answer that the `fields` parameter asks for.
pub(super) struct Fields(Option<Vec<String>>);

impl Fields {
    /// Reads the parameter: names of top-level members, or `*`. Google also knows paths; the sandbox does not.
    pub(super) fn parse(mask: Option<&str>) -> Result<Self, String> {
        let Some(mask) = mask.filter(|mask| !mask.is_empty() && *mask != "*") else {
            return Ok(Self(None));
        };
        if let Some(path) = mask.split(',').find(|name| !name.bytes().all(|byte| byte.is_ascii_alphabetic())) {
            return Err(format!("Request contains an invalid argument. Invalid field selection {path}"));
        }
        Ok(Self(Some(mask.split(',').map(str::to_owned).collect())))
    }

    /// All members.
    pub(super) fn all() -> Self {
        Self(None)
    }

    /// Whether the answer shall have this member.
    pub(super) fn want(&self, member: &str) -> bool {
        let Self(wanted) = self;
        wanted.as_ref().is_none_or(|names| names.iter().any(|name| name == member))
    }
}

impl Answer {
    /// The body: whole if it is small, else in pieces that are made while they are sent.
    pub(super) fn into_body(self, indented: bool) -> Body {
        let (first, last) = self.rows();
        let pieces = Pieces::new(self, indented);
        if last - first <= SHORT { Body::Bytes(pieces.flatten().collect()) } else { Body::Stream(Box::new(pieces)) }
    }

    /// Positions in the table: the first, and the one after the last.
    fn rows(&self) -> (usize, usize) {
        let (offset, limit) = self.page;
        let first = offset.min(self.table.rows());
        (first, first.saturating_add(limit).min(self.table.rows()))
    }

    /// Whether there are rows to be shown.
    fn has_rows(&self) -> bool {
        let (first, last) = self.rows();
        first < last && self.fields.want("rows")
    }

    /// Writes the whole answer.
    pub(super) fn write(&self, json: &mut Writer) {
        json.object(|json| {
            self.write_head(json);
            if self.has_rows() {
                let (first, last) = self.rows();
                json.member("rows").list(|json| {
                    for position in first..last {
                        self.write_rows_at(json, position);
                    }
                });
            }
            self.write_tail(json);
        });
    }

    fn write_head(&self, json: &mut Writer) {
        let columns = &self.report.columns;
        let names = columns.dimensions.iter().map(|dimension| dimension.name.as_str());
        let extra = self.report.extra_columns.iter().copied();
        if self.fields.want("dimensionHeaders") {
            write_dimension_headers(json, names.chain(extra));
        }
        if self.fields.want("metricHeaders") {
            write_metric_headers(json, columns);
        }
    }

    /// Writes the row at a position of the table, once for each slice.
    fn write_rows_at(&self, json: &mut Writer, position: usize) {
        let key = self.table.key(position);
        let pairs = || key.iter().zip(&self.table.texts);
        let texts = || pairs().map(|(text, texts)| texts[*text as usize].as_str());
        write_slices(json, &self.report, self.table.values(position), texts);
    }

    fn write_tail(&self, json: &mut Writer) {
        let report = &self.report;
        for (member, aggregation, text) in [
            ("totals", Aggregation::Total, "RESERVED_TOTAL"),
            ("maximums", Aggregation::Maximum, "RESERVED_MAX"),
            ("minimums", Aggregation::Minimum, "RESERVED_MIN"),
        ] {
            let figures = self.table.aggregate(aggregation);
            if let Some(values) = figures.filter(|_| self.fields.want(member)) {
                json.member(member).list(|json| {
                    let texts = || report.columns.dimensions.iter().map(|_| text);
                    write_slices(json, report, values, texts);
                });
            }
        }
        let rows = self.table.rows();
        if rows > 0 && self.fields.want("rowCount") {
            json.member("rowCount").number(rows as i64);
        }
        // Realtime answers have none.
        if self.kind != REALTIME && self.fields.want("metadata") {
            write_metadata(json.member("metadata"), self.property, report, rows);
        }
        let quota = self.quota.as_ref();
        if let Some(quota) = quota.filter(|_| self.fields.want("propertyQuota")) {
            quota.write(json.member("propertyQuota"));
        }
        if self.fields.want("kind") {
            json.member("kind").text(self.kind);
        }
    }
}

impl Pieces {
    fn new(answer: Answer, indented: bool) -> Self {
        let (next, _) = answer.rows();
        Self { answer, json: Writer::new(indented), next, stage: Stage::Head }
    }

    fn head(&mut self) {
        self.json.open(b'{');
        self.answer.write_head(&mut self.json);
        if self.answer.has_rows() {
            self.json.member("rows").open(b'[');
            self.stage = Stage::Rows;
        } else {
            self.tail();
        }
    }

    /// Writes rows until a piece is full.
    fn rows(&mut self) {
        let (_, last) = self.answer.rows();
        while self.next < last {
            self.answer.write_rows_at(&mut self.json, self.next);
            self.next += 1;
            if self.json.waiting() >= PIECE {
                return;
            }
        }
        self.json.close(b']');
        self.tail();
    }

    fn tail(&mut self) {
        self.answer.write_tail(&mut self.json);
        self.json.close(b'}');
        self.json.end_line();
        self.stage = Stage::Done;
    }
}

impl Iterator for Pieces {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.stage == Stage::Head {
            self.head();
        }
        if self.stage == Stage::Rows {
            self.rows();
        }
        (self.json.waiting() > 0).then(|| self.json.take())
    }
}

pub(super) fn write_dimension_headers<'a>(json: &mut Writer, names: impl Iterator<Item = &'a str>) {
    let mut names = names.peekable();
    if names.peek().is_none() {
        return;
    }
    json.member("dimensionHeaders").list(|json| {
        for name in names {
            json.element().object(|json| json.member("name").text(name));
        }
    });
}

pub(super) fn write_metric_headers(json: &mut Writer, columns: &Columns) {
    let mut visible = columns.visible_metrics().peekable();
    if visible.peek().is_none() {
        return;
    }
    json.member("metricHeaders").list(|json| {
        for metric in visible {
            json.element().object(|json| {
                json.member("name").text(&metric.name);
                json.member("type").text(metric.metric_type);
            });
        }
    });
}

/// One row for each slice; `texts` are escaped.
fn write_slices<'a, T: Iterator<Item = &'a str>>(
    json: &mut Writer,
    report: &'a Report,
    values: &[f64],
    texts: impl Fn() -> T,
) {
    let metrics = report.columns.metrics.len();
    for (number, labels) in report.slices.iter().enumerate() {
        let texts = texts().chain(labels.iter().map(String::as_str));
        let values = &values[number * metrics..][..metrics];
        write_row(json.element(), &report.columns, texts, values);
    }
}

/// A `Row`; `texts` are escaped, `values` those of all metrics.
pub(super) fn write_row<'a>(
    json: &mut Writer,
    columns: &Columns,
    texts: impl Iterator<Item = &'a str>,
    values: &[f64],
) {
    let mut texts = texts.peekable();
    json.object(|json| {
        if texts.peek().is_some() {
            json.member("dimensionValues").list(|json| {
                for text in texts {
                    json.element().object(|json| json.member("value").quoted(text));
                }
            });
        }
        if columns.visible_metrics().next().is_some() {
            json.member("metricValues").list(|json| {
                let shown = columns.metrics.iter().zip(values);
                for (metric, value) in shown.filter(|(metric, _)| !metric.invisible) {
                    json.element().object(|json| {
                        json.member("value").quoted_by(|out| {
                            metrics::write_value(out, metric.metric_type, *value);
                        });
                    });
                }
            });
        }
    });
}

pub(super) fn write_metadata(json: &mut Writer, property: &Property, report: &Report, rows: usize) {
    let behaviour = property.behaviour;
    json.object(|json| {
        if behaviour == Behaviour::OtherRow {
            json.member("dataLossFromOtherRow").boolean(true);
        }
        let hidden = || report.columns.metrics.iter().filter(|metric| property.hides(metric));
        if hidden().next().is_some() {
            json.member("schemaRestrictionResponse").object(|json| {
                json.member("activeMetricRestrictions").list(|json| {
                    for metric in hidden() {
                        json.element().object(|json| {
                            json.member("metricName").text(&metric.name);
                            json.member("restrictedMetricTypes").list(|json| {
                                json.element().text(metric.restricted_as.unwrap_or_default());
                            });
                        });
                    }
                });
            });
        }
        json.member("currencyCode").text(report.columns.currency);
        json.member("timeZone").text(property.time_zone);
        if behaviour == Behaviour::Empty {
            json.member("emptyReason").text("NO_DATA_COLLECTED");
        }
        if behaviour == Behaviour::Thresholded {
            json.member("subjectToThresholding").boolean(true);
        }
        if behaviour == Behaviour::Sampled && rows > 0 {
            json.member("samplingMetadatas").list(|json| {
                for _ in &report.slices {
                    json.element().object(|json| {
                        json.member("samplesReadCount").text("500000");
                        json.member("samplingSpaceSize").text("9350117");
                    });
                }
            });
        }
        if behaviour == Behaviour::Truncated {
            json.member("dataTruncationReasons").list(|json| {
                json.element().object(|json| {
                    json.member("dataTruncationType").text("DATA_TRUNCATION_TYPE_PROPERTY");
                    json.member("dataTruncationMessage").text("The property keeps data for 14 months.");
                    json.member("dataTruncationDate").text("2025-09-01");
                });
            });
        }
    });
}

/// Makes the texts of a table ready to be written.
pub(super) fn escape(texts: &mut [Vec<String>]) {
    for text in texts.iter_mut().flatten() {
        if let std::borrow::Cow::Owned(escaped) = json::escaped(text) {
            *text = escaped;
        }
    }
}
