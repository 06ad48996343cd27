//! What ga-query shows to people: the table and the chart on a terminal, and the page, also in a real browser.

mod browser;

use std::fs;
use std::process::Command;

use gauth_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use testkit::{Answer, Home, Pty, ScriptedServer, run};
use unicode_width::UnicodeWidthStr;

use crate::BIN;
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";

/// A report whose rows have a text and a number.
fn server(dimension: &'static str, rows: &[(&str, &str)]) -> ScriptedServer {
    let rows = rows
        .iter()
        .map(|(text, number)| json!({"dimensionValues": [{"value": text}], "metricValues": [{"value": number}]}));
    let rows: Vec<_> = rows.collect();
    let page = json!({
        "dimensionHeaders": [{"name": dimension}],
        "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
        "rows": rows,
        "rowCount": rows.len(),
    });
    ScriptedServer::answering(move |_| Answer::json(200, page.to_string()))
}

fn query(home: &Home, url: &str, arguments: &[&str]) -> Command {
    let mut command = home.command(BIN);
    command
        .env("GAUTH_SANDBOX_URL", url)
        .env("GAUTH_TOKEN", "ya29.token")
        .args(["-p", "123456", "-m", "sessions"])
        .args(arguments);
    command
}

/// What the program prints without a terminal.
#[track_caller]
fn printed(server: &ScriptedServer, arguments: &[&str]) -> String {
    let run = run(query(&Home::new(), &server.url(), arguments)).expect(0);
    run.stdout().to_owned()
}

/// What a terminal of this width shows.
#[track_caller]
fn shown(command: Command, columns: u16) -> String {
    let (status, shown) = Pty::start(command, columns).finish();
    assert!(status.success(), "{shown}");
    shown.replace("\r\n", "\n")
}

/// The text without its colours.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, rest) = part.split_once('m').expect("a colour ends in m");
        plain.push_str(rest);
    }
    plain
}

const LONG: &[(&str, &str)] = &[
    ("a page with a title that is longer than most terminals are wide, and then some", "1234567"),
    ("日本語のページ、とても長いタイトル、とても長いタイトル、とても長いタイトル", "-45"),
    ("b", "3"),
];

#[test]
fn tables_and_charts_fit_every_terminal() {
    let server = server("pageTitle", LONG);
    for format in ["table", "chart"] {
        for columns in [24, 40, 80, 200] {
            let home = Home::new();
            let arguments = ["-d", "pageTitle", "-f", format];
            let text = shown(query(&home, &server.url(), &arguments), columns);
            for line in plain(&text).lines() {
                assert!(line.width() <= usize::from(columns), "{columns}: {line:?}");
            }
            assert!(text.contains("1,234,567"), "{text}");
            let is_cut = columns < 200 || format == "chart";
            assert_eq!(text.contains('…'), is_cut, "{text}");
        }
    }
    // Without a terminal nothing is cut.
    let table = printed(&server, &["-d", "pageTitle", "-f", "table"]);
    assert!(table.contains(LONG[0].0) && table.contains(" 1,234,567\n"));
}

#[test]
fn a_chart_has_a_bar_for_each_row() {
    let rows = [("A", "8"), ("<B>\u{1b}[31m", "4"), ("C", "1"), ("none", "0")];
    let server = server("country", &rows);
    let arguments = ["-d", "country", "-f", "chart", "--start", "2026-11-01"];
    let lines = printed(&server, &arguments);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!((lines[0], lines[1]), ("sessions by country", "property 123456"));
    let (first, last) = lines[2].split_once(" to ").expect("two days");
    assert!(first == "2026-11-01" && last.len() == 10 && last.starts_with("20"), "{}", lines[2]);
    let lines = &lines[1..];
    assert_eq!(lines[2], "");
    let full = |line: &str| line.matches('█').count();
    assert_eq!(full(lines[3]), 80 - "<B>\\x1b[31m".len() - 4);
    assert!(lines[4].starts_with("<B>\\x1b[31m  4 █"), "{}", lines[4]);
    assert!(full(lines[4]).abs_diff(full(lines[3]) / 2) <= 1);
    assert!(full(lines[5]).abs_diff(full(lines[3]) / 8) <= 1);
    assert_eq!(lines[6], "none         0");
    assert_eq!(lines.len(), 7);
}

