//! What is in the table, and what is noted about it.

use gauth_sandbox::Sandbox;
use serde_json::json;
use testkit::{Analyst, Answer, ScriptedServer};

use super::{Keeper, NOVEMBER, assert_fails, assert_silent, reports, sandbox};

const TWO_DAYS: [&str; 4] = ["--first", "2026-11-01", "--last", "2026-11-02"];

/// ga-sync with these fields.
#[track_caller]
fn fields(keeper: &Keeper, metrics: &str, dimensions: &str, more: &[&str]) -> testkit::Run {
    let arguments = ["--into", "ga.db", "--table", "t", "-p", "123456", "-m", metrics, "-d", dimensions];
    keeper.0.run(&[&arguments[..], &TWO_DAYS, more].concat())
}

#[test]
fn columns_have_ga4s_names_and_types_and_the_cells_are_the_reports() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(fields(&keeper, "sessions,bounceRate,totalRevenue", "date,country,day", &[]));
    assert_eq!(
        keeper.ask("SELECT name || ' ' || type FROM pragma_table_info('t')"),
        [
            "property BIGINT",
            "day TEXT",
            "country TEXT",
            "day_of_month TEXT",
            "sessions BIGINT",
            "bounceRate DOUBLE PRECISION",
            "totalRevenue DOUBLE PRECISION",
        ]
    );
    let indexed = "SELECT group_concat(name) FROM pragma_index_info('t_property_day')";
    assert_eq!(keeper.ask(indexed), ["property,day"]);

    let stored = keeper.ask("SELECT * FROM t ORDER BY day, country, day_of_month");
    let query = Analyst::of_sandbox(testkit::sibling(super::BIN, "ga-query").to_str().expect("UTF-8"), &sandbox);
    let report = ["-p", "123456,", "-m", "sessions,bounceRate,totalRevenue", "-d", "date,country,day"];
    let days = ["--start", "2026-11-01", "--end", "2026-11-02", "--sort", "date,country"];
    let cells = query.cells(&[&report[..], &days, &["--header", "none"]].concat());
    let expected: Vec<String> = cells.iter().map(|cells| as_stored(cells)).collect();
    assert!(!stored.is_empty());
    assert_eq!(stored, expected);
}

/// A row of ga-query's as SQLite has it.
fn as_stored(cells: &[String]) -> String {
    let (date, number) = (&cells[0], |text: &str| format!("{:?}", text.parse::<f64>().expect("a number")));
    let day = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
    ["123456", &day, &cells[1], &cells[2], &cells[3], &number(&cells[4]), &number(&cells[5])].join("|")
}

#[test]
fn names_of_universal_analytics_are_stored_under_ga4s_and_reported_once() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    let first = fields(&keeper, "ga:users", "ga:date,ga:country", &["--filters", "ga:country=~^[A-G]"]).expect(0);
    assert!(first.stderr().contains("using country for ga:country"), "{}", first.stderr());
    assert_eq!(keeper.ask("SELECT name FROM pragma_table_info('t') WHERE cid > 1"), ["country", "totalUsers"]);
    assert_eq!(keeper.ask("SELECT count(*) FROM t WHERE country >= 'H'"), ["0"]);
    // In GA4's words it is the same query.
    assert_silent(fields(&keeper, "totalUsers", "country", &["--filter", "country=~^[A-G]"]));
    assert_fails(fields(&keeper, "ga:bounceRate", "country", &[]), 2, "computed from other fields");
}

#[test]
fn another_query_is_refused_and_new_metrics_are_added_on_request() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(fields(&keeper, "sessions", "country", &[]));
    let before = keeper.ask("SELECT * FROM t ORDER BY 2, 3");
    let requests = reports(&sandbox);
    for (metrics, dimensions, more, difference) in [
        ("sessions", "country,city", &[][..], "dimensions country before, city,country now"),
        ("totalUsers", "country", &["--add-columns"], "metrics sessions before, totalUsers now"),
        ("sessions,totalUsers", "country", &[], "metrics sessions before, sessions,totalUsers now"),
        ("sessions", "country", &["--filter", "country==France"], "dimension filter none before, "),
        ("sessions", "country", &["--currency", "EUR"], "currency the property's own before, EUR now"),
        ("sessions", "country", &["--keep-empty"], "empty rows left out before, kept now"),
    ] {
        assert_fails(fields(&keeper, metrics, dimensions, more), 2, difference);
        assert_fails(fields(&keeper, metrics, dimensions, &[more, &["--dry-run"]].concat()), 2, difference);
    }
    assert_eq!((reports(&sandbox), keeper.ask("SELECT * FROM t ORDER BY 2, 3")), (requests, before));

    let later = ["--last", "2026-11-03"];
    let arguments = ["--into", "ga.db", "--table", "t", "-p", "123456", "-m", "sessions,totalUsers", "-d", "country"];
    assert_silent(keeper.0.run(&[&arguments[..], &later, &["--add-columns"]].concat()));
    assert_silent(keeper.0.run(&[&arguments[..], &later].concat()));
    assert_eq!(
        keeper.ask("SELECT day, count(*) > 0, count(totalUsers) > 0 FROM t GROUP BY 1 ORDER BY 1"),
        ["2026-11-01|1|0", "2026-11-02|1|0", "2026-11-03|1|1"]
    );
}

