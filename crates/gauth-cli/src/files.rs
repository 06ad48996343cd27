//! Files: reading input within limits, and checking who else can read it. Writing is in two parts: [`write_secret`] and
//! [`Report`].
//!
//! What the files mean is left to the cores. Paths in messages are quoted and escaped by [`shown`]; a word that looks like
//! the content of a file is not repeated.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use gauth_text::{Seems, Typed, quoted};

use crate::exit::{Failure, Kind, reason};
use crate::terminal::escaped;

pub mod listing;
mod replacement;
mod report;
mod secret;
mod waiting;

pub use replacement::sweep;
pub use report::{Report, is_terminal};
pub use secret::{SecretWriter, adopt_secret, private_directory, sync_directory, write_secret_unsynced};
pub use secret::{check_secret_target, write_secret};
#[cfg(unix)]
pub(crate) use waiting::is_readable_by;

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

/// The path as a word of a command to paste, which is never an option.
pub fn pasted(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    match bytes.first() {
        Some(b'-') => quoted(&[b"./", bytes].concat()),
        _ => quoted(bytes),
    }
}

/// What a path seems to be that may hold a secret and is not an existing file.
fn seems(path: &Path) -> Option<Seems> {
    Seems::of(&path.to_string_lossy()).filter(|_| fs::symlink_metadata(path).is_err())
}

/// Refuses to create a file whose name looks like a secret: it was meant as content.
///
/// # Errors
/// A usage error that does not repeat the name.
pub fn refuse_secret_as_name(path: &Path) -> Result<(), Failure> {
    match seems(path) {
        Some(seems) => {
            Err(no_file_name(seems)
                .hint("name a file to write; to read credentials without a file, pass <(COMMAND) or -"))
        }
        None => Ok(()),
    }
}

fn no_file_name(seems: Seems) -> Failure {
    let seems = if seems == Seems::TooLong { Seems::Credentials } else { seems };
    Failure::usage(format!("this looks like {seems}, not a file name"))
}

/// What was read, and what it was read from.
pub struct Content {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Unknown for standard input.
    metadata: Option<fs::Metadata>,
}

impl Content {
    /// Whether it can be read again and replaced: not a pipe, not a device.
    pub fn is_regular_file(&self) -> bool {
        self.metadata.as_ref().is_some_and(fs::Metadata::is_file)
    }

    /// What is wrong with the permissions of the file at `path` that this was read from, if it is a secret, with the
    /// command that fixes it, as one line for a warning.
    pub fn loose_permissions(&self, path: &Path) -> Option<String> {
        loose_permissions(path, self.metadata.as_ref().filter(|metadata| metadata.is_file())?)
    }
}

/// Reads a file that the user named, at most `limit` bytes; `-` is standard input. Pipes such as `<(…)` are
/// welcome, and have until `deadline` to end. Every other failure is a usage error.
pub fn read_given(path: &Path, limit: usize, deadline: Option<Instant>) -> Result<Vec<u8>, Failure> {
    load_given(path, limit, deadline).map(|content| content.bytes)
}

/// As [`read_given`], with what is known of the file.
pub fn load_given(path: &Path, limit: usize, deadline: Option<Instant>) -> Result<Content, Failure> {
    if path == Path::new("-") {
        let bytes = waiting::stdin(deadline)
            .and_then(|input| read_all(input, limit))
            .map_err(|error| Failure::new(kind(&error), format!("cannot read standard input: {}", reason(&error))))?;
        return Ok(Content { bytes, metadata: None });
    }
    let load = || {
        let file = open_without_waiting(path)?;
        let metadata = file.metadata()?;
        let bytes = if metadata.is_file() {
            read_file(file, &metadata, limit)?
        } else {
            read_all(waiting::Until::new(file, deadline), limit)?
        };
        Ok(Content { bytes, metadata: Some(metadata) })
    };
    load().map_err(|error| cannot_read(path, &error))
}

/// Opening a FIFO without a writer would wait.
fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    options.open(path)
}

