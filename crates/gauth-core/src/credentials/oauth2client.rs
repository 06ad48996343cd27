//! What oauth2client's storage wrote in the years of the seed scripts: a user's grant with `_class` and `_module`.
//! Its `invalid: true` only says that some request failed once; the refresh token may well live, so it is tried.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::authorized_user::AuthorizedUser;
use super::service_account::ServiceAccount;
use super::{Credential, Kind, Reading, service_account_p12, unsupported};
use crate::assertion::PrivateKey;
use crate::document::Document;
use crate::{Error, Secret};

pub(super) const KIND: Kind = Kind { name: "oauth2client", recognises: |document| document.has("_class"), read };

fn read(document: &Document, reading: &Reading<'_>) -> Result<Box<dyn Credential>, Error> {
    match document.text("_class")? {
        "OAuth2Credentials" | "GoogleCredentials" => Ok(Box::new(AuthorizedUser::read(document, reading.policy)?)),
        "ServiceAccountCredentials" | "_JWTAccessCredentials" => service_account(document, reading),
        "SignedJwtAssertionCredentials" => signed_jwt_assertion(document, reading),
        "AccessTokenCredentials" => Err(unsupported(
            "field _class: AccessTokenCredentials hold one access token and nothing to renew it with",
            Some("run gauth-login"),
        )),
        _ => Err(unsupported(
            "field _class: this class of oauth2client's is not supported",
            Some(
                "use one of OAuth2Credentials, GoogleCredentials, ServiceAccountCredentials, SignedJwtAssertionCredentials",
            ),
        )),
    }
}

/// The class has names of its own for the fields, and a key of either form.
fn service_account(document: &Document, reading: &Reading<'_>) -> Result<Box<dyn Credential>, Error> {
    let key = match document.optional_text("_private_key_pkcs8_pem")? {
        Some(pem) => PrivateKey::Pem(Secret::new(pem)),
        None => service_account_p12::key(document, "_private_key_pkcs12", "_private_key_password")?,
    };
    Ok(Box::new(ServiceAccount::new(document, reading.policy, "_service_account_email", "_private_key_id", key)?))
}

/// The class of the years before 2016: the key, in either form, is base64 of its file.
fn signed_jwt_assertion(document: &Document, reading: &Reading<'_>) -> Result<Box<dyn Credential>, Error> {
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
    Ok(Box::new(ServiceAccount::new(document, reading.policy, "service_account_name", "private_key_id", key)?))
}
