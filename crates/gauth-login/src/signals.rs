//! SIGINT, SIGTERM and SIGHUP end the program with 128 and their number, but not in the midst of writing the file: so
//! nothing half-written is left beside it. Signals that were ignored when the program started (nohup) stay ignored.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Watches for signals from its making on.
pub(crate) struct Signals(Arc<Mutex<()>>);

impl Signals {
    #[cfg(unix)]
    pub(crate) fn watch() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

        let ignored = ignored();
        let wanted = [SIGHUP, SIGINT, SIGTERM]
            .into_iter()
            .filter(|number| ignored >> (number - 1) & 1 == 0);
        let mut arriving = signal_hook::iterator::Signals::new(wanted)?;
        let writing = Arc::new(Mutex::new(()));
        let held = Arc::clone(&writing);
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                if let Some(number) = arriving.forever().next() {
                    let _until_the_end = held.lock().unwrap_or_else(PoisonError::into_inner);
                    std::process::exit(128 + number);
                }
            })?;
        Ok(Self(writing))
    }

    /// Where there are no signals the system's own ways end the process.
    #[cfg(not(unix))]
    pub(crate) fn watch() -> io::Result<Self> {
        Ok(Self(Arc::default()))
    }

    /// Makes signals wait until the guard is dropped.
    pub(crate) fn hold_back(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The mask of proc_pid_status(5); nothing where there is none.
#[cfg(unix)]
fn ignored() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(line.trim(), 16).ok()
        })
        .unwrap_or(0)
}
