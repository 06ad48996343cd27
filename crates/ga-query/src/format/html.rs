//! One self-contained page: a table of every row, and above it a drawing of each metric.
//!
//! Nothing is fetched and no script runs: style and drawings are in the page, and a content security policy enforces
//! this. All text is escaped, because visitors of the site wrote much of it. Rows are written as they arrive, so the
//! drawings follow them in the source; the style moves them to the top.

mod drawing;
mod filters;

use ga_client::rows::{Detail, grouped, moment};
use gauth_cli::Failure;

use super::days::Days;
use super::figure::{self, Figure};
use super::{Content, Format, Layout, RowWriter, Start};

pub(super) const FORMAT: Format = Format {
    extensions: &["html", "htm"],
    shows_property_name: true,
    is_in_words: true,
    ..Format::new("html", Content::Report(begin))
};

const STYLE: &str = include_str!("html/style.css");

fn begin(layout: Layout, start: &Start<'_>, out: &mut Vec<u8>) -> Result<Box<dyn RowWriter>, Failure> {
    let days = Days::of(start);
    let property = &start.property.number;
    let has_property_column = layout.columns.iter().any(|column| column.name == "property");
    let title = figure::title(&layout);
    let property = match start.property.name() {
        // With several properties, a column names each.
        _ if has_property_column => None,
        Some(name) => Some(format!("{name} ({property})")),
        None => Some(format!("property {property}")),
    };
    // The days and their zone.
    let period = [Some(days.text()), days.zone.clone()].into_iter().flatten().filter(|text| !text.is_empty());
    let period: Vec<String> = period.collect();
    let filters = filters::in_words(start.request, start.names);
    head(&title, [property, filters], &period.join(" · "), &layout, out);
    Ok(Box::new(Html { made: days.made.clone(), figure: Figure::new(&layout, days), layout, has_totals: false }))
}

/// Everything up to the rows.
fn head(title: &str, lines: [Option<String>; 2], period: &str, layout: &Layout, out: &mut Vec<u8>) {
    let (title, period) = (escaped(title), escaped(period));
    let lines = lines.map(|line| line.map_or_else(String::new, |text| format!("<p>{}</p>\n", escaped(&text))));
    let lines = lines.concat();
    let mut head = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n{lines}<p>{period}</p>\n</header>\n\
         <div class=\"rows\" tabindex=\"0\" role=\"region\" aria-label=\"rows\">\n<table>\n<thead>\n<tr>"
    );
    for column in &layout.columns {
        let class = if column.is_metric { " class=\"n\"" } else { "" };
        head += &format!("<th scope=\"col\"{class}>{}</th>", escaped(&column.heading));
    }
    head += "</tr>\n</thead>\n<tbody>\n";
    out.extend_from_slice(head.as_bytes());
}

struct Html {
    figure: Figure,
    made: String,
    layout: Layout,
    /// Whether the body of the table has ended.
    has_totals: bool,
}

impl RowWriter for Html {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.figure.add(cells);
        self.line(cells, out);
        Ok(())
    }

    fn aggregate(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        if !self.has_totals {
            out.extend_from_slice(b"</tbody>\n<tfoot>\n");
        }
        self.has_totals = true;
        self.line(cells, out);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.figure.finish();
        let body = if self.has_totals { "</tfoot>" } else { "</tbody>" };
        out.extend_from_slice(format!("{body}\n</table>\n</div>\n").as_bytes());
        if !self.figure.series.is_empty() {
            for metric in 0..self.figure.metrics.len() {
                out.extend_from_slice(drawing::figure(&self.figure, metric).as_bytes());
            }
        }
        let rows = match self.figure.rows {
            0 => "no rows".to_owned(),
            1 => "1 row".to_owned(),
            rows => format!("{} rows", grouped(&rows.to_string())),
        };
        let made = escaped(&self.made);
        out.extend_from_slice(format!("<footer>{rows}, made {made}</footer>\n</body>\n</html>\n").as_bytes());
        Ok(())
    }
}

impl Html {
    fn line(&self, cells: &[&[u8]], out: &mut Vec<u8>) {
        out.extend_from_slice(b"<tr>");
        for (cell, column) in cells.iter().zip(&self.layout.columns) {
            if column.is_metric {
                out.extend_from_slice(b"<td class=\"n\">");
                out.extend_from_slice(escaped(&column.shown(cell, Detail::FULL)).as_bytes());
            } else {
                match moment(&column.name, &String::from_utf8_lossy(cell)) {
                    Some(moment) => out.extend_from_slice(format!("<td class=\"t\">{moment}").as_bytes()),
                    None => {
                        // Right-to-left text must not affect other cells.
                        out.extend_from_slice(b"<td dir=\"auto\">");
                        escape(cell, out);
                    }
                }
            }
            out.extend_from_slice(b"</td>");
        }
        out.extend_from_slice(b"</tr>\n");
    }
}

/// Text as the content of an element or a quoted attribute. Control characters, which HTML does not allow, become their
/// symbols (Unicode, block 2400).
fn escape(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'\t' | b'\n' => out.push(byte),
            0..=0x1f => out.extend_from_slice(&[0xe2, 0x90, 0x80 + byte]),
            0x7f => out.extend_from_slice("␡".as_bytes()),
            _ => out.push(byte),
        }
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
            escaped("<script>alert(\"x\")</script> & 'é'\u{0}\u{1b}\u{7f}\n"),
            "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;é&#39;␀␛␡\n"
        );
    }
}
