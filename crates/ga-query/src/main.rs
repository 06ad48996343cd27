//! ga-query: runs Google Analytics reports. Rows go to stdout or a file, everything for people to stderr.

mod arguments;
mod audience;
mod columns;
mod conversions;
mod display_names;
mod document;
mod download;
mod findings;
mod format;
mod preview;
mod property;
mod query;
mod report;
mod request_file;
mod resume;
mod rows;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;

use ga_client::analytics::{Analytics, Service};
use ga_client::download::{self as pages, Download, Options, Runtime};
use ga_client::properties;
use ga_client::rows::target::Target;
use ga_client::token_argument::TokenSource;
use gauth_cli::{Context, Program};

use arguments::Arguments;
use audience::{Parting, Wait};
use document::Document;
use download::Run;
use format::Output;
use property::Property;
use query::Query;
use watch::{Screen, Watch};

const PROGRAM: Program = Program {
    name: "ga-query",
    timeout: None,
    values: arguments::values,
    manual: &[include_str!("../manual.txt"), ga_client::MANUAL],
};

fn main() -> ExitCode {
    ga_client::run(&PROGRAM, run)
}

fn run(arguments: Arguments, context: Context) -> anyhow::Result<()> {
    let deadline = context.deadline();
    let terminal = context.terminal;
    let token = arguments.options().token(arguments.stdin_reader()?);
    let query = Query::read(&arguments, &context.given, deadline, &terminal)?;
    let parallel = pages::parallel(arguments.parallel)?;
    let service = Service::find(arguments.options().quota_project)?;
    let output = Output::choose(&arguments, &query)?;
    if arguments.is_preview()? {
        return preview::print(&arguments, &service, &query, &terminal);
    }
    watch::check(&arguments, &output)?;

    let source = TokenSource::choose(&token, true, context.timeout)?;
    let target = Target::open(output.place(), deadline)?;
    let (parting, screen) = (Parting::default(), Screen::default());
    let clean_up = parting.clone().after(screen.clean_up(target.clean_up()), terminal);
    let runtime = Runtime::start(clean_up)?;
    let analytics = Arc::new(Analytics::new(service, source, deadline, terminal)?);
    let numbers = properties::numbers(&query.properties, &analytics)?;
    let properties: Vec<_> = numbers.into_iter().map(|number| Arc::new(Property::new(number))).collect();
    let query = Arc::new(query);
    let wait = Wait { analytics: &analytics, parting: &parting, deadline, shows_quota: arguments.quota };
    let export = query.users.as_ref().map(|users| wait.for_export(users, &properties[0].number)).transpose()?;
    let shows_name = output.format.shows_property_name && !query.properties.is_list();
    let options = Options {
        parallel,
        reserve: arguments.reserve,
        raw: output.format.is_raw(),
        ends_at: match arguments.watch {
            Some(_) => |_| false,
            None if arguments.keep_going => download::ends_all,
            None => |_| true,
        },
    };
    let download = Download::new(runtime, &analytics, options, properties.len())?;
    let jobs = || download::jobs(&query, &properties, shows_name, export.as_deref(), &analytics);
    let start = || jobs().map(|job| download.start(job)).collect();
    let run = Run {
        query: &query,
        properties: &properties,
        arguments: &arguments,
        given: &context.given,
        analytics: &analytics,
        download: &download,
        is_terminal: output.is_terminal,
        names: output.names,
    };
    if let Some(every) = arguments.watch {
        return Watch { run: &run, output, screen: &screen, every, deadline }.run(start);
    }
    let mut document = Document::new(output, target, &arguments, &properties, query.reports.len());
    let result = run.run(start(), &mut document);
    download.end_progress();
    let findings = result?;
    findings.report(&terminal, &arguments)?;
    document.target.commit()?;
    Ok(findings.check()?)
}
