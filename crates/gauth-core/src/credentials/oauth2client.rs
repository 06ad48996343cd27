//! What oauth2client's storage wrote in the years of the seed scripts: a user's grant with `_class` and `_module`.
//! Its `invalid: true` only says that some request failed once; the refresh token may well live, so it is tried.

use super::authorized_user::AuthorizedUser;
use super::service_account::ServiceAccount;
use super::{Credential, Kind, Reading, unsupported};
use crate::Error;
use crate::document::Document;

pub(super) const KIND: Kind = Kind {
    name: "oauth2client",
    recognises: |document| document.has("_class"),
    read,
};

fn read(document: &Document, reading: &Reading<'_>) -> Result<Box<dyn Credential>, Error> {
    match document.text("_class")? {
        "OAuth2Credentials" | "GoogleCredentials" => {
            Ok(Box::new(AuthorizedUser::read(document, reading.policy)?))
        }
        "ServiceAccountCredentials" => Ok(Box::new(ServiceAccount::from_oauth2client(
            document,
            reading.policy,
        )?)),
        "AccessTokenCredentials" => Err(unsupported(
            "field _class: AccessTokenCredentials hold one access token and nothing to renew it with",
            Some("run gauth-login"),
        )),
        _ => Err(unsupported(
            "field _class: this class of oauth2client's is not supported",
            Some("known are OAuth2Credentials, GoogleCredentials, ServiceAccountCredentials"),
        )),
    }
}
