use super::super::column;
use super::*;

#[test]
fn dates_read_as_the_service_writes_them() {
    // Thursday, 1 January 2026 and Sunday, 4 January 2026.
    for (name, first, fourth) in [
        ("date", "20260101", "20260104"),
        ("yearMonth", "202601", "202601"),
        ("week", "01", "02"),
        ("yearWeek", "202601", "202602"),
        ("isoYearIsoWeek", "202601", "202601"),
        ("dayOfWeek", "4", "0"),
        ("dayOfWeekName", "Thursday", "Sunday"),
    ] {
        let text = column(name).text;
        let code = Date::from_calendar_date(2026, time::Month::January, 1)
            .map(|date| (date.to_julian_day() - BIRTH) as u32)
            .expect("a date");
        assert_eq!(text(code), first, "{name}");
        assert_eq!(text(code + 3), fourth, "{name}");
    }
}
