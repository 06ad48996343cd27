//! The GA4 fields for one v3 name, by the table and the user's map.

use std::fmt;

use gauth_text::Typed;

use super::column::DataType;
use super::map::FieldMap;
use super::names::{self, Answer};
use crate::catalogue::{self, FieldKind};
use crate::error::Error;

/// What replaces a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) fields: Fields,
    pub(super) data_type: DataType,
    /// How the values are converted, as in the table.
    pub(super) values: &'static str,
    /// The filter without which the fields mean something else; may be empty.
    pub(super) filter: String,
    /// How the meaning differs, as a sentence.
    pub(super) note: Option<String>,
}

/// The GA4 fields behind a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    One(String),
    /// The first divided by the second.
    Quotient(String, String),
    /// The first less the second.
    Difference(String, String),
    /// The levels of one path.
    Joined(Vec<String>),
}

impl Fields {
    /// Reads an entry of the table: `A`, `A/B`, `A-B`, `A+B`.
    fn parse(text: &str) -> Self {
        let pair = |mark| {
            let (a, b) = text.split_once(mark)?;
            Some((a.to_owned(), b.to_owned()))
        };
        if let Some((a, b)) = pair('/') {
            Self::Quotient(a, b)
        } else if let Some((a, b)) = pair('-') {
            Self::Difference(a, b)
        } else if text.contains('+') {
            Self::Joined(text.split('+').map(str::to_owned).collect())
        } else {
            Self::One(text.to_owned())
        }
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(name) => f.write_str(name),
            Self::Quotient(a, b) => write!(f, "{a}/{b}"),
            Self::Difference(a, b) => write!(f, "{a}-{b}"),
            Self::Joined(names) => f.write_str(&names.join("+")),
        }
    }
}

/// What replaces `name`, which is a GA4 name, or a v3 name with or without `ga:`.
///
/// A name that is in neither is passed on unchanged; [`crate::check`] decides whether GA4 has it.
pub(super) fn resolve(name: &str, kind: FieldKind, map: &FieldMap) -> Result<Resolved, Error> {
    let old = name.strip_prefix("ga:");
    if old.is_none() && names::is_ga4(name) {
        return Ok(native(name, kind));
    }
    let bare = old.unwrap_or(name);
    let typed = Typed(name);
    let entry = names::find(bare);
    if let Some(field) = map.field(bare) {
        let mut resolved = native(field, kind);
        if let Some((entry, _)) = entry.filter(|(entry, _)| entry.kind == FieldKind::Metric) {
            resolved.data_type = DataType::of_letter(entry.data_type);
        }
        return Ok(resolved);
    }
    let Some((entry, part)) = entry else {
        return match old {
            Some(bare) => Err(unknown(name, bare)),
            None if name.starts_with("mcf:") => {
                Err(Error::field(format!("cannot translate {typed}: GA4 has no multi-channel funnels")))
            }
            None => Ok(native(name, kind)),
        };
    };
    if entry.kind != kind {
        return Err(Error::field(format!("cannot translate {typed}: it is a {}, not a {kind}", entry.kind)));
    }
    let fields = match entry.answer {
        Answer::Fields(fields) => fields,
        Answer::None(nearest) => return Err(no_answer(name, entry.note(), nearest)),
    };
    let is_goal = entry.name.starts_with("goal") && part.is_some();
    let part = match part {
        Some(number) if is_goal => {
            let event = map.goal(number).ok_or_else(|| needs_map(name, &format!("goal{number}"), "EVENT"))?;
            Some(event)
        }
        part => part,
    };
    let fields = Fields::parse(&complete(name, fields, part)?);
    Ok(Resolved {
        note: entry.note().map(|note| format!("using {fields} for {typed}: {note}")),
        filter: entry.filter.replace('*', part.unwrap_or_default()),
        data_type: DataType::of_letter(entry.data_type),
        values: entry.values,
        fields,
    })
}

fn native(name: &str, kind: FieldKind) -> Resolved {
    let format = catalogue::find(name, kind).map_or("", |field| field.format);
    Resolved {
        fields: Fields::One(name.to_owned()),
        data_type: DataType::of_format(kind, format),
        values: "",
        filter: String::new(),
        note: None,
    }
}

/// Fills the open part of the GA4 name: `*` takes the word, `#` a level from 1 to 5, the first unwritten.
fn complete(name: &str, fields: &str, part: Option<&str>) -> Result<String, Error> {
    let part = part.unwrap_or_default();
    if !fields.contains('#') {
        return Ok(fields.replace('*', part));
    }
    match part {
        "1" => Ok(fields.replace('#', "")),
        "2" | "3" | "4" | "5" => Ok(fields.replace('#', part)),
        _ => Err(Error::field(format!("cannot translate {}: GA4 has five levels", Typed(name)))),
    }
}

fn unknown(name: &str, bare: &str) -> Error {
    let error = Error::field(format!("cannot translate {}: v3 has no such field", Typed(name)));
    match names::nearest(bare) {
        Some(near) => error.with_hint(format!("did you mean `ga:{near}`?")),
        None if names::is_ga4(bare) => error.with_hint(format!("leave out ga: for the GA4 field {}", Typed(bare))),
        None => error,
    }
}

