//! Files: reading input with bounds, and judging who else can read it. Writing is in two parts: [`write_secret`]
//! and [`Report`].
//!
//! What the files mean is left to the cores. Paths in messages are quoted and made harmless by [`shown`]; a word that looks
//! like the content of a file is not repeated and names none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use gauth_text::{Seems, Typed, quoted};

use crate::exit::{Failure, reason};
use crate::terminal::escaped;

mod replacement;
mod report;
mod secret;

pub use replacement::sweep;
pub use report::Report;
pub use secret::{check_secret_target, create_private_directory, write_secret};

/// The most that is read of a credentials file, in bytes.
pub const CREDENTIALS_LIMIT: usize = 1 << 20;

/// A path for a message: quoted, with control characters and bytes that are not UTF-8 escaped. A word that may hold a
/// secret is shown only if there is a file of that name.
pub fn shown(path: &Path) -> String {
    if seems(path).is_some() {
        return Typed(&path.to_string_lossy()).to_string();
    }
    let mut text = String::from("'");
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(&escaped(chunk.valid()));
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text.push('\'');
    text
}

/// The path as a word of a command to paste.
pub fn pasted(path: &Path) -> String {
    quoted(path.as_os_str().as_encoded_bytes())
}

/// What a path seems to be that may hold a secret and names no file.
fn seems(path: &Path) -> Option<Seems> {
    Seems::of(&path.to_string_lossy()).filter(|_| fs::symlink_metadata(path).is_err())
}

/// Refuses to make a file whose name looks like a secret: it was meant as the content of one.
///
/// # Errors
/// A usage error that does not repeat the name.
pub fn refuse_secret_as_name(path: &Path) -> Result<(), Failure> {
    match seems(path) {
        Some(seems) => Err(no_file_name(seems)
            .hint("name a file to write; to read credentials that are not in a file, pass <(COMMAND) or -")),
        None => Ok(()),
    }
}

fn no_file_name(seems: Seems) -> Failure {
    let seems = if seems == Seems::TooLong { Seems::Credentials } else { seems };
    Failure::usage(format!("this looks like {seems}, not a file name"))
}

/// Reads a file that the user named, at most `limit` bytes; `-` is standard input. Pipes such as `<(…)` are
/// welcome. Every failure is a usage error.
pub fn read_given(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        return read_all(io::stdin().lock(), limit)
            .map_err(|error| Failure::usage(format!("read standard input: {}", reason(&error))));
    }
    File::open(path).and_then(|file| read_all(file, limit)).map_err(|error| cannot_read(path, &error))
}

/// Reads a file at a place where nobody said that there is one: `None` if there is none. Only a regular file
/// is read, so that a planted FIFO or device holds nobody up; every failure is a usage error.
pub fn read_default(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Opening a FIFO without a writer would wait.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let read = || {
        let file = options.open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        read_all(file, limit)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(cannot_read(path, &error)),
    }
}

fn read_all(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    // Most files fit, and come in one call.
    let mut bytes = Vec::with_capacity(8 << 10);
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::other(format!("more than {limit} bytes")));
    }
    Ok(bytes)
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    if let Some(seems) = seems(path) {
        return no_file_name(seems).hint(
            "pass the name of a file, a process substitution such as <(pass show google), or - for standard input",
        );
    }
    Failure::usage(format!("read {}: {}", shown(path), reason(error)))
}

/// What is wrong with the permissions of a file that holds a secret, with the command that mends it, as one
/// line for a warning.
#[cfg(unix)]
pub fn loose_permissions(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let file = shown(path);
    let user = rustix::process::geteuid().as_raw();
    if metadata.mode() & 0o077 != 0 {
        return Some(format!("{file} is open to other users of this machine: chmod 600 {}", pasted(path)));
    }
    if metadata.uid() != user && metadata.uid() != 0 {
        return Some(format!("{file} belongs to another user (uid {}), who can change it", metadata.uid()));
    }
    let directory = parent(path);
    let metadata = fs::metadata(directory).ok()?;
    let sticky = metadata.mode() & 0o1000 != 0;
    if metadata.mode() & 0o022 != 0 && !sticky {
        let command = pasted(directory);
        return Some(format!("others can replace files in {}: chmod go-w {command}", shown(directory)));
    }
    None
}

