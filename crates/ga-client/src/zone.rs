//! Time zones of properties and what day it is in them. A zone is read from its own file of the system's database
//! (<https://www.iana.org/time-zones>), or else from the copy in this program; nothing else of the database is looked at.

use std::path::PathBuf;

use anyhow::Context as _;
use ga_core::property::PropertyNumber;
use ga_core::time_zone;
use gauth_cli::{Kind, environment};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::analytics::Analytics;

const DATABASE: &str = "/usr/share/zoneinfo";

/// The zone of a property by the Admin API, else by the metadata of a one-row report; otherwise that of this machine, after a
/// note.
///
/// # Errors
/// A token that the server does not accept.
pub fn of_property(property: &PropertyNumber, analytics: &Analytics) -> anyhow::Result<TimeZone> {
    let requests =
        [time_zone::property(analytics.admin_api(), property)?, time_zone::report(analytics.data_api(), property)?];
    for request in requests {
        match analytics.call(request) {
            Ok(body) => {
                if let Some(zone) = time_zone::parse(&body).and_then(|name| named(&name)) {
                    return Ok(zone);
                }
            }
            // The next request would get the same answer.
            Err(error) if crate::failure(&error).kind() == Kind::Login => {
                return Err(error).with_context(|| format!("property {property}"));
            }
            Err(_) => {}
        }
    }
    analytics.terminal().note(&machine_note(&format!("property {property}: its time zone is not known")));
    Ok(TimeZone::system())
}

/// The zone of this name, such as `Europe/Rome`.
pub fn named(name: &str) -> Option<TimeZone> {
    if !is_name(name) {
        return None;
    }
    let folder = environment::variable("TZDIR").map_or_else(|| PathBuf::from(DATABASE), PathBuf::from);
    let of_system = std::fs::read(folder.join(name)).ok().and_then(|bytes| TimeZone::tzif(name, &bytes).ok());
    of_system.or_else(|| TimeZone::get(name).ok())
}

/// Whether it can only be a file below the database's folder.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    name.split('/').all(is_part)
}

/// The date in a zone.
pub fn today(zone: &TimeZone) -> Date {
    zone.to_datetime(Timestamp::now()).date()
}

/// Says why the days are those of this machine, which may not be those of the property.
pub fn machine_note(why: &str) -> String {
    let zone = TimeZone::system();
    let name = zone.iana_name().map_or_else(String::new, |name| format!(" ({name})"));
    format!("{why}: the days are those of this machine's time zone{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_zones_are_looked_up() {
        for (name, is_known) in [
            ("UTC", true),
            ("Europe/Rome", true),
            ("America/Argentina/Buenos_Aires", true),
            ("Etc/GMT+12", true),
            ("No/Where", false),
            ("../../etc/localtime", false),
            ("/usr/share/zoneinfo/UTC", false),
            ("Europe//Rome", false),
            ("", false),
            ("zone1970.tab", false),
        ] {
            assert_eq!(named(name).is_some(), is_known, "{name}");
        }
    }
}
