//! The command that goes on where a report had to stop, made of the one that was typed.

use ga_core::property::PropertyNumber;

use crate::arguments::Arguments;

/// Options that the new command has its own values for, or that must not be shown.
const DROPPED: [&str; 7] =
    ["--token", "--offset", "--start-index", "--limit", "--max-results", "--header", "--reserve"];

/// The rows that are still to come.
pub(crate) struct Rest<'a> {
    pub(crate) property: &'a PropertyNumber,
    pub(crate) offset: u64,
    pub(crate) limit: Option<u64>,
    /// Whether the format has a first line, which is there already.
    pub(crate) has_header: bool,
}

/// The words of the new command in the notation of a shell. `typed` are the words after the program's name.
pub(crate) fn command(typed: impl IntoIterator<Item = String>, arguments: &Arguments, rest: &Rest<'_>) -> String {
    let mut words = vec!["ga-query".to_owned()];
    let mut typed = typed.into_iter();
    let mut first_word = arguments.words.first();
    let is_named = !arguments.property.is_empty();
    while let Some(word) = typed.next() {
        let (name, has_value) = match word.split_once('=') {
            Some((name, _)) => (name, true),
            None => (&*word, false),
        };
        if DROPPED.contains(&name) || (is_named && matches!(name, "-p" | "--property")) {
            if !has_value {
                typed.next();
            }
        } else if first_word == Some(&word) {
            first_word = None;
            words.push(rest.property.to_string());
        } else if !(is_named && word.starts_with("-p")) {
            words.push(word);
        }
    }
    if arguments.words.is_empty() && arguments.ids.is_none() {
        words.extend(["-p".to_owned(), rest.property.to_string()]);
    }
    words.extend(["--offset".to_owned(), rest.offset.to_string()]);
    if let Some(limit) = rest.limit {
        words.extend(["--limit".to_owned(), limit.to_string()]);
    }
    if rest.has_header {
        words.extend(["--header".to_owned(), "none".to_owned()]);
    }
    let mut words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    if arguments.token.is_some() {
        words.push("--token $(gauth-token)".to_owned());
    }
    words.join(" ")
}

/// As one word of a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,@+%".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use argh::FromArgs;

    use super::*;

    fn go_on(typed: &[&str], limit: Option<u64>) -> String {
        let arguments = Arguments::from_args(&["ga-query"], typed).unwrap();
        let property = PropertyNumber::parse("7").unwrap();
        let rest = Rest { property: &property, offset: 500, limit, has_header: limit.is_none() };
        let typed = typed.iter().map(|word| (*word).to_owned());
        command(typed, &arguments, &rest)
    }

    #[test]
    fn what_was_typed_is_kept_but_for_the_rows_that_have_come() {
        assert_eq!(
            go_on(&["7,8", "today", "today", "sessions", "--token", "secret"], None),
            "ga-query 7 today today sessions --offset 500 --header none --token $(gauth-token)"
        );
        assert_eq!(
            go_on(
                &["-p", "7", "-p", "8", "-m", "sessions", "--limit", "900", "--filter", "country==Côte d'Ivoire"],
                Some(400)
            ),
            r"ga-query -m sessions --filter 'country==Côte d'\''Ivoire' -p 7 --offset 500 --limit 400"
        );
        assert_eq!(
            go_on(&["--ids", "ga:7", "-m", "users", "--start-index", "3"], None),
            "ga-query --ids ga:7 -m users --offset 500 --header none"
        );
        assert_eq!(go_on(&["-m", "users"], None), "ga-query -m users -p 7 --offset 500 --header none");
    }
}
