//! `--match`: the accounts and properties to list.

use ga_core::account::Listed;
use gauth_cli::{Failure, Kind, Terminal};
use gauth_text::Typed;

/// Keeps those whose name or number contains `text`, if it is given.
///
/// # Errors
/// None contains it. That there is none at all is no error.
pub(crate) fn keep_matching(
    listed: &mut Vec<Listed<'_>>,
    text: Option<&str>,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let Some(text) = text else {
        if listed.is_empty() {
            terminal.note("no property is visible to this token");
        }
        return Ok(());
    };
    listed.retain(|one| one.contains(text));
    if listed.is_empty() {
        let message = format!("no property matching {} is visible to this token", Typed(text));
        return Err(Failure::new(Kind::Refused, message).hint("run ga-properties by itself to list all"));
    }
    Ok(())
}
