use super::*;

const TODAY: i32 = 2_461_366; // 2026-11-21

fn range(start: &str, end: &str, name: &str) -> DateRange {
    DateRange { start_date: start.to_owned(), end_date: end.to_owned(), name: name.to_owned() }
}

#[test]
fn all_four_forms_of_a_date_are_read() {
    for (start, end, first, last) in [
        ("today", "today", 0, 0),
        ("yesterday", "today", -1, 0),
        ("28daysAgo", "yesterday", -28, -1),
        ("2026-11-01", "2026-11-21", -20, 0),
    ] {
        let resolved = resolve(&[range(start, end, "")], TODAY).expect(start);
        assert_eq!(resolved[0].days.first - TODAY, first, "{start}");
        assert_eq!(resolved[0].days.last - TODAY, last, "{end}");
        assert_eq!(resolved[0].name, "date_range_0");
    }
}

#[test]
fn wrong_ranges_are_refused() {
    let many = [
        range("today", "today", "a"),
        range("today", "today", "b"),
        range("today", "today", "c"),
        range("today", "today", "d"),
        range("today", "today", "e"),
    ];
    for (ranges, start) in [
        (&[][..], "A dateRange is required."),
        (&many[..], "Requests are limited to 4 dateRanges."),
        (&[range("", "today", "")], "Invalid startDate: ."),
        (&[range("2026-02-30", "today", "")], "Invalid startDate: 2026-02-30."),
        (&[range("20260101", "today", "")], "Invalid startDate: 20260101."),
        (&[range("-1daysAgo", "today", "")], "Invalid startDate: -1daysAgo."),
        (&[range("2015-08-13", "today", "")], "Invalid startDate: 2015-08-13. The earliest"),
        (&[range("today", "yesterday", "")], "Invalid dateRange 0: startDate today is after"),
        (&[range("today", "today", "date_range_x")], "The name date_range_x may not begin"),
        (&[range("today", "today", "RESERVED_x")], "The name RESERVED_x may not begin"),
        (&[range("today", "today", "a"), range("today", "today", "a")], "The dateRange name a is used more than once."),
    ] {
        let refusal = resolve(ranges, TODAY).err().map(|refusal| refusal.message);
        assert!(refusal.as_deref().is_some_and(|text| text.starts_with(start)), "{refusal:?}");
    }
    for name in ["a b", "cohort_x", "Größe"] {
        assert!(resolve(&[range("2015-08-14", "today", name)], TODAY).is_ok(), "{name}");
    }
}
