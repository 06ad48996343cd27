//! Reads request bodies as proto3 JSON (<https://protobuf.dev/programming-guides/json/>), by Google's own table of
//! messages.
//!
//! All spellings of a body become one: names in camelCase, 64-bit numbers as text, others as numbers, enums by their
//! names, and null left out. The meaning of values is left to the other checks.

use gauth_text::{Typed, json};
use serde_json::{Map, Number, Value};

use super::Method;
use crate::catalogue::edit_distance;
use crate::error::Error;

static TABLE: &str = include_str!("../../data/requests.tsv");

/// What to do with a member that is not in the table or cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Refused,
    /// It stays unchanged.
    Kept,
}

/// Reads the body of a request for `method`; an error names the path of what is wrong.
pub(super) fn read(method: Method, body: Value, unreadable: Unreadable) -> Result<Value, Error> {
    let reader = Reader { version: method.version(), unreadable };
    reader.message(method.message(), body, "").map_err(|wrong| {
        let place = if wrong.path.is_empty() { "the body" } else { &wrong.path };
        let error = Error::usage(format!("{place}: {}", wrong.why));
        match wrong.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    })
}

/// A line of a message in the table.
#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    kind: &'static str,
    is_list: bool,
    one_of: Option<&'static str>,
}

/// What is wrong, and where.
struct Wrong {
    path: String,
    why: String,
    hint: Option<String>,
}

struct Reader {
    version: &'static str,
    unreadable: Unreadable,
}

impl Reader {
    fn message(&self, name: &str, value: Value, path: &str) -> Result<Value, Wrong> {
        let Value::Object(members) = value else {
            return Err(expected(path, &format!("an object ({name})"), &value));
        };
        let fields: Vec<Field> = fields(self.version, name).collect();
        let mut read = Map::new();
        let mut set: Vec<Field> = Vec::new();
        for (key, inner) in members {
            let kept = (self.unreadable == Unreadable::Kept).then(|| inner.clone());
            let member = self.member(name, &fields, &mut set, (&key, inner), path);
            match (member, kept) {
                (Ok(Some((field, value))), _) => drop(read.insert(field.to_owned(), value)),
                (Ok(None), _) => {}
                (Err(_), Some(inner)) => drop(read.insert(key, inner)),
                (Err(wrong), None) => return Err(wrong),
            }
        }
        Ok(Value::Object(read))
    }

    /// The name and the value of one member, unless that is null; `set` are the members before it.
    fn member(
        &self,
        message: &str,
        fields: &[Field],
        set: &mut Vec<Field>,
        (key, value): (&str, Value),
        path: &str,
    ) -> Result<Option<(&'static str, Value)>, Wrong> {
        let camel = camel_case(key);
        let Some(field) = fields.iter().find(|field| field.name == key || field.name == camel) else {
            return Err(if self::fields("v1alpha", message).any(|field| field.name == camel) {
                let why = "only runReport of v1alpha takes it, which has no batches";
                Wrong { hint: Some("send this request on its own".to_owned()), ..wrong(&json::member(path, key), why) }
            } else {
                unknown(message, fields, key, path)
            });
        };
        let place = json::member(path, field.name);
        if set.iter().any(|other| other.name == field.name) {
            return Err(wrong(&place, "duplicate key"));
        }
        if value.is_null() {
            return Ok(None);
        }
        let is_rival = |other: &&Field| field.one_of.is_some() && other.one_of == field.one_of;
        if let Some(rival) = set.iter().find(is_rival) {
            return Err(wrong(&place, &format!("cannot be combined with {}", rival.name)));
        }
        set.push(*field);
        let value = match (field.is_list, value) {
            (true, Value::Array(items)) => {
                let items = items.into_iter().enumerate();
                let items = items.map(|(index, item)| self.value(field.kind, item, &format!("{place}[{index}]")));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            (true, value) => return Err(expected(&place, "a list", &value)),
            (false, value) => self.value(field.kind, value, &place)?,
        };
        Ok(Some((field.name, value)))
    }

    fn value(&self, kind: &'static str, value: Value, path: &str) -> Result<Value, Wrong> {
        match kind {
            "string" if value.is_string() => Ok(value),
            "string" => Err(expected(path, "a string", &value)),
            "bool" if value.is_boolean() => Ok(value),
            "bool" => Err(expected(path, "true or false", &value)),
            "int64" => match whole(&value) {
                Some(number) => Ok(Value::String(number.to_string())),
                None => Err(expected(path, "a 64-bit integer", &value)),
            },
            "int32" => match whole(&value).and_then(|number| i32::try_from(number).ok()) {
                Some(number) => Ok(number.into()),
                None => Err(expected(path, "a 32-bit integer", &value)),
            },
            "double" => double(&value).ok_or_else(|| expected(path, "a number", &value)),
            "duration" if is_duration(&value) => Ok(value),
            "duration" => Err(expected(path, "a duration in seconds, such as \"3.5s\"", &value)),
            name if name.starts_with("google.") => enumerated(name, &value, path),
            name => self.message(name, value, path),
        }
    }
}

/// The lines below a heading of the table.
fn block(heading: &str) -> impl Iterator<Item = &'static str> + use<> {
    let mut lines = TABLE.lines();
    lines.by_ref().find(|line| *line == heading);
    lines.map_while(|line| line.strip_prefix('\t'))
}

