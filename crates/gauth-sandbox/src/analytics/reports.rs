//! The methods that make reports: from the request to the answer, past quota and the tables that are kept.

use super::aggregate::{self, Groups};
use super::cross_table;
use super::errors::Refusal;
use super::funnel::RunFunnelReportRequest;
use super::funnel_tables;
use super::json::Writer;
use super::pivot::{self, RunPivotReportRequest};
use super::properties::{Behaviour, Property};
use super::quota::{self, Category};
use super::realtime::RunRealtimeReportRequest;
use super::report::{Report, RunReportRequest};
use super::response::{self, Answer, Fields, REALTIME};
use super::tables;
use super::{Analytics, typed};
use serde::Deserialize;
use serde_json::Value;
use std::time::Instant;

const MOST_IN_BATCH: usize = 5;

#[derive(Deserialize, Default)]
#[serde(default)]
struct BatchRequest {
    requests: Vec<Value>,
}

/// What a page is cut from, and which part of it.
struct Asked {
    category: Category,
    kind: &'static str,
    report: Report,
    page: (usize, usize),
    /// What the table is kept under.
    key: String,
    wants_quota: bool,
}

impl Analytics {
    pub(super) fn run_report(
        &self,
        property: &'static Property,
        body: Value,
        project: Option<&str>,
        fields: Fields,
    ) -> Result<Answer, Refusal> {
        let asked: RunReportRequest = typed(body.clone())?;
        let unsteady = property.behaviour == Behaviour::UnsteadyTies;
        let asked = Asked {
            category: Category::Core,
            kind: "analyticsData#runReport",
            report: asked.resolve(property, self.today)?,
            page: asked.page(),
            key: tables::key(property, Category::Core, body, unsteady),
            wants_quota: asked.return_property_quota,
        };
        self.make(property, asked, project, fields)
    }

    pub(super) fn run_realtime_report(
        &self,
        property: &'static Property,
        body: Value,
        project: Option<&str>,
        fields: Fields,
    ) -> Result<Answer, Refusal> {
        let asked: RunRealtimeReportRequest = typed(body.clone())?;
        let asked = Asked {
            category: Category::Realtime,
            kind: REALTIME,
            report: asked.resolve(property, self.today)?,
            page: asked.page(),
            key: tables::key(property, Category::Realtime, body, false),
            wants_quota: asked.return_property_quota,
        };
        self.make(property, asked, project, fields)
    }

    fn make(
        &self,
        property: &'static Property,
        asked: Asked,
        project: Option<&str>,
        fields: Fields,
    ) -> Result<Answer, Refusal> {
        let Asked { category, kind, mut report, page, key, wants_quota } = asked;
        let thresholded = report.columns.thresholded;
        let running = self.quotas.begin(property, category, project, thresholded, Instant::now())?;
        let table = self.tables.get(key, || {
            let mut table = aggregate::table(&self.site, property, &report, page.0);
            response::escape(&mut table.texts);
            table
        });
        response::escape(&mut report.slices);
        let rows = table.rows().saturating_sub(page.0).min(page.1);
        let state = running.charge(cost(&report, rows));
        Ok(Answer {
            kind,
            property,
            report,
            table,
            page,
            quota: wants_quota.then_some(state),
            fields,
            running: Some(running),
        })
    }

    /// `BatchRunReportsResponse`. One bad request fails the batch, and no report is begun before all are checked.
    pub(super) fn write_batch(
        &self,
        json: &mut Writer,
        property: &'static Property,
        body: Value,
        project: Option<&str>,
        fields: &Fields,
    ) -> Result<(), Refusal> {
        let requests = batch(body)?;
        for request in &requests {
            typed::<RunReportRequest>(request.clone())?.resolve(property, self.today)?;
        }
        let mut answers = Vec::new();
        for request in requests {
            let mut answer = self.run_report(property, request, project, Fields::all())?;
            // The batch is one request, however many reports it holds.
            answer.running = None;
            answers.push(answer);
        }
        json.object(|json| {
            if fields.want("reports") {
                json.member("reports").list(|json| {
                    for answer in &answers {
                        answer.write(json.element());
                    }
                });
            }
            if fields.want("kind") {
                json.member("kind").text("analyticsData#batchRunReports");
            }
        });
        Ok(())
    }

    /// `RunPivotReportResponse`.
    pub(super) fn write_pivot(
        &self,
        json: &mut Writer,
        property: &'static Property,
        body: Value,
        project: Option<&str>,
        fields: &Fields,
    ) -> Result<(), Refusal> {
        let asked: RunPivotReportRequest = typed(body)?;
        let (report, pivots) = asked.resolve(property, self.today)?;
        let thresholded = report.columns.thresholded;
        let running = self.quotas.begin(property, Category::Core, project, thresholded, Instant::now())?;
        let groups = Groups::collect(&self.site, property, &report);
        let mut table = pivot::cross_table(&groups, property, &report, &pivots);
        response::escape(&mut table.texts);
        let state = running.charge(cost(&report, table.rows.len()));
        let quota = asked.return_property_quota.then_some(state);
        cross_table::write(json, property, &report, &table, quota.as_ref(), fields);
        Ok(())
    }

    /// `BatchRunPivotReportsResponse`.
    pub(super) fn write_pivot_batch(
        &self,
        json: &mut Writer,
        property: &'static Property,
        body: Value,
        project: Option<&str>,
        fields: &Fields,
    ) -> Result<(), Refusal> {
        let requests = batch(body)?;
        for request in &requests {
            typed::<RunPivotReportRequest>(request.clone())?.resolve(property, self.today)?;
        }
        let mut outcome = Ok(());
        json.object(|json| {
            if fields.want("pivotReports") {
                json.member("pivotReports").list(|json| {
                    for request in requests {
                        if outcome.is_ok() {
                            let json = json.element();
                            outcome = self.write_pivot(json, property, request, project, &Fields::all());
                        }
                    }
                });
            }
            if fields.want("kind") {
                json.member("kind").text("analyticsData#batchRunPivotReports");
            }
        });
        outcome
    }

    /// `RunFunnelReportResponse`.
    pub(super) fn write_funnel(
        &self,
        json: &mut Writer,
        property: &'static Property,
        body: Value,
        project: Option<&str>,
        fields: &Fields,
    ) -> Result<(), Refusal> {
        let asked: RunFunnelReportRequest = typed(body)?;
        let report = asked.resolve(property, self.today)?;
        let running = self.quotas.begin(property, Category::Funnel, project, false, Instant::now())?;
        let counts = funnel_tables::count(&self.site, property, &report);
        let days = report.ranges.iter().map(|range| range.days.count()).sum();
        let state = running.charge(quota::cost(0, report.steps.len(), days));
        let quota = asked.return_property_quota.then_some(state);
        funnel_tables::write(json, &report, &counts, quota.as_ref(), fields);
        Ok(())
    }
}

fn batch(body: Value) -> Result<Vec<Value>, Refusal> {
    let BatchRequest { requests } = typed(body)?;
    if requests.len() > MOST_IN_BATCH {
        return Err(Refusal::invalid(format!(
            "Batch requests are limited to {MOST_IN_BATCH} requests. This batch has {} requests.",
            requests.len()
        )));
    }
    Ok(requests)
}

fn cost(report: &Report, rows: usize) -> i64 {
    let columns = report.columns.dimensions.len() + report.columns.metrics.len();
    quota::cost(rows, columns, report.days())
}
