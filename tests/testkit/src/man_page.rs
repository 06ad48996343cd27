//! Holds a committed man page against what the program itself says in `--help`.

use std::ffi::OsStr;

use crate::home::Home;
use crate::run::run;

/// Expects that the man page (roff source) names every option of `program --help` with its value, every argument,
/// and every exit code with its meaning's first word; and that it names no other long option.
#[track_caller]
pub fn assert_man_page_matches_help(program: impl AsRef<OsStr>, man_page: &str) {
    let home = Home::new();
    let mut command = home.command(program);
    command.arg("--help");
    let run = run(command).expect(0);
    let text = plain(man_page);
    let mut options = Vec::new();
    let mut section = "";
    for line in run.stdout().lines() {
        if let Some(title) = line.strip_suffix(':').filter(|title| !title.starts_with(' ')) {
            section = title;
        }
        let Some(entry) = line.strip_prefix("  ").filter(|entry| !entry.starts_with("          ")) else {
            continue;
        };
        match section {
            // `-m, --metrics METRICS   description`; the description may begin on the next line.
            "Options" | "Options of every program" => {
                let spelled = entry.trim_start().split("  ").next().unwrap_or(entry);
                let (short, long) = spelled.split_once(", ").unwrap_or(("", spelled));
                let (name, value) = long.split_once(' ').unwrap_or((long, ""));
                for part in [short, name, value].into_iter().filter(|part| !part.is_empty()) {
                    assert!(has_word(&text, part), "the man page does not name {part} (of {spelled})");
                }
                options.push(name.to_owned());
            }
            "Exit codes" => {
                let mut words = entry.split_whitespace();
                let (code, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let kind = kind.trim_end_matches(':');
                let named = text.lines().any(|line| line.trim() == code || line.starts_with(&format!("{code} ")));
                assert!(named && has_word(&text, kind), "the man page does not explain exit code {code} ({kind})");
            }
            _ => {}
        }
    }
    assert!(!options.is_empty(), "--help names no option");
    for word in text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-')) {
        let is_option = word.starts_with("--") && word.len() > 2;
        assert!(!is_option || options.iter().any(|name| name == word), "the man page names {word}, --help does not");
    }
}

/// The words of a page without its macros and font changes. The macros of man(7) and mdoc(7) are kept as words,
/// except that mdoc's `.Fl` gets back the dash it stands for.
fn plain(source: &str) -> String {
    let source = source.replace("\\-", "-").replace("\\&", "");
    let fonts = ["\\fB", "\\fI", "\\fR", "\\fP", "\\f[B]", "\\f[I]", "\\f[R]"];
    let source = fonts.iter().fold(source, |text, font| text.replace(font, ""));
    let mut text = String::new();
    for line in source.lines().filter(|line| !line.starts_with(".\\\"")) {
        let is_macro = line.starts_with('.');
        let words = line.split_whitespace().skip(usize::from(is_macro));
        let mut dashes = if line.starts_with(".Fl ") { "-".to_owned() } else { String::new() };
        for word in words {
            match word {
                "Fl" if is_macro => dashes.push('-'),
                "Ar" | "Cm" | "Op" | "Ns" | "Oo" | "Oc" if is_macro => {}
                word => {
                    text.push_str(&std::mem::take(&mut dashes));
                    text.push_str(word.trim_matches('"'));
                    text.push(' ');
                }
            }
        }
        text.push('\n');
    }
    text
}

/// Whether `word` stands in `text` by itself: `--dates` is not found in `--dates-from`.
fn has_word(text: &str, word: &str) -> bool {
    let part_of_word =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    text.match_indices(word).any(|(at, _)| {
        !part_of_word(text[..at].chars().next_back()) && !part_of_word(text[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "\
p: does it

Usage: p [OPTIONS]

Options:
  -m, --metrics METRICS   metrics (may repeat)
      --sort FIELD,-FIELD
                          fields

Options of every program:
  -h, --help              print this page

Exit codes:
  0                       ok: done
  2                       usage: bad option
";

    const MAN: &str = "\
.TH P 1
.SH OPTIONS
.TP
.BR \\-m ,\\ \\-\\-metrics \" METRICS\"
Metrics.
.TP
\\fB\\-\\-sort\\fR \\fIFIELD,\\-FIELD\\fR
.TP
.BR \\-h , \\-\\-help
.SH EXIT STATUS
.TP
.B 0
ok: done
.TP
.B 2
usage: bad option
";

    fn matches(man_page: &str) -> bool {
        let home = Home::new();
        let program = home.write("p", 0o700, format!("#!/bin/sh\ncat <<'END'\n{HELP}END\n"));
        std::panic::catch_unwind(|| assert_man_page_matches_help(&program, man_page)).is_ok()
    }

    #[test]
    fn a_complete_page_matches() {
        assert!(matches(MAN));
    }

    #[test]
    fn mdoc_is_understood_too() {
        assert!(matches(&MAN.replace(".BR \\-h , \\-\\-help", ".It Fl h , Fl Fl help")));
    }

    #[test]
    fn a_missing_option_value_or_code_does_not() {
        for missing in ["\\-\\-metrics", "FIELD,\\-FIELD", ".B 2", "usage", "\\-m ,"] {
            assert!(!matches(&MAN.replace(missing, "")), "{missing}");
        }
    }

    #[test]
    fn an_option_that_is_no_more_does_not() {
        assert!(!matches(&format!("{MAN}See \\-\\-gone.\n")));
    }
}
