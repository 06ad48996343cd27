//! The command line: one table, from which `--help`, the completions and the man page are made.

use std::time::Duration;

use ga_core::catalogue::{self, FieldKind};
use ga_core::check::Method;
use gauth_cli::Failure;
use gauth_cli::completions::Values;

use crate::{conversions, format};

/// The form of v3's response whose rows are objects.
pub(crate) const DATA_TABLE: &str = "dataTable";

ga_client::report_arguments! {
    /// run a Google Analytics report
    pub(crate) struct Arguments {
        /// the old form: a property, first and last day, metrics; each can be an option instead
        #[argh(positional, arg_name = "PROPERTY [START [END [METRICS]]]")]
        pub(crate) words: Vec<String>,
    } then {
        /// first day: YYYY-MM-DD, NdaysAgo, yesterday, today; or YYYY-MM, lastMonth, thisMonth, lastWeek, thisWeek, which set
        /// both ends (default: 28daysAgo)
        #[argh(option, arg_name = "DAY")]
        pub(crate) start: Option<String>,

        /// last day, as above (default: yesterday)
        #[argh(option, arg_name = "DAY")]
        pub(crate) end: Option<String>,

        /// one of up to four date ranges, or a single day, week or month; A.. ends yesterday; excludes --start and
        /// --end
        #[argh(option, arg_name = "[NAME=]A..B")]
        pub(crate) dates: Vec<String>,

        /// add the value of another period and the change to each metric: previous for as many days just before, year for
        /// the same dates a year before, or a date range as --dates has it
        #[argh(option, arg_name = "previous|year|A..B")]
        pub(crate) compare: Option<String>,

        /// report the last minutes instead of days
        #[argh(switch)]
        pub(crate) realtime: bool,

        /// with --realtime: draw the report again every SECS seconds, 1 to 3600, until Ctrl-C
        #[argh(option, arg_name = "SECS", from_str_fn(watch_interval))]
        pub(crate) watch: Option<Duration>,

        /// with --realtime: one of up to two ranges of minutes, such as 4..0 (default: 29..0)
        #[argh(option, arg_name = "[NAME=]A..B")]
        pub(crate) minutes: Vec<String>,

        /// report conversions, with the metrics that only such a report has: all, or IDs of conversions, comma-separated
        #[argh(option, arg_name = "all|IDS")]
        pub(crate) conversions: Vec<String>,

        /// with --conversions: which visits before a conversion get the credit, data-driven or last-click (default: data-driven)
        #[argh(option, arg_name = "MODEL")]
        pub(crate) attribution: Option<String>,

        /// list the users of an audience instead: reuse an export of the last 12 hours or create one, wait until it is made,
        /// and read it
        #[argh(option, arg_name = "ID")]
        pub(crate) audience: Option<String>,

        /// order of the rows, such as -sessions,date; a dash means descending (default: time dimensions, or the first metric
        /// descending; then the other dimensions)
        #[argh(option, arg_name = "NAMES")]
        pub(crate) sort: Vec<String>,

        /// at most N rows per property (default: all)
        #[argh(option, arg_name = "N", from_str_fn(at_least_one))]
        pub(crate) limit: Option<u64>,

        /// skip the first N rows
        #[argh(option, arg_name = "N")]
        pub(crate) offset: Option<u64>,

        /// add a last row with the totals of the whole report, as Analytics computes them
        #[argh(switch)]
        pub(crate) totals: bool,

        /// add a last row with the minimum of each metric
        #[argh(switch)]
        pub(crate) min: bool,

        /// add a last row with the maximum of each metric
        #[argh(switch)]
        pub(crate) max: bool,

        /// an official request body, instead of options; a list of them is a batch
        #[argh(option, arg_name = "FILE|-")]
        pub(crate) request: Option<String>,

        /// the API method for that body, such as runPivotReport or runFunnelReport (default: guessed from the body)
        #[argh(option, arg_name = "NAME")]
        pub(crate) method: Option<String>,

        /// one of VALUES (default: table on a terminal, otherwise csv or as -o says)
        #[argh(option, short = 'f', arg_name = "FORMAT")]
        pub(crate) format: Option<String>,

        /// the table that -f sql fills, NAME or SCHEMA.NAME
        #[argh(option, arg_name = "NAME")]
        pub(crate) table: Option<String>,

        /// header line: api for API names, ui for the names that Analytics shows, or none (default: api; in
        /// html: ui)
        #[argh(option, arg_name = "api|ui|none")]
        pub(crate) header: Option<String>,

        /// write csv for spreadsheets: with a byte-order mark, and no cell that would run as a formula
        #[argh(switch)]
        pub(crate) excel: bool,

        /// the view of an old script: the property with that number, or the one in --map
        #[argh(option, arg_name = "ga:N")]
        pub(crate) ids: Option<String>,

        /// for old scripts: --start
        #[argh(option, arg_name = "DAY")]
        pub(crate) start_date: Option<String>,

        /// for old scripts: --end
        #[argh(option, arg_name = "DAY")]
        pub(crate) end_date: Option<String>,

        /// for old scripts: rows to keep, in v3's grammar only
        #[argh(option, arg_name = "EXPR")]
        pub(crate) filters: Option<String>,

        /// for old scripts: the first row, counted from 1
        #[argh(option, arg_name = "N")]
        pub(crate) start_index: Option<u64>,

        /// for old scripts: --limit
        #[argh(option, arg_name = "N", from_str_fn(at_least_one))]
        pub(crate) max_results: Option<u64>,

        /// refused: GA4 has no segments; the hint names the closest filter
        #[argh(option, arg_name = "SEGMENT")]
        pub(crate) segment: Option<String>,

        /// for old scripts, without effect: GA4 leaves no choice of sampling
        #[argh(option, arg_name = "LEVEL")]
        pub(crate) sampling_level: Option<String>,

        /// for old scripts, ignored
        #[argh(option, arg_name = "MASK")]
        pub(crate) fields: Option<String>,

        /// for old scripts, ignored
        #[argh(option, arg_name = "true|false")]
        pub(crate) pretty_print: Option<String>,

        /// for old scripts, ignored
        #[argh(option, arg_name = "TEXT")]
        pub(crate) quota_user: Option<String>,

        /// for old scripts: true means --keep-empty
        #[argh(option, arg_name = "true|false")]
        pub(crate) include_empty_rows: Option<bool>,

        /// with several properties: report the failure of one, leave out its rows, and exit with code 6 at the end
        #[argh(switch)]
        pub(crate) keep_going: bool,

        /// requests in flight over all properties, 1 to 9, at most 4 of them at one property (default: 4)
        #[argh(option, arg_name = "N")]
        pub(crate) parallel: Option<usize>,

        /// print the quota used and left
        #[argh(switch)]
        pub(crate) quota: bool,

        /// keep at least N quota tokens in reserve: stop before using them
        #[argh(option, arg_name = "N")]
        pub(crate) reserve: Option<u64>,

        /// fail with exit code 6 when data is sampled, withheld or truncated
        #[argh(switch)]
        pub(crate) strict: bool,

        /// send names and numbers as is, unchecked
        #[argh(switch)]
        pub(crate) no_check: bool,

        /// print the request body and send nothing
        #[argh(switch)]
        pub(crate) dry_run: bool,

        /// print a curl command that does the same and send nothing
        #[argh(switch)]
        pub(crate) curl: bool,
    }
}

