//! Recorded answers of Google's servers, and the output of ga-query for each.
//!
//! They are not part of the project: `GAUTH_RECORDED` names a folder with `reports`, `errors` and `admin` in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::{Answer, Run, ScriptedServer};

use super::user_of;

/// The folder, if there is one.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("GAUTH_RECORDED").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        println!("skipped: GAUTH_RECORDED names no folder of recorded answers");
    }
    folder
}

/// Runs the program against a server that gives one answer to every report.
#[track_caller]
fn run(folder: &Path, status: u16, file: &str, arguments: &[&str]) -> Run {
    let body = std::fs::read(folder.join(file)).expect(file);
    let accounts = std::fs::read(folder.join("admin/sitekit-account-summaries.json")).expect("the list of accounts");
    let server = ScriptedServer::answering(move |request| match request.target.contains("/accountSummaries") {
        true => Answer::json(200, &accounts),
        false => Answer::json(status, &body),
    });
    user_of(&server.url()).run(&[&["-f", "tsv"], arguments].concat())
}

/// The expected lines of an answer: its header, its rows, and its totals.
fn lines(answer: &Value, header: &str) -> Vec<String> {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let names =
        |name: &str| list(answer, name).into_iter().map(|header| header["name"].as_str().unwrap_or("").to_owned());
    let names: Vec<_> = names("dimensionHeaders").chain(names("metricHeaders")).collect();
    let width = list(answer, "dimensionHeaders").len();
    let mut lines = vec![if names.is_empty() { header.replace(',', "\t") } else { names.join("\t") }];
    for member in ["rows", "totals", "minimums", "maximums"] {
        for row in list(answer, member) {
            let cells =
                |name: &str| list(&row, name).into_iter().map(|cell| cell["value"].as_str().unwrap_or("").to_owned());
            let mut dimensions: Vec<_> = cells("dimensionValues").collect();
            dimensions.resize(width, String::new());
            lines.push(dimensions.into_iter().chain(cells("metricValues")).collect::<Vec<_>>().join("\t"));
        }
    }
    lines
}

const RANGES: [&str; 4] = ["--dates", "2024-02-01..2024-02-28", "--dates", "2024-01-01..2024-01-31"];
const FOUR: [&str; 8] =
    ["--dates", "2024-04-01", "--dates", "2024-03-01", "--dates", "2024-02-01", "--dates", "2024-01-01"];

