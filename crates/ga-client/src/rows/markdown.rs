//! A table in GitHub Flavored Markdown (<https://github.github.com/gfm/#tables-extension->), for people: figures to the right,
//! totals in bold, and columns aligned in the source as well.
//!
//! Whatever would be markup, a link or a formula in a cell is escaped, so that it appears as it is. The first rows determine
//! the widths.

use unicode_width::UnicodeWidthStr;

use super::people::{Detail, worded};
use super::{Format, Layout, RowWriter};
use gauth_cli::exit::Failure;
use gauth_cli::terminal;

pub(super) const FORMAT: Format = Format { extensions: &["md", "markdown"], ..Format::new("markdown", begin) };

/// The number of rows that determine the column widths.
const ROWS: usize = 1000;
/// The widest that columns are padded to; one long address would fill every line with blanks.
const WIDEST: usize = 80;

struct Markdown {
    layout: Layout,
    /// Determined by the first rows.
    widths: Option<Vec<usize>>,
    /// Rows held back until then, as they appear.
    first: Vec<Vec<String>>,
    /// Totals, which follow the last row.
    last: Vec<Vec<String>>,
}

fn begin(layout: Layout, _: &mut Vec<u8>) -> Box<dyn RowWriter> {
    Box::new(Markdown { layout, widths: None, first: Vec::new(), last: Vec::new() })
}

impl RowWriter for Markdown {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        let row = self.shown(cells);
        if let Some(widths) = &self.widths {
            self.line(widths, &row, out);
            return Ok(());
        }
        self.first.push(row);
        if self.first.len() == ROWS {
            self.start(out);
        }
        Ok(())
    }

    fn aggregate(&mut self, cells: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        let row = self.shown(&worded(cells)).into_iter();
        let bold = row.map(|cell| if cell.is_empty() { cell } else { format!("**{cell}**") });
        self.last.push(bold.collect());
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let widths = self.widths.take().unwrap_or_else(|| self.start(out));
        for row in &self.last {
            self.line(&widths, row, out);
        }
        Ok(())
    }
}

impl Markdown {
    fn shown(&self, cells: &[&[u8]]) -> Vec<String> {
        let cells = cells.iter().zip(&self.layout.columns).map(|(cell, column)| {
            let text = String::from_utf8_lossy(cell);
            column.formatted(&text, Detail::FULL).unwrap_or_else(|| escaped(&text))
        });
        cells.collect()
    }

    /// Determines the widths, and writes the header and the rows held back. GFM has no table without a header: it is empty if
    /// none is requested.
    fn start(&mut self, out: &mut Vec<u8>) -> Vec<usize> {
        let has_names = self.layout.header;
        let headings = self.layout.columns.iter().map(|column| &*column.heading);
        let header: Vec<String> = headings.map(|text| if has_names { escaped(text) } else { String::new() }).collect();
        let first = std::mem::take(&mut self.first);
        let widths = header.iter().enumerate().map(|(place, heading)| {
            let rows = first.iter().chain(&self.last).map(|row| row[place].width());
            rows.filter(|width| *width <= WIDEST).chain([heading.width(), "---".len()]).max().unwrap_or(0)
        });
        let widths: Vec<usize> = widths.collect();
        let rule = widths.iter().zip(&self.layout.columns).map(|(width, column)| {
            let end = if column.is_metric { ":" } else { "-" };
            format!("{}{end}", "-".repeat(width - 1))
        });
        self.line(&widths, &header, out);
        self.line(&widths, &rule.collect::<Vec<_>>(), out);
        for row in &first {
            self.line(&widths, row, out);
        }
        self.widths = Some(widths.clone());
        widths
    }

    fn line(&self, widths: &[usize], cells: &[String], out: &mut Vec<u8>) {
        let mut line = "|".to_owned();
        for ((cell, width), column) in cells.iter().zip(widths).zip(&self.layout.columns) {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let [before, after] = if column.is_metric { [&*padding, ""] } else { ["", &*padding] };
            line.extend([" ", before, cell, after, " |"]);
        }
        line.push('\n');
        out.extend_from_slice(line.as_bytes());
    }
}