impl Arguments {
    /// The option that reads standard input instead of a token; there can be only one.
    pub(crate) fn stdin_reader(&self) -> Result<Option<&'static str>, Failure> {
        let mut properties = self.property.iter().chain(self.words.first());
        let readers = [
            (self.request.as_deref() == Some("-"), "--request -"),
            (self.map.as_deref() == Some("-"), "--map -"),
            (properties.any(|text| text == "@-"), "--property @-"),
        ];
        let mut readers = readers.into_iter().filter(|(is_given, _)| *is_given).map(|(_, name)| name);
        let first = readers.next();
        match (first, readers.next()) {
            (Some(one), Some(other)) => {
                Err(Failure::usage(format!("{one} and {other}: only one can read standard input")))
            }
            _ => Ok(first),
        }
    }

    /// Whether the request is printed instead of sent.
    pub(crate) fn is_preview(&self) -> Result<bool, Failure> {
        if self.dry_run && self.curl {
            return Err(Failure::usage("--dry-run and --curl exclude each other"));
        }
        Ok(self.dry_run || self.curl)
    }

    /// Whether answers are to carry what is left of the quota.
    pub(crate) fn shows_quota(&self) -> bool {
        self.quota || self.reserve.is_some() || self.watch.is_some()
    }

    pub(crate) fn keeps_empty_rows(&self) -> bool {
        self.keep_empty || self.include_empty_rows == Some(true)
    }

    /// The form of the response that v3's parameter `output` asks for.
    pub(crate) fn v3_output(&self) -> Option<&'static str> {
        let output = self.output.as_deref().filter(|_| self.is_v3())?;
        ["json", DATA_TABLE].into_iter().find(|form| output.eq_ignore_ascii_case(form))
    }

    /// The file to write to.
    pub(crate) fn file(&self) -> Option<&str> {
        self.output.as_deref().filter(|_| self.v3_output().is_none())
    }

    /// The format by its name, if one was named.
    pub(crate) fn format(&self) -> Option<&str> {
        self.format.as_deref().or_else(|| self.v3_output().map(|_| "v3"))
    }

    /// v3's parameters without effect that were given; refused where nothing else is v3's.
    pub(crate) fn ignored_parameters(&self) -> Result<Vec<&'static str>, Failure> {
        let given = [
            ("--fields", self.fields.is_some()),
            ("--prettyPrint", self.pretty_print.is_some()),
            ("--quotaUser", self.quota_user.is_some()),
        ];
        let given: Vec<_> = given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect();
        match given.first() {
            Some(name) if !self.is_v3() => Err(Failure::usage(format!("{name} is a parameter of Core Reporting v3"))
                .hint("use it with --ids, --start-date, ga: metrics or -f v3")),
            _ => Ok(given),
        }
    }

    /// Whether this is a command line for Core Reporting v3: its rows come in v3's order, and its parameters are v3's.
    pub(crate) fn is_v3(&self) -> bool {
        let mut metrics = self.metrics.iter().chain(self.words.get(3)).flat_map(|names| names.split(','));
        self.ids.is_some()
            || self.start_date.is_some()
            || self.format.as_deref() == Some("v3")
            || metrics.any(|name| name.trim().starts_with("ga:"))
    }
}

