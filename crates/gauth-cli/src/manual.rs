//! A program's own text in its `--help` and man page, as its `manual.txt` has it.
//!
//! The description comes first, then sections, each below a line `# HEADING`. They have paragraphs, blocks indented by
//! four blanks, which are shown as is, and terms: a line followed by lines that begin with `: `. A word in backquotes is
//! bold. EXAMPLES holds commands, each with a line `: what it does`; the paragraphs of HELP end the `--help` page and
//! appear nowhere else.

use crate::Program;

pub(crate) const DESCRIPTION: &str = "DESCRIPTION";
pub(crate) const ENVIRONMENT: &str = "ENVIRONMENT";
const EXAMPLES: &str = "EXAMPLES";
const HELP: &str = "HELP";

/// The sections in the order of their first lines.
pub(crate) struct Manual {
    sections: Vec<(&'static str, String)>,
}

impl Manual {
    /// Joins the texts of `program`; what several of them say below one heading becomes one section.
    pub(crate) fn of(program: &Program) -> Self {
        let mut manual = Self { sections: Vec::new() };
        for text in program.manual {
            let mut section = manual.begin(DESCRIPTION);
            for line in text.lines() {
                if let Some(heading) = line.strip_prefix("# ") {
                    section = manual.begin(heading);
                } else {
                    section.push_str(line);
                    section.push('\n');
                }
            }
        }
        manual
    }

    /// The section below `heading`, after a blank line if it has text already.
    fn begin(&mut self, heading: &'static str) -> &mut String {
        let place = self.sections.iter().position(|(name, _)| *name == heading).unwrap_or_else(|| {
            self.sections.push((heading, String::new()));
            self.sections.len() - 1
        });
        let text = &mut self.sections[place].1;
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }

    /// The text below `heading`; empty without that section.
    pub(crate) fn section(&self, heading: &str) -> &str {
        self.sections.iter().find(|(name, _)| *name == heading).map_or("", |(_, text)| text)
    }

    /// The sections without a place of their own on the page.
    pub(crate) fn others(&self) -> impl Iterator<Item = (&str, &str)> {
        let has_place = |name: &str| [DESCRIPTION, ENVIRONMENT, EXAMPLES, HELP].contains(&name);
        self.sections.iter().map(|(name, text)| (*name, text.as_str())).filter(move |(name, _)| !has_place(name))
    }

    /// Example commands, each with what it does.
    pub(crate) fn examples(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut lines = self.section(EXAMPLES).lines().filter(|line| !line.is_empty());
        std::iter::from_fn(move || Some((lines.next()?, lines.next()?.trim_start_matches(": "))))
    }

    /// The paragraphs at the end of `--help`.
    pub(crate) fn help(&self) -> impl Iterator<Item = &str> {
        self.section(HELP).split("\n\n").filter(|paragraph| !paragraph.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_joined_section_by_section() {
        let program = Program {
            name: "x",
            timeout: None,
            values: crate::completions::no_values,
            manual: &[
                "What it does.\n\n# FILES\na\n: b\n\n# EXAMPLES\nx -a\n: does a\nx -b\n: does b\n",
                "# FILES\nc\n: d\n# ENVIRONMENT\nE\n: e\n# HELP\nOne\nparagraph.\n\nAnother.\n",
            ],
        };
        let manual = Manual::of(&program);
        assert_eq!(manual.section(DESCRIPTION).trim(), "What it does.");
        assert_eq!(manual.others().collect::<Vec<_>>(), [("FILES", "a\n: b\n\n\nc\n: d\n")]);
        assert_eq!(manual.section(ENVIRONMENT), "E\n: e\n");
        assert_eq!(manual.examples().collect::<Vec<_>>(), [("x -a", "does a"), ("x -b", "does b")]);
        assert_eq!(manual.help().collect::<Vec<_>>(), ["One\nparagraph.", "Another.\n"]);
    }
}
