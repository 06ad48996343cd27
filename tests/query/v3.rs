//! Old scripts, answered from GA4: names, calculated columns, and the response of v3.

use serde_json::{Value, json};

use super::{sandbox, user_of, user_of_sandbox};

const DAYS: [&str; 4] = ["--start-date", "2024-03-01", "--end-date", "2024-03-07"];

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

#[test]
fn a_column_that_ga4_lacks_is_calculated_from_others() {
    let sandbox = sandbox(200);
    let user = user_of_sandbox(&sandbox);
    let asked = ["-m", "ga:percentNewSessions,sessions,ga:bounceRate", "-d", "ga:country"];
    let rows = user.cells(&[&["--ids", "ga:123456"], &DAYS[..], &asked].concat());
    assert_eq!(rows[0].join(","), "country,ga:percentNewSessions,sessions,ga:bounceRate");
    let asked = ["-m", "newUsers,sessions,bounceRate", "-d", "country", "--sort", "-newUsers"];
    let sent = user.cells(&[&["-p", "123456"], &DAYS[..], &asked].concat());
    assert!(rows.len() > 5 && rows.len() == sent.len());
    for row in &rows[1..] {
        let sent = sent.iter().find(|sent| sent[0] == row[0]).expect("the country");
        let quotient = number(&sent[1]) / number(&sent[2]) * 100.0;
        assert!((number(&row[1]) - quotient).abs() < 1e-6, "{row:?} {sent:?}");
        assert_eq!(row[2], sent[2]);
        assert!((number(&row[3]) - number(&sent[3]) * 100.0).abs() < 1e-9);
    }
}

#[test]
fn rows_of_an_old_script_are_sorted_by_dimensions() {
    let sandbox = sandbox(200);
    let user = user_of_sandbox(&sandbox);
    let asked = ["--metrics", "ga:sessions", "--dimensions", "ga:date", "--max-results", "5"];
    let dates: Vec<_> = ["20240301", "20240302", "20240303", "20240304", "20240305"].into();
    for form in [&["-q"][..], &["-q", "-f", "csv"]] {
        let rows = user.cells(&[&["--ids", "ga:123456"], &DAYS[..], &asked, form].concat());
        assert_eq!(rows[1..].iter().map(|row| &*row[0]).collect::<Vec<_>>(), dates);
    }
    let run = user.run(&[&["-p", "123456", "-f", "v3"], &DAYS[..], &asked].concat()).expect(0);
    let data: Value = serde_json::from_str(run.stdout()).expect("an object");
    let rows = data["rows"].as_array().expect("rows");
    assert_eq!(rows.iter().map(|row| row[0].as_str().expect("a date")).collect::<Vec<_>>(), dates);
}

#[test]
fn rows_that_become_one_are_summed_and_then_counted() {
    let sandbox = sandbox(2000);
    let user = user_of_sandbox(&sandbox);
    let base = [&["-p", "123456"], &DAYS[..], &["-m", "screenPageViews"]].concat();
    let rows = user.cells(&[&base[..], &["-d", "ga:pagePathLevel1"]].concat());
    let pages = user.cells(&[&base[..], &["-d", "pagePath"]].concat());
    assert_eq!(rows[0].join(","), "ga:pagePathLevel1,screenPageViews");
    assert!(rows.len() < pages.len(), "{} {}", rows.len(), pages.len());
    let sum = |rows: &[Vec<String>]| rows[1..].iter().map(|row| number(row.last().expect("a cell"))).sum::<f64>();
    assert_eq!(sum(&rows), sum(&pages));
    let some =
        user.cells(&[&base[..], &["-d", "ga:pagePathLevel1", "--start-index", "2", "--max-results", "2"]].concat());
    assert_eq!(some[1..], rows[2..4]);
}

