//! What may be repeated to the user: [`Typed`] words, text that may contain a secret ([`redacted`]), error responses that
//! are not JSON ([`refusal`]), and commands to paste ([`Command`]); also [`json`] without duplicate keys, and [`grouped`]
//! numbers. Both cores and the edge use it, so that each rule exists once.
//!
//! Google's secrets are recognised by the shapes that its own scanners look for, JWTs by RFC 7519 and PEM by RFC 7468.
#![deny(missing_docs)]

pub mod json;
mod number;
mod redaction;
pub mod refusal;
mod shell;
mod typed;

pub use number::{counted, grouped};
pub use redaction::{MASK, Masks, percent_encoded, redacted};
pub use shell::{Command, quoted};
pub use typed::{Seems, Typed};
