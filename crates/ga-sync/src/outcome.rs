//! How a run ends: a line for each property that failed, and the one exit code that says what is missing.

use std::sync::{Mutex, PoisonError};

use gauth_cli::{Failure, Kind, Terminal};

/// What has come of the properties.
pub(crate) struct Outcome {
    terminal: Terminal,
    properties: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How properties failed.
    failed: Vec<Kind>,
    /// The line about the last one, which becomes the program's own error if the run ends without another.
    line: Option<String>,
    /// What ended the run for all.
    end: Option<anyhow::Error>,
}

impl Outcome {
    /// Nothing yet, of this many properties.
    pub(crate) fn of(properties: usize, terminal: Terminal) -> Self {
        Self { terminal, properties, state: Mutex::default() }
    }

    /// A property failed, which stops nobody else.
    pub(crate) fn fail(&self, kind: Kind, line: String) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failed.push(kind);
        if let Some(before) = state.line.replace(line) {
            self.terminal.error(&before);
        }
    }

    /// Ends the run: no other property would do better.
    pub(crate) fn end(&self, error: anyhow::Error) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.end.get_or_insert(error);
    }

    /// Whether the run has been ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).end.is_some()
    }

    /// The result of the run.
    pub(crate) fn result(self) -> anyhow::Result<()> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match (state.end, state.line) {
            (Some(error), line) => {
                if let Some(line) = line {
                    self.terminal.error(&line);
                }
                Err(error)
            }
            (None, Some(line)) => Err(Failure::new(exit_kind(&state.failed, self.properties), line).into()),
            (None, None) => Ok(()),
        }
    }
}

/// What a script should do after properties, of this many, `failed` in these ways.
fn exit_kind(failed: &[Kind], properties: usize) -> Kind {
    let all_are = |kind| failed.iter().all(|failed| *failed == kind);
    if all_are(Kind::Temporary) {
        Kind::Temporary
    } else if failed.len() == properties && all_are(Kind::Refused) {
        Kind::Refused
    } else {
        Kind::Incomplete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_what_is_missing() {
        use Kind::{Failed, Incomplete, Refused, Temporary};
        for (failed, properties, kind) in [
            (&[Temporary][..], 1, Temporary),
            (&[Temporary, Temporary], 3, Temporary),
            (&[Refused], 1, Refused),
            (&[Refused], 2, Incomplete),
            (&[Refused, Temporary], 2, Incomplete),
            (&[Incomplete], 1, Incomplete),
            (&[Failed], 1, Incomplete),
        ] {
            assert_eq!(exit_kind(failed, properties), kind, "{failed:?} of {properties}");
        }
    }
}
