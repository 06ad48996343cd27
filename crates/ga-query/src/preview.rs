//! What would be sent, without a token or the network: `--dry-run` and `--curl`.

use std::io::Write;

use ga_client::analytics::Service;
use ga_client::zone;
use ga_core::property::{PropertyNumber, Selection};
use ga_core::request;
use gauth_cli::terminal::stdout;
use gauth_cli::{Failure, Terminal};
use gauth_text::quoted;

use crate::arguments::Arguments;
use crate::query::Query;

/// Prints what the arguments ask for.
pub(crate) fn print(
    arguments: &Arguments,
    service: &Service,
    query: &Query,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    if query.needs_today() {
        terminal.note(&zone::machine_note("the property's time zone was not requested"));
    }
    if arguments.curl { curl(service, query) } else { dry_run(&service.data_api, query, terminal) }
}

/// The first requests of each property.
fn requests(base: &str, query: &Query, numbers: &[PropertyNumber]) -> anyhow::Result<Vec<http::Request<Vec<u8>>>> {
    if let Some(users) = &query.users {
        return numbers.iter().map(|number| Ok(users.at(number)?.create(base)?)).collect();
    }
    let bodies = query.first_bodies()?;
    let of_property = |number| bodies.iter().map(move |body| Ok(request::report(base, number, query.method, body)?));
    numbers.iter().flat_map(of_property).collect()
}

/// The properties that are named by their numbers; the others are only known to the server.
fn numbers(selection: &Selection) -> Option<Vec<PropertyNumber>> {
    match selection {
        Selection::One(number) => Some(vec![number.clone()]),
        Selection::List(numbers) => Some(numbers.clone()),
        Selection::First | Selection::All => None,
    }
}

/// Prints the body, which is the same for every property and fit for `--request -`; method and URLs go to stderr.
fn dry_run(base: &str, query: &Query, terminal: &Terminal) -> anyhow::Result<()> {
    let named = numbers(&query.properties);
    let shown = |text: String| if named.is_some() { text } else { text.replace("properties/0", "properties/PROPERTY") };
    let numbers = named.clone().map_or_else(|| Ok::<_, ga_core::Error>(vec![PropertyNumber::parse("0")?]), Ok)?;
    for request in requests(base, query, &numbers)? {
        terminal.note(&format!("{} {}", request.method(), shown(request.uri().to_string())));
    }
    let body = match (&query.users, &numbers[..]) {
        (Some(users), [number, ..]) => users.at(number)?.body()?,
        _ => query.whole_body()?,
    };
    let mut out = stdout();
    writeln!(out, "{}", shown(serde_json::to_string_pretty(&body)?))?;
    Ok(out.finish()?)
}

/// Prints a command line for each request.
fn curl(service: &Service, query: &Query) -> anyhow::Result<()> {
    let Some(numbers) = numbers(&query.properties) else {
        return Err(Failure::usage("--curl needs the number of the property").hint("ga-properties -f id").into());
    };
    let mut out = stdout();
    for request in requests(&service.data_api, query, &numbers)? {
        let project = service.quota_project.as_deref().map_or_else(String::new, |project| {
            format!(" -H {}", quoted(format!("X-Goog-User-Project: {project}").as_bytes()))
        });
        writeln!(
            out,
            "gauth-token --format curl | curl -sS --fail-with-body -K - -H 'Content-Type: application/json'{project} -d {} {}",
            quoted(request.body()),
            quoted(request.uri().to_string().as_bytes())
        )?;
    }
    Ok(out.finish()?)
}
