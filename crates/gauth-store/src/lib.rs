//! What the gauth-* programs share: finding credentials, driving their exchange, and the token cache.
//!
//! What the files and protocols say is in gauth-core; files, locks and HTTP themselves are in gauth-cli.

/// What the man pages of all programs say that send a secret.
pub const MANUAL: &str = include_str!("../manual.txt");

pub mod credentials;
mod credentials_command;
mod executable;
pub mod grant_file;
pub mod metadata_server;
pub mod profiles;
mod refusal_note;
pub mod token_cache;

use gauth_cli::completions::{self, Values};

/// Values of the options that programs with scopes share, and that `--help` does not show.
pub fn values(name: &str) -> Values {
    match name {
        "--scope" => Values::ListOf(gauth_core::scope::COMMON.to_vec()),
        _ => completions::profiles(name),
    }
}
