//! Reports what a credentials file or a token is, checks it, and writes a user's grant in another tool's format.

mod convert;
mod credentials_report;
mod report;
mod subject;
mod token_report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use argh::{ArgsInfo, FromArgs};
use gauth_cli::{Context, Failure, Program, completions, environment, token_value};
use gauth_core::conversion::Dialect;

use report::Format;
use subject::Subject;

const PROGRAM: Program = Program {
    name: "gauth-info",
    timeout: Some(Duration::from_secs(60)),
    values: completions::no_values,
    manual: &[include_str!("../manual.txt"), gauth_store::MANUAL],
};

/// report what a credentials file or a token is: kind, identity, scopes, expiry
#[derive(FromArgs, ArgsInfo)]
struct Args {
    /// credentials file or OAuth client; - is standard input; default: the credentials that gauth-token would use
    #[argh(positional)]
    file: Option<PathBuf>,

    /// report on this token instead; - reads it from standard input
    #[argh(option, arg_name = "TOKEN")]
    token: Option<String>,

    /// get one token with the credentials and report whether that works
    #[argh(switch)]
    check: bool,

    /// text (default) or json
    #[argh(option, arg_name = "text|json")]
    format: Option<Format>,

    /// write the user's grant in the format of another tool: authorized_user or google-auth
    #[argh(option, arg_name = "authorized_user|google-auth")]
    convert: Option<Dialect>,

    /// where to write the converted grant, with mode 0600; default: standard output
    #[argh(option, short = 'o', arg_name = "FILE")]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    gauth_cli::run(&PROGRAM, run)
}

fn run(args: Args, context: Context) -> anyhow::Result<()> {
    check_mix(&args)?;
    let deadline = context.timeout.map(|timeout| Instant::now() + timeout);
    let policy = environment::policy()?;
    let format = args.format.unwrap_or(Format::Text);
    if let Some(token) = &args.token {
        let token = token_value::given(token, None, context.timeout)?;
        return token_report::of(&token, &policy, deadline, context.terminal)?.print(format);
    }
    let subject = Subject::find(args.file.as_deref(), &policy, deadline, &context.terminal)?;
    if let Some(dialect) = args.convert {
        return convert::write(&subject, dialect, args.output.as_deref(), &policy);
    }
    let mut report = credentials_report::of(&subject)?;
    let mut hint = credentials_report::how_to_see_the_user(&subject, args.check);
    if args.check && credentials_report::check(&mut report, subject, &policy, deadline, context.terminal)? {
        hint = None;
    }
    report.print(format)?;
    if let Some(hint) = hint {
        context.terminal.note(&format!("hint: {hint}"));
    }
    Ok(())
}

/// Options that exclude each other.
fn check_mix(args: &Args) -> Result<(), Failure> {
    let given = [
        ("--token", args.token.is_some()),
        ("FILE", args.file.is_some()),
        ("--check", args.check),
        ("--convert", args.convert.is_some()),
        ("--format", args.format.is_some()),
    ];
    let is_given = |name: &str| given.contains(&(name, true));
    for (one, other) in [
        ("--token", "FILE"),
        ("--token", "--check"),
        ("--token", "--convert"),
        ("--convert", "--check"),
        ("--convert", "--format"),
    ] {
        if is_given(one) && is_given(other) {
            return Err(Failure::usage(format!("{one} and {other} exclude each other")));
        }
    }
    if args.output.is_some() && args.convert.is_none() {
        return Err(Failure::usage("--output requires --convert"));
    }
    Ok(())
}
