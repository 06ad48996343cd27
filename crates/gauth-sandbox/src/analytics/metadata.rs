//! The list of fields and their combinations: `getMetadata`
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/getMetadata>) and
//! `checkCompatibility` (…/checkCompatibility). Display names are derived from the API's names; the descriptions are
//! our own and short.

use super::catalogue::{self, Entry, Field, Kind, Surface};
use super::columns::ColumnsRequest;
use super::comparisons::SAVED;
use super::conversions::CONVERSIONS;
use super::metrics::Metric;
use super::properties::Property;
use super::site::data::DATA;
use super::{Analytics, find_property, typed};
use crate::http::Body;
use crate::rest::json::Writer;
use crate::rest::{Call, Refusal};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CheckCompatibilityRequest {
    #[serde(flatten)]
    columns: ColumnsRequest,
    compatibility_filter: String,
}

impl Analytics {
    /// Every field, with whether it can be added to the request.
    pub(super) fn check_compatibility(&self, call: Call<'_>) -> Result<Body, Refusal> {
        let property = find_property(call.id)?;
        let request: CheckCompatibilityRequest = typed(call.body.clone())?;
        let asked = request.columns.compatible_fields(property)?;
        let filter = request.compatibility_filter.as_str();
        let wants = |verdict: &str| ["", "COMPATIBILITY_UNSPECIFIED", verdict].contains(&filter);
        let entries = catalogue::entries(true, false);
        call.object(|json| {
            for (member, of_one, kind) in [
                ("dimensionCompatibilities", "dimensionMetadata", Kind::Dimension),
                ("metricCompatibilities", "metricMetadata", Kind::Metric),
            ] {
                let of_kind = entries.iter().filter(|entry| entry.field.kind == kind);
                let judged = of_kind.map(|entry| (entry, compatibility(entry.field, &asked)));
                let judged: Vec<(&Entry, &str)> = judged.filter(|(_, verdict)| wants(verdict)).collect();
                if judged.is_empty() {
                    continue;
                }
                json.member(member).list(|json| {
                    for (entry, verdict) in judged {
                        json.element().object(|json| {
                            write_entry(json.member(of_one), entry, Some(property), false);
                            json.member("compatibility").text(verdict);
                        });
                    }
                });
            }
        })
    }
}

/// All fields of a property; of property 0, those that all properties have. v1alpha also lists conversions, and where each
/// field may be used.
pub(super) fn answer(call: Call<'_>, is_alpha: bool) -> Result<Body, Refusal> {
    let property = if call.id == "0" { None } else { Some(find_property(call.id)?) };
    let entries = catalogue::entries(property.is_some(), is_alpha);
    call.object(|json| {
        let id = property.map_or(0, |property| property.id);
        json.member("name").text(&format!("properties/{id}/metadata"));
        for (member, kind) in [("dimensions", Kind::Dimension), ("metrics", Kind::Metric)] {
            json.member(member).list(|json| {
                for entry in entries.iter().filter(|entry| entry.field.kind == kind) {
                    write_entry(json.element(), entry, property, is_alpha);
                }
            });
        }
        if property.is_some() {
            let (api_name, ui_name) = SAVED;
            json.member("comparisons").value(&json!([{
                "apiName": api_name,
                "uiName": ui_name,
                "description": "Device category exactly matches mobile",
            }]));
        }
        if property.is_some() && is_alpha {
            let conversions = CONVERSIONS.iter().map(
                |(action, event)| json!({"conversionAction": action, "displayName": DATA.events[*event as usize]}),
            );
            json.member("conversions").value(&conversions.collect());
        }
    })
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
fn write_entry(json: &mut Writer, entry: &Entry, property: Option<&Property>, is_alpha: bool) {
    let ui_name = entry.ui_name();
    let surface = if entry.field.core { Surface::Core } else { Surface::Conversions };
    let metric = (entry.field.kind == Kind::Metric).then(|| Metric::named(&entry.name, surface).ok()).flatten();
    json.object(|json| {
        json.member("apiName").text(&entry.name);
        json.member("uiName").text(&ui_name);
        json.member("description").text(&format!("{ui_name}, as the sandbox has it."));
        if !entry.field.former_names.is_empty() && !entry.custom {
            json.member("deprecatedApiNames").texts(entry.field.former_names.iter().copied());
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
            json.member("blockedReasons").texts([match kind {
                "COST_DATA" => "NO_COST_METRICS",
                _ => "NO_REVENUE_METRICS",
            }]);
        }
        json.member("category").text(entry.field.group);
        if is_alpha {
            let sections = [("SECTION_REPORT", entry.field.core), ("SECTION_ADVERTISING", entry.field.conversions)];
            json.member("sections").texts(sections.into_iter().filter_map(|(name, is_in)| is_in.then_some(name)));
        }
    });
}
