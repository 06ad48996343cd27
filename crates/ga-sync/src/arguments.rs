//! The command line: one table, from which `--help`, the completions and the man page are made.

use ga_core::catalogue::{self, FieldKind};
use gauth_cli::Failure;
use gauth_cli::completions::Values;

use crate::table::Name;
use crate::target::Place;

/// The formats of `--status` and `--dry-run`.
const FORMATS: [&str; 3] = ["table", "csv", "json"];

ga_client::report_arguments! {
    /// keep a table of Google Analytics reports up to date
    pub(crate) struct Arguments {
        /// where the table is: an SQLite file, postgres://… (or postgres: alone, then PGHOST and its like), or a folder of
        /// Parquet files, ending in /
        #[argh(option, arg_name = "TARGET")]
        pub(crate) into: Option<String>,

        /// the table's name: letters, digits and _; in PostgreSQL with a SCHEMA. before it, if needed
        #[argh(option, arg_name = "NAME")]
        pub(crate) table: Option<String>,
    } then {
        /// rows to keep, in the grammar of Core Reporting v3
        #[argh(option, arg_name = "EXPR")]
        pub(crate) filters: Vec<String>,

        /// first day: YYYY-MM-DD, NdaysAgo or yesterday (default: the first stored day, or 28daysAgo)
        #[argh(option, arg_name = "DAY")]
        pub(crate) first: Option<String>,

        /// last day, as above (default: yesterday)
        #[argh(option, arg_name = "DAY")]
        pub(crate) last: Option<String>,

        /// fetch a stored day again until N days after its end, since Analytics still changes it (default: 3)
        #[argh(option, arg_name = "N")]
        pub(crate) look_back: Option<u16>,

        /// add columns for new metrics to the table; NULL for the days stored so far
        #[argh(switch)]
        pub(crate) add_columns: bool,

        /// requests in flight, 1 to 9 (default: 4)
        #[argh(option, arg_name = "N")]
        pub(crate) parallel: Option<usize>,

        /// keep at least N tokens of each property's quota in reserve: leave the rest to the next run
        #[argh(option, arg_name = "N")]
        pub(crate) reserve: Option<u64>,

        /// print for each property how many days would be fetched, and change nothing
        #[argh(switch)]
        pub(crate) dry_run: bool,

        /// print for each property which days are stored, how many are missing, and the last error
        #[argh(switch)]
        pub(crate) status: bool,

        /// with --status or --dry-run: table, csv or json (default: table on a terminal, otherwise csv or as -o says)
        #[argh(option, short = 'f', arg_name = "table|csv|json")]
        pub(crate) format: Option<String>,
    }
}

impl Arguments {
    /// The option that reads standard input instead of a token; there can be only one.
    pub(crate) fn stdin_reader(&self) -> Result<Option<&'static str>, Failure> {
        let reads_map = self.map.as_deref() == Some("-");
        match (reads_map, self.property.iter().any(|text| text == "@-")) {
            (true, true) => Err(Failure::usage("--map - and --property @-: only one can read standard input")),
            (true, false) => Ok(Some("--map -")),
            (false, true) => Ok(Some("--property @-")),
            (false, false) => Ok(None),
        }
    }

    /// Where the table is.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        Place::parse(required("--into", &self.into, "a file, a folder or postgres:")?)
    }

    /// The name of the table.
    pub(crate) fn table_name(&self) -> Result<Name, Failure> {
        Name::parse(required("--table", &self.table, "--table NAME")?)
    }

    /// Refuses options that cannot be combined.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.status && self.dry_run {
            return Err(Failure::usage("--status and --dry-run exclude each other"));
        }
        let prints = self.status || self.dry_run;
        for (name, is_given) in [("-f", self.format.is_some()), ("-o", self.output.is_some())] {
            if is_given && !prints {
                return Err(Failure::usage(format!("{name} goes with --status or --dry-run: a sync prints nothing")));
            }
        }
        match &self.format {
            Some(format) if !FORMATS.contains(&&**format) => {
                let known = FORMATS.join(", ");
                Err(Failure::usage(format!("--format: expected one of {known}, got {:?}", gauth_text::Typed(format))))
            }
            _ => Ok(()),
        }
    }
}

fn required<'a>(option: &str, value: &'a Option<String>, expected: &str) -> Result<&'a str, Failure> {
    value.as_deref().ok_or_else(|| Failure::usage(format!("{option} is missing: expected {expected}")))
}

/// The values of options.
pub(crate) fn values(name: &str) -> Values {
    let fields = |kind: FieldKind| {
        let fields = catalogue::fields().iter().filter(|field| field.kind == kind && !field.is_family());
        Values::ListOf(fields.map(|field| field.name).collect())
    };
    match name {
        "--metrics" => fields(FieldKind::Metric),
        "--dimensions" => fields(FieldKind::Dimension),
        "--format" => Values::OneOf(FORMATS.to_vec()),
        "--property" => Values::OneOf(vec!["0", "all"]),
        _ => Values::Text,
    }
}
