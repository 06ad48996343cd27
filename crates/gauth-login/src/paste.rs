//! What the user pastes into the terminal while the program waits: the address where the browser ended up, or just the
//! code. This is the login on a machine without a browser, since Google no longer shows codes itself.

use std::io::{self, BufRead, IsTerminal, Read};
use std::sync::mpsc::Sender;
use std::thread;

use gauth_cli::Terminal;
use gauth_core::{Secret, form};

use crate::consent::Event;

/// A terminal silently cuts lines at 4096 bytes; a line that is nearly as long may have been cut.
const LONGEST: usize = 4000;

/// What a pasted line holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Pasted {
    /// The query of the redirect.
    Query(String),
    /// The authorization code by itself.
    Code(Secret),
    /// An empty line.
    Nothing,
    /// Neither; sent to the server, it would end the login.
    Other,
}

/// Whether lines can be read: standard input is a terminal, and this program is in its foreground.
pub(crate) fn is_possible() -> bool {
    let stdin = io::stdin();
    #[cfg(unix)]
    if rustix::termios::tcgetpgrp(&stdin).is_ok_and(|group| group != rustix::process::getpgrp()) {
        // Reading would stop the program (SIGTTIN).
        return false;
    }
    stdin.is_terminal()
}

/// Sends each pasted line from now on.
pub(crate) fn listen(events: Sender<Event>, terminal: Terminal) {
    if !is_possible() {
        return;
    }
    let reader = thread::Builder::new().spawn(move || {
        let mut stdin = io::stdin().lock();
        while let Ok(Some(line)) = line(&mut stdin) {
            match line {
                Line::Whole(text) => {
                    if events.send(Event::Pasted(text)).is_err() {
                        return;
                    }
                }
                Line::TooLong => terminal.note("the pasted line is too long: paste only the code"),
            }
        }
    });
    // Without a thread there is still the browser.
    drop(reader);
}

enum Line {
    Whole(String),
    TooLong,
}

/// The next line in bounded memory; `None` at the end.
fn line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut too_long = false;
    loop {
        let mut bytes = Vec::new();
        let limit = LONGEST as u64;
        input.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
        let ended = bytes.len() < LONGEST || bytes.ends_with(b"\n");
        if bytes.is_empty() && !too_long {
            return Ok(None);
        }
        if ended && too_long {
            return Ok(Some(Line::TooLong));
        }
        if ended {
            return Ok(Some(Line::Whole(String::from_utf8_lossy(&bytes).into_owned())));
        }
        too_long = true;
    }
}

/// The beginning of Google's codes. Those of other servers cannot be distinguished from a typo: there the whole address
/// is needed.
const CODE: &str = "4/";

/// Finds the redirect's query or the code in a line.
pub(crate) fn read(line: &str) -> Pasted {
    // What terminals put around a paste (xterm's bracketed paste mode).
    let line = line.replace("\x1b[200~", "").replace("\x1b[201~", "");
    let line = line.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let without_fragment = line.split('#').next().unwrap_or_default();
    if let Some((_, query)) = without_fragment.split_once('?') {
        return Pasted::Query(query.to_owned());
    }
    if line.contains(['&', '?']) || line.contains("://") || line.starts_with("code=") {
        return Pasted::Query(without_fragment.to_owned());
    }
    if line.is_empty() {
        return Pasted::Nothing;
    }
    // Copied out of the address bar it is still percent-encoded.
    let decoded = line.contains('%').then(|| form::decode(line)?.pop()).flatten().map(|(name, _)| name);
    let code = decoded.as_deref().unwrap_or(line);
    if code.len() > CODE.len() && code.starts_with(CODE) && code.bytes().all(|byte| byte.is_ascii_graphic()) {
        Pasted::Code(Secret::new(code))
    } else {
        Pasted::Other
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_what_can_be_a_code_is_taken_for_one(line in "(4/|4%2F|hello|http://|\u{1b}\\[200~)?[ -~\u{e9}\r\n\u{1b}]{0,20}") {
            if let Pasted::Code(code) = read(&line) {
                prop_assert!(code.expose().starts_with("4/"));
                prop_assert!(code.expose().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }

    #[test]
    fn c20_an_address_or_a_code_is_found_in_any_surroundings() {
        let query = || Pasted::Query("state=s&code=4%2F0A".to_owned());
        let code = || Pasted::Code(Secret::new("4/0A-b_c"));
        for (line, found) in [
            ("http://127.0.0.1:1/?state=s&code=4%2F0A\n", query()),
            ("\x1b[200~http://127.0.0.1:1?state=s&code=4%2F0A\x1b[201~\r\n", query()),
            ("  http://127.0.0.1:1/cb?state=s&code=4%2F0A#top", query()),
            ("?state=s&code=4%2F0A", query()),
            ("state=s&code=4%2F0A", query()),
            ("4/0A-b_c\r\n", code()),
            ("\x1b[200~4/0A-b_c\x1b[201~", code()),
            ("4%2F0A-b_c", code()),
            ("http://127.0.0.1:1/", Pasted::Query("http://127.0.0.1:1/".to_owned())),
            ("", Pasted::Nothing),
            (" \r\n", Pasted::Nothing),
            ("what is this", Pasted::Other),
            ("hello", Pasted::Other),
            ("y", Pasted::Other),
            ("4/", Pasted::Other),
            ("5/0A-b_c", Pasted::Other),
            ("4/0A b_c", Pasted::Other),
            ("4%2F0A%0Ab_c", Pasted::Other),
            ("4/0A\x1b[31m", Pasted::Other),
        ] {
            assert_eq!(read(line), found, "{line:?}");
        }
    }

    #[test]
    fn c20_a_mebibyte_on_one_line_is_passed_over_and_the_next_line_is_read() {
        let mut text = "x".repeat(1 << 20);
        text.push_str("\nnext\n");
        let mut input = io::Cursor::new(text);
        assert!(matches!(line(&mut input), Ok(Some(Line::TooLong))));
        assert!(matches!(line(&mut input), Ok(Some(Line::Whole(text))) if text == "next\n"));
        assert!(matches!(line(&mut input), Ok(None)));
    }
}
