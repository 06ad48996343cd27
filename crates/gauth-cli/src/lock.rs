//! One process at a time: an advisory lock (flock) on a file of its own that is never removed.
//!
//! The kernel lets go of it when the holder ends, however it ends; so there is no staleness to judge.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::exit::{Failure, Kind, reason};
use crate::files::{create_private_directory, shown};
use crate::terminal::Terminal;

/// A lock held until it is dropped. Its file can hold a few words that the next holder reads.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Waits for the lock at `path` until `deadline`; then it is a temporary failure. `None` where locks cannot
    /// be had (a read-only disk, a file system without them): the work goes on without, after a warning
    /// if the reason is the file system's.
    pub fn exclusive(path: &Path, deadline: Instant, terminal: &Terminal) -> Result<Option<Self>, Failure> {
        let Ok(file) = open(path) else {
            return Ok(None);
        };
        let mut pause = Duration::from_millis(1);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self(file))),
                Err(TryLockError::Error(error)) => {
                    terminal.warn(&format!("lock {}: {}: going on without", shown(path), reason(&error)));
                    return Ok(None);
                }
                Err(TryLockError::WouldBlock) => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let message = format!("lock {}: another process holds it", shown(path));
                return Err(Failure::new(Kind::Temporary, message));
            }
            std::thread::sleep(left.min(jittered(pause)));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// What the last holder left, at most 64 KiB; empty if nothing.
    pub fn note(&self) -> io::Result<Vec<u8>> {
        let mut note = Vec::new();
        (&self.0).seek(SeekFrom::Start(0))?;
        (&self.0).take(64 << 10).read_to_end(&mut note)?;
        Ok(note)
    }

    /// Leaves words for those who wait, in place of what stood there.
    pub fn leave_note(&self, note: &[u8]) -> io::Result<()> {
        self.0.set_len(0)?;
        (&self.0).seek(SeekFrom::Start(0))?;
        (&self.0).write_all(note)
    }
}

/// The lock under which a file is written: a hidden file beside it.
pub fn beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(".lock");
    file.with_file_name(name)
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        create_private_directory(directory).map_err(io::Error::other)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Neither a planted link nor a planted FIFO is of use to anyone.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits() as i32);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata()?.permissions().mode();
        if mode & 0o777 != 0o600 {
            // Born under a umask that took the owner's permissions away.
            file.set_permissions(PermissionsExt::from_mode(0o600))?;
        }
    }
    Ok(file)
}

/// Between half and the whole of `pause`, so that waiters do not march in step.
fn jittered(pause: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) % 1000;
    pause / 2 + pause / 2 * random as u32 / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Terminal = Terminal { program: "test", quiet: false, verbose: false };

    fn lock(path: &Path, patience: Duration) -> Result<Option<Lock>, Failure> {
        Lock::exclusive(path, Instant::now() + patience, &TERMINAL)
    }

    #[test]
    fn b4_a_waiter_gives_up_at_its_deadline_as_a_temporary_failure() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new/lock");
        let held = lock(&path, Duration::ZERO).unwrap().unwrap();
        let failure = lock(&path, Duration::from_millis(5)).unwrap_err();
        assert_eq!(failure.kind(), Kind::Temporary);
        drop(held);
        assert!(lock(&path, Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn a_waiter_gets_the_lock_and_the_words_of_the_holder() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let held = lock(&path, Duration::ZERO).unwrap().unwrap();
        held.leave_note(b"something longer").unwrap();
        held.leave_note(b"words").unwrap();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| lock(&path, Duration::from_secs(60)).unwrap().unwrap());
            drop(held);
            assert_eq!(waiter.join().unwrap().note().unwrap(), b"words");
        });
    }

    #[cfg(unix)]
    #[test]
    fn b5_the_lock_file_is_private_and_a_planted_link_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        drop(lock(&path, Duration::ZERO).unwrap().unwrap());
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let link = home.path().join("link");
        std::os::unix::fs::symlink(home.path().join("elsewhere"), &link).unwrap();
        assert!(lock(&link, Duration::ZERO).unwrap().is_none());
        assert!(!home.path().join("elsewhere").exists());
    }

    #[test]
    fn waits_are_between_half_and_the_whole() {
        let pause = Duration::from_millis(10);
        assert!((0..1000).all(|_| (pause / 2..=pause).contains(&jittered(pause))));
    }
}
