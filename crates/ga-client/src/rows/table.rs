//! A table for people: aligned columns, figures to the right and never cut, no character that would disturb a terminal.
//!
//! The first rows determine the widths. On a terminal lines must fit: headings are broken into words first, then decimals are
//! rounded, text is cut, and large numbers are shortened with a unit; if that is not enough, each row becomes a record with
//! a field on each line.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::people::{Detail, is_moment, worded};
use super::{Format, Layout, RowWriter};
use gauth_cli::exit::Failure;
use gauth_cli::terminal::{ellipsis, sanitise};
use gauth_text::counted;

pub(super) const FORMAT: Format = Format { is_drawing: true, ..Format::new("table", begin) };

/// The number of rows that determine the column widths.
const ROWS: usize = 1000;
const GAP: &str = "  ";
/// No column of text is cut below this while there is another way, and none below the second.
const NARROW: usize = 9;
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
    /// How many rows did not fit into the terminal's height.
    unshown: usize,
}

/// How the rows are laid out.
enum Form {
    /// Side by side.
    Columns(Vec<Fit>),
    /// A field on each line, in a terminal of this width.
    Records(usize),
}

/// The width of a column, and the most detail in which its cells fit.
struct Fit {
    width: usize,
    detail: Detail,
}

fn begin(layout: Layout, _: &mut Vec<u8>) -> Box<dyn RowWriter> {
    Box::new(Table { layout, form: None, first: Vec::new(), last: Vec::new(), unshown: 0 })
}

impl RowWriter for Table {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some(form) = &self.form {
            self.layout.row(form, cells, out);
            return Ok(());
        }
        if self.layout.height.is_some_and(|height| self.first.len() == height) {
            self.unshown += 1;
            return Ok(());
        }
        self.first.push(owned(cells));
        if self.first.len() == ROWS && self.layout.height.is_none() {
            self.start(out);
        }
        Ok(())
    }

    fn aggregate(&mut self, cells: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        self.last.push(owned(&worded(cells)));
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.form.is_none() && !(self.first.is_empty() && self.last.is_empty()) {
            self.start(out);
        }
        let Some(form) = &self.form else {
            return Ok(());
        };
        if self.unshown > 0 {
            let ellipsis = self.layout.ellipsis();
            out.extend(format!("{ellipsis} and {} more rows\n", counted(self.unshown)).bytes());
        }
        if !self.last.is_empty() {
            self.layout.rule(form, out);
        }
        for row in &self.last {
            let mut lines = Vec::new();
            self.layout.row(form, row, &mut lines);
            self.layout.emphasise(&lines, out);
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
        let begin = out.len();
        if let Form::Columns(fits) = &form
            && self.layout.header
        {
            let mut lines = Vec::new();
            self.layout.headings(fits, &mut lines);
            self.layout.emphasise(&lines, out);
            self.layout.rule(&form, out);
        }
        if let Some(height) = self.layout.height {
            let head = out[begin..].iter().filter(|byte| **byte == b'\n').count();
            self.leave_out(&form, height.saturating_sub(head));
        }
        for row in std::mem::take(&mut self.first) {
            self.layout.row(&form, &row, out);
        }
        self.form = Some(form);
    }

    /// Counts the rows that do not fit into this number of lines together with the totals.
    fn leave_out(&mut self, form: &Form, height: usize) {
        let (of_row, of_rule) = match form {
            Form::Columns(_) => (1, 1),
            Form::Records(_) => (self.layout.columns.len() + 1, 2),
        };
        let of_totals = if self.last.is_empty() { 0 } else { of_rule + of_row * self.last.len() };
        let room = height.saturating_sub(of_totals);
        if self.unshown == 0 && self.first.len() * of_row <= room {
            return;
        }
        let shown = self.first.len().min(room.saturating_sub(1) / of_row);
        self.unshown += self.first.len() - shown;
        self.first.truncate(shown);
    }
}