/// A file, further arguments, dimensions, metrics, the exit code and the message.
type Case = (&'static str, &'static [&'static str], &'static str, &'static str, i32, &'static [&'static str]);

const REPORTS: [Case; 20] = [
    ("sitekit-two-ranges", &RANGES, "date,country", "totalUsers,averageSessionDuration,sessions", 0, &[]),
    ("madradiator-events", &["--totals"], "eventName", "eventCount", 0, &[]),
    // Without rowCount the rows may be incomplete.
    ("madradiator-two-ranges", &RANGES, "country", "totalUsers", 1, &["rows but no rowCount"]),
    (
        "madradiator-only-ranges",
        &RANGES,
        "",
        "totalUsers,active7DayUsers,active28DayUsers,sessions,bounceRate,averageSessionDuration",
        1,
        &["rows but no rowCount"],
    ),
    ("18f-four-ranges", &FOUR, "yearMonth,screenResolution", "activeUsers", 1, &["rows but no rowCount"]),
    ("google-guide-two-ranges", &RANGES, "platform", "activeUsers", 1, &["rows but no rowCount"]),
    ("patryk-short", &[], "date", "activeUsers", 6, &["more rows than the 1 requested"]),
    ("patryk-norows-count5", &[], "date", "activeUsers", 6, &["expected 5 rows at offset 0, got none"]),
    ("patryk-events", &[], "date,eventName", "eventCount", 0, &[]),
    ("patryk-empty", &[], "date,eventName", "eventCount", 0, &[]),
    ("empty-envelope-totals", &["--totals"], "", "sessions", 0, &[]),
    ("empty-envelope-events", &[], "eventName", "eventCount", 0, &[]),
    ("empty-envelope-scholar", &[], "pagePath", "sessions", 0, &[]),
    ("empty-envelope-kind-first", &[], "pagePath", "sessions", 0, &[]),
    ("empty-envelope-quota", &[], "pagePath", "sessions", 0, &[]),
    ("empty-realtime", &["--realtime"], "", "activeUsers", 0, &[]),
    ("empty-bare-kind", &[], "pagePath", "sessions", 0, &[]),
    ("rwb-limit-10", &["--limit", "2", "--totals"], "pagePath", "active28DayUsers", 0, &[]),
    ("perl-no-type", &[], "sessionSource", "screenPageViews", 0, &[]),
    (
        "flags-all",
        &["--totals"],
        "",
        "sessions,purchaseRevenue",
        0,
        &[
            "sampled: the numbers are estimates from 12,000 of 40,000 events (30.0%)",
            "grouped into (other)",
            "thresholding",
            "the metric purchaseRevenue is restricted",
        ],
    ),
];

/// A file, its status, the exit code and the hint.
const ERRORS: [(&str, u16, i32, &str); 17] = [
    ("airbyte-429-concurrent.json", 429, 5, "lower --parallel"),
    ("airbyte-429-hour.json", 429, 5, "run it again in an hour"),
    ("enrosed-403-listed.json", 403, 4, "property 1122334455 is listed for this account"),
    ("gargle-drive-automated-queries_429.html", 429, 5, "run it again in a minute"),
    ("gargle-drive-files-get-nonexistent-file-id_404.json", 404, 4, "ga-properties"),
    ("gargle-fitness-get-wrong-scope_403.json", 403, 4, "gauth-login --scope analytics.readonly"),
    ("gargle-sheets-spreadsheets-get-api-key-not-enabled_403.json", 403, 4, "enable the API at https://console."),
    ("gargle-sheets-spreadsheets-get-bad-field-mask_400.json", 400, 4, ""),
    ("gargle-sheets-spreadsheets-get-nonexistent-range_400.json", 400, 4, ""),
    ("gargle-sheets-spreadsheets-get-nonexistent-sheet-id_404.json", 404, 4, "ga-properties"),
    ("gargle-sheets-spreadsheets-get-quota-exceeded-readgroup_429.json", 429, 5, "run it again in a minute"),
    ("gargle-sheets-spreadsheets-get-service-disabled_403.json", 403, 4, "enable the API at https://console."),
    ("gargle-tokeninfo-bad-path_404.html", 404, 4, "ga-properties"),
    ("gargle-tokeninfo-stale_400.json", 400, 4, ""),
    ("incompatible-400.json", 400, 4, "ga-fields --compatible-with"),
    ("oauth2l-401-unauthenticated.json", 401, 3, "gauth-token"),
    ("quota-project-403.json", 403, 4, "--quota-project"),
];

#[test]
fn recorded_reports_have_every_cell() {
    let Some(folder) = folder() else { return };
    let mut known = BTreeSet::from(["sitekit-pivot".to_owned()]);
    for (name, extra, dimensions, metrics, code, said) in REPORTS {
        known.insert(name.to_owned());
        let file = format!("reports/{name}.json");
        let mut arguments = vec!["-p", "1", "-m", metrics];
        if !dimensions.is_empty() {
            arguments.extend(["-d", dimensions]);
        }
        arguments.extend(extra);
        let run = run(&folder, 200, &file, &arguments);
        assert_eq!(run.code(), code, "{name}: {}", run.stderr());
        for text in said {
            assert!(run.stderr().contains(text), "{name}: {}", run.stderr());
        }
        if code != 0 {
            continue;
        }
        let text = std::fs::read_to_string(folder.join(&file)).expect(name);
        let answer: Value = serde_json::from_str(&text).expect(name);
        let asked = [dimensions, metrics].into_iter().filter(|names| !names.is_empty()).collect::<Vec<_>>().join(",");
        assert_eq!(run.stdout().lines().collect::<Vec<_>>(), lines(&answer, &asked), "{name}");
        assert_eq!(run.stderr().lines().count(), said.len(), "{name}: {}", run.stderr());
    }
    let strict =
        run(&folder, 200, "reports/flags-all.json", &["-p", "1", "-m", "sessions,purchaseRevenue", "--strict"]);
    strict.expect(6);
    let there = std::fs::read_dir(folder.join("reports")).expect("the folder of reports");
    let there = there.map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_owned());
    let there: BTreeSet<String> = there.map(|name| name.into_string().expect("UTF-8")).collect();
    assert_eq!(there, known);
}

#[test]
fn a_recorded_pivot_has_every_cell() {
    let Some(folder) = folder() else { return };
    let body = r#"{"dateRanges":[{"startDate":"2024-01-01","endDate":"2024-01-31"}],"metrics":[{"name":"totalUsers"}],
        "dimensions":[{"name":"operatingSystem"},{"name":"city"}],
        "pivots":[{"fieldNames":["operatingSystem"],"limit":2},{"fieldNames":["city"],"limit":3}]}"#;
    let request = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(request.path(), body).expect("write the request");
    let path = request.path().to_str().expect("a path");
    let run = run(&folder, 200, "reports/sitekit-pivot.json", &["-p", "1", "--request", path]).expect(0);
    let text = std::fs::read_to_string(folder.join("reports/sitekit-pivot.json")).expect("the pivot");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(run.stdout().lines().collect::<Vec<_>>(), lines(&answer, ""));
    assert_eq!(run.stderr(), "");
}

#[test]
fn recorded_errors_have_their_code_and_hint() {
    let Some(folder) = folder() else { return };
    for (name, status, code, hint) in ERRORS {
        let file = format!("errors/{name}");
        let run = run(&folder, status, &file, &["-p", "1122334455", "-m", "sessions"]).expect_failure(code);
        let hints: Vec<_> = run.stderr().lines().filter(|line| line.contains("hint: ")).collect();
        assert_eq!(hints.is_empty(), hint.is_empty(), "{name}: {}", run.stderr());
        assert!(hints.iter().any(|line| line.contains(hint)) || hint.is_empty(), "{name}: {}", run.stderr());
        assert!(run.stderr().contains(&format!("answered {status}")), "{name}: {}", run.stderr());
    }
    let there = std::fs::read_dir(folder.join("errors")).expect("the folder of errors").count();
    assert_eq!(there, ERRORS.len());
}

#[test]
fn recorded_accounts_have_each_property_once() {
    let Some(folder) = folder() else { return };
    let all = ["-p", "all", "-d", "date,eventName", "-m", "eventCount"];
    let run_all = run(&folder, 200, "reports/patryk-events.json", &all).expect(0);
    assert_eq!(run_all.stdout().matches("\n1122334455\t").count(), 8, "{}", run_all.stdout());
    assert_eq!(run_all.stderr(), "ga-query: all: 1 property\n");
    let refused = |property: &str| {
        let run = run(&folder, 403, "errors/enrosed-403-listed.json", &["-p", property, "-m", "sessions"]);
        run.expect_failure(4).stderr().to_owned()
    };
    let account = refused("987654321");
    assert!(account.contains("987654321 is an account: name one of its properties, -p 1122334455"), "{account}");
    let empty = refused("123456789");
    assert!(empty.contains("123456789 is an account without a property"), "{empty}");
}
