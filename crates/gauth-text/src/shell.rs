//! Commands for the user to paste. Each word is quoted for a POSIX shell (XCU 2.2, with `$'…'` as of 2024), and nothing is
//! printed that a terminal would interpret.

use std::fmt::Write as _;

use crate::Seems;

/// A command line to paste.
pub struct Command {
    words: Vec<String>,
    may_be_shown: bool,
}

impl Command {
    /// Begins with the program's name.
    pub fn new(program: &str) -> Self {
        Self { words: vec![program.to_owned()], may_be_shown: true }
    }

    /// Adds a word. If it may contain a secret, the whole command is not shown.
    #[must_use]
    pub fn arg(mut self, word: &str) -> Self {
        self.may_be_shown &= Seems::of(word).is_none();
        self.words.push(quoted(word.as_bytes()));
        self
    }

    /// Adds an option with its value: in one word if the value begins with a dash.
    #[must_use]
    pub fn option(mut self, name: &str, value: &str) -> Self {
        if !value.starts_with('-') {
            return self.arg(name).arg(value);
        }
        self.may_be_shown &= Seems::of(value).is_none();
        self.arg(&format!("{name}={value}"))
    }

    /// Adds shell text as is, such as `$(gauth-token)`.
    #[must_use]
    pub fn shell(mut self, text: &str) -> Self {
        self.words.push(text.to_owned());
        self
    }

    /// The command line; `None` if it must not be shown: describe it instead.
    pub fn line(&self) -> Option<String> {
        self.may_be_shown.then(|| self.words.join(" "))
    }
}

/// The bytes as one word of a shell.
pub fn quoted(word: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:,@+%".contains(byte);
    match std::str::from_utf8(word) {
        Ok(text) if !word.is_empty() && word.iter().all(is_plain) => text.to_owned(),
        Ok(text) if text.chars().all(is_visible) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => escaped(word),
    }
}

/// `$'…'`: ASCII letters as is, anything special as octal.
fn escaped(word: &[u8]) -> String {
    let mut text = String::from("$'");
    for chunk in word.utf8_chunks() {
        for character in chunk.valid().chars() {
            // A quote or an exclamation mark could end the word for the history of an interactive shell.
            if is_visible(character) && !['\'', '\\', '!'].contains(&character) {
                text.push(character);
            } else {
                octal(&mut text, character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        octal(&mut text, chunk.invalid());
    }
    text.push('\'');
    text
}

fn octal(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\{byte:03o}");
    }
}

/// Whether a terminal only shows it.
fn is_visible(character: char) -> bool {
    !(character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_quoted_no_more_than_needed() {
        for (word, text) in [
            ("sessions", "sessions"),
            ("", "''"),
            ("a b", "'a b'"),
            ("Côte d'Ivoire", r"'Côte d'\''Ivoire'"),
            ("key'$(touch pwned)'.json", r"'key'\''$(touch pwned)'\''.json'"),
            ("a\tb", r"$'a\011b'"),
            ("a\u{e0041}", r"$'a\363\240\201\201'"),
            ("it's\u{202e}!", r"$'it\047s\342\200\256\041'"),
            ("~/x", "'~/x'"),
            ("a=b", "'a=b'"),
        ] {
            assert_eq!(quoted(word.as_bytes()), text);
        }
        assert_eq!(quoted(b"\xff\n"), r"$'\377\012'");
    }

    #[test]
    fn a_command_with_a_secret_is_not_shown() {
        let command = Command::new("ga-query").arg("-p").arg("1 2");
        assert_eq!(command.line().as_deref(), Some("ga-query -p '1 2'"));
        assert_eq!(command.arg("--filter").arg("a==ya29.x").line(), None);
    }

    proptest! {
        #[test]
        fn no_control_character_is_printed(word in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(quoted(&word).chars().all(is_visible));
        }
    }
}
