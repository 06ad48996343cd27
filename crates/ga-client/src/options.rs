//! The options that all ga-* programs share, with their help.
//!
//! argh cannot include one struct in another, so [`arguments!`](crate::arguments) adds the fields to the program's own.

use std::time::Instant;

use gauth_cli::{Context, Failure};

use crate::analytics::{Analytics, Service};
use crate::rows::Format;
use crate::rows::listing::{Listing, Requested};
use crate::token_argument::{TokenArgument, TokenSource};

/// The shared options as given.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// `-o`
    pub output: Option<&'a str>,
    /// `--token`
    pub token: Option<&'a str>,
    /// `--token-command`
    pub token_command: Option<&'a str>,
    /// `--quota-project`
    pub quota_project: Option<&'a str>,
}

impl<'a> Options<'a> {
    /// Where the token comes from; `stdin_reader` is what else reads standard input.
    pub fn token(&self, stdin_reader: Option<&'a str>) -> TokenArgument<'a> {
        TokenArgument { token: self.token, command: self.token_command, stdin_reader }
    }

    /// The output for rows that are all known before the first is written, in the `format` of `-f`.
    ///
    /// # Errors
    /// As [`Listing::open`].
    pub fn listing(&self, format: Option<&str>, own: &[Format], deadline: Option<Instant>) -> Result<Listing, Failure> {
        Listing::open(Requested { format, output: self.output }, own, deadline)
    }

    /// The APIs, with a token of `source`.
    ///
    /// # Errors
    /// As [`Service::find`] and [`Analytics::new`].
    pub fn analytics(
        &self,
        source: TokenSource,
        deadline: Option<Instant>,
        context: &Context,
    ) -> anyhow::Result<Analytics> {
        Analytics::new(Service::find(self.quota_project)?, source, deadline, context.terminal)
    }
}

/// Declares the arguments of a ga-* program for argh: its own, and after them the shared ones, which
/// `options()` returns.
#[macro_export]
macro_rules! arguments {
    ($(#[$($attribute:tt)*])* $visibility:vis struct $name:ident { $($own:tt)* }) => {
        $(#[$($attribute)*])*
        #[derive(argh::FromArgs, argh::ArgsInfo)]
        $visibility struct $name {
            $($own)*

            /// write to a file, which appears only when it is complete
            #[argh(option, short = 'o', arg_name = "FILE")]
            output: Option<String>,

            /// the access token, or - for standard input
            #[argh(option, arg_name = "TOKEN|-")]
            token: Option<String>,

            /// a command that prints the access token; run again when the token expires
            #[argh(option, arg_name = "COMMAND")]
            token_command: Option<String>,

            /// the Cloud project whose API quota is used
            #[argh(option, arg_name = "ID")]
            quota_project: Option<String>,
        }

        impl $name {
            /// The options that all ga-* programs share.
            $visibility fn options(&self) -> $crate::options::Options<'_> {
                $crate::options::Options {
                    output: self.output.as_deref(),
                    token: self.token.as_deref(),
                    token_command: self.token_command.as_deref(),
                    quota_project: self.quota_project.as_deref(),
                }
            }
        }
    };
}

/// Declares the arguments of a ga-* program that requests reports: the `first` of its own, those of a report, its other
/// ones, and those of [`arguments!`](crate::arguments).
#[macro_export]
macro_rules! report_arguments {
    (
        $(#[$($attribute:tt)*])* $visibility:vis struct $name:ident { $($first:tt)* } then { $($own:tt)* }
    ) => {
        $crate::arguments! {
            $(#[$($attribute)*])*
            $visibility struct $name {
                $($first)*

                /// digits or properties/DIGITS, comma-separated; 0 for the first one the token can see, all for every one,
                /// @FILE for a list in a file (@-: standard input) (default: GA_PROPERTY)
                #[argh(option, short = 'p', arg_name = "IDS")]
                $visibility property: Vec<String>,

                /// metrics, comma-separated, such as sessions,totalUsers
                #[argh(option, short = 'm', arg_name = "NAMES")]
                $visibility metrics: Vec<String>,

                /// dimensions, comma-separated, such as country,pagePath
                #[argh(option, short = 'd', arg_name = "NAMES")]
                $visibility dimensions: Vec<String>,

                /// rows to keep, such as 'country==France and sessions>10'; if repeated, all must match
                #[argh(option, arg_name = "EXPR")]
                $visibility filter: Vec<String>,

                /// include rows whose metrics are all zero
                #[argh(switch)]
                $visibility keep_empty: bool,

                /// currency of amounts of money, such as EUR (default: the property's own)
                #[argh(option, arg_name = "CODE")]
                $visibility currency: Option<String>,

                /// what replaces goals, custom dimensions and views of Universal Analytics, one NAME = VALUE per line
                #[argh(option, arg_name = "FILE")]
                $visibility map: Option<String>,

                $($own)*
            }
        }
    };
}
