//! Audience exports (<https://developers.google.com/analytics/devguides/reporting/data/v1/audience-export-basics>): one is
//! made when it has been looked at often enough. Its rows are made up. How an export is refused that is not yet made, and
//! an unknown audience, is not documented.

use super::admin;
use super::dimensions::NOT_SET;
use super::quota::Category;
use super::report::{check_not_negative, rows_asked};
use super::response::{PIECE, write_row};
use super::site::mix;
use super::{Analytics, find_property, refuse_if};
use crate::http::Body;
use crate::lock;
use crate::rest::{Call, Refusal};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Instant, SystemTime};

/// The audiences of every property: number, name, and the share of the users that are in it, as 1 of N. The export of the
/// last one fails.
pub(super) const AUDIENCES: &[(u64, &str, u64)] =
    &[(4001, "All Users", 1), (4002, "Purchasers", 10), (4003, "Café \"regulars\", weekly", 4), (4009, "Too large", 0)];
const DIMENSIONS: &[&str] = &["deviceId", "isAdsPersonalizationAllowed", "isLimitedAdTracking", "userId"];
/// The tokens that an export costs.
const COST: i64 = 12;

pub(crate) struct Exports {
    /// The number of users of a property.
    users: u64,
    /// How often an export must be looked at.
    pub(crate) looks: AtomicU32,
    all: Mutex<Vec<Export>>,
}

#[derive(Clone)]
struct Export {
    /// What does not change of the `AudienceExport`.
    known: Value,
    /// None if it will fail.
    users: Option<u64>,
    /// How often it has been looked at.
    looks: u32,
}

impl Exports {
    pub(super) fn new(users: u64) -> Self {
        Self { users, looks: AtomicU32::new(2), all: Mutex::default() }
    }

    /// The `AudienceExport`.
    fn shown(&self, export: &Export) -> Value {
        let needed = self.looks.load(Ordering::Relaxed);
        let mut shown = export.known.clone();
        if export.looks < needed {
            shown["state"] = "CREATING".into();
            shown["percentageCompleted"] = (f64::from(export.looks) * 100.0 / f64::from(needed)).into();
        } else if let Some(users) = export.users {
            shown["state"] = "ACTIVE".into();
            shown["rowCount"] = users.into();
        } else {
            shown["state"] = "FAILED".into();
            shown["errorMessage"] = "The audience has too many users for the quota of the property.".into();
        }
        shown
    }

    /// The export of this name, after `looks` more of them.
    fn find(&self, id: &str, looks: u32) -> Result<Export, Refusal> {
        find_property(id.split('/').next().unwrap_or_default())?;
        let mut all = lock(&self.all);
        let found = all.iter_mut().find(|export| export.known["name"] == format!("properties/{id}"));
        let export = found.ok_or_else(unknown)?;
        export.looks += looks;
        Ok(export.clone())
    }
}

fn unknown() -> Refusal {
    Refusal::new(404, "Requested entity was not found.")
}

impl Analytics {
    pub(super) fn create_audience_export(&self, mut call: Call<'_>) -> Result<Body, Refusal> {
        let property = find_property(call.id)?;
        let audience = call.body["audience"].as_str().unwrap_or_default();
        let number = audience.strip_prefix(&format!("properties/{}/audiences/", property.id));
        let number = number.ok_or_else(|| Refusal::invalid("The audience must be one of the property."))?;
        let found = AUDIENCES.iter().find(|(known, ..)| known.to_string() == number);
        let (_, name, share) = found.ok_or_else(unknown)?;
        let dimensions = names(&call.body);
        refuse_if(dimensions.is_empty(), "At least one dimension is required.")?;
        for (place, name) in dimensions.iter().enumerate() {
            refuse_if(!DIMENSIONS.contains(name), format!("Field {name} is not a valid dimension."))?;
            refuse_if(dimensions[..place].contains(name), format!("The dimension {name} is requested twice."))?;
        }
        self.quotas.begin(property, Category::Core, call.project, false, Instant::now())?.charge(COST);
        let mut all = lock(&self.exports.all);
        let known = json!({
            "name": format!("properties/{}/audienceExports/{}", property.id, all.len() + 1),
            "audience": audience,
            "audienceDisplayName": name,
            "dimensions": call.body["dimensions"].take(),
            "beginCreatingTime": humantime::format_rfc3339_nanos(SystemTime::now()).to_string(),
            "creationQuotaTokensCharged": COST,
        });
        let export = Export { known, users: self.exports.users.checked_div(*share), looks: 0 };
        let mut shown = self.exports.shown(&export);
        all.push(export);
        shown["@type"] = "type.googleapis.com/google.analytics.data.v1beta.AudienceExport".into();
        call.done(&json!({"done": true, "response": shown}))
    }

    pub(super) fn audience_exports(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let own = format!("properties/{}/", find_property(call.id)?.id);
        let is_own = |export: &&Export| export.known["name"].as_str().is_some_and(|name| name.starts_with(&own));
        let all = lock(&self.exports.all);
        let all: Vec<Value> = all.iter().filter(is_own).map(|export| self.exports.shown(export)).collect();
        let (page, next) = admin::page(call.parameters, &all, (200, 1000))?;
        admin::answer(call, "audienceExports", page.to_vec(), next)
    }

    pub(super) fn audience_export(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let export = self.exports.find(call.id, 1)?;
        call.done(&self.exports.shown(&export))
    }

    pub(super) fn query_audience_export(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let export = self.exports.find(call.id, 0)?;
        let shown = self.exports.shown(&export);
        refuse_if(shown["state"] != "ACTIVE", "The audience export is not ready to be queried.")?;
        let [offset, limit] = ["offset", "limit"].map(|name| call.body[name].as_i64().unwrap_or(0));
        check_not_negative(&[("limit", limit), ("offset", offset)])?;
        let count = export.users.unwrap_or(0);
        let users = offset as u64..count.min(offset as u64 + rows_asked(limit) as u64);
        let mut json = call.json;
        Ok(Body::Stream(Box::new(move |send| {
            json.object(|json| {
                json.member("audienceExport").value(&shown);
                if !users.is_empty() {
                    json.member("audienceRows").list(|json| {
                        for user in users {
                            let texts: Vec<_> = names(&shown).into_iter().map(|name| text(name, user)).collect();
                            write_row(json.element(), texts.iter().map(String::as_str), std::iter::empty());
                            if json.waiting() >= PIECE && !send(json.take()) {
                                break;
                            }
                        }
                    });
                }
                json.member("rowCount").number(count as i64);
            });
            send(json.finish());
        })))
    }
}

/// The dimensions of an `AudienceExport`.
fn names(export: &Value) -> Vec<&str> {
    let dimensions = export["dimensions"].as_array().into_iter().flatten();
    dimensions.map(|dimension| dimension["dimensionName"].as_str().unwrap_or_default()).collect()
}

/// A dimension of a user; one in four is logged in.
fn text(dimension: &str, user: u64) -> String {
    let dice = mix(user);
    match dimension {
        "deviceId" => format!("{}.{}", 1_000_000_000 + user * 7919, 1_650_000_000 + dice % 31_536_000),
        "userId" if dice.is_multiple_of(4) => format!("customer-{user}"),
        "userId" => NOT_SET.to_owned(),
        _ => ["true", "true", "false", NOT_SET][(dice >> 8) as usize % 4].to_owned(),
    }
}
