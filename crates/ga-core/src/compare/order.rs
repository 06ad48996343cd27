//! The order of matched rows, which is known only when all of them are.
//!
//! Rows arrive in order of their dimensions, but for those of the other period, so that this order costs little; the
//! requested one is then a stable sort by numbers.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::rows::{Comparison, Rows};
use super::{Number, PARTS, cells, change};

/// Rows in order, each with its dimensions and three cells for each metric.
#[derive(Debug)]
pub struct Sorted {
    rows: Rows,
    /// Where each dimension is stored.
    places: Vec<usize>,
    /// Whether each metric is 0 where its row is missing.
    sums: Vec<bool>,
    order: Vec<u32>,
}

/// What rows are sorted by.
#[derive(Clone, Copy)]
enum Key {
    /// A dimension, by the place where it is stored.
    Text(usize),
    /// A metric, and which of its cells.
    Number(usize, usize),
}

impl Comparison {
    /// The rows in order of `sort`: columns of the result, and whether the largest comes first; empty cells of metrics come
    /// last in any case. Rows that are equal in all of them are in order of the dimensions. `sums` says of each metric
    /// whether it is 0 where its row is missing.
    pub fn sorted(self, sums: Vec<bool>, sort: &[(usize, bool)]) -> Sorted {
        let rows = self.into_rows();
        let mut places = vec![0; rows.stored.len()];
        for (place, column) in rows.stored.iter().enumerate() {
            places[*column] = place;
        }
        let mut sorted = Sorted { rows, places, sums, order: Vec::new() };
        sorted.order = sorted.in_order(sort);
        sorted
    }
}

impl Sorted {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Puts the cells of a row into `row`.
    pub fn row<'a>(&'a self, place: usize, row: &mut Vec<Cow<'a, [u8]>>) {
        let number = self.order[place];
        row.clear();
        row.resize(self.places.len(), Cow::Borrowed(&[]));
        for (column, cell) in self.rows.stored.iter().zip(self.rows.dimensions(number as usize)) {
            row[*column] = Cow::Borrowed(cell);
        }
        let mut metrics = self.rows.metrics(number as usize);
        for is_sum in &self.sums {
            let [own, other] = metrics.each_mut().map(|metrics| metrics.as_mut().and_then(Iterator::next));
            row.extend(cells(own, other, *is_sum));
        }
    }

    fn in_order(&self, sort: &[(usize, bool)]) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.rows.len() as u32).collect();
        let dimensions = |row: u32| self.places.iter().map(move |place| self.dimension(row, *place));
        order.sort_by(|a, b| dimensions(*a).cmp(dimensions(*b)));
        let key = |column: usize| match column.checked_sub(self.places.len()) {
            None => Key::Text(self.places[column]),
            Some(part) => Key::Number(part / PARTS, part % PARTS),
        };
        let keys: Vec<(Key, bool)> = sort.iter().map(|(column, desc)| (key(*column), *desc)).collect();
        let Some(&first) = keys.first() else {
            return order;
        };
        let mut is_decided = true;
        let mut order: Vec<(u64, u32)> = order
            .into_iter()
            .map(|row| {
                let (beginning, is_whole) = self.beginning(first, row);
                is_decided &= is_whole;
                (beginning, row)
            })
            .collect();
        let keys = &keys[usize::from(is_decided)..];
        order.sort_by(|(a_begins, a), (b_begins, b)| {
            let by_keys = || keys.iter().map(|key| self.compare(*key, *a, *b)).find(|order| order.is_ne());
            a_begins.cmp(b_begins).then_with(|| by_keys().unwrap_or(Ordering::Equal))
        });
        order.into_iter().map(|(_, row)| row).collect()
    }

    /// A number in the order of this key, as far as 64 bits decide it, and whether they do.
    fn beginning(&self, (key, desc): (Key, bool), row: u32) -> (u64, bool) {
        let (number, is_whole) = match key {
            Key::Text(place) => beginning_of_text(self.dimension(row, place)),
            Key::Number(metric, part) => match self.number(row, metric, part) {
                Some(number) => beginning_of_number(number),
                // It comes last in either direction.
                None => return (u64::MAX, true),
            },
        };
        (if desc { !number } else { number }, is_whole)
    }

    fn compare(&self, (key, desc): (Key, bool), a: u32, b: u32) -> Ordering {
        let order = match key {
            Key::Text(place) => self.dimension(a, place).cmp(self.dimension(b, place)),
            Key::Number(metric, part) => match (self.number(a, metric, part), self.number(b, metric, part)) {
                (Some(Number::Whole(a)), Some(Number::Whole(b))) => a.cmp(&b),
                (Some(a), Some(b)) => a.double().total_cmp(&b.double()),
                (a, b) => return a.is_none().cmp(&b.is_none()),
            },
        };
        if desc { order.reverse() } else { order }
    }

    /// A dimension, by the place where it is stored.
    fn dimension(&self, row: u32, place: usize) -> &[u8] {
        self.rows.dimensions(row as usize).nth(place).unwrap_or_default()
    }

    /// A cell of a metric; `None` for an empty one.
    fn number(&self, row: u32, metric: usize, part: usize) -> Option<Number> {
        let missing: &[u8] = if self.sums[metric] { b"0" } else { b"" };
        let values = self.rows.metrics(row as usize);
        let [own, other] = values.map(|values| values.map_or(Some(missing), |mut values| values.nth(metric)));
        let (own, other) = (own?, other?);
        match part {
            0 => Number::parse(own),
            1 => Number::parse(other),
            _ => change(own, other).map(Number::Double),
        }
    }
}

/// A number in the order of such texts, as far as eight bytes decide it, and whether they do.
fn beginning_of_text(text: &[u8]) -> (u64, bool) {
    let mut bytes = [0; 8];
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text[..length]);
    (u64::from_be_bytes(bytes), text.len() <= bytes.len() && !text.contains(&0))
}

/// A number in the order of such numbers, as far as a double decides it, and whether it does.
fn beginning_of_number(number: Number) -> (u64, bool) {
    // A negative zero is zero.
    let bits = (number.double() + 0.0).to_bits();
    // The order of doubles is that of their bits, but for the sign.
    let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    let is_whole = match number {
        Number::Whole(number) => number.unsigned_abs() < 1 << f64::MANTISSA_DIGITS,
        Number::Double(_) => true,
    };
    (ordered, is_whole)
}
