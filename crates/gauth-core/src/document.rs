//! A credentials or client file as a checked JSON object: limited size and depth, an optional UTF-8 BOM, no duplicate key
//! at any level (readers that keep the first value and readers that keep the last would see two different files).
//! Fields are fetched by name; an error names the field and its type, never its value.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gauth_text::json;
use serde_json::{Map, Value};

use crate::token::jwt_claims;
use crate::{Error, Secret};

/// The largest file that is read as credentials, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// A JSON object.
#[derive(Clone, PartialEq)]
pub struct Document(Map<String, Value>);

impl Document {
    /// Parses a file's bytes.
    ///
    /// # Errors
    /// [`Error::Input`] for anything that is not one JSON object with distinct keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_BYTES {
            return Err(input("larger than 1 MiB"));
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(input("UTF-16 text (save it as UTF-8)"));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.trim_ascii().is_empty() {
            return Err(input("empty"));
        }
        // serde_json's own limit of 128 levels bounds the depth.
        match json::distinct(bytes) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(_) => Err(input("not a JSON object")),
            Err(e) if e.is_data() => Err(input(&format!("duplicate key at line {} column {}", e.line(), e.column()))),
            Err(e) => Err(input(&match looks_like(bytes) {
                Some(what) => format!("{what}, not JSON"),
                None => format!("not valid JSON at line {} column {}", e.line(), e.column()),
            })),
        }
    }

    /// Wraps an object that was not read from a file.
    pub(crate) fn from_map(map: Map<String, Value>) -> Self {
        Self(map)
    }

    /// Whether the field is present and not null.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// A text that must be present and not empty.
    pub fn text(&self, name: &str) -> Result<&str, Error> {
        self.optional_text(name)?.ok_or_else(|| Error::field(name, "missing"))
    }

    /// A text that may be missing, null or empty.
    pub fn optional_text(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(other) => Err(wrong_type(name, "a string", other)),
        }
    }

    /// A text that goes into a header, a form or a line of output: visible ASCII without blanks.
    pub fn word(&self, name: &str) -> Result<&str, Error> {
        self.optional_word(name)?.ok_or_else(|| Error::field(name, "missing"))
    }

    /// As [`Document::word`], but may be missing.
    pub fn optional_word(&self, name: &str) -> Result<Option<&str>, Error> {
        let text = self.optional_text(name)?;
        match text {
            Some(text) if !is_word(text) => {
                Err(Error::field(name, "contains a blank, a control or a non-ASCII character"))
            }
            _ => Ok(text),
        }
    }

    /// A [`Document::word`] that is a secret.
    pub fn secret(&self, name: &str) -> Result<Secret, Error> {
        self.word(name).map(Secret::new)
    }

    /// As [`Document::secret`], but may be missing.
    pub fn optional_secret(&self, name: &str) -> Result<Option<Secret>, Error> {
        Ok(self.optional_word(name)?.map(Secret::new))
    }

    /// A client id or secret: VSCHAR of RFC 6749 appendix A, so visible ASCII and blanks.
    pub fn client_text(&self, name: &str) -> Result<&str, Error> {
        self.optional_client_text(name)?.ok_or_else(|| Error::field(name, "missing"))
    }

    /// As [`Document::client_text`], but may be missing.
    pub fn optional_client_text(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.optional_text(name)? {
            Some(text) if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) => {
                Err(Error::field(name, "contains a control or a non-ASCII character"))
            }
            text => Ok(text),
        }
    }

    /// A list of texts, or one text with blanks between the items; empty if missing.
    pub fn list(&self, name: &str) -> Result<Vec<&str>, Error> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(text.split_whitespace().collect()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().ok_or_else(|| wrong_type(name, "a list of strings", item)))
                .collect(),
            Some(other) => Err(wrong_type(name, "a list of strings", other)),
        }
    }

    /// A nested object that may be missing.
    pub fn optional_object(&self, name: &str) -> Result<Option<Self>, Error> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Self(map.clone()))),
            Some(other) => Err(wrong_type(name, "an object", other)),
        }
    }

    /// A whole number that may be missing.
    pub fn optional_number(&self, name: &str) -> Result<Option<u64>, Error> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| wrong_type(name, "a whole number", value)),
        }
    }

    /// The field as is; `None` if missing.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All fields.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The same without null fields, which count as missing.
    pub(crate) fn without_nulls(&self) -> Self {
        let fields = self.0.iter().filter(|(_, value)| !value.is_null());
        Self(fields.map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    /// Sets a field; all others stay.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Removes a field.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The file to write: indented by two, keys sorted, a newline at the end (as gcloud writes its own).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(&self.0).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// Whether a text fits into a header or form as one word: visible ASCII, no blank.
pub(crate) fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl From<Document> for Value {
    fn from(document: Document) -> Self {
        Self::Object(document.0)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn input(problem: &str) -> Error {
    Error::Input(problem.to_owned())
}

/// What is often given instead of a credentials or client file, recognised by its beginning.
fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.trim_ascii();
    let begins = |with: &[u8]| text.starts_with(with);
    let in_base64 = || STANDARD.decode(text.split(|byte| byte.is_ascii_whitespace()).collect::<Vec<_>>().concat());
    let is_token = || std::str::from_utf8(text).is_ok_and(|text| jwt_claims(text).is_some());
    if begins(b"<") {
        Some("an HTML page")
    } else if begins(b"-----BEGIN ") {
        Some("a PEM file")
    } else if bytes.starts_with(&[0x30, 0x82]) {
        Some("a PKCS#12 or DER file")
    } else if bytes.starts_with(b"SQLite format 3") {
        Some("an SQLite database")
    } else if bytes.starts_with(&[0x80]) && matches!(bytes.get(1), Some(2..=5)) {
        Some("a Python pickle")
    } else if begins(b"[") && text.windows(2).any(|pair| pair == b"]\n" || pair == b"]\r") {
        Some("an INI file such as rclone.conf")
    } else if begins(b"ya29.") || is_token() {
        Some("a token")
    } else if begins(b"1//") {
        Some("a refresh token without its client")
    } else if in_base64().is_ok_and(|inner| inner.trim_ascii_start().starts_with(b"{")) {
        Some("a file in base64 (decode it with base64 -d)")
    } else {
        None
    }
}

fn wrong_type(name: &str, expected: &str, found: &Value) -> Error {
    Error::field(name, &format!("expected {expected}, found {}", json::kind(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(bytes: &[u8]) -> String {
        Document::parse(bytes).unwrap_err().to_string()
    }

    #[test]
    fn e7_a_duplicate_key_is_refused_at_every_level() {
        for text in [
            r#"{"token_uri":"a","token_uri":"b"}"#,
            r#"{"a":{"b":[{"c":1,"c":2}]}}"#,
            r#"{"token_uri":"a","\u0074oken_uri":"b"}"#,
        ] {
            assert!(problem(text.as_bytes()).contains("duplicate key"), "{text}");
        }
    }

    #[test]
    fn e8_size_and_depth_are_bounded() {
        assert_eq!(problem(&vec![b' '; MAX_BYTES + 1]), "larger than 1 MiB");
        let deep = format!("{{\"a\":{}", "[".repeat(500_000));
        assert!(problem(deep.as_bytes()).starts_with("not valid JSON"));
    }

    #[test]
    fn e9_a_bom_is_tolerated_and_utf_16_is_named() {
        assert!(Document::parse(b"\xef\xbb\xbf{}").is_ok());
        assert!(problem(b"\xff\xfe{\0}\0").contains("UTF-16"));
    }

    #[test]
    fn e11_a_wrong_type_names_the_field_and_never_the_value() {
        let document = Document::parse(br#"{"private_key": 4711, "scopes": [1]}"#).unwrap();
        assert_eq!(
            document.text("private_key").unwrap_err().to_string(),
            "field private_key: expected a string, found a number"
        );
        assert!(document.list("scopes").is_err());
        assert_eq!(document.text("client_id").unwrap_err().to_string(), "field client_id: missing");
    }

    #[test]
    fn e12_a_character_that_splits_a_header_or_a_line_is_refused() {
        for bad in ["a\\nb", "a\\r\\nX: y", "a b", "a\\u0000", "a\\u007f", "a\\u0085"] {
            let json = format!(r#"{{"client_id":"{bad}"}}"#);
            let document = Document::parse(json.as_bytes()).unwrap();
            assert!(document.word("client_id").is_err(), "{bad}");
        }
    }

    #[test]
    fn not_an_object_is_named() {
        assert_eq!(problem(b"[]"), "not a JSON object");
        assert_eq!(problem(b" \n"), "empty");
        assert!(problem(b"{").starts_with("not valid JSON at line 1"));
    }

    #[test]
    fn unknown_keys_survive_a_rewrite() {
        let mut document = Document::parse(br#"{"b":{"z":[1.5,null]},"a":"x"}"#).unwrap();
        document.set("a", "y");
        assert_eq!(
            Document::parse(&document.to_bytes()).unwrap().0,
            serde_json::from_str::<Map<_, _>>(r#"{"a":"y","b":{"z":[1.5,null]}}"#).unwrap()
        );
    }
}
