//! `RunFunnelReportResponse` (v1alpha): counts the steps of a funnel and writes its two tables.

use super::columns::Dimension;
use super::columns::Shape;
use super::dimensions;
use super::encoder::{Encoder, VisitFilter};
use super::funnel::{FunnelReport, Reach};
use super::measures::{self, EVENTS, Measure, Measures};
use super::metrics::{people, write_value};
use super::properties::{Behaviour, Property};
use super::quota::State;
use super::site::{Site, Visit};
use crate::rest::json::Writer;

const TABLE_METRICS: &[(&str, &str)] = &[
    ("activeUsers", "TYPE_INTEGER"),
    ("funnelStepCompletionRate", "TYPE_FLOAT"),
    ("funnelStepAbandonments", "TYPE_INTEGER"),
    ("funnelStepAbandonmentRate", "TYPE_FLOAT"),
];
const VISUALIZATION_METRICS: &[(&str, &str)] = &[("activeUsers", "TYPE_INTEGER")];

/// People at each step, by the values of a dimension; without one, there is one value.
struct Tally {
    encoder: Option<Encoder>,
    reached: Vec<Vec<i64>>,
}

/// The tallies of one date range.
pub(super) struct Counts {
    whole: Tally,
    divided: Option<Tally>,
    by_date: Option<Tally>,
}

/// Counts the steps of a funnel in each of its date ranges.
pub(super) fn count(site: &Site, property: &Property, report: &FunnelReport) -> Vec<Counts> {
    let mut filter = report.filter.as_ref().map(VisitFilter::new);
    let mut tests: Vec<VisitFilter<'_>> = report.tests.iter().map(VisitFilter::new).collect();
    let mut all = Vec::new();
    for range in &report.ranges {
        let mut counts = Counts::new(report);
        if property.behaviour != Behaviour::Empty {
            site.visits(property.id, range.days, 0, |visit| {
                if filter.as_mut().is_none_or(|filter| filter.passes(visit, 0)) {
                    let measures = measures::of(visit);
                    let reached = reached(report, visit, &measures, &mut tests);
                    counts.add(visit, &measures, &reached);
                }
            });
        }
        all.push(counts);
    }
    all
}

/// How many of a visit's people get to each step.
fn reached(report: &FunnelReport, visit: &Visit, measures: &Measures, tests: &mut [VisitFilter<'_>]) -> Vec<i64> {
    let mut least = i64::MAX;
    let people = report.steps.iter().map(|(_, step)| {
        let here = step.people(visit, measures, tests);
        least = least.min(here);
        if report.is_open { here } else { least }
    });
    people.collect()
}

impl Reach {
    fn people(&self, visit: &Visit, measures: &Measures, tests: &mut [VisitFilter<'_>]) -> i64 {
        let everybody = measures[Measure::ActiveUsers as usize];
        match self {
            Self::All(parts) => parts.iter().map(|part| part.people(visit, measures, tests)).fold(everybody, i64::min),
            Self::Any(parts) => parts.iter().map(|part| part.people(visit, measures, tests)).fold(0, i64::max),
            Self::Not(part) => everybody - part.people(visit, measures, tests),
            Self::Field(number) => {
                let test = &mut tests[*number];
                let happened = |event: &u32| measures[*event as usize] > 0;
                let holds = match test.is_of_event() {
                    true => (0..EVENTS as u32).filter(happened).any(|event| test.passes(visit, event)),
                    false => test.passes(visit, 0),
                };
                if holds { everybody } else { 0 }
            }
            Self::Event(event) => event.map_or(0, |event| everybody.min(measures[event as usize])),
        }
    }
}

impl Counts {
    fn new(report: &FunnelReport) -> Self {
        let tally = |dimension: Option<&Dimension>| Tally {
            encoder: dimension.map(|dimension| Encoder::new(dimension, None)),
            reached: Vec::new(),
        };
        let date =
            Dimension { name: "date".to_owned(), columns: vec![dimensions::column("date")], shape: Shape::Plain };
        Self {
            whole: tally(None),
            divided: report.divided_by.as_ref().map(|division| tally(Some(&division.dimension))),
            by_date: report.is_trended.then(|| tally(Some(&date))),
        }
    }

    fn add(&mut self, visit: &Visit, measures: &Measures, reached: &[i64]) {
        let tallies = [Some(&mut self.whole), self.divided.as_mut(), self.by_date.as_mut()];
        for tally in tallies.into_iter().flatten() {
            tally.add(visit, measures, reached);
        }
    }
}

impl Tally {
    fn add(&mut self, visit: &Visit, measures: &Measures, reached: &[i64]) {
        let Some(encoder) = &mut self.encoder else {
            self.add_to(0, reached, i64::MAX);
            return;
        };
        if !encoder.is_of_event() {
            let value = encoder.encode(visit, 0) as usize;
            self.add_to(value, reached, i64::MAX);
            return;
        }
        for (event, times) in measures.iter().take(EVENTS).enumerate() {
            if let Some(encoder) = self.encoder.as_mut().filter(|_| *times > 0) {
                let value = encoder.encode(visit, event as u32) as usize;
                self.add_to(value, reached, *times);
            }
        }
    }

    fn add_to(&mut self, value: usize, reached: &[i64], most: i64) {
        while self.reached.len() <= value {
            self.reached.push(vec![0; reached.len()]);
        }
        for (sum, people) in self.reached[value].iter_mut().zip(reached) {
            *sum += people.min(&most);
        }
    }

    /// Text of each value with its people: those with most at the first step lead.
    fn largest(&self) -> Vec<(&str, &[i64])> {
        let texts = self.encoder.iter().flat_map(|encoder| &encoder.texts);
        let mut values: Vec<(&str, &[i64])> =
            texts.map(String::as_str).zip(self.reached.iter().map(Vec::as_slice)).collect();
        values.sort_by(|(text, people), (other, of_other)| of_other.cmp(people).then(text.cmp(other)));
        values
    }
}

/// Writes the answer.
pub(super) fn write(json: &mut Writer, report: &FunnelReport, counts: &[Counts], quota: Option<&State>) {
    json.object(|json| {
        let divided = report.divided_by.as_ref().map(|division| division.header.as_str());
        let table = Table { report, column: divided, metrics: TABLE_METRICS };
        table.write(json.member("funnelTable"), table.divided_rows(counts));
        let table = Table { report, column: report.is_trended.then_some("date"), metrics: VISUALIZATION_METRICS };
        table.write(json.member("funnelVisualization"), table.trended_rows(counts));
        if let Some(quota) = quota {
            quota.write(json.member("propertyQuota"));
        }
        json.member("kind").text("analyticsData#runFunnelReport");
    });
}

/// A `FunnelSubReport`.
struct Table<'a> {
    report: &'a FunnelReport,
    /// Beside the step.
    column: Option<&'a str>,
    metrics: &'a [(&'a str, &'a str)],
}

/// Step, value of the column if there is one, date range; people at the step and at the next.
type Row<'a> = (usize, Option<&'a str>, usize, i64, Option<i64>);

