//! A buffer in front of a writer that stops at the first error: its content is not written again when the buffer is
//! dropped, as std's `BufWriter` does, nor after a temporary error, which would make half a result look complete.
//!
//! It grows with what is written: most results are one line.

use std::io::{self, Write};

/// This much is written at once.
const CAPACITY: usize = 64 << 10;

/// A writer until its first error.
pub(crate) struct Buffered<W: Write> {
    writer: Option<W>,
    held: Vec<u8>,
}

impl<W: Write> Buffered<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self { writer: Some(writer), held: Vec::new() }
    }

    /// The writer behind the buffer, while it has not failed.
    pub(crate) fn get_ref(&self) -> Option<&W> {
        self.writer.as_ref()
    }

    /// Writes the content and returns the writer.
    pub(crate) fn into_inner(mut self) -> io::Result<W> {
        self.flush()?;
        self.writer.take().ok_or_else(has_failed)
    }

    fn attempt(&mut self, act: impl FnOnce(&mut W, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let result = act(self.writer.as_mut().ok_or_else(has_failed)?, &self.held);
        self.held.clear();
        if result.is_err() {
            self.writer = None;
        }
        result
    }
}

impl<W: Write> Write for Buffered<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.held.len() + bytes.len() > CAPACITY {
            self.attempt(|writer, held| writer.write_all(held))?;
        }
        if bytes.len() > CAPACITY {
            return self.attempt(|writer, _| writer.write_all(bytes));
        }
        if self.writer.is_none() {
            return Err(has_failed());
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(|writer, held| writer.write_all(held).and_then(|()| writer.flush()))
    }
}

impl<W: Write> Drop for Buffered<W> {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

fn has_failed() -> io::Error {
    io::Error::other("an earlier write failed")
}