impl Layout {
    /// The first form, from the most to the least detailed, in which these rows fit.
    fn form(&self, rows: &[&Row]) -> Form {
        let places = || 0..self.columns.len();
        let widest = |place: usize, detail| {
            rows.iter().map(|row| self.columns[place].shown(&row[place], detail).width()).max().unwrap_or(0)
        };
        let cells = Detail::LEVELS.map(|detail| places().map(|place| widest(place, detail)).collect::<Vec<_>>());
        // The narrowest that the headings are in this number of lines.
        let headings = |lines: usize| -> Vec<usize> {
            let headings = self.columns.iter().map(|column| sanitise(&column.heading));
            headings.map(|heading| if self.header { narrowest(&heading, lines) } else { 0 }).collect()
        };
        let fitted = |widths: Vec<usize>| {
            let detail = |place: usize, width| {
                let level = cells.iter().position(|cells| cells[place] <= width);
                Detail::LEVELS[level.unwrap_or(Detail::LEVELS.len() - 1)]
            };
            let fits = widths.iter().enumerate().map(|(place, &width)| Fit { width, detail: detail(place, width) });
            Form::Columns(fits.collect())
        };
        let [full, some, rounded, short] = &cells;
        let Some(width) = self.terminal_width else {
            return fitted(wider(full, &headings(1)));
        };
        let room = width.saturating_sub(GAP.len() * self.columns.len().saturating_sub(1));
        let [one, two, three, words] = [1, 2, 3, usize::MAX].map(headings);
        let whole = [(full, &one), (full, &two), (full, &three), (full, &words), (some, &words), (rounded, &words)];
        for (cells, headings) in whole {
            let widths = wider(cells, headings);
            if widths.iter().sum::<usize>() <= room {
                return fitted(widths);
            }
        }
        // Rather a heading is cut than a text to a few letters.
        let cut =
            [(rounded, true, NARROW), (rounded, false, NARROW), (rounded, false, NARROWEST), (short, false, NARROWEST)];
        for (cells, has_words, narrowest) in cut {
            let widths = wider(cells, &words);
            let least = places().map(|place| match self.is_whole(place) {
                true if has_words => widths[place],
                true => cells[place],
                false => narrowest,
            });
            let least: Vec<usize> = least.collect();
            if let Some(widths) = cut_to(room, widths, &least) {
                return fitted(widths);
            }
        }
        Form::Records(width)
    }

