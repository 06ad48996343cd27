//! A chart in the terminal: a line over time in braille dots, a sparkline for each of several lines, or bars.
//!
//! A drawing for each metric, as wide as the terminal, in colour on a terminal that is not dumb unless NO_COLOR is set,
//! and in ASCII where the terminal has nothing else.

use ga_client::rows::{cut, grouped};
use gauth_cli::Failure;
use gauth_cli::environment;
use gauth_cli::terminal;
use unicode_width::UnicodeWidthStr;

use super::days::Days;
use super::figure::{self, Figure, Point};
use super::{Content, Format, Layout, RowWriter, Start};

pub(super) const FORMAT: Format = Format { is_drawing: true, ..Format::new("chart", Content::Report(begin)) };

/// The width without a terminal.
const WIDTH: usize = 80;
/// The height of a line chart, in lines of text.
const HEIGHT: usize = 10;

/// The characters that drawings are made of.
struct Glyphs {
    /// A bar's last column, from empty to full.
    bar: &'static [&'static str],
    levels: [char; 8],
    axis: &'static str,
    mark: &'static str,
    /// The character for any dots; `None` if each pattern has its own.
    dot: Option<char>,
    ellipsis: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    bar: &["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    axis: "│",
    mark: "┤",
    dot: None,
    ellipsis: "…",
};
const ASCII: Glyphs = Glyphs {
    bar: &["", "#"],
    levels: ['_', '.', ':', '-', '=', '+', '*', '#'],
    axis: "|",
    mark: "+",
    dot: Some('*'),
    ellipsis: "...",
};

fn begin(layout: Layout, start: &Start<'_>, _: &mut Vec<u8>) -> Result<Box<dyn RowWriter>, Failure> {
    let days = Days::of(start);
    let is_dumb = environment::variable("TERM").is_some_and(|term| term == "dumb");
    let has_color = layout.terminal_width.is_some() && !is_dumb && environment::variable("NO_COLOR").is_none();
    Ok(Box::new(Chart {
        title: figure::title(&layout),
        days: days.text(),
        figure: Figure::new(&layout, days),
        glyphs: if layout.is_ascii { ASCII } else { UNICODE },
        width: layout.terminal_width.unwrap_or(WIDTH).max(20),
        has_color,
    }))
}

