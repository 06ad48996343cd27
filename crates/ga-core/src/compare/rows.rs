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
    index: HashTable<Entry>,
}

/// The place of a row, and half of its hash, so that a growing table need not look at rows.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    row: u32,
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
        let hash = hash(key);
        let is_it = |entry: &Entry| {
            entry.hash == hash && self.rows.bytes[self.rows.rows[entry.row as usize].start..].starts_with(key)
        };
        let known = self.index.find(spread(hash), is_it);
        match known.map(|entry| &mut self.rows.rows[entry.row as usize]) {
            Some(Row { periods: periods @ In::Own, .. }) => {
                *periods = In::Both(start);
                let dimensions = self.rows.dimensions_end(start);
                self.rows.bytes.drain(start..dimensions);
            }
            _ => self.insert(Row { start, periods: In::Other }),
        }
    }

    fn insert(&mut self, row: Row) {
        // Four billion rows do not fit into memory.
        let entry = Entry { hash: hash(self.rows.key(row.start)), row: self.rows.rows.len() as u32 };
        self.rows.rows.push(row);
        self.index.insert_unique(spread(entry.hash), entry, |entry| spread(entry.hash));
    }

    /// All rows.
    pub(super) fn into_rows(self) -> Rows {
        self.rows
    }
}

fn hash(key: &[u8]) -> u32 {
    FixedState::with_seed(0).hash_one(key) as u32
}

/// The table takes its place from the low bits and its tag from the high ones.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The dimensions of a row as they are stored.
    pub(super) fn dimensions(&self, row: usize) -> impl Iterator<Item = &[u8]> {
        Cells(&self.bytes[self.rows[row].start..]).take(self.stored.len())
    }

    /// The metrics of a row in the report's own period and in the other one.
    pub(super) fn metrics(&self, row: usize) -> [Option<Cells<'_>>; 2] {
        let Row { start, periods } = self.rows[row];
        let first = Some(Cells(skip(&self.bytes[start..], self.stored.len())));
        match periods {
            In::Own => [first, None],
            In::Other => [None, first],
            In::Both(other) => [first, Some(Cells(&self.bytes[other..]))],
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

/// Cells, one after the other.
pub(super) struct Cells<'a>(&'a [u8]);

impl<'a> Iterator for Cells<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let (cell, rest) = read_cell(self.0)?;
        self.0 = rest;
        Some(cell)
    }
}

/// The bytes behind this number of cells.
fn skip(cells: &[u8], number: usize) -> &[u8] {
    (0..number).fold(cells, |rest, _| read_cell(rest).map_or(&[], |(_, rest)| rest))
}
