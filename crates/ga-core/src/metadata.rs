//! The dimensions and metrics that exist: those of one property, custom definitions included, from `getMetadata`, or
//! the standard fields of the catalogue.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/getMetadata>
//!
//! Google's response does not include realtime reports; that comes from [`crate::catalogue`].

mod search;

pub use search::{Found, nearest, search};

use serde::Deserialize;

use crate::catalogue::{self, Field, FieldKind};
use crate::error::Error;
use crate::response::or_default;

/// One dimension or metric, or a family of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The API name; a family that the catalogue knows ends in a colon.
    pub name: String,
    /// Dimension or metric.
    pub kind: FieldKind,
    /// As [`Field::format`].
    pub format: String,
    /// The subject it belongs to: Google's own words from the server, the catalogue's otherwise.
    pub category: String,
    /// Usable in core reports.
    pub core: bool,
    /// Usable in realtime reports.
    pub realtime: bool,
    /// Usable in conversion reports.
    pub conversions: bool,
    /// Names it had before Google renamed it.
    pub former_names: Vec<String>,
    /// Its name on the screens of Analytics; empty in the catalogue.
    pub ui_name: String,
    /// What it means; empty in the catalogue.
    pub description: String,
    /// The expression of a calculated metric; otherwise empty.
    pub expression: String,
    /// Whether it is a custom definition of the property.
    pub custom: bool,
    /// Why its values are withheld from this user (`NO_COST_METRICS`); empty if they are not.
    pub blocked_reasons: Vec<String>,
}

/// A conversion that reports can be limited to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConversionAction {
    /// `conversionActions/ID`
    #[serde(rename = "conversionAction", deserialize_with = "or_default")]
    pub name: String,
    /// Its name on the screens of Analytics.
    #[serde(rename = "displayName", deserialize_with = "or_default")]
    pub ui_name: String,
}

/// `DimensionMetadata` and `MetricMetadata`, which has `type`, `expression` and `blockedReasons` besides.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FieldMetadata {
    #[serde(deserialize_with = "or_default")]
    api_name: String,
    #[serde(deserialize_with = "or_default")]
    ui_name: String,
    #[serde(deserialize_with = "or_default")]
    description: String,
    #[serde(deserialize_with = "or_default")]
    category: String,
    #[serde(deserialize_with = "or_default")]
    custom_definition: bool,
    #[serde(deserialize_with = "or_default")]
    deprecated_api_names: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    r#type: String,
    #[serde(deserialize_with = "or_default")]
    expression: String,
    #[serde(deserialize_with = "or_default")]
    blocked_reasons: Vec<String>,
    /// Only in v1alpha.
    #[serde(deserialize_with = "or_default")]
    sections: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(deserialize_with = "or_default")]
    dimensions: Vec<FieldMetadata>,
    #[serde(deserialize_with = "or_default")]
    metrics: Vec<FieldMetadata>,
    /// Only in v1alpha.
    #[serde(deserialize_with = "or_default")]
    conversions: Vec<ConversionAction>,
}

/// The standard fields, sorted by name.
pub fn standard() -> Vec<Definition> {
    catalogue::fields().iter().map(Definition::from).collect()
}

/// Reads a response of `getMetadata`. What it does not include is added from the catalogue: fields that only realtime
/// reports have, and in v1beta those that only conversion reports have.
pub fn parse(body: &[u8]) -> Result<Vec<Definition>, Error> {
    let metadata = Metadata::parse(body)?;
    let has_sections = metadata.dimensions.iter().chain(&metadata.metrics).any(|field| !field.sections.is_empty());
    let of_kind = |fields: Vec<FieldMetadata>, kind| fields.into_iter().map(move |field| field.into_definition(kind));
    let mut definitions: Vec<Definition> = of_kind(metadata.dimensions, FieldKind::Dimension)
        .chain(of_kind(metadata.metrics, FieldKind::Metric))
        .collect();
    let is_elsewhere = |field: &&Field| (field.realtime && !field.core) || (field.is_of_conversions() && !has_sections);
    for field in catalogue::fields().iter().filter(is_elsewhere) {
        let is_known = |known: &Definition| known.kind == field.kind && known.name == field.name;
        if !definitions.iter().any(is_known) {
            definitions.push(field.into());
        }
    }
    definitions.sort_by(|a, b| (&a.name, a.kind as u8).cmp(&(&b.name, b.kind as u8)));
    Ok(definitions)
}

/// The conversions of a property, from a response of `getMetadata` of v1alpha.
pub fn conversion_actions(body: &[u8]) -> Result<Vec<ConversionAction>, Error> {
    Ok(Metadata::parse(body)?.conversions)
}

impl Metadata {
    fn parse(body: &[u8]) -> Result<Self, Error> {
        let metadata: Self = serde_json::from_slice(body)
            .map_err(|error| Error::response(format!("the response is not metadata: {error}")))?;
        if metadata.dimensions.is_empty() && metadata.metrics.is_empty() {
            return Err(Error::response("the response is not metadata: it has no fields"));
        }
        Ok(metadata)
    }
}

impl Definition {
    /// Whether this represents every name that begins with its own.
    pub fn is_family(&self) -> bool {
        self.name.ends_with(':')
    }
}

