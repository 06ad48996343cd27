//! Which days of a property are fetched: those that are missing, that failed, or whose figures were stored so early that
//! Analytics may have changed them since.
//!
//! Days are those of the property's time zone. The clock and what is stored come in as arguments.

use ga_core::dates::TypedDay;
use gauth_cli::Failure;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};

use crate::arguments::Arguments;

/// The days before today of a new table.
const FIRST: i64 = 28;
/// Analytics changes the figures of a day for about as long after its end.
const LOOK_BACK: u16 = 3;

/// What is noted about a day of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredDay {
    pub(crate) day: Date,
    /// When the rows in the table were requested, if there have been any.
    pub(crate) synced_at: Option<Timestamp>,
    /// Why the last try failed, if it did.
    pub(crate) error: Option<String>,
}

/// The days that a table is to hold.
#[derive(Clone, Debug)]
pub(crate) struct Period {
    first: Option<TypedDay>,
    last: Option<TypedDay>,
    look_back: i64,
}

impl Period {
    pub(crate) fn read(arguments: &Arguments) -> anyhow::Result<Self> {
        let day = |option: &str, text: &Option<String>| {
            let day = text.as_deref().map(TypedDay::parse).transpose();
            day.map_err(|error| anyhow::Error::from(error).context(option.to_owned()))
        };
        let (first, last) = (day("--first", &arguments.first)?, day("--last", &arguments.last)?);
        let dates = [&first, &last].map(|day| day.as_ref().and_then(TypedDay::date));
        if let [Some(first), Some(last)] = dates
            && first > last
        {
            return Err(Failure::usage(format!("--first {first} is after --last {last}")).into());
        }
        let look_back = i64::from(arguments.look_back.unwrap_or(LOOK_BACK));
        Ok(Self { first, last, look_back })
    }

    /// Its days where it is `today`, if the days in `stored`, in order, are known.
    ///
    /// # Errors
    /// A last day that is not over, as a usage error.
    pub(crate) fn days(&self, today: Date, stored: &[StoredDay]) -> anyhow::Result<impl Iterator<Item = Date> + use<>> {
        let last = match &self.last {
            Some(last) => last.on(today)?,
            None => today.yesterday()?,
        };
        if last >= today {
            let text = format!("--last: {last} is not over yet: the data of today is incomplete");
            return Err(Failure::usage(text).hint("leave --last out for yesterday").into());
        }
        let first = match (&self.first, stored.first()) {
            (Some(first), _) => first.on(today)?,
            (None, Some(stored)) => stored.day,
            (None, None) => today.checked_sub(FIRST.days())?,
        };
        Ok(first.series(1.day()).take_while(move |day| *day <= last))
    }

    /// The days to fetch at the time `now`, from the oldest to the newest.
    ///
    /// # Errors
    /// As [`Period::days`].
    pub(crate) fn due(&self, now: Timestamp, zone: &TimeZone, stored: &[StoredDay]) -> anyhow::Result<Vec<Date>> {
        let today = zone.to_datetime(now).date();
        let mut due = Vec::new();
        for day in self.days(today, stored)? {
            let known = stored.binary_search_by_key(&day, |stored| stored.day).ok().map(|place| &stored[place]);
            let is_settled = match known {
                Some(StoredDay { synced_at: Some(synced_at), error: None, .. }) => {
                    *synced_at >= self.settled(day, zone)?
                }
                _ => false,
            };
            if !is_settled {
                due.push(day);
            }
        }
        Ok(due)
    }

