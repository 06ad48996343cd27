//! One self-contained page: a table of every row, and above it a drawing of each metric.
//!
//! Nothing is fetched. Style, drawings and a script that sorts the table are in the page, and a content security policy
//! lets nothing else in. All text is escaped, because visitors of the site wrote much of it. Rows are written as they
//! arrive, so the drawings follow them in the source; the style moves them to the top.

mod drawing;
mod filters;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ga_client::rows::{Detail, Measure};
use gauth_cli::{Failure, terminal};
use gauth_text::counted;
use ring::digest::{SHA256, digest};

use super::days::Days;
use super::figure::Figure;
use super::heading::Heading;
use super::{Column, Content, Format, Layout, RowWriter, Start};

pub(super) const FORMAT: Format = Format {
    extensions: &["html", "htm"],
    shows_property_name: true,
    is_in_words: true,
    ..Format::new("html", Content::Report(begin))
};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/sort.js");
/// The most rows that a browser sorts at once.
const MOST_SORTED: u64 = 5_000;
/// The longest word, in characters, of a first column that stays on a narrow screen while the others are scrolled.
const LONGEST_WORD: usize = 22;

fn begin(layout: Layout, start: &Start<'_>, out: &mut Vec<u8>) -> Result<Box<dyn RowWriter>, Failure> {
    let days = Days::of(start);
    let heading = Heading::of(&layout, start, &days);
    let filters = filters::in_words(start.request, start.names).map(|text| format!("Only where {text}"));
    let period = Some(heading.period.join(" · ")).filter(|text| !text.is_empty());
    let lines = [heading.property.as_deref().map(escaped), period.as_deref().map(escaped), filters];
    head(&heading.title, lines.into_iter().flatten(), &layout, out);
    let zone = days.zone.as_ref().map_or_else(String::new, |zone| format!(" ({zone})"));
    Ok(Box::new(Html {
        made: format!("{}{zone}", days.made),
        figure: Figure::new(&layout, days),
        layout,
        totals: Vec::new(),
        notes: Vec::new(),
        longest_word: 0,
    }))
}

/// Everything up to the rows; the lines below the title are markup.
fn head(title: &str, lines: impl Iterator<Item = String>, layout: &Layout, out: &mut Vec<u8>) {
    let title = escaped(title);
    let lines: String = lines.map(|line| format!("<p>{line}</p>\n")).collect();
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    let mut head = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; \
         style-src '{style}'; script-src '{script}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n{lines}</header>\n<main>\n\
         <div class=\"rows\" tabindex=\"0\" role=\"region\" aria-label=\"All rows\">\n\
         <table>\n<caption>All rows</caption>\n<thead>\n<tr>"
    );
    for column in &layout.columns {
        let class = if column.is_metric { " class=\"n\"" } else { "" };
        head += &format!("<th scope=\"col\"{class}>{}</th>", escaped(&column.heading));
    }
    head += "</tr>\n</thead>\n<tbody>\n";
    out.extend_from_slice(head.as_bytes());
}

/// The source of a policy that lets this text in (Content Security Policy Level 3, §2.3.1).
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}

struct Html {
    figure: Figure,
    made: String,
    layout: Layout,
    totals: Vec<Vec<String>>,
    notes: Vec<String>,
    /// Of the first column, in characters.
    longest_word: usize,
}

impl RowWriter for Html {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.figure.add(cells);
        let about = cells.first().filter(|_| self.layout.columns.first().is_some_and(|column| !column.is_metric));
        self.longest_word = self.longest_word.max(about.map_or(0, |cell| longest_word(cell)));
        self.line(cells, self.figure.rows <= MOST_SORTED, out);
        Ok(())
    }

    fn aggregate(&mut self, cells: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        self.totals.push(cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect());
        Ok(())
    }

    fn notes(&mut self, notes: &[String]) {
        self.notes = notes.to_vec();
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.figure.finish();
        out.extend_from_slice(b"</tbody>\n");
        self.foot(out);
        out.extend_from_slice(b"</table>\n</div>\n");
        let mut text = self.cards();
        if !self.figure.panels.is_empty() {
            text += "<div class=\"figures\">\n";
            for metric in 0..self.figure.metrics.len() {
                text += &drawing::figure(&self.figure, metric);
            }
            text += "</div>\n";
        }
        if !self.notes.is_empty() {
            let notes: String =
                self.notes.iter().map(|note| format!("<li>{}</li>\n", escaped(&capital(note)))).collect();
            text += &format!(
                "<aside aria-labelledby=\"notes\">\n<h2 id=\"notes\">About this data</h2>\n<ul>\n{notes}</ul>\n</aside>\n"
            );
        }
        let rows = match self.figure.rows {
            0 => "No rows".to_owned(),
            1 => "1 row".to_owned(),
            rows => format!("{} rows", counted(rows)),
        };
        let class = if self.longest_word > LONGEST_WORD { " class=\"wide\"" } else { "" };
        text += &format!("</main>\n<footer{class}>{rows}, made {}</footer>\n", escaped(&self.made));
        if (2..=MOST_SORTED).contains(&self.figure.rows) {
            text += &format!("<script>{SCRIPT}</script>\n");
        }
        out.extend_from_slice((text + "</body>\n</html>\n").as_bytes());
        Ok(())
    }
}

