//! `--list`: the default file and the profiles, each with its identity, scopes and age. A file that cannot be read is
//! reported and listed as such.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use gauth_cli::files::{self, CREDENTIALS_LIMIT, shown};
use gauth_cli::terminal::{self, sanitise};
use gauth_cli::{Failure, Terminal, environment};
use gauth_core::endpoint::Policy;
use gauth_core::scope::{self, Scopes};
use gauth_core::{source, timestamp};
use gauth_store::{credentials, profiles};

use crate::report::{self, Format, Report};

/// A stored login.
struct Login {
    /// The profile; none for the default file.
    name: Option<String>,
    path: PathBuf,
    facts: Result<Facts, String>,
}

struct Facts {
    kind: String,
    identity: String,
    scopes: Scopes,
    granted_at: Option<String>,
    /// Seconds since then.
    age: Option<u64>,
}

/// # Errors
/// Usage errors for a folder that cannot be listed.
pub(crate) fn list(format: Format, policy: &Policy, terminal: &Terminal) -> anyhow::Result<()> {
    let default = source::own_file(&environment::variable).map(|path| (None, path));
    let profiles = profiles::all()?.into_iter().map(|profile| (Some(profile.name), profile.path));
    let mut logins = Vec::new();
    for (name, path) in default.into_iter().chain(profiles) {
        match facts(&path, policy) {
            Ok(None) => {}
            Ok(Some(facts)) => logins.push(Login { name, path, facts: Ok(facts) }),
            Err(error) => {
                let failure = Failure::of(&error).to_string();
                terminal.warn(&failure);
                logins.push(Login { name, path, facts: Err(failure) });
            }
        }
    }
    match format {
        Format::Json => report::print_all(logins.into_iter().map(Login::report)),
        Format::Text if logins.is_empty() => {
            terminal.note("no logins found: run gauth-login, or gauth-login --profile NAME");
            Ok(())
        }
        Format::Text => print_table(&logins),
    }
}

/// What the file says; `None` if there is none.
fn facts(path: &Path, policy: &Policy) -> anyhow::Result<Option<Facts>> {
    let Some(bytes) = files::read_default(path, CREDENTIALS_LIMIT)? else {
        files::refuse_dangling_link(path)?;
        return Ok(None);
    };
    let credentials = credentials::parse(&bytes, path, policy)?;
    let described = credentials.describe().with_context(|| format!("cannot read the credentials {}", shown(path)))?;
    let granted = described.granted_at.as_deref().and_then(timestamp::parse_rfc3339);
    Ok(Some(Facts {
        identity: credentials.identity(),
        kind: described.kind,
        scopes: described.scopes,
        granted_at: described.granted_at,
        age: granted.map(|granted| timestamp::unix_seconds(SystemTime::now()).saturating_sub(granted)),
    }))
}

impl Login {
    fn report(self) -> Report {
        let mut report = Report::default();
        report.text("name", self.name);
        report.text("file", Some(self.path.to_string_lossy()));
        match self.facts {
            Err(problem) => report.text("error", Some(problem)),
            Ok(facts) => {
                report.text("kind", Some(facts.kind));
                report.text("identity", Some(facts.identity));
                report.list("scopes", facts.scopes.iter().map(str::to_owned));
                report.text("granted_at", facts.granted_at);
                report.number("age", facts.age);
            }
        }
        report
    }

    fn row(&self) -> [String; 4] {
        // No profile can have such a name.
        let name = self.name.clone().unwrap_or_else(|| "(default)".to_owned());
        let Ok(facts) = &self.facts else {
            return [name, "(unreadable)".to_owned(), String::new(), String::new()];
        };
        let scopes: Vec<&str> = facts.scopes.iter().map(scope::short).collect();
        let age = facts.age.map(age).unwrap_or_default();
        [name, sanitise(&facts.identity), sanitise(&scopes.join(",")), age]
    }
}

fn print_table(logins: &[Login]) -> anyhow::Result<()> {
    let header = ["name", "identity", "scopes", "age"].map(str::to_owned);
    let rows: Vec<[String; 4]> = std::iter::once(header).chain(logins.iter().map(Login::row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (name_width, identity_width, scopes_width) = (width(0), width(1), width(2));
    let mut stdout = terminal::stdout();
    for [name, identity, scopes, age] in &rows {
        let line = format!("{name:name_width$}  {identity:identity_width$}  {scopes:scopes_width$}  {age}");
        writeln!(stdout, "{}", line.trim_end())?;
    }
    Ok(stdout.finish()?)
}

/// A time in seconds, in its largest unit.
fn age(seconds: u64) -> String {
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "second"));
    let number = seconds / size;
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_shown_in_its_largest_unit() {
        for (seconds, shown) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (7199, "1 hour"),
            (7200, "2 hours"),
            (200_000, "2 days"),
        ] {
            assert_eq!(age(seconds), shown);
        }
    }
}
