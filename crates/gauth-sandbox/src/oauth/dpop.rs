//! Proofs of possession at the token endpoint (RFC 9449 §4.3, §5 and §8): ES256 alone, a nonce of the server's always, and no
//! proof twice. As at Google, refresh tokens are bound to the key of a proof and access tokens are not.

use std::collections::HashSet;
use std::sync::Mutex;

use ring::signature::ECDSA_P256_SHA256_FIXED;
use serde_json::Value;

use crate::fail_if;
use crate::http::{OAuthError, Request};
use crate::lock;
use crate::oauth::google::Google;
use crate::oauth::jwt::{Jwt, bytes};
use crate::oauth::random;

/// How old or early a proof may be, in seconds.
const SKEW: u64 = 300;

pub(crate) struct Proofs {
    pub(crate) nonce: String,
    /// The `jti` of all so far.
    seen: Mutex<HashSet<String>>,
}

impl Proofs {
    pub(crate) fn new() -> Self {
        Self { nonce: random::text(32), seen: Mutex::default() }
    }
}

/// The public key, as a point, of whoever sends the request, if it brings a proof.
pub(crate) fn key(google: &Google, request: &Request) -> Result<Option<Vec<u8>>, OAuthError> {
    let proofs: Vec<_> = request.headers().get_all("dpop").iter().collect();
    if proofs.is_empty() {
        return Ok(None);
    }
    let refuse = |what: &str| OAuthError::new("invalid_dpop_proof", format!("Invalid DPoP proof: {what}"));
    let only = (proofs.len() == 1).then(|| proofs[0].to_str().ok()).flatten();
    let jwt = only.and_then(Jwt::parse).ok_or_else(|| refuse("not one signed JWT"))?;
    let point = jwt.header.get("jwk").and_then(public_key).ok_or_else(|| refuse("jwk"))?;
    let header = |name: &str| jwt.header.get(name).and_then(Value::as_str);
    let iat = jwt.claims.get("iat").and_then(Value::as_u64);
    for (is_met, what) in [
        (header("typ") == Some("dpop+jwt"), "typ"),
        (header("alg") == Some("ES256"), "alg"),
        (jwt.is_signed_by(&ECDSA_P256_SHA256_FIXED, &point), "signature"),
        (jwt.text("htm") == Some(request.method().as_str()), "htm"),
        (jwt.text("htu") == Some(&*format!("{}{}", google.url, request.uri().path())), "htu"),
        (iat.is_some_and(|iat| iat.abs_diff(google.clock()) <= SKEW), "iat"),
        (!jwt.claims.contains_key("ath"), "ath"),
    ] {
        fail_if(!is_met, refuse(what))?;
    }
    let id = jwt.text("jti").ok_or_else(|| refuse("jti"))?;
    fail_if(!lock(&google.proofs.seen).insert(id.to_owned()), refuse("jti was used before"))?;
    match jwt.text("nonce") {
        Some(nonce) if nonce == google.proofs.nonce => Ok(Some(point)),
        _ => Err(OAuthError::new("use_dpop_nonce", "Authorization server requires nonce in DPoP proof")),
    }
}

/// A JSON Web Key on P-256 with nothing but its public half (RFC 7518 §6.2.1).
fn public_key(jwk: &Value) -> Option<Vec<u8>> {
    let member = |name: &str| jwk.get(name)?.as_str();
    let coordinate = |name| bytes(member(name)?).filter(|bytes| bytes.len() == 32);
    let is_plain = jwk.as_object()?.len() == 4 && member("kty")? == "EC" && member("crv")? == "P-256";
    is_plain.then_some([vec![4], coordinate("x")?, coordinate("y")?].concat())
}
