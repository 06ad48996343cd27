//! What is typed: one table, from which `--help`, the completions and the man page's check are made.

use argh::{ArgsInfo, FromArgs};
use gauth_cli::Failure;

/// list, search and describe dimensions and metrics
#[derive(FromArgs, ArgsInfo)]
pub(crate) struct Arguments {
    /// names to describe, or words that must all occur in a name, former name or category
    #[argh(positional, arg_name = "WORD")]
    pub(crate) words: Vec<String>,

    /// ask for the fields of this property, custom ones included: digits, properties/DIGITS, or 0 for the first one the token can see; GA_PROPERTY by default
    #[argh(option, short = 'p', arg_name = "ID")]
    pub(crate) property: Option<String>,

    /// only what can join a report of these fields; asks the property
    #[argh(option, arg_name = "NAMES")]
    pub(crate) compatible_with: Vec<String>,

    /// only dimensions
    #[argh(switch)]
    pub(crate) dimensions: bool,

    /// only metrics
    #[argh(switch)]
    pub(crate) metrics: bool,

    /// only what the owner of the property has made; without a property, how such names begin
    #[argh(switch)]
    pub(crate) custom: bool,

    /// only what realtime reports have
    #[argh(switch)]
    pub(crate) realtime: bool,

    /// one of VALUES; record is a block of lines for each field; default: on a terminal record for names and table for words, else csv or what -o says
    #[argh(option, short = 'f', arg_name = "FORMAT")]
    pub(crate) format: Option<String>,

    /// write to a file, which appears when it is complete
    #[argh(option, short = 'o', arg_name = "FILE")]
    pub(crate) output: Option<String>,

    /// the access token, or - for standard input
    #[argh(option, arg_name = "TOKEN|-")]
    pub(crate) token: Option<String>,

    /// a command that prints the access token
    #[argh(option, arg_name = "COMMAND")]
    pub(crate) token_command: Option<String>,

    /// the Cloud project that the quota of the API is taken from
    #[argh(option, arg_name = "ID")]
    pub(crate) quota_project: Option<String>,
}

impl Arguments {
    /// Refuses switches that exclude each other.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.dimensions && self.metrics {
            return Err(Failure::usage("--dimensions and --metrics cannot be combined"));
        }
        if self.realtime && !self.compatible_with.is_empty() {
            return Err(Failure::usage(
                "--realtime and --compatible-with cannot be combined: only core reports can be checked",
            ));
        }
        Ok(())
    }
}
