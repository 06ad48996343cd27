//! How a program ends: the one table of exit codes, and the place where an error becomes a message and a code.
//!
//! gauth-core's errors have a kind of failure (ga-client assigns one to ga-core's); failures at the edge are a [`Failure`].
//! Anything else in an `anyhow` chain is plain `failed`.

use std::fmt;
use std::io;
use std::process::ExitCode;

use gauth_text::redacted;

use crate::terminal::{self, Terminal};

/// The kinds of failure, each with its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything unexpected.
    Failed = 1,
    /// The command line or one of its input files is at fault.
    Usage = 2,
    /// There is no usable login.
    Login = 3,
    /// The server refuses, and trying again will not help.
    Refused = 4,
    /// Trying again later may help.
    Temporary = 5,
    /// Some data is missing.
    Incomplete = 6,
}

impl Kind {
    /// The kind that ends with this exit code.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Failed, Self::Usage, Self::Login, Self::Refused, Self::Temporary, Self::Incomplete]
            .into_iter()
            .find(|kind| *kind as u8 == code)
    }
}

/// Code, name and meaning of every way to end, as `--help` and the man pages show them.
pub(crate) const TABLE: [(u8, &str, &str); 7] = [
    (0, "ok", "success (also if the reader closed the pipe)"),
    (1, "failed", "anything unexpected: an unparseable response, a full disk"),
    (2, "usage", "bad option or argument, bad or missing input file, a disallowed URL"),
    (3, "login", "no credentials, an empty or expired token, a revoked grant"),
    (4, "refused", "refused by the server: consent denied, no permission, unknown field"),
    (5, "temporary", "network, timeout, busy lock, quota or server error: retry later"),
    (6, "incomplete", "fewer rows than promised, or incomplete data with --strict"),
];

/// A failure at the edge: what failed and why, and the commands that help.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    message: String,
    hints: Vec<String>,
}

impl Failure {
    /// A failure of the given kind. `message` is lower case, without a full stop and without a secret.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// A failure that another command line fixes: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// What the system refused, of this kind unless it only lacks resources now.
    pub fn of_system(what: &str, error: &io::Error, otherwise: Kind) -> Self {
        let kind = if is_shortage(error) { Kind::Temporary } else { otherwise };
        Self::new(kind, format!("{what}: {}", reason(error)))
    }

    /// Adds a line that says what to do next. Several hints become several lines.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What to do next, a line each.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// What an error says to the user: its whole chain as one message, with the kind and hints of the first cause in it
    /// that has any.
    pub fn of(error: &anyhow::Error) -> Self {
        let (kind, hints) = kind_and_hints(error);
        Self { kind, message: message(error), hints }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The system's reason in our style: lower case, without the error number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or(&text);
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        // An acronym at the start keeps its capitals.
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// Turns the result of a program's body into its exit code, and reports on stderr what went wrong.
pub(crate) fn finish(terminal: &Terminal, result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that closes the pipe early has what it needs.
        Err(_) if terminal::reader_gone() => ExitCode::SUCCESS,
        Err(error) => {
            let failure = Failure::of(&error);
            terminal.error(&failure.message);
            for hint in &failure.hints {
                terminal.hint(hint);
            }
            ExitCode::from(failure.kind as u8)
        }
    }
}

fn message(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error
        .chain()
        .map(|cause| cause.downcast_ref::<io::Error>().map_or_else(|| cause.to_string(), reason))
        .collect();
    redacted(&causes.join(": "))
}

fn kind_and_hints(error: &anyhow::Error) -> (Kind, Vec<String>) {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return (failure.kind, failure.hints.clone());
    }
    for cause in error.chain() {
        if cause.downcast_ref().is_some_and(is_shortage) {
            return (Kind::Temporary, Vec::new());
        }
        if let Some(error) = cause.downcast_ref::<gauth_core::Error>() {
            return (error.kind().into(), error.hint().into_iter().collect());
        }
    }
    (Kind::Failed, Vec::new())
}

/// Adds to an error that a thread could not be started.
pub fn no_thread(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot start a thread: {}", reason(&error)))
}

/// Whether the system lacks something that it may have later: threads, processes, memory.
fn is_shortage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory)
}

impl From<gauth_core::Kind> for Kind {
    fn from(kind: gauth_core::Kind) -> Self {
        match kind {
            gauth_core::Kind::Usage => Self::Usage,
            gauth_core::Kind::Login => Self::Login,
            gauth_core::Kind::Refused => Self::Refused,
            gauth_core::Kind::Temporary => Self::Temporary,
            _ => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn the_first_error_that_knows_its_kind_decides() {
        let unknown = gauth_core::Error::Input("type is missing".to_owned());
        let full = io::Error::from_raw_os_error(28);
        for (error, kind, message) in [
            (anyhow::Error::from(unknown).context("read it"), Kind::Usage, "read it: type is missing"),
            (anyhow::Error::from(full).context("write it"), Kind::Failed, "write it: no space left on device"),
            (
                anyhow::Error::from(io::Error::from_raw_os_error(11)).context("start a thread"),
                Kind::Temporary,
                "start a thread: resource temporarily unavailable",
            ),
            (anyhow::anyhow!("anything"), Kind::Failed, "anything"),
            (
                Err::<(), _>(anyhow::anyhow!("why")).context(Failure::new(Kind::Login, "what")).unwrap_err(),
                Kind::Login,
                "what: why",
            ),
        ] {
            let failure = Failure::of(&error);
            assert_eq!((failure.kind(), failure.to_string().as_str()), (kind, message));
        }
    }

    #[test]
    fn hints_of_a_failure_reach_the_user_in_order() {
        let failure = Failure::usage("no client").hint("first").hint("second");
        let error = anyhow::Error::from(failure).context("log in");
        assert_eq!(Failure::of(&error).hints(), ["first", "second"]);
    }

    #[test]
    fn reasons_are_lower_case_and_keep_acronyms() {
        for (error, expected) in [
            (io::Error::from_raw_os_error(2), "no such file or directory"),
            (io::Error::other("DNS is down"), "DNS is down"),
            (io::Error::other("Failed"), "failed"),
            (io::Error::other(""), ""),
        ] {
            assert_eq!(reason(&error), expected);
        }
    }

    #[test]
    fn h6_every_kind_is_in_the_table_of_exit_codes() {
        for code in 1..=6 {
            assert_eq!(Kind::from_code(code).map(|kind| kind as u8), Some(code));
            assert_eq!(TABLE[usize::from(code)].0, code);
        }
        assert_eq!((Kind::from_code(0), Kind::from_code(7)), (None, None));
    }
}
