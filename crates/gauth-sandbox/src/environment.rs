//! The environment variables that point a program at the sandbox: ours, and with `--export` also those of Google's
//! client libraries and of gcloud.

use std::io::{self, Write};

use gauth_cli::terminal;
use gauth_sandbox::Sandbox;
use gauth_text::Typed;

/// How variables are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Export {
    /// `KEY=VALUE`, as `$GITHUB_ENV` and env files take it.
    Env,
    /// `export KEY='VALUE'`, for `eval`.
    Shell,
}

/// Reads the option.
pub(crate) fn export(text: &str) -> Result<Export, String> {
    match text {
        "env" => Ok(Export::Env),
        "shell" => Ok(Export::Shell),
        _ => Err(format!("expected env or shell, got {:?}", Typed(text))),
    }
}

pub(crate) fn variables(sandbox: &Sandbox, for_others: bool) -> Vec<(&'static str, String)> {
    let url = sandbox.url();
    let key = sandbox.service_account_key().display().to_string();
    let mut variables = vec![
        ("GAUTH_SANDBOX_URL", url.to_owned()),
        ("GAUTH_CLIENT_SECRETS", sandbox.client_secrets().display().to_string()),
        ("GAUTH_SANDBOX_SERVICE_ACCOUNT", key.clone()),
    ];
    if for_others {
        let address = url.split_once("//").map_or(url, |(_, address)| address).to_owned();
        variables.extend([
            // For the option `api_endpoint` or `apiEndpoint` of client libraries.
            ("GAUTH_SANDBOX_ENDPOINT", address.clone()),
            ("GOOGLE_APPLICATION_CREDENTIALS", key),
            ("GOOGLE_CLOUD_PROJECT", "gauth-sandbox".to_owned()),
            ("GCE_METADATA_HOST", address.clone()),
            ("GCE_METADATA_IP", address),
            ("GCE_METADATA_ROOT", url.trim_start_matches("http://").to_owned()),
            ("CLOUDSDK_CORE_PROJECT", "gauth-sandbox".to_owned()),
            ("CLOUDSDK_AUTH_TOKEN_HOST", format!("{url}/token")),
            ("CLOUDSDK_AUTH_AUTH_HOST", format!("{url}/o/oauth2/auth")),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS", format!("{url}/")),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_STS", format!("{url}/")),
        ]);
    }
    variables
}

pub(crate) fn print(sandbox: &Sandbox, export: Option<Export>) -> io::Result<()> {
    let mut stdout = terminal::stdout();
    for (name, value) in variables(sandbox, export.is_some()) {
        match export {
            Some(Export::Shell) => writeln!(stdout, "export {name}='{}'", value.replace('\'', r"'\''"))?,
            Some(Export::Env) | None => writeln!(stdout, "{name}={value}")?,
        }
    }
    stdout.finish()
}
