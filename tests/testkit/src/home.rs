//! A private home directory for one test, and commands whose only connection to the machine is the PATH.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

/// A home directory, removed when dropped.
pub struct Home(TempDir);

impl Home {
    /// An empty home. The XDG directories do not exist yet, as for a new user.
    #[expect(clippy::new_without_default, reason = "a directory made by default would surprise")]
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("create a directory for the test"))
    }

    /// `HOME`.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// `XDG_CONFIG_HOME`.
    pub fn config(&self) -> PathBuf {
        self.path().join(".config")
    }

    /// `XDG_CACHE_HOME`.
    pub fn cache(&self) -> PathBuf {
        self.path().join(".cache")
    }

    /// A command that sees this home, the PATH, a UTF-8 locale, and nothing else of the environment; its standard input
    /// is empty.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.config())
            .env("XDG_CACHE_HOME", self.cache())
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Writes a file below this home with exactly the mode given, and its directories with 0700.
    #[track_caller]
    pub fn write(&self, path: impl AsRef<Path>, mode: u32, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(path);
        let directory = path.parent().expect("a path below the home has a parent");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).expect("create the directories");
        fs::write(&path, content).expect("write the file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set the mode");
        path
    }

    /// Makes the temporary files of killed programs (`.NAME.RANDOM.gauth-tmp`) a day older, and counts them.
    #[track_caller]
    pub fn age_temporaries(&self) -> usize {
        let is_temporary = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "gauth-tmp");
        let tree: Vec<PathBuf> = self.tree().into_iter().filter(is_temporary).collect();
        for path in &tree {
            let file = fs::File::options().write(true).open(self.path().join(path)).expect("open what was left");
            file.set_modified(SystemTime::now() - Duration::from_secs(86_401)).expect("set its time");
        }
        tree.len()
    }

    /// Every file and directory below this home, relative to it and sorted.
    pub fn tree(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(self.path(), &mut found);
        let mut found: Vec<PathBuf> = found
            .iter()
            .map(|path| path.strip_prefix(self.path()).expect("it was found below the home").to_owned())
            .collect();
        found.sort();
        found
    }
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("list a directory of the home") {
        let entry = entry.expect("list a directory of the home");
        found.push(entry.path());
        if entry.file_type().expect("know the type of a file").is_dir() {
            collect(&entry.path(), found);
        }
    }
}

/// The permission bits of a file.
#[track_caller]
pub fn mode(path: impl AsRef<Path>) -> u32 {
    let path = path.as_ref();
    let metadata = fs::metadata(path).unwrap_or_else(|error| panic!("look at {}: {error}", path.display()));
    metadata.permissions().mode() & 0o7777
}
