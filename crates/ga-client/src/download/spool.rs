//! The spool between the network and the output: in memory up to a budget that all pages share, and beyond it in an
//! unlinked temporary file, so that memory does not grow with the report.
//!
//! Without a folder for temporary files everything stays in memory.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much memory all spools together may use.
#[derive(Debug)]
pub(super) struct Budget(AtomicUsize);

impl Budget {
    /// A budget of this many bytes.
    pub(super) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(bytes)))
    }

    fn take(&self, bytes: usize) -> bool {
        let subtract = |left: usize| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, subtract).is_ok()
    }
}

/// Parts of a page, in order.
#[derive(Debug)]
pub struct Spool {
    budget: Arc<Budget>,
    parts: Vec<Part>,
    file: Option<File>,
}

#[derive(Debug)]
enum Part {
    Memory(Held),
    /// The number of bytes; they follow those of the previous part in the file.
    File(usize),
}

/// Bytes that count against the budget until they are dropped.
#[derive(Debug)]
struct Held {
    bytes: Vec<u8>,
    taken: usize,
    budget: Arc<Budget>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.taken, Ordering::Relaxed);
    }
}

impl Spool {
    /// An empty spool.
    pub(super) fn new(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), parts: Vec::new(), file: None }
    }

    /// Adds a part.
    pub(super) fn push(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        let size = bytes.capacity();
        let taken = if self.budget.take(size) { size } else { 0 };
        if taken == 0 && self.file.is_none() {
            self.file = tempfile::tempfile().ok();
        }
        self.parts.push(match &mut self.file {
            Some(file) if taken == 0 => {
                file.write_all(&bytes)?;
                Part::File(bytes.len())
            }
            _ => Part::Memory(Held { bytes, taken, budget: Arc::clone(&self.budget) }),
        });
        Ok(())
    }

    /// Passes every part to `take` and frees it.
    ///
    /// # Errors
    /// What `take` returns, or a temporary file that cannot be read.
    pub fn for_each(mut self, mut take: impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        if let Some(file) = &mut self.file {
            file.rewind()?;
        }
        let mut buffer = Vec::new();
        for part in self.parts {
            match (part, &mut self.file) {
                (Part::Memory(held), _) => take(&held.bytes)?,
                (Part::File(length), Some(file)) => {
                    buffer.resize(length, 0);
                    file.read_exact(&mut buffer)?;
                    take(&buffer)?;
                }
                (Part::File(_), None) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_in_order_from_memory_and_from_the_file() {
        let budget = Budget::new(250);
        let mut spool = Spool::new(&budget);
        let parts: Vec<Vec<u8>> = (0..10).map(|number| vec![number; 100]).collect();
        for part in &parts {
            spool.push(part.clone()).unwrap();
        }
        assert_eq!(budget.0.load(Ordering::Relaxed), 50);
        let mut seen = Vec::new();
        spool
            .for_each(|part| {
                seen.push(part.to_vec());
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, parts);
        assert_eq!(budget.0.load(Ordering::Relaxed), 250);
    }
}