/// Reads a file at a default place: `None` if there is none. Only a regular file is read, so that a planted FIFO or device
/// cannot block the program; every failure is a usage error.
pub fn read_default(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
    Ok(load_default(path, limit)?.map(|content| content.bytes))
}

/// As [`read_default`], with what is known of the file.
pub fn load_default(path: &Path, limit: usize) -> Result<Option<Content>, Failure> {
    let load = || {
        let file = open_without_waiting(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(Content { bytes: read_file(file, &metadata, limit)?, metadata: Some(metadata) })
    };
    match load() {
        Ok(content) => Ok(Some(content)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(cannot_read(path, &error)),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Whether there is nothing at a path, not even an unreadable file or a dangling symlink.
pub fn is_absent(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| is_absence(&error))
}

/// Refuses a file that does not exist because a symlink on the way to it is dangling: the user put the symlink there, so
/// another source would be the wrong one.
pub fn refuse_dangling_link(path: &Path) -> Result<(), Failure> {
    for place in path.ancestors().filter(|place| !place.as_os_str().is_empty()) {
        match fs::symlink_metadata(place) {
            Ok(found) if found.is_symlink() => match fs::metadata(place) {
                Err(error) if is_absence(&error) => {
                    let whole = if place == path { String::new() } else { format!("{} is ", shown(place)) };
                    return Err(cannot_read(path, &io::Error::other(format!("{whole}a dangling symlink"))));
                }
                Err(error) => return Err(cannot_read(place, &error)),
                Ok(_) => return Ok(()),
            },
            Ok(_) => return Ok(()),
            Err(error) if is_absence(&error) => {}
            Err(error) => return Err(cannot_read(place, &error)),
        }
    }
    Ok(())
}

/// The file that `path` leads to, and what is there: it need not exist. `allow` sees every link on the way and where it
/// leads.
fn followed(
    path: &Path,
    allow: impl Fn(&fs::Metadata, &Path) -> io::Result<()>,
) -> io::Result<(PathBuf, Option<fs::Metadata>)> {
    let mut target = path.to_owned();
    for _ in 0..40 {
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                // An absolute link replaces its directory.
                let next = parent(&target).join(fs::read_link(&target)?);
                allow(&found, &next)?;
                target = next;
            }
            Ok(found) => return Ok((target, Some(found))),
            Err(error) if is_absence(&error) => return Ok((target, None)),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many symlinks"))
}

/// The file that `path` leads to, which need not exist.
pub fn target(path: &Path) -> io::Result<PathBuf> {
    followed(path, |_, _| Ok(())).map(|(target, _)| target)
}

fn read_file(file: File, metadata: &fs::Metadata, limit: usize) -> io::Result<Vec<u8>> {
    let length = usize::try_from(metadata.len()).unwrap_or(limit);
    // Room for one byte more, so that the end is found without making room for more.
    read_into(Vec::with_capacity(length.min(limit) + 1), file, limit)
}

fn read_all(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    // Most of what comes through a pipe fits, and comes in one call.
    read_into(Vec::with_capacity(8 << 10), source, limit)
}

fn read_into(mut bytes: Vec<u8>, source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
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
    Failure::new(kind(error), format!("cannot read {}: {}", shown(path), reason(error)))
}

fn kind(error: &io::Error) -> Kind {
    if error.kind() == io::ErrorKind::TimedOut { Kind::Temporary } else { Kind::Usage }
}

#[cfg(unix)]
fn loose_permissions(path: &Path, metadata: &fs::Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let file = || shown(path);
    let user = rustix::process::geteuid().as_raw();
    if metadata.mode() & 0o077 != 0 {
        return Some(format!("{} is open to other users of this machine: chmod 600 {}", file(), pasted(path)));
    }
    if metadata.uid() != user && metadata.uid() != 0 {
        return Some(format!("{} belongs to another user (uid {}), who can change it", file(), metadata.uid()));
    }
    let directory = parent(path);
    let metadata = match fs::metadata(directory) {
        Ok(metadata) => metadata,
        Err(error) => return Some(format!("cannot check who can replace {}: {}", file(), reason(&error))),
    };
    let sticky = metadata.mode() & 0o1000 != 0;
    if metadata.mode() & 0o022 != 0 && !sticky {
        let command = pasted(directory);
        return Some(format!("others can replace files in {}: chmod go-w {command}", shown(directory)));
    }
    None
}

/// Only Unix permissions are checked.
#[cfg(not(unix))]
fn loose_permissions(_path: &Path, _metadata: &fs::Metadata) -> Option<String> {
    None
}

/// Whether two paths lead to one existing file, however they are spelled or linked.
pub fn same_file(one: &Path, other: &Path) -> Result<bool, Failure> {
    #[cfg(unix)]
    use std::os::unix::fs::MetadataExt;
    #[cfg(unix)]
    let identity = |path| fs::metadata(path).map(|file| (file.dev(), file.ino()));
    #[cfg(not(unix))]
    let identity = |path: &Path| fs::canonicalize(path);
    let found = |path| match identity(path) {
        Ok(identity) => Ok(Some(identity)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(cannot_read(path, &error)),
    };
    let one = found(one)?;
    Ok(one.is_some() && one == found(other)?)
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
    fn a12_paths_are_shown_without_terminal_escapes() {
        let path = Path::new(OsStr::from_bytes(b"/a b/\xff\n\x1b]0;x\x07"));
        assert_eq!(shown(path), "'/a b/\\xff\\n\\x1b]0;x\\x07'");
    }

    #[test]
    fn input_is_read_up_to_its_limit() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("input");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read_given(&file, 5, None).unwrap(), b"12345");
        assert_eq!(read_default(&file, 5).unwrap().unwrap(), b"12345");
        let name = shown(&file);
        for failure in [read_given(&file, 4, None).unwrap_err(), read_default(&file, 4).unwrap_err()] {
            assert_eq!(failure.to_string(), format!("cannot read {name}: more than 4 bytes"));
            assert_eq!(failure.kind(), Kind::Usage);
        }
        assert!(read_given(Path::new("/dev/zero"), 4, None).is_err());
    }

    #[test]
    fn a_missing_file_is_an_error_only_if_it_was_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("none");
        let below_a_file = home.path().join("file/none");
        fs::write(home.path().join("file"), "").unwrap();
        assert_eq!(read_default(&file, 9).unwrap(), None);
        assert_eq!(read_default(&below_a_file, 9).unwrap(), None);
        let message = read_given(&file, 9, None).unwrap_err().to_string();
        assert_eq!(message, format!("cannot read {}: no such file or directory", shown(&file)));
    }

    #[test]
    fn a9_a_fifo_directory_or_device_at_a_default_path_is_refused_at_once() {
        let home = tempfile::tempdir().unwrap();
        let fifo = home.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::from(0o600)).unwrap();
        for path in [fifo.as_path(), home.path(), Path::new("/dev/zero")] {
            let message = read_default(path, 9).unwrap_err().to_string();
            assert_eq!(message, format!("cannot read {}: not a regular file", shown(path)));
        }
    }

    #[test]
    fn a7_a_secret_open_to_others_comes_with_the_command_that_fixes_it() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("secret");
        fs::write(&file, "").unwrap();
        let loose = |file: &Path| load_given(file, 9, None).unwrap().loose_permissions(file);
        for (mode, is_loose) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o666, true)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let warning = loose(&file);
            assert_eq!(warning.is_some(), is_loose, "{mode:o}: {warning:?}");
            assert!(warning.is_none_or(|text| text.ends_with(&format!("chmod 600 {}", pasted(&file)))));
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o770)).unwrap();
        assert!(loose(&file).is_some_and(|text| text.contains("chmod go-w ")));
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(loose(&file), None);
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
            assert!(same_file(&file, &home.path().join(spelling)).unwrap(), "{spelling}");
        }
        fs::write(home.path().join("other"), "").unwrap();
        assert!(!same_file(&file, &home.path().join("other")).unwrap());
        assert!(!same_file(&home.path().join("none"), &home.path().join("none")).unwrap());
    }
}
