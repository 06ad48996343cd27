//! One process at a time: an advisory lock (flock) on a separate file that is never removed.
//!
//! The kernel releases it when the holder ends in any way, so there are no stale locks.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gauth_core::cache;

use crate::environment;
use crate::exit::{Failure, Kind, reason};
use crate::files::{self, shown};
use crate::terminal::Terminal;

const FIRST_PAUSE: Duration = Duration::from_millis(1);

/// A lock held until it is dropped. Its file can hold a note for the next holder.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Waits for the lock at `path` until `deadline`, which is a temporary failure. `None` where locks are not possible (a
    /// read-only disk, a file system without them): the work continues without one, after a warning unless the reason is
    /// only that nothing can be written there.
    pub fn exclusive(path: &Path, deadline: Instant, terminal: &Terminal) -> Result<Option<Self>, Failure> {
        Self::first_of(&[path.to_owned()], deadline, terminal)
    }

    /// The lock for changing the file at `path`: a hidden file beside the file that `path` leads to, or if that is not
    /// possible, one in the cache folder.
    pub fn of_file(path: &Path, deadline: Instant, terminal: &Terminal) -> Result<Option<Self>, Failure> {
        let target = fs::canonicalize(path).or_else(|_| files::target(path)).unwrap_or_else(|_| path.to_owned());
        let elsewhere = environment::cache_dir().map(|directory| {
            directory.join(cache::digest(target.as_os_str().as_encoded_bytes())).with_extension("lock")
        });
        let places: Vec<PathBuf> = std::iter::once(beside(&target)).chain(elsewhere).collect();
        Self::first_of(&places, deadline, terminal)
    }

    /// The lock at the first place where one is possible.
    fn first_of(places: &[PathBuf], deadline: Instant, terminal: &Terminal) -> Result<Option<Self>, Failure> {
        let mut problem = None;
        for path in places {
            match open(path) {
                Ok(file) => return Self::wait_for(file, path, deadline, terminal),
                Err(error) => problem = Some((path, error)),
            }
        }
        let expected =
            [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::NotADirectory];
        if let Some((path, error)) = problem.filter(|(_, error)| !expected.contains(&error.kind())) {
            warn(terminal, path, &error);
        }
        Ok(None)
    }

    fn wait_for(file: File, path: &Path, deadline: Instant, terminal: &Terminal) -> Result<Option<Self>, Failure> {
        let mut pause = FIRST_PAUSE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self(file))),
                Err(TryLockError::Error(error)) => {
                    warn(terminal, path, &error);
                    return Ok(None);
                }
                Err(TryLockError::WouldBlock) => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let message = format!("cannot lock {}: another process holds it", shown(path));
                return Err(Failure::new(Kind::Temporary, message));
            }
            if pause == FIRST_PAUSE {
                terminal.verbose(&format!("waiting for another process to release {}", shown(path)));
            }
            std::thread::sleep(left.min(jittered(pause)));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// The note of the last holder, at most 64 KiB; empty if there is none.
    pub fn note(&self) -> io::Result<Vec<u8>> {
        let mut note = Vec::new();
        (&self.0).seek(SeekFrom::Start(0))?;
        (&self.0).take(64 << 10).read_to_end(&mut note)?;
        Ok(note)
    }

    /// Leaves a note for the waiting processes, in place of the old one.
    pub fn leave_note(&self, note: &[u8]) -> io::Result<()> {
        self.0.set_len(0)?;
        (&self.0).seek(SeekFrom::Start(0))?;
        (&self.0).write_all(note)
    }
}

fn warn(terminal: &Terminal, path: &Path, error: &io::Error) {
    terminal.warn(&format!("cannot lock {}: {}: continuing without a lock", shown(path), reason(error)));
}

/// A hidden file beside `file`.
fn beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(".lock");
    file.with_file_name(name)
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        files::private_directory(directory)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A planted link is not followed, and a planted FIFO does not block.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits() as i32);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata()?.permissions().mode();
        if mode & 0o777 != 0o600 {
            // The umask may have removed the owner's permissions.
            file.set_permissions(PermissionsExt::from_mode(0o600))?;
        }
    }
    Ok(file)
}

/// Between half and all of `pause`, so that waiting processes do not try at the same time.
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
    fn a_waiter_gets_the_lock_and_the_note_of_the_holder() {
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
    fn pauses_are_between_half_and_all() {
        let pause = Duration::from_millis(10);
        assert!((0..1000).all(|_| (pause / 2..=pause).contains(&jittered(pause))));
    }
}
