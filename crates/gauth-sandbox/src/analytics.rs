//! The Analytics half of the sandbox: Data API (v1beta, some methods of v1alpha) and Admin API v1beta over a made-up
//! site. It knows neither sockets nor tokens; the front end (`rest`) passes well-formed calls to it. It is as strict as
//! Google about names, limits and quotas. The sample data is in `site`.
//!
//! The properties (`properties`) differ on purpose:
//!
//! | property | what it does |
//! |---|---|
//! | 123456, 123457, 123458, 234567, 345678, 456789, 456790 | nothing unusual; 345678 is in JPY, 45679x in USD |
//! | 200001 | sampled: `samplingMetadatas` |
//! | 200002 | folds rare values into `(other)`: `dataLossFromOtherRow` |
//! | 200003 | `subjectToThresholding` |
//! | 200004 | `dataTruncationReasons` |
//! | 200005, 200006 | hide cost, revenue: zeros and `schemaRestrictionResponse` |
//! | 200007 | has no data: `emptyReason` |
//! | 200008 | has 20 tokens left for this project and hour |
//! | 200009 | orders rows with equal sort keys differently on each page |
//! | 200010 | Analytics 360: higher quotas |
//! | 200403 | is listed but refused |
//! | 300001 to 301000 | nothing unusual, but they are in no list |

mod admin;
mod aggregate;
mod audiences;
mod catalogue;
mod cohorts;
mod columns;
mod comparisons;
mod conversions;
mod cross_table;
mod dates;
mod dimensions;
mod encoder;
mod filter;
mod funnel;
mod funnel_tables;
mod measures;
mod metadata;
mod method;
mod metrics;
mod order;
mod pivot;
mod properties;
mod quota;
mod realtime;
mod report;
mod reports;
mod response;
mod site;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use method::METHODS;

use crate::fail_if;
use crate::rest::Refusal;
use audiences::Exports;
use properties::{Behaviour, Property};
use quota::Quotas;
use serde::de::DeserializeOwned;
use serde_json::Value;
use site::Site;
use std::sync::Arc;
use tables::Tables;
use time::Date;

/// Both APIs over one site.
pub(crate) struct Analytics {
    site: Site,
    /// Today at every property, as a Julian day.
    today: i32,
    quotas: Arc<Quotas>,
    tables: Tables,
    pub(crate) exports: Exports,
}

impl Analytics {
    /// `rows` is the number of rows of a report by date, country and pagePath over any 28 days.
    pub(crate) fn new(rows: u64, today: Date) -> Self {
        Self {
            site: Site::new(rows),
            today: today.to_julian_day(),
            quotas: Arc::new(Quotas::default()),
            tables: Tables::default(),
            exports: Exports::new(rows),
        }
    }
}

/// A request whose form has been checked, as its type.
fn typed<T: DeserializeOwned>(body: Value) -> Result<T, Refusal> {
    serde_json::from_value(body).map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}")))
}

/// Refuses a request that is `wrong`, and says why.
fn refuse_if(wrong: bool, why: impl Into<String>) -> Result<(), Refusal> {
    fail_if(wrong, Refusal::invalid(why))
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
            403,
            "User does not have sufficient permissions for this property. To learn more about Property ID, see \
                 https://developers.google.com/analytics/devguides/reporting/data/v1/property-id.",
        )
    })
}
