//! The formats of a subject token in a file or response: plain text, or one field of a JSON object.

use crate::document::Document;
use crate::{Error, Secret};

/// The most that is read of a subject token's file or program, in bytes.
pub(super) const LIMIT: usize = 64 << 10;

/// `format` of a `credential_source`.
#[derive(Clone, Debug)]
pub(super) enum Format {
    Text,
    Json { field: String },
}

impl Format {
    pub(super) fn read(source: &Document) -> Result<Self, Error> {
        let Some(format) = source.optional_object("format")? else {
            return Ok(Self::Text);
        };
        match format.optional_text("type")? {
            None | Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json { field: format.text("subject_token_field_name")?.to_owned() }),
            Some(_) => Err(Error::field("credential_source.format.type", "expected text or json")),
        }
    }

    /// Extracts the token; `place` names where the bytes came from.
    pub(super) fn token(&self, bytes: &[u8], place: &str) -> Result<Secret, Error> {
        let problem = |text: &str| Error::Input(format!("subject token from {place}: {text}"));
        if bytes.len() > LIMIT {
            return Err(problem("longer than 64 KiB"));
        }
        match self {
            Self::Text => {
                if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
                    return Err(problem("UTF-16 text (save it as UTF-8)"));
                }
                let text = std::str::from_utf8(bytes).map_err(|_| problem("not UTF-8"))?;
                // Editors and PowerShell add a byte order mark.
                let text = text.trim_start_matches('\u{feff}').trim();
                check(text).map_err(problem)?;
                Ok(Secret::new(text))
            }
            Self::Json { field } => {
                let document = Document::parse(bytes).map_err(|e| problem(&e.to_string()))?;
                let text = document.text(field).map_err(|e| problem(&e.to_string()))?;
                check(text).map_err(problem)?;
                Ok(Secret::new(text))
            }
        }
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("empty");
    }
    // A SAML response may be wrapped; everything else has no control character.
    if text.chars().any(|c| c.is_control() && !c.is_ascii_whitespace()) {
        return Err("contains a control character");
    }
    Ok(())
}
