//! Property `0`: the first one that the token can see.
//! <https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1beta/accountSummaries/list>

use anyhow::Context as _;
use ga_core::account::{AccountSummaries, PageTokens};
use ga_core::property::PropertyNumber;
use ga_core::request;
use gauth_cli::{Failure, Kind, Terminal};

use crate::client::{Client, body_up_to};

/// 200 accounts with all their properties stay far below this.
const LIMIT: usize = 64 << 20;

/// Finds the property and names it on stderr.
pub(crate) async fn find(client: &Client, base: &str, terminal: &Terminal) -> anyhow::Result<PropertyNumber> {
    let mut tokens = PageTokens::default();
    let mut page_token = None;
    loop {
        let request = request::account_summaries(base, page_token.as_deref())?;
        let attempt = || async {
            let body = body_up_to(client.send(&request).await?, LIMIT).await?;
            Ok(AccountSummaries::parse(&body)?)
        };
        let page = client.retrying(attempt).await.context("look for the first property")?;
        let mut properties = page.account_summaries.iter().flat_map(|account| &account.property_summaries);
        if let Some(property) = properties.next() {
            let number = PropertyNumber::parse(&property.property)?;
            terminal.note(&format!("property {number}: {}", property.display_name));
            return Ok(number);
        }
        page_token = tokens.next(&page)?;
        if page_token.is_none() {
            return Err(Failure::new(Kind::Refused, "this token can see no property")
                .hint("add the account to a property in Analytics, under property access management")
                .into());
        }
    }
}
