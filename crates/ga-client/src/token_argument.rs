//! How the ga-* programs get their access token: from an argument, a command, the environment or stdin.
//!
//! Token syntax is RFC 6750 §2.1 (b64token). Fetching and refreshing tokens is left to gauth-token; a failed
//! `$(gauth-token)` leaves an empty word or none, which has another exit code than a malformed token.
//! Standard input is read by default, but used only if it can be nothing but a token: inside a loop or a pipeline it is
//! often something else, and a token is sent to Google.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use ga_core::property::PropertyNumber;
use ga_core::{catalogue, dates};
use gauth_core::Secret;

use gauth_cli::exit::{Failure, Kind};
use gauth_cli::token_value::{self, LIMIT, checked, is_b64token, text};
use gauth_cli::{child, environment};

/// Tokens in the environment, the first that is set.
const VARIABLES: [&str; 2] = ["GAUTH_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"];
/// A command in the environment, after them.
const COMMAND_VARIABLE: &str = "GAUTH_TOKEN_COMMAND";
/// The program that prints tokens.
const GAUTH_TOKEN: &str = "gauth-token";
/// How long standard input may take without `--token -`.
const PATIENCE: Duration = Duration::from_secs(10);
/// The fewest characters of a token on standard input without `--token -`.
const SHORTEST_UNASKED: usize = 16;
/// How tokens are usually passed.
const USUAL: &str = "use --token $(gauth-token), or export GAUTH_TOKEN=$(gauth-token) for several commands";

/// What the command line says about the token.
#[derive(Clone, Copy)]
pub struct TokenArgument<'a> {
    /// `--token`: the token, or `-` for standard input.
    pub token: Option<&'a str>,
    /// `--token-command`.
    pub command: Option<&'a str>,
    /// What else reads standard input, if anything does.
    pub stdin_reader: Option<&'a str>,
}

/// Where tokens come from; only a command can provide a second one.
#[derive(Clone)]
pub enum TokenSource {
    /// One token and no other.
    Fixed(Secret),
    /// A command for `sh -c`.
    Command(String),
    /// gauth-token, run without a shell, which a container may not have.
    GauthToken(PathBuf),
}

impl fmt::Debug for TokenSource {
    /// A command may contain a secret, too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed(_) => "Fixed(…)",
            Self::Command(_) => "Command(…)",
            Self::GauthToken(_) => "GauthToken(…)",
        })
    }
}

impl TokenSource {
    /// The first source that is set. Standard input that holds a token counts as the last one if `stdin_by_default`.
    /// It is read within `timeout`.
    ///
    /// # Errors
    /// [`Kind::Login`] when there is no token or an empty one, [`Kind::Usage`] when it is malformed or two
    /// sources were named.
    pub fn choose(
        argument: &TokenArgument<'_>,
        stdin_by_default: bool,
        timeout: Option<Duration>,
    ) -> Result<Self, Failure> {
        if let Some(source) = Self::named(argument, timeout)? {
            return Ok(source);
        }
        if stdin_by_default && argument.stdin_reader.is_none() && stdin_may_hold_a_token() {
            return from_stdin_unasked(timeout);
        }
        Err(Failure::new(Kind::Login, "no token").hint(USUAL))
    }

    /// The first source that is set; without any, the gauth-token beside this program, else that of the PATH.
    ///
    /// # Errors
    /// As [`TokenSource::choose`].
    pub fn choose_or_run_gauth_token(argument: &TokenArgument<'_>, timeout: Option<Duration>) -> Result<Self, Failure> {
        Ok(Self::named(argument, timeout)?.unwrap_or_else(|| {
            let name = format!("{GAUTH_TOKEN}{}", std::env::consts::EXE_SUFFIX);
            let beside = std::env::current_exe().map(|program| program.with_file_name(&name));
            Self::GauthToken(beside.ok().filter(|program| program.is_file()).unwrap_or_else(|| name.into()))
        }))
    }

