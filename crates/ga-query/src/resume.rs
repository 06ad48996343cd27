//! The command that resumes where a report had to stop, made of the parsed options.

use std::sync::Arc;

use gauth_cli::{Failure, Given};
use gauth_text::Command;

use crate::property::Property;

/// Options that get new values, or that must not be shown.
const DROPPED: [&str; 8] =
    ["--token", "--offset", "--start-index", "--limit", "--max-results", "--header", "--reserve", "--property"];

/// The rows that are still to come.
pub(crate) struct Rest<'a> {
    /// The properties of the next command: one of which something has arrived, or those of which nothing has.
    pub(crate) properties: &'a [Arc<Property>],
    /// Those behind one of which something has arrived.
    pub(crate) following: &'a [Arc<Property>],
    /// Whether rows begin with the property, as those of a list do.
    pub(crate) is_of_list: bool,
    /// Whether the request is an official one.
    pub(crate) is_official: bool,
    pub(crate) offset: u64,
    pub(crate) limit: Option<u64>,
    /// Whether the format has a header line, which is already written.
    pub(crate) has_header: bool,
}

/// The failure with the commands that get the rest.
pub(crate) fn with_hint(failure: Failure, given: &Given, rest: &Rest<'_>) -> Failure {
    let failure = match rest.following {
        [] => failure,
        properties => failure.hint(format!("still missing entirely: -p {}", numbers(properties))),
    };
    if rest.is_official && (rest.offset == 0 || rest.properties.len() > 1) {
        return failure.hint(format!("to continue, run the same request with -p {}", numbers(rest.properties)));
    }
    if rest.is_official {
        return failure.hint(format!("to continue, run the same request with \"offset\": \"{}\" in it", rest.offset));
    }
    failure.hint(hint(given, rest))
}

fn numbers(properties: &[Arc<Property>]) -> String {
    let numbers: Vec<_> = properties.iter().map(|property| property.number.as_str()).collect();
    numbers.join(",")
}

fn hint(given: &Given, rest: &Rest<'_>) -> String {
    match command(given, rest).line() {
        Some(line) => format!("to continue, run: {line}"),
        // A word of it may hold a secret.
        None => format!(
            "to continue, run the same command for property {} with --offset {}, {} and {}",
            numbers(rest.properties),
            rest.offset,
            rest.limit.map_or_else(|| "the same --limit".to_owned(), |limit| format!("--limit {limit}")),
            if rest.has_header { "--header none" } else { "the same --header" }
        ),
    }
}

fn command(given: &Given, rest: &Rest<'_>) -> Command {
    let has = |name: &str| given.options.iter().any(|(option, _)| *option == name);
    let mut command = Command::new("ga-query");
    for (name, value) in given.options.iter().filter(|(name, _)| !DROPPED.contains(name)) {
        command = match value {
            Some(value) => command.option(name, value),
            None => command.arg(name),
        };
    }
    if !has("--ids") {
        // A list of one is a list as well.
        let number = numbers(rest.properties);
        let is_alone = rest.is_of_list && rest.properties.len() == 1;
        let property = if is_alone { format!("{number},{number}") } else { number };
        command = command.option("--property", &property);
    }
    if rest.offset > 0 {
        command = command.option("--offset", &rest.offset.to_string());
    }
    if let Some(limit) = rest.limit {
        command = command.option("--limit", &limit.to_string());
    }
    if rest.has_header {
        command = command.option("--header", "none");
    }
    for (name, word) in ["--start", "--end", "--metrics"].iter().zip(given.positionals.iter().skip(1)) {
        command = command.option(name, word);
    }
    if has("--token") {
        command = command.shell("--token $(gauth-token)");
    }
    command
}

#[cfg(test)]
mod tests {
    use ga_core::property::PropertyNumber;

    use super::*;

    fn given(options: &[(&'static str, &str)], positionals: &[&str]) -> Given {
        Given {
            options: options
                .iter()
                .map(|(name, value)| (*name, (!value.is_empty()).then(|| (*value).to_owned())))
                .collect(),
            positionals: positionals.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    fn resumed(given: &Given, limit: Option<u64>, is_of_list: bool) -> String {
        let property = Property::new(PropertyNumber::parse("7").unwrap());
        let rest = Rest {
            properties: &[Arc::new(property)],
            following: &[],
            is_of_list,
            is_official: false,
            offset: 500,
            limit,
            has_header: limit.is_none(),
        };
        hint(given, &rest)
    }

    #[test]
    fn everything_given_is_kept_but_for_the_rows_that_have_come() {
        let words = given(&[("--token", "secret")], &["7,8", "today", "-1", "sessions"]);
        assert_eq!(
            resumed(&words, None, true),
            "to continue, run: ga-query --property 7,7 --offset 500 --header none --start today '--end=-1' --metrics sessions --token $(gauth-token)"
        );
        let options = given(
            &[
                ("--property", "7"),
                ("--metrics", "sessions"),
                ("--sort", "-pagePath"),
                ("--strict", ""),
                ("--limit", "900"),
                ("--filter", "country==C\u{f4}te d'Ivoire\t\u{202e}"),
                ("--timeout", "60"),
            ],
            &[],
        );
        assert_eq!(
            resumed(&options, Some(400), false),
            r"to continue, run: ga-query --metrics sessions '--sort=-pagePath' --strict --filter $'country==Côte d\047Ivoire\011\342\200\256' --timeout 60 --property 7 --offset 500 --limit 400"
        );
        let old = given(&[("--ids", "ga:7"), ("--metrics", "users"), ("--start-index", "3")], &[]);
        assert_eq!(
            resumed(&old, None, false),
            "to continue, run: ga-query --ids ga:7 --metrics users --offset 500 --header none"
        );
    }

    #[test]
    fn a_command_that_may_hold_a_secret_is_described() {
        let command = given(&[("--metrics", "sessions"), ("--token-command", "cat 1//0gx")], &[]);
        assert_eq!(
            resumed(&command, Some(4), false),
            "to continue, run the same command for property 7 with --offset 500, --limit 4 and the same --header"
        );
    }
}
