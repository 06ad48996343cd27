//! A program with every kind of argument, for `tests/arguments.rs`: it prints what it understood.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use gauth_cli::completions::Values;
use gauth_cli::{Context, Failure, Program, run};

#[derive(argh::FromArgs, argh::ArgsInfo)]
/// print the arguments that were given
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
    #[argh(option, arg_name = "TOKEN|-")]
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

    /// panic with a secret in the message
    #[argh(switch, hidden_help)]
    panic: bool,

    /// a secret that is not hidden
    #[argh(option, arg_name = "TEXT")]
    secret: Option<String>,

    /// start again with that on standard input
    #[argh(switch, hidden_help)]
    again: bool,
}

const PROGRAM: Program = Program {
    name: "arguments",
    timeout: Some(Duration::from_secs(60)),
    values,
    manual: &["# EXAMPLES\narguments -m sessions\n: prints one metric"],
};

fn values(name: &str) -> Values {
    match name {
        "--metrics" | "--sort" => Values::ListOf(vec!["sessions", "totalUsers"]),
        "--limit" => Values::OneOf(vec!["10", "100"]),
        _ => Values::Text,
    }
}

fn main() -> ExitCode {
    run(&PROGRAM, |arguments: Arguments, context: Context| {
        if arguments.panic {
            panic!("canary of a panic");
        }
        if arguments.again {
            return again(arguments.secret.as_deref().unwrap_or_default());
        }
        let mut stdout = gauth_cli::terminal::stdout();
        writeln!(stdout, "{}timeout {:?}", given(&arguments), context.timeout)?;
        stdout.finish()?;
        context.terminal.note("a note");
        context.terminal.verbose("a step");
        context.terminal.warn("a warning");
        if arguments.token.is_some() {
            let visible = std::fs::read("/proc/self/cmdline")?;
            let mut stdout = gauth_cli::terminal::stdout();
            writeln!(stdout, "visible: {}", String::from_utf8_lossy(&visible).replace('\0', " "))?;
            stdout.finish()?;
        }
        if arguments.fail {
            return Err(Failure::usage("told to fail").hint("leave out -x").into());
        }
        Ok(())
    })
}

/// The arguments that were given, each with a blank after it.
fn given(arguments: &Arguments) -> String {
    let fields = [
        ("words", format!("{:?}", arguments.words)),
        ("metrics", format!("{:?}", arguments.metrics)),
        ("sort", format!("{:?}", arguments.sort)),
        ("limit", format!("{:?}", arguments.limit)),
        ("token", format!("{:?}", arguments.token)),
        ("format", format!("{:?}", arguments.format)),
        ("credentials", format!("{:?}", arguments.credentials)),
        ("fail", format!("{:?}", arguments.fail)),
    ];
    let given = fields.iter().filter(|(_, value)| !["[]", "None", "false"].contains(&value.as_str()));
    given.map(|(name, value)| format!("{name}: {value} ")).collect()
}

fn again(token: &str) -> anyhow::Result<()> {
    if token != "-" {
        return Err(gauth_cli::argv::start_again_with_value_on_stdin(token).into());
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut stdout = gauth_cli::terminal::stdout();
    writeln!(stdout, "{}: {}", words.join(" "), std::io::read_to_string(std::io::stdin())?)?;
    Ok(stdout.finish()?)
}
