//! Where pages wait between the network and the output: in memory up to a budget that all pages share, and
//! beyond it in an unlinked temporary file, so that memory does not grow with the report.
//!
//! Without a place for temporary files everything waits in memory.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What all waiting pages together may keep in memory.
#[derive(Debug)]
pub(crate) struct Budget(AtomicUsize);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(bytes)))
    }

    fn take(&self, bytes: usize) -> bool {
        let subtract = |left: usize| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, subtract).is_ok()
    }
}

/// Parts of a page, in order.
#[derive(Debug)]
pub(crate) struct Waiting {
    budget: Arc<Budget>,
    parts: Vec<Part>,
    file: Option<File>,
}

#[derive(Debug)]
enum Part {
    Memory(Held),
    /// So many bytes, following those of the part before that is in the file.
    File(usize),
}

/// Bytes that are taken from the budget as long as they live.
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

impl Waiting {
    pub(crate) fn new(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), parts: Vec::new(), file: None }
    }

    /// Adds a part.
    pub(crate) fn push(&mut self, bytes: Vec<u8>) -> io::Result<()> {
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

    /// Hands out every part and gives its memory back.
    pub(crate) fn for_each(mut self, mut take: impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
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
        let mut waiting = Waiting::new(&budget);
        let parts: Vec<Vec<u8>> = (0..10).map(|number| vec![number; 100]).collect();
        for part in &parts {
            waiting.push(part.clone()).unwrap();
        }
        assert_eq!(budget.0.load(Ordering::Relaxed), 50);
        let mut seen = Vec::new();
        waiting
            .for_each(|part| {
                seen.push(part.to_vec());
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, parts);
        assert_eq!(budget.0.load(Ordering::Relaxed), 250);
    }
}
