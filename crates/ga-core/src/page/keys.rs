//! The keys of the rows of a page: hashes of their dimensions, which are different for all rows of a report.
//!
//! Only hashes are kept, 8 bytes a row, and of two pages at a time. In a report of a million rows, two different rows
//! have the same hash once in tens of millions of reports.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

/// Which dimensions distinguish the rows of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKey {
    /// Not known: the rows are those of a pivot or a funnel.
    Unknown,
    /// All of them.
    Dimensions,
    /// All of them, and the ones in these columns are a combination, which may come once for each date range and
    /// comparison.
    Combination(Vec<usize>),
}

/// The keys of one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    first: Option<u64>,
    sorted: Vec<u64>,
}

impl Keys {
    /// Takes the hashes of all rows, in the order of the page.
    fn new(hashes: Vec<u64>) -> Self {
        let first = hashes.first().copied();
        let mut sorted = hashes;
        sorted.sort_unstable();
        Self { first, sorted }
    }

    fn has_repetition(&self) -> bool {
        self.sorted.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn distinct(mut self) -> u64 {
        self.sorted.dedup();
        self.sorted.len() as u64
    }

    fn contain(&self, hash: u64) -> bool {
        self.sorted.binary_search(&hash).is_ok()
    }

    fn overlap(&self, other: &Self) -> bool {
        let (few, many) = if self.sorted.len() < other.sorted.len() { (self, other) } else { (other, self) };
        few.sorted.iter().any(|&hash| many.contain(hash))
    }
}

/// Collects the keys of a page while its rows are read.
#[derive(Debug)]
pub(super) struct KeyReader {
    key: RowKey,
    rows: Vec<u64>,
    combinations: Vec<u64>,
}

impl KeyReader {
    pub(super) fn new(key: RowKey) -> Self {
        Self { key, rows: Vec::new(), combinations: Vec::new() }
    }

    /// The columns that make a combination, if those are not all.
    pub(super) fn own_columns(&self) -> Option<&[usize]> {
        match &self.key {
            RowKey::Combination(own) => Some(own),
            RowKey::Unknown | RowKey::Dimensions => None,
        }
    }

    /// Takes a row by its dimensions, which `cells` hold unambiguously; `own` holds those of its combination.
    pub(super) fn row(&mut self, cells: &[u8], own: Option<&[u8]>) {
        if self.key != RowKey::Unknown {
            self.rows.push(hash(cells));
        }
        self.combinations.extend(own.map(hash));
    }

    /// The keys of `rows` rows, and the number of their combinations; `None` if a row is repeated.
    pub(super) fn finish(self, rows: u64) -> Option<(Keys, u64)> {
        let keys = Keys::new(self.rows);
        if keys.has_repetition() {
            return None;
        }
        let combinations = match self.key {
            RowKey::Combination(_) => Keys::new(self.combinations).distinct(),
            RowKey::Unknown | RowKey::Dimensions => rows,
        };
        Some((keys, combinations))
    }
}

fn hash(bytes: &[u8]) -> u64 {
    FixedState::with_seed(0).hash_one(bytes)
}

/// Detects rows that were sent before, over the pages of a report in order: any row of the previous page, and the first
/// row of every earlier one. Rows are ordered, so a page that repeats an earlier page contains its first row.
#[derive(Debug, Default)]
pub struct Repetitions {
    beginnings: Vec<u64>,
    previous: Keys,
}

impl Repetitions {
    /// Takes the next page; false if it contains rows that were sent before.
    #[must_use]
    pub fn take(&mut self, keys: Keys) -> bool {
        if self.beginnings.iter().any(|&hash| keys.contain(hash)) || keys.overlap(&self.previous) {
            return false;
        }
        self.beginnings.extend(keys.first);
        self.previous = keys;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(hashes: &[u64]) -> Keys {
        Keys::new(hashes.to_vec())
    }

    #[test]
    fn a_row_that_came_twice_is_noticed_wherever_it_is() {
        let finish = |texts: &[&str]| {
            let mut reader = KeyReader::new(RowKey::Dimensions);
            for text in texts {
                reader.row(text.as_bytes(), None);
            }
            reader.finish(texts.len() as u64)
        };
        assert_eq!(finish(&["b", "a", "c"]).unwrap().1, 3);
        for repeated in [&["a", "a", "b"][..], &["a", "b", "a"], &["", ""]] {
            assert_eq!(finish(repeated), None, "{repeated:?}");
        }
        assert!(finish(&[]).is_some());
    }

    #[test]
    fn pages_that_share_rows_are_noticed() {
        for (pages, fine) in [
            (&[&[3, 1, 2][..], &[6, 4, 5], &[7]][..], true),
            (&[&[3, 1, 2], &[2, 4, 5]], false),
            (&[&[3, 1, 2], &[4, 5, 3]], false),
            (&[&[3, 1, 2], &[1]], false),
            (&[&[3, 1], &[5, 6], &[3, 9]], false),
            (&[&[3, 1], &[5, 6], &[9, 3]], false),
            (&[&[], &[], &[1], &[]], true),
        ] {
            let mut repetitions = Repetitions::default();
            assert_eq!(pages.iter().all(|page| repetitions.take(keys(page))), fine, "{pages:?}");
        }
    }
}
