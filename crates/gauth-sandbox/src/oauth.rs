//! The OAuth half of the sandbox: clients, users and service accounts, grants and tokens, and every endpoint that
//! issues, exchanges, describes or revokes tokens. It knows nothing of Analytics.

mod assertion;
mod authorize;
mod aws;
pub(crate) mod bearer;
mod certificates;
pub(crate) mod clients;
mod consent;
mod dpop;
mod form;
pub(crate) mod google;
pub(crate) mod grants;
pub(crate) mod iam_credentials;
mod jwt;
mod metadata_server;
pub(crate) mod outside;
mod random;
mod revoke;
pub(crate) mod scopes;
mod security_token_service;
pub(crate) mod service_accounts;
mod token;
mod tokeninfo;
mod userinfo;

use crate::http::{Request, Response};
use google::Google;

/// Answers requests to the endpoints of OAuth, of a metadata server and of outside identities. Paths are Google's,
/// including older ones that clients still use, or those of the other cloud.
pub(crate) fn answer(google: &Google, request: &Request) -> Option<Response> {
    Some(match request.uri().path() {
        "/o/oauth2/v2/auth" | "/o/oauth2/auth" => authorize::answer(google, request),
        path if token::PATHS.contains(&path) => token::answer(google, request),
        "/revoke" | "/o/oauth2/revoke" => revoke::answer(google, request),
        "/tokeninfo" | "/oauth2/v3/tokeninfo" => tokeninfo::answer(google, request),
        "/oauth2/v1/tokeninfo" | "/oauth2/v2/tokeninfo" => tokeninfo::answer_in_the_old_form(google, request),
        "/v1/userinfo" | "/oauth2/v3/userinfo" => userinfo::answer(google, request),
        "/oauth2/v1/userinfo" | "/oauth2/v2/userinfo" | "/userinfo/v2/me" => {
            userinfo::answer_in_the_old_form(google, request)
        }
        "/v1/token" => security_token_service::exchange(google, request),
        "/v1/oauthtoken" => security_token_service::refresh(google, request),
        "/outside/token" => outside::answer(google, request),
        path if path == "/" || path.starts_with("/computeMetadata") => metadata_server::answer(google, request),
        path if path.starts_with("/latest/") => aws::answer(google, request),
        path => return certificates::answer(google, path),
    })
}
