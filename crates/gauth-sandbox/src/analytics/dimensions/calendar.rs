//! The dimensions of time, in the property's days.

use super::{Column, of_visit};
use crate::analytics::site::{self, BIRTH, Visit};
use time::Date;

pub(super) const TIME: &[(&str, Column)] = &[
    ("date", of_visit(day, |code| ymd(date(code)))),
    ("year", of_visit(day, |code| format!("{:04}", date(code).year()))),
    ("month", of_visit(day, |code| format!("{:02}", date(code).month() as u8))),
    ("day", of_visit(day, |code| format!("{:02}", date(code).day()))),
    ("yearMonth", of_visit(day, |code| ymd(date(code))[..6].to_owned())),
    ("week", of_visit(day, |code| format!("{:02}", week(date(code))))),
    ("yearWeek", of_visit(day, |code| format!("{:04}{:02}", date(code).year(), week(date(code))))),
    ("isoWeek", of_visit(day, |code| format!("{:02}", date(code).iso_week()))),
    ("isoYear", of_visit(day, |code| date(code).to_iso_week_date().0.to_string())),
    (
        "isoYearIsoWeek",
        of_visit(day, |code| {
            let (year, week, _) = date(code).to_iso_week_date();
            format!("{year:04}{week:02}")
        }),
    ),
    ("dayOfWeek", of_visit(day, |code| date(code).weekday().number_days_from_sunday().to_string())),
    ("dayOfWeekName", of_visit(day, |code| date(code).weekday().to_string())),
    ("hour", of_visit(Visit::hour, two_digits)),
    ("minute", of_visit(Visit::minute, two_digits)),
    ("dateHour", of_visit(day_hour, |code| format!("{}{:02}", ymd(date(code / 24)), code % 24))),
    (
        "dateHourMinute",
        of_visit(
            |visit| day_hour(visit) * 60 + visit.minute(),
            |code| format!("{}{:02}{:02}", ymd(date(code / 1440)), code / 60 % 24, code % 60),
        ),
    ),
    ("nthMinute", of_visit(|visit| (nth_day(visit) * 24 + visit.hour()) * 60 + visit.minute(), four_digits)),
    ("nthHour", of_visit(|visit| nth_day(visit) * 24 + visit.hour(), four_digits)),
    ("nthDay", of_visit(nth_day, four_digits)),
    ("nthWeek", of_visit(|visit| nth_day(visit) / 7, four_digits)),
    ("nthMonth", of_visit(nth_month, four_digits)),
    ("nthYear", of_visit(|visit| nth_month(visit) / 12, four_digits)),
    ("minutesAgo", of_visit(Visit::minutes_ago, two_digits)),
    ("cohortNthDay", of_visit(nth_day, four_digits)),
    ("cohortNthWeek", of_visit(|visit| nth_day(visit) / 7, four_digits)),
    ("cohortNthMonth", of_visit(|visit| nth_day(visit) / 30, four_digits)),
    ("firstSessionDate", of_visit(|visit| (visit.first_day() - BIRTH).max(0) as u32, |code| ymd(date(code)))),
];

/// Days since the site began.
fn day(visit: &Visit) -> u32 {
    (visit.day - BIRTH) as u32
}

fn day_hour(visit: &Visit) -> u32 {
    day(visit) * 24 + visit.hour()
}

fn nth_day(visit: &Visit) -> u32 {
    visit.nth_day as u32
}

fn nth_month(visit: &Visit) -> u32 {
    let months = |day| {
        let date = site::date(day);
        date.year() * 12 + date.month() as i32
    };
    (months(visit.day) - months(visit.day - visit.nth_day)) as u32
}

fn date(code: u32) -> Date {
    site::date(BIRTH + code as i32)
}

fn ymd(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month() as u8, date.day())
}

/// Weeks begin on Sunday, and the first holds 1 January, as the service's own `week` does.
fn week(date: Date) -> u16 {
    let first_weekday = date.replace_ordinal(1).map_or(0, |first| u16::from(first.weekday().number_days_from_sunday()));
    (date.ordinal() - 1 + first_weekday) / 7 + 1
}

fn two_digits(code: u32) -> String {
    format!("{code:02}")
}

fn four_digits(code: u32) -> String {
    format!("{code:04}")
}

#[cfg(test)]
mod tests;
