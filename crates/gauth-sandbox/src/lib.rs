//! A mock of Google's OAuth, federation, impersonation, metadata and Analytics endpoints on loopback (and of the
//! outside identities that federation trusts), as strict as Google where that is known. It is for trying the programs
//! out, for their tests, and for anyone's CI. It shares no code with the cores, so that an error in one cannot hide the
//! same error in the other; it reads facts about Google's fields and messages from the same data.
//!
//! `server` passes a request to `oauth`, or, once `oauth` has checked the bearer token, through `rest` to an API.
//! `oauth` and `analytics` do not know each other.

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

/// The error, if something is `wrong`.
fn fail_if<E>(wrong: bool, error: E) -> Result<(), E> {
    if wrong { Err(error) } else { Ok(()) }
}

/// Locks whether or not another request panicked: a test should see that request's failure, not its own.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
