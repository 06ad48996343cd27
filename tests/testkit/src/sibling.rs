//! Finds the programs of other packages, and refuses those that are older than their sources: Cargo builds them only
//! when the whole workspace is tested.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

/// The programs that this process has found to be fresh.
static FRESH: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The program `name` beside `binary`, which is `env!("CARGO_BIN_EXE_…")` of the test's own package.
#[track_caller]
pub fn sibling(binary: impl AsRef<Path>, name: &str) -> PathBuf {
    let path = binary.as_ref().with_file_name(name);
    let is_fresh = path == binary.as_ref() || FRESH.lock().expect("nobody panics").contains(&path);
    if let Some(why) = (!is_fresh).then(|| staleness(&path)).flatten() {
        panic!("{} {why}: run `cargo build --bins`, or test the whole workspace", path.display());
    }
    FRESH.lock().expect("nobody panics").insert(path.clone());
    path
}

/// An example program of the package under test, which Cargo builds along with its tests.
#[track_caller]
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("know the test's own path");
    let target = test.parent().and_then(Path::parent).expect("tests are in target/PROFILE/deps");
    let path = target.join("examples").join(name);
    assert!(path.is_file(), "{} is not built: run `cargo build --examples`", path.display());
    path
}

/// Why a program must be built again; `None` if it is fresh. Cargo lists its sources in `PROGRAM.d`.
fn staleness(program: &Path) -> Option<String> {
    let Some(built) = modified(program) else {
        return Some("is not built".to_owned());
    };
    let noted = fs::read_to_string(program.with_extension("d")).ok()?;
    let newer = sources(&noted).into_iter().find(|source| modified(source).is_none_or(|source| source > built));
    newer.map(|source| format!("is older than {}", source.display()))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// The right side of a rule for make(1), in which spaces of names are escaped.
fn sources(rule: &str) -> Vec<PathBuf> {
    let sources = rule.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, sources)| sources);
    let names = sources.replace("\\ ", "\0");
    names.split_whitespace().map(|name| name.replace('\0', " ").into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;

    #[test]
    fn a_program_older_than_one_of_its_sources_is_refused() {
        let home = Home::new();
        let [source, other] = ["a b.rs", "c.rs"].map(|name| home.write(name, 0o600, ""));
        let program = home.write("program", 0o700, "");
        let escaped = source.display().to_string().replace(' ', "\\ ");
        home.write("program.d", 0o600, format!("{}: {} {escaped}\n", program.display(), other.display()));
        let touch = |path: &Path, seconds: u64| {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
        };
        touch(&source, 10);
        touch(&other, 11);
        touch(&program, 12);
        assert_eq!(staleness(&program), None);
        touch(&source, 13);
        assert_eq!(staleness(&program), Some(format!("is older than {}", source.display())));
        fs::remove_file(&program).unwrap();
        assert_eq!(staleness(&program).as_deref(), Some("is not built"));
    }
}
