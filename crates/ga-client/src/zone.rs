//! The time zones of properties, and today's date in them. A zone is read from its file in the system's database
//! (<https://www.iana.org/time-zones>), or else from the copy in this program.

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

/// The zone of a property by the Admin API, else by the metadata of a one-row report; `None` if neither answer names one that
/// is known.
///
/// # Errors
/// What the server said to the report, or to either request if it does not accept the token.
pub fn of_property(property: &PropertyNumber, analytics: &Analytics) -> anyhow::Result<Option<TimeZone>> {
    let zone = |body: Vec<u8>| time_zone::parse(&body).and_then(|name| named(&name));
    match analytics.call(time_zone::property(analytics.admin_api(), property)?).map(zone) {
        Ok(Some(zone)) => return Ok(Some(zone)),
        // The next request would get the same answer.
        Err(error) if crate::failure(&error).kind() == Kind::Login => {
            return Err(error).with_context(|| format!("property {property}"));
        }
        _ => {}
    }
    let answer = analytics.call(time_zone::report(analytics.data_api(), property)?);
    answer.map(zone).with_context(|| format!("property {property}"))
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
