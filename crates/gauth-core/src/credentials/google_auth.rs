//! A user's grant as google-auth's `Credentials.to_json` and `google-oauthlib-tool --save` write it: the fields of
//! `authorized_user` without a `type`.

use super::Kind;
use super::authorized_user::AuthorizedUser;

pub(super) const KIND: Kind = Kind {
    recognises: Some(|document| {
        document.has("refresh_token") && document.has("client_id") && !document.has("type") && !document.has("_class")
    }),
    ..Kind::of_type("google-auth", |document, context| Ok(Box::new(AuthorizedUser::read(document, context.policy)?)))
};
