//! Choosing the OAuth client: a file that was named, gauth's own, or the client inside the credentials that are being
//! renewed. The fields of a client file are read by gauth-core.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use gauth_cli::files::{self, CREDENTIALS_LIMIT, Content, shown};
use gauth_cli::http_agent::SANDBOX_ENDED;
use gauth_cli::{Failure, Kind, Terminal, environment};
use gauth_core::client_secrets::Client;
use gauth_core::document::Document;
use gauth_core::endpoint::{Endpoint, Policy};

use crate::save::Target;

/// How to create a client.
const STEPS: [&str; 4] = [
    "1. create or choose a project: https://console.cloud.google.com/projectcreate",
    "2. enable the Google Analytics Data API in it: https://console.cloud.google.com/apis/library/analyticsdata.googleapis.com",
    "3. set up the consent screen and add yourself as a test user: https://console.cloud.google.com/auth/audience",
    "4. create a client of type Desktop app: https://console.cloud.google.com/auth/clients",
];
/// The last step.
const DOWNLOAD: &str = "5. download its JSON right away, and ";

/// The client to use.
///
/// # Errors
/// Usage errors: no client at all, or one that cannot be read or used.
pub(crate) fn choose(
    flag: Option<&Path>,
    target: &Target,
    policy: &Policy,
    deadline: Option<Instant>,
    terminal: &Terminal,
) -> anyhow::Result<Client> {
    if let Some((path, content)) = find(flag, deadline)? {
        if let Some(warning) = content.loose_permissions(&path) {
            terminal.warn(&warning);
        }
        return Document::parse(&content.bytes)
            .and_then(|file| Client::read(&file, policy))
            .with_context(|| format!("cannot read the client file {}", shown(&path)));
    }
    match target.previous() {
        Some((file, path)) => {
            renewed(file, target, policy).with_context(|| format!("cannot use the client in {}", shown(path)))
        }
        None => {
            let failure = Failure::usage("no OAuth client found");
            let failure = STEPS.into_iter().fold(failure, Failure::hint);
            Err(failure.hint(target.hint_at_a_client_file(DOWNLOAD)).into())
        }
    }
}

fn find(flag: Option<&Path>, deadline: Option<Instant>) -> anyhow::Result<Option<(PathBuf, Content)>> {
    let named = match flag {
        Some(path) => Some(("--client-secrets", path.to_owned())),
        None => environment::variable("GAUTH_CLIENT_SECRETS").map(|path| ("GAUTH_CLIENT_SECRETS", path.into())),
    };
    if let Some((name, path)) = named {
        let content = files::load_given(&path, CREDENTIALS_LIMIT, deadline).context(name)?;
        return Ok(Some((path, content)));
    }
    let Some(own) = environment::config_dir().map(|dir| dir.join("client_secrets.json")) else {
        return Ok(None);
    };
    let Some(content) = files::load_default(&own, CREDENTIALS_LIMIT)? else {
        files::refuse_dangling_link(&own)?;
        return Ok(None);
    };
    Ok(Some((own, content)))
}

/// Another tool's file says where its tokens come from, not where consent is given. That is known only for Google.
fn renewed(file: &Document, target: &Target, policy: &Policy) -> anyhow::Result<Client> {
    let client = Client::from_authorized_user(file, policy).map_err(|error| {
        let failure = Failure::of(&error.into());
        // A damaged file is repaired by a login with a whole client.
        if failure.hints().is_empty() { failure.hint(target.hint_at_a_client_file("")) } else { failure }
    })?;
    let of_google = client.token_uri == policy.token() || client.token_uri.is_google();
    if !of_google && !file.has("auth_uri") {
        return Err(Failure::usage("field auth_uri: missing, and token_uri is not Google's")
            .hint(target.hint_at_a_client_file(""))
            .into());
    }
    check_reachable(&client.token_uri)?;
    Ok(client)
}

/// A server on this machine may have ended: this is checked before the browser is sent there.
fn check_reachable(token_uri: &Endpoint) -> anyhow::Result<()> {
    if !token_uri.is_loopback() {
        return Ok(());
    }
    let uri: http::Uri = token_uri.as_str().parse().context("cannot read field token_uri")?;
    let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(default);
    let addresses: Vec<IpAddr> = match token_uri.host().parse() {
        Ok(address) => vec![address],
        Err(_) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
    };
    let refuses = |address: IpAddr| {
        let attempt = TcpStream::connect_timeout(&(address, port).into(), Duration::from_secs(1));
        attempt.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    if addresses.into_iter().all(refuses) {
        return Err(Failure::new(Kind::Temporary, format!("nothing listens at {}", token_uri.origin()))
            .hint(SANDBOX_ENDED)
            .into());
    }
    Ok(())
}
