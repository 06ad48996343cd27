//! Accounts and their properties, as the Admin API lists them.
//! <https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1beta/accountSummaries/list>
//!
//! A page may hold fewer accounts than asked for, or none, though more follow: only a missing
//! `nextPageToken` ends the list.

use std::collections::HashSet;

use serde::Deserialize;

use crate::error::Error;
use crate::property::PropertyNumber;
use crate::response::or_default;

/// One page of accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountSummaries {
    /// The accounts.
    #[serde(deserialize_with = "or_default")]
    pub account_summaries: Vec<AccountSummary>,
    /// Asks for the next page; missing or empty on the last.
    pub next_page_token: Option<String>,
}

/// One account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountSummary {
    /// `accounts/N`.
    #[serde(deserialize_with = "or_default")]
    pub account: String,
    /// Its display name.
    #[serde(deserialize_with = "or_default")]
    pub display_name: String,
    /// Its properties.
    #[serde(deserialize_with = "or_default")]
    pub property_summaries: Vec<PropertySummary>,
}

/// One property.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PropertySummary {
    /// `properties/N`.
    #[serde(deserialize_with = "or_default")]
    pub property: String,
    /// Its display name.
    #[serde(deserialize_with = "or_default")]
    pub display_name: String,
    /// `PROPERTY_TYPE_ORDINARY` and its like.
    #[serde(deserialize_with = "or_default")]
    pub property_type: String,
    /// `accounts/N`, or `properties/N` for a subproperty.
    #[serde(deserialize_with = "or_default")]
    pub parent: String,
}

impl AccountSummary {
    /// The digits of `accounts/N`.
    pub fn number(&self) -> &str {
        self.account.strip_prefix("accounts/").unwrap_or(&self.account)
    }
}

impl PropertySummary {
    /// `ordinary`, `subproperty` or `rollup`.
    pub fn kind(&self) -> String {
        let name = &*self.property_type;
        let kind = name.strip_prefix("PROPERTY_TYPE_").unwrap_or(name);
        kind.to_ascii_lowercase()
    }
}

/// A property with its account; or an account without properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The account.
    pub account: &'a AccountSummary,
    /// The property's number and the rest of it.
    pub property: Option<(PropertyNumber, &'a PropertySummary)>,
}

impl Listed<'_> {
    /// Whether `text` is part of a name or a number, ignoring case.
    pub fn contains(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let has = |name: &str| name.to_lowercase().contains(&text);
        let is_property =
            self.property.as_ref().is_some_and(|(number, summary)| has(number.as_str()) || has(&summary.display_name));
        is_property || has(&self.account.display_name) || has(self.account.number())
    }
}

/// The properties of these accounts, in the server's order.
pub fn listed(accounts: &[AccountSummary]) -> Result<Vec<Listed<'_>>, Error> {
    let mut listed = Vec::new();
    for account in accounts {
        if account.property_summaries.is_empty() {
            let property = None;
            listed.push(Listed { account, property });
        }
        for summary in &account.property_summaries {
            let number = PropertyNumber::parse(&summary.property).map_err(|_| {
                let name = &summary.property;
                Error::response(format!("the response has a property with the invalid name {name:?}"))
            })?;
            let property = Some((number, summary));
            listed.push(Listed { account, property });
        }
    }
    Ok(listed)
}

impl AccountSummaries {
    /// Reads one response.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(body)
            .map_err(|error| Error::Response(format!("the response is not a list of accounts: {error}")))
    }
}

/// Follows the page tokens of a list, and refuses a loop.
#[derive(Debug, Default)]
pub struct PageTokens {
    seen: HashSet<String>,
}

impl PageTokens {
    /// The token of the next page, if `nextPageToken` is one.
    pub fn next(&mut self, token: Option<&str>) -> Result<Option<String>, Error> {
        let Some(token) = token.filter(|token| !token.is_empty()).map(str::to_owned) else {
            return Ok(None);
        };
        if !self.seen.insert(token.clone()) {
            return Err(Error::Incomplete("the list repeats a page token".to_owned()));
        }
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_followed_to_its_end_and_a_loop_is_refused() {
        let page = |token: &str| {
            let json = format!(r#"{{"accountSummaries":[],"nextPageToken":"{token}","new":1}}"#);
            AccountSummaries::parse(json.as_bytes()).unwrap().next_page_token
        };
        let mut tokens = PageTokens::default();
        assert_eq!(tokens.next(page("a").as_deref()).unwrap().as_deref(), Some("a"));
        assert_eq!(tokens.next(page("b").as_deref()).unwrap().as_deref(), Some("b"));
        assert!(tokens.next(page("a").as_deref()).is_err());
        assert_eq!(tokens.next(page("").as_deref()).unwrap(), None);
        assert_eq!(tokens.next(None).unwrap(), None);
        assert!(AccountSummaries::parse(b"<html>").is_err());
    }

    #[test]
    fn properties_are_found_by_parts_of_names_and_numbers() {
        let page = AccountSummaries::parse(
            r#"{"accountSummaries":[{"account":"accounts/1","displayName":"Löwe & Söhne","propertySummaries":[
            {"property":"properties/23","displayName":"My Site","propertyType":"PROPERTY_TYPE_ROLLUP"},
            {"property":"properties/45","displayName":"Blog"}]},{"account":"accounts/9"}]}"#
                .as_bytes(),
        )
        .unwrap();
        let listed = listed(&page.account_summaries).unwrap();
        let found = |text: &str| -> Vec<&str> {
            let matching = listed.iter().filter(|one| one.contains(text));
            matching.map(|one| one.property.as_ref().map_or("none", |(number, _)| number.as_str())).collect()
        };
        for (text, expected) in [
            ("my site", &["23"][..]),
            ("LÖWE", &["23", "45"]),
            ("45", &["45"]),
            ("9", &["none"]),
            ("", &["23", "45", "none"]),
            ("properties/", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
        assert_eq!(page.account_summaries[0].property_summaries[0].kind(), "rollup");
    }

    #[test]
    fn a_property_that_is_no_number_is_refused() {
        let page = AccountSummaries::parse(
            br#"{"accountSummaries":[{"propertySummaries":[{"property":"properties/x -f y"}]}]}"#,
        )
        .unwrap();
        assert!(listed(&page.account_summaries).is_err());
    }
}
