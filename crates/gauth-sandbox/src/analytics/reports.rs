//! The methods that compute reports: from the request, through quotas and cached tables, to the answer.

use super::aggregate::Groups;
use super::funnel::RunFunnelReportRequest;
use super::pivot;
use super::properties::{Behaviour, Property};
use super::quota::{self, Category};
use super::report::{Report, ReportRequest};
use super::response::{self, Answer, Kind};
use super::{Analytics, cross_table, find_property, funnel_tables, refuse_if, tables, typed};
use crate::http::Body;
use crate::rest::json::Writer;
use crate::rest::{Call, Refusal};
use serde_json::Value;
use std::time::Instant;

const MOST_IN_BATCH: usize = 5;

impl Analytics {
    /// The report of one of the methods that have pages.
    pub(super) fn run_report(&self, call: Call<'_>, kind: Kind) -> Result<Body, Refusal> {
        let answer = self.report(find_property(call.id)?, call.body, kind, call.project)?;
        Ok(answer.into_body(call.json))
    }

    fn report(
        &self,
        property: &'static Property,
        body: Value,
        kind: Kind,
        project: Option<&str>,
    ) -> Result<Answer, Refusal> {
        let asked: ReportRequest = typed(body.clone())?;
        let (category, mut report) = match kind {
            Kind::Realtime => (Category::Realtime, asked.resolve_realtime(property, self.today)?),
            _ => (Category::Core, asked.resolve(property, self.today, kind == Kind::AlphaReport)?),
        };
        let (offset, limit) = asked.page();
        let key = tables::key(property, category, body, property.behaviour == Behaviour::UnsteadyTies);
        let thresholded = report.columns.thresholded;
        let running = self.quotas.begin(property, category, project, thresholded, Instant::now())?;
        let table = self.tables.get(key, || {
            let mut table = Groups::collect(&self.site, property, &report).into_table(property, &report, offset);
            response::escape(&mut table.texts);
            table
        });
        response::escape(&mut report.slices);
        let rows = table.page(offset, limit);
        let state = running.charge(cost(&report, rows.len() / report.slices.len()));
        let quota = asked.return_property_quota.then_some(state);
        Ok(Answer { kind, property, report, table, rows, quota, running: Some(running) })
    }

    /// One invalid request fails the batch, and no report begins before all are checked.
    pub(super) fn batch_run_reports(&self, mut call: Call<'_>) -> Result<Body, Refusal> {
        let property = find_property(call.id)?;
        let requests = batch(&mut call)?;
        for request in &requests {
            typed::<ReportRequest>(request.clone())?.resolve(property, self.today, false)?;
        }
        let mut answers = Vec::new();
        for request in requests {
            let mut answer = self.report(property, request, Kind::Report, call.project)?;
            // A batch counts as one request.
            answer.running = None;
            answers.push(answer);
        }
        call.object(|json| {
            json.member("reports")
                .list(|json| answers.iter().for_each(|answer| answer.write(json.element(), |_| true)));
            json.member("kind").text("analyticsData#batchRunReports");
        })
    }

    pub(super) fn run_pivot_report(&self, mut call: Call<'_>) -> Result<Body, Refusal> {
        self.write_pivot(&mut call.json, find_property(call.id)?, call.body, call.project)?;
        Ok(Body::Bytes(call.json.finish()))
    }

    fn write_pivot(
        &self,
        json: &mut Writer,
        property: &'static Property,
        body: Value,
        project: Option<&str>,
    ) -> Result<(), Refusal> {
        let asked: ReportRequest = typed(body)?;
        let (report, pivots) = asked.resolve_pivots(property, self.today)?;
        let thresholded = report.columns.thresholded;
        let running = self.quotas.begin(property, Category::Core, project, thresholded, Instant::now())?;
        let groups = Groups::collect(&self.site, property, &report);
        let mut table = pivot::cross_table(&groups, property, &report, &pivots);
        response::escape(&mut table.texts);
        let state = running.charge(cost(&report, table.rows.len()));
        let quota = asked.return_property_quota.then_some(state);
        cross_table::write(json, property, &report, &table, quota.as_ref());
        Ok(())
    }

    pub(super) fn batch_run_pivot_reports(&self, mut call: Call<'_>) -> Result<Body, Refusal> {
        let property = find_property(call.id)?;
        let requests = batch(&mut call)?;
        for request in &requests {
            typed::<ReportRequest>(request.clone())?.resolve_pivots(property, self.today)?;
        }
        let mut outcome = Ok(());
        let Call { mut json, project, .. } = call;
        json.object(|json| {
            json.member("pivotReports").list(|json| {
                for request in requests {
                    if outcome.is_ok() {
                        outcome = self.write_pivot(json.element(), property, request, project);
                    }
                }
            });
            json.member("kind").text("analyticsData#batchRunPivotReports");
        });
        outcome.map(|()| Body::Bytes(json.finish()))
    }

    pub(super) fn run_funnel_report(&self, mut call: Call<'_>) -> Result<Body, Refusal> {
        let property = find_property(call.id)?;
        let asked: RunFunnelReportRequest = typed(call.body)?;
        let report = asked.resolve(property, self.today)?;
        let running = self.quotas.begin(property, Category::Funnel, call.project, false, Instant::now())?;
        let counts = funnel_tables::count(&self.site, property, &report);
        let days = report.ranges.iter().map(|range| range.days.count()).sum();
        let state = running.charge(quota::cost(0, report.steps.len(), days));
        let quota = asked.return_property_quota.then_some(state);
        funnel_tables::write(&mut call.json, &report, &counts, quota.as_ref());
        Ok(Body::Bytes(call.json.finish()))
    }

    /// It costs one token itself.
    pub(super) fn quotas_snapshot(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let property = find_property(call.id)?;
        let mut states = Vec::new();
        for (member, category, tokens) in [
            ("corePropertyQuota", Category::Core, 1),
            ("realtimePropertyQuota", Category::Realtime, 0),
            ("funnelPropertyQuota", Category::Funnel, 0),
        ] {
            let running = self.quotas.begin(property, category, call.project, false, Instant::now())?;
            states.push((member, running.charge(tokens)));
        }
        call.object(|json| {
            json.member("name").text(&format!("properties/{}/propertyQuotasSnapshot", property.id));
            states.iter().for_each(|(member, state)| state.write(json.member(member)));
        })
    }
}

fn batch(call: &mut Call<'_>) -> Result<Vec<Value>, Refusal> {
    let requests = match call.body["requests"].take() {
        Value::Array(requests) => requests,
        _ => Vec::new(),
    };
    refuse_if(
        requests.len() > MOST_IN_BATCH,
        format!("Batch requests are limited to {MOST_IN_BATCH} requests. This batch has {} requests.", requests.len()),
    )?;
    Ok(requests)
}

fn cost(report: &Report, rows: usize) -> i64 {
    let columns = report.columns.dimensions.len() + report.columns.metrics.len();
    quota::cost(rows, columns, report.days())
}
