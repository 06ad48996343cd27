//! The rules of the terminal: what people read goes to stderr, the result alone to stdout.
//!
//! Every text on its way to stderr is made harmless first, because much of it comes from servers and files.
//! stdout is a writer whose errors are seen: a full disk fails the program, and a reader that went away ends
//! it quietly. When a program is started with stdout closed (`>&-`), Rust's runtime opens /dev/null in its
//! place, which cannot be told from a caller that asked for /dev/null; so that run succeeds, unheard.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::reason;

/// The longest text shown, in characters.
const SHOWN: usize = 2000;

/// stderr as this program uses it.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    pub(crate) program: &'static str,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
}

impl Terminal {
    /// The name that stands before every line.
    pub fn program(&self) -> &'static str {
        self.program
    }

    /// Whether `--quiet` was given: then notes and progress are not shown.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Something worth knowing; `--quiet` silences it.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.line("", text);
        }
    }

    /// Something that went wrong without stopping the work; `--quiet` does not silence it.
    pub fn warn(&self, text: &str) {
        self.line("warning: ", text);
    }

    /// A step of the work, shown with `--verbose` only. The caller leaves secrets out.
    pub fn verbose(&self, text: &str) {
        if self.verbose {
            self.line("", text);
        }
    }

    pub(crate) fn error(&self, text: &str) {
        self.line("", text);
    }

    pub(crate) fn hint(&self, text: &str) {
        self.line("hint: ", text);
    }

    fn line(&self, label: &str, text: &str) {
        let line = format!("{}: {label}{}\n", self.program, sanitise(text));
        // One write, so that the lines of parallel runs do not mix; a closed stderr is nobody's error.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// Makes text from elsewhere fit for a terminal: control, bidi and line-breaking characters become visible
/// escapes, tabs become spaces, and what is longer than 2000 characters is cut.
pub fn sanitise(text: &str) -> String {
    let mut shown = String::new();
    // No character becomes fewer than one, so what follows these is cut in any case.
    for character in text.chars().take(SHOWN + 1) {
        let code = u32::from(character);
        // Writing to a String cannot fail.
        let _ = match character {
            '\t' => shown.write_char(' '),
            '\n' => shown.write_str("\\n"),
            '\r' => shown.write_str("\\r"),
            '\0'..='\x1f' | '\x7f' => write!(shown, "\\x{code:02x}"),
            '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => write!(shown, "\\u{{{code:x}}}"),
            harmless => shown.write_char(harmless),
        };
    }
    if shown.chars().nth(SHOWN).is_some() {
        shown = shown.chars().take(SHOWN - 1).chain(['…']).collect();
    }
    shown
}

/// Set once the result could not be written because its reader closed the pipe. A process has one result,
/// hence one flag; errors of other libraries may wrap the cause beyond recognition.
static READER_GONE: AtomicBool = AtomicBool::new(false);

pub(crate) fn reader_gone() -> bool {
    READER_GONE.load(Ordering::Relaxed)
}

/// Columns of the terminal that stdout is.
pub fn width() -> usize {
    #[cfg(unix)]
    if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
        && size.ws_col > 0
    {
        return usize::from(size.ws_col);
    }
    80
}

/// Buffered standard output.
pub struct Stdout(BufWriter<io::Stdout>);

/// Standard output, for the result and nothing else. End with [`Stdout::finish`].
pub fn stdout() -> Stdout {
    Stdout(BufWriter::with_capacity(64 << 10, io::stdout()))
}

impl Stdout {
    /// Writes out what is buffered. Without this call a full disk would go unnoticed.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        watched("standard output", self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        watched("standard output", self.0.flush())
    }
}

/// The result of writing to `what`, with its name in the error; remembers that a reader went away.
pub(crate) fn watched<T>(what: &str, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| {
        if error.kind() == io::ErrorKind::BrokenPipe {
            READER_GONE.store(true, Ordering::Relaxed);
        }
        io::Error::new(error.kind(), format!("write {what}: {}", reason(&error)))
    })
}

/// A panic ends the program with exit code 1 and one line: where it happened, and nothing of the data.
pub(crate) fn hush_panics(terminal: Terminal) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
        terminal.error(&format!("internal error{place}"));
        std::process::exit(1);
    }));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn g1_what_a_terminal_would_obey_becomes_visible() {
        for (text, shown) in [
            ("plain: text, \u{e9}\u{65e5}", "plain: text, \u{e9}\u{65e5}"),
            ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
            ("a\r\nb\tc\0d\x7f", "a\\r\\nb c\\x00d\\x7f"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("\u{202e}gpj.exe\u{2066}", "\\u{202e}gpj.exe\\u{2066}"),
            ("one\u{2028}two\u{2029}", "one\\u{2028}two\\u{2029}"),
        ] {
            assert_eq!(sanitise(text), shown);
        }
    }

    #[test]
    fn g1_long_text_is_cut() {
        let shown = sanitise(&"\x1b".repeat(10 << 20));
        assert_eq!(shown.chars().count(), SHOWN);
        assert!(shown.ends_with('\u{2026}'));
        assert_eq!(sanitise(&"x".repeat(SHOWN)), "x".repeat(SHOWN));
    }

    proptest! {
        #[test]
        fn g1_no_text_gets_through(text in "(\\PC|[\\x00-\u{ff}\u{200b}-\u{2070}\u{61c}]){0,3000}") {
            let shown = sanitise(&text);
            prop_assert!(shown.chars().count() <= SHOWN);
            let obeyed = |letter: char| {
                letter.is_control() || ('\u{2028}'..='\u{202e}').contains(&letter)
                    || ('\u{2066}'..='\u{2069}').contains(&letter)
                    || ['\u{200e}', '\u{200f}', '\u{61c}'].contains(&letter)
            };
            prop_assert!(!shown.chars().any(obeyed));
            prop_assert_eq!(sanitise(&shown), shown);
        }
    }
}
