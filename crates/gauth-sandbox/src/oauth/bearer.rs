//! Checks the bearer token of an API request (RFC 6750 §2.1 and §3), with the 401s of Google's front end. It is an
//! access token, or a JWT that a service account has signed for one API or for some scopes
//! (<https://google.aip.dev/auth/4111>).

use crate::http::{Request, Response, bearer, challenge};
use crate::oauth::assertion::{self, LONGEST_LIFE};
use crate::oauth::google::{Google, now};
use crate::oauth::grants::{AccessToken, Kind};
use crate::oauth::jwt::Jwt;
use crate::oauth::scopes;
use crate::oauth::service_accounts::REPORTER;
use crate::rest::{Method, Parameters, Refusal};

const EXPECTED: &str = "Expected OAuth 2 access token, login cookie or other valid authentication credential. See \
                        https://developers.google.com/identity/sign-in/web/devconsole-project.";

/// The JWTs of Google's client for Rust live 20 seconds longer than an hour.
const TOLERANCE: i64 = 60;

/// The caller of `method`, or the refusal.
pub(crate) fn check<C>(google: &Google, request: &Request, method: &Method<C>) -> Result<AccessToken, Box<Response>> {
    let parameters = Parameters::of(request);
    let Some(token) = bearer(request).or_else(|| parameters.token()) else {
        let message = format!("Request is missing required authentication credential. {EXPECTED}");
        let refusal = Refusal::new(401, message).with(method.error_info("CREDENTIALS_MISSING"));
        let refusal = refusal.response(&parameters.format());
        return Err(challenge(refusal, "Bearer realm=\"https://accounts.google.com/\"").into());
    };
    let known = google.grants().access_token(token, now()).cloned();
    known.or_else(|| self_signed(google, token, method)).ok_or_else(|| {
        let message = format!("Request had invalid authentication credentials. {EXPECTED}");
        let refusal = Refusal::new(401, message).response(&parameters.format());
        challenge(refusal, "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"").into()
    })
}

/// A JWT as bearer token: signed by the key that its `kid` names, about the account itself, for this API (`aud`) or for
/// scopes, and not expired.
fn self_signed<C>(google: &Google, token: &str, method: &Method<C>) -> Option<AccessToken> {
    let jwt = Jwt::parse(token)?;
    let is_own = jwt.text("iss") == Some(REPORTER) && jwt.text("sub") == Some(REPORTER);
    if !is_own || !jwt.header.contains_key("kid") || !google.reporter_key.verifies(&jwt) {
        return None;
    }
    assertion::check_times(&jwt.claims, google.clock(), LONGEST_LIFE + TOLERANCE).ok()?;
    let audience = jwt.text("aud").map(|audience| audience.strip_suffix('/').unwrap_or(audience));
    if audience.is_some_and(|audience| audience != google.url && audience != format!("https://{}", method.service())) {
        return None;
    }
    let granted = match (jwt.text("scope"), audience) {
        (Some(list), None) => scopes::parse(list).ok()?,
        // The whole API.
        (None, Some(_)) => method.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        // One or the other.
        _ => return None,
    };
    let client = google.subject(REPORTER);
    let holder = google.grants().holder(REPORTER, &client, granted, Kind::ServiceAccount);
    Some(AccessToken { holder, expires: jwt.claims.get("exp")?.as_u64()? })
}