    /// From when on the figures of a day are taken as final.
    fn settled(&self, day: Date, zone: &TimeZone) -> anyhow::Result<Timestamp> {
        let day = day.checked_add(Span::new().try_days(1 + self.look_back)?)?;
        Ok(zone.to_timestamp(day.at(0, 0, 0, 0))?)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn period(first: Option<&str>, last: Option<&str>, look_back: i64) -> Period {
        let day = |text: Option<&str>| text.map(|text| TypedDay::parse(text).unwrap());
        Period { first: day(first), last: day(last), look_back }
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A day of November 2026, when it was stored, and whether the last try failed.
    fn stored(days: &[(i8, Option<&str>, bool)]) -> Vec<StoredDay> {
        let stored = days.iter().map(|(day, synced_at, failed)| StoredDay {
            day: date(2026, 11, *day),
            synced_at: synced_at.map(time),
            error: failed.then(|| "why".to_owned()),
        });
        stored.collect()
    }

    fn due(period: &Period, now: &str, zone: &str, known: &[StoredDay]) -> Vec<String> {
        let zone = TimeZone::get(zone).unwrap();
        let days = period.due(time(now), &zone, known).unwrap();
        days.iter().map(|day| day.strftime("%m-%d").to_string()).collect()
    }

    #[test]
    fn days_are_due_that_are_missing_failed_or_early() {
        // Every night until the 21st.
        let nightly = |day: i8| format!("2026-11-{:02}T05:17:00Z", (day + 4).min(21));
        let night: Vec<String> = (1..=20).map(nightly).collect();
        let all: Vec<_> = (1..=20).map(|day| (day, Some(&*night[day as usize - 1]), false)).collect();
        let with = |changed: (i8, Option<&str>, bool)| {
            let mut days = all.clone();
            days[changed.0 as usize - 1] = changed;
            stored(&days)
        };
        let three = period(None, None, 3);
        for (known, period, expected) in [
            // A night later: a new day, and those that were stored before they were final.
            (stored(&all), &three, &["11-18", "11-19", "11-20", "11-21"][..]),
            (stored(&all), &period(None, None, 0), &["11-21"]),
            (stored(&all), &period(None, Some("2026-11-20"), 0), &[]),
            (stored(&all), &period(None, Some("2daysAgo"), 1), &["11-20"]),
            (stored(&all), &period(Some("2026-10-30"), Some("2026-11-03"), 0), &["10-30", "10-31"]),
            // Gaps and failures are due whatever their age; the first stored day begins.
            (stored(&all[4..6]), &period(None, Some("2026-11-08"), 0), &["11-07", "11-08"]),
            (with((5, Some("2026-11-06T05:17:00Z"), true)), &period(None, None, 0), &["11-05", "11-21"]),
            (with((5, None, true)), &period(None, None, 0), &["11-05", "11-21"]),
            // What was stored late is final at once.
            (with((20, Some("2026-11-24T05:17:00Z"), false)), &three, &["11-18", "11-19", "11-21"]),
        ] {
            assert_eq!(due(period, "2026-11-22T05:17:00Z", "UTC", &known), expected);
        }
        let new = due(&three, "2026-11-22T05:17:00Z", "UTC", &[]);
        assert_eq!((new.len(), &*new[0], &*new[27]), (28, "10-25", "11-21"));
    }

    #[test]
    fn today_and_the_end_of_a_day_are_the_propertys() {
        let two = period(Some("2026-11-20"), None, 1);
        for (now, zone, expected) in [
            ("2026-11-21T23:30:00Z", "Europe/Rome", &["11-20", "11-21"][..]),
            ("2026-11-21T22:30:00Z", "Europe/Rome", &["11-20"]),
            ("2026-11-22T07:30:00Z", "America/Los_Angeles", &["11-20"]),
            ("2026-11-22T08:30:00Z", "America/Los_Angeles", &["11-20", "11-21"]),
        ] {
            assert_eq!(due(&two, now, zone, &[]), expected, "{now} {zone}");
        }
        // One day after its end in Rome, which is 23:00 UTC.
        for (synced_at, is_due) in [("2026-11-21T22:59:59Z", true), ("2026-11-21T23:00:00Z", false)] {
            let known = stored(&[(20, Some(synced_at), false)]);
            let last = period(None, Some("2026-11-20"), 1);
            assert_eq!(!due(&last, "2026-11-25T00:00:00Z", "Europe/Rome", &known).is_empty(), is_due);
        }
    }

    #[test]
    fn today_is_never_fetched() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        // It is the 22nd there.
        let now = time("2026-11-21T16:00:00Z");
        for (last, is_refused) in [("2026-11-21", false), ("2026-11-22", true), ("2026-11-23", true), ("today", true)] {
            assert_eq!(period(None, Some(last), 3).due(now, &zone, &[]).is_err(), is_refused, "{last}");
        }
        assert_eq!(due(&period(Some("2026-11-22"), None, 3), "2026-11-21T16:00:00Z", "Asia/Tokyo", &[]), [""; 0]);
    }
}
