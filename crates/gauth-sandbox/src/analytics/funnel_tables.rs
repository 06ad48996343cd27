//! `RunFunnelReportResponse` (v1alpha): counts the steps of a funnel and writes its two tables.

use super::catalogue::Surface;
use super::columns::{Dimension, plain};
use super::encoder::{Encoder, VisitFilter};
use super::funnel::{FunnelReport, StepTest};
use super::measures::{self, EVENTS, Measure, Measures};
use super::metrics::people;
use super::properties::{Behaviour, Property};
use super::quota::State;
use super::response;
use super::site::{Site, Visit};
use crate::rest::json::{Writer, escaped};

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

/// The counts of one date range.
pub(super) struct Counts {
    whole: Tally,
    divided: Option<Tally>,
    by_date: Option<Tally>,
}

/// Counts the steps of a funnel in each of its date ranges.
pub(super) fn count(site: &Site, property: &Property, report: &FunnelReport) -> Vec<Counts> {
    let mut filter = report.filter.as_ref().map(VisitFilter::new);
    let mut tests: Vec<RunningTest<'_>> = report.tests.iter().map(RunningTest::new).collect();
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

/// How many of a visit's people reach each step.
fn reached(report: &FunnelReport, visit: &Visit, measures: &Measures, tests: &mut [RunningTest<'_>]) -> Vec<i64> {
    let everybody = measures[Measure::ActiveUsers as usize];
    let mut least = i64::MAX;
    let people = report.steps.iter().map(|(_, step)| {
        let here = step.people(everybody, &mut |test| tests[test].people(visit, measures));
        least = least.min(here);
        if report.is_open { here } else { least }
    });
    people.collect()
}

enum RunningTest<'a> {
    Field(VisitFilter<'a>),
    Event(Option<u32>),
}

impl<'a> RunningTest<'a> {
    fn new(test: &'a StepTest) -> Self {
        match test {
            StepTest::Field(filter) => Self::Field(VisitFilter::new(filter)),
            StepTest::Event(event) => Self::Event(*event),
        }
    }

    /// How many of a visit's people meet the test.
    fn people(&mut self, visit: &Visit, measures: &Measures) -> i64 {
        let everybody = measures[Measure::ActiveUsers as usize];
        let holds = match self {
            Self::Event(event) => return event.map_or(0, |event| everybody.min(measures[event as usize])),
            Self::Field(filter) if filter.is_of_event() => {
                let happened = |event: &u32| measures[*event as usize] > 0;
                (0..EVENTS as u32).filter(happened).any(|event| filter.passes(visit, event))
            }
            Self::Field(filter) => filter.passes(visit, 0),
        };
        if holds { everybody } else { 0 }
    }
}

impl Counts {
    fn new(report: &FunnelReport) -> Self {
        let tally = |dimension: Option<&Dimension>| Tally {
            encoder: dimension.map(|dimension| Encoder::new(dimension, None)),
            reached: Vec::new(),
        };
        let date = plain("date", Surface::Core).expect("the catalogue has it");
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
        let is_of_event = self.encoder.as_ref().is_some_and(Encoder::is_of_event);
        let whole = [i64::MAX];
        let events = if is_of_event { &measures[..EVENTS] } else { &whole };
        for (event, times) in (0..).zip(events).filter(|(_, times)| **times > 0) {
            let value = self.encoder.as_mut().map_or(0, |encoder| encoder.encode(visit, event));
            self.add_to(value as usize, reached, *times);
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

    /// The text of each value with its people, the largest at the first step first.
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
    /// The columns beside the step.
    column: Option<&'a str>,
    metrics: &'a [(&'a str, &'a str)],
}

/// Step, value of the column if there is one, date range, people at the step and at the next.
type Row<'a> = (usize, Option<&'a str>, usize, i64, Option<i64>);

impl<'a> Table<'a> {
    /// For each step the total, then the largest values of the column that splits it.
    fn divided_rows(&self, counts: &'a [Counts]) -> Vec<Row<'a>> {
        self.rows(counts, |counts| {
            let whole = counts.whole.reached.first();
            let total = self.column.map(|_| "RESERVED_TOTAL");
            let mut values: Vec<_> = whole.map(|people| (total, people.as_slice())).into_iter().collect();
            if let (Some(tally), Some(division)) = (&counts.divided, &self.report.divided_by) {
                let largest = tally.largest().into_iter().take(division.values);
                values.extend(largest.map(|(text, people)| (Some(text), people)));
            }
            values
        })
    }

    /// For each step the dates in order, or the total.
    fn trended_rows(&self, counts: &'a [Counts]) -> Vec<Row<'a>> {
        self.rows(counts, |counts| match &counts.by_date {
            Some(tally) => {
                let mut dates = tally.largest();
                dates.sort_unstable();
                dates.into_iter().map(|(date, people)| (Some(date), people)).collect()
            }
            None => counts.whole.reached.first().map(|people| (None, people.as_slice())).into_iter().collect(),
        })
    }

    /// For each step and range, the values from `values` with their people.
    fn rows(
        &self,
        counts: &'a [Counts],
        values: impl Fn(&'a Counts) -> Vec<(Option<&'a str>, &'a [i64])>,
    ) -> Vec<Row<'a>> {
        let mut rows = Vec::new();
        for step in 0..self.report.steps.len() {
            for (range, counts) in counts.iter().enumerate() {
                let row =
                    |(value, people): (_, &[i64])| (step, value, range, people[step], people.get(step + 1).copied());
                rows.extend(values(counts).into_iter().map(row));
            }
        }
        rows
    }

    fn write(&self, json: &mut Writer, rows: Vec<Row<'_>>) {
        let range = (self.report.ranges.len() > 1).then_some("dateRange");
        let names = ["funnelStepName"].into_iter().chain(self.column).chain(range).collect();
        json.object(|json| {
            response::write_headers(json, names, self.metrics.iter().copied());
            if !rows.is_empty() {
                json.member("rows").list(|json| {
                    rows.iter().take(self.report.limit).for_each(|row| self.write_row(json.element(), row));
                });
            }
            json.member("metadata").object(|_| {});
        });
    }

    fn write_row(&self, json: &mut Writer, (step, value, range, here, next): &Row<'_>) {
        let (name, _) = &self.report.steps[*step];
        let ranges = &self.report.ranges;
        let range = (ranges.len() > 1).then(|| ranges[*range].name.as_str());
        let here = people(*here as f64);
        // The last step loses no people.
        let next = next.map_or(here, |next| people(next as f64).min(here));
        let rate = if here == 0.0 { 0.0 } else { next / here };
        let figures = [here, rate, here - next, 1.0 - rate];
        let texts: Vec<_> = [name.as_str()].into_iter().chain(*value).chain(range).map(escaped).collect();
        let figures = self.metrics.iter().zip(figures).map(|((_, metric_type), figure)| (*metric_type, figure));
        response::write_row(json, texts.iter().map(|text| &**text), figures);
    }
}
