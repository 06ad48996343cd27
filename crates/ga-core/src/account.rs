//! Accounts and their properties, as the Admin API lists them.
//! <https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1beta/accountSummaries/list>
//!
//! A page may hold fewer accounts than asked for, or none, though more follow: only a missing
//! `nextPageToken` ends the list.

use std::collections::HashSet;

use serde::Deserialize;

use crate::error::Error;

/// One page of accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountSummaries {
    /// The accounts.
    pub account_summaries: Vec<AccountSummary>,
    /// Asks for the next page; missing or empty on the last.
    pub next_page_token: Option<String>,
}

/// One account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountSummary {
    /// `accounts/N`.
    pub account: String,
    /// Its name for people.
    pub display_name: String,
    /// Its properties.
    pub property_summaries: Vec<PropertySummary>,
}

/// One property.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PropertySummary {
    /// `properties/N`.
    pub property: String,
    /// Its name for people.
    pub display_name: String,
    /// `PROPERTY_TYPE_ORDINARY` and its like.
    pub property_type: String,
    /// `accounts/N`, or `properties/N` for a subproperty.
    pub parent: String,
}

impl AccountSummaries {
    /// Reads one answer.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(body).map_err(|error| {
            Error::Answer(format!("the answer is not a list of accounts: {error}"))
        })
    }
}

/// Follows the page tokens of a list, and refuses to walk in a circle.
#[derive(Debug, Default)]
pub struct PageTokens {
    seen: HashSet<String>,
}

impl PageTokens {
    /// The token of the next page, if there is one.
    pub fn next(&mut self, page: &AccountSummaries) -> Result<Option<String>, Error> {
        let Some(token) = page.next_page_token.clone().filter(|t| !t.is_empty()) else {
            return Ok(None);
        };
        if !self.seen.insert(token.clone()) {
            return Err(Error::Incomplete(
                "the list of accounts repeats a page token".to_owned(),
            ));
        }
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_followed_to_its_end_and_a_circle_is_noticed() {
        let page = |token: &str| {
            let json = format!(r#"{{"accountSummaries":[],"nextPageToken":"{token}","new":1}}"#);
            AccountSummaries::parse(json.as_bytes()).unwrap()
        };
        let mut tokens = PageTokens::default();
        assert_eq!(tokens.next(&page("a")).unwrap().as_deref(), Some("a"));
        assert_eq!(tokens.next(&page("b")).unwrap().as_deref(), Some("b"));
        assert!(tokens.next(&page("a")).is_err());
        assert_eq!(tokens.next(&page("")).unwrap(), None);
        assert!(AccountSummaries::parse(b"<html>").is_err());
    }
}
