//! The properties that the token can see: which of them are asked, and why one of them refuses.
//! <https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1beta/accountSummaries/list>

use std::time::Duration;

use anyhow::Context as _;
use ga_core::account::{AccountSummaries, PageTokens, listed};
use ga_core::property::{PropertyNumber, Selection};
use ga_core::request;
use gauth_cli::{Failure, Kind, Terminal};

use crate::client::Client;

/// 200 accounts with all their properties stay far below this.
const LIMIT: usize = 64 << 20;
/// A hint or a name is not worth a longer wait.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many properties of an account a hint names.
const NAMED: usize = 5;

/// The list of accounts, page by page.
struct Accounts<'a> {
    client: &'a Client,
    base: &'a str,
    tokens: PageTokens,
    page_token: Option<String>,
    has_ended: bool,
}

impl<'a> Accounts<'a> {
    fn new(client: &'a Client, base: &'a str) -> Self {
        Self { client, base, tokens: PageTokens::default(), page_token: None, has_ended: false }
    }

    async fn next(&mut self) -> anyhow::Result<Option<AccountSummaries>> {
        if self.has_ended {
            return Ok(None);
        }
        let request = request::account_summaries(self.base, self.page_token.as_deref())?;
        let attempt = || async {
            let body = self.client.body_up_to(self.client.send(&request).await?, LIMIT).await?;
            Ok(AccountSummaries::parse(&body)?)
        };
        let page = self.client.retrying(attempt).await?;
        self.page_token = self.tokens.next(&page)?;
        self.has_ended = self.page_token.is_none();
        Ok(Some(page))
    }
}

/// The properties that are meant, in the order in which they are asked. What only the server knows is told.
pub(crate) async fn chosen(
    selection: &Selection,
    client: &Client,
    base: &str,
    terminal: &Terminal,
) -> anyhow::Result<Vec<PropertyNumber>> {
    match selection {
        Selection::One(number) => Ok(vec![number.clone()]),
        Selection::List(numbers) => Ok(numbers.clone()),
        Selection::First => first(client, base, terminal).await.context("cannot look for the first property"),
        Selection::All => all(client, base, terminal).await.context("cannot list the properties"),
    }
}

async fn first(client: &Client, base: &str, terminal: &Terminal) -> anyhow::Result<Vec<PropertyNumber>> {
    let mut accounts = Accounts::new(client, base);
    while let Some(page) = accounts.next().await? {
        if let Some((number, summary)) = listed(&page.account_summaries)?.into_iter().find_map(|one| one.property) {
            terminal.note(&format!("property {number}: {}", summary.display_name));
            return Ok(vec![number]);
        }
    }
    Err(none_visible().into())
}

async fn all(client: &Client, base: &str, terminal: &Terminal) -> anyhow::Result<Vec<PropertyNumber>> {
    let mut accounts = Accounts::new(client, base);
    let mut numbers = Vec::new();
    let mut derived = 0;
    while let Some(page) = accounts.next().await? {
        for (number, summary) in listed(&page.account_summaries)?.into_iter().filter_map(|one| one.property) {
            // A property may be listed under two accounts.
            if !numbers.contains(&number) {
                derived += usize::from(matches!(&*summary.kind(), "rollup" | "subproperty"));
                numbers.push(number);
            }
        }
    }
    match (numbers.len(), derived) {
        (0, _) => return Err(none_visible().into()),
        (1, 0) => terminal.note("all: 1 property"),
        (count, 0) => terminal.note(&format!("all: {count} properties")),
        (count, derived) => terminal.note(&format!(
            "all: {count} properties, of which {derived} are roll-ups or subproperties, whose data is in others, too"
        )),
    }
    Ok(numbers)
}

fn none_visible() -> Failure {
    Failure::new(Kind::Refused, "no property is visible to this token")
        .hint("add the account to a property in Analytics, under property access management")
}

/// What Analytics calls a property; `None` if the Admin API refuses, or does not list it.
pub(crate) async fn name(client: &Client, base: &str, property: &PropertyNumber) -> Option<String> {
    let find = async {
        let mut accounts = Accounts::new(client, base);
        while let Some(page) = accounts.next().await.ok()? {
            let mut properties = listed(&page.account_summaries).ok()?.into_iter().filter_map(|one| one.property);
            if let Some((_, summary)) = properties.find(|(number, _)| number == property) {
                return Some(summary.display_name.clone());
            }
        }
        None
    };
    tokio::time::timeout(PATIENCE, find).await.ok()?
}

/// What to do about a property that refuses its data; `None` if the list of properties says nothing about it.
pub(crate) async fn remedy(client: &Client, base: &str, property: &PropertyNumber) -> Option<String> {
    let found = tokio::time::timeout(PATIENCE, look_up(client, base, property)).await;
    found.ok()?.ok()?
}

async fn look_up(client: &Client, base: &str, property: &PropertyNumber) -> anyhow::Result<Option<String>> {
    let mut accounts = Accounts::new(client, base);
    while let Some(page) = accounts.next().await? {
        for one in listed(&page.account_summaries)? {
            let number = one.property.as_ref().map(|(number, _)| number);
            if number == Some(property) {
                return Ok(Some(format!(
                    "property {property} is listed for this account, but its data takes a role there: ask its \
                     administrator for Viewer (Analytics, Admin, Property access management)"
                )));
            }
            if one.account.number() == property.as_str() {
                return Ok(Some(account(property, &one.account.property_summaries)));
            }
        }
    }
    Ok(None)
}

fn account(number: &PropertyNumber, properties: &[ga_core::account::PropertySummary]) -> String {
    let names = properties.iter().take(NAMED);
    let names: Vec<_> = names.filter_map(|one| PropertyNumber::parse(&one.property).ok()).collect();
    let names: Vec<_> = names.iter().map(PropertyNumber::as_str).collect();
    match &names[..] {
        [] => format!("{number} is an account without a property that this token can see"),
        [first, ..] => {
            let more = if properties.len() > NAMED { ", …" } else { "" };
            format!("{number} is an account: name one of its properties, -p {first} ({}{more})", names.join(", "))
        }
    }
}
