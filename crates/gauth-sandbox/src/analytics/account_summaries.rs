//! `accountSummaries.list` of the Admin API
//! (<https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1beta/accountSummaries/list>).

use super::errors::Refusal;
use super::json::Writer;
use super::properties::{ACCOUNTS, Account};
use super::query::Query;
use super::response::Fields;

const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;
/// What a page token looks like; no more than a number is inside.
const TOKEN: &str = "sandbox-page-";

/// One page of accounts with their properties.
pub(super) fn write(json: &mut Writer, query: &Query, fields: &Fields) -> Result<(), Refusal> {
    let size = match query.get("pageSize") {
        None => DEFAULT_PAGE,
        Some(text) => match text.parse::<i32>() {
            Ok(size) if size < 0 => {
                return Err(Refusal::invalid("The page_size must be a non-negative number."));
            }
            Ok(0) => DEFAULT_PAGE,
            Ok(size) => (size as usize).min(LARGEST_PAGE),
            Err(_) => {
                return Err(Refusal::invalid(format!("Invalid value at 'page_size' (TYPE_INT32), \"{text}\"")));
            }
        },
    };
    let first = match query.get("pageToken") {
        None | Some("") => 0,
        Some(token) => token
            .strip_prefix(TOKEN)
            .and_then(|number| number.parse().ok())
            .filter(|number| *number < ACCOUNTS.len())
            .ok_or_else(|| Refusal::invalid("The page token is invalid."))?,
    };
    let last = (first + size).min(ACCOUNTS.len());
    json.object(|json| {
        if fields.want("accountSummaries") {
            json.member("accountSummaries").list(|json| {
                for account in &ACCOUNTS[first..last] {
                    write_account(json.element(), account);
                }
            });
        }
        if last < ACCOUNTS.len() && fields.want("nextPageToken") {
            json.member("nextPageToken").text(&format!("{TOKEN}{last}"));
        }
    });
    Ok(())
}

fn write_account(json: &mut Writer, account: &Account) {
    let parent = format!("accounts/{}", account.id);
    json.object(|json| {
        json.member("name").text(&format!("accountSummaries/{}", account.id));
        json.member("account").text(&parent);
        json.member("displayName").text(account.name);
        if account.properties.is_empty() {
            return;
        }
        json.member("propertySummaries").list(|json| {
            for property in account.properties {
                json.element().object(|json| {
                    json.member("property").text(&format!("properties/{}", property.id));
                    json.member("displayName").text(property.name);
                    json.member("propertyType").text(property.kind);
                    json.member("parent").text(&parent);
                });
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn page(query: &str) -> Result<Value, String> {
        let mut json = Writer::new(true);
        write(&mut json, &Query::parse(query), &Fields::all())
            .map(|()| serde_json::from_slice(&json.finish()).expect("JSON"))
            .map_err(|refusal| refusal.message)
    }

    fn names(page: &Value) -> Vec<String> {
        let accounts = page["accountSummaries"].as_array().expect("a list");
        accounts.iter().map(|account| account["account"].to_string()).collect()
    }

    #[test]
    fn pages_of_two_hold_what_one_page_holds() {
        let whole = page("").expect("a page");
        assert!(whole.get("nextPageToken").is_none());
        let mut pieces = Vec::new();
        let mut query = "pageSize=2".to_owned();
        loop {
            let piece = page(&query).expect("a page");
            pieces.extend(names(&piece));
            match piece["nextPageToken"].as_str() {
                Some(token) => query = format!("pageSize=2&pageToken={token}"),
                None => break,
            }
        }
        assert_eq!(pieces, names(&whole));
        assert!(pieces.len() > 4);
    }

    #[test]
    fn the_first_property_is_123456() {
        let whole = page("pageSize=1000").expect("coerced, not refused");
        let first = &whole["accountSummaries"][0]["propertySummaries"][0];
        assert_eq!(first["property"], "properties/123456");
        assert_eq!(first["parent"], "accounts/1001");
    }

    #[test]
    fn wrong_parameters_are_refused() {
        for (query, start) in [
            ("pageSize=-1", "The page_size must be"),
            ("pageSize=many", "Invalid value at 'page_size' (TYPE_INT32), \"many\""),
            ("pageToken=made-up", "The page token is invalid."),
        ] {
            let refusal = page(query).expect_err(query);
            assert!(refusal.starts_with(start), "{refusal}");
        }
    }
}
