//! The one question of this program, for a person at a terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use gauth_cli::{Failure, Kind, Terminal};

/// Says what goes, whatever `--quiet` says, and goes on after a yes.
///
/// # Errors
/// A usage error where nobody can be asked, [`Kind::Refused`] for any other answer.
pub(crate) fn ask(what_goes: &str, terminal: &Terminal) -> Result<(), Failure> {
    terminal.warn(what_goes);
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::usage("revoke the grant: there is no terminal to ask on")
            .hint("add --yes to revoke without being asked"));
    }
    let question = format!("{}: revoke it? [y/N] ", terminal.program());
    let mut answer = String::new();
    // A terminal that cannot be written or read gives no yes.
    let _ = io::stderr().write_all(question.as_bytes());
    let _ = io::stdin().lock().read_line(&mut answer);
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(Kind::Refused, "revoke the grant: not confirmed, nothing was done")),
    }
}
