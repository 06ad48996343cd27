//! `ConversionSpec`: which conversions a report of v1alpha counts, and which visits get the credit for them
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/conversions-api-basics>). A visitor here has two
//! sources, that of this visit and that of the first: the last click gets all of the credit, and the data-driven model
//! divides it.

use super::measures::{EVENT_OF, Measures};
use super::site::Visit;
use crate::rest::Refusal;
use serde::Deserialize;

/// The conversion actions of every property, and the number of the event that each counts.
pub(super) const CONVERSIONS: &[(&str, u32)] = &[("conversionActions/1001", 9), ("conversionActions/1002", 10)];

/// What is counted as one where there are parts of the credit.
pub(super) const WHOLE: i64 = 100;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ConversionSpec {
    conversion_actions: Vec<String>,
    attribution_model: String,
}

/// A part of the credit for some events.
#[derive(Clone)]
pub(super) struct Credit {
    events: Vec<u32>,
    /// Whether it goes to the source of the first visit.
    is_of_first: bool,
    part: i64,
}

impl ConversionSpec {
    /// The parts that are one.
    pub(super) fn credits(&self) -> Result<Vec<Credit>, Refusal> {
        let is_asked =
            |action: &str| self.conversion_actions.is_empty() || self.conversion_actions.contains(&action.into());
        let is_unknown = |action: &&String| !CONVERSIONS.iter().any(|(known, _)| known == action);
        if let Some(action) = self.conversion_actions.iter().find(is_unknown) {
            return Err(Refusal::invalid(format!("{action} is not a conversion action of this property.")));
        }
        let events = CONVERSIONS.iter().filter(|(action, _)| is_asked(action)).map(|(_, event)| *event);
        let credit = |is_of_first, part| Credit { events: events.clone().collect(), is_of_first, part };
        Ok(match &*self.attribution_model {
            "LAST_CLICK" => vec![credit(false, WHOLE)],
            _ => vec![credit(true, 35), credit(false, 65)],
        })
    }
}

impl Credit {
    /// Leaves the part of a visit's measures that is credited. What is no conversion belongs to the visit itself.
    pub(super) fn apply(&self, visit: &mut Visit, all: &mut Measures) {
        visit.is_of_first = self.is_of_first;
        for (value, event) in all.iter_mut().zip(EVENT_OF) {
            *value *= match self.events.contains(event) {
                true => self.part,
                false if self.is_of_first || CONVERSIONS.iter().any(|(_, conversion)| conversion == event) => 0,
                false => WHOLE,
            };
        }
    }
}
