//! The accounts and properties that every user of the sandbox can see. Properties from 200001 on misbehave on purpose,
//! each in one way; the table in `analytics` tells which.

use super::metrics::Metric;

pub(super) struct Account {
    pub(super) id: u64,
    pub(super) name: &'static str,
    /// Of CLDR.
    pub(super) region: &'static str,
    pub(super) properties: &'static [Property],
}

pub(super) struct Property {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) time_zone: &'static str,
    pub(super) currency: &'static str,
    pub(super) behaviour: Behaviour,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Behaviour {
    Plain,
    Sampled,
    OtherRow,
    Thresholded,
    Truncated,
    CostHidden,
    RevenueHidden,
    Empty,
    QuotaNearlySpent,
    /// Rows equal in all that was asked come in another order on each page.
    UnsteadyTies,
    /// Google Analytics 360: higher quotas.
    Large,
    /// Listed by the Admin API, refused by the Data API.
    Refused,
}

const fn property(id: u64, name: &'static str, behaviour: Behaviour) -> Property {
    Property { id, name, kind: "PROPERTY_TYPE_ORDINARY", time_zone: "Europe/Berlin", currency: "EUR", behaviour }
}

/// In the order of the Admin API.
pub(super) const ACCOUNTS: &[Account] = &[
    Account {
        id: 1001,
        name: "Nordwind Handel GmbH",
        region: "DE",
        properties: &[
            property(123_456, "Nordwind – Website", Behaviour::Plain),
            property(123_457, "Nordwind Shop, mobile", Behaviour::Plain),
            Property { kind: "PROPERTY_TYPE_ROLLUP", ..property(123_458, "Nordwind \"all\"", Behaviour::Plain) },
        ],
    },
    Account {
        id: 1002,
        name: "Café Löwenzähnchen & Söhne",
        region: "AT",
        properties: &[property(234_567, "Löwenzähnchen", Behaviour::Plain)],
    },
    Account {
        id: 1003,
        name: "東京書店",
        region: "JP",
        properties: &[Property {
            time_zone: "Asia/Tokyo",
            currency: "JPY",
            ..property(345_678, "東京書店 オンライン", Behaviour::Plain)
        }],
    },
    Account { id: 1004, name: "An account without properties", region: "DE", properties: &[] },
    Account {
        id: 1005,
        name: "Acme, Inc. (US)",
        region: "US",
        properties: &[
            Property {
                time_zone: "America/Los_Angeles",
                currency: "USD",
                ..property(456_789, "acme.example", Behaviour::Plain)
            },
            Property { kind: "PROPERTY_TYPE_SUBPROPERTY", ..property(456_790, "acme.example/blog", Behaviour::Plain) },
        ],
    },
    Account {
        id: 2001,
        name: "Data quality",
        region: "DE",
        properties: &[
            property(200_001, "Sampled", Behaviour::Sampled),
            property(200_002, "With (other) row", Behaviour::OtherRow),
            property(200_003, "Thresholded", Behaviour::Thresholded),
            property(200_004, "Truncated", Behaviour::Truncated),
            property(200_005, "Cost hidden", Behaviour::CostHidden),
            property(200_006, "Revenue hidden", Behaviour::RevenueHidden),
            property(200_007, "Empty", Behaviour::Empty),
            property(200_008, "Quota nearly spent", Behaviour::QuotaNearlySpent),
            property(200_009, "Unsteady ties", Behaviour::UnsteadyTies),
            property(200_010, "Analytics 360", Behaviour::Large),
            property(200_403, "Listed but refused", Behaviour::Refused),
        ],
    },
];

/// The property with this id, if a user may see it at all.
pub(super) fn find(id: u64) -> Option<&'static Property> {
    ACCOUNTS.iter().flat_map(|account| account.properties).find(|property| property.id == id)
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
