//! Where the document goes: standard output, or a file that appears when everything is in it
//! ([`gauth_cli::files::Report`]).

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use gauth_cli::Failure;
use gauth_cli::files::Report;
use gauth_cli::terminal::{Stdout, stdout};

use crate::format::Output;

/// The buffer is written out when it has grown to this.
const BUFFER: usize = 64 * 1024;

/// A sink with a buffer before it.
pub(crate) struct Target {
    sink: Sink,
    pub(crate) buffer: Vec<u8>,
}

enum Sink {
    Stdout(Stdout),
    File(Report),
}

impl Target {
    /// Opens what `-o` names; a FIFO must have a reader by `deadline`.
    pub(crate) fn open(output: &Output, deadline: Option<Instant>) -> Result<Self, Failure> {
        let sink = match &output.path {
            Some(path) => Sink::File(Report::create(path, deadline)?),
            None if output.format.is_drawing => Sink::Stdout(stdout().of_drawing()),
            None => Sink::Stdout(stdout()),
        };
        Ok(Self { sink, buffer: Vec::with_capacity(BUFFER + BUFFER / 4) })
    }

    /// The file to remove when the process is interrupted.
    pub(crate) fn unfinished(&self) -> Option<PathBuf> {
        match &self.sink {
            Sink::File(report) => report.unfinished().map(Path::to_owned),
            Sink::Stdout(_) => None,
        }
    }

    /// Writes the buffer out if it is full.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER { self.write_buffer() } else { Ok(()) }
    }

    /// Writes everything out; a file waits for [`Target::commit`].
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.write_buffer()?;
        match &mut self.sink {
            Sink::Stdout(stdout) => stdout.flush(),
            Sink::File(_) => Ok(()),
        }
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Stdout(stdout) => stdout.write_all(&self.buffer)?,
            Sink::File(report) => report.write_all(&self.buffer)?,
        }
        self.buffer.clear();
        Ok(())
    }

    /// Puts a file in its place.
    pub(crate) fn commit(self) -> io::Result<()> {
        match self.sink {
            Sink::Stdout(_) => Ok(()),
            Sink::File(report) => report.commit(),
        }
    }
}
