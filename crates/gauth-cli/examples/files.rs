//! Writes secrets and reports and holds locks, for `tests/files.rs`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use gauth_cli::files::{self, Report};
use gauth_cli::lock::Lock;
use gauth_cli::{Context, Failure, Program, completions, run};

#[derive(argh::FromArgs, argh::ArgsInfo)]
/// writes secrets and reports and holds locks
struct Arguments {
    /// secret, report or lock
    #[argh(positional)]
    job: String,

    /// the file
    #[argh(positional)]
    path: String,

    /// what to write
    #[argh(option, default = "String::new()")]
    content: String,
}

const PROGRAM: Program =
    Program { name: "files", timeout: Some(Duration::from_secs(60)), values: completions::no_values, manual: &[] };

fn main() -> ExitCode {
    run(&PROGRAM, |arguments: Arguments, context: Context| {
        let path = Path::new(&arguments.path);
        match arguments.job.as_str() {
            "secret" => files::write_secret(path, arguments.content.as_bytes())?,
            "report" => {
                let mut report = Report::create(path, None)?;
                report.write_all(arguments.content.as_bytes())?;
                report.commit()?;
            }
            "lock" => {
                let deadline = Instant::now() + context.timeout.unwrap_or_default();
                let lock = Lock::exclusive(path, deadline, &context.terminal)?;
                context.terminal.note(if lock.is_some() { "locked" } else { "not locked" });
                // Held until the test closes the pipe.
                std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
            }
            _ => return Err(Failure::usage("no such job").into()),
        }
        Ok(())
    })
}
