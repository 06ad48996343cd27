//! A table for people: aligned columns, figures to the right and never cut, no character that would disturb a terminal.
//!
//! The first rows determine the widths. On a terminal lines must fit: decimals are rounded first, then text is cut, then
//! large numbers are shortened with a unit; if that is not enough, each row becomes a record with a field on each line.

use unicode_width::UnicodeWidthStr;

use super::people::{Detail, moment_width};
use super::{Format, Layout, RowWriter};
use gauth_cli::exit::Failure;
use gauth_cli::terminal::sanitise;

pub(super) const FORMAT: Format =
    Format::new("table", |layout, _| Box::new(Table { layout, form: None, first: Vec::new(), last: Vec::new() }));

/// The number of rows that determine the column widths.
const ROWS: usize = 1000;
const GAP: &str = "  ";
/// No column of text is cut below this.
const NARROWEST: usize = 6;
/// The width that a record leaves beside its headings: a gap and a short figure with a currency.
const FIGURE: usize = 2 + 12;

type Row = Vec<Vec<u8>>;

struct Table {
    layout: Layout,
    /// Determined by the first rows.
    form: Option<Form>,
    /// Rows held back until then.
    first: Vec<Row>,
    /// Totals, which follow below a line.
    last: Vec<Row>,
}

/// How the rows are laid out.
enum Form {
    /// Side by side, in columns of these widths.
    Columns(Vec<usize>, Detail),
    /// A field on each line, in a terminal of this width.
    Records(usize),
}

impl RowWriter for Table {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some(form) = &self.form {
            self.layout.row(form, cells, out);
            return Ok(());
        }
        self.first.push(owned(cells));
        if self.first.len() == ROWS {
            self.start(out);
        }
        Ok(())
    }

    fn aggregate(&mut self, cells: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        self.last.push(owned(cells));
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.form.is_none() && !(self.first.is_empty() && self.last.is_empty()) {
            self.start(out);
        }
        let Some(form) = &self.form else {
            return Ok(());
        };
        if !self.last.is_empty() {
            self.layout.rule(form, out);
        }
        for row in &self.last {
            self.layout.row(form, row, out);
        }
        Ok(())
    }
}

fn owned(cells: &[&[u8]]) -> Row {
    cells.iter().map(|cell| cell.to_vec()).collect()
}

impl Table {
    /// Determines the form and writes the rows held back.
    fn start(&mut self, out: &mut Vec<u8>) {
        let rows: Vec<&Row> = self.first.iter().chain(&self.last).collect();
        let form = self.layout.form(&rows);
        if self.layout.header && matches!(form, Form::Columns(..)) {
            let headings: Vec<String> = self.layout.columns.iter().map(|column| sanitise(&column.heading)).collect();
            self.layout.line(&form, &headings, out);
            self.layout.rule(&form, out);
        }
        for row in std::mem::take(&mut self.first) {
            self.layout.row(&form, &row, out);
        }
        self.form = Some(form);
    }
}

impl Layout {
    /// The first form, from the most to the least detailed, in which these rows fit.
    fn form(&self, rows: &[&Row]) -> Form {
        let widths = |detail: Detail| -> Vec<usize> {
            let widest =
                |place: usize| rows.iter().map(|row| self.columns[place].shown(&row[place], detail).width()).max();
            (0..self.columns.len()).map(|place| widest(place).unwrap_or(0)).collect()
        };
        let with_headings = |mut widths: Vec<usize>| {
            for (width, column) in widths.iter_mut().zip(&self.columns).filter(|_| self.header) {
                *width = (*width).max(sanitise(&column.heading).width());
            }
            widths
        };
        let Some(width) = self.terminal_width else {
            return Form::Columns(with_headings(widths(Detail::FULL)), Detail::FULL);
        };
        let room = width.saturating_sub(GAP.len() * self.columns.len().saturating_sub(1));
        let [.., rounded, short] = Detail::LEVELS;
        for detail in Detail::LEVELS.into_iter().take(3) {
            let whole = with_headings(widths(detail));
            if whole.iter().sum::<usize>() <= room {
                return Form::Columns(whole, detail);
            }
        }
        for detail in [rounded, short] {
            let cells = widths(detail);
            let least = cells.iter().zip(&self.columns).map(|(width, column)| {
                if column.is_metric {
                    *width
                } else {
                    // A date is never cut.
                    moment_width(&column.name).unwrap_or(NARROWEST)
                }
            });
            let whole = with_headings(cells.clone());
            if let Some(widths) = cut_to(room, whole, &least.collect::<Vec<_>>()) {
                return Form::Columns(widths, detail);
            }
        }
        Form::Records(width)
    }

