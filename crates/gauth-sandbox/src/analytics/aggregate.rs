//! Computes the table of a report: visits are filtered, grouped by their dimensions and summed; rows are filtered by
//! metrics and sorted. With several date ranges or comparisons (*slices*) a row has the figures of all of them: each
//! combination of dimensions counts once.

use super::columns::Columns;
use super::conversions::WHOLE;
use super::encoder::{Encoder, VisitFilter};
use super::measures::{self, EVENTS, Measure, Measures};
use super::metrics::Slots;
use super::order::Sorter;
use super::properties::{Behaviour, Property};
use super::report::{Aggregation, Report};
use super::site::{Site, Visit, mix};
use hashbrown::HashTable;

/// The values that are kept by a property that folds rare ones into `(other)`.
const KEPT_BEFORE_OTHER: usize = 20;

/// A whole report, before it is divided into pages.
pub(super) struct Table {
    /// The texts of each dimension.
    pub(super) texts: Vec<Vec<String>>,
    /// The number of the text of each dimension, row by row.
    keys: Vec<u32>,
    /// Figures by row, slice and metric.
    values: Vec<f64>,
    /// The numbers of the rows, in order: each where its first slice is.
    order: Vec<u32>,
    /// With several slices, all of them (row * slices + slice), in order.
    places: Vec<u32>,
    /// Figures over all rows, by slice and metric.
    aggregates: Vec<(Aggregation, Vec<f64>)>,
    /// The number of figures in a row: slices times metrics.
    width: usize,
    slices: usize,
}

impl Table {
    pub(super) fn rows(&self) -> usize {
        self.order.len()
    }

    /// The page of `limit` rows after the first `offset`: row * slices + slice of each line, in order. Offset and limit
    /// count combinations of dimensions; a page has all slices of each, sorted line by line (recorded).
    pub(super) fn page(&self, offset: usize, limit: usize) -> Vec<u32> {
        let slices = self.slices as u32;
        let rows = self.order.iter().skip(offset).take(limit);
        let mut lines: Vec<u32> = rows.flat_map(|row| (0..slices).map(move |slice| row * slices + slice)).collect();
        if slices > 1 {
            lines.sort_unstable_by_key(|line| self.places[*line as usize]);
        }
        lines
    }

    /// The numbers of the texts of a row.
    pub(super) fn key(&self, row: usize) -> &[u32] {
        let dimensions = self.texts.len();
        &self.keys[row * dimensions..][..dimensions]
    }

    /// The figures of a row, slice by slice.
    pub(super) fn values(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// Figures over all rows, if they were requested and there are any.
    pub(super) fn aggregate(&self, wanted: Aggregation) -> Option<&[f64]> {
        let (_, values) = self.aggregates.iter().find(|(aggregation, _)| *aggregation == wanted)?;
        Some(values)
    }
}

/// Rows by dimension, with the sums of the measures that the metrics need.
pub(super) struct Groups {
    encoders: Vec<Encoder>,
    index: HashTable<u32>,
    keys: Vec<u32>,
    sums: Vec<i64>,
    slots: Slots,
    slices: usize,
    rows: usize,
}

impl Groups {
    /// Runs all passes of the report.
    pub(super) fn collect(site: &Site, property: &Property, report: &Report) -> Self {
        let columns = &report.columns;
        let most = (property.behaviour == Behaviour::OtherRow).then_some(KEPT_BEFORE_OTHER);
        let mut groups = Self {
            encoders: columns.dimensions.iter().map(|dimension| Encoder::new(dimension, most)).collect(),
            index: HashTable::new(),
            keys: Vec::new(),
            sums: Vec::new(),
            slots: Slots::for_metrics(&columns.metrics, if report.is_of_conversions() { WHOLE } else { 1 }),
            slices: report.slices.len(),
            rows: 0,
        };
        if property.behaviour == Behaviour::Empty {
            return groups;
        }
        let filters = columns.dimension_filter.iter().chain(&report.comparisons);
        let by_event = groups.encoders.iter().any(Encoder::is_of_event)
            || filters.map(VisitFilter::new).any(|filter| filter.is_of_event());
        let mut key = vec![0; columns.dimensions.len()];
        for (number, pass) in report.passes.iter().enumerate() {
            let comparison = pass.comparison.map(|number| &report.comparisons[number]);
            let filters = columns.dimension_filter.iter().chain(comparison);
            let mut filters: Vec<VisitFilter<'_>> = filters.map(VisitFilter::new).collect();
            let cohort_users = pass.cohort.map_or(0, |cohort| site.new_visitors(property.id, cohort));
            site.visits(property.id, pass.days, number as u32, |visit| {
                if !pass.counts(visit) {
                    return;
                }
                let (mut visit, mut all) = (*visit, measures::of(visit));
                all[Measure::CohortUsers as usize] = cohort_users;
                if let Some(credit) = &pass.credit {
                    credit.apply(&mut visit, &mut all);
                }
                if !by_event {
                    groups.count(&visit, 0, &all, pass.slice, &mut filters, &mut key);
                    return;
                }
                for event in 0..EVENTS as u32 {
                    if let Some(share) = measures::of_event(&all, event) {
                        groups.count(&visit, event, &share, pass.slice, &mut filters, &mut key);
                    }
                }
            });
        }
        groups
    }