#[test]
fn a_chart_over_dates_is_a_line_from_the_first_to_the_last() {
    let rows = [("20261103", "40"), ("20261101", "0"), ("20261102", "20")];
    let server = server("date", &rows);
    let text = printed(&server, &["-d", "date", "-f", "chart"]);
    let lines: Vec<&str> = text.lines().skip(4).collect();
    assert_eq!(lines.len(), 10, "{text}");
    assert!(lines[0].starts_with("40 ┤") && lines[0].width() == 80, "{text}");
    assert!(lines[8].starts_with(" 0 ┤⠤") || lines[8].starts_with(" 0 ┤⣀"), "{text}");
    let place = |line: &str| line.trim_end().width();
    assert!((0..8).all(|row| place(lines[row]) > place(lines[row + 1])), "{text}");
    assert!(lines[9].trim_start().starts_with("2026-11-01  "), "{text}");
    assert!(lines[9].ends_with("  2026-11-03"), "{text}");
}

#[test]
fn a_chart_has_colours_on_a_terminal_that_supports_them() {
    let server = server("country", &[("A", "8")]);
    let arguments = ["-d", "country", "-f", "chart"];
    let home = Home::new();
    let coloured = shown(query(&home, &server.url(), &arguments), 60);
    assert!(coloured.contains("\u{1b}[36m█"), "{coloured:?}");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let mut command = query(&home, &server.url(), &arguments);
        command.env(name, value);
        assert_eq!(shown(command, 60), plain(&coloured), "{name}={value}");
    }
    assert!(!printed(&server, &arguments).contains('\u{1b}'));
}

#[test]
fn an_empty_report_says_so() {
    let server = server("country", &[]);
    let arguments = |format| ["-d", "country", "-f", format];
    assert!(printed(&server, &arguments("chart")).ends_with("\nno rows\n"));
    let page = printed(&server, &arguments("html"));
    assert!(page.contains("<footer>No rows, made 20") && !page.contains("<figure"));
}

#[test]
fn columns_may_have_the_names_that_analytics_shows() {
    let sandbox = Sandbox::start(Options::default()).expect("start the sandbox");
    let home = Home::new();
    let out = |more: &[&str]| {
        let report = ["-d", "country", "-m", "totalUsers", "--limit", "1"];
        let mut command = query(&home, sandbox.url(), &[&report[..], more].concat());
        command.env("GAUTH_TOKEN", sandbox.access_token(&[READONLY]));
        run(command).expect(0).stdout().to_owned()
    };
    for (format, between) in [("csv", ","), ("tsv", "\t")] {
        let first_line = |header| {
            let text = out(&["-f", format, "--header", header]);
            text.lines().next().expect("a line").to_owned()
        };
        let ui = ["Country", "Sessions", "Total users"].join(between);
        assert_eq!(first_line("ui"), ui);
        let api = ["country", "sessions", "totalUsers"].join(between);
        assert_eq!(first_line("api"), api);
    }
    assert!(out(&["-f", "table", "--header", "ui"]).starts_with("Country "));
    let page = out(&["-f", "html", "--header", "ui"]);
    assert!(page.contains("<title>Sessions and Total users by country</title>"));
    let object = out(&["-f", "ndjson", "--header", "ui"]);
    assert!(object.starts_with("{\"country\":"), "{object}");
    let requests = sandbox.requests();
    let asked = requests.iter().filter(|r| r.path.contains("/metadata"));
    assert_eq!(asked.count(), 5, "api names need no request");
}

