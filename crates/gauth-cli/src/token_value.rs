//! A token that is passed to a program: one line of the characters that RFC 6750 §2.1 allows (b64token), from an option,
//! standard input or a command. A failed `$(gauth-token)` leaves an empty word or none, which has another exit code than a
//! malformed token.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::time::{Duration, Instant};

use gauth_core::Secret;

use crate::arguments::{Given, TOKEN};
use crate::argv;
use crate::exit::{Failure, Kind, reason};
use crate::terminal::Terminal;

/// Longer than any of Google's tokens.
pub const LIMIT: usize = 64 * 1024;

/// Removes the value of `--token` from the command line, where every user of the machine could read it.
pub(crate) fn hide(given: &Given, terminal: &Terminal) {
    let values = || given.options.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    let is_stdin_free = values().all(|(_, value)| value != "-") && given.positionals.iter().all(|word| word != "-");
    for (_, token) in values().filter(|(name, value)| *name == TOKEN && !["", "-"].contains(value)) {
        if argv::erase(token) {
            continue;
        }
        if is_stdin_free && is_b64token(token) {
            let error = argv::start_again_with_value_on_stdin(token);
            terminal.verbose(&format!("cannot restart: {}", reason(&error)));
        }
        terminal.warn("the token is visible in the process list: pass it in GAUTH_TOKEN or with --token -");
    }
}

/// The token of `--token`: its value, or `-` for standard input, which `other_reader` must not need too.
///
/// # Errors
/// [`Kind::Login`] if it is empty, [`Kind::Usage`] if it is malformed.
pub fn given(value: &str, other_reader: Option<&str>, timeout: Option<Duration>) -> Result<Secret, Failure> {
    match value {
        "-" => from_stdin(other_reader, timeout),
        value => checked(value, "--token"),
    }
}

fn from_stdin(other_reader: Option<&str>, timeout: Option<Duration>) -> Result<Secret, Failure> {
    if let Some(other) = other_reader {
        return Err(Failure::usage(format!("--token - and {other} both need standard input")));
    }
    if io::stdin().is_terminal() {
        return Err(
            Failure::usage("--token -: standard input is a terminal").hint("run gauth-token | COMMAND --token -")
        );
    }
    match read_stdin(timeout)? {
        Some(bytes) => checked(&text(bytes, "standard input")?, "standard input"),
        None => Err(Failure::new(Kind::Temporary, "the token on standard input did not end in time")),
    }
}

/// Standard input without a buffer of its own.
///
/// # Errors
/// If there are no file descriptors left.
#[cfg(unix)]
pub fn stdin_file() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Standard input up to the longest token; `None` if it does not end within `patience`.
///
/// # Errors
/// If it cannot be read.
pub fn read_stdin(patience: Option<Duration>) -> Result<Option<Vec<u8>>, Failure> {
    let deadline = patience.map(|patience| Instant::now() + patience);
    #[cfg(not(unix))]
    let _ = deadline;
    let read = || -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 8 << 10];
        #[cfg(unix)]
        let mut input = stdin_file()?;
        #[cfg(not(unix))]
        let mut input = io::stdin().lock();
        while bytes.len() <= LIMIT + 2 {
            #[cfg(unix)]
            if !crate::files::is_readable_by(&input, deadline)? {
                return Ok(None);
            }
            match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(bytes))
    };
    read().map_err(|error| unreadable("standard input", &error))
}

fn unreadable(what: &str, error: &io::Error) -> Failure {
    Failure::new(Kind::Failed, format!("cannot read the token from {what}: {}", reason(error)))
}

/// Bytes from `what`, as text.
///
/// # Errors
/// [`Kind::Usage`] if they are not text, or too long for a token.
pub fn text(bytes: Vec<u8>, what: &str) -> Result<String, Failure> {
    // The line may end in CR LF. Reading stops here, so a longer command dies of a signal, which is not the cause.
    if bytes.len() > LIMIT + 2 {
        return Err(malformed(what, "it is longer than 64 KiB"));
    }
    String::from_utf8(bytes).map_err(|_| malformed(what, "it is not text"))
}

/// The token in the text from `what`: one line of the characters that RFC 6750 allows.
///
/// # Errors
/// As [`given`].
pub fn checked(text: &str, what: &str) -> Result<Secret, Failure> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(Failure::new(Kind::Login, format!("the token from {what} is empty"))
            .hint("run gauth-token by itself to see why"));
    }
    if line.len() > LIMIT {
        return Err(malformed(what, "it is longer than 64 KiB"));
    }
    if line.contains(['\n', '\r']) {
        return Err(malformed(what, "it has more than one line"));
    }
    if !is_b64token(line) {
        return Err(malformed(what, "it contains characters that are not allowed in a token"));
    }
    Ok(Secret::new(line))
}

fn malformed(what: &str, why: &str) -> Failure {
    Failure::usage(format!("the token from {what} is malformed: {why}"))
}

/// Whether RFC 6750 allows it as a token.
pub fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h10_a_token_is_one_line_of_the_allowed_characters() {
        for text in ["ya29.a-b_c~d+e/f==", "x\n", "x\r\n"] {
            let token = checked(text, "stdin").unwrap();
            assert_eq!(token.expose(), text.trim_end());
        }
        let long = "x".repeat(LIMIT + 1);
        for (text, kind) in [
            ("", Kind::Login),
            ("\n", Kind::Login),
            ("\r\n", Kind::Login),
            ("a\nb", Kind::Usage),
            ("a\n\n", Kind::Usage),
            ("a b", Kind::Usage),
            ("Bearer x", Kind::Usage),
            ("a=b", Kind::Usage),
            ("=", Kind::Usage),
            ("é", Kind::Usage),
            ("a\0", Kind::Usage),
            ("\u{85}", Kind::Usage),
            (&long, Kind::Usage),
        ] {
            let failure = checked(text, "stdin").unwrap_err();
            assert_eq!(failure.kind(), kind, "{text:?}");
            assert!(text.len() < 3 || !failure.to_string().contains(text));
        }
    }
}
