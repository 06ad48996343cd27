//! The new content of a file while it is written: a temporary file beside the old one, which is then renamed.
//!
//! Its name says that it is ours (`.NAME.RANDOM.gauth-tmp`), and its writer holds a lock on it (flock), which ends with
//! the writer. This distinguishes what killed writers left from what is in use and from other files.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::{NamedTempFile, TempPath};

use super::{listing, parent};
use crate::random;

/// Random characters and ending of a temporary file's name.
const RANDOM: usize = 12;
const SUFFIX: &str = ".gauth-tmp";
/// The age at which the file of a killed writer is removed.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// The part before the random characters.
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

/// The [`prefix`] of a temporary file's name; `None` for any other name.
fn prefix_of(name: &OsStr) -> Option<&[u8]> {
    let stem = name.as_encoded_bytes().strip_suffix(SUFFIX.as_bytes())?;
    let (prefix, random) = stem.split_at_checked(stem.len().checked_sub(RANDOM)?)?;
    let is_ours = prefix.starts_with(b".") && prefix.ends_with(b".") && prefix.len() > 2;
    (is_ours && random.iter().all(u8::is_ascii_alphanumeric)).then_some(prefix)
}

/// A new file beside `target`, removed again when dropped. It is created with mode 0600 regardless of the umask,
/// or with what the umask leaves of 0666.
pub(super) fn create(target: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let file = with_new_name(target, |path| open(path, mode))?;
    // Where there are no locks, nothing is swept.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// What `create` makes under a name that nothing has yet. tempfile's own names come from a generator in thread-local storage,
/// for which musl has so little room that it would have to ask the system for memory at every start.
fn with_new_name<T>(target: &Path, create: impl Fn(&Path) -> io::Result<T>) -> io::Result<NamedTempFile<T>> {
    if target.file_name().is_none() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    loop {
        let random: [u8; RANDOM / 2] = random::bytes().map_err(io::Error::other)?;
        let mut name = prefix(target);
        random.iter().for_each(|byte| name.push(format!("{byte:02x}")));
        name.push(SUFFIX);
        let path = std::path::absolute(parent(target).join(name))?;
        match create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return Ok(NamedTempFile::from_parts(created?, TempPath::try_from_path(path)?)),
        }
    }
}

fn open(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(mode).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    }
    made_private(options.open(path)?, mode)
}

/// The umask may have removed even the owner's permissions.
fn made_private(file: File, mode: u32) -> io::Result<File> {
    #[cfg(unix)]
    if mode == 0o600 {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.permissions().mode() & 0o777 != mode {
            file.set_permissions(PermissionsExt::from_mode(mode))?;
        }
    }
    #[cfg(not(unix))]
    let _ = mode;
    Ok(file)
}

/// Puts the file in the place of `target`, which may be lost in a crash of the machine. A file that is renamed over another
/// is sent to the disk by ext4 and btrfs at once, which takes longer than all the rest; one that trades places is not.
pub(super) fn swap(file: NamedTempFile, target: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, file.path(), CWD, target, RenameFlags::EXCHANGE).is_ok() {
            // The old content; should it stay, it is swept.
            let _ = file.close();
            return Ok(());
        }
    }
    // There is no old one, or the file system cannot exchange two.
    file.persist(target).map(drop).map_err(|failed| failed.error)
}

/// A private file that is created before it is known whether there will be anything to write, so that failures show early.
/// If the system supports it, the file has no name until it is used, so that a killed run leaves nothing.
#[derive(Debug)]
pub(super) enum Spare {
    #[cfg(target_os = "linux")]
    Nameless(File),
    Named(NamedTempFile),
}

impl Spare {
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Ok(file) = nameless(parent(target)) {
            return Ok(Self::Nameless(file));
        }
        create(target, 0o600).map(Self::Named)
    }

    /// The file under a name beside `target`.
    #[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "it has its name already"))]
    pub(super) fn named(self, target: &Path) -> io::Result<NamedTempFile> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Nameless(file) => link(&file, target).map(|path| NamedTempFile::from_parts(file, path)),
            Self::Named(file) => Ok(file),
        }
    }
}

