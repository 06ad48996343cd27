//! `--header ui`: fields by the names that Analytics shows for them, from the property's metadata.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/getMetadata>

use std::sync::Arc;

use anyhow::Context as _;
use ga_client::analytics::Analytics;
use ga_core::catalogue::FieldKind;
use ga_core::check::Method;
use ga_core::metadata::{self, Definition};
use ga_core::request;
use gauth_cli::Kind;

use crate::format::Column;
use crate::property::Property;

/// The fields of one property.
#[derive(Default)]
pub(crate) struct DisplayNames {
    fields: Vec<Definition>,
    /// Whether a field that Analytics has no name for is called in words; it keeps its own name otherwise.
    pub(crate) is_in_words: bool,
}

impl DisplayNames {
    /// Gets those of the first of these properties that has them, in the version of the API that has `method`.
    pub(crate) fn fetch(analytics: &Analytics, properties: &[Arc<Property>], method: Method) -> anyhow::Result<Self> {
        let mut first_error = None;
        for property in properties {
            let request = request::metadata(analytics.data_api(), &property.number, method)?;
            match analytics.call(request).and_then(|body| Ok(metadata::parse(&body)?)) {
                Ok(fields) => return Ok(Self { fields, is_in_words: false }),
                Err(error) if ga_client::failure(&error).kind() == Kind::Login => return Err(error),
                Err(error) => {
                    let what = || format!("property {}: cannot get the names of the columns", property.number);
                    first_error.get_or_insert_with(|| Err(error).with_context(what));
                }
            }
        }
        first_error.unwrap_or_else(|| Ok(Self::default()))
    }

    /// Sets the headings of the columns.
    pub(crate) fn apply(&self, columns: &mut [Column]) {
        for column in columns {
            let kind = if column.is_metric { FieldKind::Metric } else { FieldKind::Dimension };
            column.heading = self.of(kind, &column.name);
        }
    }

    /// What a field is called.
    pub(crate) fn of(&self, kind: FieldKind, name: &str) -> String {
        let field = self.fields.iter().find(|field| field.kind == kind && field.name == name);
        match field.map(|field| &field.ui_name).filter(|shown| !shown.is_empty()) {
            Some(shown) => shown.clone(),
            None if self.is_in_words => in_words(name),
            None => name.to_owned(),
        }
    }
}

/// `screenPageViews` as `Screen page views`. What a property defines itself, as in `customEvent:x`, is not touched.
fn in_words(name: &str) -> String {
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return name.to_owned();
    }
    let mut words = String::new();
    for (place, character) in name.chars().enumerate() {
        if place > 0 && character.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(if place == 0 { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        for (name, words) in [
            ("screenPageViews", "Screen page views"),
            ("country", "Country"),
            ("active28DayUsers", "Active28 day users"),
            ("customEvent:planType", "customEvent:planType"),
            ("", ""),
        ] {
            assert_eq!(in_words(name), words);
        }
    }
}
