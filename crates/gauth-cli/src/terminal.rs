//! The rules of the terminal: messages for people go to stderr, only the result to stdout.
//!
//! Every text for stderr is made harmless first, because much of it comes from servers and files: what looks like a secret
//! is masked, and characters that control a terminal are escaped. The result is written byte for byte, except to a
//! terminal. Errors of stdout are reported: a full disk fails the program, and a closed pipe ends it quietly. If a program is
//! started with stdout closed (`>&-`), Rust's runtime opens /dev/null in its place, and the run succeeds: this cannot be
//! distinguished from Python's `subprocess.DEVNULL`, which is open for reading and writing, too.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use gauth_text::redacted;

use crate::buffered::Buffered;
use crate::environment;
use crate::exit::{Kind, reason};

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
    /// The name at the beginning of every line.
    pub fn program(&self) -> &'static str {
        self.program
    }

    /// Whether `--quiet` was given: then notes and progress are not shown.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// The same with `--quiet`.
    pub fn quieted(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// A message that `--quiet` suppresses.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.line("", text);
        }
    }

    /// A problem that does not stop the work; `--quiet` does not suppress it. Like a hint, it is never cut.
    pub fn warn(&self, text: &str) {
        self.write("warning: ", &escaped(&redacted(text)));
    }

    /// A step of the work, shown with `--verbose` only. The caller leaves secrets out.
    pub fn verbose(&self, text: &str) {
        if self.verbose {
            self.line("", text);
        }
    }

    /// What failed, where the program goes on with something else.
    pub fn error(&self, text: &str) {
        self.line("", text);
    }

    /// Never cut: it may hold a command.
    pub(crate) fn hint(&self, text: &str) {
        self.write("hint: ", &escaped(&redacted(text)));
    }

    fn line(&self, label: &str, text: &str) {
        self.write(label, &sanitise(&redacted(text)));
    }

    fn write(&self, label: &str, text: &str) {
        let line = format!("{}: {label}{text}\n", self.program);
        // One write, so that the lines of parallel runs do not mix; a closed stderr is not an error.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// [`escaped`], and cut after 2000 characters.
pub fn sanitise(text: &str) -> String {
    // Escaping makes no text shorter, so the rest is cut in any case.
    let end = text.char_indices().nth(SHOWN + 1).map_or(text.len(), |(end, _)| end);
    let mut shown = escaped(&text[..end]);
    if shown.chars().nth(SHOWN).is_some() {
        shown = shown.chars().take(SHOWN - 1).chain(['…']).collect();
    }
    shown
}

/// Untrusted text as one line for a terminal: control, bidi and line-breaking characters become visible escapes, tabs
/// become spaces.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => shown.push(' '),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            _ => push_visible(&mut shown, character),
        }
    }
    shown
}

/// The character, or an escape if it controls a terminal.
fn push_visible(shown: &mut String, character: char) {
    let code = u32::from(character);
    // Writing to a String cannot fail.
    let _ = match character {
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

/// What a document shows for a character that would act on the text around it: a control character or one that changes the
/// direction of writing. Those with a symbol of their own (Unicode, block 2400) are shown by that. `None` for all others, tabs
/// and line feeds among them.
pub fn symbol(character: char) -> Option<char> {
    match character {
        '\t' | '\n' => None,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)),
        '\x7f' => Some('␡'),
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some(char::REPLACEMENT_CHARACTER),
        _ => None,
    }
}

/// Writes text to a terminal with its control characters escaped, except line breaks and tabs; to anything else byte for
/// byte.
pub(crate) struct Harmless<W> {
    inner: W,
    is_terminal: bool,
    /// The bytes of an incomplete character.
    begun: Vec<u8>,
}

impl<W: Write> Harmless<W> {
    pub(crate) fn new(inner: W, is_terminal: bool) -> Self {
        Self { inner, is_terminal, begun: Vec::new() }
    }

    fn write_escaped(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut text = std::mem::take(&mut self.begun);
        text.extend_from_slice(bytes);
        let mut shown = String::with_capacity(text.len());
        let mut chunks = text.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            for character in chunk.valid().chars() {
                match character {
                    '\n' | '\t' => shown.push(character),
                    _ => push_visible(&mut shown, character),
                }
            }
            // Only the last character can be incomplete.
            if chunks.peek().is_none() && is_unfinished(chunk.invalid()) {
                self.begun = chunk.invalid().to_owned();
            } else {
                shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
            }
        }
        self.inner.write_all(shown.as_bytes())
    }
}

