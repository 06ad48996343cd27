//! The command line: all accepted spellings are rewritten into the one that argh reads.
//!
//! Follows the utility conventions of POSIX (XBD 12.2) and GNU's long options. What a program's options are is known
//! from argh's own table (`ArgsInfo`); here are only those that all programs share. Messages name options and never
//! repeat values, because a value may be a token; one that certainly is a secret is refused where none belongs, before
//! the program's own code runs.

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use argh::{ArgsInfo, FlagInfo, FlagInfoKind, FromArgs, Optionality, PositionalInfo};
use gauth_text::Seems;

use crate::Program;
use crate::exit::Failure;

/// The options of every program.
pub(crate) const COMMON: &[FlagInfo<'static>] = &[
    common("--timeout", None, Some("SECS"), "give up after this time"),
    common("--quiet", Some('q'), None, "print only errors and warnings"),
    common("--verbose", None, None, "report each step on stderr, without secrets"),
    common("--completions", None, Some("bash|zsh|fish"), "print a completion script for this shell"),
    common("--man", None, None, "print the man page"),
    common("--help", Some('h'), None, "print this page"),
    common("--version", Some('V'), None, "print the version"),
];

const fn common(
    long: &'static str,
    short: Option<char>,
    value: Option<&'static str>,
    description: &'static str,
) -> FlagInfo<'static> {
    let kind = match value {
        Some(arg_name) => FlagInfoKind::Option { arg_name },
        None => FlagInfoKind::Switch,
    };
    FlagInfo { kind, optionality: Optionality::Optional, long, short, description, hidden: false }
}

/// The option that takes a token: it is removed from the process list before anything else is done, and a missing
/// value, or an option in its place, means an empty one.
pub(crate) const TOKEN: &str = "--token";

/// What a program does and accepts: its own options and positionals, as argh derives them.
pub(crate) struct Grammar {
    pub(crate) summary: &'static str,
    pub(crate) options: Vec<&'static FlagInfo<'static>>,
    pub(crate) positionals: &'static [PositionalInfo<'static>],
}

impl Grammar {
    pub(crate) fn of<A: ArgsInfo>() -> Self {
        let info = A::get_args_info();
        // argh puts its own `--help` into every table.
        let options = info.flags.iter().filter(|flag| flag.long != "--help").collect();
        Self { summary: info.description, options, positionals: info.positionals }
    }

    /// Every option, the program's own first.
    fn all(&self) -> impl Iterator<Item = &'static FlagInfo<'static>> {
        self.options.iter().copied().chain(COMMON)
    }

    /// The option of this name; Google's own spelling of its parameters, `samplingLevel`, means `sampling-level`.
    fn long(&self, name: &str) -> Option<&'static FlagInfo<'static>> {
        let mut dashed = String::with_capacity(name.len() + 1);
        for letter in name.chars() {
            if letter.is_ascii_uppercase() {
                dashed.push('-');
            }
            dashed.push(letter.to_ascii_lowercase());
        }
        self.all().find(|flag| flag.long == dashed)
    }

    /// Whether `word` is the name of an option, long or short.
    fn has(&self, word: &str) -> bool {
        let mut letters = word.strip_prefix('-').unwrap_or_default().chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => self.short(letter).is_some(),
            _ => self.long(word).is_some(),
        }
    }

    fn short(&self, letter: char) -> Option<&'static FlagInfo<'static>> {
        self.all().find(|flag| flag.short == Some(letter))
    }
}

/// What the command line requests.
#[derive(PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Request {
    Help,
    Man,
    Version,
    Completions(String),
    Work(Arguments),
}

/// The parts of a command line.
#[derive(Default, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Arguments {
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) given: Given,
}

/// What was given, parsed. Values may be secrets.
#[derive(Clone, Default, PartialEq)]
pub struct Given {
    /// Options by their long names, in the order given, with their values.
    pub options: Vec<(&'static str, Option<String>)>,
    /// The other words.
    pub positionals: Vec<String>,
}

impl Given {
    /// Whether an option (`--name`), or any other word (`NAME`), was given.
    fn has(&self, name: &str) -> bool {
        if name.starts_with("--") {
            self.options.iter().any(|(given, _)| *given == name)
        } else {
            !self.positionals.is_empty()
        }
    }

