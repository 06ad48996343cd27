use super::*;
use std::collections::HashSet;

fn cells(rows: u64, first: i32) -> HashSet<(i32, u32, u32)> {
    let days = Days::new(first, first + 27);
    let mut cells = HashSet::new();
    Site::new(rows).visits(123_456, days, 0, |visit| {
        cells.insert((visit.day, visit.country, visit.page));
    });
    cells
}

#[test]
fn any_four_weeks_have_exactly_the_rows_asked_for() {
    for rows in [1, 10, 1000, 54_321] {
        for start in [BIRTH, BIRTH + 1000, BIRTH + 2013] {
            assert_eq!(cells(rows, start).len() as u64, rows, "{rows} from {start}");
        }
    }
}

#[test]
fn the_site_is_the_same_each_time() {
    let seeds = |property| {
        let mut seeds = Vec::new();
        let days = Days::new(BIRTH, BIRTH + 3);
        Site::new(100).visits(property, days, 0, |visit| seeds.push((visit.seed, visit.page)));
        seeds
    };
    assert_eq!(seeds(1), seeds(1));
    assert_ne!(seeds(1), seeds(2));
}

#[test]
fn nothing_happened_before_the_site_was_born() {
    let mut visits = 0;
    let days = Days::new(BIRTH - 100, BIRTH - 1);
    Site::new(1000).visits(1, days, 0, |_| visits += 1);
    assert_eq!(visits, 0);
}

#[test]
fn birth_is_the_first_of_january_2020() {
    assert_eq!(date(BIRTH).to_string(), "2020-01-01");
}
