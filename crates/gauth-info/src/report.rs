//! The report: facts in order, as text for people or as one JSON object. Text from a file or server is escaped for a
//! terminal; in JSON it stays as is.

use std::io::Write;
use std::str::FromStr;

use gauth_cli::terminal::{self, sanitise};
use serde_json::{Map, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json".to_owned()),
        }
    }
}

/// Facts by their names in JSON; the text shows the names with blanks.
#[derive(Default)]
pub(crate) struct Report(Vec<(&'static str, Fact)>);

enum Fact {
    Text(String),
    List(Vec<String>),
    Number(u64),
    Part(Report),
}

impl Report {
    /// Adds a text, if there is one.
    pub(crate) fn text(&mut self, name: &'static str, text: Option<impl Into<String>>) {
        self.0.extend(text.map(|text| (name, Fact::Text(text.into()))));
    }

    /// Adds a list, unless it is empty.
    pub(crate) fn list(&mut self, name: &'static str, list: impl IntoIterator<Item = String>) {
        let list: Vec<String> = list.into_iter().collect();
        if !list.is_empty() {
            self.0.push((name, Fact::List(list)));
        }
    }

    /// Adds a number, if there is one.
    pub(crate) fn number(&mut self, name: &'static str, number: Option<u64>) {
        self.0.extend(number.map(|number| (name, Fact::Number(number))));
    }

    /// Adds a report within the report.
    pub(crate) fn part(&mut self, name: &'static str, part: Self) {
        self.0.push((name, Fact::Part(part)));
    }

    /// Writes it to stdout.
    pub(crate) fn print(self, format: Format) -> anyhow::Result<()> {
        print(&match format {
            Format::Text => self.lines("").concat(),
            Format::Json => format!("{:#}\n", self.json()),
        })
    }

    fn json(self) -> Value {
        let value = |fact| match fact {
            Fact::Text(text) => text.into(),
            Fact::List(list) => list.into(),
            Fact::Number(number) => number.into(),
            Fact::Part(part) => part.json(),
        };
        let facts = self.0.into_iter();
        Value::Object(facts.map(|(name, fact)| (name.to_owned(), value(fact))).collect::<Map<_, _>>())
    }

    /// A line for each fact and each item of a list, names padded to one width.
    fn lines(&self, indent: &str) -> Vec<String> {
        let width = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let line = |name: &str, text: &str| {
            let name = name.replace('_', " ");
            format!("{indent}{name:width$}  {}\n", sanitise(text))
        };
        let mut lines = Vec::new();
        for (name, fact) in &self.0 {
            match fact {
                Fact::Text(text) => lines.push(line(name, text)),
                Fact::Number(number) => lines.push(line(name, &number.to_string())),
                Fact::List(list) => {
                    for (at, item) in list.iter().enumerate() {
                        lines.push(line(if at == 0 { name } else { "" }, item));
                    }
                }
                Fact::Part(part) => {
                    lines.push(format!("{indent}{}\n", name.replace('_', " ")));
                    lines.extend(part.lines(&format!("{indent}  ")));
                }
            }
        }
        lines
    }
}

/// Writes reports to stdout as one array.
pub(crate) fn print_all(reports: impl Iterator<Item = Report>) -> anyhow::Result<()> {
    print(&format!("{:#}\n", reports.map(Report::json).collect::<Value>()))
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = terminal::stdout();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut inner = Report::default();
        inner.text("kind", Some("service_account"));
        let mut report = Report::default();
        report.text("kind", Some("a\u{1b}[2Jb"));
        report.text("account", None::<String>);
        report.list("scopes", ["x".to_owned(), "y".to_owned()]);
        report.list("delegates", []);
        report.number("expires_in", Some(7));
        report.part("source_credentials", inner);
        report
    }

    #[test]
    fn g1_text_is_aligned_and_harmless() {
        let expected = "\
kind                a\\x1b[2Jb
scopes              x
                    y
expires in          7
source credentials
  kind  service_account
";
        assert_eq!(report().lines("").concat(), expected);
    }

    #[test]
    fn json_holds_the_same_facts_as_they_are() {
        let expected = serde_json::json!({
            "kind": "a\u{1b}[2Jb", "scopes": ["x", "y"], "expires_in": 7,
            "source_credentials": {"kind": "service_account"},
        });
        assert_eq!(report().json(), expected);
    }
}
