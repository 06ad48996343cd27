//! `--compare` over generated reports: every cell is computed again, from two reports without it and a calendar that the
//! server wrote.

use std::cmp::Ordering;
use std::collections::HashMap;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use serde_json::Value;
use testkit::Analyst;

use super::database::rows_of;
use super::{sandbox, user_of_sandbox};

type Row = Vec<String>;

/// Combinations of dimensions of time, those that say the day first.
const TIMES: [&[&str]; 22] = [
    &[],
    &["date"],
    &["dateHour"],
    &["date", "hour"],
    &["date", "dayOfWeekName"],
    &["isoYearIsoWeek", "date"],
    &["yearMonth", "day"],
    &["day"],
    &["week"],
    &["yearWeek"],
    &["isoWeek"],
    &["isoYearIsoWeek"],
    &["month"],
    &["yearMonth"],
    &["year", "month"],
    &["year"],
    &["isoYear"],
    &["hour"],
    &["dayOfWeek"],
    &["nthDay"],
    &["nthMonth"],
    &["yearMonth", "dayOfWeek"],
];
/// The columns of the calendar.
const DAYS: [&str; 9] =
    ["date", "year", "month", "day", "yearMonth", "week", "yearWeek", "isoYearIsoWeek", "dayOfWeekName"];
const ISO: [&str; 3] = ["date", "isoYear", "isoWeek"];
const OTHERS: [&[&str]; 5] =
    [&[], &["country"], &["deviceCategory"], &["deviceCategory", "newVsReturning"], &["pagePath"]];
/// Metrics, and whether a missing row is 0 of them.
const METRICS: [(&str, bool); 7] = [
    ("sessions", true),
    ("totalRevenue", true),
    ("bounceRate", false),
    ("averageSessionDuration", false),
    ("userEngagementDuration", false),
    ("eventCount", true),
    ("refundAmount", true),
];

