//! What the command sees: the metadata server in the variables that Google's libraries and gcloud read, and no other
//! credentials, so that no other identity can win.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use gauth_cli::Terminal;
use gauth_cli::environment::{config_dir, variable};
use gauth_cli::files::shown;
use gauth_core::source::Source;
use gauth_store::credentials::Found;
use tempfile::TempDir;

/// Of our own variables only these stay: where Google is, and which hosts may receive secrets.
const KEPT: [&str; 3] = ["GAUTH_ALLOW_HOSTS", "GAUTH_SANDBOX_ENDPOINT", "GAUTH_SANDBOX_URL"];

/// Credentials and tokens of Google's libraries, gcloud, Terraform and GitHub's actions, and what names an identity.
const OTHERS: [&str; 17] = [
    "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
    "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
    "CLOUDSDK_CORE_ACCOUNT",
    "GOOGLE_ACCESS_TOKEN",
    "GOOGLE_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_BACKEND_CREDENTIALS",
    "GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT",
    "GOOGLE_CLOUD_KEYFILE_JSON",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_GHA_CREDS_PATH",
    "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "NO_GCE_CHECK",
];

/// The surroundings of the command, until dropped.
pub(crate) struct Surroundings {
    /// gcloud's folder in the command.
    empty: TempDir,
    /// How our own programs find the same credentials in the command.
    own: Option<(&'static str, OsString)>,
}

impl Surroundings {
    pub(crate) fn of(found: &Found) -> anyhow::Result<Self> {
        let empty = tempfile::Builder::new().prefix("gauth-serve-").tempdir();
        let empty = empty.context("cannot create an empty folder for gcloud")?;
        let default = config_dir().map(|folder| folder.join("credentials.json"));
        let own = match (&found.source, &found.file) {
            (Source::Profile(profile), _) => Some(("GAUTH_PROFILE", profile.name.clone().into())),
            (_, Some(file)) => Some(("GAUTH_CREDENTIALS", std::path::absolute(file)?.into())),
            // Without a file, our programs go on to the metadata server. If they met another login before, they fail.
            (_, None) if default.is_some_and(|file| file.exists()) => {
                Some(("GAUTH_CREDENTIALS", empty.path().join("given-without-a-file").into()))
            }
            (_, None) => None,
        };
        Ok(Self { empty, own })
    }

    /// Sets and unsets the command's variables; `server` is its host and port.
    pub(crate) fn apply(&self, command: &mut Command, server: &str, terminal: &Terminal) {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        for name in names.filter(|name| name.starts_with("GAUTH_") && !KEPT.contains(&name.as_str())) {
            command.env_remove(name);
        }
        for name in OTHERS {
            command.env_remove(name);
        }
        for name in ["GCE_METADATA_HOST", "GCE_METADATA_IP", "GCE_METADATA_ROOT"] {
            command.env(name, server);
        }
        command.env("METADATA_SERVER_DETECTION", "assume-present");
        command.env("CLOUDSDK_CONFIG", self.empty.path());
        if let Some((name, value)) = &self.own {
            command.env(name, value);
        }
        warn_of_gclouds_file(terminal);
    }
}

/// Go's library looks for gcloud's credentials in the home only, regardless of `CLOUDSDK_CONFIG`, and before it asks a
/// metadata server.
fn warn_of_gclouds_file(terminal: &Terminal) {
    let home = variable("HOME").map(PathBuf::from);
    let file = home.map(|home| home.join(".config/gcloud/application_default_credentials.json"));
    if let Some(file) = file.filter(|file| file.exists()) {
        terminal.warn(&format!("programs written in Go take {} instead, if COMMAND runs any", shown(&file)));
    }
}
