//! What must be known of the properties before their reports are fetched: which they are, their days and their names.

use ga_client::analytics::Analytics;
use ga_client::{properties, zone};
use ga_core::property::PropertyNumber;
use ga_core::report::DateRange;
use gauth_cli::Kind;
use jiff::tz::TimeZone;

use crate::display_names::DisplayNames;
use crate::format::Output;
use crate::query::Query;

/// One property of the query.
pub(crate) struct Property {
    pub(crate) number: PropertyNumber,
    /// Its own date ranges, if they depend on its own today.
    pub(crate) date_ranges: Option<Vec<DateRange>>,
    /// What Analytics calls it, if the format shows that and the Admin API says it.
    pub(crate) name: Option<String>,
}

/// The properties of the query in order, and the names of the columns.
pub(crate) struct Properties {
    pub(crate) list: Vec<Property>,
    pub(crate) display_names: DisplayNames,
}

impl Properties {
    /// Asks the server for what only it knows.
    pub(crate) fn find(query: &Query, output: &Output, analytics: &Analytics) -> anyhow::Result<Self> {
        let numbers = properties::numbers(&query.properties, analytics)?;
        let shows_name = output.format.shows_property_name && !query.properties.is_list();
        let mut list = Vec::new();
        for number in numbers {
            list.push(Property {
                date_ranges: date_ranges(query, &number, analytics)?,
                name: if shows_name { properties::display_name(&number, analytics) } else { None },
                number,
            });
        }
        let first = query.reports.first();
        first.map_or(Ok(()), |report| (output.format.check_properties)(report, &list))?;
        let names = output.has_display_names.then(|| DisplayNames::fetch(analytics, &list)).transpose()?;
        Ok(Self { list, display_names: names.unwrap_or_default() })
    }
}

/// The date ranges of one property, if they depend on its own today.
fn date_ranges(
    query: &Query,
    property: &PropertyNumber,
    analytics: &Analytics,
) -> anyhow::Result<Option<Vec<DateRange>>> {
    if !query.needs_today() {
        return Ok(None);
    }
    let zone = match zone::of_property(property, analytics) {
        Ok(Some(zone)) => zone,
        Err(error) if ga_client::failure(&error).kind() == Kind::Login => return Err(error),
        Ok(None) | Err(_) => {
            let note = zone::machine_note(&format!("property {property}: its time zone is not known"));
            analytics.terminal().note(&note);
            TimeZone::system()
        }
    };
    query.date_ranges(zone::today(&zone)).map(Some)
}
