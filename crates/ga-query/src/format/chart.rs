//! A chart in the terminal: a line over time in braille dots, a sparkline for each of several lines, or bars.
//!
//! A drawing for each metric, as wide as the terminal, in colour on a terminal unless NO_COLOR is set.

use gauth_cli::environment;
use gauth_cli::rows::cut;
use gauth_cli::{Failure, terminal};
use unicode_width::UnicodeWidthStr;

use super::figure::{self, Figure};
use super::{Content, Format, NewWriter, RowWriter};
use crate::arguments::Arguments;
use crate::question::Question;

pub(super) const FORMAT: Format =
    Format { name: "chart", extensions: &[], names_property: false, several: None, content: Content::Report(prepare) };

/// Where there is no terminal.
const WIDTH: usize = 80;
/// Lines of text that a line chart is high.
const HEIGHT: usize = 10;
const EIGHTHS: [&str; 9] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

fn prepare(_: &Arguments, question: &Question) -> Result<NewWriter, Failure> {
    let no_color = environment::variable("NO_COLOR").is_some();
    let days = terminal::sanitise(&figure::days(&question.request));
    Ok(Box::new(move |layout, _| {
        Box::new(Chart {
            figure: Figure::new(&layout),
            title: figure::title(&layout),
            days: days.clone(),
            width: layout.terminal_width.unwrap_or(WIDTH).max(20),
            color: layout.terminal_width.is_some() && !no_color,
        })
    }))
}

struct Chart {
    figure: Figure,
    title: String,
    days: String,
    width: usize,
    color: bool,
}

impl RowWriter for Chart {
    fn begin(&mut self, _: &mut Vec<u8>) {}

    fn row(&mut self, cells: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        self.figure.add(cells);
        Ok(())
    }

    /// Totals would dwarf what they are the totals of.
    fn aggregate(&mut self, _: &[&[u8]], _: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.figure.finish();
        let mut text = format!("{}\n", self.bold(&cut(&self.title, self.width)));
        if !self.days.is_empty() {
            text += &format!("{}\n", self.dim(&cut(&self.days, self.width)));
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
                text += &format!("{}\n", self.bold(&cut(metric, self.width)));
            }
            text += &match (self.figure.is_over_time(), &self.figure.series[..]) {
                (true, [_]) => self.line(place),
                (true, _) => self.sparklines(place),
                (false, _) => self.bars(place),
            };
        }
        if self.figure.left_out > 0 {
            let left_out = figure::shown_value(self.figure.left_out as f64);
            text += &format!("{}\n", self.dim(&format!("… and {left_out} more rows")));
        }
        out.extend_from_slice(text.as_bytes());
    }
}

