//! Waiting for the person: the URL is shown, then whatever arrives is judged by the authorization request (RFC 6749
//! §4.1.2) until one thing is its answer. Everything else changes nothing.

use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use gauth_cli::{Context, Failure, Kind};
use gauth_core::Secret;
use gauth_core::authorization::{AuthorizationRequest, Redirected};

use crate::loopback::Callback;
use crate::page::Page;
use crate::paste::{self, Pasted};

/// What arrives while the program waits.
pub(crate) enum Event {
    /// A well-formed request to the redirect URI.
    Redirected(Callback),
    /// A line typed or pasted into the terminal.
    Pasted(String),
}

/// The code, and the browser that brought it and waits for a page.
pub(crate) struct Answer {
    pub(crate) code: Secret,
    callback: Option<Callback>,
}

impl Answer {
    /// Lets the browser show how the login ended.
    pub(crate) fn end_with(self, success: bool) {
        if let Some(callback) = self.callback {
            callback.end_with(if success { Page::LoggedIn } else { Page::Failed });
        }
    }
}

/// Prints the URL on a line of its own, whole and also with `--quiet`: without it there is no login.
pub(crate) fn show(url: &str, context: &Context) {
    let program = context.terminal.program();
    let text = format!("{program}: open this URL in a browser to grant access:\n{url}\n");
    // A closed stderr is nobody's error: a browser may be there.
    let _ = std::io::stderr().write_all(text.as_bytes());
    if paste::is_possible() {
        context.terminal.note(
            "if your browser runs on another machine, it will end on a page that fails to load: paste that page's address here",
        );
    }
}

/// Waits for the answer. When this returns, requests that still arrive are told that the login is over.
///
/// # Errors
/// The refusal, or a temporary failure at the deadline.
pub(crate) fn wait(
    request: &AuthorizationRequest<'_>,
    events: Receiver<Event>,
    deadline: Option<Instant>,
    context: &Context,
) -> anyhow::Result<Answer> {
    loop {
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        let (redirected, callback) = match events.recv_timeout(left) {
            Ok(Event::Redirected(callback)) => (request.receive(callback.query()), Some(callback)),
            Ok(Event::Pasted(line)) => match paste::read(&line) {
                Pasted::Query(query) => (request.receive(&query), None),
                Pasted::Code(code) => (Redirected::Code(code), None),
                Pasted::Other => (Redirected::Stray, None),
                Pasted::Nothing => continue,
            },
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let seconds = context.timeout.unwrap_or_default().as_secs();
                return Err(Failure::new(
                    Kind::Temporary,
                    format!("no answer from the browser within {seconds} s"),
                )
                .hint("if the browser showed an error, fix that and run gauth-login again (--timeout SECS waits longer)")
                .into());
            }
        };
        match (redirected, callback) {
            (Redirected::Code(code), callback) => return Ok(Answer { code, callback }),
            (Redirected::Refused(error), callback) => {
                if let Some(callback) = callback {
                    callback.end_with(Page::Failed);
                }
                return Err(error.into());
            }
            (Redirected::Stray, Some(callback)) => callback.go_on_with(Page::NotThisLogin),
            (Redirected::Stray, None) => context.terminal.note(
                "this is not the answer to this login: paste the whole address of the page where the browser ended up, or just the code, which begins with 4/",
            ),
        }
    }
}
