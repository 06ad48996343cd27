//! What is looked up of each property before its reports are requested: its days and its name.

use std::sync::OnceLock;

use ga_client::analytics::Analytics;
use ga_client::{properties, zone};
use ga_core::property::PropertyNumber;
use gauth_cli::Kind;
use jiff::tz::TimeZone;

use crate::query::Query;
use crate::report::Span;

/// One property of the query.
pub(crate) struct Property {
    pub(crate) number: PropertyNumber,
    facts: OnceLock<Facts>,
}

/// What only the server knows.
#[derive(Default)]
struct Facts {
    /// The property's days, if they depend on its own today.
    span: Option<Span>,
    /// What Analytics calls it, if the format shows that and the Admin API says it.
    name: Option<String>,
    /// Why the days may not be the property's own.
    note: Option<String>,
}

impl Property {
    pub(crate) fn new(number: PropertyNumber) -> Self {
        Self { number, facts: OnceLock::new() }
    }

    /// Asks the server for what only it knows. All of it is known before the first page arrives.
    pub(crate) fn look_up(&self, query: &Query, shows_name: bool, analytics: &Analytics) -> anyhow::Result<()> {
        if self.facts.get().is_some() {
            return Ok(());
        }
        let mut facts = Facts::default();
        if query.needs_today() {
            let zone = match zone::of_property(&self.number, analytics) {
                Ok(Some(zone)) => zone,
                Err(error) if ga_client::failure(&error).kind() == Kind::Login => return Err(error),
                Ok(None) | Err(_) => {
                    let why = format!("property {}: its time zone is not known", self.number);
                    facts.note = Some(zone::machine_note(&why));
                    TimeZone::system()
                }
            };
            facts.span = Some(query.span_on(zone::today(&zone))?);
        }
        if shows_name {
            facts.name = properties::display_name(&self.number, analytics);
        }
        self.facts.get_or_init(|| facts);
        Ok(())
    }

    pub(crate) fn span(&self) -> Option<&Span> {
        self.facts.get()?.span.as_ref()
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.facts.get()?.name.as_deref()
    }

    pub(crate) fn note(&self) -> Option<&str> {
        self.facts.get()?.note.as_deref()
    }
}
