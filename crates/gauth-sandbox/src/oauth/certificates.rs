//! The public halves of the keys that sign ID tokens and service accounts' assertions: as JSON Web Keys (RFC 7517), as
//! X.509 certificates by key id, and the document that names their addresses (OpenID Connect Discovery 1.0).

use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};

use super::google::{Google, ISSUER};
use super::jwt::SigningKey;
use super::service_accounts::ServiceAccount;
use crate::http::{Response, json, not_found};

/// Answers requests for keys.
pub(super) fn answer(google: &Google, path: &str) -> Option<Response> {
    let of_account = ["/robot/v1/metadata/", "/service_accounts/v1/metadata/", "/service_accounts/v1/"];
    if let Some((form, email)) = of_account.iter().find_map(|start| path.strip_prefix(start)?.split_once('/')) {
        let account = ServiceAccount::find(&email.replace("%40", "@"));
        return Some(match (account, form) {
            (Some(account), "x509") => json(200, &x509(&google.keys_of(account))),
            (Some(account), "jwk") => json(200, &jwks(&google.keys_of(account))),
            _ => not_found(path),
        });
    }
    match path {
        "/oauth2/v1/certs" => Some(json(200, &x509(&[&google.id_token_key]))),
        "/oauth2/v2/certs" | "/oauth2/v3/certs" => Some(json(200, &jwks(&[&google.id_token_key]))),
        "/.well-known/openid-configuration" => Some(json(200, &configuration(&google.url))),
        _ => None,
    }
}

fn jwks(keys: &[&SigningKey]) -> Value {
    let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
    json!({ "keys": keys })
}

/// The certificates in PEM, by key id.
fn x509(keys: &[&SigningKey]) -> Value {
    keys.iter().map(|key| (key.id.clone(), Value::from(certificate(key).unwrap_or_default()))).collect()
}

fn certificate(key: &SigningKey) -> Result<String, rcgen::Error> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, "federated-signon.system.gserviceaccount.com");
    Ok(parameters.self_signed(&KeyPair::from_pem(key.pem)?)?.pem())
}

fn configuration(url: &str) -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{url}/o/oauth2/v2/auth"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/v1/userinfo"),
        "revocation_endpoint": format!("{url}/revoke"),
        "jwks_uri": format!("{url}/oauth2/v3/certs"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "sub"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "grant_types_supported":
            ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
    })
}
