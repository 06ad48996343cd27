//! What people read in tables and Markdown: figures by what they measure, moments, totals, and layouts for terminals. Formats
//! for programs are in `output`.

use std::process::Command;

use gauth_sandbox::Sandbox;
use serde_json::{Value, json};
use testkit::{Answer, Pty, ScriptedServer, client, run_with_input};
use unicode_width::UnicodeWidthStr;

use super::{BIN, sandbox, user_of, user_of_sandbox};

/// An answer with these dimensions, metrics (with their types) and rows of cells.
fn report(dimensions: &[&str], metrics: &[(&str, &str)], rows: &[Vec<&str>]) -> Value {
    let row = |row: &Vec<&str>| {
        let (dimension, metric) = row.split_at(dimensions.len());
        let values = |cells: &[&str]| cells.iter().map(|cell| json!({"value": cell})).collect::<Value>();
        json!({"dimensionValues": values(dimension), "metricValues": values(metric)})
    };
    json!({
        "dimensionHeaders": dimensions.iter().map(|name| json!({"name": name})).collect::<Value>(),
        "metricHeaders": metrics.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect::<Value>(),
        "rows": rows.iter().map(row).collect::<Value>(),
        "rowCount": rows.len(),
        "metadata": {"currencyCode": "EUR", "timeZone": "Europe/Rome"},
        "kind": "analyticsData#runReport",
    })
}

fn serving(report: Value) -> ScriptedServer {
    ScriptedServer::answering(move |_| Answer::json(200, report.to_string()))
}

/// The cells of one line of Markdown, without the blanks around them.
fn cells(line: &str) -> Vec<String> {
    let cells = line.trim_matches('|').split(" | ");
    cells.map(|cell| cell.trim().to_owned()).collect()
}

/// The last line of the report in Markdown.
#[track_caller]
fn last_line(report: Value, arguments: &[&str]) -> Vec<String> {
    let server = serving(report);
    let user = user_of(&server.url());
    let run = user.run(&[&["-p", "1", "-f", "markdown"], arguments].concat()).expect(0);
    cells(run.stdout().lines().last().expect("a line"))
}

const RATES: &str = "bounceRate cartToViewRate crashFreeUsersRate dauPerMau dauPerWau engagementRate \
    firstTimePurchaserRate funnelStepAbandonmentRate funnelStepCompletionRate itemListClickThroughRate \
    itemPromotionClickThroughRate organicGoogleSearchClickThroughRate purchaseToViewRate purchaserRate \
    sessionKeyEventRate sessionKeyEventRate:buy userKeyEventRate userKeyEventRate:buy wauPerMau";
const MONEY: &str = "advertiserAdCost advertiserAdCostPerClick advertiserAdCostPerKeyEvent averagePurchaseRevenue \
    averagePurchaseRevenuePerPayingUser averagePurchaseRevenuePerUser averageRevenuePerUser grossItemRevenue \
    grossPurchaseRevenue itemDiscountAmount itemRefundAmount itemRevenue purchaseRevenue refundAmount shippingAmount \
    taxAmount totalAdRevenue totalRevenue";
const SECONDS: &str = "averageSessionDuration userEngagementDuration";
const MILLISECONDS: &str = "adUnitExposure";
const NUMBERS: &str = "activeUsers eventCountPerUser eventsPerSession firstTimePurchasersPerNewUser keyEvents \
    organicGoogleSearchAveragePosition returnOnAdSpend screenPageViewsPerSession screenPageViewsPerUser \
    sessionsPerUser transactionsPerPurchaser eventValue customEvent:levelRate calcMetric:winRate";

