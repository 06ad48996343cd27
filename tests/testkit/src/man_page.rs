//! Compares a committed man page with the one that the program prints.

use std::ffi::OsStr;

use crate::home::Home;
use crate::run::run;

/// Expects that `man_page` is what `program --man` prints: its options, exit codes and examples are those of `--help`.
#[track_caller]
pub fn assert_man_page_is_current(program: impl AsRef<OsStr>, man_page: &str) {
    let home = Home::new();
    let mut command = home.command(program);
    command.arg("--man");
    let run = run(command).expect(0);
    assert!(run.stdout() == man_page, "the committed man page differs from --man: run scripts/man");
}
