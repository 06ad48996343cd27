//! What PostgreSQL refused, as an exit code and one line without the password.

use std::error::Error as _;
use std::io;

use gauth_cli::{Failure, Kind};

use super::settings::Settings;

/// What was being done.
pub(super) struct Failing<'s> {
    pub(super) settings: &'s Settings,
    pub(super) verb: &'s str,
}

impl Failing<'_> {
    pub(super) fn because(&self, error: postgres::Error) -> Failure {
        let text = format!("cannot {} PostgreSQL{}: {}", self.verb, self.settings.place(), reason(&error));
        let failure = Failure::new(kind(&error), self.settings.masked(&text));
        match self.settings.hint.as_ref().filter(|_| failure.kind() == Kind::Refused) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// Why, in one line. The details of the server's errors may hold cells.
fn reason(error: &postgres::Error) -> String {
    if let Some(refusal) = error.as_db_error() {
        return refusal.message().to_owned();
    }
    match error.source() {
        Some(source) => match source.downcast_ref::<io::Error>() {
            Some(source) => gauth_cli::exit::reason(source),
            None => source.to_string(),
        },
        None => error.to_string(),
    }
}

fn kind(error: &postgres::Error) -> Kind {
    if let Some(code) = error.code() {
        return match (&code.code()[..2], code.code()) {
            ("28", _) => Kind::Refused,
            // No such database or schema.
            (_, "3D000" | "3F000") => Kind::Usage,
            // A full disk is not full for a moment only.
            (_, "53100") => Kind::Failed,
            // Connections, conflicts, resources, locks that are held, a server that stops or is stopped.
            ("08" | "40" | "53" | "57", _) | (_, "55P03") => Kind::Temporary,
            _ => Kind::Failed,
        };
    }
    let source = error.source();
    if let Some(source) = source.and_then(|source| source.downcast_ref::<io::Error>()) {
        let is_tls = source.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
        return if is_tls { Kind::Failed } else { Kind::Temporary };
    }
    match error.to_string().as_str() {
        // No password, or not the server that knows it.
        "invalid configuration" | "authentication error" => Kind::Refused,
        _ if error.is_closed() => Kind::Temporary,
        _ => Kind::Failed,
    }
}
