//! The Analytics half of the sandbox: Data API v1beta and Admin API v1beta over a made-up site. It knows no socket; the
//! server hands it requests whose bearer is alive. Strict where Google is strict: scopes, unknown fields, types, names,
//! limits, quotas. What the sample site is like: `site`.
//!
//! Properties (`properties`) differ on purpose:
//!
//! | property | what it does |
//! |---|---|
//! | 123456, 123457, 123458, 234567, 345678, 456789, 456790 | nothing unusual; 345678 is in JPY, 45679x in USD |
//! | 200001 | samples: `samplingMetadatas` |
//! | 200002 | folds rare values into `(other)`: `dataLossFromOtherRow` |
//! | 200003 | `subjectToThresholding` |
//! | 200004 | `dataTruncationReasons` |
//! | 200005, 200006 | hide cost, revenue: zeros and `schemaRestrictionResponse` |
//! | 200007 | has no data: `emptyReason` |
//! | 200008 | has 20 tokens left for this project and hour |
//! | 200009 | orders rows that tie differently on each page |
//! | 200010 | Analytics 360: higher quotas |
//! | 200403 | is listed but refused |

mod account_summaries;
mod aggregate;
mod catalogue;
mod cohorts;
mod columns;
mod comparisons;
mod dates;
mod dimensions;
mod encoder;
mod errors;
mod filter;
mod json;
mod measures;
mod metrics;
mod order;
mod properties;
mod query;
mod quota;
mod report;
mod response;
mod schema;
mod site;
mod tables;
#[cfg(test)]
mod tests;

use crate::api::{ApiAnswer, ApiRequest, Body};
use errors::{Refusal, Status};
use properties::{Behaviour, Property};
use query::Query;
use quota::Quotas;
use report::RunReportRequest;
use response::{Answer, Fields, Pieces};
use serde_json::Value;
use site::Site;
use std::sync::Arc;
use std::time::Instant;
use tables::Tables;
use time::Date;

const DATA: &str = "analyticsdata.googleapis.com";
const ADMIN: &str = "analyticsadmin.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/";

/// Both APIs over one site.
pub(crate) struct Analytics {
    site: Site,
    /// Today at every property, as a Julian day.
    today: i32,
    quotas: Arc<Quotas>,
    tables: Tables,
}

impl Analytics {
    /// `rows` is the number of rows of a report by date, country and pagePath over any 28 days.
    pub(crate) fn new(rows: u64, today: Date) -> Self {
        Self {
            site: Site::new(rows),
            today: today.to_julian_day(),
            quotas: Arc::new(Quotas::default()),
            tables: Tables::default(),
        }
    }

    /// Answers a request to `/v1beta/…`.
    pub(crate) fn answer(&self, request: &ApiRequest<'_>) -> ApiAnswer {
        let Some(method) = Method::of(request) else {
            return errors::no_such_page(request.path);
        };
        let query = Query::parse(request.query);
        self.call(&method, request, &query)
            .unwrap_or_else(|refusal| refusal.answer(query.indented()))
    }

    fn call(
        &self,
        method: &Method<'_>,
        request: &ApiRequest<'_>,
        query: &Query,
    ) -> Result<ApiAnswer, Refusal> {
        method.check_scope(request.scopes)?;
        match method {
            Method::AccountSummaries => {
                query.check(&["pageSize", "pageToken"])?;
                account_summaries::list(query, query.indented())
                    .map(|body| json_answer(Body::Bytes(body)))
            }
            Method::RunReport { property } => {
                query.check(&[])?;
                self.run_report(property, request, query)
            }
        }
    }

