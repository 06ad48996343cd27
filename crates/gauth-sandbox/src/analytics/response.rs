//! `RunReportResponse`, written page by page
//! (https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/RunReportResponse). The rows of a
//! large page are made while it is sent.

use super::aggregate::Table;
use super::json::{self, Writer};
use super::metrics;
use super::properties::{Behaviour, Property};
use super::quota::{Running, State};
use super::report::{Aggregation, Report};
use std::sync::Arc;

/// The most rows of an answer that is made in one go.
const SHORT: usize = 1000;
/// Size of a piece of a long answer.
const PIECE: usize = 64 * 1024;

/// A page of a report on its way out: an iterator over pieces of JSON.
pub(super) struct Page {
    property: &'static Property,
    report: Report,
    table: Arc<Table>,
    quota: Option<State>,
    fields: Fields,
    /// The request counts as running until the last piece is made.
    _running: Running,
    json: Writer,
    next: usize,
    end: usize,
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
        if let Some(path) = mask
            .split(',')
            .find(|name| !name.bytes().all(|byte| byte.is_ascii_alphabetic()))
        {
            return Err(format!(
                "Request contains an invalid argument. Invalid field selection {path}"
            ));
        }
        Ok(Self(Some(mask.split(',').map(str::to_owned).collect())))
    }

    /// Whether the answer shall have this member.
    pub(super) fn want(&self, member: &str) -> bool {
        let Self(wanted) = self;
        wanted
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| name == member))
    }
}

/// What surrounds the rows of a page.
pub(super) struct Envelope {
    pub(super) quota: Option<State>,
    pub(super) fields: Fields,
    pub(super) indented: bool,
    pub(super) running: Running,
}

impl Page {
    /// The rows from `offset`, at most `limit`.
    pub(super) fn new(
        property: &'static Property,
        report: Report,
        table: Arc<Table>,
        (offset, limit): (usize, usize),
        envelope: Envelope,
    ) -> Self {
        let next = offset.min(table.rows());
        let end = next.saturating_add(limit).min(table.rows());
        Self {
            property,
            report,
            table,
            quota: envelope.quota,
            fields: envelope.fields,
            _running: envelope.running,
            json: Writer::new(envelope.indented),
            next,
            end,
            stage: Stage::Head,
        }
    }

    /// Whether the answer is small enough to be made in one go.
    pub(super) fn is_short(&self) -> bool {
        self.end - self.next <= SHORT
    }

    fn head(&mut self) {
        let (json, report) = (&mut self.json, &self.report);
        json.open(b'{');
        let ranges = report.ranges.len() > 1;
        let names = report
            .dimensions
            .iter()
            .map(|dimension| dimension.name.as_str());
        let names: Vec<&str> = names.chain(ranges.then_some("dateRange")).collect();
        if !names.is_empty() && self.fields.want("dimensionHeaders") {
            json.member("dimensionHeaders").list(|json| {
                for name in names {
                    json.element().object(|json| json.member("name").text(name));
                }
            });
        }
        let mut visible = report
            .metrics
            .iter()
            .filter(|metric| !metric.invisible)
            .peekable();
        if visible.peek().is_some() && self.fields.want("metricHeaders") {
            json.member("metricHeaders").list(|json| {
                for metric in visible {
                    json.element().object(|json| {
                        json.member("name").text(&metric.name);
                        json.member("type").text(metric.metric_type);
                    });
                }
            });
        }
        if self.next < self.end && self.fields.want("rows") {
            json.member("rows").open(b'[');
            self.stage = Stage::Rows;
        } else {
            self.tail();
        }
    }

    /// Writes rows until a piece is full.
    fn rows(&mut self) {
        while self.next < self.end {
            let key = self.table.key(self.next);
            let values = self.table.values(self.next);
            let texts = || {
                let pairs = key.iter().zip(&self.table.texts);
                pairs.map(|(text, texts)| texts[*text as usize].as_str())
            };
            write_row(&mut self.json, &self.report, values, texts);
            self.next += 1;
            if self.json.waiting() >= PIECE {
                return;
            }
        }
        self.json.close(b']');
        self.tail();
    }

