//! Errors, each with the [`Kind`] that determines the exit code of a program.
//!
//! The server's messages are kept verbatim ([`crate::refusal`] reads them). Showing errors, and cleaning text from
//! outside, are left to the program.

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
    /// An invalid argument: a date, a property, a filter, a limit.
    Usage {
        /// What is wrong with it.
        message: String,
        /// What to type instead, if known.
        hint: Option<String>,
    },
    /// A field that does not exist, or not in this report; found before anything is sent.
    Field {
        /// Which field, and why.
        message: String,
        /// The closest field, or where to look.
        hint: Option<String>,
    },
    /// The server refused, with its own message.
    Refusal(Box<Refusal>),
    /// The response is not as the API describes it.
    Response(String),
    /// The response is cut off.
    Truncated,
    /// The server could not make an audience export, with its own message.
    Export(String),
    /// The response is well formed, but rows are missing or there are too many.
    Incomplete(String),
}

impl Error {
    /// An invalid argument, without a hint.
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

    /// The same error with a hint.
    #[must_use]
    pub fn with_hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Usage { hint, .. } | Self::Field { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    /// The same error with its place in the request.
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
            // Google gives no code with it.
            Self::Export(message) if message.to_ascii_lowercase().contains("quota") => Kind::Temporary,
            Self::Response(_) | Self::Truncated | Self::Export(_) => Kind::Failed,
            Self::Incomplete(_) => Kind::Incomplete,
        }
    }

    /// Whether the server refused fields that exist but cannot be combined.
    pub fn is_incompatible(&self) -> bool {
        matches!(self, Self::Refusal(refusal) if refusal.status == 400
            && refusal.message.contains("make the request compatible"))
    }

    /// Whether the server refused access to the property, not the request.
    pub fn is_about_property(&self) -> bool {
        matches!(self, Self::Refusal(refusal) if refusal.is_about_property())
    }

    /// What to type next, if known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } | Self::Field { hint, .. } => hint.clone(),
            Self::Refusal(refusal) => refusal.hint(),
            Self::Export(_) => Some("run the same command later to request a new export".to_owned()),
            Self::Response(_) | Self::Truncated | Self::Incomplete(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage { message, .. } | Self::Field { message, .. } => f.write_str(message),
            Self::Truncated => f.write_str("the response is cut off"),
            Self::Export(message) if message.is_empty() => f.write_str("the server could not make the export"),
            Self::Export(message) => write!(f, "the server could not make the export: {message}"),
            Self::Response(message) | Self::Incomplete(message) => f.write_str(message),
            Self::Refusal(refusal) => refusal.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
