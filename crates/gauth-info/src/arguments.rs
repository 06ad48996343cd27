//! The command line: one table, from which `--help`, the completions and the man page are made.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use gauth_cli::{Failure, Given};
use gauth_core::conversion::Dialect;

use crate::report::Format;

/// report what a credentials file or a token is: kind, identity, scopes, expiry
#[derive(FromArgs, ArgsInfo)]
pub(crate) struct Arguments {
    /// credentials file or OAuth client; - is standard input; default: the credentials that gauth-token would use
    #[argh(positional)]
    pub(crate) file: Option<PathBuf>,

    /// profile to report on
    #[argh(option, arg_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// list the profiles and the default file: name, identity, scopes, age
    #[argh(switch)]
    pub(crate) list: bool,

    /// report on this token instead; - reads it from standard input
    #[argh(option, arg_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// get one token with the credentials and report whether that works
    #[argh(switch)]
    pub(crate) check: bool,

    /// text (default) or json
    #[argh(option, arg_name = "text|json")]
    pub(crate) format: Option<Format>,

    /// write the user's grant in the format of another tool: authorized_user or google-auth
    #[argh(option, arg_name = "authorized_user|google-auth")]
    pub(crate) convert: Option<Dialect>,

    /// where to write the converted grant, with mode 0600; default: standard output
    #[argh(option, short = 'o', arg_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl Arguments {
    /// Refuses options that cannot be combined.
    pub(crate) fn check_mix(&self, given: &Given) -> Result<(), Failure> {
        if self.output.is_some() && self.convert.is_none() {
            return Err(Failure::usage("--output requires --convert"));
        }
        given.refuse_pairs(&[
            ("--token", "FILE"),
            ("--token", "--profile"),
            ("FILE", "--profile"),
            ("--list", "FILE"),
            ("--list", "--profile"),
            ("--list", "--token"),
            ("--list", "--check"),
            ("--list", "--convert"),
            ("--token", "--check"),
            ("--token", "--convert"),
            ("--convert", "--check"),
            ("--convert", "--format"),
        ])
    }
}
