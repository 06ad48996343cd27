//! How credentials become a token: a small state machine that returns the next step and is given its result.
//! One hop for a refresh token or a key; several for impersonation and federation. The machine does no I/O itself:
//! gauth-store drives all of them with one loop.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::error::Call;
use crate::token::TokenResponse;
use crate::{Error, Request, Response, Secret};

/// What an exchange needs next.
pub enum Step {
    /// Send this and return with [`Answer::Response`].
    Send(Request),
    /// Read this file and return with [`Answer::File`].
    ReadFile {
        /// The file.
        path: PathBuf,
        /// The most that is read, in bytes. A longer file is an error.
        limit: usize,
    },
    /// Run this program and return with [`Answer::Output`].
    Run(Executable),
    /// The token.
    Done(TokenResponse),
}

/// A program to run, without a shell.
#[derive(Clone, PartialEq, Eq)]
pub struct Executable {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Variables to set in addition to the user's own, without those that hold tokens for gauth.
    pub environment: Vec<(String, String)>,
    /// When it is killed, with all its children.
    pub timeout: Duration,
    /// The most that is read of its stdout, in bytes.
    pub limit: usize,
}

/// The result of a [`Step`].
pub enum Answer {
    /// The response to a request.
    Response(Response),
    /// A file's content, or `None` when there is no such file.
    File(Option<Vec<u8>>),
    /// What a program wrote to stdout; its exit status does not matter if there is any.
    Output(Vec<u8>),
}

impl fmt::Debug for Step {
    /// Bodies and headers hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(request) => write!(f, "Send({} {})", request.method(), request.uri().path()),
            Self::ReadFile { path, limit } => write!(f, "ReadFile({path:?}, {limit})"),
            Self::Run(program) => write!(f, "Run({program:?})"),
            Self::Done(token) => write!(f, "Done({token:?})"),
        }
    }
}

impl fmt::Debug for Executable {
    /// The arguments may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Executable({:?} …)", self.argv.first().map(String::as_str).unwrap_or_default())
    }
}

impl fmt::Debug for Answer {
    /// As for [`Step`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(response) => write!(f, "Response({})", response.status()),
            Self::File(content) => write!(f, "File({})", content.as_ref().map_or("none", |_| "…")),
            Self::Output(_) => f.write_str("Output(…)"),
        }
    }
}

/// A credential on its way to a token.
pub trait Exchange {
    /// The next step. `answer` is the result of the step before; `None` at the start.
    ///
    /// # Errors
    /// What the server refused, or what is wrong with its response.
    fn step(&mut self, answer: Option<Answer>, now: SystemTime) -> Result<Step, Error>;

    /// The refresh token of a response so far, also if a later hop fails: it replaces the one in use.
    fn refresh_token(&self) -> Option<&Secret> {
        None
    }
}

impl Answer {
    /// The response, where a request was sent.
    ///
    /// # Panics
    /// If the driver returns something else.
    pub(crate) fn response(self) -> Response {
        match self {
            Self::Response(response) => response,
            _ => unreachable!("a request is answered with a response"),
        }
    }
}

/// What the response to a [`OneRequest`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    AccessToken,
    IdToken,
}

/// One request, one response.
pub(crate) struct OneRequest {
    call: Call,
    holds: Holds,
    request: Request,
    refresh_token: Option<Secret>,
}

impl OneRequest {
    pub(crate) fn new(call: Call, holds: Holds, request: Request) -> Self {
        Self { call, holds, request, refresh_token: None }
    }
}

impl Exchange for OneRequest {
    fn step(&mut self, answer: Option<Answer>, now: SystemTime) -> Result<Step, Error> {
        let Some(answer) = answer else {
            return Ok(Step::Send(self.request.clone()));
        };
        let response = answer.response();
        let token = match self.holds {
            Holds::AccessToken => TokenResponse::access(self.call, &response, now),
            Holds::IdToken => TokenResponse::identity(self.call, &response, now),
        }?;
        self.refresh_token.clone_from(&token.refresh_token);
        Ok(Step::Done(token))
    }

    fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }
}

/// A token that needs no request.
pub(crate) struct NoRequest(pub(crate) TokenResponse);

impl Exchange for NoRequest {
    fn step(&mut self, _answer: Option<Answer>, _now: SystemTime) -> Result<Step, Error> {
        Ok(Step::Done(self.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bearer;

    #[test]
    fn d3_debug_shows_neither_bodies_nor_headers_nor_arguments() {
        let canary = || "canary".to_owned();
        let request = http::Request::post("https://a.test/token?key=canary")
            .header(http::header::AUTHORIZATION, bearer(&Secret::new(canary())))
            .header("x-key", "canary")
            .body(canary().into_bytes());
        let response = http::Response::builder().header("x-key", "canary").body(canary().into_bytes());
        let program = Executable {
            argv: vec!["/bin/sh".to_owned(), canary()],
            environment: vec![("KEY".to_owned(), canary())],
            timeout: Duration::from_secs(1),
            limit: 1,
        };
        let token = TokenResponse {
            token: Secret::new(canary()),
            life: None,
            scopes: None,
            refresh_token: Some(Secret::new(canary())),
            id_token: Some(Secret::new(canary())),
        };
        let bytes = format!("{:?}", canary().as_bytes());
        for shown in [
            format!("{:?}", Step::Send(request.unwrap())),
            format!("{:?}", Step::Run(program)),
            format!("{:?}", Step::Done(token)),
            format!("{:?}", Answer::Response(response.unwrap())),
            format!("{:?}", Answer::File(Some(canary().into_bytes()))),
            format!("{:?}", Answer::Output(canary().into_bytes())),
        ] {
            assert!(!shown.contains("canary") && !shown.contains(bytes.trim_matches(['[', ']'])), "{shown}");
        }
    }
}
