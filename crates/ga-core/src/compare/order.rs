//! The order of matched rows, which only all of them together have.

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
    order: Vec<(u64, u32)>,
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
        sorted.sort(sort);
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
        let number = self.order[place].1 as usize;
        row.clear();
        row.extend(self.places.iter().map(|place| Cow::Borrowed(self.rows.dimension(number, *place))));
        for (metric, is_sum) in self.sums.iter().enumerate() {
            let [own, other] = self.rows.values(number, metric);
            row.extend(cells(own, other, *is_sum));
        }
    }

    fn sort(&mut self, sort: &[(usize, bool)]) {
        let width = self.places.len();
        let key = |column: usize| match column.checked_sub(width) {
            None => Key::Text(self.places[column]),
            Some(part) => Key::Number(part / PARTS, part % PARTS),
        };
        let mut keys: Vec<_> = sort.iter().map(|(column, desc)| (key(*column), *desc)).collect();
        keys.extend(self.places.iter().map(|place| (Key::Text(*place), false)));
        let Some(&(first, desc)) = keys.first() else {
            self.order = (0..self.rows.len() as u32).map(|row| (0, row)).collect();
            return;
        };
        // Most rows are told apart by a number that takes no look at their cells.
        let beginning = |row: u32| match first {
            Key::Text(place) => beginning_of_text(self.rows.dimension(row as usize, place), desc),
            Key::Number(metric, part) => beginning_of_number(self.number(row as usize, metric, part), desc),
        };
        let mut order: Vec<_> = (0..self.rows.len() as u32).map(|row| (beginning(row), row)).collect();
        order.sort_by(|(a_begins, a), (b_begins, b)| {
            let by_keys = || keys.iter().map(|&(key, desc)| self.compare(key, desc, *a as usize, *b as usize));
            a_begins.cmp(b_begins).then_with(|| by_keys().find(|order| order.is_ne()).unwrap_or(Ordering::Equal))
        });
        self.order = order;
    }

    fn compare(&self, key: Key, desc: bool, a: usize, b: usize) -> Ordering {
        let directed = |order: Ordering| if desc { order.reverse() } else { order };
        match key {
            Key::Text(place) => directed(self.rows.dimension(a, place).cmp(self.rows.dimension(b, place))),
            Key::Number(metric, part) => match (self.number(a, metric, part), self.number(b, metric, part)) {
                (Some(Number::Whole(a)), Some(Number::Whole(b))) => directed(a.cmp(&b)),
                (Some(a), Some(b)) => directed(a.double().total_cmp(&b.double())),
                (a, b) => a.is_none().cmp(&b.is_none()),
            },
        }
    }

    /// A cell of a metric; `None` for an empty one.
    fn number(&self, row: usize, metric: usize, part: usize) -> Option<Number> {
        let missing: &[u8] = if self.sums[metric] { b"0" } else { b"" };
        let [own, other] = self.rows.values(row, metric).map(|value| value.unwrap_or(missing));
        match part {
            0 => Number::parse(own),
            1 => Number::parse(other),
            _ => change(own, other).map(Number::Double),
        }
    }
}

/// A number in the order of such texts, as far as eight bytes decide it.
fn beginning_of_text(text: &[u8], desc: bool) -> u64 {
    let mut bytes = [0; 8];
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text[..length]);
    let number = u64::from_be_bytes(bytes);
    if desc { !number } else { number }
}

/// A number in the order of such numbers, as far as a double decides it; that of nothing is the largest.
fn beginning_of_number(number: Option<Number>, desc: bool) -> u64 {
    let Some(number) = number else {
        return u64::MAX;
    };
    let bits = number.double().to_bits();
    // The order of doubles is that of their bits, but for the sign.
    let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    if desc { !ordered } else { ordered }
}
