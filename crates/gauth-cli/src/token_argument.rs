//! How a program of Analytics gets its access token: from an argument, a command, the environment or stdin.
//!
//! Token syntax is RFC 6750 §2.1 (b64token). Fetching and refreshing tokens is left to gauth-token; a failed
//! `$(gauth-token)` leaves an empty word or none, which is told apart from a malformed one by its exit code.

use std::io::{IsTerminal, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use gauth_core::Secret;

use crate::exit::{Failure, Kind, reason};
use crate::terminal::Terminal;
use crate::{argv, environment};

/// Longer than any token of Google's.
const LIMIT: usize = 64 * 1024;
/// Tokens in the environment, the first that is set.
const VARIABLES: [&str; 2] = ["GAUTH_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"];

/// What the command line says about the token.
#[derive(Clone, Copy, Debug)]
pub struct TokenArgument<'a> {
    /// `--token`: the token, or `-` for standard input.
    pub token: Option<&'a str>,
    /// `--token-command`.
    pub command: Option<&'a str>,
    /// What else reads standard input, if anything does.
    pub stdin_reader: Option<&'a str>,
}

/// Where tokens come from; only a command can give a second one.
#[derive(Clone, Debug)]
pub enum TokenSource {
    /// One token and no other.
    Fixed(Secret),
    /// A command for `sh -c`.
    Command(String),
}

/// Takes a token out of the command line, where every user of the machine could read it. To be called before
/// anything else is done.
pub fn hide(argument: &TokenArgument<'_>, terminal: &Terminal) -> Result<(), Failure> {
    let Some(token) = argument.token.filter(|token| !["", "-"].contains(token)) else {
        return Ok(());
    };
    if argv::erase(token) {
        return Ok(());
    }
    if argument.stdin_reader.is_none() && is_b64token(token) {
        let error = argv::start_again_with_value_on_stdin(token);
        terminal.verbose(&format!("start again: {}", reason(&error)));
    }
    terminal.warn("the token stays visible in the list of processes; pass it by GAUTH_TOKEN or --token -");
    Ok(())
}

impl TokenSource {
    /// The first source that is set; standard input counts when it is not a terminal and `stdin_by_default`.
    ///
    /// # Errors
    /// [`Kind::Login`] when there is no token or an empty one, [`Kind::Usage`] when it is malformed or two
    /// sources were named.
    pub fn choose(argument: &TokenArgument<'_>, stdin_by_default: bool) -> Result<Self, Failure> {
        match (argument.token, argument.command) {
            (Some(_), Some(_)) => {
                return Err(Failure::usage("--token and --token-command exclude each other"));
            }
            (Some("-"), None) => return from_stdin(argument.stdin_reader),
            (Some(token), None) => return checked(token, "--token").map(Self::Fixed),
            (None, Some(command)) if command.trim().is_empty() => {
                return Err(Failure::usage("--token-command is empty"));
            }
            (None, Some(command)) => return Ok(Self::Command(command.to_owned())),
            (None, None) => {}
        }
        for name in VARIABLES {
            if let Some(token) = environment::text(name)? {
                return checked(&token, name).map(Self::Fixed);
            }
        }
        if stdin_by_default && argument.stdin_reader.is_none() && !std::io::stdin().is_terminal() {
            return from_stdin(None);
        }
        Err(Failure::new(Kind::Login, "no token was given").hint("pass one with --token $(gauth-token)"))
    }

    /// A token. Each call runs the command again, if there is one, for at most `timeout`.
    ///
    /// # Errors
    /// As [`TokenSource::choose`], and what the command's exit code says.
    pub fn token(&self, timeout: Option<Duration>) -> Result<Secret, Failure> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::Command(command) => from_command(command, timeout),
        }
    }
}

fn from_stdin(other_reader: Option<&str>) -> Result<TokenSource, Failure> {
    if let Some(other) = other_reader {
        return Err(Failure::usage(format!("--token - and {other} both want standard input")));
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::usage("--token -: standard input is a terminal").hint("gauth-token | COMMAND --token -"));
    }
    checked(&read_text(stdin.lock(), "standard input")?, "standard input").map(TokenSource::Fixed)
}