    fn count(
        &mut self,
        visit: &Visit,
        event: u32,
        measures: &Measures,
        slice: usize,
        filters: &mut [VisitFilter<'_>],
        key: &mut [u32],
    ) {
        if !filters.iter_mut().all(|filter| filter.passes(visit, event)) {
            return;
        }
        for (part, encoder) in key.iter_mut().zip(&mut self.encoders) {
            *part = encoder.encode(visit, event);
        }
        let row = self.row(key);
        let width = self.slots.count;
        let from = (row * self.slices + slice) * width;
        self.slots.add(&mut self.sums[from..from + width], measures);
    }

    /// The row of a key; a new one begins at zero.
    fn row(&mut self, key: &[u32]) -> usize {
        let width = key.len();
        let keys = &self.keys;
        let at = |row: u32| &keys[row as usize * width..][..width];
        let hash = hash(key);
        if let Some(row) = self.index.find(hash, |row| at(*row) == key) {
            return *row as usize;
        }
        let row = self.rows;
        self.index.insert_unique(hash, row as u32, |row| self::hash(at(*row)));
        self.keys.extend_from_slice(key);
        self.sums.resize(self.sums.len() + self.slices * self.slots.count, 0);
        self.rows += 1;
        row
    }

    /// The table of the report. `offset` matters only to the property whose rows with equal sort keys change places.
    pub(super) fn into_table(self, property: &Property, report: &Report, offset: usize) -> Table {
        let width = self.slices * report.columns.metrics.len();
        let values = self.values(property, &report.columns);
        let kept = self.kept(&report.columns, &values);
        let mut aggregates = Vec::new();
        for aggregation in report.aggregations.iter().filter(|_| !kept.is_empty()) {
            let figures = match aggregation {
                Aggregation::Minimum => extreme(&values, &kept, width, f64::min),
                Aggregation::Maximum => extreme(&values, &kept, width, f64::max),
                _ => self.totals(property, &report.columns, &kept),
            };
            aggregates.push((*aggregation, figures));
        }
        let texts: Vec<Vec<String>> = self.encoders.into_iter().map(|encoder| encoder.texts).collect();
        let unsteady = property.behaviour == Behaviour::UnsteadyTies;
        let slices = self.slices;
        let sorter = Sorter {
            texts: &texts,
            keys: &self.keys,
            values: &values,
            slices,
            metrics: report.columns.metrics.len(),
            shuffle: unsteady.then(|| mix(offset as u64)),
        };
        let lines = sorter.sorted(&kept, report);
        let mut places = Vec::new();
        let order = if slices == 1 {
            lines
        } else {
            places.resize(self.rows * slices, u32::MAX);
            let mut order = Vec::with_capacity(kept.len());
            for (place, line) in (0..).zip(lines) {
                places[line as usize] = place;
                let row = line as usize / slices;
                // Its first slice.
                if places[row * slices..][..slices].iter().filter(|place| **place != u32::MAX).count() == 1 {
                    order.push(row as u32);
                }
            }
            order
        };
        Table { texts, keys: self.keys, values, order, places, aggregates, width, slices }
    }

    /// The numbers of the texts of a row, while counting.
    pub(super) fn key(&self, row: u32) -> &[u32] {
        let width = self.encoders.len();
        &self.keys[row as usize * width..][..width]
    }

    /// The sums of a row, slice by slice.
    fn sums(&self, row: u32) -> &[i64] {
        let width = self.slices * self.slots.count;
        &self.sums[row as usize * width..][..width]
    }

    /// The texts of each dimension.
    pub(super) fn texts(&self) -> Vec<Vec<String>> {
        let texts = self.encoders.iter().map(|encoder| encoder.texts.clone());
        texts.collect()
    }

    /// The rows of the report: those with figures that pass the metric filter.
    pub(super) fn kept(&self, columns: &Columns, values: &[f64]) -> Vec<u32> {
        let metrics = columns.metrics.len();
        let width = self.slices * metrics;
        let keep = |row: &u32| {
            let row = &values[*row as usize * width..][..width];
            let is_empty = metrics > 0 && row.iter().all(|value| *value == 0.0);
            (columns.keep_empty_rows || !is_empty) && passes(columns, row)
        };
        (0..self.rows as u32).filter(keep).collect()
    }

    /// The metrics of all rows.
    pub(super) fn values(&self, property: &Property, columns: &Columns) -> Vec<f64> {
        let metrics = columns.metrics.len();
        let mut values = Vec::with_capacity(self.rows * self.slices * metrics);
        for slice in 0..self.rows * self.slices {
            let sums = &self.sums[slice * self.slots.count..][..self.slots.count];
            self.write_figures(property, columns, sums, &mut values);
        }
        values
    }

    /// The metrics over `rows`, slice by slice.
    pub(super) fn totals(&self, property: &Property, columns: &Columns, rows: &[u32]) -> Vec<f64> {
        let mut totals = vec![0; self.slices * self.slots.count];
        for row in rows {
            let sums = self.sums(*row);
            totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        let mut values = Vec::new();
        for slice in 0..self.slices {
            let sums = &totals[slice * self.slots.count..][..self.slots.count];
            self.write_figures(property, columns, sums, &mut values);
        }
        values
    }

    /// The metrics, computed from the sums of one slice.
    fn write_figures(&self, property: &Property, columns: &Columns, sums: &[i64], out: &mut Vec<f64>) {
        for metric in &columns.metrics {
            let value = metric.value(sums, &self.slots);
            out.push(match metric.metric_type {
                _ if property.hides(metric) => 0.0,
                "TYPE_CURRENCY" => value * columns.rate,
                _ => value,
            });
        }
    }
}

/// A row stays if any of its slices passes the metric filter.
fn passes(columns: &Columns, row: &[f64]) -> bool {
    let Some((condition, leaves)) = &columns.metric_filter else {
        return true;
    };
    row.chunks_exact(columns.metrics.len()).any(|values| {
        condition.holds(&mut |leaf| {
            let (metric, leaf) = &leaves[leaf];
            leaf.test.holds_for_number(values[*metric])
        })
    })
}

/// The smallest or largest of each figure among the rows in `order`.
pub(super) fn extreme(values: &[f64], order: &[u32], width: usize, choose: fn(f64, f64) -> f64) -> Vec<f64> {
    let row = |row: u32| &values[row as usize * width..][..width];
    let mut extreme = row(order[0]).to_vec();
    for next in &order[1..] {
        for (value, other) in extreme.iter_mut().zip(row(*next)) {
            *value = choose(*value, *other);
        }
    }
    extreme
}

fn hash(key: &[u32]) -> u64 {
    key.iter().fold(0, |hash, part| mix(hash ^ u64::from(*part)))
}
