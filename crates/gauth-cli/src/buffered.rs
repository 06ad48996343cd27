//! A buffer in front of a writer that stops at the first error: its content is not written again when the buffer is
//! dropped, as std's `BufWriter` does, nor after a temporary error, which would make half a result look complete.

use std::io::{self, BufWriter, Write};

/// A writer until its first error.
pub(crate) struct Buffered<W: Write>(Option<BufWriter<W>>);

impl<W: Write> Buffered<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self(Some(BufWriter::with_capacity(64 << 10, writer)))
    }

    /// The writer behind the buffer, while it has not failed.
    pub(crate) fn get_ref(&self) -> Option<&W> {
        self.0.as_ref().map(BufWriter::get_ref)
    }

    /// Writes the content and returns the writer.
    pub(crate) fn into_inner(mut self) -> io::Result<W> {
        self.flush()?;
        let (writer, _) = self.0.ok_or_else(has_failed)?.into_parts();
        Ok(writer)
    }

    fn attempt<T>(&mut self, act: impl FnOnce(&mut BufWriter<W>) -> io::Result<T>) -> io::Result<T> {
        let result = act(self.0.as_mut().ok_or_else(has_failed)?);
        if result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            // A buffer in parts writes nothing when dropped.
            drop(self.0.take().map(BufWriter::into_parts));
        }
        result
    }
}

impl<W: Write> Write for Buffered<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(|writer| writer.write(bytes))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.attempt(|writer| writer.write_all(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(BufWriter::flush)
    }
}

fn has_failed() -> io::Error {
    io::Error::other("an earlier write failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails once and works from then on.
    struct FailsOnce<'a> {
        written: &'a mut Vec<u8>,
        failed: bool,
    }

    impl Write for FailsOnce<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !std::mem::replace(&mut self.failed, true) {
                return Err(io::Error::from_raw_os_error(5));
            }
            self.written.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn h1_after_a_temporary_error_nothing_more_is_written() {
        let mut written = Vec::new();
        let mut writer = Buffered::new(FailsOnce { written: &mut written, failed: false });
        writer.write_all(b"token\n").unwrap();
        assert!(writer.flush().is_err());
        assert!(writer.write_all(b"more").is_err());
        assert!(writer.get_ref().is_none());
        drop(writer);
        assert!(written.is_empty());
    }

    #[test]
    fn without_an_error_everything_is_written_also_when_it_is_dropped() {
        let mut written = Vec::new();
        Buffered::new(&mut written).write_all(b"rows").unwrap();
        assert_eq!(written, b"rows");
        Buffered::new(&mut written).into_inner().unwrap().write_all(b"!").unwrap();
        assert_eq!(written, b"rows!");
    }
}