fn from_command(command: &str, timeout: Option<Duration>) -> Result<Secret, Failure> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::piped());
    for name in VARIABLES {
        shell.env_remove(name);
    }
    let failed =
        |error: std::io::Error| Failure::new(Kind::Failed, format!("run the token command: {}", reason(&error)));
    let mut child = shell.spawn().map_err(failed)?;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            // Nobody listens once time has run out.
            let _ = sender.send(read_text(stdout, "the token command"));
        });
    }
    let text = match timeout {
        Some(timeout) => receiver.recv_timeout(timeout),
        None => receiver.recv().map_err(Into::into),
    };
    let text = text.unwrap_or_else(|_| {
        let late = "run the token command: it did not end in time";
        Err(Failure::new(Kind::Temporary, late))
    });
    if text.is_err() {
        // It may have more to say than anyone reads, or be late.
        let _ = child.kill();
    }
    let status = child.wait().map_err(failed)?;
    let text = text?;
    if status.success() {
        return checked(&text, "the token command");
    }
    // gauth-token's own codes keep their meaning.
    let kind = match status.code() {
        Some(2) => Kind::Usage,
        Some(4) => Kind::Refused,
        Some(5) => Kind::Temporary,
        _ => Kind::Login,
    };
    Err(Failure::new(kind, format!("run the token command: {status}")).hint("run it alone to see why"))
}

fn read_text(reader: impl Read, what: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    reader
        .take(LIMIT as u64 + 3)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(Kind::Failed, format!("read the token from {what}: {}", reason(&error))))?;
    // The line may end in CR LF. A command cut short here ends in a signal, which is not the cause.
    if bytes.len() > LIMIT + 2 {
        return Err(malformed(what, "it is longer than 64 KiB"));
    }
    String::from_utf8(bytes).map_err(|_| malformed(what, "it is not text"))
}

/// The token in what `what` gave: one line, of the characters that RFC 6750 allows.
fn checked(text: &str, what: &str) -> Result<Secret, Failure> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(Failure::new(Kind::Login, format!("the token from {what} is empty"))
            .hint("run gauth-token alone to see why"));
    }
    if line.len() > LIMIT {
        return Err(malformed(what, "it is longer than 64 KiB"));
    }
    if line.contains(['\n', '\r']) {
        return Err(malformed(what, "it has more than one line"));
    }
    if !is_b64token(line) {
        return Err(malformed(what, "it has characters that no token has"));
    }
    Ok(Secret::new(line))
}

fn malformed(what: &str, why: &str) -> Failure {
    Failure::usage(format!("the token from {what} is malformed: {why}"))
}

fn is_b64token(text: &str) -> bool {
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

    #[test]
    fn a_command_gives_a_token_or_its_exit_code() {
        let token = |command: &str| TokenSource::Command(command.to_owned()).token(None);
        assert_eq!(token("echo abc").unwrap().expose(), "abc");
        for (command, kind) in [
            ("true", Kind::Login),
            ("exit 1", Kind::Login),
            ("exit 3", Kind::Login),
            ("exit 4", Kind::Refused),
            ("exit 5", Kind::Temporary),
            ("echo a; echo b", Kind::Usage),
            ("yes", Kind::Usage),
        ] {
            assert_eq!(token(command).unwrap_err().kind(), kind, "{command}");
        }
    }

    #[test]
    fn two_sources_are_refused() {
        let both = TokenArgument { token: Some("x"), command: Some("echo x"), stdin_reader: None };
        assert_eq!(TokenSource::choose(&both, true).unwrap_err().kind(), Kind::Usage);
        let stdin_twice = TokenArgument { token: Some("-"), command: None, stdin_reader: Some("--request -") };
        assert_eq!(TokenSource::choose(&stdin_twice, true).unwrap_err().kind(), Kind::Usage);
    }
}
