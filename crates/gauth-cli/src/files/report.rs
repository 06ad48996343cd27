//! The file named with `-o`: complete or not there.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{parent, replacement, shown};
use crate::exit::{Failure, reason};
use crate::terminal::{Stdout, stdout, watched};

/// A report on its way to the file named with `-o`. A regular file appears, or is replaced, at [`Report::commit`]
/// and not before; a device, a pipe and standard output are written directly.
pub struct Report {
    path: PathBuf,
    output: Output,
}

enum Output {
    Replace(BufWriter<NamedTempFile>, PathBuf),
    Direct(BufWriter<File>),
    Stdout(Stdout),
}

impl Report {
    /// Opens the report. The mode of a new file follows the umask; `-` and /dev/stdout are standard output.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let output =
            open_output(path).map_err(|error| Failure::usage(format!("write {}: {}", shown(path), reason(&error))))?;
        Ok(Self { path: path.to_owned(), output })
    }

    /// The file that a process which ends without unwinding must remove.
    pub fn unfinished(&self) -> Option<&Path> {
        match &self.output {
            Output::Replace(file, _) => Some(file.get_ref().path()),
            Output::Direct(_) | Output::Stdout(_) => None,
        }
    }

    /// Puts the finished report in its place. A report dropped without this leaves nothing behind.
    pub fn commit(self) -> io::Result<()> {
        let committed = match self.output {
            Output::Stdout(output) => return output.finish(),
            Output::Direct(mut file) => file.flush(),
            Output::Replace(file, target) => file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|file| file.persist(target).map(drop).map_err(|failed| failed.error)),
        };
        watched(&shown(&self.path), committed)
    }
}

impl Write for Report {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.output {
            Output::Replace(file, _) => file.write(bytes),
            Output::Direct(file) => file.write(bytes),
            Output::Stdout(output) => return output.write(bytes),
        };
        written.or_else(|error| watched(&shown(&self.path), Err(error)))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match &mut self.output {
            Output::Replace(file, _) => file.flush(),
            Output::Direct(file) => file.flush(),
            Output::Stdout(output) => return output.flush(),
        };
        flushed.or_else(|error| watched(&shown(&self.path), Err(error)))
    }
}

fn open_output(path: &Path) -> io::Result<Output> {
    if ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == OsStr::new(name)) {
        return Ok(Output::Stdout(stdout()));
    }
    let target = match fs::metadata(path) {
        Ok(file) if file.is_file() => fs::canonicalize(path)?,
        Ok(_) => {
            return Ok(Output::Direct(BufWriter::new(OpenOptions::new().write(true).open(path)?)));
        }
        // A dangling symlink: its target is created.
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(link) => parent(path).join(link),
            Err(_) => path.to_owned(),
        },
        Err(error) => return Err(error),
    };
    Ok(Output::Replace(BufWriter::with_capacity(64 << 10, replacement::create(&target, 0o666)?), target))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn write(path: &Path, text: &str) -> Report {
        let mut report = Report::create(path).unwrap();
        report.write_all(text.as_bytes()).unwrap();
        report
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
    fn h1_a_full_device_is_an_error_that_names_it() {
        let mut report = Report::create(Path::new("/dev/full")).unwrap();
        let error = report.write_all(b"rows").and_then(|()| report.commit()).unwrap_err();
        assert_eq!(error.to_string(), "write '/dev/full': no space left on device");
    }

    #[test]
    fn a_report_into_nowhere_is_a_usage_error() {
        let failure = Report::create(Path::new("/nonexistent/report.csv")).err().unwrap();
        assert_eq!(failure.kind(), crate::Kind::Usage);
        assert_eq!(failure.to_string(), "write '/nonexistent/report.csv': no such file or directory");
    }
}
