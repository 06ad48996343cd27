//! The access token of a run, which all its requests share, and which is replaced once when the server refuses it.

use std::time::Duration;

use gauth_cli::terminal::Terminal;
use gauth_core::Secret;
use tokio::sync::Mutex;

use crate::token_argument::TokenSource;

/// What `--verbose` says when a token is replaced.
const ENDED: &str = "the token has expired; running the token command again";

/// The current token of one source.
pub(crate) struct Token {
    source: TokenSource,
    terminal: Terminal,
    /// Locked while it is being replaced, so that nobody uses the one that has ended.
    current: Mutex<Secret>,
}

impl Token {
    /// Gets the first token, for at most so long.
    ///
    /// # Errors
    /// As [`TokenSource::token`].
    pub(crate) fn first(source: TokenSource, terminal: Terminal, left: Option<Duration>) -> anyhow::Result<Self> {
        let current = Mutex::new(source.token(left)?);
        Ok(Self { source, terminal, current })
    }

    /// Whether there can be another one.
    pub(crate) fn can_renew(&self) -> bool {
        self.source.is_command()
    }

    pub(crate) async fn current(&self) -> Secret {
        self.current.lock().await.clone()
    }

    /// As [`Token::current`], outside of async code.
    pub(crate) fn blocking_current(&self) -> Secret {
        self.current.blocking_lock().clone()
    }

    /// Runs the token command again, unless another request has done so since `stale` was current.
    pub(crate) async fn renew(&self, stale: &Secret, left: Option<Duration>) -> anyhow::Result<()> {
        let mut current = self.current.lock().await;
        if *current == *stale {
            self.terminal.verbose(ENDED);
            let source = self.source.clone();
            *current = tokio::task::spawn_blocking(move || source.new_token(left)).await??;
        }
        Ok(())
    }

    /// As [`Token::renew`], outside of async code.
    pub(crate) fn blocking_renew(&self, stale: &Secret, left: Option<Duration>) -> anyhow::Result<()> {
        let mut current = self.current.blocking_lock();
        if *current == *stale {
            self.terminal.verbose(ENDED);
            *current = self.source.new_token(left)?;
        }
        Ok(())
    }
}
