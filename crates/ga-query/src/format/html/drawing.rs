//! The drawings of a page: lines are SVG, which stretches with the page, in colours from the page's style; bars and all text
//! are HTML, which keeps its size.
//! <https://www.w3.org/TR/SVG2/>

use std::fmt::Write as _;

use ga_client::rows::grouped;
use gauth_cli::terminal::sanitise;

use super::escaped;
use crate::format::figure::{Figure, Point};

/// The units of the drawing; the page sets its size.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 100.0;
/// Points are marked only up to this number.
const MARKS: usize = 400;

/// One metric.
pub(super) fn figure(figure: &Figure, metric: usize) -> String {
    let name = escaped(&sanitise(&figure.metrics[metric].heading));
    let mut caption = name.clone();
    if figure.left_out > 0 {
        let left_out = grouped(&figure.left_out.to_string());
        // Writing to a String cannot fail, here and below.
        let _ = write!(caption, " <span>({left_out} more rows are in the table only)</span>");
    }
    let drawing = if figure.is_over_time() { lines(figure, metric, &name) } else { bars(figure, metric) };
    format!("<figure>\n<figcaption>{caption}</figcaption>\n{drawing}</figure>\n")
}

fn bars(figure: &Figure, metric: usize) -> String {
    let top = figure.range(metric).1;
    let mut text = "<div class=\"bars\">\n".to_owned();
    for series in &figure.series {
        let value = series.points[0].values[metric];
        let share = if top > 0.0 { value.max(0.0) / top * 100.0 } else { 0.0 };
        let _ = writeln!(
            text,
            "<span dir=\"auto\">{}</span><div><i style=\"width:{share:.1}%\"></i></div><span class=\"n\">{}</span>",
            escaped(&series.label),
            escaped(&figure.shown(metric, value)),
        );
    }
    text + "</div>\n"
}

fn lines(figure: &Figure, metric: usize, name: &str) -> String {
    let (bottom, top) = figure.scale(metric);
    let last = (figure.steps - 1).max(1) as f64;
    let x = |point: &Point| point.step as f64 / last * WIDTH;
    let y = |value: f64| (top - value) / (top - bottom) * HEIGHT;
    let mut text = "<div class=\"plot\">\n<div class=\"scale\">".to_owned();
    let marks = || (0..=4).map(|step| top - (top - bottom) * f64::from(step) / 4.0);
    for value in marks() {
        let _ = write!(text, "<span>{}</span>", escaped(&figure.mark(metric, value)));
    }
    let _ = writeln!(
        text,
        "</div>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"lines of {name}; the figures are in the table\">"
    );
    for value in marks() {
        let _ = writeln!(text, "<line class=\"grid\" x2=\"{WIDTH}\" y1=\"{0:.1}\" y2=\"{0:.1}\"/>", y(value));
    }
    let has_marks = figure.series.iter().map(|series| series.points.len()).sum::<usize>() <= MARKS;
    for (place, series) in figure.series.iter().enumerate() {
        let mut path = String::new();
        for points in series.unbroken() {
            for (place, point) in points.iter().enumerate() {
                let command = if place == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{command}{:.1} {:.1}", x(point), y(point.values[metric]));
            }
            // A single point is a dot.
            path += if points.len() == 1 { "h0" } else { "" };
        }
        let _ = writeln!(text, "<path class=\"line\" stroke=\"var(--s{place})\" d=\"{path}\"/>");
        for point in series.points.iter().filter(|_| has_marks) {
            let label = [&*series.label, &*point.moment].join(" ");
            let _ = writeln!(
                text,
                "<path class=\"mark\" stroke=\"var(--s{place})\" d=\"M{:.1} {:.1}h0\"><title>{}: {}</title></path>",
                x(point),
                y(point.values[metric]),
                escaped(label.trim_start()),
                escaped(&figure.shown(metric, point.values[metric])),
            );
        }
    }
    text += "</svg>\n<div class=\"moments\">";
    let steps = match figure.steps {
        0..=2 => (0..figure.steps).collect(),
        steps => vec![0, steps / 2, steps - 1],
    };
    for step in steps {
        let _ = write!(text, "<span>{}</span>", escaped(&figure.step_label(step)));
    }
    text += "</div>\n</div>\n";
    text + &legend(figure)
}

/// The legend, if there are several lines.
fn legend(figure: &Figure) -> String {
    if figure.series.len() < 2 {
        return String::new();
    }
    let mut text = "<ul>".to_owned();
    for (place, series) in figure.series.iter().enumerate() {
        let label = escaped(&series.label);
        let _ = write!(text, "<li dir=\"auto\"><i style=\"background:var(--s{place})\"></i>{label}</li>");
    }
    text + "</ul>\n"
}
