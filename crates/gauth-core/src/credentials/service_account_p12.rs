//! A service account's key in a PKCS#12 file, in the form that gcloud keeps: base64, with its password beside it. Google
//! used the same password for all of its own.

use super::Kind;
use super::service_account::ServiceAccount;
use crate::assertion::PrivateKey;
use crate::document::Document;
use crate::{Error, Secret};

pub(super) const KIND: Kind = Kind::of_type("service_account_p12", |document, context| {
    let key = key(document, "private_key", "password")?;
    Ok(Box::new(ServiceAccount::new(document, context.policy, "client_email", "private_key_id", key)?))
});

/// The key from the fields of these names.
pub(super) fn key(document: &Document, file: &str, password: &str) -> Result<PrivateKey, Error> {
    Ok(PrivateKey::Pkcs12 {
        file: Secret::new(document.text(file)?),
        password: Secret::new(document.optional_text(password)?.unwrap_or("notasecret")),
    })
}