/// A server's answer: rows of dimensions and metrics with these names and types.
fn report(dimensions: &[&str], metrics: &[(&str, &str)], rows: &[(&[&str], &[&str])]) -> Value {
    let values = |cells: &[&str]| cells.iter().map(|cell| json!({"value": cell})).collect::<Value>();
    let row = |row: &(&[&str], &[&str])| json!({"dimensionValues": values(row.0), "metricValues": values(row.1)});
    json!({
        "dimensionHeaders": dimensions.iter().map(|name| json!({"name": name})).collect::<Value>(),
        "metricHeaders": metrics.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect::<Value>(),
        "rows": rows.iter().map(row).collect::<Value>(),
        "rowCount": rows.len(),
        "metadata": {"currencyCode": "EUR", "timeZone": "Asia/Tokyo"},
        "kind": "analyticsData#runReport",
    })
}

/// A server with that report, whose Admin API refuses to name properties.
fn serving(report: Value) -> ScriptedServer {
    ScriptedServer::answering(move |request| match request.target.contains("accountSummaries") {
        true => Answer::json(403, r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}"#),
        false => Answer::json(200, report.to_string()),
    })
}

const KINDS: [(&str, &str); 4] = [
    ("bounceRate", "TYPE_FLOAT"),
    ("totalRevenue", "TYPE_CURRENCY"),
    ("averageSessionDuration", "TYPE_SECONDS"),
    ("sessionsPerUser", "TYPE_FLOAT"),
];

#[test]
fn figures_and_days_are_formatted_for_people() {
    let row: (&[&str], &[&str]) =
        (&["20261120"], &["0.43657142857142855", "1234567.891", "123.456789", "1.0899999999999999"]);
    let server = serving(report(&["date"], &KINDS, &[row]));
    let arguments = |format| ["-d", "date", "-m", "bounceRate,totalRevenue", "-f", format];
    let table = printed(&server, &arguments("table"));
    let words: Vec<&str> =
        table.lines().nth(2).expect("a row").split("  ").map(str::trim).filter(|w| !w.is_empty()).collect();
    let shown = ["2026-11-20", "43.7%", "1,234,567.89 EUR", "2m 03s", "1.09"];
    assert_eq!(words, [&["2026-11-20 Fri"], &shown[1..]].concat());
    let page = printed(&server, &arguments("html"));
    assert!(page.contains(">2026-11-20 Fri</th>"), "{page}");
    for cell in &shown[1..] {
        assert!(page.contains(&format!(">{cell}</t")), "{cell}: {page}");
    }
    // The server's digits are there to sort by.
    assert_eq!(page.matches("142857").count(), 1, "{page}");
    assert!(page.contains(" data-v=\"0.43657142857142855\">43.7%<"), "{page}");
    let chart = printed(&server, &arguments("chart"));
    assert!(chart.contains("50% ") && chart.contains("2026-11-20") && !chart.contains("142857"), "{chart}");
    // Programs get the server's digits.
    let csv = printed(&server, &arguments("csv"));
    assert!(csv.ends_with("20261120,0.43657142857142855,1234567.891,123.456789,1.0899999999999999\n"), "{csv}");
}

#[test]
fn seven_metrics_fit_80_and_40_columns_with_every_figure_whole() {
    let sandbox = Sandbox::start(Options::default()).expect("start the sandbox");
    let metrics = "totalUsers,screenPageViews,totalRevenue,bounceRate,averageSessionDuration,eventCount";
    for columns in [80, 40, 30] {
        let home = Home::new();
        let report = ["-m", metrics, "-d", "country,pagePath", "--start", "2026-01-01", "--limit", "5", "-f", "table"];
        let mut command = query(&home, sandbox.url(), &report);
        command.env("GAUTH_TOKEN", sandbox.access_token(&[READONLY]));
        let text = plain(&shown(command, columns));
        for line in text.lines() {
            assert!(line.width() <= usize::from(columns), "{columns}: {text}");
            let is_cut = |word: &str| word.ends_with('…') && word.starts_with(|c: char| c.is_ascii_digit());
            assert!(!line.split_whitespace().any(is_cut), "{columns}: {text}");
        }
        assert_eq!(text.contains("\nsessions"), columns < 80, "{columns}: {text}");
    }
}