fn no_answer(name: &str, reason: Option<&str>, nearest: &str) -> Error {
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    let error = Error::field(format!("cannot translate {}: GA4 has no equivalent{reason}", Typed(name)));
    let (_, bare) = name.rsplit_once(':').unwrap_or(("", name));
    let by_map = format!("name a replacement with ga-query --map FILE, containing the line {bare} = FIELD");
    error.with_hint(match nearest {
        "" => by_map,
        nearest if nearest.ends_with(":NAME") => {
            format!("name it with ga-query --map FILE, containing the line {bare} = {nearest}")
        }
        nearest => format!("consider {nearest}, which is closest but means something else"),
    })
}

fn needs_map(name: &str, key: &str, value: &str) -> Error {
    Error::field(format!("cannot translate {}: only you know what has become of {key}", Typed(name)))
        .with_hint(format!("tell it with ga-query --map FILE, containing the line {key} = {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(name: &str, kind: FieldKind) -> Result<Resolved, Error> {
        let map =
            FieldMap::parse("goal1 = sign_up\ndimension3 = customEvent:author\nmetric2 = customEvent:words\n").unwrap();
        resolve(name, kind, &map)
    }

    #[test]
    fn each_class_of_name_is_resolved() {
        let (dimension, metric) = (FieldKind::Dimension, FieldKind::Metric);
        for (name, kind, fields, values, filter, has_note) in [
            ("ga:users", metric, "totalUsers", "", "", false),
            ("users", metric, "totalUsers", "", "", false),
            ("sessions", metric, "sessions", "", "", false),
            ("ga:sessions", metric, "sessions", "", "", true),
            ("ga:bounceRate", metric, "bounceRate", "x100", "", true),
            ("bounceRate", metric, "bounceRate", "", "", false),
            ("ga:percentNewVisits", metric, "newUsers/sessions", "x100", "", false),
            ("ga:source", dimension, "sessionSource", "", "", false),
            ("source", dimension, "source", "", "", false),
            ("ga:goal1Completions", metric, "keyEvents:sign_up", "", "", true),
            ("goal1ConversionRate", metric, "sessionKeyEventRate:sign_up", "x100", "", true),
            ("ga:goal1Value", metric, "eventValue", "", "eventName==sign_up", true),
            ("ga:dimension3", dimension, "customEvent:author", "", "", false),
            ("ga:productCategoryLevel1", dimension, "itemCategory", "", "", false),
            ("ga:productCategoryLevel4", dimension, "itemCategory4", "", "", false),
            ("ga:calcMetric_Rate", metric, "calcMetric:Rate", "", "", true),
            ("rt:pageTitle", dimension, "unifiedScreenName", "", "", true),
            ("customUser:plan", dimension, "customUser:plan", "", "", false),
            ("nobodyKnows", dimension, "nobodyKnows", "", "", false),
        ] {
            let resolved = resolved(name, kind).expect(name);
            assert_eq!(resolved.fields.to_string(), fields, "{name}");
            assert_eq!(resolved.values, values, "{name}");
            assert_eq!(resolved.filter, filter, "{name}");
            assert_eq!(resolved.note.is_some(), has_note, "{name}");
        }
        assert_eq!(resolved("ga:metric2", metric).unwrap().data_type, DataType::Integer);
        assert_eq!(resolved("adCost", metric).unwrap().data_type, DataType::Currency);
        assert_eq!(resolved("purchaseRevenue", metric).unwrap().data_type, DataType::Currency);
    }

    #[test]
    fn a_name_without_an_equivalent_is_refused_with_the_closest() {
        let (dimension, metric) = (FieldKind::Dimension, FieldKind::Metric);
        for (name, kind, message, hint) in [
            ("ga:exits", metric, "only the BigQuery export has it", "screenPageViews"),
            ("ga:30dayUsers", metric, "1, 7 and 28 days only", "active28DayUsers"),
            ("ga:socialNetwork", dimension, "no equivalent", "sessionDefaultChannelGroup"),
            ("ga:avgPageLoadTime", metric, "the speed of pages", "--map"),
            ("ga:goal2Completions", metric, "what has become of goal2", "goal2 = EVENT"),
            ("ga:dimension9", dimension, "no equivalent", "dimension9 = customEvent:NAME"),
            ("ga:goalValuePerSession", metric, "two reports", "eventValue"),
            ("ga:sesions", metric, "v3 has no such field", "ga:sessions"),
            ("ga:screenPageViews", metric, "v3 has no such field", "leave out ga:"),
            ("ga:country", metric, "it is a dimension, not a metric", ""),
            ("ga:productCategoryLevel6", dimension, "five levels", ""),
            ("mcf:source", dimension, "multi-channel funnels", ""),
        ] {
            let error = resolved(name, kind).expect_err(name);
            assert_eq!(error.kind(), crate::error::Kind::Refused, "{name}");
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.hint().unwrap_or_default().contains(hint), "{name}: {:?}", error.hint());
        }
    }
}