#[test]
fn a_table_that_ga_sync_did_not_make_is_refused() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    keeper.change("CREATE TABLE Traffic (property, date, sessions); INSERT INTO traffic VALUES (1, 2, 3);");
    assert_fails(keeper.sync(&NOVEMBER), 2, "the table traffic was not made by ga-sync");
    assert_eq!(keeper.ask("SELECT * FROM traffic"), ["1|2|3"]);

    keeper.change("DROP TABLE traffic");
    assert_silent(keeper.sync(&NOVEMBER));
    keeper.change("DROP TABLE traffic");
    let run = assert_fails(keeper.sync(&NOVEMBER), 2, "the table traffic is gone");
    let hint = run.stderr().split_once("to begin it again: ").expect("a hint").1;
    keeper.change(hint);
    assert_silent(keeper.sync(&NOVEMBER));
    assert_eq!(reports(&sandbox), 20);
}

#[test]
fn several_tables_share_a_file_and_its_journal_mode_stays() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    keeper.change("PRAGMA journal_mode = WAL");
    assert_silent(fields(&keeper, "sessions", "country", &[]));
    assert_silent(keeper.sync(&TWO_DAYS));
    let notes = "SELECT table_name, count(*) FROM ga_sync GROUP BY 1 ORDER BY 1";
    assert_eq!(keeper.ask(notes), ["t|2", "traffic|2"]);
    assert_eq!(keeper.ask("PRAGMA journal_mode"), ["wal"]);
}

/// What is noted about two days of a property.
fn quality(sandbox: &Sandbox, property: &str, metrics: &str) -> Vec<String> {
    let keeper = Keeper::of(sandbox);
    let arguments = ["--into", "ga.db", "--table", "t", "-p", property, "-m", metrics, "-d", "pagePath"];
    assert_silent(keeper.0.run(&[&arguments[..], &TWO_DAYS].concat()));
    let noted = keeper.ask("SELECT DISTINCT quality FROM ga_sync");
    let counted = "SELECT DISTINCT s.rows = (SELECT count(*) FROM t WHERE t.day = s.day) FROM ga_sync s";
    assert_eq!(keeper.ask(counted), ["1"]);
    noted
}

#[test]
fn each_loss_of_data_is_a_word_in_the_notes() {
    let sandbox = sandbox();
    for (property, metrics, word) in [
        ("123456", "sessions", "NULL"),
        ("200001", "sessions", "sampled"),
        ("200002", "sessions", "other"),
        ("200003", "sessions", "thresholded"),
        ("200004", "sessions", "truncated"),
        ("200006", "totalRevenue,sessions", "restricted"),
        ("200007", "sessions", "NULL"),
    ] {
        assert_eq!(quality(&sandbox, property, metrics), [word], "{property}");
    }
}

#[test]
fn h8_what_visitors_write_is_stored_as_text() {
    let hostile = [
        "'); DROP TABLE t; --",
        "\\'; DROP TABLE t; --",
        "\"",
        "",
        "a\0b",
        "two\nlines\r\n",
        "?1 :day",
        "\u{202e}日本",
    ];
    let row = |text: &&str| json!({"dimensionValues": [{"value": text}], "metricValues": [{"value": "7"}]});
    let page = json!({
        "dimensionHeaders": [{"name": "customEvent:x"}],
        "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
        "rows": hostile.iter().map(row).collect::<Vec<_>>(),
        "rowCount": hostile.len(),
        "kind": "analyticsData#runReport",
    });
    let server = ScriptedServer::answering(move |_| Answer::json(200, page.to_string()));
    let keeper = Keeper(Analyst::of(super::BIN, &server.url()));
    assert_silent(fields(&keeper, "sessions", "customEvent:x", &[]));
    let mut expected = hostile.map(str::to_owned);
    expected.sort_unstable();
    let stored = r#"SELECT "customEvent:x" FROM t WHERE day = '2026-11-02' ORDER BY 1"#;
    assert_eq!(keeper.ask(stored), expected);
}
