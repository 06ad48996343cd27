//! OAuth 2.0 for Google as pure functions: values become HTTP requests, HTTP responses become values.
//! Nothing here opens a socket or a file, reads the clock or the environment, or draws a random byte;
//! the caller brings those in. Requests are sent and files kept by gauth-cli and gauth-store.
//!
//! | standard | module |
//! |---|---|
//! | RFC 6749 §4.1 authorization code | [`authorization`], [`code_exchange`] |
//! | RFC 6749 §5 token responses and errors | [`token`], [`error`], `error_code`, [`refusal`] |
//! | RFC 6749 §6 refresh, RFC 7523 JWT bearer | [`credentials`], [`assertion`] |
//! | RFC 7009 revocation, OpenID Connect userinfo | [`revocation`], [`tokeninfo`] |
//! | RFC 8693 token exchange | `token_exchange` |
//! | Google's IAM Credentials API | `iam_credentials` |
//! | RFC 7636 PKCE | [`pkce`] |
//! | RFC 9449 DPoP | [`dpop`] |
//! | Google's files: client, `authorized_user`, `service_account` | [`client_secrets`], [`credentials`] |
//! | Application Default Credentials (AIP-4110) | [`source`] |
//!
//! A login from its URL to the token, as values:
//!
//! ```
//! use std::time::SystemTime;
//!
//! use gauth_core::authorization::{AuthorizationRequest, state};
//! use gauth_core::client_secrets::Client;
//! use gauth_core::code_exchange::{self, UserGrant};
//! use gauth_core::{Secret, document::Document, endpoint::Policy, pkce::CodeVerifier, scope::Scopes};
//!
//! let file = br#"{"installed": {"client_id": "id", "client_secret": "not so secret", "redirect_uris": ["http://localhost"]}}"#;
//! let client = Client::read(&Document::parse(file)?, &Policy::default())?;
//! let (scopes, verifier, state) = (Scopes::default_read(), CodeVerifier::new([2; 32]), state([1; 32]));
//! let redirect_uri = "http://127.0.0.1:8085";
//! let request = AuthorizationRequest {
//!     client: &client,
//!     redirect_uri,
//!     scopes: &scopes,
//!     state: &state,
//!     verifier: &verifier,
//!     login_hint: None,
//!     prompt_consent: false,
//! };
//! assert!(request.url().starts_with("https://accounts.google.com/o/oauth2/v2/auth?client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1"));
//!
//! // The browser returns a code, which the token endpoint exchanges for tokens.
//! let request = code_exchange::request(&client, redirect_uri, &Secret::new("4/code"), &verifier, None);
//! assert_eq!(request.uri(), "https://oauth2.googleapis.com/token");
//! let body = br#"{"access_token": "ya29.a", "refresh_token": "1//r", "token_type": "Bearer", "expires_in": 3599}"#;
//! let grant = UserGrant::receive(&http::Response::new(body.to_vec()), &scopes, SystemTime::UNIX_EPOCH)?;
//! assert_eq!(grant.account, None);
//! # Ok::<(), gauth_core::Error>(())
//! ```
#![deny(missing_docs)]
#![deny(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

pub mod assertion;
pub mod authorization;
pub mod cache;
pub mod client_secrets;
pub mod code_exchange;
pub mod conversion;
pub mod credentials;
pub mod description;
pub mod document;
pub mod dpop;
pub mod endpoint;
pub mod error;
mod error_code;
pub mod exchange;
pub mod form;
mod iam_credentials;
pub mod pkce;
mod pkcs12;
pub mod refusal;
pub mod revocation;
pub mod scope;
mod secret;
pub mod source;
pub mod timestamp;
pub mod token;
mod token_exchange;
pub mod tokeninfo;

pub use error::{Error, Kind};
pub use secret::{Secret, bearer};

/// A request ready to be sent: method, absolute URL, headers and the whole body.
pub type Request = http::Request<Vec<u8>>;

/// A response as received: status, headers and the whole body, already decompressed.
pub type Response = http::Response<Vec<u8>>;
