//! Writes a user's grant as another tool keeps it: the one output of this program that is a secret.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use gauth_cli::files::{self, same_file, shown};
use gauth_cli::{Failure, terminal};
use gauth_core::conversion::Dialect;

use crate::subject::Subject;

/// # Errors
/// Usage errors: no user's grant in the file, or the output is the input.
pub(crate) fn write(
    subject: &Subject,
    dialect: Dialect,
    output: Option<&Path>,
) -> anyhow::Result<()> {
    let found = subject.credentials()?;
    let input = found.source.path();
    let bytes = found
        .credentials
        .converted(dialect)
        .with_context(|| format!("convert {}", shown(input)))?
        .to_bytes();
    match output {
        Some(path) if path != Path::new("-") => {
            refuse_same(input, path)?;
            Ok(files::write_secret(path, &bytes)?)
        }
        _ => {
            let mut stdout = terminal::stdout();
            stdout.write_all(&bytes)?;
            Ok(stdout.finish()?)
        }
    }
}

fn refuse_same(input: &Path, output: &Path) -> Result<(), Failure> {
    let read = if input == Path::new("-") {
        Path::new("/dev/stdin")
    } else {
        input
    };
    if same_file(read, output) {
        let message = format!("--output {}: it is the file that is read", shown(output));
        return Err(Failure::usage(message));
    }
    Ok(())
}
