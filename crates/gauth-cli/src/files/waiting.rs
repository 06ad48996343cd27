//! Reading what may keep a reader waiting (a pipe, a terminal, a FIFO that nobody writes to yet) until a deadline.

use std::fs::File;
use std::io::{self, Read};
use std::time::Instant;

/// A file whose reads end at a deadline, as far as the system can wait for it.
pub(super) struct Until {
    file: File,
    deadline: Option<Instant>,
}

impl Until {
    pub(super) fn new(file: File, deadline: Option<Instant>) -> Self {
        Self { file, deadline }
    }
}

#[cfg(unix)]
impl Read for Until {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !is_readable_by(&self.file, self.deadline)? {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "nothing more came in time"));
            }
            match self.file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }
}

#[cfg(not(unix))]
impl Read for Until {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Between two reads; one that waits is not interrupted.
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "nothing more came in time"));
        }
        self.file.read(buffer)
    }
}

/// Standard input, without a buffer of its own.
#[cfg(unix)]
pub(super) fn stdin(deadline: Option<Instant>) -> io::Result<Until> {
    use std::os::fd::AsFd;
    Ok(Until::new(io::stdin().as_fd().try_clone_to_owned()?.into(), deadline))
}

/// Elsewhere only its end ends the reading.
#[cfg(not(unix))]
pub(super) fn stdin(_deadline: Option<Instant>) -> io::Result<io::StdinLock<'static>> {
    Ok(io::stdin().lock())
}

/// Waits until a read would not wait.
#[cfg(unix)]
pub(crate) fn is_readable_by(file: &File, deadline: Option<Instant>) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() });
        match poll(&mut [PollFd::new(file, PollFlags::IN)], left.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
