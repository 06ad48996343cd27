//! What the storage of oauth2client wrote, Google's former library for Python: a user's grant with `_class` and `_module`.
//! Its `invalid: true` only means that a request failed once; the refresh token may still be valid, so it is tried.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::authorized_user::AuthorizedUser;
use super::service_account::ServiceAccount;
use super::{Context, Credential, Kind, service_account_p12, unsupported};
use crate::assertion::PrivateKey;
use crate::document::Document;
use crate::{Error, Secret};

pub(super) const KIND: Kind = Kind {
    recognises: Some(|document| document.has("_class")),
    own_fields: &[
        "_class",
        "_module",
        "access_token",
        "id_token",
        "id_token_jwt",
        "invalid",
        "token_expiry",
        "token_response",
        "user_agent",
    ],
    access_token: ("access_token", "token_expiry"),
    ..Kind::of_type("oauth2client", read)
};

fn read(document: &Document, context: &Context<'_>) -> Result<Box<dyn Credential>, Error> {
    match document.text("_class")? {
        "OAuth2Credentials" | "GoogleCredentials" => Ok(Box::new(AuthorizedUser::read(document, context.policy)?)),
        "ServiceAccountCredentials" | "_JWTAccessCredentials" => service_account(document, context),
        "SignedJwtAssertionCredentials" => signed_jwt_assertion(document, context),
        "AccessTokenCredentials" => Err(unsupported(
            "field _class: AccessTokenCredentials contain one access token and nothing to renew it with",
            Some("run gauth-login"),
        )),
        _ => Err(unsupported(
            "field _class: this class of oauth2client is not supported",
            Some(
                "use one of OAuth2Credentials, GoogleCredentials, ServiceAccountCredentials, SignedJwtAssertionCredentials",
            ),
        )),
    }
}

/// The class has its own names for the fields, and a key in either form.
fn service_account(document: &Document, context: &Context<'_>) -> Result<Box<dyn Credential>, Error> {
    let key = match document.optional_text("_private_key_pkcs8_pem")? {
        Some(pem) => PrivateKey::Pem(Secret::new(pem)),
        None => service_account_p12::key(document, "_private_key_pkcs12", "_private_key_password")?,
    };
    Ok(Box::new(ServiceAccount::new(document, context.policy, "_service_account_email", "_private_key_id", key)?))
}

/// The class used before 2016: the key, in either form, is base64 of its file.
fn signed_jwt_assertion(document: &Document, context: &Context<'_>) -> Result<Box<dyn Credential>, Error> {
    const FIELD: &str = "private_key";
    let pem = STANDARD
        .decode(document.text(FIELD)?)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| text.starts_with("-----BEGIN "));
    let key = match pem {
        Some(pem) => PrivateKey::Pem(Secret::new(pem)),
        None => service_account_p12::key(document, FIELD, "private_key_password")?,
    };
    Ok(Box::new(ServiceAccount::new(document, context.policy, "service_account_name", "private_key_id", key)?))
}
