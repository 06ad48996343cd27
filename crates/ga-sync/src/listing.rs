//! What is printed instead of a sync: `--status`, what the table holds; `--dry-run`, what would be fetched.
//!
//! Neither needs a token or the network; days are those of this machine's time zone.

use std::collections::BTreeSet;

use ga_client::{properties, zone};
use ga_core::property::{PropertyNumber, Selection};
use gauth_cli::{Context, Failure};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::arguments::Arguments;
use crate::days::{Period, StoredDay};
use crate::table::{Name, Table};
use crate::target::{Notes, Place};

const STATUS: [&str; 5] = ["property", "first_day", "last_day", "days_missing", "last_error"];
const PREVIEW: [&str; 5] = ["property", "first_day", "last_day", "units", "requests"];

/// Prints what the table holds.
///
/// # Errors
/// As [`Place::look`]; usage errors for a table that does not exist, and for property 0, which only the server knows.
pub(crate) fn print_status(
    arguments: &Arguments,
    place: &Place,
    name: &Name,
    period: &Period,
    context: &Context,
) -> anyhow::Result<()> {
    let listing = arguments.options().listing(arguments.format.as_deref(), &[], context.deadline())?;
    let texts: Vec<_> = arguments.property.iter().map(String::as_str).collect();
    let selection = if texts.is_empty() { None } else { properties::read("--property", &texts, context.deadline())? };
    if selection == Some(Selection::First) {
        return Err(Failure::usage("--status: name properties by their numbers, or leave -p out").into());
    }
    let asked = selection.as_ref().and_then(numbers);
    let Some(notes) = place.look(name, None)? else {
        return Err(Failure::usage(format!("--status: ga-sync has not made a table {} there", name.table)).into());
    };
    let rows = status(&notes, asked.as_deref(), period)?;
    listing.write(&STATUS, &rows, &context.terminal)
}

/// Prints what a sync would fetch.
///
/// # Errors
/// As [`Place::look`].
pub(crate) fn print_preview(
    arguments: &Arguments,
    place: &Place,
    table: &Table,
    numbers: &[PropertyNumber],
    period: &Period,
    context: &Context,
) -> anyhow::Result<()> {
    let listing = arguments.options().listing(arguments.format.as_deref(), &[], context.deadline())?;
    let notes = place.look(&table.name, Some(table))?.unwrap_or_default();
    context.terminal.note(&zone::machine_note("time zones of properties were not requested"));
    let rows = preview(&notes, numbers, period)?;
    listing.write(&PREVIEW, &rows, &context.terminal)
}

/// A row for each property: the stored days, how many are missing of those that should be, and the newest error.
fn status(notes: &Notes, asked: Option<&[PropertyNumber]>, period: &Period) -> anyhow::Result<Vec<Vec<String>>> {
    let today = zone::today(&TimeZone::system());
    let all: Vec<PropertyNumber> = notes.iter().map(|(number, _)| number.clone()).collect();
    let mut rows = Vec::new();
    for property in asked.unwrap_or(&all) {
        let known = of(notes, property);
        let stored = known.iter().filter(|stored| stored.synced_at.is_some()).map(|stored| stored.day);
        let stored: BTreeSet<Date> = stored.collect();
        let missing = period.days(today, known)?.filter(|day| !stored.contains(day)).count();
        let day = |day: Option<&Date>| day.map_or_else(String::new, ToString::to_string);
        let error = known.iter().rev().find_map(|stored| Some(format!("{}: {}", stored.day, stored.error.as_ref()?)));
        rows.push(vec![
            property.to_string(),
            day(stored.first()),
            day(stored.last()),
            missing.to_string(),
            error.unwrap_or_default(),
        ]);
    }
    Ok(rows)
}

/// A row for each property: how many days would be fetched, from which to which.
fn preview(notes: &Notes, properties: &[PropertyNumber], period: &Period) -> anyhow::Result<Vec<Vec<String>>> {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let mut rows = Vec::new();
    for property in properties {
        let due = period.due(now, &zone, of(notes, property))?;
        let day = |day: Option<&Date>| day.map_or_else(String::new, ToString::to_string);
        let count = due.len().to_string();
        rows.push(vec![property.to_string(), day(due.first()), day(due.last()), count.clone(), count]);
    }
    Ok(rows)
}

fn of<'n>(notes: &'n Notes, property: &PropertyNumber) -> &'n [StoredDay] {
    notes.iter().find(|(number, _)| number == property).map_or(&[], |(_, days)| days)
}

/// The numbers of a selection, if they are known without asking the server.
pub(crate) fn numbers(selection: &Selection) -> Option<Vec<PropertyNumber>> {
    match selection {
        Selection::One(number) => Some(vec![number.clone()]),
        Selection::List(numbers) => Some(numbers.clone()),
        Selection::First | Selection::All => None,
    }
}
