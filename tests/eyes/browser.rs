//! The page of `-f html` in a real browser: on every screen, in both schemes, on paper, sorted, and under attack.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gauth_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use testkit::{Chromium, Home, ScriptedServer, run, tool};

use super::{KINDS, READONLY, query, report, server, serving};

/// A browser with a page of this server, or of the sandbox.
struct Reader {
    browser: Chromium,
    home: Home,
}

impl Reader {
    /// `None` without a browser.
    fn new() -> Option<Self> {
        let home = Home::new();
        Chromium::start(&home).map(|browser| Self { browser, home })
    }

    /// Writes a page of this report, which the browser then shows.
    fn open(&self, url: &str, token: &str, report: &[&str]) -> PathBuf {
        let mut command = query(&self.home, url, &[report, &["-o", "report.html"]].concat());
        command.env("GAUTH_TOKEN", token);
        run(command).expect(0);
        let page = self.home.path().join("report.html");
        self.browser.open(&format!("file://{}", page.display()));
        page
    }

    fn open_of(&self, server: &ScriptedServer, report: &[&str]) -> PathBuf {
        self.open(&server.url(), "ya29.token", report)
    }

    fn texts(&self, selector: &str) -> Vec<String> {
        let texts = self
            .browser
            .run(&format!("return [...document.querySelectorAll({selector:?})].map(element => element.textContent)"));
        serde_json::from_value(texts).expect("texts")
    }

    fn number(&self, script: &str) -> u64 {
        self.browser.run(&format!("return {script}")).as_u64().expect("a number")
    }
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

#[test]
fn h9_a_browser_shows_hostile_text_as_text() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let page = reader.open_of(&server("pageTitle", HOSTILE), &["-d", "pageTitle"]);
    let source = fs::read_to_string(&page).expect("the page");
    assert_eq!(source.matches("<script").count(), 1, "our own");
    assert!(!source.contains("<img") && !source.contains('\0') && !source.contains('\u{1b}'));
    assert!(!source.contains("http:") && !source.contains("https:"));
    assert_eq!(reader.browser.run("return document.title"), "Sessions by page title");
    assert_eq!(reader.number("document.querySelectorAll('style').length"), 1);
    let shown = reader.texts("tbody th");
    for ((text, _), shown) in HOSTILE.iter().zip(&shown).take(6) {
        assert_eq!(text.replace('\u{202e}', "\u{fffd}"), *shown);
    }
    assert_eq!(shown[6], "␀␛[31m");
    assert_eq!(reader.texts("tbody td")[0], "12,345");
    assert_eq!(reader.browser.messages(), [""; 0], "nothing of ours is refused");

    // Nothing else would run or be styled even if it got in.
    let with = source
        .replace("</main>", "<script>document.title = 'owned'</script><style>h1 { display: none }</style></main>");
    fs::write(&page, with).expect("write the page");
    reader.browser.open(&format!("file://{}", page.display()));
    assert_eq!(reader.browser.run("return document.title"), "Sessions by page title");
    assert_eq!(reader.browser.run("return getComputedStyle(document.querySelector('h1')).display"), "block");
    assert_eq!(reader.browser.messages().len(), 2);
}

#[test]
fn a_browser_has_every_row_and_a_drawing_of_each_metric() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let sandbox = Sandbox::start(Options { rows: 3000, ..Options::default() }).expect("start the sandbox");
    let token = sandbox.access_token(&[READONLY]);
    reader.open(sandbox.url(), &token, &["-m", "totalUsers", "-d", "date,country,pagePath"]);
    assert_eq!(reader.browser.run("return document.title"), "Sessions and Total users by date, country and page path");
    assert_eq!(reader.number("document.querySelector('tbody').rows.length"), 3000);
    assert_eq!(reader.number("document.querySelectorAll('figure').length"), 2);
    assert_eq!(
        reader.number("document.querySelectorAll('figure:first-child svg.lines').length"),
        12,
        "small multiples"
    );
    assert!(reader.texts("footer")[0].starts_with("3,000 rows, made 20"));
    let caption = &reader.texts("figcaption")[0];
    let left_out = caption.split("the largest ones; ").nth(1).and_then(|rest| rest.split(' ').next());
    let drawn = reader.number("[...document.querySelectorAll('figure:first-child .moment')].length");
    assert_eq!(left_out.map(|n| n.replace(',', "")), Some((3000 - drawn).to_string()), "{caption}");
    assert_eq!(reader.texts("figure:first-child .panels h3").len(), 12);
}

