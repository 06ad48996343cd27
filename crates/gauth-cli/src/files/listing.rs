//! The names in a directory. Errors are returned, none panics (std's `ReadDir` does when closedir(3) fails), and a directory
//! with very many names is listed in part.

use std::ffi::OsString;
use std::io;
use std::path::Path;

/// The most names that are listed.
const MOST: usize = 10_000;

/// The names in `directory`, in no order.
#[cfg(unix)]
pub fn names(directory: &Path) -> io::Result<Vec<OsString>> {
    use std::os::unix::ffi::OsStringExt;

    use rustix::fs::{Dir, Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let entries = Dir::new(rustix::fs::open(directory, flags, Mode::empty())?)?;
    entries.take(MOST).map(|entry| Ok(OsString::from_vec(entry?.file_name().to_bytes().to_owned()))).collect()
}

/// The names in `directory`, in no order.
#[cfg(not(unix))]
pub fn names(directory: &Path) -> io::Result<Vec<OsString>> {
    std::fs::read_dir(directory)?.take(MOST).map(|entry| Ok(entry?.file_name())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_listed_and_a_directory_that_is_missing_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("file"), "").unwrap();
        assert!(names(home.path()).unwrap().contains(&OsString::from("file")));
        assert_eq!(names(&home.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