impl Html {
    /// One row. If it `is_sortable`, a figure that does not read as a number carries the server's digits.
    fn line(&self, cells: &[&[u8]], is_sortable: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<tr>");
        for (place, (cell, column)) in cells.iter().zip(&self.layout.columns).enumerate() {
            if column.is_metric {
                figure(cell, column, is_sortable, out);
                continue;
            }
            // The first column says what the row is about.
            let (start, end): (&[u8], &[u8]) =
                if place == 0 { (b"<th scope=\"row\"", b"</th>") } else { (b"<td", b"</td>") };
            out.extend_from_slice(start);
            match column.formatted(&String::from_utf8_lossy(cell), Detail::FULL) {
                Some(moment) => {
                    // The names of months and weekdays are not in their order.
                    if is_sortable && !moment.starts_with(|c: char| c.is_ascii_digit()) {
                        out.extend_from_slice(b" data-v=\"");
                        escape(cell, out);
                        out.push(b'"');
                    }
                    out.extend_from_slice(format!(" class=\"t\">{moment}").as_bytes());
                }
                None => {
                    // Right-to-left text must not affect other cells.
                    out.extend_from_slice(b" dir=\"auto\">");
                    escape(cell, out);
                }
            }
            out.extend_from_slice(end);
        }
        out.extend_from_slice(b"</tr>\n");
    }

    /// The totals and their like.
    fn foot(&self, out: &mut Vec<u8>) {
        if self.totals.is_empty() {
            return;
        }
        out.extend_from_slice(b"<tfoot>\n");
        for row in &self.totals {
            let mut is_named = false;
            let cells = row.iter().map(|cell| match reserved(cell) {
                Some(_) if is_named => "",
                Some(name) => {
                    is_named = true;
                    name
                }
                None => cell,
            });
            self.line(&cells.map(str::as_bytes).collect::<Vec<_>>(), false, out);
        }
        out.extend_from_slice(b"</tfoot>\n");
    }

    /// The total of each metric, if there is one row of totals.
    fn cards(&self) -> String {
        let is_total = |row: &&Vec<String>| row.iter().any(|cell| cell == "RESERVED_TOTAL");
        let totals: Vec<_> = self.totals.iter().filter(is_total).collect();
        let [row] = totals[..] else {
            return String::new();
        };
        let mut text = String::new();
        for metric in &self.figure.metrics {
            let values = metric.values(row);
            let (value, change) = (metric.shown(values[0]), change(metric.change(values)));
            let heading = escaped(&metric.heading());
            text += &format!("<div><dt>{heading}</dt><dd>{}{change}</dd></div>\n", escaped(&value));
        }
        format!("<dl>\n{text}</dl>\n")
    }
}

/// A cell of a metric.
fn figure(cell: &[u8], column: &Column, is_sortable: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<td class=\"n");
    let shown = column.shown(cell, Detail::FULL);
    if column.measure == Measure::Change {
        out.extend_from_slice(direction(&shown).as_bytes());
    }
    out.push(b'"');
    if is_sortable && shown.bytes().filter(|byte| *byte != b',').ne(cell.iter().copied()) {
        out.extend_from_slice(b" data-v=\"");
        escape(cell, out);
        out.push(b'"');
    }
    out.push(b'>');
    escape(shown.as_bytes(), out);
    out.extend_from_slice(b"</td>");
}

/// A change from the other period, coloured, behind a space.
fn change(change: Option<String>) -> String {
    change
        .map_or_else(String::new, |text| format!(" <small class=\"n{}\">{}</small>", direction(&text), escaped(&text)))
}

/// The class of a change by its sign.
fn direction(change: &str) -> &'static str {
    match change.bytes().next() {
        Some(b'+') => " up",
        Some(b'-') => " down",
        _ => "",
    }
}

/// What a row of totals calls itself in place of its dimensions.
fn reserved(cell: &str) -> Option<&'static str> {
    match cell {
        "RESERVED_TOTAL" => Some("Total"),
        "RESERVED_MIN" => Some("Minimum"),
        "RESERVED_MAX" => Some("Maximum"),
        _ => None,
    }
}

/// In characters; between those of East Asian scripts a line may be broken.
fn longest_word(text: &[u8]) -> usize {
    let text = String::from_utf8_lossy(text);
    let words = text.split(|c: char| c.is_whitespace() || c == '/' || c == '-' || c >= '\u{2e80}');
    words.map(|word| word.chars().count()).max().unwrap_or(0)
}

/// A line of its own begins with a capital letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Text as the content of an element or a quoted attribute, control characters, which HTML does not allow, as symbols.
fn escape(text: &[u8], out: &mut Vec<u8>) {
    let mut buffer = [0; 4];
    for character in String::from_utf8_lossy(text).chars() {
        let escape = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            _ => terminal::symbol(character).unwrap_or(character).encode_utf8(&mut buffer),
        };
        out.extend_from_slice(escape.as_bytes());
    }
}

fn escaped(text: &str) -> String {
    let mut out = Vec::new();
    escape(text.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        assert_eq!(
            escaped("<script>alert(\"x\")</script> & 'é'\u{0}\u{1b}\u{7f}\u{9b}\u{202e}\n"),
            "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;é&#39;␀␛␡\u{fffd}\u{fffd}\n"
        );
    }
}
