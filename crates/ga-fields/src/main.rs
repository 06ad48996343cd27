//! ga-fields: the dimensions and metrics of reports. The standard ones need no network; those of a property are requested.

mod arguments;
mod columns;
mod known;
mod record;
mod selection;
mod server;
mod translation;

use std::process::ExitCode;
use std::time::Duration;

use ga_client::rows::TABLE;
use gauth_cli::{Context, Program};

use arguments::Arguments;
use known::Known;
use translation::Translator;

const PROGRAM: Program = Program {
    name: "ga-fields",
    timeout: Some(Duration::from_secs(60)),
    values: arguments::values,
    manual: &[include_str!("../manual.txt"), ga_client::MANUAL],
};

fn main() -> ExitCode {
    ga_client::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    let deadline = context.deadline();
    arguments.check(&context.given)?;
    let mut listing = arguments.options().listing(arguments.format.as_deref(), &[record::FORMAT], deadline)?;
    if arguments.conversion_actions {
        let actions = known::conversion_actions(&arguments, deadline, &context)?;
        let rows: Vec<_> = actions.iter().map(columns::of_action).collect();
        return listing.write(&columns::OF_ACTIONS, &rows, &context.terminal);
    }
    let mut translator = Translator::new(context.terminal);
    let words = translator.words(&arguments.words)?;
    let known = Known::get(&arguments, &mut translator, deadline, &context)?;
    let (fields, are_named) = selection::select(&known, &words, &mut translator)?;
    if are_named {
        listing.prefer(record::FORMAT);
    }
    let shown = if listing.format() == TABLE.name { columns::IN_TABLE } else { columns::NAMES.len() };
    let rows: Vec<_> = fields.into_iter().map(|field| columns::row(field)[..shown].to_vec()).collect();
    listing.write(&columns::NAMES[..shown], &rows, &context.terminal)
}