#[test]
fn without_utf_8_drawings_are_ascii() {
    let rows = [("20261101", "8"), ("20261102", "40"), ("20261104", "20")];
    let (bars, lines) = (server("country", &rows), server("date", &rows));
    for (name, value) in [("LC_ALL", "C"), ("LC_ALL", "de_DE.ISO-8859-1"), ("TERM", "linux")] {
        for (server, dimension, format) in
            [(&bars, "country", "table"), (&bars, "country", "chart"), (&lines, "date", "chart")]
        {
            let home = Home::new();
            let mut command = query(&home, &server.url(), &["-d", dimension, "-f", format]);
            command.env(name, value);
            let text = run(command).expect(0).stdout().to_owned();
            assert!(text.is_ascii(), "{name}={value}: {text}");
            let drawn = if format == "table" {
                "--------"
            } else if dimension == "date" {
                "|    "
            } else {
                "########"
            };
            assert!(text.contains(drawn), "{text}");
        }
    }
    let home = Home::new();
    let mut command = query(&home, &bars.url(), &["-d", "country", "-f", "table"]);
    command.env("LC_ALL", "").env("LC_CTYPE", "en_US.utf8").env("LANG", "C");
    assert!(run(command).expect(0).stdout().contains('─'));
}

#[test]
fn two_ranges_are_overlaid_and_gaps_stay_gaps() {
    // There is a row for each moment and range, with zeros outside the range; the third day of the second range is
    // missing.
    let days = ["20261101", "20261102", "20261103", "20261104", "20261111", "20261112", "20261114"];
    let mut rows: Vec<[&str; 3]> = Vec::new();
    for day in days {
        let is_new = day >= "20261111";
        rows.push([day, "new", if is_new { "30" } else { "0" }]);
        rows.push([day, "old", if is_new { "0" } else { "10" }]);
    }
    let rows: Vec<([&str; 2], [&str; 1])> = rows.iter().map(|[day, range, value]| ([*day, *range], [*value])).collect();
    let rows: Vec<(&[&str], &[&str])> = rows.iter().map(|(d, m)| (&d[..], &m[..])).collect();
    let mut page = report(&["date", "dateRange"], &[("sessions", "TYPE_INTEGER")], &rows);
    page["rowCount"] = days.len().into();
    let server = serving(page);
    let ranges = ["--dates", "new=2026-11-11..2026-11-14", "--dates", "old=2026-11-01..2026-11-04"];
    let out = |format| printed(&server, &[&["-d", "date", "-f", format][..], &ranges].concat());
    let chart = out("chart");
    let (new, old) = ("█".repeat(32) + &" ".repeat(16) + &"█".repeat(16), "▃".repeat(64));
    assert!(chart.contains(&format!("new  {new}      30\nold  {old}      10\n")), "{chart}");
    let days = chart.lines().last().expect("an axis").split("  ").map(str::trim).filter(|day| !day.is_empty());
    assert_eq!(days.collect::<Vec<_>>(), ["day 1", "day 2", "day 3", "day 4"], "{chart}");
    let page = out("html");
    assert!(page.contains("d=\"M0.0 0.0L333.3 0.0\"") && page.contains("d=\"M1000.0 0.0h0\""), "{page}");
    assert!(page.contains("d=\"M0.0 66.7L333.3 66.7L666.7 66.7L1000.0 66.7\""), "{page}");
    assert!(page.contains("<title>new 2026-11-14: 30\nold 2026-11-04: 10</title>"), "{page}");
    assert!(
        page.contains("<p>new: 2026-11-11 to 2026-11-14, old: 2026-11-01 to 2026-11-04 · Asia/Tokyo</p>"),
        "{page}"
    );
}

