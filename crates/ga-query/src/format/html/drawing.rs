//! The drawings of a page. Lines are SVG that stretches with the page; text, bars and all else keep their size. What a
//! pointer shows is a `title`, so no script is needed.
//! <https://www.w3.org/TR/SVG2/>

use std::fmt::Write as _;

use ga_client::rows::cut;
use gauth_text::counted;

use super::{change, escaped};
use crate::format::figure::{Figure, Metric, Panel, Point, Scale, Series, Tick};

/// The units of lines; the page sets their size.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 100.0;
/// In columns of text; the table has the rest.
const LONGEST_LABEL: usize = 80;
/// Moments have titles only up to this number.
const MOST_TITLES: usize = 750;

/// One metric.
pub(super) fn figure(figure: &Figure, metric: usize) -> String {
    let name = escaped(&figure.metrics[metric].heading());
    let is_panels = figure.panels.len() > 1;
    let currency = figure.metrics[metric].currency().filter(|_| figure.is_over_time());
    let mut about: Vec<String> = currency.map(escaped).into_iter().collect();
    if is_panels && figure.is_over_time() {
        about.push("each on a scale of its own".to_owned());
    }
    if figure.left_out() > 0 {
        let which = if figure.is_over_time() { "largest" } else { "first" };
        let left_out = counted(figure.left_out());
        about.push(format!("the {which} ones; {left_out} more rows are in the table only"));
    }
    let about = if about.is_empty() { String::new() } else { format!(" <small>{}</small>", about.join(", ")) };
    let mut text = format!("<figure>\n<figcaption>{name}{about}</figcaption>\n{}", legend(figure));
    if is_panels {
        text.insert_str("<figure".len(), " class=\"all\"");
        text += "<div class=\"panels\">\n";
    }
    for panel in &figure.panels {
        text += "<div>\n";
        if !panel.title.is_empty() {
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(text, "<h3 dir=\"auto\">{}</h3>", escaped(&panel.title));
        }
        text += &if figure.is_over_time() {
            let columns: &[_] = match (is_panels, figure.metrics.len()) {
                (true, _) => &[("", 24)],
                (false, 1) => &[("wide", 74), ("narrow", 30)],
                (false, _) => &[("wide", 46), ("narrow", 30)],
            };
            Plot { figure, metric, panel, scale: figure.scale(metric, panel) }.drawn(columns)
        } else {
            bars(figure, metric, panel)
        };
        text += "</div>\n";
    }
    text + if is_panels { "</div>\n</figure>\n" } else { "</figure>\n" }
}

/// What the colours are of several lines, and the strokes of two periods.
fn legend(figure: &Figure) -> String {
    let key = |class: &str, label: &str| {
        let line = format!(
            "<svg class=\"key\" viewBox=\"0 0 20 10\" aria-hidden=\"true\"><path class=\"{class}\" d=\"M1 5h18\"/></svg>"
        );
        format!("<li dir=\"auto\">{line}{}</li>\n", escaped(label))
    };
    let mut keys = String::new();
    if let [panel] = &figure.panels[..]
        && figure.is_over_time()
        && panel.series.len() > 1
    {
        for (place, series) in panel.series.iter().enumerate() {
            keys += &key(&format!("line s{place}"), &series.label);
        }
    }
    if figure.is_compared() {
        let block = if figure.is_over_time() { "line" } else { "line block" };
        keys += &key(&format!("{block} s0"), &figure.own());
        keys += &key(&format!("{block} s0 other"), &figure.other());
    }
    if keys.is_empty() { keys } else { format!("<ul class=\"legend\">\n{keys}</ul>\n") }
}

fn bars(figure: &Figure, metric: usize, panel: &Panel) -> String {
    let (low, high) = figure.range(metric, panel);
    let longest = high.max(-low);
    let metric_of = &figure.metrics[metric];
    let bar = |value: f64, class: &str| {
        let share = if longest > 0.0 && !value.is_nan() { value.abs() / longest * 100.0 } else { 0.0 };
        let sign = if value < 0.0 { " minus" } else { "" };
        format!("<rect class=\"{class}{sign}\" width=\"{share:.2}%\"/>")
    };
    let mut text = "<div class=\"bars\">\n".to_owned();
    for series in &panel.series {
        let values = series.points[0].values[metric];
        let title = format!("{}: {}", series.label, compared(figure, metric_of, values));
        let (title, label) = (escaped(&title), escaped(&cut(&series.label, LONGEST_LABEL, "…")));
        let mut drawn = bar(values[0], "bar");
        if figure.is_compared() {
            drawn += &bar(values[1], "bar other");
        }
        let class = if figure.is_compared() { " class=\"two\"" } else { "" };
        let _ = writeln!(
            text,
            "<div><span dir=\"auto\">{label}</span><span class=\"n\">{}{}</span></div><svg{class} aria-hidden=\"true\"><title>{title}</title>{drawn}</svg>",
            escaped(&metric_of.shown(values[0])),
            change(metric_of.change(values)),
        );
    }
    text + "</div>\n"
}

/// `120 (before: 100, +20.0%)`.
fn compared(figure: &Figure, metric: &Metric, values: [f64; 2]) -> String {
    let mut text = metric.shown(values[0]);
    if figure.is_compared() {
        let change = metric.change(values).map_or_else(String::new, |change| format!(", {change}"));
        let _ = write!(text, " (before: {}{change})", metric.shown(values[1]));
    }
    text
}

/// Lines over time with their axes.
struct Plot<'a> {
    figure: &'a Figure,
    metric: usize,
    panel: &'a Panel,
    scale: Scale,
}

