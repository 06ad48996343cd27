//! The `--help` page, built from argh's table, the shared options and the table of exit codes.

use argh::{FlagInfo, FlagInfoKind, Optionality};

use crate::Program;
use crate::arguments::{COMMON, Grammar};
use crate::completions::Values;
use crate::exit;
use crate::manual::Manual;

/// Columns of the page, and the one where descriptions begin.
const WIDTH: usize = 80;
const INDENT: usize = 26;

/// The page for `program`, ending in a newline.
pub(crate) fn page(program: &Program, grammar: &Grammar) -> String {
    let mut page = format!("{}: {}\n\n", program.name, grammar.summary);
    page.push_str(&format!("Usage: {}\n", synopsis(program, grammar)));

    let described: Vec<_> = grammar.positionals.iter().filter(|one| !one.hidden).collect();
    section(&mut page, "Arguments", described.iter().map(|one| (one.name.to_uppercase(), one.description.to_owned())));
    let visible = grammar.options.iter().copied().filter(|flag| !flag.hidden);
    section(&mut page, "Options", visible.map(|flag| entry(flag, program)));
    section(&mut page, "Options of every program", COMMON.iter().map(|flag| entry(flag, program)));
    let codes = exit::TABLE.iter().map(|(code, kind, meaning)| (code.to_string(), format!("{kind}: {meaning}")));
    section(&mut page, "Exit codes", codes.chain([("128+n".to_owned(), "ended by signal n".to_owned())]));

    let manual = Manual::of(program);
    for (place, (command, does)) in manual.examples().enumerate() {
        page.push_str(if place == 0 { "\nExamples:\n" } else { "" });
        page.push_str(&format!("  {command}\n"));
        wrap(&mut page, does, 6);
    }
    for paragraph in manual.help() {
        page.push('\n');
        wrap(&mut page, paragraph, 0);
    }
    page
}

/// `program [OPTIONS] ARGUMENT…`
pub(crate) fn synopsis(program: &Program, grammar: &Grammar) -> String {
    let mut line = program.name.to_owned();
    if !grammar.options.is_empty() {
        line.push_str(" [OPTIONS]");
    }
    for positional in grammar.positionals.iter().filter(|one| !one.hidden) {
        let name = positional.name.to_uppercase();
        line.push_str(&match positional.optionality {
            Optionality::Required => format!(" {name}"),
            // argh lets only the last positional be optional: several are one list, named in full.
            Optionality::Repeating if name.contains(' ') => format!(" [{name}]"),
            Optionality::Optional => format!(" [{name}]"),
            Optionality::Repeating => format!(" [{name}]..."),
            Optionality::Greedy => format!(" [-- {name}...]"),
        });
    }
    line
}

fn section(page: &mut String, title: &str, entries: impl Iterator<Item = (String, String)>) {
    let mut entries = entries.peekable();
    if entries.peek().is_none() {
        return;
    }
    page.push_str(&format!("\n{title}:\n"));
    for (label, description) in entries {
        page.push_str("  ");
        page.push_str(&label);
        let used = 2 + label.chars().count();
        if description.is_empty() {
            page.push('\n');
        } else if used + 2 > INDENT {
            page.push('\n');
            wrap(page, &description, INDENT);
        } else {
            let mut text = String::new();
            wrap(&mut text, &description, INDENT);
            page.push_str(&text[used..]);
        }
    }
}

/// An option with its value, and its description.
pub(crate) fn entry(flag: &FlagInfo<'_>, program: &Program) -> (String, String) {
    let more = match (flag.long, program.timeout) {
        ("--timeout", Some(time)) => format!(" (default {})", time.as_secs()),
        _ if flag.optionality == Optionality::Repeating => " (may repeat)".to_owned(),
        _ => String::new(),
    };
    (label(flag), format!("{}{more}", description(flag, program)))
}

/// The description of an option. `VALUES` in it is replaced by the words that the option takes.
pub(crate) fn description(flag: &FlagInfo<'_>, program: &Program) -> String {
    match (program.values)(flag.long) {
        Values::OneOf(words) => flag.description.replace("VALUES", &words.join(", ")),
        _ => flag.description.to_owned(),
    }
}

/// `-p, --property ID`
fn label(flag: &FlagInfo<'_>) -> String {
    let short = flag.short.map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
    match flag.kind {
        FlagInfoKind::Switch => format!("{short}{}", flag.long),
        FlagInfoKind::Option { arg_name } => format!("{short}{} {arg_name}", flag.long),
    }
}

/// Appends `text` as lines of at most 80 columns, each indented.
fn wrap(page: &mut String, text: &str, indent: usize) {
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            page.push('\n');
            column = 0;
        }
        if column == 0 {
            page.push_str(&" ".repeat(indent));
            column = indent;
        } else {
            page.push(' ');
            column += 1;
        }
        page.push_str(word);
        column += length;
    }
    page.push('\n');
}
