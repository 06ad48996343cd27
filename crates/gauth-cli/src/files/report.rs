//! The file named with `-o`: complete or absent.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::time::Duration;
use std::time::Instant;

use tempfile::NamedTempFile;

use super::{parent, replacement, shown, target};
use crate::buffered::Buffered;
use crate::exit::{Failure, Kind, reason};
use crate::terminal::{Harmless, Stdout, stdout, watched};

/// How often a FIFO without a reader is tried.
#[cfg(unix)]
const READER_POLL: Duration = Duration::from_millis(10);

/// The report that is written to the file named with `-o`. A regular file appears, or is replaced, at [`Report::commit`]
/// and not before; a device, a pipe and standard output are written directly.
pub struct Report {
    path: PathBuf,
    output: Output,
}

enum Output {
    /// The new content, where it goes, and the permissions that the old content has.
    Replace(Buffered<NamedTempFile>, PathBuf, Option<fs::Permissions>),
    Direct(Harmless<Buffered<File>>),
    Stdout(Stdout),
}

impl Report {
    /// Opens the report. The mode of a new file follows the umask, and one that is replaced keeps its own; `-` and
    /// /dev/stdout are standard output. A FIFO must have a reader by `deadline`.
    ///
    /// # Errors
    /// A path that cannot be written to, as a usage error; a FIFO without a reader as a temporary one.
    pub fn create(path: &Path, deadline: Option<Instant>) -> Result<Self, Failure> {
        super::refuse_secret_as_name(path)?;
        let output = open_output(path, deadline).map_err(|error| {
            let kind = if error.kind() == io::ErrorKind::TimedOut { Kind::Temporary } else { Kind::Usage };
            Failure::new(kind, format!("cannot write {}: {}", shown(path), reason(&error)))
        })?;
        Ok(Self { path: path.to_owned(), output })
    }

    /// The temporary file, for a process that ends without unwinding to remove.
    pub fn unfinished(&self) -> Option<&Path> {
        match &self.output {
            Output::Replace(file, ..) => file.get_ref().map(NamedTempFile::path),
            Output::Direct(_) | Output::Stdout(_) => None,
        }
    }

    /// Moves the finished report to its place. A report dropped without this leaves no file.
    pub fn commit(self) -> io::Result<()> {
        let committed = match self.output {
            Output::Stdout(output) => return output.finish(),
            Output::Direct(mut file) => file.flush(),
            Output::Replace(file, target, permissions) => put(file, &target, permissions),
        };
        watched(&shown(&self.path), committed)
    }
}

impl Write for Report {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.output {
            Output::Replace(file, ..) => file.write(bytes),
            Output::Direct(file) => file.write(bytes),
            Output::Stdout(output) => return output.write(bytes),
        };
        written.or_else(|error| watched(&shown(&self.path), Err(error)))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match &mut self.output {
            Output::Replace(file, ..) => file.flush(),
            Output::Direct(file) => file.flush(),
            Output::Stdout(output) => return output.flush(),
        };
        flushed.or_else(|error| watched(&shown(&self.path), Err(error)))
    }
}

fn put(file: Buffered<NamedTempFile>, target: &Path, permissions: Option<fs::Permissions>) -> io::Result<()> {
    let file = file.into_inner()?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.persist(target).map_err(|failed| failed.error)?;
    replacement::sweep(parent(target));
    Ok(())
}

fn is_stdout(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == OsStr::new(name))
}

/// Whether a report to `path`, or to standard output without one, goes to a terminal.
pub fn is_terminal(path: Option<&Path>) -> bool {
    match path.filter(|path| !is_stdout(path)) {
        None => io::stdout().is_terminal(),
        // Opening a FIFO would be noticed at its other end.
        Some(path) => is_device(path) && super::open_without_waiting(path).is_ok_and(|file| file.is_terminal()),
    }
}

#[cfg(unix)]
fn is_device(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).is_ok_and(|file| file.file_type().is_char_device())
}

#[cfg(not(unix))]
fn is_device(_: &Path) -> bool {
    false
}

