//! Asking Analytics: the fields of a property, and which of them can join a report.

use anyhow::Context as _;
use ga_client::analytics::Analytics;
use ga_core::account;
use ga_core::catalogue::{self, FieldKind};
use ga_core::compatibility::{CheckCompatibilityRequest, Compatibility};
use ga_core::metadata::{self, Definition};
use ga_core::property::{Property, PropertyNumber};
use ga_core::report::{Dimension, Metric};
use ga_core::request;
use gauth_cli::{Failure, Kind, Terminal};

use crate::selection::unknown;

/// The fields of a property.
pub(crate) fn fields(analytics: &Analytics, property: &PropertyNumber) -> anyhow::Result<Vec<Definition>> {
    let request = request::metadata(analytics.data_api(), property)?;
    let answer = analytics.call(request).context("cannot list the fields")?;
    Ok(metadata::parse(&answer)?)
}

/// The fields that all properties have, with the families that each fills with its own.
pub(crate) fn common_fields(analytics: &Analytics) -> anyhow::Result<Vec<Definition>> {
    // Google's number for what all properties have.
    let mut common = fields(analytics, &PropertyNumber::parse("0")?)?;
    let families = metadata::standard().into_iter();
    common.extend(families.filter(Definition::is_family));
    common.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(common)
}

/// What can and what cannot join a report of these fields.
pub(crate) fn compatibility(
    analytics: &Analytics,
    property: &PropertyNumber,
    names: &[String],
) -> anyhow::Result<Compatibility> {
    let mut check = CheckCompatibilityRequest::default();
    // Whether a custom field is a dimension or a metric, only the property knows.
    let mut of_property = None;
    for name in names {
        let kind = match catalogue::kind_of(name) {
            Some(kind) => kind,
            None => {
                let known = match &mut of_property {
                    Some(known) => known,
                    none => none.insert(fields(analytics, property)?),
                };
                let field = known.iter().find(|field| field.name == *name);
                field.ok_or_else(|| unknown(known, name))?.kind
            }
        };
        match kind {
            FieldKind::Dimension => check.dimensions.push(Dimension::named(name)),
            FieldKind::Metric => check.metrics.push(Metric::named(name)),
        }
    }
    let request = request::check_compatibility(analytics.data_api(), property, &check)?;
    let answer = analytics.call(request).context("cannot check compatibility")?;
    Ok(Compatibility::parse(&answer)?)
}

/// The number of the property meant; the first one is named on stderr.
pub(crate) fn number(analytics: &Analytics, property: Property, terminal: &Terminal) -> anyhow::Result<PropertyNumber> {
    if let Property::Number(number) = property {
        return Ok(number);
    }
    let accounts = analytics.accounts().context("cannot find the first property")?;
    let listed = account::listed(&accounts)?;
    let Some((number, summary)) = listed.into_iter().find_map(|one| one.property) else {
        return Err(Failure::new(Kind::Refused, "no property is visible to this token")
            .hint("give the account a role at a property in Analytics (Admin, Property access management)")
            .into());
    };
    terminal.note(&format!("property {number}: {}", summary.display_name));
    Ok(number)
}
