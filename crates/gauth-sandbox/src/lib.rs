//! A stand-in on loopback for Google's OAuth, federation, impersonation, metadata and Analytics endpoints (and for the
//! outside identities that federation trusts), as strict as Google where that is known: for trying the programs out, for
//! their tests, and for anyone's CI. It shares no code with the programs' own protocol crates, so that an error in those
//! cannot hide here; facts about Google's fields and messages it reads from the same data.
//!
//! `server` hands a request to `oauth`, or past its check of the bearer to an API, whose calls come in by `rest`. `oauth` and
//! `analytics` do not know each other.

mod analytics;
mod body;
mod control;
mod credentials_files;
mod fault;
mod http;
mod oauth;
mod rest;
mod sandbox;
mod server;
mod tls;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use fault::{Fault, FaultKind, Quota};
pub use oauth::outside::Provider;
pub use sandbox::{Grant, Options, Recorded, Sandbox};

/// Locks whether or not another request panicked: a test should see that request's failure, not its own.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