#[test]
fn a_page_names_its_property_and_the_time_of_the_report() {
    let sandbox = Sandbox::start(Options::default()).expect("start the sandbox");
    let home = Home::new();
    let mut command = query(&home, sandbox.url(), &["-d", "country", "-f", "html"]);
    command.env("GAUTH_TOKEN", sandbox.access_token(&[READONLY]));
    let first = run(command).expect(0);
    let header = first.stdout().split_once("<header>").expect("a header").1;
    let header: Vec<&str> = header.lines().skip(1).take(3).collect();
    assert_eq!(header[..2], ["<h1>Sessions by country</h1>", "<p>Nordwind – Website (123456)</p>"]);
    let days = header[2].strip_prefix("<p>").and_then(|days| days.strip_suffix(" · Europe/Berlin</p>")).expect("days");
    let (first, last) = days.split_once(" to ").expect("two days");
    assert!([first, last].iter().all(|day| day.len() == 10 && day.starts_with("20")), "{days}");

    // If the Admin API refuses, the page shows the number.
    let refusing = serving(report(&["country"], &[("sessions", "TYPE_INTEGER")], &[(&["Italy"], &["3"])]));
    let page = printed(&refusing, &["-d", "country", "-f", "html"]);
    assert!(page.contains("<p>property 123456</p>"), "{page}");
    assert_eq!(refusing.requests().len(), 3);
    let home = Home::new();
    run(query(&home, &refusing.url(), &["-d", "country", "-o", "r.Htm"])).expect(0);
    assert!(fs::read_to_string(home.path().join("r.Htm")).expect("the page").starts_with("<!DOCTYPE html>"));
    // A chart names the property, too, and other formats send no such request.
    assert!(printed(&refusing, &["-d", "country", "-f", "chart"]).contains("\nproperty 123456\n"));
    printed(&refusing, &["-d", "country", "-f", "csv"]);
    assert_eq!(refusing.requests().len(), 3 + 3 + 2 + 1);
}

#[test]
fn a_comparison_draws_both_periods_and_the_change_beside_them() {
    let sandbox = Sandbox::start(Options::default()).expect("start the sandbox");
    let token = sandbox.access_token(&[READONLY]);
    let out = |format: &str, locale: &str, more: &[&str]| {
        let dates = ["--start", "2026-03-08", "--end", "2026-03-14", "--compare", "previous", "-f", format];
        let home = Home::new();
        let mut command = query(&home, sandbox.url(), &[&dates[..], more].concat());
        command.env("GAUTH_TOKEN", &token).env("LC_ALL", locale);
        run(command).expect(0).stdout().to_owned()
    };
    let lines = out("html", "C.UTF-8", &["-d", "date"]);
    assert_eq!(lines.matches("<figure>").count(), 1, "a change is not a metric of its own");
    for (what, count) in [("<path class=\"line s0\"", 1), ("<path class=\"line s0 other\"", 1 + 1)] {
        assert_eq!(lines.matches(what).count(), count + usize::from(count == 1), "{what}, and in the legend");
    }
    assert_eq!(lines.matches("<title>2026-03-").count(), 7);
    assert_eq!(lines.matches(" (before: ").count(), 7);
    assert!(
        lines.contains("</svg>2026-03-08 to 2026-03-14</li>") && lines.contains("</svg>2026-03-01 to 2026-03-07</li>")
    );
    assert!(lines.contains("<h1>Sessions by date</h1>"), "{lines}");
    let bars = out("html", "C.UTF-8", &["-d", "country", "--limit", "3", "--totals"]);
    assert_eq!(bars.matches("<rect class=\"bar other\"").count(), 3);
    let changes = bars.matches(" <small class=\"n up\">+").count() + bars.matches(" <small class=\"n down\">-").count();
    assert_eq!(changes, 3 + 1, "of each bar and of the total: {bars}");

    let chart = out("chart", "C.UTF-8", &["-d", "date"]);
    let head: Vec<&str> = chart.lines().skip(3).take(2).collect();
    assert_eq!(head, ["⠤⠤ 2026-03-08 to 2026-03-14", "⠄⠄ 2026-03-01 to 2026-03-07"]);
    let plain = out("chart", "C", &["-d", "date"]);
    let dots: Vec<&str> = plain.lines().filter(|line| line.contains('|') || line.contains('+')).collect();
    assert!(dots.concat().contains('*') && dots.concat().contains('.'), "{plain}");
    let bars = out("chart", "C", &["-d", "country", "--limit", "3"]);
    let rows: Vec<&str> = bars.lines().skip(6).collect();
    assert_eq!(rows.len(), 6, "{bars}");
    for pair in rows.chunks(2) {
        assert!(pair[0].contains("% #") && pair[1].contains(" ---") && pair[1].starts_with("  "), "{bars}");
    }
    let several = out("chart", "C", &["-d", "date,deviceCategory", "-m", "totalUsers"]);
    assert_eq!(several.matches("latest").count(), 2, "{several}");
    // The name of the property is data.
    let drawn = |text: &str| text.lines().skip(2).collect::<Vec<_>>().join("\n");
    assert!([&plain, &bars, &several].iter().all(|text| drawn(text).is_ascii()), "{several}");
}

