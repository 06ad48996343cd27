//! What stands above a report that people read: what is reported, of which property, and when.

use ga_client::rows::Role;
use gauth_cli::terminal::sanitise;

use super::days::Days;
use super::{Column, Layout, Start};

pub(super) struct Heading {
    /// `Sessions and Total users by country`.
    pub(super) title: String,
    /// Its display name and number; `None` with several, which a column names.
    pub(super) property: Option<String>,
    /// The days, and their zone.
    pub(super) period: Vec<String>,
}

impl Heading {
    pub(super) fn of(layout: &Layout, start: &Start<'_>, days: &Days) -> Self {
        let number = &start.property.number;
        let has_property_column = layout.columns.iter().any(|column| column.name == "property");
        let name = start.property.name().map(|name| format!("{} ({number})", sanitise(name)));
        let name = name.unwrap_or_else(|| format!("property {number}"));
        let span = match days.text() {
            text if text.is_empty() && start.arguments.realtime => "the last 30 minutes".to_owned(),
            text => text,
        };
        let period = [Some(span), days.zone.clone()].into_iter().flatten().filter(|text| !text.is_empty());
        Self { title: title(layout), property: (!has_property_column).then_some(name), period: period.collect() }
    }
}

fn title(layout: &Layout) -> String {
    let of_kind = |is_metric| layout.columns.iter().filter(move |c| c.is_metric == is_metric && c.role == Role::Value);
    let metrics: Vec<String> = of_kind(true).map(|column| sanitise(&column.heading)).collect();
    if metrics.is_empty() {
        return listed(&of_kind(false).map(|column| sanitise(&column.heading)).collect::<Vec<_>>(), "dimensions");
    }
    let dimensions: Vec<String> = of_kind(false).map(|column| sanitise(&within_a_line(column))).collect();
    let by = if dimensions.is_empty() { "" } else { " by " };
    format!("{}{by}{}", listed(&metrics, "metrics"), listed(&dimensions, "dimensions"))
}

/// A name in words, as it is written within a line: `Page title` as `page title`, but `URL` as it is.
fn within_a_line(column: &Column) -> String {
    let mut letters = column.heading.chars();
    match letters.next() {
        Some(first) if column.heading != column.name && letters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => column.heading.clone(),
    }
}

/// `a, b and c`; of many, the first two and the number of the others.
fn listed(names: &[String], kind: &str) -> String {
    match names {
        [first, second, rest @ ..] if rest.len() > 1 => format!("{first}, {second} and {} more {kind}", rest.len()),
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        names => names.concat(),
    }
}
