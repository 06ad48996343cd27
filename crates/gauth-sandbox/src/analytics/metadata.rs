//! What fields there are and which go together: `getMetadata`
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/getMetadata>) and
//! `checkCompatibility` (…/checkCompatibility). Names shown to people are made from the API's names; the descriptions are
//! our own and short.

use super::catalogue::{self, Entry, Field, Kind};
use super::columns::ColumnsRequest;
use super::comparisons::SAVED;
use super::errors::Refusal;
use super::json::Writer;
use super::metrics::Metric;
use super::properties::Property;
use super::response::Fields;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CheckCompatibilityRequest {
    #[serde(flatten)]
    columns: ColumnsRequest,
    compatibility_filter: String,
}

/// All fields of a property; without one, those that all properties have.
pub(super) fn write(json: &mut Writer, property: Option<&Property>, fields: &Fields) {
    let entries = catalogue::entries(property.is_some());
    let of_kind = |kind| entries.iter().filter(move |entry| entry.field.kind == kind);
    json.object(|json| {
        if fields.want("name") {
            let id = property.map_or(0, |property| property.id);
            json.member("name").text(&format!("properties/{id}/metadata"));
        }
        if fields.want("dimensions") {
            json.member("dimensions").list(|json| {
                for entry in of_kind(Kind::Dimension) {
                    write_entry(json.element(), entry, property);
                }
            });
        }
        if fields.want("metrics") {
            json.member("metrics").list(|json| {
                for entry in of_kind(Kind::Metric) {
                    write_entry(json.element(), entry, property);
                }
            });
        }
        if property.is_some() && fields.want("comparisons") {
            let (api_name, ui_name) = SAVED;
            json.member("comparisons").list(|json| {
                json.element().object(|json| {
                    json.member("apiName").text(api_name);
                    json.member("uiName").text(ui_name);
                    json.member("description").text("Device category exactly matches mobile");
                });
            });
        }
    });
}

impl CheckCompatibilityRequest {
    /// Every field with a word on whether it could join the request.
    pub(super) fn write(&self, json: &mut Writer, property: &Property, fields: &Fields) -> Result<(), Refusal> {
        let asked = self.columns.compatible_fields(property)?;
        let entries = catalogue::entries(true);
        json.object(|json| {
            for (member, of_one, kind) in [
                ("dimensionCompatibilities", "dimensionMetadata", Kind::Dimension),
                ("metricCompatibilities", "metricMetadata", Kind::Metric),
            ] {
                let judged: Vec<(&Entry, &str)> = entries
                    .iter()
                    .filter(|entry| entry.field.kind == kind)
                    .map(|entry| (entry, compatibility(entry.field, &asked)))
                    .filter(|(_, verdict)| self.wants(verdict))
                    .collect();
                if judged.is_empty() || !fields.want(member) {
                    continue;
                }
                json.member(member).list(|json| {
                    for (entry, verdict) in judged {
                        json.element().object(|json| {
                            write_entry(json.member(of_one), entry, Some(property));
                            json.member("compatibility").text(verdict);
                        });
                    }
                });
            }
        });
        Ok(())
    }

    fn wants(&self, verdict: &str) -> bool {
        matches!(self.compatibility_filter.as_str(), "" | "COMPATIBILITY_UNSPECIFIED")
            || self.compatibility_filter == verdict
    }
}

fn compatibility(field: &Field, asked: &[&Field]) -> &'static str {
    let clashes = |other: &&Field| match (field.kind, other.kind) {
        (Kind::Dimension, Kind::Metric) => field.clashes_with(other),
        (Kind::Metric, Kind::Dimension) => other.clashes_with(field),
        _ => false,
    };
    match field.is_cohort() || asked.iter().any(clashes) {
        true => "INCOMPATIBLE",
        false => "COMPATIBLE",
    }
}

/// A `DimensionMetadata` or `MetricMetadata`.
fn write_entry(json: &mut Writer, entry: &Entry, property: Option<&Property>) {
    let ui_name = entry.ui_name();
    let metric =
        (entry.field.kind == Kind::Metric).then(|| Metric::named(&entry.name, catalogue::Surface::Core).ok()).flatten();
    json.object(|json| {
        json.member("apiName").text(&entry.name);
        json.member("uiName").text(&ui_name);
        json.member("description").text(&format!("{ui_name}, as the sandbox has it."));
        if !entry.field.former_names.is_empty() && !entry.custom {
            json.member("deprecatedApiNames").list(|json| {
                for name in &entry.field.former_names {
                    json.element().text(name);
                }
            });
        }
        if let Some(metric) = &metric {
            json.member("type").text(metric.metric_type);
            if let Some(formula) = metric.formula() {
                json.member("expression").text(formula);
            }
        }
        if entry.custom {
            json.member("customDefinition").boolean(true);
        }
        let hidden = metric
            .filter(|metric| property.is_some_and(|property| property.hides(metric)))
            .and_then(|metric| metric.restricted_as);
        if let Some(kind) = hidden {
            json.member("blockedReasons").list(|json| {
                json.element().text(match kind {
                    "COST_DATA" => "NO_COST_METRICS",
                    _ => "NO_REVENUE_METRICS",
                });
            });
        }
        json.member("category").text(entry.field.group);
    });
}