    /// Refuses both of a pair at once; each is an option (`--name`), or `NAME` for all other words.
    ///
    /// # Errors
    /// A usage error that names them.
    pub fn refuse_pairs(&self, pairs: &[(&str, &str)]) -> Result<(), Failure> {
        match pairs.iter().find(|(one, other)| self.has(one) && self.has(other)) {
            Some((one, other)) => Err(Failure::usage(format!("{one} and {other} exclude each other"))),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.options.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish_non_exhaustive()
    }
}

/// Reads the words after the program's name.
pub(crate) fn read(
    program: &Program,
    grammar: &Grammar,
    words: impl IntoIterator<Item = OsString>,
) -> Result<Request, Failure> {
    let words = words
        .into_iter()
        .map(|word| word.into_string().map_err(|_| Failure::usage("an argument is not UTF-8")))
        .collect::<Result<Vec<String>, Failure>>()?;
    Reader { program, grammar, words: words.into_iter().peekable(), arguments: Arguments::default() }.read()
}

struct Reader<'a> {
    program: &'a Program,
    grammar: &'a Grammar,
    words: std::iter::Peekable<std::vec::IntoIter<String>>,
    arguments: Arguments,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Request, Failure> {
        while let Some(word) = self.words.next() {
            let request = if word == "--" {
                self.arguments.given.positionals.extend(self.words.by_ref());
                None
            } else if let Some(long) = word.strip_prefix("--") {
                self.long(long)?
            } else if word.len() > 1 && word.starts_with('-') {
                self.shorts(&word[1..])?
            } else {
                self.arguments.given.positionals.push(word);
                None
            };
            if let Some(request) = request {
                return Ok(request);
            }
        }
        self.check()?;
        Ok(Request::Work(self.arguments))
    }

    /// `--name`, `--name value` or `--name=value`; `text` is what follows the dashes.
    fn long(&mut self, text: &str) -> Result<Option<Request>, Failure> {
        let (name, attached) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let name = format!("--{name}");
        let flag = self.grammar.long(&name).ok_or_else(|| self.unknown(&name))?;
        match flag.kind {
            FlagInfoKind::Switch if attached.is_some() => Err(Failure::usage(format!("{name} takes no value"))),
            FlagInfoKind::Switch => self.take(flag, None),
            FlagInfoKind::Option { .. } => {
                let value = attached.map_or_else(|| self.following(flag, &name), Ok)?;
                self.take(flag, Some(value))
            }
        }
    }

    /// `-x`, `-xyz` or `-mVALUE`; `letters` is what follows the dash.
    fn shorts(&mut self, letters: &str) -> Result<Option<Request>, Failure> {
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let flag = self.grammar.short(letter).ok_or_else(|| self.unknown(&format!("-{letter}")))?;
            let request = match flag.kind {
                FlagInfoKind::Switch => self.take(flag, None)?,
                FlagInfoKind::Option { .. } => {
                    let attached = rest.as_str();
                    let value = if attached.is_empty() {
                        self.following(flag, &format!("-{letter}"))?
                    } else {
                        attached.strip_prefix('=').unwrap_or(attached).to_owned()
                    };
                    return self.take(flag, Some(value));
                }
            };
            if request.is_some() {
                return Ok(request);
            }
        }
        Ok(None)
    }

    /// The next word as the value of `flag`. It may begin with a dash (`--sort -date`), unless it is the name
    /// of an option: then the value was forgotten, or a command in `$(…)` printed none.
    fn following(&mut self, flag: &FlagInfo<'_>, spelling: &str) -> Result<String, Failure> {
        let may_be_empty = flag.long == TOKEN;
        let is_value = |word: &String| {
            if may_be_empty { !word.starts_with('-') || word == "-" } else { !self.grammar.has(word) }
        };
        match self.words.next_if(is_value) {
            Some(value) => Ok(value),
            None if may_be_empty => Ok(String::new()),
            None => Err(Failure::usage(format!("{spelling} needs a value"))
                .hint("if the value comes from $(COMMAND), run COMMAND by itself: it printed nothing")),
        }
    }

    fn take(&mut self, flag: &'static FlagInfo<'static>, value: Option<String>) -> Result<Option<Request>, Failure> {
        if let (FlagInfoKind::Option { arg_name }, Some(value)) = (&flag.kind, &value) {
            self.refuse_secret(flag.long, arg_name, value)?;
        }
        let given = &mut self.arguments.given.options;
        let given_before = given.iter().any(|(name, _)| *name == flag.long);
        match (flag.long, &value) {
            ("--help", _) => return Ok(Some(Request::Help)),
            ("--man", _) => return Ok(Some(Request::Man)),
            ("--version", _) => return Ok(Some(Request::Version)),
            ("--completions", Some(shell)) => return Ok(Some(Request::Completions(shell.clone()))),
            ("--quiet", _) => self.arguments.quiet = true,
            ("--verbose", _) => self.arguments.verbose = true,
            ("--timeout", Some(seconds)) => self.arguments.timeout = Some(timeout(seconds)?),
            (long, Some(_)) if given_before && !is_common(long) && flag.optionality != Optionality::Repeating => {
                return Err(Failure::usage(format!("{long} was given twice")));
            }
            _ => {}
        }
        given.push((flag.long, value));
        Ok(None)
    }

