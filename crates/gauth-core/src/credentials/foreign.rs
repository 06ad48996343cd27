//! Files that are given as credentials but are something else: what they are, and what they lack. The tools that write
//! them keep a token in one file and its client in another, or no refresh token at all.

use gauth_text::Typed;

use super::{KINDS, unsupported};
use crate::Error;
use crate::document::Document;

/// A file of some tool, recognised by fields that only this file has together.
struct Foreign {
    what: &'static str,
    fields: &'static [&'static str],
}

/// The first that fits counts.
const FOREIGN: &[Foreign] = &[
    Foreign { what: "a google-auth token file", fields: &["token", "token_uri"] },
    Foreign { what: "a google-auth token file", fields: &["token", "scopes"] },
    Foreign { what: "a token file of Google's library for Node.js", fields: &["access_token", "expiry_date"] },
    Foreign { what: "a token file of Google's library for PHP", fields: &["access_token", "created"] },
    Foreign { what: "a token file of Go's oauth2 package (rclone has the same)", fields: &["access_token", "expiry"] },
    Foreign { what: "the response of a token endpoint", fields: &["access_token"] },
    Foreign { what: "a token without its client", fields: &["refresh_token"] },
    Foreign { what: "an OAuth client without a grant", fields: &["client_id", "client_secret"] },
];

/// The fields that a user's grant needs.
const NEEDED: [&str; 3] = ["client_id", "client_secret", "refresh_token"];

/// Why a document of no known kind cannot be used.
pub(super) fn refusal(document: &Document) -> Error {
    if document.has("installed") || document.has("web") {
        return unsupported("this is an OAuth client, not credentials", Some("run gauth-login --client-secrets FILE"));
    }
    let known =
        || format!("use one of these types: {}", KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", "));
    match document.optional_text("type") {
        Err(e) => unsupported(&e.to_string(), Some(&known())),
        Ok(Some(name)) => {
            unsupported(&format!("field type: credentials of type {} are not supported", Typed(name)), Some(&known()))
        }
        Ok(None) => match recognised(document) {
            Some(what) => unsupported(
                &format!("this is {what}, which lacks {}", missing(document)),
                Some("run gauth-login, or gauth-login --client-secrets FILE with the client of that tool"),
            ),
            None => unsupported("field type: missing, and no known tool writes such a file", Some(&known())),
        },
    }
}

fn recognised(document: &Document) -> Option<&'static str> {
    // The keys in its file are JSON.
    if document.entries().any(|(name, _)| name.starts_with('{') && name.contains("\"CredentialsJSON\"")) {
        return Some("the token cache of oauth2l");
    }
    let fits = |foreign: &&Foreign| foreign.fields.iter().all(|field| document.has(field));
    FOREIGN.iter().find(fits).map(|foreign| foreign.what)
}

/// The missing fields, as a phrase.
fn missing(document: &Document) -> String {
    let missing: Vec<_> = NEEDED.into_iter().filter(|field| !document.has(field)).collect();
    match missing.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "type".to_owned(),
    }
}