/// The types of the answer are wrong on purpose.
#[test]
fn a_standard_metric_is_shown_by_what_the_catalogue_knows_of_it() {
    for (names, value, shown) in [
        (RATES, "0.37812", "37.8%"),
        (MONEY, "1234567.891", "1,234,567.89 EUR"),
        (SECONDS, "192.4", "3m 12s"),
        (MILLISECONDS, "192400", "3m 12s"),
        (NUMBERS, "1234.5678", "1,234.57"),
    ] {
        for name in names.split_whitespace() {
            let answer = report(&[], &[(name, "TYPE_FLOAT")], &[vec![value]]);
            assert_eq!(last_line(answer, &["-m", "sessions"]), [shown], "{name}");
        }
    }
}

#[test]
fn any_other_metric_is_shown_by_the_type_in_the_answer() {
    for (kind, value, shown) in [
        ("TYPE_CURRENCY", "0.5", "0.50 EUR"),
        ("TYPE_MILLISECONDS", "120", "120ms"),
        ("TYPE_SECONDS", "59.7", "1m 00s"),
        ("TYPE_MINUTES", "185", "3h 05m"),
        ("TYPE_HOURS", "2", "2h 00m"),
        ("TYPE_STANDARD", "0.04379", "0.0438"),
        ("TYPE_FLOAT", "NaN", "NaN"),
        ("TYPE_INTEGER", "9223372036854775807", "9,223,372,036,854,775,807"),
    ] {
        for name in ["customEvent:x", "averageCustomEvent:x", "calcMetric:x", "tomorrowsMetric"] {
            assert_eq!(last_line(report(&[], &[(name, kind)], &[vec![value]]), &["-m", "sessions"]), [shown], "{kind}");
        }
    }
    // An expression may have any name.
    let answer = report(&[], &[("hitRate", "TYPE_FLOAT")], &[vec!["3.5"]]);
    let body = r#"{"metrics":[{"name":"hitRate","expression":"eventCount/sessions"}],
        "dateRanges":[{"startDate":"2026-11-01","endDate":"2026-11-02"}]}"#;
    let server = serving(answer);
    let user = user_of(&server.url());
    let request = user.home.write("request.json", 0o600, body);
    let request = request.to_str().expect("UTF-8");
    let run = user.run(&["-p", "1", "-f", "markdown", "--request", request]).expect(0);
    assert!(run.stdout().ends_with("|    3.50 |\n"), "{}", run.stdout());
}

#[test]
fn a_currency_has_the_decimals_that_iso_4217_gives_it() {
    for (currency, shown) in [
        ("USD", "1,234.57 USD"),
        ("JPY", "1,235 JPY"),
        ("KWD", "1,234.568 KWD"),
        ("TND", "1,234.568 TND"),
        ("CLF", "1,234.5678 CLF"),
        ("", "1,234.57"),
        ("\u{1b}[31m", "1,234.57"),
    ] {
        let mut answer = report(&[], &[("totalRevenue", "TYPE_CURRENCY")], &[vec!["1234.5678"]]);
        answer["metadata"]["currencyCode"] = currency.into();
        assert_eq!(last_line(answer, &["-m", "totalRevenue"]), [shown]);
    }
}

#[test]
fn realtime_pivots_and_funnels_are_shown_alike() {
    let sandbox = sandbox(200);
    let user = user_of_sandbox(&sandbox);
    let pivot = r#"{"dimensions":[{"name":"dayOfWeek"}],"metrics":[{"name":"bounceRate"},{"name":"totalRevenue"}],
        "dateRanges":[{"startDate":"28daysAgo","endDate":"yesterday"}],"pivots":[{"fieldNames":["dayOfWeek"],"limit":"9"}]}"#;
    let funnel = r#"{"dateRanges":[{"startDate":"28daysAgo","endDate":"yesterday"}],"funnel":{"steps":[
        {"name":"a","filterExpression":{"funnelEventFilter":{"eventName":"session_start"}}},
        {"name":"b","filterExpression":{"funnelEventFilter":{"eventName":"purchase"}}}]}}"#;
    for (name, body, expected) in
        [("pivot.json", pivot, ["day |", "% |", " EUR |"]), ("funnel.json", funnel, ["1. a", "100.0% |", "0%"])]
    {
        user.home.write(name, 0o600, body);
        let run = user.run(&["-p", "123456", "-f", "markdown", "--request", name]).expect(0);
        for text in expected {
            assert!(run.stdout().contains(text), "{text}: {}", run.stdout());
        }
    }
    let run = user.run(&["-p", "123456", "--realtime", "-m", "screenPageViews", "-f", "table"]).expect(0);
    let figure = run.stdout().lines().last().expect("a figure").trim();
    assert!(figure.len() < 4 || figure.contains(','), "{figure}");
}

