//! How credentials become a token: a small state machine that says what to do next and takes the answer.
//! One hop for a refresh token or a key; several for impersonation and federation. The machine never acts itself:
//! gauth-cli drives all of them with one loop.

use std::time::SystemTime;

use crate::error::Grant;
use crate::token::TokenResponse;
use crate::{Error, Request, Response};

/// What an exchange needs next.
#[derive(Debug)]
pub enum Step {
    /// Send this, then come back with the answer.
    Send(Request),
    /// Here is the token.
    Done(TokenResponse),
}

/// A credential on its way to a token.
pub trait Exchange {
    /// The next step. `answer` is that of the step before; `None` at the start.
    ///
    /// # Errors
    /// What the server refused, or what is wrong with its answer.
    fn step(&mut self, answer: Option<Response>, now: SystemTime) -> Result<Step, Error>;
}

/// What the one answer of a [`OneRequest`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    AccessToken,
    IdToken,
}

/// One request, one answer.
pub(crate) struct OneRequest {
    pub(crate) grant: Grant,
    pub(crate) holds: Holds,
    pub(crate) request: Request,
}

impl Exchange for OneRequest {
    fn step(&mut self, answer: Option<Response>, now: SystemTime) -> Result<Step, Error> {
        let Some(response) = answer else {
            return Ok(Step::Send(self.request.clone()));
        };
        match self.holds {
            Holds::AccessToken => TokenResponse::access(self.grant, &response, now),
            Holds::IdToken => TokenResponse::identity(self.grant, &response, now),
        }
        .map(Step::Done)
    }
}
