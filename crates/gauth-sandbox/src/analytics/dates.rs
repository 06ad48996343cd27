//! Date ranges of a request: `YYYY-MM-DD`, `NdaysAgo`, `yesterday`, `today`, in the property's own days
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/DateRange>).

use super::refuse_if;
use super::site::Days;
use crate::rest::Refusal;
use serde::Deserialize;
use time::Date;
use time::format_description::parse_borrowed;

/// The earliest day of reports: 2015-08-14, as a Julian day.
const EARLIEST: i32 = 2_457_249;
const MOST_RANGES: usize = 4;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DateRange {
    start_date: String,
    end_date: String,
    name: String,
}

/// A range with its name in the `dateRange` column.
pub(super) struct NamedDays {
    pub(super) name: String,
    pub(super) days: Days,
}

/// The days of a request's ranges, if today is `today`.
pub(super) fn resolve(ranges: &[DateRange], today: i32) -> Result<Vec<NamedDays>, Refusal> {
    refuse_if(ranges.is_empty(), "A dateRange is required.")?;
    refuse_if(
        ranges.len() > MOST_RANGES,
        format!("Requests are limited to {MOST_RANGES} dateRanges. This request is for {} dateRanges.", ranges.len()),
    )?;
    let mut resolved: Vec<NamedDays> = Vec::new();
    for (index, range) in ranges.iter().enumerate() {
        let days = resolve_one(range, index, today)?;
        let name = name(&range.name, "date_range_", index)?;
        refuse_if(
            resolved.iter().any(|other| other.name == name),
            format!("The dateRange name {name} is used more than once."),
        )?;
        resolved.push(NamedDays { name, days });
    }
    Ok(resolved)
}

/// The days of range number `index`.
pub(super) fn resolve_one(range: &DateRange, index: usize, today: i32) -> Result<Days, Refusal> {
    let first = day(&range.start_date, "startDate", today)?;
    let last = day(&range.end_date, "endDate", today)?;
    refuse_if(
        first > last,
        format!("Invalid dateRange {index}: startDate {} is after endDate {}.", range.start_date, range.end_date),
    )?;
    Ok(Days::new(first, last))
}

/// The name of number `index`: that of the request, unless it is reserved, or one that begins with `own`.
pub(super) fn name(said: &str, own: &str, index: usize) -> Result<String, Refusal> {
    match [own, "RESERVED_"].iter().find(|prefix| said.starts_with(**prefix)) {
        Some(prefix) => Err(Refusal::invalid(format!("The name {said} may not begin with {prefix}."))),
        None if said.is_empty() => Ok(format!("{own}{index}")),
        None => Ok(said.to_owned()),
    }
}

fn day(text: &str, field: &str, today: i32) -> Result<i32, Refusal> {
    let day = match text {
        "today" => Some(today),
        "yesterday" => Some(today - 1),
        _ => days_ago(text, today).or_else(|| calendar_day(text)),
    };
    let Some(day) = day else {
        return Err(Refusal::invalid(format!(
            "Invalid {field}: {text}. The date must be in the format YYYY-MM-DD, NdaysAgo, yesterday, or today."
        )));
    };
    refuse_if(day < EARLIEST, format!("Invalid {field}: {text}. The earliest date is 2015-08-14."))?;
    Ok(day)
}

fn days_ago(text: &str, today: i32) -> Option<i32> {
    let days = text.strip_suffix("daysAgo")?;
    if !days.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(today - days.parse::<i32>().ok()?)
}

fn calendar_day(text: &str) -> Option<i32> {
    let format = parse_borrowed::<2>("[year]-[month]-[day]").ok()?;
    // Years have neither a sign nor more digits.
    let plain = text.len() == 10 && text.starts_with(|c: char| c.is_ascii_digit());
    Some(Date::parse(text, &format).ok().filter(|_| plain)?.to_julian_day())
}

#[cfg(test)]
mod tests;