    fn row(&self, form: &Form, cells: &[impl AsRef<[u8]>], out: &mut Vec<u8>) {
        let shown = |place: usize, detail| self.columns[place].shown(cells[place].as_ref(), detail);
        match form {
            Form::Columns(widths, detail) => {
                // A later figure that is wider than the first ones is shown in less detail.
                let cell = |place: usize| {
                    let whole = shown(place, *detail);
                    let is_too_long = self.columns[place].is_metric && whole.width() > widths[place];
                    if is_too_long && self.terminal_width.is_some() {
                        self.fitting(place, cells, widths[place])
                    } else {
                        whole
                    }
                };
                self.line(form, &(0..cells.len()).map(cell).collect::<Vec<_>>(), out);
            }
            Form::Records(width) => {
                let headings = self.columns.iter().map(|column| sanitise(&column.heading));
                let headings: Vec<String> =
                    headings.map(|text| self.cut(&text, width.saturating_sub(FIGURE).max(1))).collect();
                let widest = headings.iter().map(|text| text.width()).max().unwrap_or(0);
                let room = width.saturating_sub(widest + GAP.len());
                for (place, heading) in headings.iter().enumerate() {
                    let text = if self.columns[place].is_metric {
                        self.fitting(place, cells, room)
                    } else {
                        self.cut(&shown(place, Detail::FULL), room)
                    };
                    let padding = " ".repeat(widest - heading.width());
                    let line = if self.header { format!("{heading}{padding}{GAP}{text}") } else { text };
                    out.extend_from_slice(line.trim_end().as_bytes());
                    out.push(b'\n');
                }
                out.push(b'\n');
            }
        }
    }

    /// A figure in as much detail as fits, and at least in the least.
    fn fitting(&self, place: usize, cells: &[impl AsRef<[u8]>], room: usize) -> String {
        let levels = Detail::LEVELS.map(|detail| self.columns[place].shown(cells[place].as_ref(), detail));
        levels.iter().find(|text| text.width() <= room).unwrap_or(&levels[levels.len() - 1]).clone()
    }

    fn rule(&self, form: &Form, out: &mut Vec<u8>) {
        let stroke = if self.is_ascii { "-" } else { "─" };
        match form {
            Form::Columns(widths, _) => {
                let rule: Vec<String> = widths.iter().map(|width| stroke.repeat(*width)).collect();
                self.line(form, &rule, out);
            }
            Form::Records(width) => {
                out.extend_from_slice(stroke.repeat(*width).as_bytes());
                out.extend_from_slice(b"\n\n");
            }
        }
    }

    fn line(&self, form: &Form, cells: &[String], out: &mut Vec<u8>) {
        let Form::Columns(widths, _) = form else {
            return;
        };
        let mut line = String::new();
        for (place, cell) in cells.iter().enumerate() {
            let (width, column) = (widths[place], &self.columns[place]);
            let is_figure = column.is_metric && cell.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            let cell = match self.terminal_width {
                Some(_) if !is_figure => self.cut(cell, width),
                _ => cell.clone(),
            };
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            if place > 0 {
                line.push_str(GAP);
            }
            if column.is_metric { line.extend([padding, cell]) } else { line.extend([cell, padding]) }
        }
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }

    fn cut(&self, text: &str, width: usize) -> String {
        cut(text, width, if self.is_ascii { "..." } else { "…" })
    }
}

/// Narrows the widest column that can be narrowed until the line fits; `None` if it never does.
fn cut_to(room: usize, mut widths: Vec<usize>, least: &[usize]) -> Option<Vec<usize>> {
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    while excess > 0 {
        let above_least = widths.iter_mut().zip(least).filter(|(width, least)| **width > **least);
        let (widest, _) = above_least.max_by_key(|(width, _)| **width)?;
        *widest -= 1;
        excess -= 1;
    }
    Some(widths)
}

/// The text in at most `width` columns; what is cut shows as an ellipsis.
pub fn cut(text: &str, width: usize, ellipsis: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let ellipsis = if ellipsis.width() > width { "" } else { ellipsis };
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        // The width of the whole: some characters change the width of those before them.
        if kept.width() + ellipsis.width() > width {
            kept.pop();
            break;
        }
    }
    // A joiner would join the ellipsis.
    kept.trim_end_matches('\u{200d}').to_owned() + ellipsis
}

#[cfg(test)]
mod tests {
    use super::super::{Column, Measure, two_columns, written};
    use super::*;

    #[test]
    fn columns_are_aligned_by_display_width() {
        let rows: &[&[&str]] = &[&["東京", "1234567"], &["a", "5"], &["\u{1b}[31m", "x"]];
        assert_eq!(
            written(&FORMAT, two_columns(), rows),
            "d                 m\n────────  ─────────\n東京      1,234,567\na                 5\n\\x1b[31m          x\n"
        );
        assert_eq!(written(&FORMAT, two_columns(), &[]), "");
    }

