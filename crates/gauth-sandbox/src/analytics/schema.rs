//! The form of request bodies: which fields each message has and of which type, as in the discovery documents
//! (analyticsdata v1beta, v1alpha). Google's servers check this before anything else and answer with the path of the
//! field; proto JSON also takes `snake_case` names, and int64 as text or number
//! (<https://protobuf.dev/programming-guides/json/>). What the values mean is checked in `report`.

pub(super) mod funnel;
pub(super) mod messages;

use super::errors::{Refusal, Violation};
use serde_json::{Map, Value};

pub(super) struct Message {
    fields: &'static [Field],
    /// Fields of which at most one may be set.
    one_of: Option<(&'static str, &'static [&'static str])>,
}

struct Field {
    name: &'static str,
    kind: Type,
    repeated: bool,
}

#[derive(Clone, Copy)]
enum Type {
    Text,
    Bool,
    Int32,
    Int64,
    Double,
    /// The type's full name and its values.
    Enum(&'static str, &'static [&'static str]),
    Message(&'static Message),
    /// An object that the sandbox does not look into.
    Unchecked,
}

const fn one(name: &'static str, kind: Type) -> Field {
    Field { name, kind, repeated: false }
}

const fn many(name: &'static str, kind: Type) -> Field {
    Field { name, kind, repeated: true }
}

const fn message(fields: &'static [Field]) -> Message {
    Message { fields, one_of: None }
}

/// Reads `body` as a `message`: every field known and of its type. Names come out in camelCase, int64 as numbers,
/// nulls left out.
pub(super) fn read(body: &[u8], message: &'static Message) -> Result<Value, Refusal> {
    let body = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { body };
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        let description = format!("Invalid JSON payload received. {}", reason(&error));
        Refusal::malformed(vec![Violation { field: String::new(), description }])
    })?;
    let mut check = Check { violations: Vec::new() };
    let Value::Object(members) = value else {
        return Err(Refusal::malformed(vec![Violation {
            field: String::new(),
            description: "Invalid JSON payload received. Unknown name \"\": Root element must be a message.".to_owned(),
        }]));
    };
    let members = check.message(members, message, "");
    if check.violations.is_empty() { Ok(Value::Object(members)) } else { Err(Refusal::malformed(check.violations)) }
}

fn reason(error: &serde_json::Error) -> String {
    let kind = if error.is_eof() { "Unexpected end of string." } else { "Unexpected token." };
    format!("{kind} Line {}, column {}.", error.line(), error.column())
}

struct Check {
    violations: Vec<Violation>,
}

impl Check {
    fn message(&mut self, members: Map<String, Value>, message: &Message, path: &str) -> Map<String, Value> {
        let mut checked = Map::new();
        for (name, value) in members {
            let camel = camel_case(&name);
            let Some(field) = message.fields.iter().find(|field| field.name == camel) else {
                self.unknown(&name, path);
                continue;
            };
            if value.is_null() {
                continue;
            }
            if let Some((group, fields)) = message.one_of
                && fields.contains(&field.name)
                && let Some(other) = fields.iter().find(|other| checked.contains_key(**other))
            {
                self.refuse(
                    path,
                    format!(
                        "Invalid value at '{path}' (oneof), oneof field '{group}' is already set. Cannot set '{}' after '{other}'",
                        field.name
                    ),
                );
                continue;
            }
            let place =
                if path.is_empty() { snake_case(field.name) } else { format!("{path}.{}", snake_case(field.name)) };
            if let Some(value) = self.field(value, field, &place) {
                checked.insert(field.name.to_owned(), value);
            }
        }
        checked
    }

    fn field(&mut self, value: Value, field: &Field, place: &str) -> Option<Value> {
        match (value, field.repeated) {
            (Value::Array(values), true) => Some(Value::Array(
                values
                    .into_iter()
                    .enumerate()
                    .filter_map(|(index, value)| self.value(value, field.kind, &format!("{place}[{index}]")))
                    .collect(),
            )),
            (Value::Array(_), false) => {
                let parent = place.rsplit_once('.').map_or("", |(parent, _)| parent);
                self.refuse(
                    parent,
                    format!(
                        "Invalid JSON payload received. Unknown name \"{}\"{}: Proto field is not repeating, cannot start list.",
                        field.name,
                        at(parent)
                    ),
                );
                None
            }
            // Google takes a single value for a list of one.
            (value, true) => {
                self.value(value, field.kind, &format!("{place}[0]")).map(|value| Value::Array(vec![value]))
            }
            (value, false) => self.value(value, field.kind, place),
        }
    }

    fn value(&mut self, value: Value, kind: Type, place: &str) -> Option<Value> {
        let wrong = match (kind, value) {
            (Type::Message(message), Value::Object(members)) => {
                return Some(Value::Object(self.message(members, message, place)));
            }
            (Type::Unchecked, value @ Value::Object(_))
            | (Type::Text, value @ Value::String(_))
            | (Type::Bool, value @ Value::Bool(_)) => {
                return Some(value);
            }
            (Type::Enum(_, values), Value::String(name)) if values.contains(&name.as_str()) => {
                return Some(Value::String(name));
            }
            (Type::Int64 | Type::Int32, value) => match whole_number(&value) {
                Some(number) if matches!(kind, Type::Int64) || i32::try_from(number).is_ok() => {
                    return Some(number.into());
                }
                _ => value,
            },
            (Type::Double, value) => match double(&value) {
                Some(number) => return Some(number.into()),
                None => value,
            },
            (_, value) => value,
        };
        let name = match kind {
            Type::Text => "TYPE_STRING",
            Type::Bool => "TYPE_BOOL",
            Type::Int32 => "TYPE_INT32",
            Type::Int64 => "TYPE_INT64",
            Type::Double => "TYPE_DOUBLE",
            Type::Enum(name, _) => &format!("type.googleapis.com/{name}"),
            Type::Message(_) | Type::Unchecked => "TYPE_MESSAGE",
        };
        self.refuse(place, format!("Invalid value at '{place}' ({name}), {wrong}"));
        None
    }

    fn unknown(&mut self, name: &str, path: &str) {
        self.refuse(
            path,
            format!("Invalid JSON payload received. Unknown name \"{name}\"{}: Cannot find field.", at(path)),
        );
    }

    fn refuse(&mut self, field: &str, description: String) {
        self.violations.push(Violation { field: field.to_owned(), description });
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at '{path}'") }
}

fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        // Proto JSON takes 10.0 for 10.
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
        }),
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

pub(super) fn camel_case(name: &str) -> String {
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
mod tests {
    use super::messages::RUN_REPORT;
    use super::*;

    fn refusal(body: &str) -> (String, String) {
        let refusal = read(body.as_bytes(), &RUN_REPORT).expect_err(body);
        let super::super::errors::Detail::BadRequest(violations) = refusal.detail else {
            panic!("{body}: no field violations");
        };
        (violations[0].field.clone(), refusal.message)
    }

    #[test]
    fn unknown_fields_and_wrong_types_are_refused_with_their_path() {
        for (body, field, start) in [
            (
                r#"{"dimension": []}"#,
                "",
                "Invalid JSON payload received. Unknown name \"dimension\": Cannot find field.",
            ),
            (
                r#"{"dimensions": [{"nam": "date"}]}"#,
                "dimensions[0]",
                "Invalid JSON payload received. Unknown name \"nam\" at 'dimensions[0]': Cannot find field.",
            ),
            (
                r#"{"dimensionFilter": {"andGroup": {"expressions": [{"filter": {"fieldname": "x"}}]}}}"#,
                "dimension_filter.and_group.expressions[0].filter",
                "Invalid JSON payload received. Unknown name \"fieldname\" at 'dimension_filter.and_group.expressions[0].filter'",
            ),
            (r#"{"limit": "ten"}"#, "limit", "Invalid value at 'limit' (TYPE_INT64), \"ten\""),
            (r#"{"limit": 1.5}"#, "limit", "Invalid value at 'limit' (TYPE_INT64), 1.5"),
            (
                r#"{"keepEmptyRows": "true"}"#,
                "keep_empty_rows",
                "Invalid value at 'keep_empty_rows' (TYPE_BOOL), \"true\"",
            ),
            (
                r#"{"metricAggregations": ["SUM"]}"#,
                "metric_aggregations[0]",
                "Invalid value at 'metric_aggregations[0]' (type.googleapis.com/google.analytics.data.v1beta.MetricAggregation), \"SUM\"",
            ),
            (
                r#"{"dateRanges": [{"startDate": 20260101}]}"#,
                "date_ranges[0].start_date",
                "Invalid value at 'date_ranges[0].start_date' (TYPE_STRING), 20260101",
            ),
            (
                r#"{"currencyCode": ["EUR"]}"#,
                "",
                "Invalid JSON payload received. Unknown name \"currencyCode\": Proto field is not repeating, cannot start list.",
            ),
            (
                r#"{"dimensionFilter": {"filter": {}, "notExpression": {}}}"#,
                "dimension_filter",
                "Invalid value at 'dimension_filter' (oneof), oneof field 'expr' is already set.",
            ),
            ("{", "", "Invalid JSON payload received. Unexpected end of string."),
            ("{]", "", "Invalid JSON payload received. Unexpected token."),
            ("[]", "", "Invalid JSON payload received. Unknown name \"\": Root element"),
        ] {
            let (at, message) = refusal(body);
            assert_eq!(at, field, "{body}");
            assert!(message.starts_with(start), "{message}");
        }
    }

    #[test]
    fn both_spellings_of_names_and_of_int64_are_taken() {
        let read = |body: &str| read(body.as_bytes(), &RUN_REPORT).expect(body);
        assert_eq!(
            read(r#"{"date_ranges": [{"start_date": "today"}], "limit": "10", "offset": null}"#),
            read(r#"{"dateRanges": {"startDate": "today"}, "limit": 10.0}"#),
        );
    }
}