impl Plot<'_> {
    /// With the marks of the axis of time for several widths, of which the style shows one.
    fn drawn(&self, columns: &[(&str, usize)]) -> String {
        let mut text = "<div class=\"plot\">\n<div class=\"scale\" aria-hidden=\"true\">".to_owned();
        for (_, mark) in &self.scale.marks {
            let _ = write!(text, "<span>{}</span>", escaped(mark));
        }
        let _ = writeln!(
            text,
            "</div>\n<svg class=\"lines\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-label=\"{}\">",
            escaped(&self.summary())
        );
        for (value, _) in &self.scale.marks {
            let class = if *value == 0.0 { "grid zero" } else { "grid" };
            let _ = writeln!(text, "<path class=\"{class}\" d=\"M0 {:.1}h{WIDTH}\"/>", self.y(*value));
        }
        for (place, series) in self.panel.series.iter().enumerate() {
            text += &self.line(series, place);
        }
        text += &self.titles();
        text += "</svg>\n";
        for (class, columns) in columns {
            text += &moments(class, &self.figure.ticks(*columns), *columns);
        }
        text + "</div>\n"
    }

    fn x(&self, step: f64) -> f64 {
        let last = self.figure.steps.saturating_sub(1);
        if last == 0 { WIDTH / 2.0 } else { step / last as f64 * WIDTH }
    }

    fn y(&self, value: f64) -> f64 {
        (1.0 - self.scale.share(value)) * HEIGHT
    }

    /// A series in both periods, and the area below it if it is alone.
    fn line(&self, series: &Series, place: usize) -> String {
        let mut text = String::new();
        let is_alone = self.panel.series.len() == 1 && !self.figure.is_compared();
        for (period, class) in [(1, " other"), (0, "")] {
            let (mut line, mut area, mut dots) = (String::new(), String::new(), String::new());
            for points in series.unbroken(self.metric, period) {
                let at =
                    points.iter().map(|(step, value)| format!("{:.1} {:.1}", self.x(*step as f64), self.y(*value)));
                let path = at.collect::<Vec<_>>().join("L");
                // A single point is a dot.
                let _ = if points.len() == 1 { write!(dots, "M{path}h0") } else { write!(line, "M{path}") };
                let ends = [points[0].0, points[points.len() - 1].0].map(|step| self.x(step as f64));
                let _ = write!(area, "M{:.1} {1:.1}L{path}L{2:.1} {1:.1}Z", ends[0], self.y(0.0), ends[1]);
            }
            if is_alone && !area.is_empty() {
                let _ = writeln!(text, "<path class=\"area s{place}\" d=\"{area}\"/>");
            }
            for (kind, path) in [("line", line), ("line dot", dots)] {
                if !path.is_empty() {
                    let _ = writeln!(text, "<path class=\"{kind} s{place}{class}\" d=\"{path}\"/>");
                }
            }
        }
        text
    }

    /// For each moment what a pointer shows: the values of all lines.
    fn titles(&self) -> String {
        let steps = self.figure.steps;
        if steps > MOST_TITLES {
            return String::new();
        }
        let mut titles: Vec<Vec<String>> = vec![Vec::new(); steps];
        for series in &self.panel.series {
            for point in &series.points {
                titles[point.step as usize].push(self.title(series, point));
            }
        }
        let half = if steps > 1 { WIDTH / (steps - 1) as f64 / 2.0 } else { WIDTH / 2.0 };
        let mut text = String::new();
        for (step, title) in titles.iter().enumerate().filter(|(_, title)| !title.is_empty()) {
            let x = self.x(step as f64);
            let (left, right) = ((x - half).max(0.0), (x + half).min(WIDTH));
            let _ = writeln!(
                text,
                "<g class=\"moment\"><rect x=\"{left:.1}\" width=\"{:.1}\" height=\"{HEIGHT}\"/><title>{}</title></g>",
                right - left,
                escaped(&title.join("\n")),
            );
        }
        text
    }

    fn title(&self, series: &Series, point: &Point) -> String {
        let metric = &self.figure.metrics[self.metric];
        let label = [&*series.label, self.figure.moment(point)].join(" ");
        format!("{}: {}", label.trim(), compared(self.figure, metric, point.values[self.metric]))
    }

    /// What the lines are, for those who do not see them.
    fn summary(&self) -> String {
        let metric = &self.figure.metrics[self.metric];
        let values = || self.panel.series.iter().flat_map(|s| &s.points).map(|point| point.values[self.metric][0]);
        let (low, high) = (values().fold(f64::NAN, f64::min), values().fold(f64::NAN, f64::max));
        let title = if self.panel.title.is_empty() { String::new() } else { format!(", {}", self.panel.title) };
        let range = format!("from {} to {}", metric.shown(low), metric.shown(high));
        format!("{}{title}: {range}; all figures are in the table", metric.heading())
    }
}

/// The axis of time.
fn moments(class: &str, ticks: &[Tick], columns: usize) -> String {
    let mut text = format!("<svg class=\"moments {class}\" aria-hidden=\"true\">");
    for tick in ticks {
        let (anchor, x) = match tick.column {
            0 => ("start", 0.0),
            column if column + tick.text.len() >= columns => ("end", 1.0),
            _ => ("middle", tick.share),
        };
        let _ = write!(text, "<rect x=\"{:.2}%\" width=\"1\" height=\"4\"/>", tick.share * 100.0);
        let _ = write!(
            text,
            "<text x=\"{:.2}%\" y=\"1.25em\" class=\"{anchor}\">{}</text>",
            x * 100.0,
            escaped(&tick.text)
        );
    }
    text + "</svg>\n"
}
