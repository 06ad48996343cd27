//! Writes a user's grant in another tool's format: the only output of this program that is a secret.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use gauth_cli::files::{self, CREDENTIALS_LIMIT, same_file, shown};
use gauth_cli::{Failure, terminal};
use gauth_core::conversion::Dialect;
use gauth_core::endpoint::Policy;
use gauth_store::credentials;

use crate::subject::Subject;

/// # Errors
/// Usage errors: no user's grant in the file, or the output is the input.
pub(crate) fn write(subject: &Subject, dialect: Dialect, output: Option<&Path>, policy: &Policy) -> anyhow::Result<()> {
    let found = subject.credentials()?;
    let input = found.source.path();
    let bytes =
        found.credentials.converted(dialect).with_context(|| format!("cannot convert {}", shown(input)))?.to_bytes();
    match output {
        Some(path) if path != Path::new("-") => {
            files::refuse_secret_as_name(path)?;
            refuse_same(input, path)?;
            refuse_loss(path, dialect, policy)?;
            Ok(files::write_secret(path, &bytes)?)
        }
        _ => {
            let mut stdout = terminal::stdout();
            stdout.write_all(&bytes)?;
            Ok(stdout.finish()?)
        }
    }
}

/// Another tool's copy of a grant may be replaced; a key that Google issues only once may not.
fn refuse_loss(output: &Path, dialect: Dialect, policy: &Policy) -> anyhow::Result<()> {
    let Some(bytes) = files::read_default(output, CREDENTIALS_LIMIT)? else {
        return Ok(());
    };
    match credentials::parse(&bytes, output, policy) {
        Ok(there) if there.converted(dialect).is_err() => Err(Failure::usage(format!(
            "--output {}: the file contains {} credentials, which no login could restore",
            shown(output),
            there.kind()
        ))
        .into()),
        _ => Ok(()),
    }
}

fn refuse_same(input: &Path, output: &Path) -> Result<(), Failure> {
    let read = if input == Path::new("-") { Path::new("/dev/stdin") } else { input };
    if same_file(read, output)? {
        let message = format!("--output {}: this is the input file", shown(output));
        return Err(Failure::usage(message));
    }
    Ok(())
}