#[test]
fn charts_fit_narrow_and_wide_terminals_with_every_figure_whole() {
    let sandbox = Sandbox::start(Options::default()).expect("start the sandbox");
    let token = sandbox.access_token(&[READONLY]);
    for dimensions in
        ["date", "date,sessionDefaultChannelGroup", "country,deviceCategory", "country", "yearMonth", "dateHour"]
    {
        for more in [&[][..], &["--compare", "previous"]] {
            for columns in [40, 80, 200] {
                let home = Home::new();
                let report = ["-d", dimensions, "-m", "totalRevenue,averageSessionDuration", "-f", "chart"];
                let mut command = query(&home, sandbox.url(), &[&report[..], more].concat());
                command.env("GAUTH_TOKEN", &token);
                let text = plain(&shown(command, columns));
                let wide: Vec<&str> = text.lines().filter(|line| line.width() > usize::from(columns)).collect();
                assert_eq!(wide, [""; 0], "{dimensions} {columns}: {text}");
                let is_cut = |word: &str| word.ends_with('…') && word.starts_with(|c: char| c.is_ascii_digit());
                assert!(!text.split_whitespace().any(is_cut), "{dimensions} {columns}: {text}");
            }
        }
    }
}

#[test]
fn a_heading_says_when_and_what_even_without_days_or_metrics() {
    let sandbox = Sandbox::start(Options::default()).expect("start the sandbox");
    let home = Home::new();
    let first_lines = |arguments: &[&str]| {
        let mut command = home.command(BIN);
        command.env("GAUTH_SANDBOX_URL", sandbox.url()).env("GAUTH_TOKEN", sandbox.access_token(&[READONLY]));
        command.args(["-p", "123456"]).args(arguments);
        let out = run(command).expect(0).stdout().to_owned();
        out.lines().take(3).map(str::to_owned).collect::<Vec<_>>()
    };
    let realtime = first_lines(&["--realtime", "-m", "activeUsers", "-d", "minutesAgo", "-f", "chart"]);
    assert_eq!(realtime, ["activeUsers by minutesAgo", "Nordwind – Website (123456)", "the last 30 minutes"]);
    let names = first_lines(&["-d", "country,city", "--limit", "1", "-f", "chart", "--header", "ui"]);
    assert_eq!(names[0], "Country and City");
}
