//! `--explain`: on stderr, which credentials were chosen and why, who the token acts for, and what it is valid for.

use gauth_cli::terminal::Terminal;
use gauth_core::credentials::TokenRequest;
use gauth_core::scope::Scopes;
use gauth_core::timestamp;
use gauth_store::credentials::Found;
use gauth_store::token_cache::Token;

pub(crate) fn source(found: &Found, request: &TokenRequest, terminal: &Terminal) {
    for place in &found.looked_for {
        terminal.note(&format!("looked for {place}"));
    }
    terminal.note(&format!("using {} ({}, {})", found.source, found.credentials.kind(), found.source.path().display()));
    let identity = found.credentials.identity();
    let who = request.impersonate.iter().fold(identity, |who, email| format!("{email} through {who}"));
    terminal.note(&match &request.subject {
        Some(user) => format!("acting as {user} through {who}"),
        None => format!("acting as {who}"),
    });
}

/// `asked` are the scopes if the server did not say.
pub(crate) fn token(token: &Token, request: &TokenRequest, asked: &Scopes, terminal: &Terminal) {
    let scopes = token.scopes.as_ref().unwrap_or(asked).joined();
    terminal.note(&match &request.audience {
        Some(audience) => format!("audience: {audience}"),
        None if scopes.is_empty() => "scopes: all that was granted".to_owned(),
        None => format!("scopes: {scopes}"),
    });
    let expiry = token.expires_at.and_then(timestamp::rfc3339);
    terminal.note(&format!("expires: {}", expiry.as_deref().unwrap_or("unknown")));
    terminal.note(&format!("cached: {}", if token.cached { "yes" } else { "no" }));
}