#[test]
fn the_v3_object_is_complete_and_has_the_servers_totals() {
    let sandbox = sandbox(200);
    let user = user_of_sandbox(&sandbox);
    let asked = [
        "--dimensions",
        "ga:country",
        "--metrics",
        "ga:users,ga:bounceRate",
        "--sort",
        "-ga:users",
        "--filters",
        "ga:country!=Italy",
        "--start-index",
        "2",
        "--max-results",
        "3",
        "-f",
        "v3",
    ];
    let run = user.run(&[&["--ids", "ga:123456"], &DAYS[..], &asked].concat()).expect(0);
    let data: Value = serde_json::from_str(run.stdout()).expect("an object");
    assert_eq!(data["kind"], "analytics#gaData");
    assert_eq!(data["query"]["start-index"], 2);
    assert_eq!(data["query"]["filters"], "ga:country!=Italy");
    assert_eq!(data["rows"].as_array().expect("rows").len(), 3);
    assert!(data["rows"][0][1].is_string());
    assert_eq!(data["columnHeaders"][2]["dataType"], "PERCENT");
    assert_eq!(data["profileInfo"]["profileId"], "123456");
    let total =
        user.cells(&[&["-p", "123456"], &DAYS[..], &["-m", "totalUsers", "--filter", "country!=Italy"]].concat());
    assert_eq!(data["totalsForAllResults"]["ga:users"], total[1][0]);
    assert_eq!(run.stderr().matches("treating ga:123456 as property 123456").count(), 1);

    let empty = ["--metrics", "ga:users", "--dimensions", "ga:country", "--filters", "ga:country==Nowhere", "-f", "v3"];
    let run = user.run(&[&["--ids", "ga:123456"], &DAYS[..], &empty].concat()).expect(0);
    let data: Value = serde_json::from_str(run.stdout()).expect("an object");
    assert!(data.get("rows").is_none());
    assert_eq!(data["totalsForAllResults"], json!({"ga:users": "0"}));
}

#[test]
fn the_map_translates_goals_and_views() {
    let user = user_of("http://127.0.0.1:1");
    let map = user.home.path().join("map");
    std::fs::write(&map, "ga:77 = 123456\ngoal1 = sign_up\n").expect("write the map");
    let map = map.to_str().expect("a path");
    let arguments = [
        "--ids",
        "ga:77",
        "--metrics",
        "ga:goal1Completions",
        "--start-date",
        "2024-03-01",
        "--end-date",
        "2024-03-07",
        "--map",
        map,
        "--dry-run",
    ];
    let run = user.run(&arguments).expect(0);
    assert!(run.stderr().contains("/properties/123456:runReport"), "{}", run.stderr());
    assert!(run.stdout().contains("sign_up"), "{}", run.stdout());
}

#[test]
fn each_changed_meaning_is_reported_once() {
    let user = user_of("http://127.0.0.1:1");
    let asked = [
        "--metrics",
        "ga:sessions,ga:pageviews",
        "--sort",
        "-ga:sessions",
        "--filters",
        "ga:sessions>1;ga:pageviews>1",
    ];
    let run = testkit::run(user.command_without_token(&[&["--ids", "ga:1", "--dry-run"], &DAYS[..], &asked].concat()));
    let run = run.expect(0);
    for note in
        ["using sessions for ga:sessions", "using screenPageViews for ga:pageviews", "treating ga:1 as property 1"]
    {
        assert_eq!(run.stderr().matches(note).count(), 1, "{note}: {}", run.stderr());
    }
}

#[test]
fn a_name_without_an_equivalent_is_refused() {
    let user = user_of("http://127.0.0.1:1");
    for (arguments, code, text) in [
        (&["-m", "ga:sessions", "--segment", "gaid::-5"][..], 4, "organic traffic"),
        (&["-m", "ga:goal1Completions"], 4, "--map FILE"),
        (&["-m", "ga:noSuchThing"], 4, "v3 has no such field"),
        (&["-m", "users", "--filters", "ga:pagepath==/"], 4, "ga:pagePath"),
        (&["-m", "users", "--start-index", "0"], 2, "from 1"),
        (&["-m", "users", "--limit", "1", "--max-results", "1"], 2, "exclude each other"),
        (&["-m", "users", "--start", "today", "--start-date", "today"], 2, "exclude each other"),
        (&["-m", "ga:percentNewSessions", "--min"], 2, "--min"),
        (&["-m", "users", "-f", "v3", "--dates", "today", "--dates", "yesterday"], 2, "-f v3"),
    ] {
        let run = user.run(&[&["1"], arguments].concat()).expect_failure(code);
        assert!(run.stderr().contains(text), "{arguments:?}: {}", run.stderr());
    }
}