    /// Refuses a value that certainly is a secret. Files and commands are checked where they are used, and a filter may
    /// match anything.
    fn refuse_secret(&self, name: &str, arg_name: &str, value: &str) -> Result<(), Failure> {
        const ANYTHING: [&str; 4] = ["TOKEN", "COMMAND", "FILE", "EXPR"];
        let arg_name = arg_name.to_uppercase();
        if ANYTHING.iter().any(|kind| arg_name.contains(kind)) {
            return Ok(());
        }
        let Some(seems) = Seems::certainly(value) else {
            return Ok(());
        };
        let failure = Failure::usage(format!("{name}: this looks like {seems}"));
        Err(match self.grammar.long(TOKEN) {
            Some(_) => failure.hint("pass a token with --token, in GAUTH_TOKEN or on standard input"),
            None => failure.hint("pass the name of a credentials file, not its content"),
        })
    }

    fn unknown(&self, name: &str) -> Failure {
        // What does not look like a name may be a secret that lost its option.
        let like_a_name = name.len() <= 32
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let failure = if like_a_name || name.chars().count() == 2 {
            Failure::usage(format!("unknown option {name}"))
        } else {
            Failure::usage("unknown option")
        };
        let names = self.grammar.all().filter(|flag| !flag.hidden).map(|flag| flag.long);
        match nearest(name, names) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint(format!("see {} --help", self.program.name)),
        }
    }

    /// Checks what is missing or too much, which argh would report with the values in its message.
    fn check(&self) -> Result<(), Failure> {
        let given = &self.arguments.given;
        let positionals = self.grammar.positionals;
        // The name of one positional may list several words: `START [END]`.
        let names = positionals.iter().flat_map(|one| one.name.split([' ', '[', ']']));
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        for (place, word) in given.positionals.iter().enumerate() {
            let name = names.get(place).or_else(|| names.last()).unwrap_or(&"argument");
            self.refuse_secret(&name.to_uppercase(), name, word)?;
        }
        for flag in &self.grammar.options {
            let required =
                flag.optionality == Optionality::Required && matches!(flag.kind, FlagInfoKind::Option { .. });
            if required && !given.has(flag.long) {
                return Err(Failure::usage(format!("{} is missing", flag.long)));
            }
        }
        let mut required = positionals.iter().filter(|one| one.optionality == Optionality::Required);
        if let Some(missing) = required.nth(given.positionals.len()) {
            return Err(Failure::usage(format!("{} is missing", missing.name.to_uppercase())));
        }
        let open_ended = positionals
            .last()
            .is_some_and(|last| matches!(last.optionality, Optionality::Repeating | Optionality::Greedy));
        if given.positionals.len() > positionals.len() && !open_ended {
            let problem = if positionals.is_empty() { "unexpected argument" } else { "too many arguments" };
            return Err(Failure::usage(problem).hint(format!("see {} --help", self.program.name)));
        }
        Ok(())
    }
}

fn is_common(name: &str) -> bool {
    COMMON.iter().any(|flag| flag.long == name)
}

/// `--timeout SECS`, a positive decimal number.
fn timeout(seconds: &str) -> Result<Duration, Failure> {
    seconds
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|time| !time.is_zero() && *time <= LONGEST)
        .ok_or_else(|| Failure::usage("--timeout: expected a positive number of seconds"))
}

/// Longer than any run, and short enough to be added to any clock.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Passes the arguments to argh in its own spelling.
pub(crate) fn parse<A: FromArgs>(program: &Program, arguments: &Arguments) -> Result<A, Failure> {
    let mut words: Vec<&str> = Vec::new();
    for (name, value) in arguments.given.options.iter().filter(|(name, _)| !is_common(name)) {
        words.push(name);
        words.extend(value.as_deref());
    }
    words.push("--");
    words.extend(arguments.given.positionals.iter().map(String::as_str));
    A::from_args(&[program.name], &words).map_err(|exit| Failure::usage(without_value(&exit.output, arguments)))
}

/// argh's message about an invalid value, with the option's name instead of the value.
fn without_value(output: &str, arguments: &Arguments) -> String {
    let output = output.trim_end();
    for (name, value) in &arguments.given.options {
        let value = value.as_deref().unwrap_or_default();
        if let Some(why) = output.strip_prefix(&format!("Error parsing option '{name}' with value '{value}': ")) {
            return format!("{name}: {}", plain(why, value));
        }
    }
    if let Some(text) = output.strip_prefix("Error parsing positional argument '") {
        for value in &arguments.given.positionals {
            if let Some((name, why)) = text.split_once(&format!("' with value '{value}': ")) {
                return format!("{}: {}", name.to_uppercase(), plain(why, value));
            }
        }
    }
    "invalid arguments".to_owned()
}

/// The standard library's message about the number in `value`, for users.
fn plain<'a>(why: &'a str, value: &str) -> &'a str {
    match why {
        "invalid digit found in string" if value.parse().is_ok_and(|number: i64| number < 0) => "must not be negative",
        "invalid digit found in string" | "cannot parse integer from empty string" => "not a whole number",
        "number too large to fit in target type" => "too large",
        other => other,
    }
}

/// The candidate that `word` is a typo of, if there is one.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2 || (word.len() >= 5 && candidate.starts_with(word)))
        .min()
        .map(|(_, candidate)| candidate)
}