#[cfg(target_os = "linux")]
fn nameless(directory: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(directory, flags, Mode::from_raw_mode(0o600))?);
    let _ = file.try_lock();
    made_private(file, 0o600)
}

/// Names a file that was created without a name (see open(2)).
#[cfg(target_os = "linux")]
fn link(file: &File, target: &Path) -> io::Result<TempPath> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD};
    let nameless = format!("/proc/self/fd/{}", file.as_raw_fd());
    let named = with_new_name(target, |path| {
        Ok(rustix::fs::linkat(CWD, nameless.as_str(), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    })?;
    Ok(named.into_temp_path())
}

/// A private file that a killed writer left beside its target.
pub(super) struct Leftover {
    path: PathBuf,
    file: File,
    is_newer: bool,
}

impl Leftover {
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Whether it is newer than the file that it was to replace.
    pub(super) fn is_newer(&self) -> bool {
        self.is_newer
    }

    pub(super) fn replace(&self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// What killed writers of `target` left beside it, the newest last. The caller must hold the lock of `target`.
pub(super) fn leftovers(target: &Path) -> io::Result<Vec<Leftover>> {
    let prefix = prefix(target);
    let directory = parent(target);
    let mut found = Vec::new();
    for name in listing::names(directory)? {
        if prefix_of(&name) != Some(prefix.as_encoded_bytes()) {
            continue;
        }
        let path = directory.join(name);
        let Some(file) = unused(&path)? else {
            continue;
        };
        let written = file.metadata()?.modified()?;
        let is_newer = written >= fs::metadata(target)?.modified()?;
        found.push((written, Leftover { path, file, is_newer }));
    }
    found.sort_by_key(|(written, _)| *written);
    Ok(found.into_iter().map(|(_, leftover)| leftover).collect())
}

/// The file at `path`, locked, if it is a regular file of this user that no other process has locked.
fn unused(path: &Path) -> io::Result<Option<File>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if is_own_file(&metadata) => {}
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => return Ok(None),
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits() as i32);
    }
    let file = options.open(path)?;
    Ok(file.try_lock().is_ok().then_some(file))
}

fn is_own_file(metadata: &fs::Metadata) -> bool {
    #[cfg(unix)]
    let is_own = std::os::unix::fs::MetadataExt::uid(metadata) == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    let is_own = true;
    is_own && metadata.is_file()
}

/// Removes what killed writers left in a directory, for any target, once it is a day old. This is housekeeping: it comes
/// after the work, and what cannot be read or removed is left to a later run. Returns the names that were in the directory.
pub fn sweep(directory: &Path) -> Vec<OsString> {
    let names = listing::names(directory).unwrap_or_default();
    for name in &names {
        let Some(prefix) = prefix_of(name) else {
            continue;
        };
        let path = directory.join(name);
        let target = directory.join(target_of(prefix));
        if let Ok(metadata) = fs::symlink_metadata(&path)
            && is_own_file(&metadata)
            && age(&metadata) >= ABANDONED
            && !may_hold_a_newer_secret(&metadata, &target)
            && let Ok(Some(_locked)) = unused(&path)
        {
            let _ = fs::remove_file(&path);
        }
    }
    names
}

fn target_of(prefix: &[u8]) -> OsString {
    let name = &prefix[1..prefix.len() - 1];
    #[cfg(unix)]
    {
        std::os::unix::ffi::OsStringExt::from_vec(name.to_owned())
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(name).into_owned().into()
    }
}

