//! A table for eyes: aligned columns, numbers to the right, no character that would disturb a terminal.
//!
//! Widths are those of the first rows; a later cell that is wider pushes its line out, or is cut on a
//! terminal, where lines must fit and large numbers are grouped. Not for programs: use csv.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Column, Format, Layout, RowWriter};
use crate::exit::Failure;
use crate::terminal::sanitise;

pub(super) const FORMAT: Format = Format {
    name: "table",
    extensions: &[],
    writer: |layout| Box::new(Table { layout, widths: Vec::new(), first: Vec::new(), last: Vec::new() }),
};

/// So many rows decide how wide the columns are.
const ROWS: usize = 1000;
const GAP: &str = "  ";
/// No column is cut below this.
const NARROWEST: usize = 6;

struct Table {
    layout: Layout,
    widths: Vec<usize>,
    /// Rows that wait for the widths.
    first: Vec<Vec<String>>,
    /// Rows below a line at the end.
    last: Vec<Vec<String>>,
}

impl RowWriter for Table {
    fn begin(&mut self, _: &mut Vec<u8>) {}

    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        let row = self.shown_row(cells);
        if !self.widths.is_empty() {
            self.line(&row, out);
            return Ok(());
        }
        self.first.push(row);
        if self.first.len() == ROWS {
            self.start(out);
        }
        Ok(())
    }

    fn aggregate(&mut self, cells: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        let row = self.shown_row(cells);
        self.last.push(row);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.widths.is_empty() && !(self.first.is_empty() && self.last.is_empty()) {
            self.start(out);
        }
        if !self.last.is_empty() {
            self.rule(out);
        }
        for row in std::mem::take(&mut self.last) {
            self.line(&row, out);
        }
    }
}

impl Table {
    fn shown_row(&self, cells: &[&[u8]]) -> Vec<String> {
        let cells = cells.iter().zip(&self.layout.columns);
        cells.map(|(cell, column)| self.shown(cell, column)).collect()
    }

    fn rule(&self, out: &mut Vec<u8>) {
        let rule: Vec<String> = self.widths.iter().map(|width| "─".repeat(*width)).collect();
        self.line(&rule, out);
    }

    fn shown(&self, cell: &[u8], column: &Column) -> String {
        let text = sanitise(&String::from_utf8_lossy(cell));
        match self.layout.terminal_width {
            Some(_) if column.is_metric => grouped(&text),
            _ => text,
        }
    }

    /// Settles the widths and writes everything that has waited for them.
    fn start(&mut self, out: &mut Vec<u8>) {
        let columns = &self.layout.columns;
        let names: Vec<String> = columns.iter().map(|column| sanitise(&column.heading)).collect();
        let widest = |place: usize| {
            let rows = self.first.iter().chain(&self.last);
            let cells = rows.map(|row| row[place].width());
            let name = if self.layout.header { names[place].width() } else { 0 };
            cells.chain([name]).max().unwrap_or(0)
        };
        self.widths = (0..columns.len()).map(widest).collect();
        if let Some(width) = self.layout.terminal_width {
            self.fit(width);
        }
        if self.layout.header {
            self.line(&names, out);
            self.rule(out);
        }
        for row in std::mem::take(&mut self.first) {
            self.line(&row, out);
        }
    }

    /// Takes from the widest column until the line fits.
    fn fit(&mut self, width: usize) {
        let gaps = GAP.len() * self.widths.len().saturating_sub(1);
        let mut excess = (self.widths.iter().sum::<usize>() + gaps).saturating_sub(width);
        while excess > 0 {
            let Some(widest) = self.widths.iter_mut().max() else {
                return;
            };
            if *widest <= NARROWEST {
                return;
            }
            *widest -= 1;
            excess -= 1;
        }
    }

    fn line(&self, cells: &[String], out: &mut Vec<u8>) {
        let mut line = String::new();
        for (place, cell) in cells.iter().enumerate() {
            let width = self.widths[place];
            let cell = match self.layout.terminal_width {
                Some(_) => cut(cell, width),
                None => cell.clone(),
            };
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            if place > 0 {
                line.push_str(GAP);
            }
            match self.layout.columns[place].is_metric {
                true => line.extend([padding, cell]),
                false => line.extend([cell, padding]),
            }
        }
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }
}

/// The text in at most `width` columns; what is cut shows as an ellipsis.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// `1234567.5` as `1,234,567.5`; anything but a plain number stays.
pub fn grouped(text: &str) -> String {
    let (sign, number) = match text.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", text),
    };
    let (whole, fraction) = match number.find('.') {
        Some(point) => number.split_at(point),
        None => (number, ""),
    };
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_plain(whole) || !is_plain(fraction.trim_start_matches('.')) {
        return text.to_owned();
    }
    let mut grouped = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::super::{two_columns, written};
    use super::*;

    #[test]
    fn columns_line_up_by_what_is_seen() {
        let rows: &[&[&str]] = &[&["東京", "1234567"], &["a", "5"], &["\u{1b}[31m", "x"]];
        assert_eq!(
            written(&FORMAT, two_columns(), rows),
            "d               m\n────────  ───────\n東京      1234567\na               5\n\\x1b[31m        x\n"
        );
        assert_eq!(written(&FORMAT, two_columns(), &[]), "");
    }

    #[test]
    fn totals_stand_below_a_line() {
        let mut writer = (FORMAT.writer)(two_columns());
        let mut out = Vec::new();
        writer.begin(&mut out);
        writer.row(&[b"a", b"5"], &mut out).unwrap();
        writer.aggregate(&[b"RESERVED_TOTAL", b"12345"], &mut out).unwrap();
        writer.end(&mut out);
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], "a                   5");
        assert_eq!(lines[3], lines[1]);
        assert_eq!(lines[4], "RESERVED_TOTAL  12345");
    }

    #[test]
    fn on_a_terminal_lines_fit_and_numbers_are_grouped() {
        let mut layout = two_columns();
        layout.terminal_width = Some(20);
        let rows: &[&[&str]] = &[&["a rather long cell", "-1234567.50"], &["日本語日本語日本語", "999"]];
        let text = written(&FORMAT, layout, rows);
        assert!(text.lines().all(|line| line.width() <= 20), "{text}");
        assert!(text.contains('…'), "{text}");
        assert_eq!(grouped("-1234567.50"), "-1,234,567.50");
        for same in ["", "-", "999", "0.12345", "NaN", "1e10", "12.3.4", "."] {
            assert_eq!(grouped(same), same);
        }
    }
}
