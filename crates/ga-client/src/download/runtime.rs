//! The threads that the async client runs on, and Ctrl-C and its like: the unfinished `-o` file is removed, and the exit code
//! is 128 plus the signal's number.
//!
//! Everything else that is temporary has no name in any folder and disappears by itself.

use std::path::PathBuf;

use gauth_cli::exit::no_thread;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// Two worker threads, which end with the program without waiting for anything.
pub struct Runtime {
    handle: Handle,
    threads: Option<tokio::runtime::Runtime>,
}

impl Runtime {
    /// Starts the threads and watches for signals. A signal removes `unfinished`, and then the process ends. Signals that
    /// were ignored when the program started (nohup, a background job) stay ignored.
    ///
    /// # Errors
    /// When the system gives no more threads or file descriptors.
    pub fn start(unfinished: Option<PathBuf>) -> anyhow::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().map_err(no_thread)?;
        let guard = runtime.enter();
        watch(unfinished)?;
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

/// From now on a signal removes `unfinished` and ends the process.
#[cfg(unix)]
fn watch(unfinished: Option<PathBuf>) -> anyhow::Result<()> {
    use anyhow::Context as _;
    use tokio::signal::unix::{SignalKind, signal};

    for number in [1, 2, 15].into_iter().filter(|number| !gauth_cli::signals::is_ignored(*number)) {
        let mut stream = signal(SignalKind::from_raw(number)).context("cannot watch for signals")?;
        let unfinished = unfinished.clone();
        tokio::spawn(async move {
            stream.recv().await;
            end(unfinished, number);
        });
    }
    Ok(())
}

/// Elsewhere there is Ctrl-C.
#[cfg(not(unix))]
fn watch(unfinished: Option<PathBuf>) -> anyhow::Result<()> {
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            end(unfinished, 2);
        }
    });
    Ok(())
}

fn end(unfinished: Option<PathBuf>, number: i32) -> ! {
    if let Some(path) = unfinished {
        // It may have been renamed just now.
        let _ = std::fs::remove_file(path);
    }
    std::process::exit(128 + number);
}
