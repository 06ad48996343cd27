//! The Admin API: what accounts and properties there are
//! (<https://developers.google.com/analytics/devguides/config/admin/v1/rest>), read only.

use super::Analytics;
use super::properties::{Account, Behaviour, Property, find};
use super::site::data::DATA;
use crate::http::Body;
use crate::rest::{Call, Parameters, Refusal};
use serde_json::{Value, json};

/// The entries of a page by default, and the most.
const PAGE: (usize, usize) = (50, 200);
/// The form of a page token, which contains only a number.
const TOKEN: &str = "sandbox-page-";
const CREATED: &str = "2020-01-01T08:00:00.000Z";
const UPDATED: &str = "2026-03-04T05:06:07.089Z";

impl Analytics {
    pub(super) fn account_summaries(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let (accounts, next) = page(call.parameters, &DATA.accounts, PAGE)?;
        answer(call, "accountSummaries", accounts.iter().map(summary).collect(), next)
    }

    pub(super) fn accounts(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let (accounts, next) = page(call.parameters, &DATA.accounts, PAGE)?;
        answer(call, "accounts", accounts.iter().map(account).collect(), next)
    }

    pub(super) fn account(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let found = DATA.accounts.iter().find(|account| account.id.to_string() == call.id).ok_or_else(denied)?;
        call.done(&account(found))
    }

    pub(super) fn properties(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let filter = call.parameters.get("filter").unwrap_or_default();
        let parent = filter.split_once(':').filter(|(key, _)| ["parent", "ancestor"].contains(key));
        let Some(number) = parent.and_then(|(_, name)| name.strip_prefix("accounts/")) else {
            return Err(Refusal::invalid(
                "The filter must be one of parent:accounts/N, ancestor:accounts/N or firebase_project:P.",
            ));
        };
        let parent = DATA.accounts.iter().find(|account| account.id.to_string() == number).ok_or_else(denied)?;
        let (properties, next) = page(call.parameters, &parent.properties, PAGE)?;
        let properties = properties.iter().map(|each| property(parent, each)).collect();
        answer(call, "properties", properties, next)
    }

    pub(super) fn property(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let found = call.id.parse().ok().and_then(find).ok_or_else(denied)?;
        let parent = DATA.accounts.iter().find(|account| account.properties.iter().any(|each| each.id == found.id));
        // One that is in no list must have a parent all the same.
        let parent = parent.or_else(|| DATA.accounts.first());
        call.done(&property(parent.ok_or_else(denied)?, found))
    }
}

/// An answer that is a page of a list.
pub(super) fn answer(call: Call<'_>, member: &str, entries: Vec<Value>, next: Option<String>) -> Result<Body, Refusal> {
    let entries = (!entries.is_empty()).then(|| (member.to_owned(), entries.into()));
    let token = next.map(|token| ("nextPageToken".to_owned(), token.into()));
    call.done(&Value::Object(entries.into_iter().chain(token).collect()))
}

/// The entries of the requested page, and the token of the next. `sizes` are the number of entries by default, and the most.
pub(super) fn page<'a, T>(
    parameters: &Parameters,
    all: &'a [T],
    (default, most): (usize, usize),
) -> Result<(&'a [T], Option<String>), Refusal> {
    let size = match parameters.get("pageSize") {
        None => default,
        Some(text) => match text.parse::<i32>() {
            Ok(size) if size < 0 => return Err(Refusal::invalid("The page_size must be a non-negative number.")),
            Ok(0) => default,
            Ok(size) => (size as usize).min(most),
            Err(_) => {
                return Err(Refusal::invalid(format!("Invalid value at 'page_size' (TYPE_INT32), \"{text}\"")));
            }
        },
    };
    let first = match parameters.get("pageToken") {
        None | Some("") => 0,
        Some(token) => token
            .strip_prefix(TOKEN)
            .and_then(|number| number.parse().ok())
            .filter(|number| *number < all.len())
            .ok_or_else(|| Refusal::invalid("The page token is invalid."))?,
    };
    let last = (first + size).min(all.len());
    Ok((&all[first..last], (last < all.len()).then(|| format!("{TOKEN}{last}"))))
}

fn denied() -> Refusal {
    Refusal::new(403, "The caller does not have permission")
}

fn summary(account: &Account) -> Value {
    let parent = format!("accounts/{}", account.id);
    let mut summary = json!({
        "name": format!("accountSummaries/{}", account.id),
        "account": parent,
        "displayName": account.name,
    });
    let properties = account.properties.iter().map(|property| {
        json!({
            "property": format!("properties/{}", property.id),
            "displayName": property.name,
            "propertyType": property.kind,
            "parent": parent,
        })
    });
    if !account.properties.is_empty() {
        summary["propertySummaries"] = properties.collect();
    }
    summary
}

fn account(account: &Account) -> Value {
    json!({
        "name": format!("accounts/{}", account.id),
        "createTime": CREATED,
        "updateTime": UPDATED,
        "displayName": account.name,
        "regionCode": account.region,
    })
}

fn property(account: &Account, property: &Property) -> Value {
    let parent = format!("accounts/{}", account.id);
    json!({
        "name": format!("properties/{}", property.id),
        "propertyType": property.kind,
        "createTime": CREATED,
        "updateTime": UPDATED,
        "parent": parent,
        "displayName": property.name,
        "industryCategory": "HOME_AND_GARDEN",
        "timeZone": property.time_zone,
        "currencyCode": property.currency,
        "serviceLevel": match property.behaviour {
            Behaviour::Large => "GOOGLE_ANALYTICS_360",
            _ => "GOOGLE_ANALYTICS_STANDARD",
        },
        "account": parent,
    })
}