#[test]
fn reserved_names_are_words_for_people_only() {
    let sandbox = sandbox(100);
    let user = user_of_sandbox(&sandbox);
    let report = ["-p", "123456", "-d", "date,country", "-m", "sessions", "--totals", "--min", "--max", "--limit", "2"];
    let out = |format: &str| user.run(&[&report[..], &["-f", format]].concat()).expect(0).stdout().to_owned();
    let table = out("table");
    let last: Vec<&str> = table.lines().skip(5).map(|line| line.split_whitespace().next().expect("a word")).collect();
    assert_eq!(last, ["Total", "Minimum", "Maximum"], "{table}");
    assert!(!table.contains("RESERVED"), "{table}");
    let markdown = out("markdown");
    assert!(markdown.contains("\n| **Total**   "), "{markdown}");
    let csv = out("csv");
    assert!(csv.contains("\nRESERVED_TOTAL,RESERVED_TOTAL,") && csv.contains("\nRESERVED_MIN,RESERVED_MIN,"), "{csv}");
}

/// Prints what a renderer made of a table on its standard input: rows of cells as text, and the names of all elements.
const RENDER: &str = r#"
import json, sys
from html.parser import HTMLParser
try:
    import cmarkgfm
    from cmarkgfm.cmark import Options
except ImportError:
    sys.exit(77)
class Cells(HTMLParser):
    rows, names, is_inside = [], set(), False
    def handle_starttag(self, name, _):
        self.names.add(name)
        if name == 'tr': self.rows.append([])
        if name in ('td', 'th'):
            self.rows[-1].append('')
            self.is_inside = True
        if name == 'br': self.rows[-1][-1] += '\n'
    def handle_data(self, text):
        if self.is_inside: self.rows[-1][-1] += text
    def handle_endtag(self, name):
        if name in ('td', 'th'): self.is_inside = False
page = cmarkgfm.github_flavored_markdown_to_html(sys.stdin.read(), Options.CMARK_OPT_UNSAFE)
cells = Cells(convert_charrefs=True)
cells.feed(page)
print(json.dumps([cells.rows, sorted(cells.names)]))
"#;

/// What GitHub's renderer makes of Markdown; `None` where it is not installed.
fn rendered(markdown: &str) -> Option<(Vec<Vec<String>>, Vec<String>)> {
    let python = client(BIN, "python/bin/python")?;
    let mut command = Command::new(python);
    command.args(["-c", RENDER]);
    let run = run_with_input(command, markdown.as_bytes());
    if run.code() == 77 {
        println!("skipped: no cmarkgfm");
        return None;
    }
    Some(serde_json::from_str(run.expect(0).stdout()).expect("rows"))
}

