//! JSON without duplicate keys. RFC 8259 §4 leaves open which value of such a key counts, so two readers of one document
//! could see different values.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::Typed;

/// Reads one value.
///
/// # Errors
/// A syntax error; or a duplicate key, as a data error that names its path.
pub fn distinct(text: &[u8]) -> serde_json::Result<Value> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = Place::Top.deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// The type of a value, in words for users.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The path of a member of the object at `path`.
pub fn member(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Where the value is that comes next. A path is made of it for an error only, since every value passes here.
#[derive(Clone, Copy)]
enum Place<'a> {
    Top,
    Member(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Member(Self::Top, name) => write!(f, "{}", Typed(name)),
            Self::Member(object, name) => write!(f, "{object}.{}", Typed(name)),
            Self::Item(list, number) => write!(f, "{list}[{number}]"),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Place::Item(&self, list.len()))? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let place = Place::Member(&self, &key);
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("{place}: duplicate key")));
            }
            let value = members.next_value_seed(place)?;
            object.insert(key, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_key_is_refused_at_every_level_with_its_path() {
        for (text, path) in [
            (r#"{"a":1,"a":1}"#, "a: duplicate key"),
            (r#"{"a":{"b":[{},{"c":1,"c":2}]}}"#, "a.b[1].c: duplicate key"),
            (r#"{"abc":1,"\u0061bc":2}"#, "abc: duplicate key"),
        ] {
            let error = distinct(text.as_bytes()).unwrap_err();
            assert!(error.is_data() && error.to_string().starts_with(path), "{error}");
        }
        for text in ["[1, -2, 1.5, null, true, \"x\", {\"a\": {}}]", "[]", "0"] {
            assert_eq!(distinct(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
        for text in ["", "{", "{} x", "{a: 1}"] {
            assert!(!distinct(text.as_bytes()).unwrap_err().is_data(), "{text}");
        }
    }
}
