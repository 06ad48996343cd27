//! The standard dimensions and metrics of the GA4 Data API: what a name is, where it may be used,
//! its former name, and suggestions for unknown names.
//!
//! Source: Google's API schema (<https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema>),
//! kept as a table in `data/fields.tsv` that is read at the first look-up. A property's own custom
//! definitions are known only to `getMetadata`; here they are families such as `customEvent:`.

mod nearest;

pub use nearest::nearest;
pub(crate) use strsim::osa_distance as edit_distance;

use std::fmt;
use std::sync::LazyLock;

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(Field::parse).collect());
static TABLE: &str = include_str!("../data/fields.tsv");

/// What a field does in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Groups rows; its values are text.
    Dimension,
    /// Is counted per row; its values are numbers.
    Metric,
}

impl FieldKind {
    /// As the tables write it.
    pub(crate) fn of_letter(letter: &str) -> Self {
        if letter == "m" { Self::Metric } else { Self::Dimension }
    }
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dimension => "dimension",
            Self::Metric => "metric",
        })
    }
}

/// One dimension or metric, or a family of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The API name (`screenPageViews`), case-sensitive. A family ends in a colon (`customEvent:`)
    /// and represents every name that begins with it.
    pub name: &'static str,
    /// Dimension or metric; `customEvent:` is both, as two fields.
    pub kind: FieldKind,
    /// For a metric its `MetricType` in lower case without `TYPE_` (`integer`, `currency`), for a
    /// dimension the form of its values (`YYYYMMDD`); empty where nothing special is known.
    pub format: &'static str,
    /// Usable in core reports (`runReport` and its kin).
    pub core: bool,
    /// Usable in `runRealtimeReport`.
    pub realtime: bool,
    /// Usable in conversion reports (<https://developers.google.com/analytics/devguides/reporting/data/v1/conversions-api-schema>).
    pub conversions: bool,
    /// The subject it belongs to (`traffic source (session)`).
    pub category: &'static str,
    /// The name it had before Google renamed it; empty if it never was.
    pub former_name: &'static str,
}

impl Field {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let name = columns.next()?;
        let kind = FieldKind::of_letter(columns.next()?);
        let places = columns.next()?;
        Some(Self {
            name,
            kind,
            format: columns.next()?,
            core: places.contains('c'),
            realtime: places.contains('r'),
            conversions: places.contains('a'),
            category: columns.next()?,
            former_name: columns.next().unwrap_or_default(),
        })
    }

    /// Whether only conversion reports have it.
    pub fn is_of_conversions(&self) -> bool {
        self.conversions && !self.core && !self.realtime
    }

    /// Whether this represents every name that begins with [`Field::name`].
    pub fn is_family(&self) -> bool {
        self.name.ends_with(':')
    }

    fn is_called(&self, name: &str) -> bool {
        matches(self.name, name)
    }
}

/// Whether `name` is `known`, or belongs to the family `known`.
pub(crate) fn matches(known: &str, name: &str) -> bool {
    match name.strip_prefix(known) {
        Some(rest) => known.ends_with(':') != rest.is_empty(),
        None => false,
    }
}

/// Every field, sorted by name in byte order.
pub fn fields() -> &'static [Field] {
    &FIELDS
}

/// The field of this exact name and kind.
pub fn find(name: &str, kind: FieldKind) -> Option<&'static Field> {
    fields().iter().find(|field| field.kind == kind && field.is_called(name))
}

/// The kind of this name; `None` if it is unknown or can be both (`customEvent:x`).
pub fn kind_of(name: &str) -> Option<FieldKind> {
    let dimension = find(name, FieldKind::Dimension).map(|field| field.kind);
    let metric = find(name, FieldKind::Metric).map(|field| field.kind);
    dimension.xor(metric)
}

/// Whether a metric that Google defines is a part of a whole, from 0 to 1. Its `MetricType` is that of any decimal number, but
/// its name shows it.
pub fn is_share(metric: &str) -> bool {
    let (name, _) = metric.split_once(':').unwrap_or((metric, ""));
    name.ends_with("Rate") || matches!(name, "dauPerMau" | "dauPerWau" | "wauPerMau")
}

/// Today's name of a field that Google has renamed (`conversions:buy` is `keyEvents:buy`).
pub fn renamed(former: &str) -> Option<String> {
    let field = fields().iter().find(|field| !field.former_name.is_empty() && matches(field.former_name, former))?;
    let parameter = &former[field.former_name.len()..];
    Some(format!("{}{parameter}", field.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_field_and_sorted() {
        assert_eq!(fields().len(), TABLE.lines().count() - 1);
        assert_eq!(fields().len(), 496);
        assert!(fields().windows(2).all(|two| (two[0].name, two[0].kind as u8) < (two[1].name, two[1].kind as u8)));
    }

    #[test]
    fn names_are_found_exactly() {
        let views = find("screenPageViews", FieldKind::Metric).unwrap();
        assert_eq!(views.format, "integer");
        assert!(views.core && views.realtime);
        assert!(find("screenpageviews", FieldKind::Metric).is_none());
        assert!(find("screenPageViews", FieldKind::Dimension).is_none());
        assert!(!find("minutesAgo", FieldKind::Dimension).unwrap().core);
    }

    #[test]
    fn the_parts_of_a_whole_are_these_metrics() {
        let shares: Vec<_> =
            fields().iter().filter(|field| field.kind == FieldKind::Metric && is_share(field.name)).collect();
        let names: Vec<_> = shares.iter().map(|field| field.name).collect();
        assert_eq!(
            names,
            [
                "bounceRate",
                "cartToViewRate",
                "crashFreeUsersRate",
                "dauPerMau",
                "dauPerWau",
                "engagementRate",
                "firstTimePurchaserRate",
                "funnelStepAbandonmentRate",
                "funnelStepCompletionRate",
                "itemListClickThroughRate",
                "itemPromotionClickThroughRate",
                "organicGoogleSearchClickThroughRate",
                "purchaseToViewRate",
                "purchaserRate",
                "sessionKeyEventRate",
                "sessionKeyEventRate:",
                "userKeyEventRate",
                "userKeyEventRate:",
                "wauPerMau",
            ]
        );
        assert!(shares.iter().all(|field| matches!(field.format, "float" | "")));
        assert!(is_share("sessionKeyEventRate:buy") && !is_share("calcMetric:buyRate"));
    }

    #[test]
    fn a_family_needs_its_parameter() {
        assert!(find("customEvent:plan", FieldKind::Dimension).is_some());
        assert!(find("customEvent:", FieldKind::Dimension).is_none());
        assert!(find("customEvent", FieldKind::Dimension).is_none());
        assert_eq!(kind_of("customEvent:plan"), None);
        assert_eq!(kind_of("customUser:plan"), Some(FieldKind::Dimension));
        assert_eq!(kind_of("sessions"), Some(FieldKind::Metric));
        assert_eq!(kind_of("visits"), None);
    }

    #[test]
    fn former_names_lead_to_the_present_ones() {
        assert_eq!(renamed("conversions").as_deref(), Some("keyEvents"));
        assert_eq!(renamed("sessionConversionRate:buy").as_deref(), Some("sessionKeyEventRate:buy"));
        assert_eq!(renamed("conversions:").as_deref(), None);
        assert_eq!(renamed("keyEvents"), None);
    }
}
