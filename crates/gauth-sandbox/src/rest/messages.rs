//! The messages of all APIs, from one table: which fields each has, of which type. Request bodies are read by it as
//! proto3 JSON (<https://protobuf.dev/programming-guides/json/>): names in camelCase or snake_case, enums by name or
//! number, 64-bit numbers as text or number, null as absent; anything else is refused with the path of the field,
//! before the values are checked. What values mean is left to the methods.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::Refusal;

pub(crate) struct Message {
    name: &'static str,
    fields: Vec<Field>,
}

pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    repeated: bool,
    /// At most one field of a oneof may be set.
    one_of: Option<&'static str>,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Bool,
    Int32,
    Int64,
    Double,
    Bytes,
    Duration,
    /// Number in the table.
    Enum(usize),
    Message(usize),
}

/// An enum's full name, and its values with their numbers.
pub(super) struct Enum {
    name: &'static str,
    values: Vec<(&'static str, i64)>,
}

struct Table {
    messages: Vec<Message>,
    enums: Vec<Enum>,
}

/// The request messages of reports, the same data that ga-core reads with other code.
static TABLE: LazyLock<Table> =
    LazyLock::new(|| table(concat!(include_str!("messages.tsv"), include_str!("../../../ga-core/data/requests.tsv"))));

fn table(text: &'static str) -> Table {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match (line.strip_prefix('\t'), blocks.last_mut()) {
            (Some(line), Some((_, lines))) => lines.push(line),
            _ => blocks.push((line, Vec::new())),
        }
    }
    let (enums, messages): (Vec<_>, Vec<_>) = blocks.into_iter().partition(|(name, _)| name.starts_with("enum "));
    let value = |line: &&'static str| {
        let (value, number) = line.split_once('\t')?;
        Some((value, number.parse().ok()?))
    };
    let enums: Vec<Enum> = enums
        .iter()
        .map(|(name, lines)| Enum { name: &name["enum ".len()..], values: lines.iter().filter_map(value).collect() })
        .collect();
    let names = Names {
        enums: enums.iter().map(|each| each.name).zip(0..).collect(),
        messages: messages.iter().map(|(name, _)| *name).zip(0..).collect(),
    };
    let fields = |name: &str, lines: &[&'static str]| lines.iter().map(|line| names.field(name, line)).collect();
    let messages = messages.iter().map(|(name, lines)| Message { name, fields: fields(name, lines) }).collect();
    Table { messages, enums }
}

/// The places of names in the table.
struct Names {
    enums: HashMap<&'static str, usize>,
    messages: HashMap<&'static str, usize>,
}

impl Names {
    fn field(&self, message: &str, line: &'static str) -> Field {
        let mut columns = line.split('\t');
        let name = columns.next().unwrap_or_default();
        let of_type = columns.next().unwrap_or_default();
        let single = of_type.trim_end_matches('*');
        let repeated = single.len() < of_type.len();
        Field { name, kind: self.kind(message, single), repeated, one_of: columns.next() }
    }

    fn kind(&self, message: &str, name: &str) -> Kind {
        match name {
            "string" | "timestamp" => Kind::Text,
            "bool" => Kind::Bool,
            "int32" => Kind::Int32,
            "int64" => Kind::Int64,
            "double" => Kind::Double,
            "bytes" => Kind::Bytes,
            "duration" => Kind::Duration,
            _ if self.enums.contains_key(name) => Kind::Enum(self.enums[name]),
            _ => {
                let version = message.split('.').next().unwrap_or_default();
                let own = self.messages.get(&*format!("{version}.{name}"));
                let found = own.or_else(|| self.messages.get(&*format!("v1beta.{name}")));
                Kind::Message(*found.unwrap_or_else(|| panic!("{message} has a field of the unknown type {name}")))
            }
        }
    }
}

/// The message of this name, which is in the table.
pub(crate) fn message(name: &str) -> &'static Message {
    let found = TABLE.messages.iter().find(|message| message.name == name);
    found.unwrap_or_else(|| panic!("there is no message {name}"))
}

impl Message {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field of this name in camelCase or in snake_case, but not in a mixture.
    pub(super) fn spelt(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name || snake_case(field.name) == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }
}

impl Kind {
    pub(super) fn message(self) -> Option<&'static Message> {
        match self {
            Self::Message(number) => Some(&TABLE.messages[number]),
            _ => None,
        }
    }

    /// The number of an enum's value.
    pub(super) fn number(self, value: &str) -> Option<i64> {
        let Self::Enum(number) = self else { return None };
        TABLE.enums[number].values.iter().find(|(name, _)| *name == value).map(|(_, number)| *number)
    }
}

/// Reads `body` as a `message`. Names come out in camelCase, enums by name, whole numbers as numbers, nulls left out.
pub(super) fn read(body: &[u8], message: &Message) -> Result<Value, Refusal> {
    let body = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { body };
    let malformed = |description: String| Refusal::malformed(vec![(String::new(), description)]);
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        let kind = if error.is_eof() { "Unexpected end of string." } else { "Unexpected token." };
        let (line, column) = (error.line(), error.column());
        malformed(format!("Invalid JSON payload received. {kind} Line {line}, column {column}."))
    })?;
    let Value::Object(members) = value else {
        let text = "Invalid JSON payload received. Unknown name \"\": Root element must be a message.";
        return Err(malformed(text.to_owned()));
    };
    let mut reader = Reader { violations: Vec::new() };
    let members = reader.message(members, message, "");
    if reader.violations.is_empty() { Ok(Value::Object(members)) } else { Err(Refusal::malformed(reader.violations)) }
}

