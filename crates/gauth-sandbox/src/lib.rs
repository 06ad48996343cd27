//! A stand-in on loopback for Google's OAuth, federation, impersonation, metadata and Analytics endpoints (and for the
//! outside identities that federation trusts), as strict as Google where that is known: for trying the programs out, for
//! their tests, and for anyone's CI. It shares no code with the programs' own protocol crates, so that an error in those
//! cannot hide here.

mod analytics;
mod assertion;
mod authorize;
mod aws;
mod bearer;
mod body;
mod clients;
mod consent;
mod control;
mod credentials_files;
mod fault;
mod form;
mod google;
mod grants;
mod http;
mod iam_credentials;
mod jwt;
mod metadata_server;
mod outside;
mod random;
mod rest;
mod revoke;
mod sandbox;
mod scopes;
mod security_token_service;
mod server;
mod service_accounts;
mod tls;
mod token;
mod tokeninfo;
mod userinfo;

pub use fault::{Fault, FaultKind, Quota};
pub use outside::Provider;
pub use sandbox::{Grant, Options, Recorded, Sandbox};
