//! Secrets at rest: nobody else ever sees them, and a crash leaves the old file or the new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{parent, refuse_secret_as_name, replacement, shown};
use crate::exit::{Failure, Kind, reason};

/// Creates a directory, and what is missing above it, for the user alone (mode 0700 whatever the umask).
/// Directories that exist are left as they are.
pub fn create_private_directory(path: &Path) -> Result<(), Failure> {
    private_directory(path)
        .map_err(|error| Failure::new(Kind::Failed, format!("create directory {}: {}", shown(path), reason(&error))))
}

fn private_directory(path: &Path) -> io::Result<()> {
    // A bare file name stands in the empty path.
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        private_directory(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        // The umask may have taken the owner's own permissions away.
        #[cfg(unix)]
        Ok(()) => fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700)),
        #[cfg(not(unix))]
        Ok(()) => Ok(()),
    }
}

/// Writes a secret: the directory is created if need be, the file has mode 0600 from birth, and whoever looks
/// sees the old content or the new one, also after a crash. A symlink at `path` is kept and what it points to
/// is replaced, if both the link and that directory belong to this user.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        let target = owned_target(path)?;
        let directory = parent(&target);
        private_directory(directory)?;
        let mut file = replacement::create(&target, 0o600)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|failed| failed.error)?;
        sync_directory(directory)
    };
    write().map_err(|error: io::Error| cannot_write(path, &error))
}

/// Whether [`write_secret`] to `path` could succeed; the directory is created if need be. For finding out before a
/// person is asked for something.
pub fn check_secret_target(path: &Path) -> Result<(), Failure> {
    refuse_secret_as_name(path)?;
    let check = || {
        let target = owned_target(path)?;
        private_directory(parent(&target))?;
        replacement::create(&target, 0o600).map(drop)
    };
    check().map_err(|error: io::Error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let message = format!("write {}: {}", shown(path), reason(error));
    Failure::new(Kind::Failed, message)
}

/// The file that a write to `path` replaces: `path`, or what it links to through links of this user only.
fn owned_target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..40 {
        let metadata = match fs::symlink_metadata(&target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
            other => other?,
        };
        if metadata.is_file() {
            return Ok(target);
        }
        if !metadata.is_symlink() {
            return Err(io::Error::other("not a regular file"));
        }
        // An absolute link replaces the directory it stands in.
        let next = parent(&target).join(fs::read_link(&target)?);
        if !(is_ours(&metadata) && fs::metadata(parent(&next)).is_ok_and(|directory| is_ours(&directory))) {
            return Err(io::Error::other("a symlink that belongs, or leads, to another user"));
        }
        target = next;
    }
    Err(io::Error::other("too many symlinks"))
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

fn sync_directory(directory: &Path) -> io::Result<()> {
    // A directory that cannot be opened, or a file system that cannot sync one, is no loss of the file.
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
    fn a1_new_files_and_directories_are_for_the_user_alone() {
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
    fn a8_links_in_a_circle_are_refused() {
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