fn at_least_one(text: &str) -> Result<u64, String> {
    match text.parse::<i128>() {
        Ok(number) if number < 1 => Err("must be at least 1".to_owned()),
        _ => text.parse().map_err(|error: std::num::ParseIntError| error.to_string()),
    }
}

fn watch_interval(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err("expected a number of seconds from 1 to 3600".to_owned()),
    }
}

/// The values of options.
pub(crate) fn values(name: &str) -> Values {
    let fields = |is_included: &dyn Fn(FieldKind) -> bool| {
        let fields = catalogue::fields().iter().filter(|field| is_included(field.kind) && !field.is_family());
        Values::ListOf(fields.map(|field| field.name).collect())
    };
    match name {
        "--metrics" => fields(&|kind| kind == FieldKind::Metric),
        "--dimensions" => fields(&|kind| kind == FieldKind::Dimension),
        "--sort" => fields(&|_| true),
        "--format" => Values::OneOf(format::names()),
        "--method" => Values::OneOf(Method::names().collect()),
        "--conversions" => Values::OneOf(vec![conversions::ALL]),
        "--attribution" => Values::OneOf(conversions::MODELS.map(|(word, _)| word).to_vec()),
        "--property" => Values::OneOf(vec!["0", "all"]),
        "--compare" => Values::OneOf(vec!["previous", "year"]),
        "--start" | "--end" | "--start-date" | "--end-date" => {
            Values::OneOf(vec!["today", "yesterday", "7daysAgo", "28daysAgo", "90daysAgo"])
        }
        _ => Values::Text,
    }
}
