//! What may be repeated to the user: [`Typed`] words, text in which a secret may be ([`redacted`]), responses that are no
//! error in JSON ([`refusal`]), and commands to paste ([`Command`]); and [`json`] that reads one way only. Both cores and the
//! edge use it, so that there is one rule and one place for it.
//!
//! The shapes of Google's secrets are those that its own scanners look for; RFC 7519 for JWTs, RFC 7468 for PEM.
#![deny(missing_docs)]

pub mod json;
mod redaction;
pub mod refusal;
mod shell;
mod typed;

pub use redaction::{MASK, Masks, percent_encoded, redacted};
pub use shell::{Command, quoted};
pub use typed::{Seems, Typed};
