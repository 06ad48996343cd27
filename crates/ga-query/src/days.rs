//! Which days a report is about where words such as lastMonth leave it to today's date: that of the property, in its own
//! time zone.
//!
//! What the words mean is decided by [`ga_core::dates`]; here is the clock.

use anyhow::Context as _;
use ga_core::property::PropertyNumber;
use ga_core::report::DateRange;
use ga_core::time_zone;
use gauth_cli::{Kind, Terminal};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::client::Client;
use crate::task::Task;

/// A property and a report of one row stay far below this.
const LIMIT: usize = 1 << 20;

/// Today's date on this machine.
pub(crate) fn here() -> Date {
    today(&TimeZone::system())
}

fn today(zone: &TimeZone) -> Date {
    zone.to_datetime(Timestamp::now()).date()
}

/// Says that the days are those of this machine, which may not be those of the property.
pub(crate) fn note_machine(why: &str, terminal: &Terminal) {
    let zone = TimeZone::system();
    let name = zone.iana_name().map_or_else(String::new, |name| format!(" ({name})"));
    terminal.note(&format!("{why}: the days are those of this machine's time zone{name}"));
}

/// Where the time zone of a property can be found.
pub(crate) struct Servers<'a> {
    pub(crate) admin_api: &'a str,
    pub(crate) data_api: &'a str,
}

/// The date ranges of one property, if they depend on its today.
pub(crate) async fn of(
    task: &Task,
    property: &PropertyNumber,
    client: &Client,
    servers: &Servers<'_>,
    terminal: &Terminal,
) -> anyhow::Result<Option<Vec<DateRange>>> {
    if !task.needs_today() {
        return Ok(None);
    }
    let today = match zone(property, client, servers).await? {
        Some(zone) => today(&zone),
        None => {
            note_machine(&format!("property {property}: its time zone is not known"), terminal);
            here()
        }
    };
    task.date_ranges(today).map(Some)
}

async fn zone(property: &PropertyNumber, client: &Client, servers: &Servers<'_>) -> anyhow::Result<Option<TimeZone>> {
    let requests = [time_zone::property(servers.admin_api, property)?, time_zone::report(servers.data_api, property)?];
    for request in requests {
        let attempt = || async { client.body_up_to(client.send(&request).await?, LIMIT).await };
        match client.retrying(attempt).await {
            Ok(body) => {
                let zone = time_zone::parse(&body).and_then(|name| TimeZone::get(&name).ok());
                if zone.is_some() {
                    return Ok(zone);
                }
            }
            // Nothing else will be answered either.
            Err(error) if ga_client::failure(&error).kind() == Kind::Login => {
                return Err(error).with_context(|| format!("property {property}"));
            }
            Err(_) => {}
        }
    }
    Ok(None)
}
