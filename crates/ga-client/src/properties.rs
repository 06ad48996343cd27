//! Which properties a command is about: reading the list, finding those that only the server knows, and why one refuses.
//! <https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1beta/accountSummaries/list>

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ga_core::account::{AccountSummary, listed};
use ga_core::property::{PropertyNumber, Selection};
use gauth_cli::files::{self, shown};
use gauth_cli::{Failure, Kind, environment};
use gauth_text::counted;

use crate::analytics::Analytics;

/// A hint or a name is not worth a longer wait.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many properties of an account a hint names.
const NAMED: usize = 5;
/// The longest file that is read.
const FILE_LIMIT: usize = 16 << 20;

/// Reads the list that `texts` hold, or else that of GA_PROPERTY; `None` without either. `@FILE` is read, too, until
/// `deadline`. `option` names where the texts come from.
///
/// # Errors
/// What is not a list of properties, as a usage error.
pub fn read(option: &str, texts: &[&str], deadline: Option<Instant>) -> anyhow::Result<Option<Selection>> {
    let variable;
    let (source, texts) = match texts {
        [] => {
            variable = environment::text("GA_PROPERTY")?;
            ("GA_PROPERTY", variable.as_deref().into_iter().collect())
        }
        texts => (option, texts.to_vec()),
    };
    if texts.is_empty() {
        return Ok(None);
    }
    if let [text] = texts[..]
        && let Some(path) = text.strip_prefix('@')
    {
        let text = text_of(path, source, deadline)?;
        let selection = Selection::parse_file(&text);
        return selection.with_context(|| format!("{source}: cannot read {}", shown(Path::new(path)))).map(Some);
    }
    if texts.iter().all(|text| text.trim().is_empty()) {
        return Err(Failure::usage(format!("{source}: no property was named"))
            .hint("if it comes from a command, $(…), run that by itself: it printed nothing")
            .into());
    }
    Ok(Some(Selection::parse(texts)?))
}

/// What to say when a property is needed and none was named.
pub fn missing(message: &str) -> Failure {
    Failure::usage(message).hint("add -p NUMBER, or -p 0 for the first property; run ga-properties to list them")
}

/// The text of a file, or of standard input for `-`, which is read until `deadline`; `option` names where the path comes from.
///
/// # Errors
/// A file that cannot be read or is not UTF-8, as a usage error.
pub fn text_of(path: &str, option: &str, deadline: Option<Instant>) -> anyhow::Result<String> {
    let bytes = files::read_given(Path::new(path), FILE_LIMIT, deadline).with_context(|| option.to_owned())?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{option}: {} is not UTF-8", shown(Path::new(path)))))?;
    // Windows editors put a byte-order mark in front.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The numbers of the selected properties, in order. What only the server knows is reported on stderr.
///
/// # Errors
/// As [`Analytics::call`]; a token that can see no property is refused.
pub fn numbers(selection: &Selection, analytics: &Analytics) -> anyhow::Result<Vec<PropertyNumber>> {
    match selection {
        Selection::One(number) => Ok(vec![number.clone()]),
        Selection::List(numbers) => Ok(numbers.clone()),
        Selection::First => first(analytics).context("cannot find the first property"),
        Selection::All => all(analytics).context("cannot list the properties"),
    }
}

fn first(analytics: &Analytics) -> anyhow::Result<Vec<PropertyNumber>> {
    for page in analytics.accounts(None) {
        if let Some((number, summary)) = listed(&page?.account_summaries)?.into_iter().find_map(|one| one.property) {
            analytics.terminal.note(&format!("property {number}: {}", summary.display_name));
            return Ok(vec![number]);
        }
    }
    Err(none_visible().into())
}

fn all(analytics: &Analytics) -> anyhow::Result<Vec<PropertyNumber>> {
    let mut numbers = Vec::new();
    let mut derived = 0;
    for page in analytics.accounts(None) {
        for (number, summary) in listed(&page?.account_summaries)?.into_iter().filter_map(|one| one.property) {
            // A property may be listed under two accounts.
            if !numbers.contains(&number) {
                derived += usize::from(matches!(&*summary.kind(), "rollup" | "subproperty"));
                numbers.push(number);
            }
        }
    }
    let note = match (numbers.len(), derived) {
        (0, _) => return Err(none_visible().into()),
        (1, 0) => "all: 1 property".to_owned(),
        (count, 0) => format!("all: {} properties", counted(count)),
        (count, derived) => format!(
            "all: {} properties, of which {} are roll-ups or subproperties, whose data is in others, too",
            counted(count),
            counted(derived)
        ),
    };
    analytics.terminal.note(&note);
    Ok(numbers)
}

fn none_visible() -> Failure {
    Failure::new(Kind::Refused, "no property is visible to this token")
        .hint("give the account a role at a property in Analytics (Admin, Property access management)")
}

/// The display name of a property; `None` if the Admin API refuses or does not list it.
pub fn display_name(property: &PropertyNumber, analytics: &Analytics) -> Option<String> {
    for page in analytics.accounts(Some(PATIENCE)) {
        let page = page.ok()?;
        let mut properties = listed(&page.account_summaries).ok()?.into_iter().filter_map(|one| one.property);
        if let Some((_, summary)) = properties.find(|(number, _)| number == property) {
            return Some(summary.display_name.clone());
        }
    }
    None
}

/// The same error, with what the list of accounts says about a property that refuses its data.
pub fn explained(error: anyhow::Error, property: &PropertyNumber, analytics: &Analytics) -> anyhow::Error {
    if !error.downcast_ref::<ga_core::Error>().is_some_and(ga_core::Error::is_about_property) {
        return error;
    }
    match remedy(property, analytics) {
        Some(remedy) => {
            let failure = crate::failure(&error);
            Failure::new(failure.kind(), failure.to_string()).hint(remedy).into()
        }
        None => error,
    }
}

fn remedy(property: &PropertyNumber, analytics: &Analytics) -> Option<String> {
    for page in analytics.accounts(Some(PATIENCE)) {
        let page = page.ok()?;
        for one in listed(&page.account_summaries).ok()? {
            if one.property.as_ref().is_some_and(|(number, _)| number == property) {
                return Some(format!(
                    "property {property} is listed for this account, but its data takes a role there: ask its \
                     administrator for Viewer (Analytics, Admin, Property access management)"
                ));
            }
            if one.account.number() == property.as_str() {
                return Some(account_hint(property, one.account));
            }
        }
    }
    None
}

fn account_hint(number: &PropertyNumber, account: &AccountSummary) -> String {
    let properties = &account.property_summaries;
    let names = properties.iter().take(NAMED).filter_map(|one| PropertyNumber::parse(&one.property).ok());
    let names: Vec<String> = names.map(|number| number.to_string()).collect();
    match &names[..] {
        [] => format!("{number} is an account without a property that this token can see"),
        [first, ..] => {
            let more = if properties.len() > NAMED { ", …" } else { "" };
            format!("{number} is an account: name one of its properties, -p {first} ({}{more})", names.join(", "))
        }
    }
}
