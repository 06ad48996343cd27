//! What the black-box tests share: a private home for each test, programs run under a watchdog, scripted
//! servers, a scripted browser, strace, pseudo-terminals, and the search for leaked secrets.
//!
//! With the feature `sandbox`, also a `User` of a gauth program and an `Analyst` with a ga program. testkit links no
//! code of the programs and implements no protocol, so that an error in those cannot hide here. Everything panics with
//! a reason when an expectation fails.

use std::path::{Path, PathBuf};

#[cfg(feature = "sandbox")]
mod analyst;
mod browser;
#[cfg(feature = "sandbox")]
mod chromium;
mod cluster;
mod home;
mod man_page;
mod pty;
mod run;
mod scripted_server;
mod secrets;
mod sibling;
mod strace;
#[cfg(feature = "sandbox")]
mod user;

#[cfg(feature = "sandbox")]
pub use analyst::Analyst;
pub use browser::{Page, visit};
#[cfg(feature = "sandbox")]
pub use chromium::Chromium;
pub use cluster::Cluster;
pub use home::{Home, mode};
pub use man_page::assert_man_page_is_current;
pub use pty::Pty;
pub use run::{IN_TIME, Run, Running, run, run_with_input};
pub use rustix::process::Signal;
pub use scripted_server::{Answer, Received, ScriptedServer};
pub use secrets::assert_no_secret;
pub use sibling::{example, sibling};
pub use strace::{Call, Trace, strace};
#[cfg(feature = "sandbox")]
pub use user::{User, read_json, token};

/// Finds an optional tool on the PATH. Prints `skipped: no NAME` if it is missing, so that skipped tests are visible in
/// the output of a run.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file());
    if found.is_none() {
        println!("skipped: no {name}");
    }
    found
}

/// A program that scripts/clients installs, by its path below target/clients, where `program` is one that cargo built.
/// Prints `skipped: no PATH` when it is not there.
pub fn client(program: &str, path: &str) -> Option<PathBuf> {
    let target = Path::new(program).parent().and_then(Path::parent).expect("target/debug");
    let found = target.join("clients").join(path);
    if !found.exists() {
        println!("skipped: no {}", found.display());
    }
    found.exists().then_some(found)
}

/// How often a randomised test repeats: `few` times in a usual run, and `full` times, as the security requirements
/// demand, with `scripts/check --long`.
pub fn repetitions(few: usize, full: usize) -> usize {
    match std::env::var_os("TESTKIT_LONG") {
        Some(_) => full,
        None => few,
    }
}
