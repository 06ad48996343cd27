use jiff::civil::{Date, date};

use super::*;
use crate::dates;
use crate::error::Error;

type Days = (Date, Date);

fn days(text: &str) -> Days {
    let range = dates::named_range(text).unwrap();
    range.dates(date(2026, 11, 27)).unwrap()
}

fn shown((first, last): Days) -> String {
    format!("{first}..{last}")
}

/// The sorted rows, a line for each; cells in `own` and `other` are separated by blanks, rows by slashes.
fn compared(dimensions: &str, own_days: &str, other_days: &str, own: &str, other: &str) -> String {
    let names: Vec<&str> = dimensions.split_whitespace().collect();
    let mut comparison = Comparison::new(&names, &Periods { own: days(own_days), other: days(other_days) });
    let rows = |text: &str| -> Vec<Vec<Vec<u8>>> {
        let cells = |row: &str| row.split_whitespace().map(|cell| cell.as_bytes().to_vec()).collect();
        text.split('/').filter(|row| !row.is_empty()).map(cells).collect()
    };
    for row in rows(own) {
        comparison.add(&row.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    for row in rows(other) {
        comparison.add_other(&row.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    text(&comparison.sorted(vec![true], &[]))
}

fn text(sorted: &Sorted) -> String {
    let mut row = Vec::new();
    let lines: Vec<String> = (0..sorted.len())
        .map(|place| {
            sorted.row(place, &mut row);
            let cells: Vec<_> = row.iter().map(|cell| String::from_utf8_lossy(cell)).collect();
            cells.join(" ").trim_end().to_owned()
        })
        .collect();
    lines.join("/")
}

#[test]
fn the_other_period_is_read_and_counted_in_days() {
    for (own, other, expected) in [
        ("2026-11-01..2026-11-26", "previous", "2026-10-06..2026-10-31"),
        ("2026-11-26", "previous", "2026-11-25..2026-11-25"),
        ("2026-11", "previous", "2026-10-02..2026-10-31"),
        ("28daysAgo..yesterday", "previous", "2026-10-02..2026-10-29"),
        ("lastMonth", "previous", "2026-08-31..2026-09-30"),
        ("2026-11-01..2026-11-26", "year", "2025-11-01..2025-11-26"),
        ("2024-02", "year", "2023-02-01..2023-02-28"),
        ("2024-02-29", "year", "2023-02-28..2023-02-28"),
        ("2025-02", "year", "2024-02-01..2024-02-28"),
        ("thisMonth", "lastMonth", "2026-10-01..2026-10-31"),
        ("thisMonth", "2025-11", "2025-11-01..2025-11-30"),
        ("yesterday", "2026-11-20..", "2026-11-20..2026-11-26"),
        ("yesterday", "8daysAgo", "2026-11-19..2026-11-19"),
    ] {
        let own = dates::named_range(own).unwrap();
        let periods = OtherPeriod::parse(other).unwrap().periods(&own, date(2026, 11, 27)).unwrap();
        assert_eq!(shown(periods.other), expected, "{own:?} {other}");
    }
}

#[test]
fn a_period_that_cannot_be_is_refused_by_its_name() {
    let periods = |own: &str, other: &str| {
        let own = dates::named_range(own)?;
        OtherPeriod::parse(other)?.periods(&own, date(2026, 11, 27))
    };
    let three_forms = "--compare: expected previous, year or a date range A..B, got ";
    for (own, other, message) in [
        ("2026-11", "last", format!("{three_forms}\"last\"")),
        ("2026-11", "", format!("{three_forms}\"\"")),
        ("2026-11", "Previous", format!("{three_forms}\"Previous\"")),
        ("2026-11", "old=2025-11", format!("{three_forms}\"old=2025-11\"")),
        ("2026-11", "2025-13..2025-14", "--compare: \"2025-13\" is not a date: expected YYYY-MM-DD".to_owned()),
        ("2026-11", "2025-11-02..2025-11-01", "--compare: the date range 2025-11-02 to 2025-11-01 ends".to_owned()),
        ("2026-11", "2014-11", "--compare: 2014-11 is before 2015-08-14".to_owned()),
        ("2016-08-13", "year", "--compare: the other period: 2015-08-13 is before 2015-08-14".to_owned()),
        ("2015-08-20..2015-09-01", "previous", "--compare: the other period: 2015-08-07 is before".to_owned()),
        ("yesterday", "5000daysAgo", "--compare: the other period: 5000daysAgo is before 2015-08-14".to_owned()),
        ("5000daysAgo..yesterday", "year", "5000daysAgo is before 2015-08-14".to_owned()),
    ] {
        let error: Error = periods(own, other).unwrap_err();
        assert!(error.to_string().starts_with(&message), "{own} {other}: {error}");
    }
    assert!(periods("2016-08-14", "year").is_ok());
}

#[test]
fn only_days_in_words_need_todays_date() {
    for (own, other, needs_today) in [
        ("2026-11-01..2026-11-26", "previous", false),
        ("2026-11", "year", false),
        ("2026-11", "2025-11", false),
        ("7daysAgo..yesterday", "2025-11", true),
        ("7daysAgo..yesterday", "previous", true),
        ("2026-11", "lastMonth", true),
        ("2026-11", "2026-10-01..", true),
    ] {
        let own = dates::named_range(own).unwrap();
        assert_eq!(OtherPeriod::parse(other).unwrap().needs_today(&own), needs_today, "{own:?} {other}");
    }
}

/// Dimensions, the days and rows of both periods, and the rows of the comparison.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

#[track_caller]
fn check(cases: &[Case]) {
    for (dimensions, own_days, other_days, own, other, expected) in cases {
        let found = compared(dimensions, own_days, other_days, own, other);
        assert_eq!(found, *expected, "{dimensions} {own_days} {other_days}");
    }
}

#[test]
fn a_moment_matches_the_one_at_its_place_in_the_other_period() {
    let (november, october) = ("2026-11", "2026-10");
    check(&[
        ("", november, october, "6", "4", "6 4 0.5"),
        ("date", november, october, "20261103 6", "20261003 4", "20261103 6 4 0.5"),
        // February 2024 has 29 days, and a year before has 28.
        ("date", "2024-02", "2023-02", "20240228 1/20240229 2", "20230228 1", "20240228 1 1 0/20240229 2 0"),
        ("date", "2023-02", "2024-02", "20230228 1", "20240228 1/20240229 2", "20230228 1 1 0/20230301 0 2 -1"),
        // What is beyond the end of this period continues its count.
        ("date", november, october, "20261101 1", "20261001 2/20261031 3", "20261101 1 2 -0.5/20261201 0 3 -1"),
        ("day", november, october, "", "31 3", "31 0 3 -1"),
        ("day", "2026-11-16..2026-11-30", "2026-10-01..2026-10-15", "16 1/30 2", "01 2/15 1", "16 1 2 -0.5/30 2 1 1"),
        (
            "yearMonth",
            "2026-10..2026-11",
            "2025-10..2025-12",
            "202611 1",
            "202511 1/202512 1",
            "202611 1 1 0/202612 0 1 -1",
        ),
        ("month", november, october, "11 2", "10 1", "11 2 1 1"),
        ("year", "2026-11", "2024-11..2025-11", "2026 1", "2024 1/2025 2", "2026 1 1 0/2027 0 2 -1"),
        ("isoYearIsoWeek", "2026-11-16..2026-11-29", "2026-11-02..2026-11-15", "202648 3", "202646 1", "202648 3 1 2"),
        // The same seven days are two weeks at the end of a year.
        (
            "yearWeek",
            "2026-12-27..2027-01-02",
            "2026-12-20..2026-12-26",
            "202653 2/202701 3",
            "202652 1",
            "202653 2 1 1/202701 3 0",
        ),
        (
            "week",
            "2026-11-15..2026-11-28",
            "2025-11-16..2025-11-29",
            "47 1/48 1",
            "47 2/48 2",
            "47 1 2 -0.5/48 1 2 -0.5",
        ),
        ("dateHour", "2026-03-29", "2025-10-26", "2026032902 4", "2025102602 2", "2026032902 4 2 1"),
        ("dateHour", "2026-11-02", "2026-10-01..2026-10-02", "", "2026100205 2", "2026110305 0 2 -1"),
        ("dateHourMinute", "2026-11-02", "2026-11-01", "202611022359 3", "202611012359 2", "202611022359 3 2 0.5"),
    ]);
}

#[test]
fn categories_match_themselves_and_units_are_counted_together() {
    let (november, october) = ("2026-11", "2026-10");
    check(&[
        // Categories stay what they are.
        ("hour", november, october, "07 3", "07 2/08 1", "07 3 2 0.5/08 0 1 -1"),
        ("dayOfWeek", november, october, "0 3", "0 2", "0 3 2 0.5"),
        ("dayOfWeekName", november, october, "Sunday 3", "Sunday 2", "Sunday 3 2 0.5"),
        ("nthDay", november, october, "0001 3", "0001 2/0030 2", "0001 3 2 0.5/0030 0 2 -1"),
        ("firstSessionDate", november, october, "20261001 3", "20261001 2", "20261001 3 2 0.5"),
        ("date", november, october, "(other) 3", "(other) 2", "(other) 3 2 0.5"),
        // A day of the week with a date says nothing of its own.
        ("date dayOfWeek", "2026-11-27", "2025-11-27", "20261127 5 3", "20251127 4 2", "20261127 5 3 2 0.5"),
        (
            "dayOfWeekName date",
            "2026-11-27",
            "2026-11-25..2026-11-26",
            "",
            "Thursday 20261126 2",
            "Saturday 20261128 0 2 -1",
        ),
        ("nthWeek date", november, october, "0001 20261108 3", "0002 20261008 2", "0001 20261108 3 2 0.5"),
        // A month is counted with its year, and a day with its month.
        (
            "year month",
            "2026-01..2026-02",
            "2025-11..2025-12",
            "2026 01 1/2026 02 2",
            "2025 11 1/2025 12 1",
            "2026 01 1 1 0/2026 02 2 1 1",
        ),
        (
            "yearMonth day",
            "2026-11-15..2026-12-14",
            "2026-10-16..2026-11-14",
            "202612 01 2",
            "202611 01 1",
            "202612 01 2 1 1",
        ),
        (
            "date country",
            november,
            october,
            "20261101 fr 1/20261101 it 2",
            "20261001 it 1/20261002 fr 3",
            "20261101 fr 1 0/20261101 it 2 1 1/20261102 fr 0 3 -1",
        ),
    ]);
}

#[test]
fn a_change_is_a_fraction_of_the_other_value_where_there_is_one() {
    let cells = |own: Option<&str>, other: Option<&str>, is_sum| {
        let cells = cells(own.map(str::as_bytes), other.map(str::as_bytes), is_sum);
        cells.map(|cell| String::from_utf8(cell.into_owned()).unwrap())
    };
    for (own, other, is_sum, expected) in [
        (Some("3"), Some("2"), true, ["3", "2", "0.5"]),
        (Some("2"), Some("3"), true, ["2", "3", "-0.3333333333333333"]),
        (Some("2"), Some("2"), true, ["2", "2", "0"]),
        (Some("0"), Some("-5"), true, ["0", "-5", "-1"]),
        (Some("-5"), Some("-5"), true, ["-5", "-5", "0"]),
        (Some("2"), Some("0"), true, ["2", "0", ""]),
        (Some("2.5"), Some("0.0"), false, ["2.5", "0.0", ""]),
        (Some("2"), None, true, ["2", "0", ""]),
        (None, Some("2"), true, ["0", "2", "-1"]),
        (Some("0.25"), None, false, ["0.25", "", ""]),
        (None, Some("0.25"), false, ["", "0.25", ""]),
        (None, None, true, ["0", "0", ""]),
        (Some(""), Some("2"), true, ["", "2", ""]),
        (Some("0.3"), Some("0.1"), false, ["0.3", "0.1", "1.9999999999999998"]),
        // Beyond what a double holds, every digit counts.
        (
            Some("9223372036854775807"),
            Some("9223372036854775806"),
            true,
            ["9223372036854775807", "9223372036854775806", "0.00000000000000000010842021724855044"],
        ),
        (Some("NaN"), Some("2"), false, ["NaN", "2", ""]),
        (Some("1e308"), Some("-1e-308"), false, ["1e308", "-1e-308", ""]),
    ] {
        assert_eq!(cells(own, other, is_sum), expected);
    }
}

#[test]
fn rows_are_in_the_requested_order_with_empty_cells_last() {
    let periods = Periods { own: days("2026-11"), other: days("2026-10") };
    let sorted = |sort: &[(usize, bool)]| {
        let mut comparison = Comparison::new(&["country", "city"], &periods);
        for row in ["fr a 1", "fr b 5", "it c 9223372036854775807", "it d 9223372036854775806", "jp e 3"] {
            comparison.add(&row.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        }
        for row in ["fr a 2", "fr b 5", "jp e 2", "us f 7"] {
            comparison.add_other(&row.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        }
        let sorted = comparison.sorted(vec![true], sort);
        let mut row = Vec::new();
        let cities = (0..sorted.len()).map(|place| {
            sorted.row(place, &mut row);
            String::from_utf8_lossy(&row[1]).into_owned()
        });
        cities.collect::<String>()
    };
    for (sort, expected) in [
        (&[][..], "abcdef"),
        (&[(1, true)], "fedcba"),
        (&[(0, true)], "fecdab"),
        (&[(2, true)], "cdbeaf"),
        (&[(2, false)], "faebdc"),
        (&[(3, false)], "cdaebf"),
        (&[(3, true)], "fbaecd"),
        (&[(4, true)], "ebafcd"),
        (&[(4, false)], "fabecd"),
        (&[(3, true), (1, true)], "fbeadc"),
        (&[(0, false), (4, true)], "bacdef"),
    ] {
        assert_eq!(sorted(sort), expected, "{sort:?}");
    }
}
