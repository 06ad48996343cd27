//! SIGINT, SIGTERM and SIGHUP end the program with 128 and their number, but not while the file is written, so that
//! no temporary file is left beside it. Signals that were ignored when the program started (nohup) stay ignored.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(unix)]
use gauth_cli::exit::no_thread;

/// Watches for signals from its creation on.
pub(crate) struct Signals(Arc<Mutex<()>>);

impl Signals {
    #[cfg(unix)]
    pub(crate) fn watch() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

        let numbers = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|number| !gauth_cli::signals::is_ignored(*number));
        let mut arriving = signal_hook::iterator::Signals::new(numbers)?;
        let writing = Arc::new(Mutex::new(()));
        let held = Arc::clone(&writing);
        let watcher = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            if let Some(number) = arriving.forever().next() {
                let _until_the_end = held.lock().unwrap_or_else(PoisonError::into_inner);
                std::process::exit(128 + number);
            }
        });
        watcher.map_err(no_thread)?;
        Ok(Self(writing))
    }

    /// Without signals, the system ends the process itself.
    #[cfg(not(unix))]
    pub(crate) fn watch() -> io::Result<Self> {
        Ok(Self(Arc::default()))
    }

    /// Makes signals wait until the guard is dropped.
    pub(crate) fn hold_back(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
