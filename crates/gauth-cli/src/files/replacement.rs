//! The new content of a file while it is written: a file of its own beside the old one, to be renamed over it.
//!
//! Its writer holds a lock on it (flock), which ends with the writer. So the files that killed writers left can
//! be told from those that are in use, and the next writer removes them.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::parent;

/// Random characters and ending of a temporary file's name.
const RANDOM: usize = 12;
const SUFFIX: &str = ".tmp";

fn prefix(target: &Path) -> OsString {
    let name = target.file_name().unwrap_or_default();
    let mut prefix = OsString::from(".");
    // Names may be 255 bytes long; a long one is recognised by its digest.
    if name.len() > 200 {
        let digest = ring::digest::digest(&ring::digest::SHA256, name.as_encoded_bytes());
        prefix.extend(digest.as_ref()[..16].iter().map(|byte| OsString::from(format!("{byte:02x}"))));
    } else {
        prefix.push(name);
    }
    prefix.push(".");
    prefix
}

/// A new file beside `target`, removed again when dropped. It has the mode 0600 from birth whatever the umask,
/// or what the umask leaves of 0666.
pub(super) fn create(target: &Path, mode: u32) -> io::Result<NamedTempFile> {
    if target.file_name().is_none() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    sweep(target);
    loop {
        let file = tempfile::Builder::new()
            .prefix(&prefix(target))
            .suffix(SUFFIX)
            .rand_bytes(RANDOM)
            .make_in(parent(target), |path| open(path, mode))?;
        match file.as_file().try_lock() {
            // A sweep may have come between.
            Ok(()) if !file.path().exists() => {}
            Err(TryLockError::WouldBlock) => {}
            // Without locks nothing is swept either.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

fn open(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        options.mode(mode).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
        let file = options.open(path)?;
        if mode == 0o600 {
            // The umask may have taken even the owner's permissions away.
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    {
        let _ = mode;
        options.open(path)
    }
}

/// Removes what killed writers of `target` left beside it.
pub fn sweep(target: &Path) {
    let Ok(entries) = fs::read_dir(parent(target)) else {
        return;
    };
    let prefix = prefix(target);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let is_replacement = name.starts_with(prefix.as_encoded_bytes())
            && name.ends_with(SUFFIX.as_bytes())
            && name.len() == prefix.len() + RANDOM + SUFFIX.len();
        if is_replacement && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            remove_if_abandoned(&entry.path());
        }
    }
}

fn remove_if_abandoned(path: &Path) {
    // What cannot be opened, locked or removed is left to a later run.
    if let Ok(file) = File::open(path)
        && file.try_lock().is_ok()
    {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b9_what_a_killed_writer_left_is_removed_and_what_is_in_use_stays() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("secret");
        let in_use = create(&target, 0o600).unwrap();
        let (_, left) = create(&target, 0o600).unwrap().keep().unwrap();
        let others = ["secret", ".secret.tmp", ".secret.other.tmp", ".secrets.abcdefghijkl.tmp"];
        for name in others {
            fs::write(home.path().join(name), "").unwrap();
        }
        sweep(&target);
        assert!(in_use.path().exists());
        assert!(!left.exists());
        assert!(others.iter().all(|name| home.path().join(name).exists()));
    }

    #[test]
    fn a12_a_name_of_255_bytes_can_be_replaced() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("x".repeat(255));
        let (_, left) = create(&target, 0o600).unwrap().keep().unwrap();
        create(&target, 0o600).unwrap().persist(&target).unwrap();
        assert!(target.exists() && !left.exists());
    }

    #[test]
    fn a3_two_writers_never_share_a_name() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("secret");
        let files: Vec<_> = (0..20).map(|_| create(&target, 0o600).unwrap()).collect();
        assert!(files.iter().all(|file| file.path().exists()));
    }
}
