//! What there is to report beside the rows: quality and quota, and the properties that failed.

use std::sync::Arc;

use ga_client::download::Piece;
use ga_core::compare::Periods;
use ga_core::property::PropertyNumber;
use ga_core::quality::{Consumption, Note, Quality};
use gauth_cli::{Failure, Kind, Terminal};
use gauth_text::counted;

use crate::arguments::Arguments;
use crate::property::Property;

/// What the answers said beside their rows.
#[derive(Default)]
pub(crate) struct Findings {
    consumption: Consumption,
    /// A line for each thing to know, and whether data was lost.
    notes: Vec<(String, bool)>,
    /// The number of properties.
    properties: usize,
    /// Those that failed, with `--keep-going`.
    failed: Vec<PropertyNumber>,
    first_failure: Option<anyhow::Error>,
}

impl Findings {
    /// Nothing yet, of this number of properties.
    pub(crate) fn of(properties: usize) -> Self {
        Self { properties, ..Self::default() }
    }

    /// Adds the quota that a page used.
    pub(crate) fn add_quota(&mut self, piece: &Piece) {
        if let Piece::Page(fetched) = piece
            && let Some(quota) = &fetched.page.head.property_quota
        {
            self.consumption.add(quota);
        }
    }

    /// The quota that the run used.
    pub(crate) fn consumption(&self) -> &Consumption {
        &self.consumption
    }

    /// Adds what is to be known about the data of a property, with its number if it `is_named`: that of its only period, or
    /// of the two that are compared.
    pub(crate) fn add_quality(
        &mut self,
        quality: &[Quality; 2],
        periods: Option<&Periods>,
        property: &Property,
        is_named: bool,
    ) {
        self.notes.extend(property.note().map(|note| (note.to_owned(), false)));
        let of_property = if is_named { format!("property {}: ", property.number) } else { String::new() };
        let days = periods.map(|periods| [periods.own, periods.other]);
        let is_in_both = |note: &Note| quality.iter().all(|quality| quality.notes().contains(note));
        for (place, quality) in quality.iter().enumerate() {
            for note in quality.notes().iter().filter(|note| place == 0 || !is_in_both(note)) {
                let of_period = match days.filter(|_| !is_in_both(note)) {
                    Some(days) => format!("{} to {}: ", days[place].0, days[place].1),
                    None => String::new(),
                };
                self.notes.push((format!("{of_property}{of_period}{}", note.text), note.loss.is_some()));
            }
        }
    }

    /// Adds what the format could not hold.
    pub(crate) fn add_loss(&mut self, loss: Option<String>) {
        self.notes.extend(loss.map(|text| (text, true)));
    }

    /// Adds a property that failed.
    pub(crate) fn add_failure(&mut self, property: &PropertyNumber, error: anyhow::Error) {
        self.failed.push(property.clone());
        self.first_failure.get_or_insert(error);
    }

    /// The first property that failed, if none succeeded.
    pub(crate) fn total_failure(&mut self) -> Option<(PropertyNumber, anyhow::Error)> {
        if self.failed.len() < self.properties {
            return None;
        }
        self.failed.first().cloned().zip(self.first_failure.take())
    }

    /// Whether the last property failed.
    pub(crate) fn has_failed_last(&self, properties: &[Arc<Property>]) -> bool {
        self.failed.last().is_some() && self.failed.last() == properties.last().map(|property| &property.number)
    }

    /// What is to be known about the rows, for a format that holds it.
    pub(crate) fn about_rows(&self) -> Vec<String> {
        let notes = self.notes.iter().map(|(text, _)| text.clone());
        notes.chain(self.incomplete()).collect()
    }

    /// Whether every property has its rows in the output.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let Some(text) = self.incomplete() else {
            return Ok(());
        };
        let failed: Vec<_> = self.failed.iter().map(PropertyNumber::as_str).collect();
        Err(Failure::new(Kind::Incomplete, text).hint(format!("retry them with -p {}", failed.join(","))))
    }

    fn incomplete(&self) -> Option<String> {
        let (count, properties) = (self.failed.len(), self.properties);
        let [failed, all] = [count, properties].map(counted);
        (count > 0).then(|| format!("{failed} of {all} properties failed and are not in the output"))
    }

    /// Reports what there is to report; with `--strict`, lost data is an error.
    pub(crate) fn report(&self, terminal: &Terminal, arguments: &Arguments) -> Result<(), Failure> {
        // The pages of an export do not report any.
        if arguments.quota && arguments.audience.is_none() {
            for line in self.consumption.lines() {
                terminal.note(&line);
            }
        }
        let mut losses = Vec::new();
        for (text, is_lossy) in &self.notes {
            if arguments.strict && *is_lossy {
                losses.push(text.as_str());
            } else {
                terminal.note(text);
            }
        }
        if losses.is_empty() {
            return Ok(());
        }
        let unwritten = if arguments.file().is_some() { "; the file of -o was not written" } else { "" };
        Err(Failure::new(Kind::Incomplete, format!("--strict: {}{unwritten}", losses.join("; "))))
    }
}