fn fields(version: &str, message: &str) -> impl Iterator<Item = Field> {
    let own = format!("{version}.{message}");
    let heading = if TABLE.lines().any(|line| line == own) { own } else { format!("v1beta.{message}") };
    block(&heading).filter_map(|line| {
        let mut parts = line.split('\t');
        let (name, kind) = (parts.next()?, parts.next()?);
        let single = kind.strip_suffix('*');
        Some(Field { name, kind: single.unwrap_or(kind), is_list: single.is_some(), one_of: parts.next() })
    })
}

/// An enum by its name or its number.
fn enumerated(name: &str, value: &Value, path: &str) -> Result<Value, Wrong> {
    let values: Vec<(&str, &str)> = block(&format!("enum {name}")).filter_map(|line| line.split_once('\t')).collect();
    let number = if value.is_number() { whole(value).map(|number| number.to_string()) } else { None };
    let is_it = |(name, digits): &&(&str, &str)| match &number {
        Some(number) => number == digits,
        None => value.as_str() == Some(name),
    };
    match values.iter().find(is_it) {
        Some((name, _)) => Ok(Value::String((*name).to_owned())),
        None if value.is_string() || value.is_number() => {
            let names: Vec<&str> = values.iter().skip(1).map(|(name, _)| *name).collect();
            let shown = value.as_str().map_or_else(|| value.to_string(), |text| format!("{:?}", Typed(text)));
            let hint = Some(format!("use one of {}", names.join(", ")));
            Err(Wrong { hint, ..wrong(path, &format!("unknown value {shown}")) })
        }
        None => Err(expected(path, "the name of an enum value", value)),
    }
}

/// An integer as a number or as text, in any spelling without a fraction.
fn whole(value: &Value) -> Option<i64> {
    // All whole numbers up to here are their own doubles.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let of_double = |double: f64| (double.fract() == 0.0 && double.abs() <= EXACT).then_some(double as i64);
    match value {
        Value::Number(number) => number.as_i64().or_else(|| of_double(number.as_f64()?)),
        Value::String(text) => decimal(text).and_then(|double| text.parse().ok().or_else(|| of_double(double))),
        _ => None,
    }
}

fn double(value: &Value) -> Option<Value> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) if ["NaN", "Infinity", "-Infinity"].contains(&&**text) => return Some(value.clone()),
        Value::String(text) => decimal(text)?,
        _ => return None,
    };
    Number::from_f64(number).map(Value::Number)
}

/// Text that is a number of JSON.
fn decimal(text: &str) -> Option<f64> {
    // serde_json would ignore blanks around it.
    if text.contains(char::is_whitespace) {
        return None;
    }
    serde_json::from_str::<Number>(text).ok()?.as_f64()
}

fn is_duration(value: &Value) -> bool {
    let seconds = value.as_str().and_then(|text| text.strip_suffix('s'));
    seconds.and_then(decimal).is_some_and(f64::is_finite)
}

pub(super) fn camel_case(key: &str) -> String {
    let mut parts = key.split('_');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

fn wrong(path: &str, why: &str) -> Wrong {
    Wrong { path: path.to_owned(), why: why.to_owned(), hint: None }
}

fn expected(path: &str, what: &str, found: &Value) -> Wrong {
    let found = match found {
        Value::String(text) => format!("{:?}", Typed(text)),
        other => json::kind(other).to_owned(),
    };
    wrong(path, &format!("expected {what}, found {found}"))
}

fn unknown(message: &str, fields: &[Field], key: &str, path: &str) -> Wrong {
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let distance = |name: &&str| edit_distance(&name.to_lowercase(), &key.to_lowercase());
    let hint = match names.iter().copied().min_by_key(distance) {
        Some(near) if distance(&near) <= key.len() / 3 => format!("did you mean `{near}`?"),
        _ => format!("use one of {}", names.join(", ")),
    };
    let path = json::member(path, &Typed(key).to_string());
    Wrong { hint: Some(hint), ..wrong(&path, &format!("unknown key in {message}")) }
}

#[cfg(test)]
mod tests;
