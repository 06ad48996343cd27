//! Secrets on disk: private at all times, and after a crash there is the old file or the new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::replacement::{self, Leftover, Spare};
use super::{CREDENTIALS_LIMIT, followed, parent, read_all, refuse_secret_as_name, shown};
use crate::exit::{Failure, Kind, reason};

/// Creates a directory, and its missing parents, for the user only (mode 0700 regardless of the umask). Existing
/// directories are not changed.
pub fn private_directory(path: &Path) -> io::Result<()> {
    // The parent of a bare file name is empty.
    if path.as_os_str().is_empty() || is_directory(path)? {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        private_directory(parent)?;
    }
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_directory(path)? => Ok(()),
        Err(error) => Err(error),
        // The umask may have removed even the owner's permissions.
        #[cfg(unix)]
        Ok(()) => fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700)),
        #[cfg(not(unix))]
        Ok(()) => Ok(()),
    }
}

fn is_directory(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.is_dir()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes a secret: the directory is created if necessary, the file is created with mode 0600, and readers see the old
/// content or the new one, also after a crash. A symlink at `path` is kept and what it points to
/// is replaced, if both the link and that directory belong to this user.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        let target = ready_target(path)?;
        replace(replacement::create(&target, 0o600)?, &target, bytes)
    };
    write().map_err(|error: io::Error| cannot_write(path, &error))
}

/// As [`write_secret`], for content that may be lost in a crash of the whole machine.
pub fn write_secret_unsynced(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        let target = ready_target(path)?;
        let mut file = replacement::create(&target, 0o600)?;
        file.write_all(bytes)?;
        replacement::swap(file, &target)
    };
    write().map_err(|error: io::Error| cannot_write(path, &error))
}

/// Whether [`write_secret`] to `path` could succeed; the directory is created if necessary. For checking before the user is
/// asked for something.
pub fn check_secret_target(path: &Path) -> Result<(), Failure> {
    refuse_secret_as_name(path)?;
    let check = || replacement::create(&ready_target(path)?, 0o600).map(drop);
    check().map_err(|error: io::Error| cannot_write(path, &error))
}

/// A file for a secret that may come: created in advance, so that little can fail afterwards.
#[derive(Debug)]
pub struct SecretWriter {
    path: PathBuf,
    target: PathBuf,
    spare: Spare,
}

impl SecretWriter {
    /// Creates the temporary file.
    pub fn prepare(path: &Path) -> Result<Self, Failure> {
        let prepare = || {
            let target = ready_target(path)?;
            Ok(Self { path: path.to_owned(), spare: Spare::create(&target)?, target })
        };
        prepare().map_err(|error: io::Error| cannot_write(path, &error))
    }

    /// As [`write_secret`].
    pub fn write(self, bytes: &[u8]) -> Result<(), Failure> {
        self.spare
            .named(&self.target)
            .and_then(|file| replace(file, &self.target, bytes))
            .map_err(|error| cannot_write(&self.path, &error))
    }
}

fn replace(mut file: NamedTempFile, target: &Path, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(target).map_err(|failed| failed.error)?;
    sync_directory(parent(target))?;
    replacement::sweep(parent(target));
    Ok(())
}

/// Recovers what killed writers of the secret at `path` left beside it: the newest file that is newer than the secret and
/// that `is_successor` accepts replaces it, and the others are removed. Returns whether the secret was replaced. The caller
/// must hold the lock of `path`.
pub fn adopt_secret(path: &Path, is_successor: impl Fn(&[u8]) -> bool) -> Result<bool, Failure> {
    let adopt = || {
        let target = owned_target(path)?;
        let mut leftovers = replacement::leftovers(&target)?;
        let is_taken = |leftover: &Leftover| {
            let bytes = read_all(leftover.file(), CREDENTIALS_LIMIT);
            leftover.is_newer() && bytes.is_ok_and(|bytes| is_successor(&bytes))
        };
        let taken = leftovers.iter().rposition(is_taken).map(|at| leftovers.remove(at));
        if let Some(taken) = &taken {
            taken.replace(&target)?;
            sync_directory(parent(&target))?;
        }
        leftovers.iter().try_for_each(Leftover::remove)?;
        Ok(taken.is_some())
    };
    adopt().map_err(|error: io::Error| {
        Failure::new(
            Kind::Failed,
            format!("cannot recover {} after an interrupted run: {}", shown(path), reason(&error)),
        )
    })
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot write {}: {}", shown(path), reason(error));
    Failure::new(Kind::Failed, message)
}

/// The file that a write to `path` replaces, in an existing directory.
fn ready_target(path: &Path) -> io::Result<PathBuf> {
    let target = owned_target(path)?;
    private_directory(parent(&target))?;
    Ok(target)
}

/// The file that a write to `path` replaces: `path`, or what it links to through links of this user only.
fn owned_target(path: &Path) -> io::Result<PathBuf> {
    let (target, found) = followed(path, |link, next| {
        let is_own = is_ours(link) && is_ours(&fs::metadata(parent(next))?);
        is_own
            .then_some(())
            .ok_or_else(|| io::Error::other("the symlink or its target directory belongs to another user"))
    })?;
    match found {
        Some(found) if !found.is_file() => Err(io::Error::other("not a regular file")),
        _ => Ok(target),
    }
}

fn is_ours(metadata: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        std::os::unix::fs::MetadataExt::uid(metadata) == rustix::process::geteuid().as_raw()
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        true
    }
}

/// Has the names in a directory outlast a loss of power.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    // If a directory cannot be opened or synced, the file is still written.
    let Ok(directory) = File::open(directory) else {
        return Ok(());
    };
    match directory.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a1_new_files_and_directories_are_for_the_user_only() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("a/b/secret");
        write_secret(&file, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(&home.path().join("a")), 0o700);
        assert_eq!(mode(&home.path().join("a/b")), 0o700);
    }

    #[test]
    fn a6_a_file_open_to_others_is_closed_when_it_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("secret");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        write_secret(&file, b"new").unwrap();
        assert_eq!((mode(&file), fs::read(&file).unwrap()), (0o600, b"new".to_vec()));
    }

    #[test]
    fn a8_a_link_of_ones_own_is_kept_and_its_target_replaced() {
        let home = tempfile::tempdir().unwrap();
        let (link, target) = (home.path().join("link"), home.path().join("dotfiles/secret"));
        fs::create_dir(home.path().join("dotfiles")).unwrap();
        symlink("dotfiles/secret", &link).unwrap();
        // The first write finds the link dangling.
        for content in ["one", "two"] {
            write_secret(&link, content.as_bytes()).unwrap();
            assert!(link.is_symlink());
            assert_eq!(fs::read_to_string(&target).unwrap(), content);
        }
        assert_eq!(fs::read_dir(target.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a8_a_loop_of_links_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let (one, other) = (home.path().join("one"), home.path().join("other"));
        symlink(&one, &other).unwrap();
        symlink(&other, &one).unwrap();
        let failure = write_secret(&one, b"new").unwrap_err();
        assert!(failure.to_string().ends_with(": too many symlinks"), "{failure}");
    }

    #[test]
    fn a9_only_a_regular_file_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        let failure = write_secret(home.path(), b"new").unwrap_err();
        assert!(failure.to_string().ends_with(": not a regular file"), "{failure}");
    }
}
