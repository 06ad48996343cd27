//! The figures of a page as SVG, in colours that the page's style names.
//! <https://www.w3.org/TR/SVG2/>

use std::fmt::Write as _;

use gauth_cli::rows::cut;

use super::escaped;
use crate::format::figure::{self, Figure};

const WIDTH: f64 = 960.0;
/// For the numbers beside a line chart.
const MARGIN: f64 = 72.0;
const HEIGHT: f64 = 260.0;
const BAR: f64 = 26.0;
/// Where bars begin, and how wide the longest is.
const BARS: (f64, f64) = (230.0, 640.0);
/// What fits left of the bars.
const LABEL: usize = 32;
/// With more points than these, none gets a mark of its own.
const MARKS: usize = 400;

/// One metric.
pub(super) fn figure(figure: &Figure, metric: usize) -> String {
    let name = escaped(&figure.metrics[metric]);
    let mut caption = name.clone();
    if figure.left_out > 0 {
        let left_out = figure::shown_value(figure.left_out as f64);
        // Writing to a String cannot fail, here and below.
        let _ = write!(caption, " <span>({left_out} more rows are in the table only)</span>");
    }
    let (drawing, height, kind) = match figure.is_over_time() {
        true => lines(figure, metric),
        false => bars(figure, metric),
    };
    format!(
        "<figure>\n<figcaption>{caption}</figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{kind} of {name}; the figures are in the table\">\n\
         {drawing}</svg>\n</figure>\n"
    )
}

fn bars(figure: &Figure, metric: usize) -> (String, f64, &'static str) {
    let top = figure.range(metric).1;
    let mut text = String::new();
    for (place, series) in figure.series.iter().enumerate() {
        let value = series.points[0].1[metric];
        let share = if top > 0.0 { value.max(0.0) / top } else { 0.0 };
        let (y, middle) = (place as f64 * BAR, place as f64 * BAR + BAR / 2.0);
        let width = (share * BARS.1).max(1.0);
        let _ = writeln!(
            text,
            "<text x=\"{:.0}\" y=\"{middle:.1}\" text-anchor=\"end\" dominant-baseline=\"central\">{}</text>\
             <rect x=\"{:.0}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"3\" fill=\"var(--s0)\">\
             <title>{}: {}</title></rect>\
             <text class=\"value\" x=\"{:.1}\" y=\"{middle:.1}\" dominant-baseline=\"central\">{}</text>",
            BARS.0 - 10.0,
            escaped(&cut(&series.label, LABEL)),
            BARS.0,
            y + 3.0,
            BAR - 6.0,
            escaped(&series.label),
            figure::shown_value(value),
            BARS.0 + width + 8.0,
            figure::shown_value(value),
        );
    }
    (text, figure.series.len() as f64 * BAR, "bars")
}

fn lines(figure: &Figure, metric: usize) -> (String, f64, &'static str) {
    let (low, high) = figure.range(metric);
    let top = figure::rounded_up(high);
    let bottom = if low < 0.0 { -figure::rounded_up(-low) } else { 0.0 };
    let moments = figure.moments();
    let x = |moment: &String| {
        let place = moments.binary_search(moment).unwrap_or(0) as f64;
        MARGIN + place / (moments.len() - 1).max(1) as f64 * (WIDTH - MARGIN - 16.0)
    };
    let y = |value: f64| 10.0 + (top - value) / (top - bottom) * (HEIGHT - 20.0);
    let mut text = String::new();
    for step in 0..=4 {
        let value = bottom + (top - bottom) * f64::from(step) / 4.0;
        let _ = writeln!(
            text,
            "<line class=\"grid\" x1=\"{MARGIN}\" x2=\"{WIDTH}\" y1=\"{0:.1}\" y2=\"{0:.1}\"/>\
             <text x=\"{1}\" y=\"{0:.1}\" text-anchor=\"end\" dominant-baseline=\"central\">{2}</text>",
            y(value),
            MARGIN - 10.0,
            figure::shown_value(value),
        );
    }
    let labels =
        if moments.len() > 2 { vec![0, moments.len() / 2, moments.len() - 1] } else { (0..moments.len()).collect() };
    for place in labels {
        let anchor = match place {
            0 => "start",
            place if place == moments.len() - 1 => "end",
            _ => "middle",
        };
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            x(&moments[place]),
            HEIGHT + 14.0,
            escaped(&figure::shown_moment(&moments[place])),
        );
    }
    let points = figure.series.iter().map(|series| series.points.len());
    let has_marks = points.sum::<usize>() <= MARKS;
    for (place, series) in figure.series.iter().enumerate() {
        let points = series.points.iter();
        let points: Vec<(String, f64, f64, f64)> = points
            .map(|(moment, values)| {
                let value = values[metric];
                (figure::shown_moment(moment), value, x(moment), y(value))
            })
            .collect();
        let path: Vec<String> = points.iter().map(|(.., x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(text, "<polyline class=\"line\" stroke=\"var(--s{place})\" points=\"{}\"/>", path.join(" "));
        for (moment, value, x, y) in points.iter().filter(|_| has_marks) {
            let _ = writeln!(
                text,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"var(--s{place})\"><title>{} {}: {}</title></circle>",
                escaped(&series.label),
                escaped(moment),
                figure::shown_value(*value),
            );
        }
    }
    let mut height = HEIGHT + 24.0;
    if figure.series.len() > 1 {
        for (place, series) in figure.series.iter().enumerate() {
            let (x, y) = (MARGIN + (place % 4) as f64 * 222.0, height + 14.0 + (place / 4) as f64 * 20.0);
            let _ = writeln!(
                text,
                "<rect x=\"{x}\" y=\"{:.1}\" width=\"12\" height=\"12\" rx=\"3\" fill=\"var(--s{place})\"/>\
                 <text x=\"{}\" y=\"{y:.1}\" dominant-baseline=\"central\">{}</text>",
                y - 6.0,
                x + 18.0,
                escaped(&cut(&series.label, 28)),
            );
        }
        height += 28.0 + ((figure.series.len() - 1) / 4) as f64 * 20.0;
    }
    (text, height, "lines")
}
