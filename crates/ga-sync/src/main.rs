//! ga-sync: keeps a table of reports up to date, one row of notes for each property and day. Nothing goes to stdout but what
//! `--status` and `--dry-run` print.

mod arguments;
mod columns;
mod days;
mod listing;
mod outcome;
mod query;
mod report;
mod sync;
mod table;
mod target;

use std::process::ExitCode;

use ga_client::analytics::Analytics;
use ga_client::download::{self, Download, Runtime};
use ga_client::properties;
use ga_client::token_argument::TokenSource;
use gauth_cli::{Context, Program};

use arguments::Arguments;
use days::Period;
use query::Query;
use sync::Sync;
use table::Table;
use target::Target;

const PROGRAM: Program = Program {
    name: "ga-sync",
    timeout: None,
    values: arguments::values,
    manual: &[include_str!("../manual.txt"), ga_client::MANUAL],
};

fn main() -> ExitCode {
    ga_client::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    if let Some(into) = &arguments.into {
        target::hide_password(into, &context.terminal);
    }
    arguments.check()?;
    let deadline = context.deadline();
    let token = arguments.options().token(arguments.stdin_reader()?);
    let place = arguments.place()?;
    let name = arguments.table_name()?;
    let period = Period::read(&arguments)?;
    if arguments.status {
        return listing::print_status(&arguments, &place, &name, &period, &context);
    }
    let query = Query::read(&arguments, deadline)?;
    let table = Table::new(name, &query.request, arguments.add_columns)?;
    let texts: Vec<_> = arguments.property.iter().map(String::as_str).collect();
    let selection = properties::read("--property", &texts, deadline)?;
    let selection = selection.ok_or_else(|| properties::missing("no property was named"))?;
    let parallel = download::parallel(arguments.parallel)?;

    // The names that the server chose are no news every night.
    let quiet = context.terminal.quieted();
    let connect = || -> anyhow::Result<Analytics> {
        let source = TokenSource::choose_or_run_gauth_token(&token, context.timeout)?;
        arguments.options().analytics(source, deadline, &Context { terminal: quiet, ..context.clone() })
    };
    if arguments.dry_run {
        let numbers = match listing::numbers(&selection) {
            Some(numbers) => numbers,
            None => properties::numbers(&selection, &connect()?)?,
        };
        return listing::print_preview(&arguments, &place, &table, &numbers, &period, &context);
    }
    let runtime = Runtime::start(|| ())?;
    let analytics = connect()?;
    let target = Target::open(&place, &table, &context.terminal)?;
    if target.is_new() {
        query.notes.iter().for_each(|note| context.terminal.note(note));
    }
    let numbers = properties::numbers(&selection, &analytics)?;
    // What a failure ends is decided with what is stored.
    let options = download::Options { parallel, reserve: arguments.reserve, raw: false, ends_at: |_| false };
    let download = Download::new(runtime, &analytics, options, usize::MAX)?;
    let sync = Sync {
        query: &query,
        table: &table,
        period: &period,
        target: &target,
        analytics: &analytics,
        download: &download,
        deadline,
    };
    sync.run(&numbers, parallel, context.terminal)
}