impl Chart {
    fn painted(&self, code: &str, text: &str) -> String {
        match self.color {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    fn bold(&self, text: &str) -> String {
        self.painted("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.painted("2", text)
    }

    fn drawn(&self, text: &str) -> String {
        self.painted("36", text)
    }

    /// Labels cut to a third of the width, and how wide they are then.
    fn labels(&self) -> (Vec<String>, usize) {
        let series = self.figure.series.iter();
        let labels: Vec<String> = series.map(|s| cut(&s.label, self.width / 3)).collect();
        let widest = labels.iter().map(|label| label.width()).max().unwrap_or(0);
        (labels, widest)
    }

    fn bars(&self, metric: usize) -> String {
        let (labels, widest) = self.labels();
        let values = self.figure.series.iter().map(|s| s.points[0].1[metric]);
        let shown: Vec<String> = values.clone().map(figure::shown_value).collect();
        let digits = shown.iter().map(|text| text.width()).max().unwrap_or(0);
        let room = self.width.saturating_sub(widest + digits + 3).max(1);
        let top = self.figure.range(metric).1;
        let mut text = String::new();
        for ((value, label), shown) in values.zip(&labels).zip(&shown) {
            let share = if top > 0.0 { value.max(0.0) / top } else { 0.0 };
            let eighths = (share * (room * 8) as f64).round() as usize;
            let bar = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
            let before = " ".repeat(widest - label.width());
            let padding = " ".repeat(digits - shown.width());
            let bar = self.drawn(&bar);
            text += format!("{label}{before}  {padding}{shown} {bar}").trim_end();
            text.push('\n');
        }
        text
    }

    /// A small line for each series, all of the same scale.
    fn sparklines(&self, metric: usize) -> String {
        let (labels, widest) = self.labels();
        let (low, high) = self.figure.range(metric);
        let moments = self.figure.moments();
        let last = |series: &figure::Series| {
            let point = series.points.last();
            figure::shown_value(point.map_or(0.0, |(_, values)| values[metric]))
        };
        let shown: Vec<String> = self.figure.series.iter().map(last).collect();
        let digits = shown.iter().map(|text| text.width()).max().unwrap_or(0);
        let room = self.width.saturating_sub(widest + digits + 4).max(1);
        let width = room.min(moments.len());
        let mut text = String::new();
        for ((series, label), shown) in self.figure.series.iter().zip(&labels).zip(&shown) {
            // Where several moments share a place, the highest is shown.
            let mut levels: Vec<Option<f64>> = vec![None; width];
            for (moment, values) in &series.points {
                let place = moments.binary_search(moment).unwrap_or(0) * width / moments.len();
                let level = &mut levels[place];
                *level = Some(level.map_or(values[metric], |known| known.max(values[metric])));
            }
            let levels = levels.into_iter().map(|level| match level {
                Some(value) if high > low => LEVELS[((value - low) / (high - low) * 7.0).round() as usize],
                Some(_) => LEVELS[0],
                None => ' ',
            });
            let before = " ".repeat(widest - label.width());
            let padding = " ".repeat(digits - shown.width());
            let line = self.drawn(&levels.collect::<String>());
            text += &format!("{label}{before}  {line}  {padding}{shown}\n");
        }
        text + &self.moments_below(&moments, widest + 2, width)
    }

    /// The first and the last moment under a drawing of that width.
    fn moments_below(&self, moments: &[String], indent: usize, width: usize) -> String {
        let (Some(first), Some(last)) = (moments.first(), moments.last()) else {
            return String::new();
        };
        let (first, last) = (figure::shown_moment(first), figure::shown_moment(last));
        let gap = width.saturating_sub(first.width() + last.width()).max(2);
        let line = match first == last {
            true => first,
            false => format!("{first}{}{last}", " ".repeat(gap)),
        };
        format!("{}{}\n", " ".repeat(indent), self.dim(&line))
    }

    /// One line with axes. A braille character is two dots wide and four high (Unicode, block 2800).
    fn line(&self, metric: usize) -> String {
        let (low, high) = self.figure.range(metric);
        let top = figure::rounded_up(high);
        let bottom = if low < 0.0 { -figure::rounded_up(-low) } else { 0.0 };
        let marks = [top, f64::midpoint(top, bottom), bottom].map(figure::shown_value);
        let digits = marks.iter().map(|mark| mark.width()).max().unwrap_or(0);
        let width = self.width.saturating_sub(digits + 2).max(1);
        let moments = self.figure.moments();
        let (right, floor) = ((width * 2 - 1) as f64, (HEIGHT * 4 - 1) as f64);
        let place = |(moment, values): &(String, Vec<f64>)| {
            let place = moments.binary_search(moment).unwrap_or(0) as f64;
            let across = place / (moments.len() - 1).max(1) as f64 * right;
            let down = (top - values[metric]) / (top - bottom) * floor;
            (across.round() as i64, down.round() as i64)
        };
        let points: Vec<(i64, i64)> = self.figure.series[0].points.iter().map(place).collect();
        let mut canvas = vec![vec![0u8; width]; HEIGHT];
        for ends in points.windows(2) {
            stroke(&mut canvas, ends[0], ends[1]);
        }
        if let [only] = points[..] {
            stroke(&mut canvas, only, only);
        }
        let mut text = String::new();
        for (place, dots) in canvas.iter().enumerate() {
            let mark = match place {
                0 => &*marks[0],
                _ if place == HEIGHT / 2 => &*marks[1],
                _ if place == HEIGHT - 1 => &*marks[2],
                _ => "",
            };
            let axis = if mark.is_empty() { "│" } else { "┤" };
            let dots = dots.iter().map(|&dots| match dots {
                0 => ' ',
                dots => char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' '),
            });
            let dots: String = dots.collect();
            let mark = self.dim(&format!("{mark:>digits$} {axis}"));
            text += &format!("{mark}{}\n", self.drawn(dots.trim_end()));
        }
        text + &self.moments_below(&moments, digits + 2, width)
    }
}

/// Sets the dots of a straight line, a step at a time along its longer side.
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
