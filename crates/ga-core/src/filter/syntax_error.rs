//! What is wrong with the text of a filter, and where.

use std::fmt;

use crate::error::Error;

/// A filter that cannot be read. `Display` is one line; [`SyntaxError::caret`] shows the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The whole filter.
    pub text: String,
    /// The character it is about, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
    /// What to type instead, where that is known.
    pub hint: Option<String>,
}

impl SyntaxError {
    /// The same error with what to type instead.
    #[must_use]
    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Two lines: the filter and, under it, a caret below the column. Control characters, which would
    /// move the caret away, show as blanks.
    pub fn caret(&self) -> String {
        let text: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{text}\n{}^", " ".repeat(self.column - 1))
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid filter at column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for SyntaxError {}

impl From<SyntaxError> for Error {
    fn from(error: SyntaxError) -> Self {
        Self::Usage { message: error.to_string(), hint: error.hint }
    }
}
