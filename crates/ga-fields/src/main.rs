//! ga-fields: the dimensions and metrics of reports. The standard ones need no network; those of a property are requested.

mod arguments;
mod known;
mod record;
mod selection;
mod server;
mod translation;

use std::process::ExitCode;
use std::time::Duration;

use ga_client::rows::{FORMATS, TABLE};
use ga_core::catalogue;
use ga_core::metadata::Definition;
use gauth_cli::completions::Values;
use gauth_cli::{Context, Program};

use arguments::Arguments;
use known::Known;
use translation::Translator;

const PROGRAM: Program = Program {
    name: "ga-fields",
    timeout: Some(Duration::from_secs(60)),
    values,
    manual: &[include_str!("../manual.txt"), ga_client::MANUAL],
};

/// A table shows only the first columns.
const IN_TABLE: usize = 6;
const COLUMNS: [&str; 11] = [
    "name",
    "kind",
    "type",
    "reports",
    "category",
    "ui_name",
    "description",
    "former_names",
    "expression",
    "custom",
    "blocked",
];

/// Values that `--help` does not show.
fn values(name: &str) -> Values {
    let fields = || catalogue::fields().iter().filter(|field| !field.is_family()).map(|field| field.name).collect();
    match name {
        "--format" => Values::OneOf(FORMATS.iter().chain([&record::FORMAT]).map(|format| format.name).collect()),
        "--compatible-with" => Values::ListOf(fields()),
        "WORD" => Values::OneOf(fields()),
        _ => Values::Text,
    }
}

fn main() -> ExitCode {
    ga_client::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    let deadline = context.deadline();
    arguments.check()?;
    let mut listing = arguments.options().listing(arguments.format.as_deref(), &[record::FORMAT], deadline)?;
    let mut translator = Translator::new(context.terminal);
    let words = translator.words(&arguments.words)?;
    let known = Known::get(&arguments, &mut translator, deadline, &context)?;
    let (fields, are_named) = selection::select(&known, &words, &mut translator)?;
    if are_named {
        listing.prefer(record::FORMAT);
    }
    let shown = if listing.format() == TABLE.name { IN_TABLE } else { COLUMNS.len() };
    let rows: Vec<Vec<String>> = fields.into_iter().map(|field| row(field).into_iter().take(shown).collect()).collect();
    listing.write(&COLUMNS[..shown], &rows, &context.terminal)
}

fn row(field: &Definition) -> [String; COLUMNS.len()] {
    let reports = [("core", field.core), ("realtime", field.realtime)];
    let reports = reports.into_iter().filter(|(_, is_in)| *is_in);
    let reports: Vec<&str> = reports.map(|(name, _)| name).collect();
    [
        field.name.clone(),
        field.kind.to_string(),
        field.format.clone(),
        reports.join(" "),
        field.category.clone(),
        field.ui_name.clone(),
        field.description.clone(),
        field.former_names.join(" "),
        field.expression.clone(),
        String::from(if field.custom { "custom" } else { "" }),
        field.blocked_reasons.join(" "),
    ]
}
