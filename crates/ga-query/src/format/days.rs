//! The days of a report as dates: `yesterday` in the property's time zone, when the report was made.

use ga_client::zone;
use ga_core::report::{DateRange, RunReportRequest};
use ga_core::response::ReportHead;
use gauth_cli::terminal::sanitise;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};

use super::Start;

/// When a report was made, and its days.
#[derive(Default)]
pub(super) struct Days {
    pub(super) ranges: Vec<Range>,
    /// The days that they are compared with.
    pub(super) other: Option<Range>,
    /// Minutes of a realtime report.
    minutes: Option<String>,
    /// `2026-11-27 09:30`, in the property's zone.
    pub(super) made: String,
    /// The property's zone, if it is known.
    pub(super) zone: Option<String>,
}

/// One date range.
pub(super) struct Range {
    /// Its name in the rows.
    pub(super) name: String,
    is_named: bool,
    typed: [String; 2],
    /// `None` for a day that is not known.
    pub(super) days: Option<(Date, Date)>,
}

impl Days {
    pub(super) fn of(start: &Start<'_>) -> Self {
        Self::at(Timestamp::now(), start.request, start.other, start.head)
    }

    fn at(now: Timestamp, request: &RunReportRequest, other: Option<&DateRange>, head: &ReportHead) -> Self {
        let zone = head.metadata.time_zone.as_deref().filter(|zone| !zone.is_empty());
        let known = zone.and_then(zone::named);
        let now = now.to_zoned_datetime(known.unwrap_or_else(TimeZone::system));
        let ranges = request.date_ranges.iter().enumerate();
        let minutes = request.minute_ranges.iter().map(|range| {
            let (from, to) = (range.start_minutes_ago.unwrap_or(29), range.end_minutes_ago.unwrap_or(0));
            format!("{from} to {to} minutes ago")
        });
        let minutes: Vec<String> = minutes.collect();
        Self {
            ranges: ranges.map(|(place, range)| Range::new(place, range, now.date())).collect(),
            other: other.map(|range| Range::new(0, range, now.date())),
            minutes: Some(minutes.join(", ")).filter(|text| !text.is_empty()),
            made: now.strftime("%Y-%m-%d %H:%M").to_string(),
            zone: zone.map(sanitise),
        }
    }

    /// `2026-11-01 to 2026-11-26`, with `, compared with …` if they are.
    pub(super) fn text(&self) -> String {
        let ranges: Vec<String> = self.ranges.iter().map(Range::text).collect();
        let other = self.other.as_ref().map_or_else(String::new, |other| format!(", compared with {}", other.text()));
        self.minutes.clone().unwrap_or_else(|| ranges.join(", ") + &other)
    }
}

impl Range {
    fn new(place: usize, range: &DateRange, today: Date) -> Self {
        let name = range.name.clone().filter(|name| !name.is_empty());
        Self {
            is_named: name.is_some(),
            name: name.unwrap_or_else(|| format!("date_range_{place}")),
            typed: [sanitise(&range.start_date), sanitise(&range.end_date)],
            days: day(&range.start_date, today).zip(day(&range.end_date, today)),
        }
    }

    pub(super) fn text(&self) -> String {
        let [start, end] = match self.days {
            Some((start, end)) => [start.to_string(), end.to_string()],
            None => self.typed.clone(),
        };
        let days = if start == end { start } else { format!("{start} to {end}") };
        if self.is_named { format!("{}: {days}", sanitise(&self.name)) } else { days }
    }
}

/// Google's words for days, and YYYY-MM-DD.
fn day(text: &str, today: Date) -> Option<Date> {
    let ago = |days: Span| today.checked_sub(days).ok();
    match text {
        "today" => Some(today),
        "yesterday" => ago(1.day()),
        _ => match text.strip_suffix("daysAgo") {
            Some(days) => ago(Span::new().try_days(days.parse::<i64>().ok()?).ok()?),
            None => text.parse().ok(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_days_in_the_zone_of_the_property() {
        let range = |start: &str, end: &str, name: Option<&str>| DateRange {
            start_date: start.to_owned(),
            end_date: end.to_owned(),
            name: name.map(str::to_owned),
        };
        let mut request = RunReportRequest {
            date_ranges: vec![range("2daysAgo", "yesterday", Some("now")), range("2026-03-01", "2026-03-01", None)],
            ..RunReportRequest::default()
        };
        let mut head = ReportHead::default();
        // 23:30 UTC on the last day of February.
        let now = "2026-02-28T23:30:00Z".parse().unwrap();
        for (zone, text, made) in [
            ("UTC", "now: 2026-02-26 to 2026-02-27, 2026-03-01", "2026-02-28 23:30"),
            ("Asia/Tokyo", "now: 2026-02-27 to 2026-02-28, 2026-03-01", "2026-03-01 08:30"),
            ("America/Los_Angeles", "now: 2026-02-26 to 2026-02-27, 2026-03-01", "2026-02-28 15:30"),
        ] {
            head.metadata.time_zone = Some(zone.to_owned());
            let days = Days::at(now, &request, None, &head);
            assert_eq!((&*days.text(), &*days.made), (text, made), "{zone}");
        }
        let other = range("2026-01-28", "2026-01-29", None);
        request.date_ranges.truncate(1);
        let days = Days::at(now, &request, Some(&other), &head);
        assert!(days.text().ends_with("2026-02-27, compared with 2026-01-28 to 2026-01-29"), "{}", days.text());
        for none in ["", "soon", "daysAgo", "-1daysAgo", "2026-13-01", "99999999999daysAgo"] {
            assert_eq!(day(none, Date::constant(2026, 3, 1)).filter(|_| none != "-1daysAgo"), None, "{none}");
        }
    }
}
