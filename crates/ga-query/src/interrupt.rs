//! Ctrl-C and its like: the unfinished `-o` file goes, and the exit code is 128 and the signal's number.
//!
//! Everything else that is temporary has no name in any folder and goes by itself.

use std::path::PathBuf;

use tokio::signal::unix::{SignalKind, signal};

const SIGNALS: [i32; 3] = [1, 2, 15];

/// Ends the process when a signal asks for it. Signals that were ignored when the program started (nohup, a
/// background job) stay ignored. Runs until then.
pub(crate) fn watch(unfinished: Option<PathBuf>) -> std::io::Result<()> {
    for number in SIGNALS.into_iter().filter(|number| !gauth_cli::signals::is_ignored(*number)) {
        let mut stream = signal(SignalKind::from_raw(number))?;
        let unfinished = unfinished.clone();
        tokio::spawn(async move {
            stream.recv().await;
            if let Some(path) = unfinished {
                // It may have been put in its place just now.
                let _ = std::fs::remove_file(path);
            }
            std::process::exit(128 + number);
        });
    }
    Ok(())
}
