//! The man page (`--man`), in the macros of man(7): the options and exit codes are those of `--help`, the rest is the
//! program's own text ([`Manual`]).

use argh::FlagInfo;

use crate::Program;
use crate::arguments::{COMMON, Grammar};
use crate::exit;
use crate::help::{entry, synopsis};
use crate::manual::{self, Manual};

/// The page for `program`, ending in a newline.
pub(crate) fn page(program: &Program, grammar: &Grammar) -> String {
    let title = program.name.to_uppercase();
    let mut page = format!(
        ".\\\" Made by `{} --man`; scripts/man writes all pages.\n.TH {} 1 \"\" \"gauth {}\" \"User commands\"\n",
        program.name,
        escaped(&title),
        env!("CARGO_PKG_VERSION")
    );
    page.push_str(&format!(".SH NAME\n{} \\- {}\n", escaped(program.name), escaped(grammar.summary)));
    page.push_str(&format!(".SH SYNOPSIS\n.B {}\n", escaped(&synopsis(program, grammar))));
    let manual = Manual::of(program);
    page.push_str(".SH DESCRIPTION\n");
    body(&mut page, manual.section(manual::DESCRIPTION));
    page.push_str(".SH OPTIONS\n");
    options(&mut page, program, grammar.options.iter().copied().filter(|flag| !flag.hidden));
    page.push_str(".SS Options of every program\n");
    options(&mut page, program, COMMON.iter());
    for (heading, text) in manual.others() {
        page.push_str(&format!(".SH {}\n", escaped(heading)));
        body(&mut page, text);
    }
    let environment = manual.section(manual::ENVIRONMENT);
    if !environment.is_empty() {
        page.push_str(".SH ENVIRONMENT\n");
        body(&mut page, environment);
        body(&mut page, ENVIRONMENT);
    }
    page.push_str(".SH EXIT STATUS\n");
    for (code, kind, meaning) in exit::TABLE {
        term(&mut page, &code.to_string(), &format!("{kind}: {meaning}"));
    }
    term(&mut page, "128+n", "ended by signal n");
    page.push_str(".SH EXAMPLES\n");
    for (command, does) in manual.examples() {
        page.push_str(&format!(".PP\n{}:\n.PP\n.RS 4\n.EX\n{}\n.EE\n.RE\n", escaped(does), escaped(command)));
    }
    page.push_str(".SH SEE ALSO\nThe other programs of gauth: ");
    let others: Vec<_> = PROGRAMS.iter().filter(|name| **name != program.name).map(|name| reference(name)).collect();
    page.push_str(&format!("{}.\n", others.join(", ")));
    page
}

/// The variables that every program with a network honours.
const ENVIRONMENT: &str = "\
GAUTH_SANDBOX_URL
: Where gauth-sandbox(1) listens; moves every Google endpoint there.
HTTPS_PROXY, ALL_PROXY, NO_PROXY
: The proxy; never used for loopback or the metadata server.
SSL_CERT_FILE
: Certificates to trust instead of the bundled ones.
";

/// Every program: each page refers to the others.
pub const PROGRAMS: &[&str] = &[
    "gauth-login",
    "gauth-token",
    "gauth-info",
    "gauth-revoke",
    "gauth-serve",
    "ga-query",
    "ga-sync",
    "ga-properties",
    "ga-fields",
    "gauth-sandbox",
];

fn reference(name: &str) -> String {
    format!("\\fB{}\\fR(1)", escaped(name))
}

fn options<'a>(page: &mut String, program: &Program, flags: impl Iterator<Item = &'a FlagInfo<'a>>) {
    for flag in flags {
        let (label, description) = entry(flag, program);
        term(page, label.trim_start(), &description);
    }
}

fn term(page: &mut String, label: &str, text: &str) {
    page.push_str(&format!(".TP\n.B {}\n", escaped(label)));
    line(page, text);
}

fn body(page: &mut String, text: &str) {
    for block in text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty()) {
        if block.starts_with("    ") {
            page.push_str(".PP\n.RS 4\n.EX\n");
            for shown in block.lines() {
                line(page, shown.strip_prefix("    ").unwrap_or(shown));
            }
            page.push_str(".EE\n.RE\n");
        } else if block.contains("\n: ") {
            for text in block.lines() {
                match text.strip_prefix(": ") {
                    Some(definition) => line(page, definition),
                    None => page.push_str(&format!(".TP\n.B {}\n", escaped(text))),
                }
            }
        } else {
            page.push_str(".PP\n");
            block.lines().for_each(|text| line(page, text));
        }
    }
}

/// A line of text; one that begins like a macro is escaped.
fn line(page: &mut String, text: &str) {
    if text.starts_with(['.', '\'']) {
        page.push_str("\\&");
    }
    let mut is_bold = false;
    for part in text.split_inclusive('`') {
        page.push_str(&escaped(part.strip_suffix('`').unwrap_or(part)));
        if part.ends_with('`') {
            is_bold = !is_bold;
            page.push_str(if is_bold { "\\fB" } else { "\\fR" });
        }
    }
    page.push('\n');
}

/// Escapes dashes too, so that they can be searched for and copied.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_is_in_the_list() {
        let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let folders = std::fs::read_dir(crates).unwrap().map(|folder| folder.unwrap());
        let programs = folders.filter(|folder| folder.path().join("src/main.rs").exists());
        let mut names: Vec<_> = programs.map(|folder| folder.file_name().into_string().unwrap()).collect();
        let mut listed = PROGRAMS.to_vec();
        names.sort();
        listed.sort_unstable();
        assert_eq!(listed, names);
    }

    #[test]
    fn text_becomes_paragraphs_terms_and_blocks_and_never_a_macro() {
        let mut page = String::new();
        body(&mut page, "`-o` keeps\n.dots and \\\n\n    a -b\n\nFILE\n: the file,\n: whole\nDIR\n: the folder\n");
        let expected = ".PP\n\\fB\\-o\\fR keeps\n\\&.dots and \\e\n.PP\n.RS 4\n.EX\na \\-b\n.EE\n.RE\n\
                        .TP\n.B FILE\nthe file,\nwhole\n.TP\n.B DIR\nthe folder\n";
        assert_eq!(page, expected);
    }
}