impl<'a> Table<'a> {
    /// For each step the whole, then the largest values of what divides it.
    fn divided_rows(&self, counts: &'a [Counts]) -> Vec<Row<'a>> {
        let mut rows = Vec::new();
        for step in 0..self.report.steps.len() {
            for (range, counts) in counts.iter().enumerate() {
                let whole = counts.whole.reached.first();
                let total = self.column.map(|_| "RESERVED_TOTAL");
                rows.extend(whole.map(|people| row(step, total, range, people)));
                let (Some(tally), Some(division)) = (&counts.divided, &self.report.divided_by) else {
                    continue;
                };
                let largest = tally.largest().into_iter().take(division.values);
                rows.extend(largest.map(|(text, people)| row(step, Some(text), range, people)));
            }
        }
        rows
    }

    /// For each step each date in turn, or the whole.
    fn trended_rows(&self, counts: &'a [Counts]) -> Vec<Row<'a>> {
        let mut rows = Vec::new();
        for step in 0..self.report.steps.len() {
            for (range, counts) in counts.iter().enumerate() {
                match &counts.by_date {
                    Some(tally) => {
                        let mut dates = tally.largest();
                        dates.sort_unstable();
                        rows.extend(dates.into_iter().map(|(date, people)| row(step, Some(date), range, people)));
                    }
                    None => {
                        let whole = counts.whole.reached.first();
                        rows.extend(whole.map(|people| row(step, None, range, people)));
                    }
                }
            }
        }
        rows
    }

    fn write(&self, json: &mut Writer, rows: Vec<Row<'_>>) {
        let several = self.report.ranges.len() > 1;
        json.object(|json| {
            json.member("dimensionHeaders").list(|json| {
                let range = several.then_some("dateRange");
                for name in ["funnelStepName"].into_iter().chain(self.column).chain(range) {
                    json.element().object(|json| json.member("name").text(name));
                }
            });
            json.member("metricHeaders").list(|json| {
                for (name, metric_type) in self.metrics {
                    json.element().object(|json| {
                        json.member("name").text(name);
                        json.member("type").text(metric_type);
                    });
                }
            });
            if !rows.is_empty() {
                json.member("rows").list(|json| {
                    for row in rows.iter().take(self.report.limit) {
                        self.write_row(json.element(), row, several);
                    }
                });
            }
            json.member("metadata").object(|_| {});
        });
    }

    fn write_row(&self, json: &mut Writer, (step, value, range, here, next): &Row<'_>, several: bool) {
        let (name, _) = &self.report.steps[*step];
        let range = several.then(|| self.report.ranges[*range].name.as_str());
        let here = people(*here as f64);
        // Nobody is lost at the last step.
        let next = next.map_or(here, |next| people(next as f64).min(here));
        let rate = if here == 0.0 { 0.0 } else { next / here };
        let figures = [here, rate, here - next, 1.0 - rate];
        json.object(|json| {
            json.member("dimensionValues").list(|json| {
                for text in [name.as_str()].into_iter().chain(*value).chain(range) {
                    json.element().object(|json| json.member("value").text(text));
                }
            });
            json.member("metricValues").list(|json| {
                for ((_, metric_type), figure) in self.metrics.iter().zip(figures) {
                    json.element().object(|json| {
                        json.member("value").quoted_by(|out| write_value(out, metric_type, figure));
                    });
                }
            });
        });
    }
}

fn row<'a>(step: usize, value: Option<&'a str>, range: usize, people: &[i64]) -> Row<'a> {
    (step, value, range, people[step], people.get(step + 1).copied())
}
