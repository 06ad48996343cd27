//! A chart in the terminal: a line over time in braille dots, a sparkline for each of several lines, or bars.
//!
//! A drawing for each metric, as wide as the terminal, in colour on a terminal that is not dumb unless NO_COLOR is set,
//! and in ASCII where the terminal has nothing else. Colour says nothing that the drawing does not say without it.

use ga_client::rows::cut;
use gauth_cli::Failure;
use gauth_cli::terminal::{ellipsis, painted};
use gauth_text::counted;
use unicode_width::UnicodeWidthStr;

use super::days::Days;
use super::figure::{Figure, Panel, Series};
use super::heading::Heading;
use super::{Content, Format, Layout, RowWriter, Start};
use crate::arguments::Arguments;
use crate::query::Query;

pub(super) const FORMAT: Format =
    Format { is_drawing: true, shows_property_name: true, check, ..Format::new("chart", Content::Report(begin)) };

/// The width without a terminal.
const WIDTH: usize = 80;
/// The height of a line chart in lines of text, between the outer marks of its scale and about.
const HEIGHT: usize = 10;

/// The shortest room for bars beside their labels, in columns.
const LEAST_BAR: usize = 10;

/// The characters that drawings are made of.
struct Glyphs {
    /// A bar's last column, from empty to full.
    bar: &'static [&'static str],
    /// A bar of the other period.
    other_bar: &'static str,
    levels: [char; 8],
    axis: &'static str,
    mark: &'static str,
    /// The characters for any dots of both periods; `None` if each pattern has its own.
    dots: Option<[char; 2]>,
    /// The line of each period in the legend.
    lines: [&'static str; 2],
    ellipsis: &'static str,
    /// Between the parts of a line of text.
    separator: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    bar: &["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    other_bar: "░",
    levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    axis: "│",
    mark: "┤",
    dots: None,
    lines: ["⠤⠤", "⠄⠄"],
    ellipsis: ellipsis(false),
    separator: " · ",
};
const ASCII: Glyphs = Glyphs {
    bar: &["", "#"],
    other_bar: "-",
    levels: ['_', '.', ':', '-', '=', '+', '*', '#'],
    axis: "|",
    mark: "+",
    dots: Some(['*', '.']),
    lines: ["**", ".."],
    ellipsis: ellipsis(true),
    separator: ", ",
};

/// How the two periods are painted: the report's own in colour, the other one faint.
const PAINTS: [&str; 2] = ["36", "2"];

fn check(_: &Arguments, query: &Query) -> Result<(), Failure> {
    match query.users {
        Some(_) => Err(Failure::usage("-f chart: an audience export has no metrics to draw")),
        None => Ok(()),
    }
}

fn begin(layout: Layout, start: &Start<'_>, _: &mut Vec<u8>) -> Result<Box<dyn RowWriter>, Failure> {
    let days = Days::of(start);
    Ok(Box::new(Chart {
        heading: Heading::of(&layout, start, &days),
        figure: Figure::new(&layout, days),
        glyphs: if layout.is_ascii { ASCII } else { UNICODE },
        width: layout.terminal_width.unwrap_or(WIDTH).max(20),
        has_color: layout.has_color,
    }))
}

struct Chart {
    figure: Figure,
    heading: Heading,
    glyphs: Glyphs,
    width: usize,
    has_color: bool,
}

impl RowWriter for Chart {
    fn row(&mut self, cells: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        self.figure.add(cells);
        Ok(())
    }

    /// Totals are left out: they would dwarf the other bars.
    fn aggregate(&mut self, _: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.figure.finish();
        let mut text = self.head();
        if self.figure.panels.is_empty() {
            text += "\nno rows\n";
        } else {
            for (place, metric) in self.figure.metrics.iter().enumerate() {
                text.push('\n');
                if self.figure.metrics.len() > 1 {
                    text += &self.lines("1", &metric.heading());
                }
                text += &self.drawing(place);
            }
        }
        if self.figure.left_out() > 0 {
            let left_out = counted(self.figure.left_out());
            text += &self.lines("2", &format!("{} and {left_out} more rows", self.glyphs.ellipsis));
        }
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl Chart {
    fn painted(&self, code: &str, text: &str) -> String {
        painted(self.has_color, code, text)
    }

    /// Text in as many lines as it takes, broken between words.
    fn lines(&self, code: &str, text: &str) -> String {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            match lines.last_mut() {
                Some(line) if line.width() + 1 + word.width() <= self.width => *line += &format!(" {word}"),
                _ => lines.push(cut(word, self.width, self.glyphs.ellipsis)),
            }
        }
        lines.iter().map(|line| self.painted(code, line) + "\n").collect()
    }

    /// What is reported, and of two periods which is drawn how.
    fn head(&self) -> String {
        let mut text = self.lines("1", &self.heading.title);
        text += &self.heading.property.as_ref().map_or_else(String::new, |name| self.lines("2", name));
        if !self.heading.period.is_empty() {
            text += &self.lines("2", &self.heading.period.join(self.glyphs.separator));
        }
        if self.figure.is_compared() {
            let bars = [self.glyphs.bar[self.glyphs.bar.len() - 1], self.glyphs.other_bar].map(|bar| bar.repeat(2));
            let lines = self.glyphs.lines.map(str::to_owned);
            let keys = if self.figure.is_over_time() { lines } else { bars };
            for ((key, paint), period) in keys.iter().zip(PAINTS).zip([self.figure.own(), self.figure.other()]) {
                let period = cut(&period, self.width - 3, self.glyphs.ellipsis);
                text += &format!("{} {period}\n", self.painted(paint, key));
            }
        }
        text
    }

    fn drawing(&self, metric: usize) -> String {
        match &self.figure.panels[..] {
            [panel] if self.figure.is_over_time() && panel.series.len() == 1 => self.line(metric, &panel.series[0]),
            _ if self.figure.is_over_time() => self.sparklines(metric),
            panels => {
                let mut text = String::new();
                for panel in panels {
                    if !panel.title.is_empty() {
                        text += &self.lines("4", &panel.title);
                    }
                    text += &self.bars(metric, panel);
                }
                text
            }
        }
    }

    /// The labels, cut to a third of the width, and their width.
    fn labels<'s>(&self, series: impl Iterator<Item = &'s Series>) -> (Vec<String>, usize) {
        let labels: Vec<String> = series.map(|s| cut(&s.label, self.width / 3, self.glyphs.ellipsis)).collect();
        let widest = widest(&labels);
        (labels, widest)
    }

    /// A bar for each series and period; below its label, where there is no room beside it.
    fn bars(&self, metric: usize, panel: &Panel) -> String {
        let of = &self.figure.metrics[metric];
        let values = |series: &Series| series.points[0].values[metric];
        let change =
            |series: &Series| of.change(values(series)).map_or_else(String::new, |change| format!("  {change}"));
        let periods = if self.figure.is_compared() { 0..2 } else { 0..1 };
        let all =
            self.figure.series().flat_map(|series| periods.clone().map(|period| of.shown(values(series)[period])));
        let value_width = 2 + widest(&all.collect::<Vec<_>>());
        let (_, label_width) = self.labels(self.figure.series());
        let change_width = widest(&self.figure.series().map(change).collect::<Vec<_>>());
        let is_beside = label_width + value_width + change_width + 1 + LEAST_BAR <= self.width;
        let before = if is_beside { label_width + change_width } else { 0 };
        let room = self.width.saturating_sub(before + value_width + 1).max(1);
        let (low, high) = self.figure.range(metric, panel);
        let mut text = String::new();
        for series in &panel.series {
            let change = change(series);
            let label = cut(&series.label, self.width.saturating_sub(change.width()), self.glyphs.ellipsis);
            if !is_beside {
                text += &format!("{label}{change}\n");
            }
            for period in periods.clone() {
                let value = values(series)[period];
                let share = if value.is_nan() { 0.0 } else { value.abs() / high.max(-low).max(f64::MIN_POSITIVE) };
                let bar = self.painted(PAINTS[period], &self.bar(period, share * room as f64));
                let value = right(&of.shown(value), value_width);
                let (label, change) = if period == 0 { (&*label, &*change) } else { ("", "") };
                let line = match is_beside {
                    true => {
                        let label = padded(&cut(label, label_width, self.glyphs.ellipsis), label_width);
                        format!("{label}{value}{} {bar}", right(change, change_width))
                    }
                    false => format!("{value} {bar}"),
                };
                text += line.trim_end();
                text.push('\n');
            }
        }
        text
    }

    /// A bar of this length in columns.
    fn bar(&self, period: usize, length: f64) -> String {
        if period > 0 {
            return self.glyphs.other_bar.repeat(length.round() as usize);
        }
        let whole = self.glyphs.bar.len() - 1;
        let parts = (length * whole as f64).round() as usize;
        self.glyphs.bar[whole].repeat(parts / whole) + self.glyphs.bar[parts % whole]
    }

    /// A small line for each series and period, with the latest value.
    fn sparklines(&self, metric: usize) -> String {
        let of = &self.figure.metrics[metric];
        let (labels, label_width) = self.labels(self.figure.series());
        let periods = if self.figure.is_compared() { 0..2 } else { 0..1 };
        let last = |series: &Series, period: usize| series.points.last().map_or(f64::NAN, |p| p.values[metric][period]);
        let all =
            self.figure.series().flat_map(|series| periods.clone().map(move |period| of.shown(last(series, period))));
        let value_width = widest(&all.collect::<Vec<_>>()).max("latest".len());
        let room = self.width.saturating_sub(label_width + value_width + 4).max(1);
        // As many columns for each step, if there is room for all.
        let steps = self.figure.steps.max(1);
        let width = if steps > room { room } else { room / steps * steps };
        let mut text = self
            .painted("2", &format!("{}{}", " ".repeat(label_width + width + 4), right("latest", value_width)))
            + "\n";
        let panels = self.figure.panels.iter().flat_map(|panel| panel.series.iter().map(move |series| (panel, series)));
        for ((panel, series), label) in panels.zip(&labels) {
            let range = self.figure.range(metric, panel);
            for period in periods.clone() {
                let label = if period == 0 { label } else { "" };
                let values = series.unbroken(metric, period).concat();
                let line = self.painted(PAINTS[period], &self.sparkline(&values, range, width));
                let value = right(&of.shown(last(series, period)), value_width);
                text += &format!("{}  {line}  {value}\n", padded(label, label_width));
            }
        }
        text + &self.moments_below(label_width + 2, width)
    }

    /// Of several moments in one column the highest is shown.
    fn sparkline(&self, values: &[(i64, f64)], (low, high): (f64, f64), width: usize) -> String {
        let steps = self.figure.steps;
        let mut by_step = vec![f64::NAN; steps];
        for (step, value) in values {
            by_step[*step as usize] = *value;
        }
        let levels = (0..width).map(|column| {
            let first = column * steps / width;
            let end = ((column + 1) * steps / width).max(first + 1);
            by_step[first..end].iter().copied().fold(f64::NAN, f64::max)
        });
        let glyph = |level: f64| match level {
            level if level.is_nan() => ' ',
            level if high > low => self.glyphs.levels[((level - low) / (high - low) * 7.0).round() as usize],
            _ => self.glyphs.levels[0],
        };
        levels.map(glyph).collect()
    }

    /// The axis of time, below a drawing of that width.
    fn moments_below(&self, indent: usize, width: usize) -> String {
        let mut line = String::new();
        for tick in self.figure.ticks(width) {
            line += &" ".repeat(tick.column.saturating_sub(line.width()));
            line += &tick.text;
        }
        format!("{}{}\n", " ".repeat(indent), self.painted("2", &line))
    }

    /// One line with axes; that of the other period lies behind it. A braille character is two dots wide and four high
    /// (Unicode, block 2800).
    fn line(&self, metric: usize, series: &Series) -> String {
        let scale = self.figure.scale(metric, &self.figure.panels[0]);
        let digits = scale.marks.iter().map(|(_, mark)| mark.width()).max().unwrap_or(0);
        let width = self.width.saturating_sub(digits + 2).max(1);
        // Marks are at equal distances.
        let parts = scale.marks.len() - 1;
        let distance = HEIGHT / parts;
        let height = parts * distance + 1;
        let (right_end, floor) = ((width * 2 - 1) as f64, (height * 4 - 1) as f64);
        let place = |(step, value): &(i64, f64)| {
            let across = *step as f64 / (self.figure.steps - 1).max(1) as f64 * right_end;
            (across.round() as i64, ((1.0 - scale.share(*value)) * floor).round() as i64)
        };
        let canvases = [0, 1].map(|period| {
            let mut canvas = vec![vec![0u8; width]; height];
            for points in series.unbroken(metric, period) {
                let points: Vec<(i64, i64)> = points.iter().map(place).collect();
                stroke(&mut canvas, points[0], points[0], 1);
                for ends in points.windows(2) {
                    stroke(&mut canvas, ends[0], ends[1], 1 + 2 * period);
                }
            }
            canvas
        });
        let mut text = String::new();
        for row in 0..height {
            let mark = scale.marks.get(row / distance).filter(|_| row % distance == 0).map_or("", |(_, mark)| mark);
            let axis = if mark.is_empty() { self.glyphs.axis } else { self.glyphs.mark };
            let cells: Vec<(usize, char)> = (0..width).map(|column| self.dots(&canvases, row, column)).collect();
            text += &self.painted("2", &format!("{} {axis}", right(mark, digits)));
            let end = cells.iter().rposition(|(_, dots)| *dots != ' ').map_or(0, |last| last + 1);
            for run in cells[..end].chunk_by(|(a, _), (b, _)| a == b) {
                text += &self.painted(PAINTS[run[0].0], &run.iter().map(|(_, dots)| dots).collect::<String>());
            }
            text.push('\n');
        }
        text + &self.moments_below(digits + 2, width)
    }

    /// The period that a cell shows, and its dots.
    fn dots(&self, canvases: &[Vec<Vec<u8>>; 2], row: usize, column: usize) -> (usize, char) {
        let dots = |period: usize| canvases[period][row][column];
        match [dots(0), dots(1)] {
            [0, 0] => (0, ' '),
            [own, other] => {
                let period = usize::from(own == 0);
                let braille = char::from_u32(0x2800 + u32::from(if own > 0 { own } else { other })).unwrap_or(' ');
                (period, self.glyphs.dots.map_or(braille, |dots| dots[period]))
            }
        }
    }
}

fn widest(texts: &[String]) -> usize {
    texts.iter().map(|text| text.width()).max().unwrap_or(0)
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

/// Sets the dots of a straight line, one for each so many steps along its longer side.
fn stroke(canvas: &mut [Vec<u8>], from: (i64, i64), to: (i64, i64), every: usize) {
    const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
    let (across, down) = (to.0 - from.0, to.1 - from.1);
    let steps = across.abs().max(down.abs()).max(1);
    for step in (0..=steps).step_by(every) {
        let share = step as f64 / steps as f64;
        let x = from.0 + (across as f64 * share).round() as i64;
        let y = from.1 + (down as f64 * share).round() as i64;
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            continue;
        };
        if let Some(cell) = canvas.get_mut(y / 4).and_then(|line| line.get_mut(x / 2)) {
            *cell |= DOTS[y % 4][x % 2];
        }
    }
}
