//! `--header ui`: fields by the names that Analytics shows for them, from the property's metadata.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/getMetadata>

use std::sync::Arc;

use anyhow::Context as _;
use ga_client::analytics::Analytics;
use ga_core::catalogue::FieldKind;
use ga_core::metadata::{self, Definition};
use ga_core::request;
use gauth_cli::Kind;

use crate::format::Column;
use crate::property::Property;

/// The fields of one property.
pub(crate) struct DisplayNames(Vec<Definition>);

impl DisplayNames {
    /// Gets those of the first of these properties that has them.
    pub(crate) fn fetch(analytics: &Analytics, properties: &[Arc<Property>]) -> anyhow::Result<Self> {
        let mut first_error = None;
        for property in properties {
            let request = request::metadata(analytics.data_api(), &property.number)?;
            match analytics.call(request).and_then(|body| Ok(metadata::parse(&body)?)) {
                Ok(fields) => return Ok(Self(fields)),
                Err(error) if ga_client::failure(&error).kind() == Kind::Login => return Err(error),
                Err(error) => {
                    let what = || format!("property {}: cannot get the names of the columns", property.number);
                    first_error.get_or_insert_with(|| Err(error).with_context(what));
                }
            }
        }
        first_error.unwrap_or_else(|| Ok(Self(Vec::new())))
    }

    /// Sets the headings of the columns; what Analytics has no name for keeps its own.
    pub(crate) fn apply(&self, columns: &mut [Column]) {
        for column in columns {
            let kind = if column.is_metric { FieldKind::Metric } else { FieldKind::Dimension };
            let is_it = |field: &&Definition| field.kind == kind && field.name == column.name;
            let field = self.0.iter().find(is_it);
            if let Some(field) = field.filter(|field| !field.ui_name.is_empty()) {
                column.heading.clone_from(&field.ui_name);
            }
        }
    }
}
