//! The columns of the list: an account and, unless it has none, one of its properties.

use ga_core::account::Listed;

pub(crate) const NAMES: [&str; 6] = ["account", "account_name", "property", "property_name", "type", "parent"];

/// The place of the property's number.
pub(crate) const PROPERTY: usize = 2;

pub(crate) fn rows(listed: &[Listed<'_>]) -> Vec<Vec<String>> {
    listed.iter().map(|one| row(one).into()).collect()
}

fn row(one: &Listed<'_>) -> [String; NAMES.len()] {
    let account = one.account;
    let [number, name, kind, parent] = match &one.property {
        Some((number, property)) => {
            [number.to_string(), property.display_name.clone(), property.kind(), property.parent.clone()]
        }
        None => Default::default(),
    };
    [account.number().to_owned(), account.display_name.clone(), number, name, kind, parent]
}