#[test]
fn a_calculated_metric_is_sorted_by_the_server_and_shown_once() {
    let sandbox = sandbox(200);
    let user = user_of_sandbox(&sandbox);
    let asked = ["-m", "ga:percentNewSessions", "-d", "country", "--sort", "-ga:percentNewSessions"];
    let rows = user.cells(&[&["-p", "123456"], &DAYS[..], &asked].concat());
    let shares: Vec<f64> = rows[1..].iter().map(|row| number(&row[1])).collect();
    assert!(shares.windows(2).all(|pair| pair[0] >= pair[1]), "{shares:?}");
    assert!(rows.iter().all(|row| row.len() == 2));
}

#[test]
fn in_an_old_script_v3_parameters_work_or_are_ignored_with_a_note() {
    let sandbox = sandbox(200);
    let user = user_of_sandbox(&sandbox);
    let asked = ["--metrics", "ga:sessions", "--dimensions", "ga:date", "--max-results", "2"];
    let old = |more: &[&str]| user.run(&[&["--ids", "ga:123456"], &DAYS[..], &asked, more].concat());
    let text = old(&["-f", "v3"]).expect(0).stdout().to_owned();
    for json in ["json", "JSON"] {
        assert_eq!(old(&["--output", json]).expect(0).stdout(), text);
    }
    let run = old(&["--output=dataTable", "--prettyPrint", "false", "--quotaUser=me", "--samplingLevel", "DEFAULT"])
        .expect(0);
    assert_eq!(run.stderr().matches("ignored: --prettyPrint, --quotaUser\n").count(), 1, "{}", run.stderr());
    let (data, object): (Value, Value) =
        (serde_json::from_str(&text).expect("an object"), serde_json::from_str(run.stdout()).expect("an object"));
    assert!(object.get("rows").is_none());
    assert_eq!(
        object["dataTable"]["cols"],
        json!([
            {"id": "ga:date", "label": "ga:date", "type": "string"},
            {"id": "ga:sessions", "label": "ga:sessions", "type": "number"},
        ])
    );
    let cell = |row: usize, place: usize| &object["dataTable"]["rows"][row]["c"][place]["v"];
    assert_eq!((cell(0, 0), cell(1, 1)), (&data["rows"][0][0], &data["rows"][1][1]));

    let run =
        old(&["--fields", "rows,totalResults", "--samplingLevel", "FASTER", "-f", "csv", "--output", "json"]).expect(0);
    for note in ["ignored: --fields\n", "no choice of sampling", "ignored: --output json, because of -f csv"] {
        assert!(run.stderr().contains(note), "{note}: {}", run.stderr());
    }
    assert!(run.stdout().starts_with("date,sessions\n20240301,"), "{}", run.stdout());
    let empty = old(&["--filters", "ga:country==Nowhere", "--output", "dataTable"]).expect(0);
    let object: Value = serde_json::from_str(empty.stdout()).expect("an object");
    assert_eq!(object["dataTable"]["rows"], json!([]));
    assert!(!user.home.path().join("dataTable").exists() && !std::path::Path::new("dataTable").exists());
}

#[test]
fn otherwise_output_is_a_file_and_v3_parameters_are_unknown() {
    let sandbox = sandbox(200);
    let user = user_of_sandbox(&sandbox);
    let file = user.home.path().join("dataTable");
    let file = file.to_str().expect("a path");
    user.run(&[&["-p", "123456", "-m", "sessions", "--output", file], &["--start", "2024-03-01"][..]].concat())
        .expect(0);
    assert!(std::path::Path::new(file).exists());
    for parameter in ["--fields", "--prettyPrint", "--quotaUser"] {
        let run = user.run(&["1", "-m", "sessions", parameter, "x"]).expect_failure(2);
        assert!(run.stderr().contains(&format!("{parameter} is a parameter of Core Reporting v3")), "{}", run.stderr());
    }
}