    /// The headings, each broken into lines that are as wide as its column.
    fn headings(&self, fits: &[Fit], out: &mut Vec<u8>) {
        let headings = self.columns.iter().zip(fits);
        let headings = headings.map(|(column, fit)| match self.terminal_width {
            Some(_) => broken(&sanitise(&column.heading), fit.width),
            None => vec![sanitise(&column.heading)],
        });
        let headings: Vec<Vec<String>> = headings.collect();
        let height = headings.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let cells = headings.iter().map(|lines| {
                let place = (line + lines.len()).checked_sub(height);
                place.map_or_else(String::new, |place| lines[place].clone())
            });
            self.line(fits, &cells.collect::<Vec<_>>(), out);
        }
    }

    /// Writes the lines, in bold where there are colors.
    fn emphasise(&self, lines: &[u8], out: &mut Vec<u8>) {
        if !self.has_color {
            out.extend_from_slice(lines);
            return;
        }
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            if !text.is_empty() {
                out.extend([&b"\x1b[1m"[..], text, b"\x1b[0m"].concat());
            }
            out.extend_from_slice(&line[text.len()..]);
        }
    }

    fn row(&self, form: &Form, cells: &[impl AsRef<[u8]>], out: &mut Vec<u8>) {
        let shown = |place: usize, detail| self.columns[place].shown(cells[place].as_ref(), detail);
        match form {
            Form::Columns(fits) => {
                // A later figure that is wider than the first ones is shown in less detail.
                let cell = |place: usize| {
                    let Fit { width, detail } = fits[place];
                    let whole = shown(place, detail);
                    let is_too_long = self.is_whole(place) && whole.width() > width;
                    if is_too_long && self.terminal_width.is_some() { self.fitting(place, cells, width) } else { whole }
                };
                self.line(fits, &(0..cells.len()).map(cell).collect::<Vec<_>>(), out);
            }
            Form::Records(width) => {
                let headings = self.columns.iter().map(|column| sanitise(&column.heading));
                let whole = (0..cells.len()).filter(|place| self.is_whole(*place));
                let figure = whole.map(|place| self.fitting(place, cells, 0).width() + GAP.len()).max();
                let room = width.saturating_sub(figure.unwrap_or(0).max(FIGURE)).max(1);
                // The ends of the names tell the columns of a comparison apart.
                let headings: Vec<String> =
                    headings.map(|text| shortened(&text, room, self.ellipsis(), true)).collect();
                let widest = headings.iter().map(|text| text.width()).max().unwrap_or(0);
                let room = width.saturating_sub(widest + GAP.len());
                for (place, heading) in headings.iter().enumerate() {
                    let text = if self.is_whole(place) {
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

    /// Whether the cells of a column are figures or dates, of which nothing is cut.
    fn is_whole(&self, place: usize) -> bool {
        self.columns[place].is_metric || is_moment(&self.columns[place].name)
    }

    /// A figure or date in as much detail as fits, and at least in the least.
    fn fitting(&self, place: usize, cells: &[impl AsRef<[u8]>], room: usize) -> String {
        let levels = Detail::LEVELS.map(|detail| self.columns[place].shown(cells[place].as_ref(), detail));
        levels.iter().find(|text| text.width() <= room).unwrap_or(&levels[levels.len() - 1]).clone()
    }

    fn rule(&self, form: &Form, out: &mut Vec<u8>) {
        let stroke = if self.is_ascii { "-" } else { "─" };
        match form {
            Form::Columns(fits) => {
                let rule: Vec<String> = fits.iter().map(|fit| stroke.repeat(fit.width)).collect();
                self.line(fits, &rule, out);
            }
            Form::Records(width) => {
                out.extend_from_slice(stroke.repeat(*width).as_bytes());
                out.extend_from_slice(b"\n\n");
            }
        }
    }

    fn line(&self, fits: &[Fit], cells: &[String], out: &mut Vec<u8>) {
        let mut line = String::new();
        for (place, cell) in cells.iter().enumerate() {
            let (width, column) = (fits[place].width, &self.columns[place]);
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
        cut(text, width, self.ellipsis())
    }

    fn ellipsis(&self) -> &'static str {
        ellipsis(self.is_ascii)
    }
}

/// The larger width of each column.
fn wider(some: &[usize], others: &[usize]) -> Vec<usize> {
    some.iter().zip(others).map(|(one, other)| *one.max(other)).collect()
}

/// The words of a heading, such as `total`, `Users`; blanks belong to the word before them.
fn words(heading: &str) -> impl Iterator<Item = &str> {
    let mut rest = heading;
    std::iter::from_fn(move || {
        let mut letters = rest.char_indices().zip(rest.chars().skip(1));
        let is_end = |before: char, after: char| match before {
            ' ' => after != ' ',
            ':' | '_' | '/' => true,
            _ => after.is_uppercase() && before.is_lowercase(),
        };
        let end =
            letters.find_map(|((place, before), after)| is_end(before, after).then_some(place + before.len_utf8()));
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

/// Without what joins it to the next word.
fn trimmed(word: &str) -> &str {
    word.trim_end_matches([' ', '_'])
}

/// The least width that breaks the heading into at most this number of lines, and no word.
fn narrowest(heading: &str, lines: usize) -> usize {
    let widest_word = words(heading).map(|word| trimmed(word).width()).max().unwrap_or(0);
    let whole = heading.width();
    (widest_word..whole).find(|width| broken(heading, *width).len() <= lines).unwrap_or(whole)
}

/// The heading in lines of whole words; a longer word has a line of its own.
fn broken(heading: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(heading) {
        let line = lines.last_mut().filter(|line| line.is_empty() || line.width() + trimmed(word).width() <= width);
        match line {
            Some(line) => line.push_str(word),
            None => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| trimmed(&line).to_owned()).collect()
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

/// The text in at most `width` columns; what is cut shows as an ellipsis. Of an address (a path or URL) the middle is cut: its
/// end tells pages apart.
pub fn cut(text: &str, width: usize, ellipsis: &str) -> String {
    let is_address = text.starts_with('/') || text.contains("://") || (text.contains('/') && !text.contains(' '));
    shortened(text, width, ellipsis, is_address)
}

fn shortened(text: &str, width: usize, ellipsis: &str, keeps_end: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let ellipsis = if ellipsis.width() > width { "" } else { ellipsis };
    let room = width - ellipsis.width();
    let end = if keeps_end { end_within(text, room - room / 3) } else { "" };
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        // The width of the whole: some characters change the width of those before them.
        if kept.width() > room - end.width() {
            kept.pop();
            break;
        }
    }
    // A joiner would join the ellipsis.
    kept.trim_end_matches('\u{200d}').to_owned() + ellipsis + end
}

/// The last characters in at most `width` columns.
fn end_within(text: &str, width: usize) -> &str {
    // A mark belongs to the character before it.
    let starts = text.char_indices().filter(|(_, character)| character.width() != Some(0));
    let starts = starts.map(|(start, _)| &text[start..]).rev();
    starts.take_while(|end| end.width() <= width).last().unwrap_or_default()
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
        assert_eq!(lines[2], "a           5");
        assert_eq!(lines[3], lines[1]);
        assert_eq!(lines[4], "Total  12,345");
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
        for (text, width, expected) in [
            ("/blog/2026/11/a-long-title", 13, "/blo…ng-title"),
            ("https://www.example.com/shop/shoes", 10, "htt…/shoes"),
            ("/東京/京都/大阪", 9, "/東…/大阪"),
            ("/a/e\u{301}e\u{301}e\u{301}e\u{301}", 4, "/…e\u{301}e\u{301}"),
            ("/products", 1, "…"),
            ("google / cpc campaigns", 10, "google / …"),
        ] {
            assert_eq!(cut(text, width, "…"), expected, "{text}");
        }
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

    #[test]
    fn names_in_records_differ_and_leave_room_for_an_hour() {
        let names = ["userEngagementDuration", "userEngagementDuration_previous", "userEngagementDuration_change"];
        let mut layout = report(&names.map(|name| (name, Measure::Number)), 34);
        layout.columns[0].name = "dateHour".to_owned();
        let text = written(&FORMAT, layout, &[&["2026112009", "2179345", "1234567", "0.5"]]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("  2026-11-20 09:00"), "{text}");
        assert!(lines[2].contains("_previous  1,234,567") && lines[3].contains("_change  "), "{text}");
        assert!(lines.iter().all(|line| line.width() <= 34), "{text}");
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
        let has = |width, row: &str| assert!(at(width).contains(row), "{width}:\n{}", at(width));
        has(80, "a rather long page title  2,179,345  1,234,567.89 EUR       43.7%\n");
        has(64, "bounce\nd                          sessions      totalRevenue    Rate\n");
        has(64, "a rather long page title  2,179,345  1,234,567.89 EUR   43.7%\n");
        has(58, "a rather long page title  2,179,345  1,234,568 EUR   43.7%\n");
        has(48, "a rather long…  2,179,345  1,234,568 EUR   43.7%\n");
        has(34, "a rath…   2.18M  1.23M EUR   43.7%\n");
        has(24, "d           a rather lo…\nsessions    2,179,345\n");
        for width in 14..=80 {
            assert!(!at(width).lines().any(|line| line.contains(|c: char| c.is_ascii_digit()) && line.ends_with('…')));
        }
    }

    #[test]
    fn a_day_is_as_whole_as_a_figure() {
        let mut layout = report(&[("sessions", Measure::Number), ("eventCount", Measure::Number)], 30);
        layout.columns[0].name = "date".to_owned();
        let text = written(&FORMAT, layout, &[&["20261120", "2179345", "1234567"], &["(other)", "2179345", "1234567"]]);
        assert!(text.contains("2026-11-20  ") && text.contains("\n(other)  "), "{text}");
        assert!(text.lines().all(|line| line.width() <= 30), "{text}");
    }

    #[test]
    fn what_is_higher_than_the_terminal_is_counted() {
        let lines = |rows: usize, height: usize, has_totals: bool| {
            let mut out = Vec::new();
            let mut writer = begin(Layout { height: Some(height), ..two_columns() }, &mut out);
            for row in 0..rows {
                writer.row(&[b"a", row.to_string().as_bytes()], &mut out).unwrap();
            }
            if has_totals {
                writer.aggregate(&[b"RESERVED_TOTAL", b"5"], &mut out).unwrap();
            }
            writer.end(&mut out).unwrap();
            String::from_utf8(out).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(lines(4, 6, false).len(), 6);
        assert_eq!(lines(5, 6, false)[4..], ["a  2", "… and 2 more rows"]);
        assert_eq!(lines(1_234_567, 6, false)[5], "… and 1,234,564 more rows");
        assert_eq!(lines(2, 6, true).len(), 6);
        assert_eq!(lines(9, 6, true)[2..], ["a      0", "… and 8 more rows", "─────  ─", "Total  5"]);
        // A record has a line for each column, and an empty one.
        let mut out = Vec::new();
        let layout = Layout { height: Some(8), terminal_width: Some(5), ..two_columns() };
        let mut writer = begin(layout, &mut out);
        for _ in 0..9 {
            writer.row(&[b"a", b"123"], &mut out).unwrap();
        }
        writer.end(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), 3 + 3 + 1);
    }

    #[test]
    fn headings_are_broken_into_words() {
        for (heading, width, lines) in [
            ("averageSessionDuration", 8, &["average", "Session", "Duration"][..]),
            ("averageSessionDuration", 14, &["averageSession", "Duration"]),
            ("Average session duration", 9, &["Average", "session", "duration"]),
            ("customEvent:plan_kind", 12, &["customEvent:", "plan_kind"]),
            ("sessions_previous", 8, &["sessions", "previous"]),
            ("sessions", 4, &["sessions"]),
            ("dauPerMau", 6, &["dauPer", "Mau"]),
            ("", 4, &[""]),
        ] {
            assert_eq!(broken(heading, width), lines, "{heading}");
        }
        assert_eq!([1, 2, 3, 9].map(|lines| narrowest("averageSessionDuration", lines)), [22, 14, 8, 8]);
    }

    #[test]
    fn headings_and_totals_are_bold_where_there_are_colors() {
        let mut out = Vec::new();
        let mut writer = begin(Layout { has_color: true, ..two_columns() }, &mut out);
        writer.row(&[b"a", b"5"], &mut out).unwrap();
        writer.aggregate(&[b"RESERVED_TOTAL", b"5"], &mut out).unwrap();
        writer.end(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, ["\x1b[1md      m\x1b[0m", "─────  ─", "a      5", "─────  ─", "\x1b[1mTotal  5\x1b[0m"]);
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
