//! The accounts and properties that every user of the sandbox can see. Each property from 200001 on has a peculiarity,
//! which the table in `analytics` lists. Those from 300001 to 301000 are in no list.

use super::metrics::Metric;
use super::site::data::DATA;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) id: u64,
    pub(super) name: String,
    /// Of CLDR.
    pub(super) region: String,
    pub(super) properties: Vec<Property>,
}

#[derive(Deserialize)]
pub(super) struct Property {
    pub(super) id: u64,
    pub(super) name: String,
    #[serde(default = "ordinary")]
    pub(super) kind: String,
    #[serde(default = "berlin")]
    pub(super) time_zone: String,
    #[serde(default = "euro")]
    pub(super) currency: String,
    #[serde(default)]
    pub(super) behaviour: Behaviour,
}

fn ordinary() -> String {
    "PROPERTY_TYPE_ORDINARY".to_owned()
}

fn berlin() -> String {
    "Europe/Berlin".to_owned()
}

fn euro() -> String {
    "EUR".to_owned()
}

#[derive(Deserialize, Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) enum Behaviour {
    #[default]
    Plain,
    Sampled,
    OtherRow,
    Thresholded,
    Truncated,
    CostHidden,
    RevenueHidden,
    Empty,
    QuotaNearlySpent,
    /// Rows with equal sort keys come in another order on each page.
    UnsteadyTies,
    /// Google Analytics 360: higher quotas.
    Large,
    /// Listed by the Admin API, refused by the Data API.
    Refused,
}

/// Nothing unusual, for whoever needs many of them.
static UNLISTED: LazyLock<Vec<Property>> = LazyLock::new(|| {
    let property = |id| Property {
        id,
        name: format!("Unlisted {id}"),
        kind: ordinary(),
        time_zone: berlin(),
        currency: euro(),
        behaviour: Behaviour::Plain,
    };
    (300_001..=301_000).map(property).collect()
});

/// The property with this id, if a user may see it at all.
pub(super) fn find(id: u64) -> Option<&'static Property> {
    let listed = DATA.accounts.iter().flat_map(|account| &account.properties);
    listed.chain(&*UNLISTED).find(|property| property.id == id)
}

impl Property {
    /// Whether the user may not see this metric's figures: they are zero.
    pub(super) fn hides(&self, metric: &Metric) -> bool {
        match self.behaviour {
            Behaviour::CostHidden => metric.restricted_as == Some("COST_DATA"),
            Behaviour::RevenueHidden => metric.restricted_as == Some("REVENUE_DATA"),
            _ => false,
        }
    }
}
