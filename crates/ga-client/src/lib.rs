//! What the ga-* programs share: their `main`, taking a token, lists of properties, calls and paged reports, and rows in
//! every format.
//!
//! What Analytics understands is in ga-core; arguments, files and blocking HTTP are in gauth-cli.

use std::process::ExitCode;

use argh::{ArgsInfo, FromArgs};
use gauth_cli::{Context, Failure, Kind, Program};

pub mod analytics;
pub mod download;
pub mod options;
pub mod parquet;
pub mod properties;
pub mod report;
pub mod rows;
pub mod token_argument;
pub mod zone;

mod token;

/// What the man pages and `--help` of all ga-* programs say of the token.
pub const MANUAL: &str = include_str!("../manual.txt");

/// [`gauth_cli::run`], with the codes and hints of ga-core's errors.
pub fn run<A: FromArgs + ArgsInfo>(program: &Program, body: impl FnOnce(A, Context) -> anyhow::Result<()>) -> ExitCode {
    gauth_cli::run(program, |arguments, context| body(arguments, context).map_err(|error| failure(&error).into()))
}

/// What an error says to the user; as [`Failure::of`], but it knows ga-core's errors too.
pub fn failure(error: &anyhow::Error) -> Failure {
    let failure = Failure::of(error);
    match error.chain().find_map(|cause| cause.downcast_ref::<ga_core::Error>()) {
        Some(known) if error.downcast_ref::<Failure>().is_none() => {
            known.hint().into_iter().fold(Failure::new(kind(known), failure.to_string()), Failure::hint)
        }
        _ => failure,
    }
}

fn kind(error: &ga_core::Error) -> Kind {
    match error.kind() {
        ga_core::Kind::Failed => Kind::Failed,
        ga_core::Kind::Usage => Kind::Usage,
        ga_core::Kind::Login => Kind::Login,
        ga_core::Kind::Refused => Kind::Refused,
        ga_core::Kind::Temporary => Kind::Temporary,
        ga_core::Kind::Incomplete => Kind::Incomplete,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn an_error_of_analytics_keeps_its_code_and_hint_below_what_was_being_done() {
        let lost: anyhow::Error = ga_core::Error::Incomplete("two rows are missing".to_owned()).into();
        let failure = failure(&lost.context("property 1"));
        assert_eq!(
            (failure.kind(), failure.to_string().as_str()),
            (Kind::Incomplete, "property 1: two rows are missing")
        );
        let field = ga_core::Error::field("unknown metric").with_hint("did you mean sessions?");
        assert_eq!(super::failure(&field.into()).hints(), ["did you mean sessions?"]);
        let named = Err::<(), _>(ga_core::Error::usage("why")).context(Failure::new(Kind::Login, "what")).unwrap_err();
        assert_eq!(super::failure(&named).kind(), Kind::Login);
    }
}
