//! `--header ui`: fields by the names that Analytics shows for them, as the property's metadata has them.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/getMetadata>

use anyhow::Context as _;
use ga_core::catalogue::FieldKind;
use ga_core::metadata::{self, Definition};
use ga_core::property::PropertyNumber;
use ga_core::request;

use crate::client::Client;
use crate::format::Column;

/// All fields with their descriptions are less than one.
const LIMIT: usize = 64 << 20;

/// The fields of one property.
pub(crate) struct DisplayNames(Vec<Definition>);

impl DisplayNames {
    /// Asks for them.
    pub(crate) async fn fetch(client: &Client, base: &str, property: &PropertyNumber) -> anyhow::Result<Self> {
        let request = request::metadata(base, property)?;
        let attempt = || async {
            let body = client.body_up_to(client.send(&request).await?, LIMIT).await?;
            Ok(metadata::parse(&body)?)
        };
        let fields = client.retrying(attempt).await;
        Ok(Self(fields.context("cannot get the names of the columns")?))
    }

    /// Puts them over the columns; what Analytics has no name for keeps its own.
    pub(crate) fn put_over(&self, columns: &mut [Column]) {
        for column in columns {
            let kind = match column.is_metric {
                true => FieldKind::Metric,
                false => FieldKind::Dimension,
            };
            let is_it = |field: &&Definition| field.kind == kind && field.name == column.name;
            let field = self.0.iter().find(is_it);
            if let Some(field) = field.filter(|field| !field.ui_name.is_empty()) {
                column.heading.clone_from(&field.ui_name);
            }
        }
    }
}
