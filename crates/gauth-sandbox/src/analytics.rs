//! The Analytics half of the sandbox: Data API (v1beta, two methods of v1alpha) and Admin API v1beta over a made-up site. It knows no socket; the
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
mod cross_table;
mod dates;
mod dimensions;
mod encoder;
mod errors;
mod filter;
mod funnel;
mod funnel_tables;
mod json;
mod measures;
mod metadata;
mod method;
mod metrics;
mod order;
mod pivot;
mod properties;
mod query;
mod quota;
mod realtime;
mod report;
mod reports;
mod response;
mod schema;
mod site;
mod tables;
#[cfg(test)]
mod tests;

use crate::api::{ApiAnswer, ApiRequest, Body};
use errors::{Refusal, Status};
use json::Writer;
use metadata::CheckCompatibilityRequest;
use method::{Kind, Method};
use properties::{Behaviour, Property};
use query::Query;
use quota::{Category, Quotas};
use response::Fields;
use serde::de::DeserializeOwned;
use serde_json::Value;
use site::Site;
use std::sync::Arc;
use std::time::Instant;
use tables::Tables;
use time::Date;

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

    /// Answers a request to `/v1beta/…` or `/v1alpha/…`.
    pub(crate) fn answer(&self, request: &ApiRequest<'_>) -> ApiAnswer {
        let Some(method) = Method::of(request) else {
            return errors::no_such_page(request.path);
        };
        let query = Query::parse(request.query);
        match self.call(method, request, &query) {
            Ok(body) => ApiAnswer { status: 200, content_type: "application/json; charset=UTF-8", body },
            Err(refusal) => refusal.answer(query.indented()),
        }
    }

    fn call(&self, method: Method<'_>, request: &ApiRequest<'_>, query: &Query) -> Result<Body, Refusal> {
        method.check_scope(request.scopes)?;
        query.check(match method {
            Method::AccountSummaries => &["pageSize", "pageToken"],
            _ => &[],
        })?;
        let fields = Fields::parse(query.get("fields")).map_err(Refusal::invalid)?;
        let mut json = Writer::new(query.indented());
        match method {
            Method::AccountSummaries => account_summaries::write(&mut json, query, &fields)?,
            Method::Metadata("0") => metadata::write(&mut json, None, &fields),
            Method::Metadata(id) => metadata::write(&mut json, Some(find_property(id)?), &fields),
            Method::QuotasSnapshot(id) => self.write_snapshot(&mut json, id, request, &fields)?,
            Method::Report(kind, id) => {
                let body = schema::read(request.body, kind.message())?;
                let property = find_property(id)?;
                let project = request.quota_project;
                match kind {
                    Kind::Run => {
                        let answer = self.run_report(property, body, project, fields)?;
                        return Ok(answer.into_body(query.indented()));
                    }
                    Kind::Realtime => {
                        let answer = self.run_realtime_report(property, body, project, fields)?;
                        return Ok(answer.into_body(query.indented()));
                    }
                    Kind::BatchRun => self.write_batch(&mut json, property, body, project, &fields)?,
                    Kind::Pivot => self.write_pivot(&mut json, property, body, project, &fields)?,
                    Kind::BatchPivot => {
                        self.write_pivot_batch(&mut json, property, body, project, &fields)?;
                    }
                    Kind::Funnel => self.write_funnel(&mut json, property, body, project, &fields)?,
                    Kind::Compatibility => {
                        let asked: CheckCompatibilityRequest = typed(body)?;
                        asked.write(&mut json, property, &fields)?;
                    }
                }
            }
        }
        Ok(Body::Bytes(json.finish()))
    }

    /// `PropertyQuotasSnapshot`: costs one token itself.
    fn write_snapshot(
        &self,
        json: &mut Writer,
        id: &str,
        request: &ApiRequest<'_>,
        fields: &Fields,
    ) -> Result<(), Refusal> {
        let property = find_property(id)?;
        let mut states = Vec::new();
        for (member, category, tokens) in [
            ("corePropertyQuota", Category::Core, 1),
            ("realtimePropertyQuota", Category::Realtime, 0),
            ("funnelPropertyQuota", Category::Funnel, 0),
        ] {
            let project = request.quota_project;
            let running = self.quotas.begin(property, category, project, false, Instant::now())?;
            states.push((member, running.charge(tokens)));
        }
        json.object(|json| {
            if fields.want("name") {
                json.member("name").text(&format!("properties/{}/propertyQuotasSnapshot", property.id));
            }
            for (member, state) in states.iter().filter(|(member, _)| fields.want(member)) {
                state.write(json.member(member));
            }
        });
        Ok(())
    }
}

/// A request whose form was checked, as the type that it is.
fn typed<T: DeserializeOwned>(body: Value) -> Result<T, Refusal> {
    serde_json::from_value(body).map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}")))
}

/// A property by the id in the path.
fn find_property(id: &str) -> Result<&'static Property, Refusal> {
    let Ok(number) = id.parse::<u64>() else {
        return Err(Refusal::invalid(format!(
            "Invalid property ID: {id}. A numeric Property ID is required. To learn more about Property ID, see \
             https://developers.google.com/analytics/devguides/reporting/data/v1/property-id."
        )));
    };
    properties::find(number).filter(|property| property.behaviour != Behaviour::Refused).ok_or_else(|| {
        Refusal::new(
            Status::PermissionDenied,
            "User does not have sufficient permissions for this property. To learn more about Property ID, see \
                 https://developers.google.com/analytics/devguides/reporting/data/v1/property-id.",
        )
    })
}