/// Text that a renderer shows as it is. Addresses would become links without any markup, an e-mail address even from escaped
/// characters, and `@name` would notify a user of GitHub: an empty comment parts them.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n");
    for (place, character) in text.char_indices() {
        let (before, after) = (&text[..place], &text[place + character.len_utf8()..]);
        let is_at_end = before.is_empty() || after.is_empty();
        let is_within_word = before.ends_with(|c: char| c.is_ascii_alphanumeric())
            && after.starts_with(|c: char| c.is_ascii_alphanumeric());
        match character {
            '_' if is_within_word => shown.push('_'),
            '&' if !after.starts_with(|c: char| c == '#' || c.is_ascii_alphanumeric()) => shown.push('&'),
            '\\' | '`' | '*' | '_' | '[' | '<' | '&' | '|' | '~' | '$' => shown.extend(['\\', character]),
            ':' if after.starts_with('/') => shown.push_str("\\:"),
            '.' if ends_with_www(before) => shown.push_str("\\."),
            '@' if after.starts_with(|c: char| c != ' ') => shown.push_str("@<!-- -->"),
            '\n' | '\r' => shown.push_str("<br>"),
            ' ' if is_at_end => shown.push_str("&#32;"),
            '\t' => shown.push_str("&#9;"),
            _ => shown.push(terminal::symbol(character).unwrap_or(character)),
        }
    }
    shown
}

fn ends_with_www(text: &str) -> bool {
    text.as_bytes().last_chunk::<3>().is_some_and(|last| last.eq_ignore_ascii_case(b"www"))
}

#[cfg(test)]
mod tests {
    use super::super::{two_columns, written};
    use super::*;

    #[test]
    fn the_source_is_aligned_by_display_width() {
        let rows: &[&[&str]] = &[&["東京", "1234567"], &["a|b", "5"], &["", "x"]];
        assert_eq!(
            written(&FORMAT, two_columns(), rows),
            "| d    |         m |\n| ---- | --------: |\n| 東京 | 1,234,567 |\n| a\\|b |         5 |\n|      |         x |\n"
        );
        let nameless = Layout { header: false, ..two_columns() };
        assert_eq!(written(&FORMAT, nameless, &[&["a", "5"]]), "|     |     |\n| --- | --: |\n| a   |   5 |\n");
        assert_eq!(written(&FORMAT, two_columns(), &[]), "| d   |   m |\n| --- | --: |\n");
    }

    #[test]
    fn totals_are_the_last_row_in_bold() {
        let mut out = Vec::new();
        let mut writer = (FORMAT.begin)(two_columns(), &mut out);
        writer.row(&[b"a", b"5"], &mut out).unwrap();
        writer.aggregate(&[b"RESERVED_TOTAL", b"12345"], &mut out).unwrap();
        writer.aggregate(&[b"", b""], &mut out).unwrap();
        writer.end(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines, ["| a         |          5 |", "| **Total** | **12,345** |", "|           |            |"]);
    }

    #[test]
    fn a_long_address_does_not_pad_the_other_rows_and_later_rows_may_be_wider() {
        let long = "x".repeat(200);
        let mut rows: Vec<Vec<&str>> = vec![vec!["a", "5"]; ROWS];
        rows[3][0] = &long;
        rows.push(vec!["abcdef", "5"]);
        let rows: Vec<&[&str]> = rows.iter().map(|row| &row[..]).collect();
        let text = written(&FORMAT, two_columns(), &rows);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[2], lines[ROWS + 2]), ("| a   |   5 |", "| abcdef |   5 |"));
        assert_eq!(lines[5], format!("| {long} |   5 |"));
        assert_eq!(lines.len(), ROWS + 3);
    }

    #[test]
    fn nothing_in_a_cell_is_markup() {
        for (text, expected) in [
            ("a*b`c`[d](e)~~f~~", "a\\*b\\`c\\`\\[d](e)\\~\\~f\\~\\~"),
            ("utm_source, _x_ a__b", "utm_source, \\_x\\_ a\\_\\_b"),
            ("lamps & chairs&c", "lamps & chairs\\&c"),
            ("<b>&amp;\\", "\\<b>\\&amp;\\\\"),
            ("https://www.example.com/a", "https\\://www\\.example.com/a"),
            ("a@b.example", "a@<!-- -->b.example"),
            ("@octocat", "@<!-- -->octocat"),
            ("12:30 @ home", "12:30 @ home"),
            (" a\tb \r\nc\n", "&#32;a&#9;b <br>c<br>"),
            ("\u{1b}[31m\0", "␛\\[31m␀"),
            ("\u{9b}31m \u{202e}txt.exe\u{2066} \u{200f}", "\u{fffd}31m \u{fffd}txt.exe\u{fffd} \u{200f}"),
            ("(not set)", "(not set)"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