impl FieldMetadata {
    pub(crate) fn into_definition(self, kind: FieldKind) -> Definition {
        let known = catalogue::find(&self.api_name, kind);
        let is_in = |section: &str| self.sections.iter().any(|one| one == section);
        let (core, conversions) = match &self.sections[..] {
            [] => (true, known.is_some_and(|field| field.conversions)),
            _ => (is_in("SECTION_REPORT"), is_in("SECTION_ADVERTISING")),
        };
        Definition {
            format: match self.r#type.strip_prefix("TYPE_") {
                Some(metric_type) => metric_type.to_ascii_lowercase(),
                None => known.map_or("", |field| field.format).to_owned(),
            },
            name: self.api_name,
            kind,
            category: self.category,
            core,
            conversions,
            realtime: known.is_some_and(|field| field.realtime),
            former_names: self.deprecated_api_names,
            ui_name: self.ui_name,
            description: self.description,
            expression: self.expression,
            custom: self.custom_definition,
            blocked_reasons: self.blocked_reasons,
        }
    }
}

impl From<&Field> for Definition {
    fn from(field: &Field) -> Self {
        let former_name = field.former_name;
        Self {
            name: field.name.to_owned(),
            kind: field.kind,
            format: field.format.to_owned(),
            category: field.category.to_owned(),
            core: field.core,
            realtime: field.realtime,
            conversions: field.conversions,
            former_names: match former_name {
                "" => Vec::new(),
                name => vec![name.to_owned()],
            },
            ui_name: String::new(),
            description: String::new(),
            expression: String::new(),
            custom: field.is_family(),
            blocked_reasons: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_joined_with_where_a_field_is_usable() {
        let body = r#"{"name":"properties/1/metadata","dimensions":[
            {"apiName":"country","uiName":"Country","description":"Where.","category":"Geography"},
            {"apiName":"customEvent:plan","uiName":"Plan","customDefinition":true,"new":[1]}],
            "metrics":[{"apiName":"keyEvents","type":"TYPE_FLOAT","deprecatedApiNames":["conversions"],
            "blockedReasons":["NO_COST_METRICS"],"expression":"a/b"}],"comparisons":[{}]}"#;
        let definitions = parse(body.as_bytes()).unwrap();
        let named = |name: &str| definitions.iter().find(|one| one.name == name).unwrap();
        let country = named("country");
        assert_eq!((&*country.ui_name, country.custom), ("Country", false));
        assert!(country.core && country.realtime);
        assert!(named("customEvent:plan").custom);
        let events = named("keyEvents");
        assert_eq!((&*events.format, &*events.expression), ("float", "a/b"));
        assert_eq!(events.former_names, ["conversions"]);
        assert_eq!(events.blocked_reasons, ["NO_COST_METRICS"]);
        assert!(!named("minutesAgo").core);
        assert!(definitions.is_sorted_by(|a, b| a.name <= b.name));
    }

    #[test]
    fn v1alpha_says_which_fields_conversion_reports_have() {
        let body = br#"{"dimensions":[{"apiName":"country","sections":["SECTION_REPORT"]},
            {"apiName":"source","sections":["SECTION_REPORT","SECTION_ADVERTISING"]}],
            "metrics":[{"apiName":"newest","sections":["SECTION_ADVERTISING"]}],
            "conversions":[{"conversionAction":"conversionActions/7","displayName":"purchase"}]}"#;
        let definitions = parse(body).unwrap();
        let places = |name: &str| {
            let found = definitions.iter().find(|one| one.name == name);
            found.map(|one| (one.core, one.conversions))
        };
        assert_eq!(places("country"), Some((true, false)));
        assert_eq!(places("source"), Some((true, true)));
        assert_eq!(places("newest"), Some((false, true)));
        // This property does not have it.
        assert_eq!(places("allConversionsByConversionDate"), None);
        let beta = parse(br#"{"dimensions":[{"apiName":"country"}]}"#).unwrap();
        let conversions = beta.iter().filter(|one| one.conversions && !one.core);
        assert_eq!(conversions.count(), 9);
        let actions = conversion_actions(body).unwrap();
        assert_eq!((&*actions[0].name, &*actions[0].ui_name), ("conversionActions/7", "purchase"));
        assert!(conversion_actions(b"{}").is_err());
    }

    #[test]
    fn null_counts_as_missing() {
        let body = br#"{"dimensions":[{"apiName":"country","description":null,"customDefinition":null}],
            "metrics":null}"#;
        let definitions = parse(body).unwrap();
        let country = definitions.iter().find(|one| one.name == "country");
        assert!(country.is_some_and(|one| one.description.is_empty() && !one.custom));
    }

    #[test]
    fn another_answer_is_refused() {
        for body in ["", "<html>", "[]", "{}", r#"{"dimensions":{}}"#] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn the_catalogue_is_a_list_of_definitions() {
        let standard = standard();
        assert_eq!(standard.len(), catalogue::fields().len());
        let views = standard.iter().find(|one| one.name == "screenPageViews");
        assert_eq!(views.unwrap().format, "integer");
    }
}