    #[test]
    fn totals_are_below_a_line() {
        let mut out = Vec::new();
        let mut writer = (FORMAT.begin)(two_columns(), &mut out);
        writer.row(&[b"a", b"5"], &mut out).unwrap();
        writer.aggregate(&[b"RESERVED_TOTAL", b"12345"], &mut out).unwrap();
        writer.end(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], "a                    5");
        assert_eq!(lines[3], lines[1]);
        assert_eq!(lines[4], "RESERVED_TOTAL  12,345");
    }

    #[test]
    fn text_is_cut_by_display_width() {
        for (text, width, expected) in [
            ("日本語日本語", 5, "日本…"),
            ("日本語日本語", 4, "日…"),
            ("e\u{301}e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}…"),
            ("👨\u{200d}👩\u{200d}👧 family", 4, "👨\u{200d}👩\u{200d}👧 …"),
            ("abc", 3, "abc"),
            ("abcd", 1, "…"),
            ("abcd", 0, ""),
        ] {
            assert_eq!(cut(text, width, "…"), expected, "{text}");
        }
        assert_eq!(cut("abcdefgh", 6, "..."), "abc...");
    }

    #[test]
    fn without_unicode_drawings_are_ascii() {
        let mut layout = Layout { is_ascii: true, terminal_width: Some(20), ..two_columns() };
        layout.columns[0].heading = "a long name of a column".to_owned();
        let text = written(&FORMAT, layout, &[&["a long text in a cell", "5"]]);
        assert!(text.is_ascii() && text.contains("...  "), "{text}");
    }

    /// A dimension and these metrics, in a terminal of this width.
    fn report(metrics: &[(&str, Measure)], width: usize) -> Layout {
        let mut layout = two_columns();
        let (dimension, metric) = (layout.columns[0].clone(), layout.columns[1].clone());
        let metrics = metrics.iter().map(|(name, measure)| Column {
            name: (*name).to_owned(),
            heading: (*name).to_owned(),
            measure: measure.clone(),
            ..metric.clone()
        });
        layout.columns = [dimension].into_iter().chain(metrics).collect();
        Layout { terminal_width: Some(width), ..layout }
    }

    /// A table in narrower and narrower terminals.
    #[test]
    fn a_figure_is_never_cut() {
        let money = Measure::Money("EUR".to_owned());
        let metrics = [("sessions", Measure::Number), ("totalRevenue", money), ("bounceRate", Measure::Rate)];
        let at = |width| {
            let rows: &[&[&str]] =
                &[&["a rather long page title", "2179345", "1234567.891", "0.43657"], &["b", "3", "0.5", "1"]];
            let text = written(&FORMAT, report(&metrics, width), rows);
            assert!(text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
            text
        };
        assert!(at(80).contains("a rather long page title  2,179,345  1,234,567.89 EUR      43.66%\n"), "{}", at(80));
        assert!(at(64).contains("a rather long page title  2,179,345  1,234,567.9 EUR       43.7%\n"), "{}", at(64));
        assert!(at(48).contains("a rather …  2,179,345  1,234,568 EUR         44%\n"), "{}", at(48));
        assert!(at(34).contains("a rath…   2.18M  1.23M EUR     44%\n"), "{}", at(34));
        assert!(at(18).contains("ses…  2,179,345\n"), "{}", at(18));
        assert!(at(24).starts_with("d           a rather lo…\nsessions    2,179,345\n"), "{}", at(24));
        for width in 14..=80 {
            assert!(!at(width).lines().any(|line| line.contains(|c: char| c.is_ascii_digit()) && line.ends_with('…')));
        }
    }

    #[test]
    fn a_day_is_as_whole_as_a_figure() {
        let mut layout = report(&[("sessions", Measure::Number), ("eventCount", Measure::Number)], 30);
        layout.columns[0].name = "date".to_owned();
        let text =
            written(&FORMAT, layout, &[&["20261120", "2179345", "1234567"], &["RESERVED_TOTAL", "2179345", "1234567"]]);
        assert!(text.contains("2026-11-20") && text.contains("\nRESERVED"), "{text}");
        assert!(text.lines().all(|line| line.width() <= 30), "{text}");
    }

    #[test]
    fn a_later_figure_has_the_width_of_the_first_ones() {
        let mut out = Vec::new();
        let mut writer = (FORMAT.begin)(report(&[("m", Measure::Number)], 20), &mut out);
        for _ in 0..ROWS {
            writer.row(&[b"a", b"12345"], &mut out).unwrap();
        }
        out.clear();
        writer.row(&[b"b", b"2179345"], &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "b   2.18M\n");
    }
}
