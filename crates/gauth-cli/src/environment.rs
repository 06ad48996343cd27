//! The environment, read where it is needed and nowhere else; an empty value counts as unset.

use std::ffi::OsString;
use std::path::PathBuf;

use gauth_core::endpoint::Policy;
use gauth_core::source;
use gauth_text::Seems;

use crate::exit::Failure;

/// A variable's value.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A variable's value as text; the error names the variable. A value that certainly is a secret is refused.
pub fn text(name: &str) -> Result<Option<String>, Failure> {
    let value = secret(name)?;
    match value.as_deref().and_then(Seems::certainly) {
        Some(seems) => Err(Failure::usage(format!("{name}: this looks like {seems}"))),
        None => Ok(value),
    }
}

/// The value of a variable that may hold a secret.
pub fn secret(name: &str) -> Result<Option<String>, Failure> {
    variable(name)
        .map(|value| value.into_string().map_err(|_| Failure::usage(format!("{name}: not UTF-8"))))
        .transpose()
}

/// A value other than 0 makes gauth-token get a new token, after the last one was refused.
pub const REFRESH: &str = "GAUTH_REFRESH";

/// Whether a new token is requested, regardless of the cache.
pub fn refresh() -> bool {
    variable(REFRESH).is_some_and(|value| value != "0")
}

/// Which hosts may receive a secret, and where Google is.
pub fn policy() -> anyhow::Result<Policy> {
    let allowed = text("GAUTH_ALLOW_HOSTS")?;
    let sandbox = text("GAUTH_SANDBOX_URL")?;
    let mut metadata = Vec::new();
    for name in ["GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"] {
        metadata.extend(text(name)?);
    }
    let policy = Policy::new(allowed.as_deref(), sandbox.as_deref())?;
    Ok(policy.with_metadata_hosts(metadata.iter().map(String::as_str)))
}

/// `$XDG_CONFIG_HOME/gauth`.
pub fn config_dir() -> Option<PathBuf> {
    source::config_dir(&variable)
}

/// `$XDG_CACHE_HOME/gauth`.
pub fn cache_dir() -> Option<PathBuf> {
    source::cache_dir(&variable)
}
