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
use ga_client::token_argument::TokenSource;
use ga_client::{properties, zone};
use ga_core::property::{PropertyNumber, Selection};
use gauth_cli::{Context, Failure, Program};

use arguments::Arguments;
use days::Period;
use query::Query;
use sync::Sync;
use table::{Name, Table};
use target::{Place, Target};

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
    let place = Place::parse(required("--into", &arguments.into, "a file, a folder or postgres:")?)?;
    let name = Name::parse(required("--table", &arguments.table, "--table NAME")?)?;
    let period = Period::read(&arguments)?;
    if arguments.status {
        return print_status(&arguments, &place, &name, &period, &context);
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
        return print_preview(&arguments, &place, &table, &numbers, &period, &context);
    }
    let runtime = Runtime::start(None)?;
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

fn required<'a>(option: &str, value: &'a Option<String>, expected: &str) -> Result<&'a str, Failure> {
    value.as_deref().ok_or_else(|| Failure::usage(format!("{option} is missing: expected {expected}")))
}

fn print_status(
    arguments: &Arguments,
    place: &Place,
    name: &Name,
    period: &Period,
    context: &Context,
) -> anyhow::Result<()> {
    let listing = arguments.options().listing(arguments.format.as_deref(), &[], context.deadline())?;
    let texts: Vec<_> = arguments.property.iter().map(String::as_str).collect();
    let selection = if texts.is_empty() { None } else { properties::read("--property", &texts, context.deadline())? };
    if selection == Some(Selection::First) {
        return Err(Failure::usage("--status: name properties by their numbers, or leave -p out").into());
    }
    let numbers = selection.as_ref().and_then(listing::numbers);
    let Some(notes) = place.look(name, None)? else {
        return Err(Failure::usage(format!("--status: ga-sync has not made a table {} there", name.table)).into());
    };
    let rows = listing::status(&notes, numbers.as_deref(), period)?;
    listing.write(&listing::STATUS, &rows, &context.terminal)
}

fn print_preview(
    arguments: &Arguments,
    place: &Place,
    table: &Table,
    numbers: &[PropertyNumber],
    period: &Period,
    context: &Context,
) -> anyhow::Result<()> {
    let listing = arguments.options().listing(arguments.format.as_deref(), &[], context.deadline())?;
    let notes = place.look(&table.name, Some(table))?.unwrap_or_default();
    context.terminal.note(&zone::machine_note("time zones of properties were not requested"));
    let rows = listing::preview(&notes, numbers, period)?;
    listing.write(&listing::PREVIEW, &rows, &context.terminal)
}
