//! Parameters in a query or an `application/x-www-form-urlencoded` body, decoded exactly once. None may be repeated,
//! and one without a value counts as left out (RFC 6749 §3.1, §3.2).

use serde_json::{Map, Value};

use crate::fail_if;
use crate::http::{OAuthError, Request};

#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, OAuthError> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text).into_owned() {
            fail_if(
                fields.iter().any(|(seen, _)| *seen == name),
                OAuthError::invalid_request(format!("OAuth 2 parameters can only have a single value: {name}")),
            )?;
            fields.push((name, value));
        }
        fields.retain(|(_, value)| !value.is_empty());
        Ok(Self(fields))
    }

    /// The body of a POST: a form, or JSON, which Google accepts as well. Nothing may be in the URL, which would be
    /// logged.
    pub(crate) fn of_body(request: &Request) -> Result<Self, OAuthError> {
        fail_if(
            request.uri().query().is_some_and(|query| !query.is_empty()),
            OAuthError::invalid_request("Parameters are not allowed in the request URL."),
        )?;
        let content_type =
            request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/x-www-form-urlencoded" => Self::parse(request.body()),
            "application/json" => Self::of_json(request.body()),
            _ => Err(OAuthError::invalid_request(format!("Invalid content type: {media_type}"))),
        }
    }

    fn of_json(text: &[u8]) -> Result<Self, OAuthError> {
        let members: Map<String, Value> = serde_json::from_slice(text)
            .map_err(|_| OAuthError::invalid_request("Invalid JSON: expected an object of strings."))?;
        let mut fields = Vec::new();
        for (name, value) in members {
            match value {
                Value::String(text) if text.is_empty() => {}
                Value::String(text) => fields.push((name, text)),
                Value::Null => {}
                _ => {
                    return Err(OAuthError::invalid_request(format!("Invalid value of {name}: expected a string.")));
                }
            }
        }
        Ok(Self(fields))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| OAuthError::invalid_request(format!("Missing required parameter: {name}")))
    }

    /// Refuses every parameter that is not in `known`.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), OAuthError> {
        match self.0.iter().find(|(name, _)| !known.contains(&&**name)) {
            Some((name, _)) => {
                Err(OAuthError::invalid_request(format!("Parameter not allowed for this message type: {name}")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