struct Reader {
    /// Path of the field, and what is wrong with it.
    violations: Vec<(String, String)>,
}

impl Reader {
    fn message(&mut self, members: Map<String, Value>, message: &Message, path: &str) -> Map<String, Value> {
        let mut read = Map::new();
        for (name, value) in members {
            let Some(field) = message.spelt(&name) else {
                let text =
                    format!("Invalid JSON payload received. Unknown name \"{name}\"{}: Cannot find field.", at(path));
                self.refuse(path, text);
                continue;
            };
            if value.is_null() {
                continue;
            }
            let rival = |other: &&Field| other.one_of == field.one_of && read.contains_key(other.name);
            if let Some(group) = field.one_of
                && let Some(other) = message.fields.iter().find(rival)
            {
                let text = format!(
                    "Invalid value at '{path}' (oneof), oneof field '{group}' is already set. Cannot set '{}' after '{}'",
                    field.name, other.name
                );
                self.refuse(path, text);
                continue;
            }
            let place = match path {
                "" => snake_case(field.name),
                _ => format!("{path}.{}", snake_case(field.name)),
            };
            if let Some(value) = self.field(value, field, &place) {
                read.insert(field.name.to_owned(), value);
            }
        }
        read
    }

    fn field(&mut self, value: Value, field: &Field, place: &str) -> Option<Value> {
        match (value, field.repeated) {
            (Value::Array(values), true) => {
                let values = values.into_iter().enumerate();
                let read = values.filter_map(|(n, value)| self.value(value, field.kind, &format!("{place}[{n}]")));
                Some(Value::Array(read.collect()))
            }
            (Value::Array(_), false) => {
                let parent = place.rsplit_once('.').map_or("", |(parent, _)| parent);
                let text = format!(
                    "Invalid JSON payload received. Unknown name \"{}\"{}: Proto field is not repeating, cannot start list.",
                    field.name,
                    at(parent)
                );
                self.refuse(parent, text);
                None
            }
            // Google takes a single value for a list of one.
            (value, true) => self.value(value, field.kind, &format!("{place}[0]")).map(|value| vec![value].into()),
            (value, false) => self.value(value, field.kind, place),
        }
    }

    fn value(&mut self, value: Value, kind: Kind, place: &str) -> Option<Value> {
        if let (Some(message), Value::Object(_)) = (kind.message(), &value) {
            let Value::Object(members) = value else { return None };
            return Some(Value::Object(self.message(members, message, place)));
        }
        let read = match (kind, &value) {
            (Kind::Text, Value::String(_)) | (Kind::Bool, Value::Bool(_)) => Some(value.clone()),
            (Kind::Enum(number), _) => {
                let mut values = TABLE.enums[number].values.iter();
                let found = values.find(|(name, number)| value == **name || value == *number);
                found.map(|(name, _)| Value::from(*name))
            }
            (Kind::Int64, _) => whole_number(&value).map(Value::from),
            (Kind::Int32, _) => whole_number(&value).filter(|number| i32::try_from(*number).is_ok()).map(Value::from),
            (Kind::Double, _) => double(&value).map(Value::from),
            (Kind::Duration, Value::String(text)) if is_duration(text) => Some(value.clone()),
            // Either alphabet, with or without padding; stored in that of RFC 4648 §4.
            (Kind::Bytes, Value::String(text)) => {
                let bytes = super::base64_any(text);
                bytes.map(|bytes| Value::from(STANDARD.encode(bytes)))
            }
            _ => None,
        };
        if read.is_none() {
            let name = match kind {
                Kind::Text => "TYPE_STRING",
                Kind::Bool => "TYPE_BOOL",
                Kind::Int32 => "TYPE_INT32",
                Kind::Int64 => "TYPE_INT64",
                Kind::Double => "TYPE_DOUBLE",
                Kind::Bytes => "TYPE_BYTES",
                Kind::Duration => "type.googleapis.com/google.protobuf.Duration",
                Kind::Enum(number) => &format!("type.googleapis.com/{}", TABLE.enums[number].name),
                Kind::Message(_) => "TYPE_MESSAGE",
            };
            self.refuse(place, format!("Invalid value at '{place}' ({name}), {value}"));
        }
        read
    }

    fn refuse(&mut self, field: &str, description: String) {
        self.violations.push((field.to_owned(), description));
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at '{path}'") }
}

fn whole_number(value: &Value) -> Option<i64> {
    // Proto JSON takes 10.0 and 1e1 for 10.
    let whole = |float: f64| (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64);
    match value {
        Value::String(text) => text.parse().ok().or_else(|| whole(double(value)?)),
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        _ => None,
    }
}

fn double(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        Value::Number(number) => number.as_f64(),
        _ => None,
    }
}

fn is_duration(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = text.strip_suffix('s') else { return false };
    let number = number.strip_prefix('-').unwrap_or(number);
    match number.split_once('.') {
        None => digits(number),
        Some((whole, part)) => digits(whole) && digits(part) && part.len() <= 9,
    }
}

pub(crate) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests;
