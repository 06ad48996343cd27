//! What ga-query shows to people: the table and the chart on a terminal, and the page in a real browser.

use std::fs;
use std::process::Command;

use gauth_sandbox::{Options, Sandbox};
use serde_json::json;
use testkit::{Answer, Home, Pty, ScriptedServer, run, tool};
use unicode_width::UnicodeWidthStr;

const BIN: &str = env!("CARGO_BIN_EXE_ga-query");
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";

/// A report of rows of text and a number each.
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

/// What the program prints that nobody watches.
#[track_caller]
fn printed(server: &ScriptedServer, arguments: &[&str]) -> String {
    let run = run(query(&Home::new(), &server.url(), arguments)).expect(0);
    run.stdout().to_owned()
}

/// What a terminal of so many columns shows.
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
    // A program that reads it gets every letter and no comma.
    let table = printed(&server, &["-d", "pageTitle", "-f", "table"]);
    assert!(table.contains(LONG[0].0) && table.contains(" 1234567\n"));
}

#[test]
fn a_chart_has_a_bar_for_each_row() {
    let rows = [("A", "8"), ("<B>\u{1b}[31m", "4"), ("C", "1"), ("none", "0")];
    let server = server("country", &rows);
    let arguments = ["-d", "country", "-f", "chart", "--start", "2026-11-01"];
    let lines = printed(&server, &arguments);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[..3], ["sessions by country", "2026-11-01 to yesterday", ""]);
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
    let lines: Vec<&str> = text.lines().skip(3).collect();
    assert_eq!(lines.len(), 11, "{text}");
    assert!(lines[0].starts_with("40 ┤") && lines[0].width() == 80, "{text}");
    assert!(lines[9].starts_with(" 0 ┤⠤") || lines[9].starts_with(" 0 ┤⣀"), "{text}");
    let place = |line: &str| line.trim_end().width();
    assert!((0..9).all(|row| place(lines[row]) > place(lines[row + 1])), "{text}");
    assert!(lines[10].trim_start().starts_with("2026-11-01  "), "{text}");
    assert!(lines[10].ends_with("  2026-11-03"), "{text}");
}

#[test]
fn a_chart_has_colours_on_a_terminal_that_wants_them() {
    let server = server("country", &[("A", "8")]);
    let arguments = ["-d", "country", "-f", "chart"];
    let home = Home::new();
    let coloured = shown(query(&home, &server.url(), &arguments), 60);
    assert!(coloured.contains("\u{1b}[36m█"), "{coloured:?}");
    let mut command = query(&home, &server.url(), &arguments);
    command.env("NO_COLOR", "1");
    let without = shown(command, 60);
    assert_eq!(without, plain(&coloured));
    assert!(!printed(&server, &arguments).contains('\u{1b}'));
}

#[test]
fn nothing_to_show_is_said() {
    let server = server("country", &[]);
    let arguments = |format| ["-d", "country", "-f", format];
    assert!(printed(&server, &arguments("chart")).ends_with("\nno rows\n"));
    let page = printed(&server, &arguments("html"));
    assert!(page.contains("<footer>no rows</footer>") && !page.contains("<svg"));
}

/// What visitors may have written into a page's title.
const HOSTILE: &[(&str, &str)] = &[
    ("<script>document.title = 'owned'</script>", "12345"),
    ("</td></table></body><script>document.title = 'owned'</script>", "4"),
    ("\"><img src=x onerror=\"document.title = 'owned'\">", "3"),
    ("&lt;b&gt; & 'quotes' \"quotes\"", "2"),
    ("\u{202e}rtl שלום مرحبا\u{202e}", "1"),
    ("</title></style><style>* { display: none }</style>", "1"),
    ("\0\u{1b}[31m", "1"),
];

/// The document as the browser has it after it has run whatever it would run.
fn dump(browser: &std::path::Path, home: &Home, page: &std::path::Path) -> String {
    let mut command = home.command(browser);
    // Root has no sandbox to be in; the page is ours.
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", home.path().join("browser").display()))
        .arg(format!("file://{}", page.display()));
    run(command).expect(0).stdout().to_owned()
}

#[test]
fn h9_a_browser_shows_hostile_text_as_text() {
    let Some(browser) = tool("chromium") else {
        return;
    };
    let server = server("pageTitle", HOSTILE);
    let home = Home::new();
    let page = home.path().join("report.html");
    let arguments = ["-d", "pageTitle", "-o", "report.html"];
    run(query(&home, &server.url(), &arguments)).expect(0);
    let source = fs::read_to_string(&page).expect("the page");
    assert!(!source.contains("<script") && !source.contains("<img"));
    assert!(!source.contains('\0') && !source.contains('\u{1b}'));
    assert!(!source.contains("http:") && !source.contains("https:"));
    let dom = dump(&browser, &home, &page);
    assert!(dom.contains("<title>sessions by pageTitle</title>"), "{dom}");
    assert_eq!(dom.matches("<td dir=\"auto\">").count(), HOSTILE.len());
    assert_eq!(dom.matches("<style>").count(), 1);
    // As the browser writes text.
    let as_text = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    for (text, _) in &HOSTILE[..6] {
        let cell = format!("<td dir=\"auto\">{}</td>", as_text(text));
        assert!(dom.contains(&cell), "{cell} is not in {dom}");
    }
    assert!(dom.contains("<td class=\"n\">12<i></i>345</td>"), "{dom}");
    assert!(dom.contains("␀␛[31m"), "{dom}");
}

#[test]
fn a_browser_has_every_row_and_a_drawing_of_each_metric() {
    let Some(browser) = tool("chromium") else {
        return;
    };
    let sandbox = Sandbox::start(Options { rows: 3000, ..Options::default() });
    let sandbox = sandbox.expect("start the sandbox");
    let home = Home::new();
    let report = ["-m", "totalUsers", "-d", "date,country,pagePath", "-o", "r.html"];
    let mut command = query(&home, sandbox.url(), &report);
    command.env("GAUTH_TOKEN", sandbox.access_token(&[READONLY]));
    run(command).expect(0);
    let dom = dump(&browser, &home, &home.path().join("r.html"));
    assert!(dom.contains("<title>sessions, totalUsers by date, country, pagePath</title>"));
    let body = dom.split_once("<tbody>").expect("a body").1;
    let body = body.split_once("</tbody>").expect("its end").0;
    assert_eq!(body.matches("<tr>").count(), 3000);
    assert_eq!(dom.matches("<svg ").count(), 2);
    assert_eq!(dom.matches("<polyline ").count(), 2 * 8);
    assert!(dom.contains("<footer>3,000 rows</footer>"));
}

#[test]
fn columns_may_be_called_what_analytics_calls_them() {
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
    assert!(page.contains("<title>Sessions, Total users by Country</title>"));
    let object = out(&["-f", "ndjson", "--header", "ui"]);
    assert!(object.starts_with("{\"country\":"), "{object}");
    let requests = sandbox.requests();
    let asked = requests.iter().filter(|r| r.path.contains("/metadata"));
    assert_eq!(asked.count(), 5, "api names need no request");
}