fn open_output(path: &Path, deadline: Option<Instant>) -> io::Result<Output> {
    if is_stdout(path) {
        return Ok(Output::Stdout(stdout()));
    }
    match path.as_os_str().as_encoded_bytes().last() {
        None => return Err(io::Error::other("the name is empty")),
        Some(b'/') => return Err(io::Error::other("this names a folder, not a file")),
        Some(_) => {}
    }
    let mut permissions = None;
    match fs::metadata(path) {
        Ok(file) if file.is_file() => permissions = Some(file.permissions()),
        Ok(file) => {
            let file = open_direct(path, &file, deadline)?;
            let is_terminal = file.is_terminal();
            return Ok(Output::Direct(Harmless::new(Buffered::new(file), is_terminal)));
        }
        // This includes a link to a file that will be created.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let target = target(path)?;
    // A file that others cannot read stays so while it is written.
    let mode = if permissions.is_some() { 0o600 } else { 0o666 };
    Ok(Output::Replace(Buffered::new(replacement::create(&target, mode)?), target, permissions))
}

/// Opens a file that is not regular. Opening a FIFO waits for a reader, which may never come.
#[cfg(unix)]
fn open_direct(path: &Path, metadata: &fs::Metadata, deadline: Option<Instant>) -> io::Result<File> {
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};

    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use rustix::io::Errno;

    let mut options = OpenOptions::new();
    options.write(true);
    if !metadata.file_type().is_fifo() {
        return options.open(path);
    }
    options.custom_flags(OFlags::NONBLOCK.bits() as i32);
    loop {
        match options.open(path) {
            Ok(file) => {
                fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
                return Ok(file);
            }
            Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => {}
            Err(error) => return Err(error),
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "no process reads from it"));
        }
        std::thread::sleep(READER_POLL);
    }
}

#[cfg(not(unix))]
fn open_direct(path: &Path, _: &fs::Metadata, _: Option<Instant>) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn write(path: &Path, text: &str) -> Report {
        let mut report = Report::create(path, None).unwrap();
        report.write_all(text.as_bytes()).unwrap();
        report
    }

    #[test]
    fn what_names_no_file_is_refused() {
        for (path, why) in [("", "the name is empty"), ("new/", "this names a folder, not a file")] {
            let failure = Report::create(Path::new(path), None).err().unwrap();
            assert_eq!(failure.to_string(), format!("cannot write '{path}': {why}"));
        }
    }

    #[test]
    fn h4_a_report_appears_when_it_is_complete() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("report.csv");
        let report = write(&path, "rows");
        assert!(!path.exists());
        report.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "rows");
    }

    #[test]
    fn h4_a_report_that_fails_leaves_the_old_one_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("report.csv");
        fs::write(&path, "old").unwrap();
        drop(write(&path, "half"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_is_kept_and_what_it_points_to_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("data")).unwrap();
        let link = home.path().join("report.csv");
        symlink("data/today.csv", &link).unwrap();
        for text in ["dangling", "existing"] {
            write(&link, text).commit().unwrap();
            assert!(link.is_symlink());
            assert_eq!(fs::read_to_string(home.path().join("data/today.csv")).unwrap(), text);
        }
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("report.csv");
        for mode in [0o600, 0o640, 0o664, 0o444] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let report = write(&path, "new");
            assert_eq!(fs::metadata(report.unfinished().unwrap()).unwrap().permissions().mode() & 0o777, 0o600);
            report.commit().unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn h1_a_full_device_is_an_error_that_names_it() {
        let mut report = Report::create(Path::new("/dev/full"), None).unwrap();
        let error = report.write_all(b"rows").and_then(|()| report.commit()).unwrap_err();
        assert_eq!(error.to_string(), "cannot write '/dev/full': no space left on device");
    }

    #[test]
    fn a_report_into_nowhere_is_a_usage_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere/report.csv");
        let failure = Report::create(&path, None).err().unwrap();
        assert_eq!(failure.kind(), Kind::Usage);
        assert_eq!(failure.to_string(), format!("cannot write '{}': no such file or directory", path.display()));
    }
}