#[test]
fn github_shows_every_cell_as_it_is() {
    let mut texts: Vec<String> = [
        "(not set)",
        "",
        " begins and ends with blanks ",
        "two\nlines\n",
        "**bold** _emphasis_ `code` ~~gone~~ [link](http://a.example) ![image](x)",
        "https://www.example.com/a_b*c?d=e&amp;f=|#g",
        "www.example.com WWW.EXAMPLE.COM ftp://example.com mailto:a@b.example a.b+c@d.example xmpp:a@b.example/c",
        "<script>alert(1)</script><!-- c --> &lt; &#35; &nosuch; AT&T",
        "C:\\path\\|x\\\\| a\\",
        "日本語 👨\u{200d}👩\u{200d}👧 e\u{301} שלום",
        "$a$ and $b$, :smile: #1 @user",
    ]
    .map(str::to_owned)
    .into();
    let marks: Vec<char> = "\\`*_{}[]()#+-.!|<>&~$:@/\"'= \tw".chars().collect();
    for one in &marks {
        for other in &marks {
            texts.push(format!("a{one}{other}b {one}a{other} {other}{one}{one}c{other}{other}"));
        }
    }
    let rows: Vec<Vec<&str>> = texts.iter().map(|text| vec![&**text, "1234"]).collect();
    let server = serving(report(&["pageTitle"], &[("sessions", "TYPE_INTEGER")], &rows));
    let user = user_of(&server.url());
    let run = user.run(&["-p", "1", "-d", "pageTitle", "-m", "sessions", "-f", "markdown"]).expect(0);
    let Some((shown, elements)) = rendered(run.stdout()) else {
        return;
    };
    assert_eq!(shown[0], ["pageTitle", "sessions"]);
    assert_eq!(shown.len(), texts.len() + 1);
    for (row, text) in shown[1..].iter().zip(&texts) {
        assert_eq!(row, &[&**text, "1,234"]);
    }
    assert_eq!(elements, ["br", "table", "tbody", "td", "th", "thead", "tr"]);
}

#[test]
fn github_shows_totals_in_bold_and_a_table_without_a_header() {
    let sandbox = sandbox(100);
    let user = user_of_sandbox(&sandbox);
    let run = |more: &[&str]| {
        let report = ["-p", "123456", "-d", "country", "-m", "sessions", "--limit", "2", "-f", "markdown"];
        user.run(&[&report[..], more].concat()).expect(0).stdout().to_owned()
    };
    let Some((shown, elements)) = rendered(&run(&["--totals"])) else {
        return;
    };
    assert_eq!((shown.len(), &*shown[3][0]), (4, "Total"), "{shown:?}");
    assert!(elements.contains(&"strong".to_owned()), "{elements:?}");
    let (shown, _) = rendered(&run(&["--header", "none"])).expect("as before");
    assert_eq!((shown.len(), &shown[0][..]), (3, &["".to_owned(), "".to_owned()][..]), "{shown:?}");
    // Each of several reports is a table.
    let body = r#"{"requests":[{"metrics":[{"name":"sessions"}],"dateRanges":[{"startDate":"2026-11-01","endDate":"2026-11-02"}]},
        {"metrics":[{"name":"totalUsers"}],"dateRanges":[{"startDate":"2026-11-01","endDate":"2026-11-02"}]}]}"#;
    user.home.write("batch.json", 0o600, body);
    let batch = user.run(&["-p", "123456", "-f", "markdown", "--request", "batch.json"]).expect(0).stdout().to_owned();
    assert_eq!(batch.matches("\n\n| totalUsers |\n").count(), 1, "{batch}");
    assert_eq!(rendered(&batch).expect("as before").0.len(), 4);
}

#[test]
fn every_ga_program_writes_markdown() {
    let sandbox = Sandbox::start(gauth_sandbox::Options::default()).expect("start the sandbox");
    let user = user_of_sandbox(&sandbox);
    for (program, arguments, first) in
        [("ga-properties", &[][..], "| property "), ("ga-fields", &["sessions"][..], "| name ")]
    {
        let mut command = user.home.command(testkit::sibling(BIN, program));
        command
            .env("GAUTH_SANDBOX_URL", sandbox.url())
            .env("GAUTH_TOKEN", &user.token)
            .args(["-f", "markdown"])
            .args(arguments);
        let run = testkit::run(command).expect(0);
        assert!(run.stdout().starts_with(first) || run.stdout().starts_with("| account"), "{}", run.stdout());
        assert!(run.stdout().lines().nth(1).expect("a rule").starts_with("| ---"), "{}", run.stdout());
    }
}