/// Whether more bytes could complete the character.
fn is_unfinished(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_terminal { self.write_escaped(bytes).map(|()| bytes.len()) } else { self.inner.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Set once the result could not be written because its reader closed the pipe. It is a flag because libraries may wrap the
/// error so that it cannot be recognised.
static READER_GONE: AtomicBool = AtomicBool::new(false);

pub(crate) fn reader_gone() -> bool {
    READER_GONE.load(Ordering::Relaxed)
}

/// Columns of the terminal that stdout is.
pub fn width() -> usize {
    size().0
}

/// Columns and lines of the terminal that stdout is.
pub fn size() -> (usize, usize) {
    size_of(&io::stdout())
}

/// Columns of the terminal that stderr is.
pub fn error_width() -> usize {
    size_of(&io::stderr()).0
}

#[cfg(unix)]
fn size_of(terminal: &impl std::os::fd::AsFd) -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(terminal).ok();
    let [columns, lines] = size.map_or([0, 0], |size| [usize::from(size.ws_col), usize::from(size.ws_row)]);
    (if columns > 0 { columns } else { 80 }, if lines > 0 { lines } else { 24 })
}

#[cfg(not(unix))]
fn size_of<T>(_terminal: &T) -> (usize, usize) {
    (80, 24)
}

/// Whether the terminal can draw in place: its kind is known, and it is not a dumb one.
pub fn moves_cursor() -> bool {
    environment::variable("TERM").is_some_and(|terminal| terminal != "dumb")
}

/// Whether drawings may use more than ASCII: in a UTF-8 locale (POSIX, environment variables), except on Linux's console,
/// whose font has neither blocks nor braille.
pub fn draws_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(environment::variable);
    let letters = locale.and_then(|locale| Some(locale.to_str()?.to_ascii_lowercase()));
    let is_utf8 = letters.is_some_and(|locale| locale.contains("utf-8") || locale.contains("utf8"));
    (is_utf8 || !cfg!(unix)) && environment::variable("TERM").is_none_or(|terminal| terminal != "linux")
}

/// What stands for text that was cut.
pub const fn ellipsis(is_ascii: bool) -> &'static str {
    if is_ascii { "..." } else { "…" }
}

/// Text in a style of terminals that have them, by its parameters (ECMA-48, SGR).
pub fn painted(has_color: bool, style: &str, text: &str) -> String {
    if has_color && !text.is_empty() { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Whether a terminal is to show bold text and colors (<https://no-color.org>).
pub fn has_color() -> bool {
    environment::variable("TERM").is_none_or(|terminal| terminal != "dumb")
        && environment::variable("NO_COLOR").is_none()
}

/// Buffered standard output.
pub struct Stdout(Harmless<Buffered<Unbuffered>>);

/// Standard output, for the result only. End with [`Stdout::finish`].
pub fn stdout() -> Stdout {
    let stdout = io::stdout();
    let is_terminal = stdout.is_terminal();
    Stdout(Harmless::new(Buffered::new(Unbuffered(stdout)), is_terminal))
}

/// Standard output without std's own buffer, which would be written again when the process ends.
struct Unbuffered(io::Stdout);

impl Write for Unbuffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(unix)]
        {
            Ok(rustix::io::write(&self.0, bytes)?)
        }
        #[cfg(not(unix))]
        {
            let written = self.0.write(bytes)?;
            self.0.flush().map(|()| written)
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stdout {
    /// Byte for byte also to a terminal, for a drawing of escape sequences and [`sanitise`]d text.
    #[must_use]
    pub fn of_drawing(self) -> Self {
        Self(Harmless { is_terminal: false, ..self.0 })
    }

    /// Writes the buffer. Without this call a full disk would not be noticed.
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

/// The result of writing to `what`, with its name in the error; remembers a closed pipe.
pub(crate) fn watched<T>(what: &str, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| {
        if error.kind() == io::ErrorKind::BrokenPipe {
            READER_GONE.store(true, Ordering::Relaxed);
        }
        io::Error::new(error.kind(), format!("cannot write {what}: {}", reason(&error)))
    })
}

/// A panic ends the program with exit code 1 and one line: where it happened, without any data. std and tokio also panic if
/// the system has no thread left, which is temporary.
pub(crate) fn hush_panics(terminal: Terminal) {
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload();
        let text = text.downcast_ref::<&str>().copied().or_else(|| text.downcast_ref::<String>().map(String::as_str));
        let no_thread = ["failed to spawn thread", "OS can't spawn worker thread"];
        if text.is_some_and(|text| no_thread.iter().any(|start| text.starts_with(start))) {
            terminal.error("cannot start a thread: the system has none left for this user");
            std::process::exit(Kind::Temporary as i32);
        }
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
    fn g1_control_characters_become_visible() {
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

    #[test]
    fn on_a_terminal_every_format_is_harmless_and_elsewhere_bytes_are_exact() {
        let bytes = b"a\tb\n\x1b]0;x\x07\x7f\xc2\x9b\xe2\x80\xae\xff \xe6\x97\xa5\r\n\xe6";
        let written = |is_terminal, size| {
            let mut writer = Harmless::new(Vec::new(), is_terminal);
            for part in bytes.chunks(size) {
                writer.write_all(part).unwrap();
            }
            writer.inner
        };
        for size in 1..bytes.len() {
            let shown = String::from_utf8(written(true, size)).unwrap();
            assert_eq!(shown, "a\tb\n\\x1b]0;x\\x07\\x7f\\u{9b}\\u{202e}\\xff \u{65e5}\\x0d\n", "{size}");
            assert_eq!(written(false, size), bytes);
        }
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