    /// What the command line or the environment names.
    fn named(argument: &TokenArgument<'_>, timeout: Option<Duration>) -> Result<Option<Self>, Failure> {
        match (argument.token, argument.command) {
            (Some(_), Some(_)) => {
                return Err(Failure::usage("--token and --token-command exclude each other"));
            }
            (Some(token), None) => {
                return token_value::given(token, argument.stdin_reader, timeout).map(|token| Some(Self::Fixed(token)));
            }
            (None, Some(command)) if command.trim().is_empty() => {
                return Err(Failure::usage("--token-command is empty"));
            }
            (None, Some(command)) => return Self::command(command, "--token-command").map(Some),
            (None, None) => {}
        }
        for name in VARIABLES {
            if let Some(token) = environment::secret(name)? {
                return checked(&token, name).map(|token| Some(Self::Fixed(token)));
            }
        }
        let command = environment::secret(COMMAND_VARIABLE)?;
        command.map(|command| Self::command(&command, COMMAND_VARIABLE)).transpose()
    }

    /// A command, unless it is a secret itself.
    fn command(command: &str, origin: &str) -> Result<Self, Failure> {
        child::shell(command, origin).map(|_| Self::Command(command.to_owned()))
    }

    /// Whether it can give another token when one has expired.
    pub(crate) fn is_command(&self) -> bool {
        !matches!(self, Self::Fixed(_))
    }

    /// A token. Each call runs the command again, if there is one, for at most `timeout`.
    ///
    /// # Errors
    /// As [`TokenSource::choose`], and what the command's exit code says.
    pub fn token(&self, timeout: Option<Duration>) -> Result<Secret, Failure> {
        self.get(false, timeout)
    }

    /// A token to replace one that the server refused, which gauth-token may still have in its cache.
    ///
    /// # Errors
    /// As [`TokenSource::token`].
    pub fn new_token(&self, timeout: Option<Duration>) -> Result<Secret, Failure> {
        self.get(true, timeout)
    }

    fn get(&self, refresh: bool, timeout: Option<Duration>) -> Result<Secret, Failure> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::Command(command) => {
                let name = "the token command";
                printed(child::shell(command, name)?, name, refresh, timeout)
            }
            Self::GauthToken(program) => printed(child::printing(Command::new(program)), GAUTH_TOKEN, refresh, timeout),
        }
    }
}

/// Not a terminal, which waits for its user, nor /dev/null, which is empty.
fn stdin_may_hold_a_token() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = token_value::stdin_file().and_then(|file| file.metadata()).map(|metadata| metadata.file_type());
        kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket() || kind.is_file())
    }
    #[cfg(not(unix))]
    !io::IsTerminal::is_terminal(&io::stdin())
}

fn from_stdin_unasked(timeout: Option<Duration>) -> Result<TokenSource, Failure> {
    let patience = timeout.map_or(PATIENCE, |timeout| timeout.min(PATIENCE));
    let Some(bytes) = token_value::read_stdin(Some(patience))? else {
        let message = format!("no token: standard input did not end within {} s", patience.as_secs_f64());
        return Err(Failure::new(Kind::Login, message).hint(USUAL));
    };
    let text = text(bytes, "standard input")?;
    match found_instead(text.trim_end_matches(['\r', '\n'])) {
        Some(found) => {
            let message = format!("no token: standard input holds something else ({found})");
            let short = "pass a short token with --token -";
            Err(Failure::usage(message).hint(if found == SHORT { short } else { USUAL }))
        }
        None => checked(&text, "standard input").map(TokenSource::Fixed),
    }
}

const SHORT: &str = "fewer characters than a token has";

