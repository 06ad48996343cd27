//! The data of the site, from `data.json`: accounts and properties, places (with the English names of Google
//! Analytics), pages written by hand, sources and campaigns, devices, items on sale, and the recorded events.

use crate::analytics::properties::Account;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
pub(in crate::analytics) struct Data {
    /// In the order of the Admin API.
    pub(in crate::analytics) accounts: Vec<Account>,
    /// The busiest first.
    pub(in crate::analytics) places: Vec<Place>,
    /// Path and title; some of them have characters that careless programs cannot handle.
    pub(super) pages: Vec<(String, String)>,
    pub(in crate::analytics) sources: Vec<Source>,
    pub(in crate::analytics) devices: Vec<Device>,
    /// Name, brand, category, price in millionths.
    pub(in crate::analytics) items: Vec<(String, String, String, i64)>,
    pub(in crate::analytics) events: Vec<String>,
}

pub(in crate::analytics) static DATA: LazyLock<Data> =
    LazyLock::new(|| serde_json::from_str(include_str!("data.json")).expect("the compiled-in data has its form"));

#[derive(Deserialize)]
pub(in crate::analytics) struct Place {
    pub(in crate::analytics) country: String,
    /// ISO 3166-1 alpha-2.
    pub(in crate::analytics) id: String,
    pub(in crate::analytics) continent: String,
    /// UN M.49.
    pub(in crate::analytics) continent_id: String,
    pub(in crate::analytics) language: String,
    /// ISO 639, as browsers send it.
    pub(in crate::analytics) language_code: String,
    /// City and region.
    pub(in crate::analytics) cities: Vec<(String, String)>,
}

/// The number of the paid Google source, the only one with advertising cost.
pub(in crate::analytics) const GOOGLE_ADS: u32 = 2;
/// The number of the organic Google source, the only one with Search Console figures.
pub(in crate::analytics) const GOOGLE_ORGANIC: u32 = 0;

#[derive(Deserialize)]
pub(in crate::analytics) struct Source {
    pub(in crate::analytics) source: String,
    pub(in crate::analytics) medium: String,
    pub(in crate::analytics) campaign: String,
    pub(in crate::analytics) campaign_id: String,
    pub(in crate::analytics) channel: String,
    /// The share of visits, per thousand.
    pub(super) share: u32,
}

#[derive(Deserialize)]
pub(in crate::analytics) struct Device {
    pub(in crate::analytics) category: String,
    pub(in crate::analytics) system: String,
    pub(in crate::analytics) version: String,
    pub(in crate::analytics) browser: String,
    pub(in crate::analytics) brand: String,
    pub(in crate::analytics) model: String,
    pub(in crate::analytics) screen: String,
    pub(super) share: u32,
}

/// The entry that `draw` (0..1000) selects from a list of shares per thousand.
pub(super) fn by_share(shares: impl Iterator<Item = u32>, draw: u32) -> u32 {
    let mut upto = 0;
    let mut last = 0;
    for (index, share) in shares.enumerate() {
        upto += share;
        last = index as u32;
        if draw < upto {
            break;
        }
    }
    last
}