/// Without the sequences for bold text.
fn plain(text: &str) -> String {
    text.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "").replace("\r\n", "\n")
}

const METRICS: [(&str, &str); 6] = [
    ("sessions", "TYPE_INTEGER"),
    ("totalUsers", "TYPE_INTEGER"),
    ("bounceRate", "TYPE_FLOAT"),
    ("totalRevenue", "TYPE_CURRENCY"),
    ("averageSessionDuration", "TYPE_SECONDS"),
    ("screenPageViewsPerSession", "TYPE_FLOAT"),
];

fn wide_report() -> Value {
    let row = |date, text, sessions| vec![date, text, sessions, "945513", "0.37749", "4081042.13", "206.4", "2.3019"];
    report(
        &["date", "pagePath"],
        &METRICS,
        &[
            row("20261125", "/shop/chairs/a-very-long-name-of-a-chair/löwe", "1645652"),
            row("20261126", "/東京/京都/大阪/名古屋/札幌/神戸", "3"),
            row("20261127", "/👨\u{200d}👩\u{200d}👧/e\u{301}/שלום", "12"),
            row("(other)", "(other)", "0"),
        ],
    )
}

/// What a terminal of this width shows.
#[track_caller]
fn shown(columns: u16, environment: &[(&str, &str)]) -> String {
    let server = serving(wide_report());
    let user = user_of(&server.url());
    let names = METRICS.map(|(name, _)| name).join(",");
    let mut command = user.command(&["-p", "1", "-d", "date,pagePath", "-m", &names]);
    command.envs(environment.iter().copied());
    let (status, shown) = Pty::start(command, columns).finish();
    assert!(status.success(), "{shown}");
    shown
}

#[test]
fn a_table_reads_well_at_40_80_and_200_columns() {
    for (columns, lines) in [
        (
            40,
            &[
                "date                       2026-11-25\n",
                "pagePath                   /sho…air/löwe\n",
                "sessions                   1,645,652\n",
                "bounceRate                 37.7%\n",
                "totalRevenue               4,081,042 EUR\n",
                "averageSessionDuration     3m 26s\n",
            ][..],
        ),
        (
            80,
            &[
                "date        pagePath    sessions    Users    Rate   totalRevenue  Durat…  Sessi…\n",
                "2026-11-25  /s…r/löwe  1,645,652  945,513   37.7%  4,081,042 EUR  3m 26s    2.30\n",
                "(other)     (other)            0  945,513   37.7%  4,081,042 EUR  3m 26s    2.30\n",
            ],
        ),
        (
            200,
            &[
                "2026-11-25 Wed  /shop/chairs/a-very-long-name-of-a-chair/löwe  1,645,652",
                "2026-11-26 Thu  /東京/京都/大阪/名古屋/札幌/神戸                       3",
                "37.7%  4,081,042.13 EUR  ",
            ],
        ),
    ] {
        let text = plain(&shown(columns, &[]));
        for line in lines {
            assert!(text.contains(line), "{columns}: {line}\n{text}");
        }
        assert!(text.lines().all(|line| line.width() <= usize::from(columns)), "{columns}:\n{text}");
    }
}

#[test]
fn headings_are_bold_on_a_terminal_that_has_colors() {
    assert!(shown(200, &[]).starts_with("\u{1b}[1mdate "), "bold");
    for no in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert!(!shown(200, &[no]).contains('\u{1b}'), "{no:?}");
    }
}

#[test]
fn in_the_c_locale_only_cells_have_more_than_ascii() {
    for columns in [40, 80, 200] {
        let text = plain(&shown(columns, &[("LC_ALL", "C")]));
        let others: String = text.chars().filter(|c| !c.is_ascii()).collect();
        let cells = "löwe東京都大阪名古屋札幌神戸👨👩👧\u{200d}e\u{301}שלום";
        assert!(others.chars().all(|c| cells.contains(c)), "{others}");
        assert_eq!(text.contains("..."), columns < 200, "{text}");
    }
}
