use jiff::civil::date;

use super::*;

/// What is sent on a Wednesday in November.
fn sent(range: &TypedRange) -> (String, String) {
    let range = range.on(date(2026, 11, 18)).unwrap();
    (range.start_date, range.end_date)
}

fn pair(start: &str, end: &str) -> (String, String) {
    (start.to_owned(), end.to_owned())
}

#[test]
fn either_end_keeps_the_others_default() {
    let sent = |start, end| sent(&range(start, end).unwrap());
    assert_eq!(sent(None, None), pair("28daysAgo", "yesterday"));
    assert_eq!(sent(Some("7daysAgo"), None), pair("7daysAgo", "yesterday"));
    assert_eq!(sent(Some("2026-11-01.."), None), pair("2026-11-01", "yesterday"));
    assert_eq!(sent(None, Some("today")), pair("28daysAgo", "today"));
    assert_eq!(sent(None, Some("thisWeek")), pair("28daysAgo", "2026-11-17"));
}

#[test]
fn a_week_or_a_month_sets_both_ends() {
    for (text, start, end, needs_today) in [
        ("2024-02", "2024-02-01", "2024-02-29", false),
        ("2026-11", "2026-11-01", "2026-11-30", false),
        ("lastMonth", "2026-10-01", "2026-10-31", true),
        ("thisMonth", "2026-11-01", "2026-11-17", true),
        ("lastWeek", "2026-11-09", "2026-11-15", true),
        ("thisWeek", "2026-11-16", "2026-11-17", true),
    ] {
        for range in [range(Some(text), None).unwrap(), named_range(text).unwrap()] {
            assert_eq!(sent(&range), pair(start, end), "{text}");
            assert_eq!(range.needs_today(), needs_today, "{text}");
        }
        let until = named_range(&format!("{text}..today")).unwrap();
        assert_eq!(sent(&until), pair(start, "today"), "{text}");
    }
    for (start, end, first, last) in [
        ("2026-01", "2026-03", "2026-01-01", "2026-03-31"),
        ("lastMonth", "thisWeek", "2026-10-01", "2026-11-17"),
        ("2026-10-15", "lastMonth", "2026-10-15", "2026-10-31"),
        ("lastWeek", "yesterday", "2026-11-09", "yesterday"),
    ] {
        assert_eq!(sent(&range(Some(start), Some(end)).unwrap()), pair(first, last));
    }
}

#[test]
fn what_has_just_begun_ends_today() {
    for (text, today, start, end) in [
        ("thisMonth", date(2026, 12, 1), "2026-12-01", "2026-12-01"),
        ("thisMonth", date(2026, 12, 2), "2026-12-01", "2026-12-01"),
        ("lastMonth", date(2027, 1, 1), "2026-12-01", "2026-12-31"),
        ("lastMonth", date(2028, 3, 31), "2028-02-01", "2028-02-29"),
        ("thisWeek", date(2026, 11, 16), "2026-11-16", "2026-11-16"),
        ("thisWeek", date(2026, 11, 22), "2026-11-16", "2026-11-21"),
        ("lastWeek", date(2026, 11, 22), "2026-11-09", "2026-11-15"),
        ("lastWeek", date(2027, 1, 1), "2026-12-21", "2026-12-27"),
    ] {
        let range = range(Some(text), None).unwrap().on(today).unwrap();
        assert_eq!((range.start_date, range.end_date), pair(start, end), "{text} on {today}");
    }
}

#[test]
fn invalid_dates_are_refused() {
    for text in [
        "",
        "tomorrow",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-1-01",
        "24-01-01",
        "2024-13",
        "2024-1",
        "2024",
        "+024-01-01",
        "daysAgo",
        "-1daysAgo",
        "7DaysAgo",
        "2024-00-10",
        "2024-01-00",
        "2024-01-01-01",
        "99999999999999999999daysAgo",
        "lastYear",
        "..",
        "..today",
    ] {
        assert!(range(Some(text), None).is_err(), "{text}");
    }
    let error = range(Some("lastmonth"), None).unwrap_err();
    assert_eq!(error.hint().as_deref(), Some("did you mean `lastMonth`?"));
    for text in ["2024-02-29", "2016-02-29", "0daysAgo", "365daysAgo", "today"] {
        assert!(range(Some(text), Some("today")).is_ok(), "{text}");
    }
    for (start, end) in [
        ("2024-02-02", "2024-02-01"),
        ("2024-03", "2024-02"),
        ("today", "yesterday"),
        ("1daysAgo", "2daysAgo"),
        ("thisMonth", "lastMonth"),
        ("yesterday", "lastWeek"),
        ("lastWeek", "30daysAgo"),
    ] {
        let error = range(Some(start), Some(end)).and_then(|range| range.on(date(2026, 11, 18))).unwrap_err();
        assert!(error.to_string().contains("ends before it starts"), "{start} {end}");
    }
}

#[test]
fn the_first_day_of_the_api_is_named() {
    for (start, end) in
        [("2014-01-01", "2014-12-31"), ("2005-01-01", "today"), ("2015-08-13", "today"), ("2015-08", "today")]
    {
        let error = range(Some(start), Some(end)).unwrap_err();
        assert_eq!(error.kind(), crate::Kind::Usage);
        for part in [start, "2015-08-14", "Universal Analytics data is gone", "starts when the property was created"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
    assert!(range(Some("2015-08-14"), None).is_ok());
    assert!(check_sent("2015-08-13").is_err());
    for text in ["2015-08-14", "today", "9999daysAgo", "no date"] {
        assert_eq!(check_sent(text), Ok(()), "{text}");
    }
}

#[test]
fn named_ranges_are_read_with_their_names() {
    let range = named_range("before=2024-01-01..2024-01-31").unwrap();
    let read = range.on(date(2026, 11, 18)).unwrap();
    assert_eq!(read.name.as_deref(), Some("before"));
    assert_eq!((&*read.start_date, &*read.end_date), ("2024-01-01", "2024-01-31"));
    let day = named_range("yesterday").unwrap();
    assert_eq!(sent(&day), pair("yesterday", "yesterday"));
    assert_eq!(sent(&named_range("a=2024-01-01..").unwrap()), pair("2024-01-01", "yesterday"));
    for wrong in ["=today", "date_range_0=today", "a\nb=today", "RESERVED_X=today", "today..", "a=..today"] {
        assert!(named_range(wrong).is_err(), "{wrong}");
    }
    for name in ["cohort_1", "last week", "é"] {
        let range = named_range(&format!("{name}=today")).unwrap();
        assert_eq!(range.name.as_deref(), Some(name));
    }
    let twice = [range.clone(), range];
    assert!(check_ranges(&twice).is_err());
    assert!(check_ranges(&vec![day; 5]).is_err());
}

#[test]
fn minutes_are_counted_back() {
    let range = minute_range("now=4..0").unwrap();
    assert_eq!(range.name.as_deref(), Some("now"));
    assert_eq!((range.start_minutes_ago, range.end_minutes_ago), (Some(4), Some(0)));
    assert_eq!(minute_range("7").unwrap().end_minutes_ago, Some(7));
    for wrong in ["", "0..4", "x", "4..", "-1..0", "date_range_1=4..0", "=4..0"] {
        assert!(minute_range(wrong).is_err(), "{wrong}");
    }
}
