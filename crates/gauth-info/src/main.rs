//! Reports what a credentials file or a token is, checks it, and writes a user's grant in another tool's format.

mod arguments;
mod convert;
mod credentials_report;
mod logins;
mod report;
mod subject;
mod token_report;

use std::process::ExitCode;
use std::time::Duration;

use gauth_cli::{Context, Program, completions, environment, token_value};
use gauth_core::source::Flags;

use arguments::Arguments;
use report::Format;
use subject::Subject;

const PROGRAM: Program = Program {
    name: "gauth-info",
    timeout: Some(Duration::from_secs(60)),
    values: completions::profiles,
    manual: &[include_str!("../manual.txt"), gauth_store::MANUAL],
};

fn main() -> ExitCode {
    gauth_cli::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    arguments.check_mix(&context.given)?;
    let deadline = context.deadline();
    let policy = environment::policy()?;
    let format = arguments.format.unwrap_or(Format::Text);
    if let Some(token) = &arguments.token {
        let token = token_value::given(token, None, context.timeout)?;
        return token_report::of(&token, &policy, deadline, context.terminal)?.print(format);
    }
    if arguments.list {
        return logins::list(format, &policy, &context.terminal);
    }
    let flags = Flags { credentials: arguments.file.as_deref(), profile: arguments.profile.as_deref() };
    let subject = Subject::find(flags, &policy, deadline, &context.terminal)?;
    if let Some(dialect) = arguments.convert {
        return convert::write(&subject, dialect, arguments.output.as_deref(), &policy);
    }
    let mut report = credentials_report::of(&subject)?;
    let mut hint = credentials_report::how_to_see_the_user(&subject, arguments.check);
    if arguments.check && credentials_report::check(&mut report, subject, &policy, deadline, context.terminal)? {
        hint = None;
    }
    report.print(format)?;
    if let Some(hint) = hint {
        context.terminal.note(&format!("hint: {hint}"));
    }
    Ok(())
}
