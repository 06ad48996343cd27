//! The edge that all programs share: arguments, exit codes, the terminal, files and locks, and HTTP.
//!
//! [`run`] is the whole of a program's `main`. I/O is here, in gauth-store and ga-client, and in the programs; the
//! protocols are in gauth-core and ga-core.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use argh::{ArgsInfo, FromArgs};

mod arguments;
pub mod argv;
pub mod back_off;
mod buffered;
pub mod child;
pub mod command;
pub mod completions;
pub mod environment;
pub mod exit;
pub mod files;
mod help;
pub mod http_agent;
pub mod lock;
pub mod loopback;
mod man;
mod manual;
mod memory;
pub mod proxy;
pub mod random;
pub mod resolver;
pub mod signals;
pub mod terminal;
pub mod tls;
pub mod token_value;

pub use arguments::Given;
pub use exit::{Failure, Kind};
pub use man::PROGRAMS;
pub use terminal::Terminal;

use arguments::{Grammar, Request};

/// What a program's arguments do not say of it. Their description (argh's) is the summary in `--help` and the man page.
pub struct Program {
    /// The name of its executable.
    pub name: &'static str,
    /// The time that it may take in total without `--timeout`.
    pub timeout: Option<Duration>,
    /// The values of an option (`--name`) or argument, for completions, unless `--help` shows them.
    pub values: fn(&str) -> completions::Values,
    /// Its `manual.txt` and what it shares with others: the text of the man page, the examples and notes of `--help`; see
    /// `manual.rs` for the form.
    pub manual: &'static [&'static str],
}

/// What [`run`] passes to the program's body.
#[derive(Clone, Debug)]
pub struct Context {
    /// stderr, with `--quiet` and `--verbose` applied.
    pub terminal: Terminal,
    /// `--timeout`, or the program's default.
    pub timeout: Option<Duration>,
    /// Whether `--timeout` was given.
    pub timeout_given: bool,
    /// The whole command line, for a command to print.
    pub given: Given,
}

impl Context {
    /// When the program must have ended, if it begins now.
    pub fn deadline(&self) -> Option<Instant> {
        self.timeout.map(|timeout| Instant::now() + timeout)
    }
}

/// The whole of `main()`: reads the command line, handles `--help`, `--man`, `--version` and `--completions`, calls
/// `body`, and turns its result into messages and an exit code.
pub fn run<A: FromArgs + ArgsInfo>(program: &Program, body: impl FnOnce(A, Context) -> anyhow::Result<()>) -> ExitCode {
    memory::keep_private();
    let mut terminal = Terminal { program: program.name, quiet: false, verbose: false };
    terminal::hush_panics(terminal);
    let grammar = Grammar::of::<A>();
    let result =
        arguments::read(program, &grammar, std::env::args_os().skip(1)).map_err(Into::into).and_then(|request| {
            match request {
                Request::Help => print(&help::page(program, &grammar)),
                Request::Version => print(&format!("{} {}\n", program.name, env!("CARGO_PKG_VERSION"))),
                Request::Man => print(&man::page(program, &grammar)),
                Request::Completions(shell) => print(&completions::script(&shell, program, &grammar)?),
                Request::Work(arguments) => {
                    terminal.quiet = arguments.quiet;
                    terminal.verbose = arguments.verbose;
                    token_value::hide(&arguments.given, &terminal);
                    let context = Context {
                        terminal,
                        timeout: arguments.timeout.or(program.timeout),
                        timeout_given: arguments.timeout.is_some(),
                        given: arguments.given.clone(),
                    };
                    body(arguments::parse(program, &arguments)?, context)
                }
            }
        });
    exit::finish(&terminal, result)
}

fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let mut stdout = terminal::stdout();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.finish()?)
}