/// Numbers that are the same in each run (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// A generated report.
#[derive(Debug)]
struct Report {
    dimensions: Vec<&'static str>,
    metrics: Vec<(&'static str, bool)>,
    own: (Date, Date),
    other: (Date, Date),
    compare: String,
    sort: Vec<(usize, bool)>,
    offset: usize,
    limit: Option<usize>,
    has_totals: bool,
    filter: Option<&'static str>,
}

impl Report {
    fn draw(draw: &mut Draw) -> Self {
        let mut dimensions = [draw.one(&TIMES), draw.one(&OTHERS)].concat();
        if draw.below(2) == 0 {
            dimensions.reverse();
        }
        let mut metrics = Vec::new();
        for _ in 0..=draw.below(3) {
            let metric = draw.one(&METRICS);
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
        let first = date(2022, 1, 1) + (draw.below(900) as i64).days();
        let last = first + (draw.one(&[0, 6, 13, 27, 30, 58, 100]) as i64).days();
        let before = (last - first).get_days() + 1;
        let (other, compare) = match draw.below(4) {
            0 => ((first - before.days(), first.yesterday().expect("a day")), "previous".to_owned()),
            1 => ((first - 1.year(), last - 1.year()), "year".to_owned()),
            // Before the first day of the site.
            2 if draw.below(4) == 0 => ((date(2019, 3, 1), date(2019, 3, 20)), "2019-03-01..2019-03-20".to_owned()),
            _ => {
                let first = date(2020, 1, 1) + (draw.below(800) as i64).days();
                let other = (first, first + (draw.below(70) as i64).days());
                (other, format!("{}..{}", other.0, other.1))
            }
        };
        let columns = dimensions.len() + 3 * metrics.len();
        let mut sort: Vec<(usize, bool)> = Vec::new();
        for _ in 0..draw.below(3) {
            let key = (draw.below(columns), draw.below(2) == 0);
            if sort.iter().all(|(column, _)| *column != key.0) {
                sort.push(key);
            }
        }
        Self {
            sort,
            dimensions,
            metrics,
            own: (first, last),
            other,
            compare,
            offset: draw.one(&[0, 0, 0, 3, 1000]),
            limit: draw.one(&[None, None, Some(1), Some(7), Some(40)]),
            has_totals: draw.below(3) == 0,
            filter: draw.one(&[None, None, Some("country==Germany"), Some("sessions>200"), Some("country==Nowhere")]),
        }
    }

    fn columns(&self) -> Row {
        let metrics =
            self.metrics.iter().flat_map(|(name, _)| ["", "_previous", "_change"].map(|part| format!("{name}{part}")));
        self.dimensions.iter().map(|name| (*name).to_owned()).chain(metrics).collect()
    }

    /// The options of the report on these days.
    fn options(&self, (first, last): (Date, Date)) -> Vec<String> {
        let mut options = vec!["-p".to_owned(), "123456".to_owned(), "-q".to_owned()];
        let metrics: Vec<_> = self.metrics.iter().map(|(name, _)| *name).collect();
        options.extend(["-m".to_owned(), metrics.join(",")]);
        if !self.dimensions.is_empty() {
            options.extend(["-d".to_owned(), self.dimensions.join(",")]);
        }
        options.extend([format!("--start={first}"), format!("--end={last}")]);
        options.extend(self.filter.map(|filter| format!("--filter={filter}")));
        options.extend(self.has_totals.then(|| "--totals".to_owned()));
        options
    }

    fn compared_options(&self) -> Vec<String> {
        let columns = self.columns();
        let sort: Vec<_> = self
            .sort
            .iter()
            .map(|(column, desc)| format!("{}{}", if *desc { "-" } else { "" }, columns[*column]))
            .collect();
        let mut options = self.options(self.own);
        options.push(format!("--compare={}", self.compare));
        options.extend((!sort.is_empty()).then(|| format!("--sort={}", sort.join(","))));
        options.extend((self.offset > 0).then(|| format!("--offset={}", self.offset)));
        options.extend(self.limit.map(|limit| format!("--limit={limit}")));
        options
    }
}

/// The days in the words of the server.
struct Calendar(HashMap<(Date, &'static str), String>);

impl Calendar {
    fn fetch(user: &Analyst) -> Self {
        let mut texts = HashMap::new();
        for names in [&DAYS[..], &ISO[..]] {
            let words = names.join(",");
            let options =
                ["-p", "123456", "-m", "sessions", "-d", &words, "--start", "2020-01-01", "--end", "2026-11-20"];
            for row in rows_of(user.run(&options).expect(0).stdout()).into_iter().skip(1) {
                let number = |range: std::ops::Range<usize>| row[0][range].parse::<i16>().expect("a number");
                let day = date(number(0..4), number(4..6) as i8, number(6..8) as i8);
                texts.extend(names.iter().zip(row).map(|(name, text)| ((day, *name), text)));
            }
        }
        Self(texts)
    }

    /// What these columns say of a day.
    fn say(&self, day: Date, names: &[&'static str]) -> Row {
        names.iter().map(|name| self.0[&(day, *name)].clone()).collect()
    }

    /// What they say of a period and the days behind it, each once.
    fn say_all(&self, first: Date, names: &[&'static str]) -> Vec<Row> {
        let mut all: Vec<Row> = Vec::new();
        for day in std::iter::successors(Some(first), |day| day.tomorrow().ok()).take(500) {
            let said = self.say(day, names);
            if !all.contains(&said) {
                all.push(said);
            }
        }
        all
    }
}

/// The rows of the report and of its totals, without `--compare`.
fn plain(user: &Analyst, report: &Report, days: (Date, Date)) -> (Vec<Row>, Option<Row>) {
    let options = report.options(days);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut rows = rows_of(user.run(&options).expect(0).stdout());
    rows.remove(0);
    let totals = if report.has_totals { rows.pop() } else { None };
    (rows, totals)
}

/// What the days of the other period are called in the report's own.
struct Moves {
    /// The columns that say a day.
    places: Vec<usize>,
    others: Vec<Row>,
    own: Vec<Row>,
}

impl Moves {
    fn of(report: &Report, calendar: &Calendar) -> Self {
        let has_date = report.dimensions.iter().any(|name| name.starts_with("date"));
        let day = |name: &&'static str| name.trim_end_matches("Hour");
        let says_day = |name: &&'static str| {
            (DAYS.contains(&day(name)) || ISO.contains(name)) && (has_date || *name != "dayOfWeekName")
        };
        let named = || report.dimensions.iter().enumerate().filter(|(_, name)| says_day(name));
        let names: Vec<_> = named().map(|(_, name)| day(name)).collect();
        Self {
            places: named().map(|(place, _)| place).collect(),
            others: calendar.say_all(report.other.0, &names),
            own: calendar.say_all(report.own.0, &names),
        }
    }

    /// A row of the other period with the days of the report's own; the hour behind a day stays.
    fn moved(&self, row: &Row, report: &Report) -> Row {
        let day = |place: &usize| if report.dimensions[*place] == "dateHour" { 8 } else { row[*place].len() };
        let said: Row = self.places.iter().map(|place| row[*place][..day(place)].to_owned()).collect();
        let nth = self.others.iter().position(|other| *other == said).expect("a day of the other period");
        let mut moved = row.clone();
        for (place, text) in self.places.iter().zip(&self.own[nth]) {
            moved[*place] = format!("{text}{}", &row[*place][day(place)..]);
        }
        moved
    }
}

/// The dimensions of a row, and three cells for each of its metrics.
fn joined(own: Option<&Row>, other: Option<&Row>, report: &Report) -> Row {
    let width = report.dimensions.len();
    let mut row = own.or(other).expect("a row of either period")[..width].to_vec();
    for (metric, (_, is_sum)) in report.metrics.iter().enumerate() {
        let missing = if *is_sum { "0" } else { "" };
        let cell = |row: Option<&Row>| row.map_or_else(|| missing.to_owned(), |row| row[width + metric].clone());
        let (own, other) = (cell(own), cell(other));
        let change = match (own.parse::<f64>(), other.parse::<f64>()) {
            (Ok(own), Ok(other)) if other != 0.0 => ((own - other) / other + 0.0).to_string(),
            _ => String::new(),
        };
        row.extend([own, other, change]);
    }
    row
}

fn compare(a: &Row, b: &Row, report: &Report, sort: &[(usize, bool)]) -> Ordering {
    for (column, desc) in sort {
        let order = match (a[*column].parse::<f64>(), b[*column].parse::<f64>()) {
            _ if *column < report.dimensions.len() => a[*column].cmp(&b[*column]),
            (Ok(a), Ok(b)) => a.total_cmp(&b),
            (a, b) if a.is_err() != b.is_err() => return a.is_err().cmp(&b.is_err()),
            _ => Ordering::Equal,
        };
        if order.is_ne() {
            return if *desc { order.reverse() } else { order };
        }
    }
    a[..report.dimensions.len()].cmp(&b[..report.dimensions.len()])
}

/// What the report must be, header and totals included.
fn expected(user: &Analyst, report: &Report, calendar: &Calendar) -> Vec<Row> {
    let (own, own_totals) = plain(user, report, report.own);
    let (other, other_totals) = plain(user, report, report.other);
    let width = report.dimensions.len();
    let moves = Moves::of(report, calendar);
    let other: Vec<Row> = other.iter().map(|row| moves.moved(row, report)).collect();
    let others: HashMap<&[String], &Row> = other.iter().map(|row| (&row[..width], row)).collect();
    let owns: HashMap<&[String], &Row> = own.iter().map(|row| (&row[..width], row)).collect();
    let mut rows: Vec<Row> =
        own.iter().map(|row| joined(Some(row), others.get(&row[..width]).copied(), report)).collect();
    let only_other = other.iter().filter(|row| !owns.contains_key(&row[..width]));
    rows.extend(only_other.map(|row| joined(None, Some(row), report)));
    let mut sort = report.sort.clone();
    if sort.is_empty() {
        let is_time = |name: &str| !name.ends_with("Name") && TIMES.iter().any(|times| times.contains(&name));
        sort.extend((0..width).filter(|place| is_time(report.dimensions[*place])).map(|place| (place, false)));
        if sort.is_empty() {
            sort.push((width, true));
        }
    }
    rows.sort_by(|a, b| compare(a, b, report, &sort));
    let rows = rows.into_iter().skip(report.offset).take(report.limit.unwrap_or(usize::MAX));
    let totals = own_totals.is_some() || other_totals.is_some();
    let totals = totals.then(|| joined(own_totals.as_ref(), other_totals.as_ref(), report));
    [report.columns()].into_iter().chain(rows).chain(totals).collect()
}

/// json must have the same cells as csv.
fn check_json(report: &Report, rows: &[Row], json: &str) {
    let objects: Vec<Value> = serde_json::from_str(json).expect("json");
    assert_eq!(objects.len(), rows.len() - 1, "{report:?}");
    for (object, row) in objects.iter().zip(&rows[1..]) {
        assert_eq!(object.as_object().map(serde_json::Map::len), Some(row.len()), "{report:?}");
        for (column, (name, cell)) in rows[0].iter().zip(row).enumerate() {
            let value = match cell.as_str() {
                text if column < report.dimensions.len() || text.is_empty() => Value::from(text),
                number => serde_json::from_str(number).expect("a number"),
            };
            assert_eq!(object[name], value, "{name} of {row:?} in {report:?}");
        }
    }
}

#[test]
fn every_cell_of_a_comparison_is_that_of_two_reports() {
    let sandbox = sandbox(150);
    let user = user_of_sandbox(&sandbox);
    let calendar = Calendar::fetch(&user);
    let mut draw = Draw(20_261_127);
    let (mut matched, mut only_other) = (0, 0);
    for _ in 0..60 {
        let report = Report::draw(&mut draw);
        let expected = expected(&user, &report, &calendar);
        let options = report.compared_options();
        let with = |format: &'static str| {
            let options: Vec<&str> = options.iter().map(String::as_str).chain(["-f", format]).collect();
            user.run(&options).expect(0)
        };
        assert_eq!(rows_of(with("csv").stdout()), expected, "{report:?}");
        check_json(&report, &expected, with("json").stdout());
        matched += expected.iter().filter(|row| row.last().is_some_and(|cell| cell.len() > 2)).count();
        only_other += expected.iter().filter(|row| row.last().is_some_and(|cell| cell == "-1")).count();
    }
    assert!(matched > 300 && only_other > 30, "{matched} rows matched, {only_other} had no row of their own");
}
