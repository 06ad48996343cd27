//! The moments of the other period as those at the same place in the report's own, so that rows match by their text.
//!
//! The place of a day, a week or a month is counted from the first day of its period. What the other period has beyond the
//! end of this one becomes what follows that end. Hours, minutes and days of the week are categories and stay as they are,
//! and so do counts from the start of the period (nthDay) and what is not a moment, such as `(other)`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::Periods;
use crate::moment::{self, TextOfDay};

/// How many days of the other period are looked at, and how many behind the end of this one for what follows it: more than
/// there is data of.
const MOST_DAYS: usize = 40 * 366;

/// Rewrites the moments in rows of the other period.
#[derive(Debug)]
pub(super) struct Moments {
    units: Vec<Unit>,
    /// The cells of the other period's moments, and those that they become.
    renamed: HashMap<Vec<u8>, Vec<String>>,
    /// The columns that say nothing which the moments do not say, but count it in another way.
    pub(super) implied: Vec<usize>,
}

/// A column with a day, or with what many days have in common.
#[derive(Clone, Copy, Debug)]
struct Unit {
    column: usize,
    dimension: &'static str,
    /// The text of a day.
    text: TextOfDay,
    /// Whether the hour follows the day in the cell.
    has_hour: bool,
}

/// The characters of a date.
const DATE: usize = 8;

impl Unit {
    fn of(column: usize, name: &str) -> Option<Self> {
        let has_hour = name == "dateHour" || name == "dateHourMinute";
        let name = if has_hour { "date" } else { name };
        let (dimension, text) = moment::OF_DAYS.into_iter().find(|(known, _)| *known == name)?;
        Some(Self { column, dimension, text, has_hour })
    }

    /// The part of a cell that says the day, and the rest.
    fn split(self, cell: &[u8]) -> (&[u8], &[u8]) {
        cell.split_at(if self.has_hour { cell.len().min(DATE) } else { cell.len() })
    }
}

impl Moments {
    /// For rows that begin with these dimensions.
    pub(super) fn new(dimensions: &[&str], periods: &Periods) -> Self {
        let has = |name: &str| dimensions.contains(&name);
        let (has_minute, has_hour) = (has("dateHourMinute"), has("dateHourMinute") || has("dateHour"));
        let has_date = has_hour || has("date");
        let is_unit = |unit: &Unit| has_date || !unit.dimension.starts_with("dayOfWeek");
        let columns = || dimensions.iter().enumerate();
        let units: Vec<Unit> = columns().filter_map(|(column, name)| Unit::of(column, name)).filter(is_unit).collect();
        let is_implied = |name: &str| match name {
            "nthDay" | "nthWeek" | "nthMonth" | "nthYear" => has_date,
            "nthHour" => has_hour,
            "nthMinute" => has_minute,
            _ => false,
        };
        let implied = columns().filter(|(_, name)| is_implied(name)).map(|(column, _)| column).collect();
        Self { renamed: renamed(&units, periods), units, implied }
    }

    /// A row of the other period, its moments rewritten.
    pub(super) fn rewritten<'a>(&'a self, cells: &[&'a [u8]]) -> Vec<Cow<'a, [u8]>> {
        let mut row: Vec<Cow<'a, [u8]>> = cells.iter().map(|cell| Cow::Borrowed(*cell)).collect();
        let mut key = Vec::new();
        for unit in &self.units {
            push_part(&mut key, unit.split(cells[unit.column]).0);
        }
        for (unit, text) in self.units.iter().zip(self.renamed.get(&key).into_iter().flatten()) {
            row[unit.column] = match unit.split(cells[unit.column]).1 {
                [] => Cow::Borrowed(text.as_bytes()),
                hour => Cow::Owned([text.as_bytes(), hour].concat()),
            };
        }
        row
    }
}

/// The texts of the other period's moments, and of those at the same place in the report's own.
fn renamed(units: &[Unit], periods: &Periods) -> HashMap<Vec<u8>, Vec<String>> {
    let mut others = Distinct::new(units);
    for day in days(periods.other.0).take_while(|day| *day <= periods.other.1).take(MOST_DAYS) {
        others.add(day);
    }
    let mut own = Distinct::new(units);
    let beyond = days(periods.own.1).skip(1).take(MOST_DAYS);
    for day in days(periods.own.0).take_while(|day| *day <= periods.own.1).chain(beyond) {
        if own.texts.len() == others.texts.len() {
            break;
        }
        own.add(day);
    }
    others.texts.iter().map(|texts| key(texts)).zip(own.texts).collect()
}

fn days(first: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok())
}

/// The texts of a row's units, in the order of the days in which they first occur.
struct Distinct<'a> {
    units: &'a [Unit],
    known: HashSet<Vec<String>>,
    texts: Vec<Vec<String>>,
}

impl<'a> Distinct<'a> {
    fn new(units: &'a [Unit]) -> Self {
        Self { units, known: HashSet::new(), texts: Vec::new() }
    }

    fn add(&mut self, day: Date) {
        let texts: Vec<String> = self.units.iter().map(|unit| (unit.text)(day)).collect();
        if self.known.insert(texts.clone()) {
            self.texts.push(texts);
        }
    }
}

fn key(texts: &[String]) -> Vec<u8> {
    let mut key = Vec::new();
    for text in texts {
        push_part(&mut key, text.as_bytes());
    }
    key
}

/// No moment contains the separator.
fn push_part(key: &mut Vec<u8>, part: &[u8]) {
    key.extend_from_slice(part);
    key.push(0);
}
