//! Waiting for the user: the URL is shown, then everything that arrives is checked by the authorization request (RFC 6749
//! §4.1.2) until one is its response. Everything else changes nothing.

use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use gauth_cli::loopback::peer::Peer;
use gauth_cli::{Context, Failure, Kind, Terminal};
use gauth_core::Secret;
use gauth_core::authorization::{AuthorizationRequest, Redirected};

use crate::answering_user;
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
    // A closed stderr is not an error: there may be a browser.
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
    let terminal = &context.terminal;
    let mut warned = false;
    loop {
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        let answer = match events.recv_timeout(left) {
            Ok(Event::Redirected(callback)) => from_browser(request, callback, &mut warned, terminal),
            Ok(Event::Pasted(line)) => from_terminal(request, &line, terminal).map(|outcome| (outcome, None)),
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
        match answer {
            None => {}
            Some((Ok(code), callback)) => return Ok(Answer { code, callback }),
            Some((Err(error), callback)) => {
                if let Some(callback) = callback {
                    callback.end_with(Page::Failed);
                }
                return Err(error.into());
            }
        }
    }
}

/// The code, or the refusal.
type Outcome = Result<Secret, gauth_core::Error>;

fn outcome(redirected: Redirected) -> Option<Outcome> {
    match redirected {
        Redirected::Code(code) => Some(Ok(code)),
        Redirected::Refused(error) => Some(Err(error)),
        Redirected::Stray => None,
    }
}

/// Any other request gets a page that says why it is not accepted; another user is reported once.
fn from_browser(
    request: &AuthorizationRequest<'_>,
    callback: Callback,
    warned: &mut bool,
    terminal: &Terminal,
) -> Option<(Outcome, Option<Callback>)> {
    let Some(outcome) = outcome(request.receive(callback.query())) else {
        callback.go_on_with(Page::NotThisLogin);
        return None;
    };
    let peer = callback.peer();
    if answering_user::may_answer(peer) {
        return Some((outcome, Some(callback)));
    }
    if let Peer::User(uid) = peer
        && !std::mem::replace(warned, true)
    {
        warn_of_user(uid, terminal);
    }
    callback.go_on_with(Page::OtherUser);
    None
}

/// The other user may have read the URL in the process list, or be the same person with another account.
fn warn_of_user(uid: u32, terminal: &Terminal) {
    let what_to_do = if paste::is_possible() {
        "paste its address here"
    } else {
        "it was ignored; run gauth-login as that user, or in a terminal where its address can be pasted"
    };
    terminal.warn(&format!("a browser of user {} answered; {what_to_do}", answering_user::name(uid)));
}

/// Any other line is asked for again.
fn from_terminal(request: &AuthorizationRequest<'_>, line: &str, terminal: &Terminal) -> Option<Outcome> {
    let outcome = match paste::read(line) {
        Pasted::Nothing => return None,
        Pasted::Other => None,
        Pasted::Code(code) => Some(Ok(code)),
        Pasted::Query(query) => outcome(request.receive(&query)),
    };
    if outcome.is_none() {
        terminal.note(
            "this is not the answer to this login: paste the whole address of the page where the browser ended up, or just the code, which begins with 4/",
        );
    }
    outcome
}
