//! From the code to the grant: one token request, and a check of what was granted. `save` writes the file.

use std::time::SystemTime;

use gauth_cli::http_agent::{HttpAgent, Tries};
use gauth_cli::{Failure, Kind, Terminal};
use gauth_core::Secret;
use gauth_core::authorization::AuthorizationRequest;
use gauth_core::code_exchange::{self, UserGrant};
use gauth_core::dpop;
use gauth_core::scope::Scopes;

/// Exchanges the code for the grant. The first try uses the code up, even if it fails (RFC 6749 §4.1.2).
pub(crate) fn grant_for(
    code: &Secret,
    request: &AuthorizationRequest<'_>,
    key: Option<&dpop::Key>,
    agent: &HttpAgent,
) -> anyhow::Result<UserGrant> {
    let token_request = code_exchange::request(request.client, request.redirect_uri, code, request.verifier, key);
    let failed = |failure: Failure| failure.hint("the code is used up: run gauth-login again");
    let response = agent.send(&token_request, Tries::Once).map_err(failed)?;
    UserGrant::receive(&response, request.scopes, SystemTime::now()).map_err(|error| match error.kind() {
        gauth_core::Kind::Temporary => failed(Failure::of(&error.into())).into(),
        _ => error.into(),
    })
}

/// Consent is granular: users may untick some of the requested scopes.
pub(crate) fn check_scopes(
    grant: UserGrant,
    asked: &Scopes,
    allow_partial: bool,
    terminal: &Terminal,
) -> anyhow::Result<UserGrant> {
    let missing = asked.missing_from(&grant.scopes);
    if missing.is_empty() {
        return Ok(grant);
    }
    let message = format!("consent was not granted for: {}", missing.join(", "));
    if !allow_partial {
        return Err(Failure::new(Kind::Refused, message)
            .hint("tick every box on the consent page, or keep what was granted with --allow-partial")
            .into());
    }
    terminal.warn(&message);
    Ok(grant)
}
