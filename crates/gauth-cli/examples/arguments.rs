//! A program with every kind of argument, for `tests/arguments.rs`: it prints what it understood.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use gauth_cli::{Context, Failure, Program, run};

#[derive(argh::FromArgs, argh::ArgsInfo, Debug)]
/// has every kind of argument
#[expect(dead_code, reason = "printed whole by Debug")]
struct Arguments {
    /// property to read, first day
    #[argh(positional, arg_name = "PROPERTY [START]")]
    words: Vec<String>,

    /// metrics, separated by commas
    #[argh(option, short = 'm', arg_name = "METRICS")]
    metrics: Vec<String>,

    /// fields to sort by
    #[argh(option, arg_name = "FIELD,-FIELD")]
    sort: Option<String>,

    /// most rows
    #[argh(option, arg_name = "N")]
    limit: Option<u64>,

    /// access token, or - for standard input
    #[argh(option, arg_name = "TOKEN")]
    token: Option<String>,

    /// output format
    #[argh(option, short = 'f', arg_name = "csv|json")]
    format: Option<String>,

    /// read this file
    #[argh(option, arg_name = "FILE")]
    credentials: Option<String>,

    /// fail after printing
    #[argh(switch, short = 'x')]
    fail: bool,
}

const PROGRAM: Program = Program {
    name: "arguments",
    summary: "Prints the arguments it was given",
    timeout: Some(Duration::from_secs(60)),
    empty_if_missing: &["--token"],
    examples: &[("arguments -m sessions", "prints one metric")],
    notes: &[],
};

fn main() -> ExitCode {
    run(&PROGRAM, |arguments: Arguments, context: Context| {
        let mut stdout = gauth_cli::terminal::stdout();
        writeln!(stdout, "{arguments:?} {:?}", context.timeout)?;
        stdout.finish()?;
        context.terminal.note("a note");
        context.terminal.verbose("a step");
        context.terminal.warn("a warning");
        if let Some(token) = &arguments.token {
            let erased = gauth_cli::argv::erase(token);
            let visible = std::fs::read("/proc/self/cmdline")?;
            let mut stdout = gauth_cli::terminal::stdout();
            writeln!(
                stdout,
                "erased {erased}: {}",
                String::from_utf8_lossy(&visible).replace('\0', " ")
            )?;
            stdout.finish()?;
        }
        match arguments.fail {
            true => Err(Failure::usage("told to fail").hint("leave out -x").into()),
            false => Ok(()),
        }
    })
}
