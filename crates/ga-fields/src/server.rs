//! Requests to Analytics: the fields of a property, and which of them can be added to a report.

use anyhow::Context as _;
use ga_client::analytics::Analytics;
use ga_core::catalogue::{self, FieldKind};
use ga_core::check::Method;
use ga_core::compatibility::{CheckCompatibilityRequest, Compatibility};
use ga_core::metadata::{self, ConversionAction, Definition};
use ga_core::property::PropertyNumber;
use ga_core::report::{Dimension, Metric};
use ga_core::request;

use crate::selection::unknown;

/// The fields of a property, as the version of the API knows them that has `method`.
pub(crate) fn fields(
    analytics: &Analytics,
    property: &PropertyNumber,
    method: Method,
) -> anyhow::Result<Vec<Definition>> {
    let request = request::metadata(analytics.data_api(), property, method)?;
    let answer = analytics.call(request).context("cannot list the fields")?;
    Ok(metadata::parse(&answer)?)
}

/// The conversions of a property.
pub(crate) fn conversion_actions(
    analytics: &Analytics,
    property: &PropertyNumber,
) -> anyhow::Result<Vec<ConversionAction>> {
    let request = request::metadata(analytics.data_api(), property, Method::RunReportAlpha)?;
    let answer = analytics.call(request).context("cannot list the conversions")?;
    Ok(metadata::conversion_actions(&answer)?)
}

/// The fields that all properties have, and the families of custom fields.
pub(crate) fn common_fields(analytics: &Analytics, method: Method) -> anyhow::Result<Vec<Definition>> {
    // With property 0 Google lists the fields that all properties have.
    let mut common = fields(analytics, &PropertyNumber::parse("0")?, method)?;
    let families = metadata::standard().into_iter();
    common.extend(families.filter(Definition::is_family));
    common.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(common)
}

/// Which fields can and cannot be added to a report of these.
pub(crate) fn compatibility(
    analytics: &Analytics,
    property: &PropertyNumber,
    names: &[String],
) -> anyhow::Result<Compatibility> {
    let mut check = CheckCompatibilityRequest::default();
    // Only the property knows whether a custom field is a dimension or a metric.
    let mut of_property = None;
    for name in names {
        let kind = match catalogue::kind_of(name) {
            Some(kind) => kind,
            None => {
                let known = match &mut of_property {
                    Some(known) => known,
                    none => none.insert(fields(analytics, property, Method::RunReport)?),
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
