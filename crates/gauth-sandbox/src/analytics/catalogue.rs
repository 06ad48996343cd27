//! The fields of the Data API: their names and kinds, and which of them can be combined.
//! Names are case-sensitive; the answer to an unknown one suggests the closest, in Google's words
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema>). The values of
//! fields are in `dimensions` and `metrics`.

use std::sync::LazyLock;
use strsim::levenshtein;

/// Google's documentation of the names, at the end of both "not a valid" messages.
const SCHEMA: &str = "For a list of valid dimensions and metrics, see https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema ";

/// A dimension or a metric as the service knows it.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The `MetricType` of a metric.
    pub(super) metric_type: &'static str,
    /// Usable in `runReport` and similar methods.
    pub(super) core: bool,
    /// Usable in `runRealtimeReport`.
    pub(super) realtime: bool,
    /// Usable in conversion reports.
    pub(super) conversions: bool,
    pub(super) former_names: Vec<&'static str>,
    pub(super) group: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Dimension,
    Metric,
}

/// Core, realtime and conversion reports have different fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Surface {
    Core,
    Realtime,
    Conversions,
}

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    // One list for the programs and their oracle: it is data, not logic.
    let table = include_str!("../../../ga-core/data/fields.tsv");
    table.lines().filter(|line| !line.starts_with('#')).filter_map(field).collect()
});

fn field(line: &'static str) -> Option<Field> {
    let mut columns = line.split('\t');
    let name = columns.next()?;
    let kind = if columns.next()? == "m" { Kind::Metric } else { Kind::Dimension };
    let places = columns.next()?;
    let format = columns.next()?;
    let group = columns.next()?;
    let former = columns.next().unwrap_or_default();
    Some(Field {
        name,
        kind,
        metric_type: match format {
            "integer" => "TYPE_INTEGER",
            "float" => "TYPE_FLOAT",
            "seconds" => "TYPE_SECONDS",
            "milliseconds" => "TYPE_MILLISECONDS",
            "currency" => "TYPE_CURRENCY",
            _ => "TYPE_STANDARD",
        },
        core: places.contains('c'),
        realtime: places.contains('r'),
        conversions: places.contains('a'),
        former_names: former.split(',').map(str::trim).filter(|former| !former.is_empty()).collect(),
        group,
    })
}

/// The parameters that the sandbox's properties have registered, by family.
const REGISTERED: &[(&str, &[&str])] = &[
    ("customEvent", &["author", "word_count"]),
    ("customUser", &["membership"]),
    ("customItem", &["colour"]),
    ("keyEvents", &["purchase", "sign_up"]),
    ("sessionKeyEventRate", &["purchase", "sign_up"]),
    ("userKeyEventRate", &["purchase", "sign_up"]),
    ("averageCustomEvent", &["word_count"]),
    ("countCustomEvent", &["word_count"]),
];

/// The parameters registered for the family before the colon.
pub(super) fn registered(family: &str) -> &'static [&'static str] {
    REGISTERED.iter().find(|(name, _)| *name == family).map_or(&[], |(_, parameters)| parameters)
}

/// A field by its name in requests: one for each member of a family.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) field: &'static Field,
    /// Registered for this property.
    pub(super) custom: bool,
}

/// All fields of core reports, on request also the registered ones and those of conversion reports, sorted by name.
pub(super) fn entries(with_registered: bool, with_conversions: bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    for field in FIELDS.iter().filter(|field| field.core || (with_conversions && field.conversions)) {
        let entry = |name: String, custom| Entry { name, field, custom };
        match field.name.strip_suffix(':') {
            None => entries.push(entry(field.name.to_owned(), false)),
            Some(family) if with_registered => {
                entries.extend(registered(family).iter().map(|parameter| entry(format!("{family}:{parameter}"), true)))
            }
            Some(_) => {}
        }
    }
    entries
}

impl Entry {
    /// The name for people: words instead of camelCase.
    pub(super) fn ui_name(&self) -> String {
        if let Some((_, parameter)) = self.name.split_once(':') {
            return parameter.to_owned();
        }
        let mut words = String::new();
        for letter in self.name.chars() {
            match letter {
                _ if words.is_empty() => words.push(letter.to_ascii_uppercase()),
                'A'..='Z' => {
                    words.push(' ');
                    words.push(letter.to_ascii_lowercase());
                }
                _ => words.push(letter),
            }
        }
        words
    }
}

/// The field that a request calls `name`, or the message that refuses it.
pub(super) fn find(name: &str, kind: Kind, surface: Surface) -> Result<&'static Field, String> {
    let usable = |field: &&Field| {
        field.kind == kind
            && match surface {
                Surface::Core => field.core,
                Surface::Realtime => field.realtime,
                Surface::Conversions => field.conversions,
            }
    };
    let found = FIELDS.iter().filter(usable).find(|field| field.current_name(name).is_some());
    found.ok_or_else(|| {
        let nearest = FIELDS
            .iter()
            .filter(usable)
            .map(|field| (levenshtein(&name.to_ascii_lowercase(), &field.name.to_ascii_lowercase()), field.name))
            .min()
            .filter(|(distance, _)| *distance <= name.len() / 3);
        let hint = nearest.map(|(_, name)| format!("Did you mean {name}? ")).unwrap_or_default();
        match kind {
            Kind::Dimension => format!("{hint}Field {name} is not a valid dimension. {SCHEMA}"),
            // The service writes two spaces after this sentence.
            Kind::Metric => format!("{hint}Field {name} is not a valid metric.  {SCHEMA}"),
        }
    })
}

impl Field {
    /// The current name of the field that a request calls `name`, if it is this one. Former names in the metadata are
    /// still accepted.
    pub(super) fn current_name(&self, name: &str) -> Option<String> {
        let Some(family) = self.name.strip_suffix(':') else {
            return (self.name == name || self.former_names.contains(&name)).then(|| self.name.to_owned());
        };
        let (asked, parameter) = name.split_once(':')?;
        let same = asked == family || self.former_names.iter().any(|former| former.strip_suffix(':') == Some(asked));
        (same && registered(family).contains(&parameter)).then(|| format!("{family}:{parameter}"))
    }

    /// Whether a report cannot have both. The service's matrix is not published; these are its best-known rules: items
    /// can only be combined with item metrics, advertising cost only with campaigns, time and place, and Search Console
    /// figures only with landing page, time, place and device.
    pub(super) fn clashes_with(&self, metric: &Self) -> bool {
        let group = self.group;
        let traffic =
            group.starts_with("traffic source") || group.starts_with("google ads") || group.starts_with("manual utm");
        let everywhere = matches!(group, "time" | "geography");
        match metric.group {
            "item" => false,
            _ if group == "item" => true,
            "advertiser ads" => !traffic && !everywhere,
            "search console" => {
                !everywhere && !matches!(self.name, "landingPage" | "landingPagePlusQueryString" | "deviceCategory")
            }
            _ => false,
        }
    }

    /// Whether reports on this dimension count against the quota of potentially thresholded requests.
    pub(super) fn is_thresholded(&self) -> bool {
        self.group == "demographics"
    }

    /// Whether the metric needs a `cohortSpec`.
    pub(super) fn is_cohort(&self) -> bool {
        self.group == "cohort"
    }
}

#[cfg(test)]
mod tests;