    fn tail(&mut self) {
        let (json, report) = (&mut self.json, &self.report);
        for (member, aggregation, text) in [
            ("totals", Aggregation::Total, "RESERVED_TOTAL"),
            ("maximums", Aggregation::Maximum, "RESERVED_MAX"),
            ("minimums", Aggregation::Minimum, "RESERVED_MIN"),
        ] {
            let figures = self.table.aggregate(aggregation);
            if let Some(values) = figures.filter(|_| self.fields.want(member)) {
                json.member(member).list(|json| {
                    write_row(json, report, values, || {
                        report.dimensions.iter().map(|_| text)
                    });
                });
            }
        }
        if self.table.rows() > 0 && self.fields.want("rowCount") {
            json.member("rowCount").number(self.table.rows() as i64);
        }
        if self.fields.want("metadata") {
            write_metadata(
                json.member("metadata"),
                self.property,
                report,
                self.table.rows(),
            );
        }
        if let Some(quota) = self
            .quota
            .as_ref()
            .filter(|_| self.fields.want("propertyQuota"))
        {
            quota.write(json.member("propertyQuota"));
        }
        if self.fields.want("kind") {
            json.member("kind").text("analyticsData#runReport");
        }
        json.close(b'}');
        json.end_line();
        self.stage = Stage::Done;
    }
}

impl Iterator for Page {
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

/// One row for each date range; `texts` are escaped.
fn write_row<'a, T: Iterator<Item = &'a str>>(
    json: &mut Writer,
    report: &'a Report,
    values: &[f64],
    texts: impl Fn() -> T,
) {
    let several = report.ranges.len() > 1;
    let metrics = report.metrics.len();
    for (number, range) in report.ranges.iter().enumerate() {
        json.element().object(|json| {
            if several || !report.dimensions.is_empty() {
                json.member("dimensionValues").list(|json| {
                    for text in texts().chain(several.then_some(range.name.as_str())) {
                        json.element()
                            .object(|json| json.member("value").quoted(text));
                    }
                });
            }
            if report.metrics.iter().any(|metric| !metric.invisible) {
                json.member("metricValues").list(|json| {
                    let values = &values[number * metrics..];
                    for (metric, value) in report.metrics.iter().zip(values) {
                        if !metric.invisible {
                            json.element().object(|json| {
                                json.member("value").quoted_by(|out| {
                                    metrics::write_value(out, metric.metric_type, *value)
                                });
                            });
                        }
                    }
                });
            }
        });
    }
}

fn write_metadata(json: &mut Writer, property: &Property, report: &Report, rows: usize) {
    let behaviour = property.behaviour;
    json.object(|json| {
        if behaviour == Behaviour::OtherRow {
            json.member("dataLossFromOtherRow").boolean(true);
        }
        let hidden = || {
            report
                .metrics
                .iter()
                .filter(|metric| property.hides(metric))
        };
        if hidden().next().is_some() {
            json.member("schemaRestrictionResponse").object(|json| {
                json.member("activeMetricRestrictions").list(|json| {
                    for metric in hidden() {
                        json.element().object(|json| {
                            json.member("metricName").text(&metric.name);
                            json.member("restrictedMetricTypes").list(|json| {
                                json.element()
                                    .text(metric.restricted_as.unwrap_or_default());
                            });
                        });
                    }
                });
            });
        }
        json.member("currencyCode").text(report.currency);
        json.member("timeZone").text(property.time_zone);
        if behaviour == Behaviour::Empty {
            json.member("emptyReason").text("NO_DATA_COLLECTED");
        }
        if behaviour == Behaviour::Thresholded {
            json.member("subjectToThresholding").boolean(true);
        }
        if behaviour == Behaviour::Sampled && rows > 0 {
            json.member("samplingMetadatas").list(|json| {
                for _ in &report.ranges {
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
                    json.member("dataTruncationType")
                        .text("DATA_TRUNCATION_TYPE_PROPERTY");
                    json.member("dataTruncationMessage")
                        .text("The property keeps data for 14 months.");
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
