//! Where rows go: standard output, or a file that appears when everything is in it ([`gauth_cli::files::Report`]),
//! compressed if its name says so (gzip, RFC 1952).

use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use gauth_cli::Failure;
use gauth_cli::files::Report;
use gauth_cli::terminal::{Stdout, stdout};

/// The buffer is written out when it has grown to this.
const BUFFER: usize = 64 * 1024;

/// What is to be opened.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// `-o`; standard output without it.
    pub path: Option<&'a Path>,
    /// Whether the file is compressed.
    pub is_compressed: bool,
    /// Whether a terminal gets every byte, because text is harmless already.
    pub is_drawing: bool,
}

/// A sink with a buffer before it.
pub struct Target {
    sink: Sink,
    /// What is to be written.
    pub buffer: Vec<u8>,
}

enum Sink {
    Stdout(Stdout),
    File(Report),
    Compressed(Box<GzEncoder<Report>>),
    /// Everything stays in the buffer.
    Kept,
}

impl Target {
    /// Opens the place; a FIFO must have a reader by `deadline`.
    ///
    /// # Errors
    /// As [`Report::create`].
    pub fn open(place: Place<'_>, deadline: Option<Instant>) -> Result<Self, Failure> {
        let sink = match place.path.map(|path| Report::create(path, deadline)).transpose()? {
            // Without a name or a time in its header: the same rows are the same bytes.
            Some(file) if place.is_compressed => {
                Sink::Compressed(Box::new(GzEncoder::new(file, Compression::default())))
            }
            Some(file) => Sink::File(file),
            None if place.is_drawing => Sink::Stdout(stdout().of_drawing()),
            None => Sink::Stdout(stdout()),
        };
        Ok(Self { sink, buffer: Vec::with_capacity(BUFFER + BUFFER / 4) })
    }

    /// The same place for a drawing: a terminal gets every byte, because text is harmless already.
    #[must_use]
    pub(super) fn of_drawing(self) -> Self {
        let sink = match self.sink {
            Sink::Stdout(stdout) => Sink::Stdout(stdout.of_drawing()),
            file => file,
        };
        Self { sink, ..self }
    }

    /// What is to be done when the process is interrupted: removes the unfinished file.
    pub fn clean_up(&self) -> impl Fn() + Send + Sync + 'static {
        let unfinished = match &self.sink {
            Sink::File(report) => report.unfinished(),
            Sink::Compressed(encoder) => encoder.get_ref().unfinished(),
            Sink::Stdout(_) | Sink::Kept => None,
        };
        let unfinished = unfinished.map(Path::to_owned);
        move || {
            if let Some(path) = &unfinished {
                // It may have been renamed just now.
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// A buffer on its own.
    pub fn kept() -> Self {
        Self { sink: Sink::Kept, buffer: Vec::new() }
    }

    /// Writes the buffer out if it is full.
    ///
    /// # Errors
    /// When the sink takes no more.
    pub fn drain(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER { self.write_buffer() } else { Ok(()) }
    }

    /// Writes everything out; a file waits for [`Target::commit`].
    ///
    /// # Errors
    /// When the sink takes no more.
    pub fn flush(&mut self) -> io::Result<()> {
        self.write_buffer()?;
        match &mut self.sink {
            Sink::Stdout(stdout) => stdout.flush(),
            Sink::File(_) | Sink::Compressed(_) | Sink::Kept => Ok(()),
        }
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Stdout(stdout) => stdout.write_all(&self.buffer)?,
            Sink::File(report) => report.write_all(&self.buffer)?,
            Sink::Compressed(encoder) => encoder.write_all(&self.buffer)?,
            Sink::Kept => return Ok(()),
        }
        self.buffer.clear();
        Ok(())
    }

    /// Puts a file in its place, after [`Target::flush`].
    ///
    /// # Errors
    /// When the file cannot be completed.
    pub fn commit(self) -> io::Result<()> {
        match self.sink {
            Sink::Stdout(_) | Sink::Kept => Ok(()),
            Sink::File(report) => report.commit(),
            Sink::Compressed(encoder) => encoder.finish()?.commit(),
        }
    }
}