    fn run_report(
        &self,
        id: &str,
        request: &ApiRequest<'_>,
        query: &Query,
    ) -> Result<ApiAnswer, Refusal> {
        let fields = Fields::parse(query.get("fields")).map_err(Refusal::invalid)?;
        let body = schema::read(request.body, &schema::messages::RUN_REPORT)?;
        let property = find_property(id)?;
        let asked: RunReportRequest = serde_json::from_value(body.clone())
            .map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}")))?;
        let answer = self.answer_report(property, &asked, body, request, fields)?;
        Ok(json_answer(if answer.is_short() {
            Body::Bytes(Pieces::new(answer, query.indented()).flatten().collect())
        } else {
            Body::Stream(Box::new(Pieces::new(answer, query.indented())))
        }))
    }

    /// Makes one report; `body` is what was asked, as JSON.
    fn answer_report(
        &self,
        property: &'static Property,
        asked: &RunReportRequest,
        body: Value,
        request: &ApiRequest<'_>,
        fields: Fields,
    ) -> Result<Answer, Refusal> {
        let mut report = asked.resolve(property, self.today)?;
        response::escape(&mut report.slices);
        let running = self.quotas.begin(
            property,
            request.quota_project,
            report.columns.thresholded,
            Instant::now(),
        )?;
        let page = asked.page();
        let unsteady = property.behaviour == Behaviour::UnsteadyTies;
        let key = tables::key(property, body, unsteady);
        let table = self.tables.get(key, || {
            let mut table = aggregate::table(&self.site, property, &report, page.0);
            response::escape(&mut table.texts);
            table
        });
        let columns = report.columns.dimensions.len() + report.columns.metrics.len();
        let rows = table.rows().saturating_sub(page.0).min(page.1);
        let state = running.charge(quota::cost(rows, columns, report.days()));
        Ok(Answer {
            kind: "analyticsData#runReport",
            property,
            report,
            table,
            page,
            quota: asked.return_property_quota.then_some(state),
            fields,
            _running: running,
        })
    }
}

fn json_answer(body: Body) -> ApiAnswer {
    ApiAnswer {
        status: 200,
        content_type: "application/json; charset=UTF-8",
        body,
    }
}

/// A method of the APIs, with what the path says.
enum Method<'a> {
    AccountSummaries,
    RunReport { property: &'a str },
}

impl<'a> Method<'a> {
    fn of(request: &ApiRequest<'a>) -> Option<Self> {
        if (request.method, request.path) == ("GET", "/v1beta/accountSummaries") {
            return Some(Self::AccountSummaries);
        }
        let (property, verb) = request
            .path
            .strip_prefix("/v1beta/properties/")?
            .split_once(':')?;
        match (request.method, verb) {
            _ if property.contains('/') || property.is_empty() => None,
            ("POST", "runReport") => Some(Self::RunReport { property }),
            _ => None,
        }
    }

    /// `analytics` opens the Data API but not the Admin API, `analytics.edit` the other way round.
    fn check_scope(&self, scopes: &[String]) -> Result<(), Refusal> {
        let (service, method, enough) = match self {
            Self::AccountSummaries => (
                ADMIN,
                "google.analytics.admin.v1beta.AnalyticsAdminService.ListAccountSummaries",
                ["analytics.readonly", "analytics.edit"],
            ),
            Self::RunReport { .. } => (
                DATA,
                "google.analytics.data.v1beta.BetaAnalyticsData.RunReport",
                ["analytics.readonly", "analytics"],
            ),
        };
        let has = |scope: &String| {
            scope
                .strip_prefix(SCOPE)
                .is_some_and(|name| enough.contains(&name))
        };
        if scopes.iter().any(has) {
            Ok(())
        } else {
            Err(Refusal::insufficient_scope(service, method.to_owned()))
        }
    }
}

/// A property by the id in the path.
fn find_property(id: &str) -> Result<&'static Property, Refusal> {
    let Ok(number) = id.parse::<u64>() else {
        return Err(Refusal::invalid(format!(
            "Invalid property ID: {id}. A numeric Property ID is required. To learn more about Property ID, see \
             https://developers.google.com/analytics/devguides/reporting/data/v1/property-id."
        )));
    };
    properties::find(number)
        .filter(|property| property.behaviour != Behaviour::Refused)
        .ok_or_else(|| {
            Refusal::new(
                Status::PermissionDenied,
                "User does not have sufficient permissions for this property. To learn more about Property ID, see \
                 https://developers.google.com/analytics/devguides/reporting/data/v1/property-id.",
            )
        })
}