/// Permissions are not looked at where they are not Unix's.
#[cfg(not(unix))]
pub fn loose_permissions(_path: &Path) -> Option<String> {
    None
}

/// Whether two paths lead to one existing file, however they are spelled or linked.
pub fn same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
        identity(one).is_some_and(|one| Some(one) == identity(other))
    }
    #[cfg(not(unix))]
    {
        let identity = |path: &Path| fs::canonicalize(path).ok();
        identity(one).is_some_and(|one| Some(one) == identity(other))
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a12_paths_are_shown_without_what_a_terminal_would_obey() {
        let path = Path::new(OsStr::from_bytes(b"/a b/\xff\n\x1b]0;x\x07"));
        assert_eq!(shown(path), "'/a b/\\xff\\n\\x1b]0;x\\x07'");
    }

    #[test]
    fn input_is_read_up_to_its_limit() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("input");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read_given(&file, 5).unwrap(), b"12345");
        assert_eq!(read_default(&file, 5).unwrap().unwrap(), b"12345");
        let name = shown(&file);
        for failure in [read_given(&file, 4).unwrap_err(), read_default(&file, 4).unwrap_err()] {
            assert_eq!(failure.to_string(), format!("read {name}: more than 4 bytes"));
            assert_eq!(failure.kind(), crate::Kind::Usage);
        }
        assert!(read_given(Path::new("/dev/zero"), 4).is_err());
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error_only_if_it_was_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("none");
        let below_a_file = home.path().join("file/none");
        fs::write(home.path().join("file"), "").unwrap();
        assert_eq!(read_default(&file, 9).unwrap(), None);
        assert_eq!(read_default(&below_a_file, 9).unwrap(), None);
        let message = read_given(&file, 9).unwrap_err().to_string();
        assert_eq!(message, format!("read {}: no such file or directory", shown(&file)));
    }

    #[test]
    fn a9_a_fifo_directory_or_device_at_a_default_path_is_refused_at_once() {
        let home = tempfile::tempdir().unwrap();
        let fifo = home.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::from(0o600)).unwrap();
        for path in [fifo.as_path(), home.path(), Path::new("/dev/zero")] {
            let message = read_default(path, 9).unwrap_err().to_string();
            assert_eq!(message, format!("read {}: not a regular file", shown(path)));
        }
    }

    #[test]
    fn a7_a_secret_open_to_others_comes_with_the_command_that_closes_it() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("secret");
        fs::write(&file, "").unwrap();
        for (mode, loose) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o666, true)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let warning = loose_permissions(&file);
            assert_eq!(warning.is_some(), loose, "{mode:o}: {warning:?}");
            assert!(warning.is_none_or(|text| text.ends_with(&format!("chmod 600 {}", pasted(&file)))));
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o770)).unwrap();
        assert!(loose_permissions(&file).is_some_and(|text| text.contains("chmod go-w ")));
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(loose_permissions(&file), None);
    }

    #[test]
    fn a16_one_file_is_recognised_in_all_its_spellings() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        fs::create_dir(home.path().join("d")).unwrap();
        symlink(&file, home.path().join("link")).unwrap();
        fs::hard_link(&file, home.path().join("hard")).unwrap();
        for spelling in ["file", "./file", "d/../file", "link", "hard"] {
            assert!(same_file(&file, &home.path().join(spelling)), "{spelling}");
        }
        fs::write(home.path().join("other"), "").unwrap();
        assert!(!same_file(&file, &home.path().join("other")));
        assert!(!same_file(&home.path().join("none"), &home.path().join("none")));
    }
}
