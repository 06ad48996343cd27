//! What can go wrong between a question to Analytics and its rows, each with the [`Kind`] that a program
//! turns into its exit code.
//!
//! What the server said is kept in its own words ([`crate::refusal`] reads it). How an error is shown,
//! and the cleaning of text that came from outside, are left to the program.

use std::fmt;

use crate::refusal::Refusal;

/// What a script should do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Stop: a response that cannot be read, anything unexpected.
    Failed,
    /// Fix the command.
    Usage,
    /// Get a token.
    Login,
    /// Fix access, or what was asked.
    Refused,
    /// Try again later.
    Temporary,
    /// Do not trust the output.
    Incomplete,
}

/// An error of this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The words of the caller have no meaning: a date, a property, a filter, a limit.
    Usage {
        /// What is wrong with them.
        message: String,
        /// What to type instead.
        hint: Option<String>,
    },
    /// A field that Analytics does not have, or not in this report; found before anything was sent.
    Field {
        /// Which field, and why.
        message: String,
        /// The nearest field, or where to look.
        hint: Option<String>,
    },
    /// The server refused; its own words are inside.
    Refusal(Box<Refusal>),
    /// The response is not what the API describes.
    Response(String),
    /// The response ends in the middle.
    Truncated,
    /// The response is well formed, but rows are missing or there are too many.
    Incomplete(String),
}

impl Error {
    /// Words that have no meaning, with nothing better to offer.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    /// A field that is refused before anything is sent.
    pub fn field(message: impl Into<String>) -> Self {
        Self::Field { message: message.into(), hint: None }
    }

    /// A response that cannot be read.
    pub(crate) fn response(message: impl Into<String>) -> Self {
        Self::Response(message.into())
    }

    /// The same error with the next thing to type.
    #[must_use]
    pub fn with_hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Usage { hint, .. } | Self::Field { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    /// The same error with the place in a request that it is about.
    pub(crate) fn within(mut self, place: &str) -> Self {
        if let Self::Usage { message, .. } = &mut self {
            *message = format!("{place}: {message}");
        }
        self
    }

    /// What a script should do about it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Usage { .. } => Kind::Usage,
            Self::Field { .. } => Kind::Refused,
            Self::Refusal(refusal) => refusal.kind(),
            Self::Response(_) | Self::Truncated => Kind::Failed,
            Self::Incomplete(_) => Kind::Incomplete,
        }
    }

    /// Whether the server refused fields that exist but do not go together.
    pub fn is_incompatible(&self) -> bool {
        matches!(self, Self::Refusal(refusal) if refusal.status == 400
            && refusal.message.contains("make the request compatible"))
    }

    /// Whether the server refused the property, and not what was asked of it.
    pub fn is_about_property(&self) -> bool {
        matches!(self, Self::Refusal(refusal) if refusal.is_about_property())
    }

    /// The next thing to type, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } | Self::Field { hint, .. } => hint.clone(),
            Self::Refusal(refusal) => refusal.hint(),
            Self::Response(_) | Self::Truncated | Self::Incomplete(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage { message, .. } | Self::Field { message, .. } => f.write_str(message),
            Self::Truncated => f.write_str("the response is cut off"),
            Self::Response(message) | Self::Incomplete(message) => f.write_str(message),
            Self::Refusal(refusal) => refusal.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