/// What the text seems to be, if it cannot be a token. It is not repeated: it may be a secret.
fn found_instead(text: &str) -> Option<&'static str> {
    let words: Vec<&str> = text.split([',', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    let all = |is_one: fn(&str) -> bool| !words.is_empty() && words.iter().all(|word| is_one(word));
    let is_property = |word: &str| PropertyNumber::parse(word).is_ok();
    let is_account = |word: &str| {
        word.strip_prefix("accounts/").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_day = |word: &str| dates::named_range(word).is_ok();
    let is_field = |word: &str| catalogue::kind_of(word).is_some();
    let is_json = text.starts_with(['{', '[']);
    match text {
        // Left to the error about an empty token.
        "" => None,
        _ if all(is_property) => Some("a property list?"),
        _ if all(is_account) => Some("a list of accounts?"),
        _ if all(is_day) => Some("dates?"),
        _ if all(is_field) => Some("field names?"),
        _ if is_json => Some("JSON?"),
        _ if text.contains(['\r', '\n']) => Some("more than one line: a list, or a file?"),
        _ if text.contains("://") => Some("a URL?"),
        // A name that cannot be looked up, such as a long token, is not a file.
        _ if Path::new(text).try_exists().unwrap_or(false) => Some("a file name?"),
        _ if is_host(text) => Some("a host name?"),
        _ if !is_b64token(text) => Some("characters that no token has"),
        _ if text.len() < SHORTEST_UNASKED => Some(SHORT),
        _ if !text.contains(|letter: char| letter.is_ascii_alphabetic()) => Some("a number?"),
        _ => None,
    }
}

/// `www.example.com`. A token with dots has mixed case, or begins as Google's do.
fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_mixed = text.contains(|c: char| c.is_ascii_lowercase()) && text.contains(|c: char| c.is_ascii_uppercase());
    let labels = || text.strip_suffix('.').unwrap_or(text).split('.');
    let has_domain = labels().next_back().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_alphabetic()));
    labels().count() > 1 && labels().all(is_label) && has_domain && !is_mixed && !text.starts_with("ya29.")
}

fn printed(mut command: Command, name: &str, refresh: bool, timeout: Option<Duration>) -> Result<Secret, Failure> {
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    if refresh {
        command.env(environment::REFRESH, "1");
    }
    let failed = |error: io::Error| {
        let kind = if error.kind() == io::ErrorKind::NotFound { Kind::Login } else { Kind::Failed };
        Failure::of_system(&format!("cannot run {name}"), &error, kind)
    };
    let late = || Failure::new(Kind::Temporary, format!("cannot run {name}: it did not end in time"));
    // The line may end in CR LF.
    let (bytes, status) = child::run(&mut command, LIMIT + 2, deadline).map_err(failed)?.ok_or_else(late)?;
    let text = text(bytes, name)?;
    let status = status.ok_or_else(late)?;
    if status.success() {
        return checked(&text, name);
    }
    // gauth-token's own codes keep their meaning.
    let kind = match status.code() {
        Some(2) => Kind::Usage,
        Some(4) => Kind::Refused,
        Some(5) => Kind::Temporary,
        _ => Kind::Login,
    };
    Err(Failure::new(kind, format!("{name} failed: {status}")).hint("run that command by itself to see why"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(TokenSource::choose(&both, true, None).unwrap_err().kind(), Kind::Usage);
        let stdin_twice = TokenArgument { token: Some("-"), command: None, stdin_reader: Some("--request -") };
        assert_eq!(TokenSource::choose(&stdin_twice, true, None).unwrap_err().kind(), Kind::Usage);
    }

    #[test]
    fn what_cannot_be_a_token_is_named() {
        let token = format!("ya29.a0{}", "Ab3-_".repeat(30));
        for text in [
            &*token,
            "ya29.c.b0Aaekm1K",
            "ya29.abcdefghijklmnop",
            "0123456789abcdef",
            "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
            "a/b+c~d_e-f.g===",
        ] {
            assert_eq!(found_instead(text), None, "{text}");
        }
        for (text, found) in [
            ("123456", "a property list?"),
            ("properties/123456789", "a property list?"),
            ("accounts/1234567890", "a list of accounts?"),
            ("123456\r\n123457\n\n123458", "a property list?"),
            ("123456789012345,123456789012346", "a property list?"),
            ("2026-11-20", "dates?"),
            ("28daysAgo yesterday", "dates?"),
            ("screenPageViewsPerSession", "field names?"),
            ("sessions,totalUsers", "field names?"),
            ("{\"access_token\":\"x\"}", "JSON?"),
            ("name\nother name", "more than one line: a list, or a file?"),
            ("https://example.com/x", "a URL?"),
            ("src/token_argument.rs", "a file name?"),
            ("analytics.example.com", "a host name?"),
            ("WWW.EXAMPLE-SITE.ORG.", "a host name?"),
            ("Authorization: Bearer x", "characters that no token has"),
            ("country==Côte d’Ivoire", "characters that no token has"),
            ("abcdefghijklmno", SHORT),
            ("1234567890-1234567890", "a number?"),
        ] {
            assert_eq!(found_instead(text), Some(found), "{text}");
        }
    }
}
