//! The threads that the async client runs on, and Ctrl-C and its like: what the program leaves unfinished is cleaned up, and
//! the exit code is 128 plus the signal's number.
//!
//! Everything else that is temporary has no name in any folder and disappears by itself.

use std::sync::Arc;

use gauth_cli::exit::no_thread;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::progress;

/// Two worker threads, which end with the program without waiting for anything.
pub struct Runtime {
    handle: Handle,
    threads: Option<tokio::runtime::Runtime>,
}

impl Runtime {
    /// Starts the threads and watches for signals. At a signal `clean_up` is called, and the process ends. Signals that were
    /// ignored when the program started (nohup, a background job) stay ignored.
    ///
    /// # Errors
    /// When the system gives no more threads or file descriptors.
    pub fn start(clean_up: impl Fn() + Send + Sync + 'static) -> anyhow::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().map_err(no_thread)?;
        let guard = runtime.enter();
        watch(Arc::new(clean_up))?;
        drop(guard);
        Ok(Self { handle: runtime.handle().clone(), threads: Some(runtime) })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// A task that ends with its owner.
pub(super) struct Worker<T>(pub(super) JoinHandle<T>);

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

type CleanUp = Arc<dyn Fn() + Send + Sync>;

/// From now on a signal ends the process.
#[cfg(unix)]
fn watch(clean_up: CleanUp) -> anyhow::Result<()> {
    use anyhow::Context as _;
    use tokio::signal::unix::{SignalKind, signal};

    for number in [1, 2, 15].into_iter().filter(|number| !gauth_cli::signals::is_ignored(*number)) {
        let mut stream = signal(SignalKind::from_raw(number)).context("cannot watch for signals")?;
        let clean_up = Arc::clone(&clean_up);
        tokio::spawn(async move {
            stream.recv().await;
            end(&clean_up, number);
        });
    }
    Ok(())
}

/// Elsewhere there is Ctrl-C.
#[cfg(not(unix))]
fn watch(clean_up: CleanUp) -> anyhow::Result<()> {
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            end(&clean_up, 2);
        }
    });
    Ok(())
}

fn end(clean_up: &CleanUp, number: i32) -> ! {
    progress::erase();
    clean_up();
    std::process::exit(128 + number);
}
