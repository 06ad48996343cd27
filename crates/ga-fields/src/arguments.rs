//! The command line: one table, from which `--help`, the completions and the man page are made.

use ga_client::rows;
use ga_core::catalogue;
use gauth_cli::completions::Values;
use gauth_cli::{Failure, Given};

use crate::record;

ga_client::arguments! {
    /// list, search and describe the dimensions and metrics of Google Analytics
    pub(crate) struct Arguments {
        /// names to describe, or words to search for in names, former names and categories (all must occur)
        #[argh(positional, arg_name = "WORD")]
        pub(crate) words: Vec<String>,

        /// list the fields of this property, custom ones included: digits, properties/DIGITS, or 0 for the first one the token can see (default: GA_PROPERTY)
        #[argh(option, short = 'p', arg_name = "ID")]
        pub(crate) property: Option<String>,

        /// only fields that can be added to a report of these, as the property says
        #[argh(option, arg_name = "NAMES")]
        pub(crate) compatible_with: Vec<String>,

        /// only dimensions
        #[argh(switch)]
        pub(crate) dimensions: bool,

        /// only metrics
        #[argh(switch)]
        pub(crate) metrics: bool,

        /// only custom fields; without a property, the prefixes of their names
        #[argh(switch)]
        pub(crate) custom: bool,

        /// only fields of realtime reports
        #[argh(switch)]
        pub(crate) realtime: bool,

        /// only fields of conversion reports
        #[argh(switch)]
        pub(crate) conversions: bool,

        /// list the conversions of the property instead, for ga-query --conversions
        #[argh(switch)]
        pub(crate) conversion_actions: bool,

        /// one of VALUES; record is a block of lines for each field (default: on a terminal record for names and table for words, otherwise csv or as -o says)
        #[argh(option, short = 'f', arg_name = "FORMAT")]
        pub(crate) format: Option<String>,
    }
}

impl Arguments {
    /// Refuses options that cannot be combined.
    pub(crate) fn check(&self, given: &Given) -> Result<(), Failure> {
        for (name, is_given) in [("--realtime", self.realtime), ("--conversions", self.conversions)] {
            if is_given && !self.compatible_with.is_empty() {
                return Err(Failure::usage(format!(
                    "{name} and --compatible-with cannot be combined: only core reports can be checked"
                )));
            }
        }
        let of_fields = ["--compatible-with", "--dimensions", "--metrics", "--custom", "--realtime", "--conversions"];
        if self.conversion_actions && !self.words.is_empty() {
            return Err(Failure::usage("--conversion-actions lists no fields: leave out the words"));
        }
        given.refuse_pairs(&of_fields.map(|option| ("--conversion-actions", option)))?;
        given.refuse_pairs(&[("--dimensions", "--metrics")])
    }
}

/// The values of options and arguments that `--help` does not show.
pub(crate) fn values(name: &str) -> Values {
    let fields = || catalogue::fields().iter().filter(|field| !field.is_family()).map(|field| field.name).collect();
    match name {
        "--format" => rows::names(&[record::FORMAT]),
        "--compatible-with" => Values::ListOf(fields()),
        "WORD" => Values::OneOf(fields()),
        _ => Values::Text,
    }
}