/// What is wrong with the page as it is now. A word is what stands between blanks, slashes, dashes and question marks.
const LOOK: &str = r#"
const wrong = [], width = innerWidth, root = document.scrollingElement;
if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} wide`);
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, node => {
  return node.parentElement.closest('script, title') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT;
});
while (texts.nextNode()) {
  const node = texts.currentNode, style = getComputedStyle(node.parentElement);
  for (const word of node.data.matchAll(/\d\S*|[^\s\/?-]+/g)) {
    if (word[0].length > 40 || word[0].includes('…') || /[\u3000-\u9fff]/.test(word[0])) continue;
    const range = document.createRange();
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    const lines = new Set([...range.getClientRects()].map(r => Math.round(r.top)));
    if (lines.size > 1) wrong.push(`${word[0]} is broken`);
  }
  if (parseFloat(style.fontSize) < 11) wrong.push(`${node.data} is ${style.fontSize} high`);
}
for (const element of document.querySelectorAll('body *')) {
  const overflow = getComputedStyle(element).overflowX;
  const isClipped = element.scrollWidth > element.clientWidth && (overflow === 'hidden' || overflow === 'clip');
  if (isClipped && element.closest('svg') === null) wrong.push(`${element.tagName} ${element.className} is clipped`);
}
for (const axis of document.querySelectorAll('.moments, .scale')) {
  const marks = [...axis.querySelectorAll('text, span')].map(mark => mark.getBoundingClientRect());
  for (let i = 1; i < marks.length; i++) {
    const [a, b] = [marks[i - 1], marks[i]];
    const isApart = a.right < b.left || a.bottom <= b.top + 2;
    if (!isApart) wrong.push(`the marks of ${axis.textContent} overlap`);
  }
}
for (const cell of document.querySelectorAll('td.n')) {
  if (cell.scrollWidth > cell.clientWidth) wrong.push(`${cell.textContent} does not fit its cell`);
}
return wrong;
"#;

#[test]
fn a_page_reads_well_on_every_screen() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let sandbox = Sandbox::start(Options { rows: 60, ..Options::default() }).expect("start the sandbox");
    let token = sandbox.access_token(&[READONLY]);
    let metrics = "totalUsers,totalRevenue,bounceRate,averageSessionDuration,screenPageViewsPerSession";
    let world: &[(&str, &str)] = &[
        ("العربية: صفحة طويلة جدا عن المنتجات", "12345"),
        ("日本語のページ、とても長いタイトル、とても長いタイトル", "-45"),
        ("👨\u{200d}👩\u{200d}👧 family 🎉", "3"),
        (
            "/a-path/that-goes-on/and-on/and-on/and-on/and-on/and-on/and-on/and-on/and-on/and-on/and-on?gclid=Cj0KCQjwCj0KCQjw",
            "2",
        ),
        ("Donaudampfschifffahrtsgesellschaft", "1"),
        (&"unbroken".repeat(20), "1"),
    ];
    let world = server("pageTitle", world);
    let day = serving(report(&["date"], &KINDS, &[(&["20261120"], &["0.4", "1234567.891", "123.456789", "1.09"])]));
    let empty = server("country", &[]);
    let url = sandbox.url();
    for (url, report) in [
        (url, &["-d", "date,sessionDefaultChannelGroup", "-m", metrics][..]),
        (url, &["-d", "country,pageTitle", "-m", metrics, "--totals"]),
        (url, &["-d", "date", "-m", "totalUsers,eventCount,newUsers,activeUsers,totalRevenue,bounceRate", "--totals"]),
        (url, &["-d", "date", "--start", "2025-01-01"]),
        (url, &["-d", "country,deviceCategory"]),
        (&world.url(), &["-d", "pageTitle"]),
        (&day.url(), &["-d", "date"]),
        (&empty.url(), &["-d", "country"]),
    ] {
        reader.open(url, &token, report);
        for width in [320, 390, 768, 1280] {
            reader.browser.show(width, false);
            assert_eq!(reader.browser.run(LOOK), json!([]), "{report:?} at {width}");
        }
        assert_eq!(reader.browser.messages(), [""; 0], "{report:?}");
    }
}

/// The contrast of every text with the background behind it (Web Content Accessibility Guidelines 2.2, §1.4.3).
const CONTRAST: &str = r#"
const channels = color => color.match(/[\d.]+/g).map(Number);
const light = color => {
  const [r, g, b] = channels(color).map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
};
const behind = element => {
  for (; element; element = element.parentElement) {
    const color = getComputedStyle(element).backgroundColor;
    if ((channels(color)[3] ?? 1) === 1) return color;
  }
};
let least = 21;
for (const element of document.querySelectorAll('body *')) {
  if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
  const style = getComputedStyle(element), ink = element.tagName === 'text' ? style.fill : style.color;
  const [a, b] = [light(ink), light(behind(element))].sort((a, b) => b - a);
  least = Math.min(least, (a + .05) / (b + .05));
}
const paper = light(getComputedStyle(document.body).backgroundColor);
return [least, channels(getComputedStyle(document.body).backgroundColor)[0]];
"#;

#[test]
fn text_has_enough_contrast_in_the_light_in_the_dark_and_on_paper() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let mut page =
        report(&["date"], &[("sessions", "TYPE_INTEGER")], &[(&["20261120"], &["7"]), (&["20261121"], &["9"])]);
    page["metadata"]["subjectToThresholding"] = true.into();
    page["totals"] = json!([{"dimensionValues": [{"value": "RESERVED_TOTAL"}], "metricValues": [{"value": "16"}]}]);
    reader.open_of(&serving(page), &["-d", "date", "--totals", "--filter", "country==France"]);
    for is_dark in [false, true] {
        reader.browser.show(800, is_dark);
        let [least, paper] = serde_json::from_value::<[f64; 2]>(reader.browser.run(CONTRAST)).expect("two numbers");
        assert!(least >= 4.5, "{least}");
        assert_eq!(paper < 128.0, is_dark);
    }
    // Paper is white, whatever the screen was.
    let dark = json!([{"name": "prefers-color-scheme", "value": "dark"}]);
    reader.browser.devtools("Emulation.setEmulatedMedia", json!({"media": "print", "features": dark}));
    let [least, paper] = serde_json::from_value::<[f64; 2]>(reader.browser.run(CONTRAST)).expect("two numbers");
    assert!(least >= 4.5 && paper > 250.0, "{least}, {paper}");
}

#[test]
fn the_table_sorts_by_the_figures_and_not_by_how_they_are_written() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let rows: &[(&[&str], &[&str])] = &[
        (&["b"], &["0.5", "1000", "59", ""]),
        (&["Ä"], &["0.1", "200.5", "123.4", "2"]),
        (&["a10"], &["0.09", "30", "3700", "-3"]),
        (&["a9"], &["1", "4000000", "0.2", "10"]),
    ];
    reader.open_of(&serving(report(&["pageTitle"], &KINDS, rows)), &["-d", "pageTitle"]);
    let order = || reader.texts("tbody th").join(" ");
    assert_eq!(order(), "b Ä a10 a9");
    let heading = |place: usize| format!("thead th:nth-child({place}) button");
    let sorted = |place: usize| {
        reader.browser.click(&heading(place));
        let state =
            reader.browser.run("return [...document.querySelectorAll('[aria-sort]')].map(th => th.ariaSort).join()");
        format!("{}: {}", state.as_str().unwrap_or_default(), order())
    };
    assert_eq!(sorted(1), "ascending: Ä a9 a10 b");
    assert_eq!(sorted(1), "descending: b a10 a9 Ä");
    for (place, falling, rising) in
        [(2, "a9 b Ä a10", "a10 Ä b a9"), (3, "a9 b Ä a10", "a10 Ä b a9"), (4, "a10 Ä b a9", "a9 b Ä a10")]
    {
        assert_eq!(sorted(place), format!("descending: {falling}"));
        assert_eq!(sorted(place), format!("ascending: {rising}"));
    }
    // A cell without a figure comes last either way.
    assert_eq!(sorted(5), "descending: a9 Ä a10 b");
    reader.browser.press(&heading(5), "\u{e007}");
    assert_eq!(order(), "a10 Ä a9 b", "by the Enter key");
    assert_eq!(reader.browser.messages(), [""; 0]);
}

#[test]
fn a_large_table_has_neither_a_script_nor_figures_twice() {
    let sandbox = Sandbox::start(Options { rows: 6000, ..Options::default() }).expect("start the sandbox");
    let home = Home::new();
    let mut command = query(&home, sandbox.url(), &["-d", "date,country,pagePath", "-m", "bounceRate", "-f", "html"]);
    command.env("GAUTH_TOKEN", sandbox.access_token(&[READONLY]));
    let out = run(command).expect(0);
    assert!(!out.stdout().contains("<script"));
    assert_eq!(out.stdout().matches("<tr>").count(), 6001);
    assert_eq!(out.stdout().matches(" data-v=").count(), 5000, "until it is known to be large");
}

#[test]
fn on_paper_the_headings_are_on_every_page_and_nothing_is_hidden() {
    let (Some(reader), Some(pdftotext)) = (Reader::new(), tool("pdftotext")) else {
        return;
    };
    let sandbox = Sandbox::start(Options::default()).expect("start the sandbox");
    let token = sandbox.access_token(&[READONLY]);
    reader.open(sandbox.url(), &token, &["-d", "date", "--start", "90daysAgo", "--totals"]);
    let printed = reader.browser.devtools("Page.printToPDF", json!({"paperWidth": 8.27, "paperHeight": 11.69}));
    let pdf = STANDARD.decode(printed["data"].as_str().expect("a document")).expect("base64");
    let file = reader.home.write("report.pdf", 0o600, pdf);
    let mut command = reader.home.command(pdftotext);
    command.args(["-layout".as_ref(), file.as_os_str(), "-".as_ref()]);
    let text = run(command).expect(0).stdout().to_owned();
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert!(pages.len() > 1, "{text}");
    for page in &pages {
        let line = page.lines().find(|line| line.trim_start().starts_with("Date"));
        assert!(line.is_some_and(|line| line.trim_end().ends_with("Sessions")), "{page}");
    }
    // A day, its name and a figure with a comma.
    let is_day = |line: &&str| line.trim_start().starts_with("20") && line.contains(',');
    let days: Vec<_> = text.lines().filter(is_day).collect();
    assert_eq!(days.len(), 90, "{days:?}");
    assert_eq!(text.matches("Total ").count(), 1);
}

#[test]
fn a_pointer_shows_the_moment_and_the_figures_of_every_line() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let rows: &[(&[&str], &[&str])] =
        &[(&["20261101", "France"], &["12345"]), (&["20261101", "<b>"], &["2"]), (&["20261103", "France"], &["0"])];
    let page = report(&["date", "country"], &[("sessions", "TYPE_INTEGER")], rows);
    reader.open_of(&serving(page), &["-d", "date,country"]);
    let titles = reader.texts("figure .moment title");
    assert_eq!(titles, ["France 2026-11-01: 12,345\n<b> 2026-11-01: 2", "France 2026-11-03: 0"]);
    assert_eq!(reader.texts("figure .legend li"), ["France", "<b>"]);
    // A day without a row is a gap: all points stand alone.
    assert_eq!(reader.number("document.querySelectorAll('.line.dot').length"), 2);
    assert_eq!(reader.number("document.querySelectorAll('.lines .line:not(.dot)').length"), 0);
    let name = reader.browser.run("return document.querySelector('svg.lines').ariaLabel");
    assert_eq!(name, Value::from("Sessions: from 0 to 12,345; all figures are in the table"));
}
