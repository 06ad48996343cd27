//! The question before a revocation, on a terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use gauth_cli::{Failure, Kind, Terminal};

/// Reports what is revoked, also with `--quiet`, and returns after a yes.
///
/// # Errors
/// A usage error without a terminal, [`Kind::Refused`] for any other answer.
pub(crate) fn ask(what_is_revoked: &str, terminal: &Terminal) -> Result<(), Failure> {
    terminal.warn(what_is_revoked);
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::usage("cannot ask: standard input is not a terminal")
            .hint("add --yes to revoke without confirmation"));
    }
    let question = format!("{}: revoke it? [y/N] ", terminal.program());
    let mut answer = String::new();
    // If the terminal cannot be written or read, the answer is not yes.
    let _ = io::stderr().write_all(question.as_bytes());
    let _ = io::stdin().lock().read_line(&mut answer);
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(Kind::Refused, "not confirmed, nothing was revoked")),
    }
}
