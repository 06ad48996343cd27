//! The rows of two periods, matched.
//!
//! All cells are in one buffer, and a row is its place there: a million rows of each period take little more memory than
//! their text.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::Periods;
use super::moments::Moments;
use crate::block::{push_cell, read_cell};

/// Takes the rows of the report's own period, and then those of the other one.
#[derive(Debug)]
pub struct Comparison {
    moments: Moments,
    rows: Rows,
    /// The rows by their key.
    index: HashTable<u32>,
}

/// Matched rows.
#[derive(Debug)]
pub(super) struct Rows {
    /// Of each row the dimensions, then the metrics of the period that it came in first.
    bytes: Vec<u8>,
    rows: Vec<Row>,
    /// The columns of the dimensions as they are stored: those of the key, then those that it implies.
    pub(super) stored: Vec<usize>,
    /// How many dimensions are the key.
    key: usize,
}

/// One row.
#[derive(Clone, Copy, Debug)]
struct Row {
    start: usize,
    periods: In,
}

/// The periods that a row is in.
#[derive(Clone, Copy, Debug)]
enum In {
    Own,
    Other,
    /// The metrics of the other period begin there.
    Both(usize),
}

impl Comparison {
    /// For rows that begin with these dimensions, by the API's names.
    pub fn new(dimensions: &[&str], periods: &Periods) -> Self {
        let moments = Moments::new(dimensions, periods);
        let is_implied = |column: &usize| moments.implied.contains(column);
        let (implied, mut stored): (Vec<_>, Vec<_>) = (0..dimensions.len()).partition(is_implied);
        let key = stored.len();
        stored.extend(implied);
        let rows = Rows { bytes: Vec::new(), rows: Vec::new(), stored, key };
        Self { moments, rows, index: HashTable::new() }
    }

    /// Takes a row of the report's own period: the dimensions, then the metrics.
    pub fn add(&mut self, cells: &[&[u8]]) {
        let start = self.rows.push_cells(cells);
        self.insert(Row { start, periods: In::Own });
    }

    /// Takes a row of the other period.
    pub fn add_other(&mut self, cells: &[&[u8]]) {
        let start = self.rows.push_cells(&self.moments.rewritten(cells));
        let key = self.rows.key(start);
        let known = self.index.find(hash(key), |row| self.rows.key(self.rows.rows[*row as usize].start) == key);
        match known.map(|row| &mut self.rows.rows[*row as usize]) {
            Some(Row { periods: periods @ In::Own, .. }) => {
                *periods = In::Both(start);
                let dimensions = self.rows.dimensions_end(start);
                self.rows.bytes.drain(start..dimensions);
            }
            _ => self.insert(Row { start, periods: In::Other }),
        }
    }

    fn insert(&mut self, row: Row) {
        let rows = &mut self.rows;
        // Four billion rows do not fit into memory.
        let place = rows.rows.len() as u32;
        rows.rows.push(row);
        let hash_of = |row: &u32| hash(rows.key(rows.rows[*row as usize].start));
        self.index.insert_unique(hash_of(&place), place, hash_of);
    }

    /// All rows.
    pub(super) fn into_rows(self) -> Rows {
        self.rows
    }
}

fn hash(key: &[u8]) -> u64 {
    FixedState::with_seed(0).hash_one(key)
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A dimension of a row, by its place among those that are stored.
    pub(super) fn dimension(&self, row: usize, place: usize) -> &[u8] {
        let cells = &self.bytes[self.rows[row].start..];
        read_cell(skip(cells, place)).map_or(&[], |(cell, _)| cell)
    }

    /// The value of a metric in the report's own period and in the other one.
    pub(super) fn values(&self, row: usize, metric: usize) -> [Option<&[u8]>; 2] {
        let Row { start, periods } = self.rows[row];
        let value = |metrics: usize| read_cell(skip(&self.bytes[metrics..], metric)).map(|(cell, _)| cell);
        let first = value(self.dimensions_end(start));
        match periods {
            In::Own => [first, None],
            In::Other => [None, first],
            In::Both(other) => [first, value(other)],
        }
    }

    fn push_cells(&mut self, cells: &[impl AsRef<[u8]>]) -> usize {
        let start = self.bytes.len();
        for column in &self.stored {
            push_cell(&mut self.bytes, cells[*column].as_ref());
        }
        for cell in &cells[self.stored.len()..] {
            push_cell(&mut self.bytes, cell.as_ref());
        }
        start
    }

    fn key(&self, start: usize) -> &[u8] {
        let cells = &self.bytes[start..];
        &cells[..cells.len() - skip(cells, self.key).len()]
    }

    fn dimensions_end(&self, start: usize) -> usize {
        self.bytes.len() - skip(&self.bytes[start..], self.stored.len()).len()
    }
}

/// The bytes behind this number of cells.
fn skip(cells: &[u8], number: usize) -> &[u8] {
    (0..number).fold(cells, |rest, _| read_cell(rest).map_or(&[], |(_, rest)| rest))
}