struct Chart {
    figure: Figure,
    title: String,
    days: String,
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
        let mut text = format!("{}\n", self.bold(&self.cut(&self.title, self.width)));
        if !self.days.is_empty() {
            text += &format!("{}\n", self.dim(&self.cut(&self.days, self.width)));
        }
        if self.figure.series.is_empty() {
            text += "\nno rows\n";
        }
        for (place, metric) in self.figure.metrics.iter().enumerate() {
            if self.figure.series.is_empty() {
                break;
            }
            text.push('\n');
            if self.figure.metrics.len() > 1 {
                let heading = terminal::sanitise(&metric.heading);
                text += &format!("{}\n", self.bold(&self.cut(&heading, self.width)));
            }
            text += &match (self.figure.is_over_time(), &self.figure.series[..]) {
                (true, [_]) => self.line(place),
                (true, _) => self.sparklines(place),
                (false, _) => self.bars(place),
            };
        }
        if self.figure.left_out > 0 {
            let left_out = grouped(&self.figure.left_out.to_string());
            text += &format!("{}\n", self.dim(&format!("{} and {left_out} more rows", self.glyphs.ellipsis)));
        }
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl Chart {
    fn painted(&self, code: &str, text: &str) -> String {
        if self.has_color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.painted("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.painted("2", text)
    }

    fn cut(&self, text: &str, width: usize) -> String {
        cut(text, width, self.glyphs.ellipsis)
    }

    fn drawn(&self, text: &str) -> String {
        self.painted("36", text)
    }

    /// The labels, cut to a third of the width, and their width.
    fn labels(&self) -> (Vec<String>, usize) {
        let series = self.figure.series.iter();
        let labels: Vec<String> = series.map(|s| self.cut(&s.label, self.width / 3)).collect();
        let widest = labels.iter().map(|label| label.width()).max().unwrap_or(0);
        (labels, widest)
    }

    fn bars(&self, metric: usize) -> String {
        let (labels, widest) = self.labels();
        let values = self.figure.series.iter().map(|s| s.points[0].values[metric]);
        let shown: Vec<String> = values.clone().map(|value| self.figure.shown(metric, value)).collect();
        let digits = shown.iter().map(|text| text.width()).max().unwrap_or(0);
        let room = self.width.saturating_sub(widest + digits + 3).max(1);
        let top = self.figure.range(metric).1;
        let mut text = String::new();
        for ((value, label), shown) in values.zip(&labels).zip(&shown) {
            let share = if top > 0.0 { value.max(0.0) / top } else { 0.0 };
            let whole = self.glyphs.bar.len() - 1;
            let parts = (share * (room * whole) as f64).round() as usize;
            let bar = self.glyphs.bar[whole].repeat(parts / whole) + self.glyphs.bar[parts % whole];
            let before = " ".repeat(widest - label.width());
            let padding = " ".repeat(digits - shown.width());
            let bar = self.drawn(&bar);
            text += format!("{label}{before}  {padding}{shown} {bar}").trim_end();
            text.push('\n');
        }
        text
    }

    /// A small line for each series, all on the same scale.
    fn sparklines(&self, metric: usize) -> String {
        let (labels, widest) = self.labels();
        let (low, high) = self.figure.range(metric);
        let steps = self.figure.steps;
        let last = |series: &figure::Series| {
            let point = series.points.last();
            self.figure.shown(metric, point.map_or(0.0, |point| point.values[metric]))
        };
        let shown: Vec<String> = self.figure.series.iter().map(last).collect();
        let digits = shown.iter().map(|text| text.width()).max().unwrap_or(0);
        let room = self.width.saturating_sub(widest + digits + 4).max(1);
        let width = room.min(steps);
        let mut text = String::new();
        for ((series, label), shown) in self.figure.series.iter().zip(&labels).zip(&shown) {
            // Of several moments in one column the highest is shown.
            let mut levels: Vec<Option<f64>> = vec![None; width];
            for point in &series.points {
                let level = &mut levels[point.step as usize * width / steps];
                *level = Some(level.map_or(point.values[metric], |known| known.max(point.values[metric])));
            }
            let glyphs = self.glyphs.levels;
            let levels = levels.into_iter().map(|level| match level {
                Some(value) if high > low => glyphs[((value - low) / (high - low) * 7.0).round() as usize],
                Some(_) => glyphs[0],
                None => ' ',
            });
            let before = " ".repeat(widest - label.width());
            let padding = " ".repeat(digits - shown.width());
            let line = self.drawn(&levels.collect::<String>());
            text += &format!("{label}{before}  {line}  {padding}{shown}\n");
        }
        text + &self.moments_below(widest + 2, width)
    }

    /// The first and the last moment, below a drawing of that width.
    fn moments_below(&self, indent: usize, width: usize) -> String {
        let (first, last) = (self.figure.step_label(0), self.figure.step_label(self.figure.steps.saturating_sub(1)));
        let gap = width.saturating_sub(first.width() + last.width()).max(2);
        let line = if first == last { first } else { format!("{first}{}{last}", " ".repeat(gap)) };
        format!("{}{}\n", " ".repeat(indent), self.dim(&line))
    }

    /// One line with axes. A braille character is two dots wide and four high (Unicode, block 2800).
    fn line(&self, metric: usize) -> String {
        let (bottom, top) = self.figure.scale(metric);
        let marks = [top, f64::midpoint(top, bottom), bottom].map(|value| self.figure.mark(metric, value));
        let digits = marks.iter().map(|mark| mark.width()).max().unwrap_or(0);
        let width = self.width.saturating_sub(digits + 2).max(1);
        let (right, floor) = ((width * 2 - 1) as f64, (HEIGHT * 4 - 1) as f64);
        let place = |point: &Point| {
            let across = point.step as f64 / (self.figure.steps - 1).max(1) as f64 * right;
            let down = (top - point.values[metric]) / (top - bottom) * floor;
            (across.round() as i64, down.round() as i64)
        };
        let mut canvas = vec![vec![0u8; width]; HEIGHT];
        for points in self.figure.series[0].unbroken() {
            let points: Vec<(i64, i64)> = points.iter().map(place).collect();
            stroke(&mut canvas, points[0], points[0]);
            for ends in points.windows(2) {
                stroke(&mut canvas, ends[0], ends[1]);
            }
        }
        let mut text = String::new();
        for (place, dots) in canvas.iter().enumerate() {
            let mark = match place {
                0 => &*marks[0],
                _ if place == HEIGHT / 2 => &*marks[1],
                _ if place == HEIGHT - 1 => &*marks[2],
                _ => "",
            };
            let axis = if mark.is_empty() { self.glyphs.axis } else { self.glyphs.mark };
            let dots = dots.iter().map(|&dots| match dots {
                0 => ' ',
                dots => self.glyphs.dot.unwrap_or_else(|| char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ')),
            });
            let dots: String = dots.collect();
            let mark = self.dim(&format!("{mark:>digits$} {axis}"));
            text += &format!("{mark}{}\n", self.drawn(dots.trim_end()));
        }
        text + &self.moments_below(digits + 2, width)
    }
}

/// Sets the dots of a straight line, one for each step along its longer side.
fn stroke(canvas: &mut [Vec<u8>], from: (i64, i64), to: (i64, i64)) {
    const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
    let (across, down) = (to.0 - from.0, to.1 - from.1);
    let steps = across.abs().max(down.abs()).max(1);
    for step in 0..=steps {
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
