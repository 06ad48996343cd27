//! A user's grant as google-auth's `Credentials.to_json` and `google-oauthlib-tool --save` write it: the fields of
//! `authorized_user` without a `type`.

use super::Kind;
use super::authorized_user::AuthorizedUser;

pub(super) const KIND: Kind = Kind {
    name: "google-auth",
    recognises: |document| {
        document.has("refresh_token") && document.has("client_id") && !document.has("type") && !document.has("_class")
    },
    read: |document, reading| Ok(Box::new(AuthorizedUser::read(document, reading.policy)?)),
};