/// A refresh token that a killed run did not write into its file stays until the next use of that file.
fn may_hold_a_newer_secret(leftover: &fs::Metadata, target: &Path) -> bool {
    #[cfg(unix)]
    let is_private = std::os::unix::fs::MetadataExt::mode(leftover) & 0o077 == 0;
    #[cfg(not(unix))]
    let is_private = true;
    let is_newer = match fs::metadata(target) {
        Ok(target) => leftover.modified().ok() >= target.modified().ok(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    is_private && leftover.len() > 0 && is_newer
}

fn age(metadata: &fs::Metadata) -> Duration {
    metadata.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_age(path: &Path, age: Duration) {
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn b9_what_a_killed_writer_left_is_removed_when_it_is_a_day_old_and_what_is_in_use_stays() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("secret");
        let in_use = create(&target, 0o600).unwrap();
        let left = |age: u64| {
            let (_, left) = create(&target, 0o600).unwrap().keep().unwrap();
            set_age(&left, Duration::from_secs(age));
            left
        };
        let (young, old) = (left(86_000), left(86_401));
        let other_target = home.path().join(".report.csv.Ab0123456789.gauth-tmp");
        let not_ours = [
            "secret",
            ".secret.gauth-tmp",
            ".secret.Ab012345678.gauth-tmp",
            ".secret.Ab012345678!.gauth-tmp",
            "secret.Ab0123456789.gauth-tmp",
            ".secret.Ab0123456789.tmp",
        ];
        for path in not_ours.iter().map(|name| home.path().join(name)).chain([other_target.clone()]) {
            fs::write(&path, "").unwrap();
            set_age(&path, Duration::from_secs(200_000));
        }
        set_age(in_use.path(), Duration::from_secs(200_000));
        sweep(home.path());
        assert!(in_use.path().exists() && young.exists());
        assert!(!old.exists() && !other_target.exists());
        assert!(not_ours.iter().all(|name| home.path().join(name).exists()));
    }

    #[cfg(unix)]
    #[test]
    fn b9_a_planted_link_or_directory_is_not_swept() {
        let home = tempfile::tempdir().unwrap();
        let (kept, link) = (home.path().join("kept"), home.path().join(".a.Ab0123456789.gauth-tmp"));
        fs::write(&kept, "").unwrap();
        set_age(&kept, Duration::from_secs(200_000));
        std::os::unix::fs::symlink(&kept, &link).unwrap();
        let directory = home.path().join(".b.Ab0123456789.gauth-tmp");
        fs::create_dir(&directory).unwrap();
        sweep(home.path());
        assert!(kept.exists() && link.is_symlink() && directory.exists());
    }

    #[test]
    fn b3_a_possibly_newer_secret_is_left_to_the_next_reader_of_its_file() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("secret");
        fs::write(&target, "old").unwrap();
        let left = |content: &str, age| {
            let (_, left) = create(&target, 0o600).unwrap().keep().unwrap();
            fs::write(&left, content).unwrap();
            set_age(&left, Duration::from_secs(age));
            left
        };
        let (newer, older, empty) = (left("new", 100_000), left("older", 300_000), left("", 100_000));
        set_age(&target, Duration::from_secs(200_000));
        sweep(home.path());
        assert_eq!([newer.exists(), older.exists(), empty.exists()], [true, false, false]);
        let found = leftovers(&target).unwrap();
        assert!(found.len() == 1 && found[0].is_newer());
    }

    #[test]
    fn a12_a_name_of_255_bytes_can_be_replaced() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("x".repeat(255));
        create(&target, 0o600).unwrap().persist(&target).unwrap();
        assert!(target.exists());
        Spare::create(&target).unwrap().named(&target).unwrap().persist(&target).unwrap();
    }

    #[test]
    fn a3_two_writers_never_share_a_name() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("secret");
        let files: Vec<_> = (0..20).map(|_| create(&target, 0o600).unwrap()).collect();
        assert!(files.iter().all(|file| file.path().exists()));
    }

    #[test]
    fn b9_a_spare_file_has_no_name_before_it_is_used() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("secret");
        let spare = Spare::create(&target).unwrap();
        if matches!(spare, Spare::Named(_)) {
            return;
        }
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
        let named = spare.named(&target).unwrap();
        assert!(prefix_of(named.path().file_name().unwrap()).is_some());
    }
}
