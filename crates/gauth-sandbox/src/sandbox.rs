//! A running sandbox as a value, which tests and the program start, query, change and stop.

use std::convert::Infallible;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use gauth_cli::exit::reason;
use gauth_cli::files::shown;
use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::fault::Fault;
use crate::oauth::clients::{ClientKind, DEFAULT_ACCOUNT};
use crate::oauth::google::{Consent, Google, now};
use crate::oauth::grants::Kind;
use crate::oauth::scopes;
use crate::oauth::service_accounts::{self, REPORTER};
use crate::server::{self, Served};
use crate::{lock, tls};

/// How a sandbox is to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// 0 means any free port.
    pub port: u16,
    /// The folder of the credentials files; by default one that is removed with the sandbox.
    pub dir: Option<PathBuf>,
    /// Rows of a report by date, country and page over the default dates.
    pub rows: u64,
    /// Consent without asking.
    pub auto_consent: bool,
    /// Refuse without asking; wins over `auto_consent`.
    pub deny: bool,
    /// Each refresh gives a new refresh token, and the old one must not come back.
    pub rotate: bool,
    /// HTTPS with a certificate authority of its own.
    pub tls: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, dir: None, rows: 1000, auto_consent: false, deny: false, rotate: false, tls: false }
    }
}

/// A mock of Google on 127.0.0.1. Dropping it closes the port and all connections.
pub struct Sandbox {
    served: Arc<Served>,
    dir: PathBuf,
    /// Removed on drop when it is our own.
    _own_dir: Option<TempDir>,
    ca_certificate: Option<PathBuf>,
    /// Dropped to stop the server.
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// A request that came in, and how it was answered.
#[derive(Clone, Debug, Serialize)]
pub struct Recorded {
    pub method: String,
    /// Still percent-encoded, without the query.
    pub path: String,
    /// Without the `?`; empty when there is none.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// `None` while it is held, and when it was never answered.
    pub status: Option<u16>,
}

impl Recorded {
    /// The first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A user's grant to the installed client, made without a consent page.
#[derive(Clone, Debug, Serialize)]
pub struct Grant {
    pub account: String,
    pub client_id: String,
    pub client_secret: String,
    pub refresh_token: String,
}

impl Sandbox {
    /// Starts a sandbox; when this returns, it listens and has written its files.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        listener.set_nonblocking(true)?;
        let (own_dir, dir) = match options.dir {
            Some(dir) => {
                // Absolute, since readers of the variables may be in another directory.
                let absolute = fs::create_dir_all(&dir).and_then(|()| dir.canonicalize());
                let named =
                    |error: io::Error| io::Error::new(error.kind(), format!("{}: {}", shown(&dir), reason(&error)));
                (None, absolute.map_err(named)?)
            }
            None => {
                let own = tempfile::Builder::new().prefix("gauth-sandbox-").tempdir()?;
                let path = own.path().to_owned();
                (Some(own), path)
            }
        };
        let tls = options.tls.then(tls::acceptor).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr()?);
        let consent = match (options.deny, options.auto_consent) {
            (true, _) => Consent::Deny,
            (false, true) => Consent::Allow,
            (false, false) => Consent::Ask,
        };
        let google = Google::new(url, consent, options.rotate);

        let files = [
            (CLIENT_SECRETS, google.installed.secrets_file(&google.url)),
            (KEY, service_accounts::key_file(&google.url)),
        ];
        for (name, content) in files {
            write(&dir.join(name), &format!("{content:#}\n"))?;
        }
        let (acceptor, ca_certificate) = match tls {
            Some((acceptor, pem)) => {
                let path = dir.join("ca.pem");
                write(&path, &pem)?;
                (Some(acceptor), Some(path))
            }
            None => (None, None),
        };

        let (stop, stopped) = oneshot::channel();
        let served = Arc::new(Served::new(google, options.rows));
        let shared = Arc::clone(&served);
        let thread = std::thread::Builder::new()
            .name("gauth-sandbox".into())
            .spawn(move || server::run(listener, acceptor, shared, stopped))?;
        Ok(Self { served, dir, _own_dir: own_dir, ca_certificate, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`, or `https://…` with TLS. Also the `iss` of redirects.
    pub fn url(&self) -> &str {
        &self.google().url
    }

    /// Where its files are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The `client_secrets.json` of the installed client.
    pub fn client_secrets(&self) -> PathBuf {
        self.dir.join(CLIENT_SECRETS)
    }

    /// Registers a redirect URI for the web client and writes that client's `client_secrets.json`.
    pub fn web_client_secrets(&self, redirect_uri: &str) -> io::Result<PathBuf> {
        let mut web = lock(&self.google().web);
        if let ClientKind::Web { redirect_uris } = &mut web.kind
            && !redirect_uris.iter().any(|known| known == redirect_uri)
        {
            redirect_uris.push(redirect_uri.to_owned());
        }
        self.write_json("client_secrets_web.json", &web.secrets_file(self.url()))
    }

    /// The key file of the service account, its key as PKCS#8.
    pub fn service_account_key(&self) -> PathBuf {
        self.dir.join(KEY)
    }

    /// Writes the same key file with the key as PKCS#1.
    pub fn service_account_key_pkcs1(&self) -> io::Result<PathBuf> {
        let content = service_accounts::key_file_pkcs1(self.url());
        self.write_json("service_account_pkcs1.json", &content)
    }

    /// The address of the service account.
    pub fn service_account_email(&self) -> &str {
        REPORTER
    }

    /// The authority that signed the server's certificate, as PEM; only with TLS.
    pub fn ca_certificate(&self) -> Option<PathBuf> {
        self.ca_certificate.clone()
    }

    /// All requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.served.journal).clone()
    }

    /// Makes some of the next requests fail.
    ///
    /// # Panics
    /// If the fault cannot be sent: a status below 200 or above 599, or an invalid header.
    pub fn fault(&self, fault: Fault) {
        sure(self.served.faults.set(fault));
    }

    /// Lets all requests continue that [`FaultKind::Hold`](crate::FaultKind::Hold) has stopped.
    pub fn release(&self) {
        self.served.faults.release();
    }

    /// Waits until this number of requests are held; false if that takes longer than `limit`.
    pub fn wait_for_held(&self, count: usize, limit: Duration) -> bool {
        self.served.faults.wait_for_held(count, limit)
    }

    /// Every secret that this sandbox has written or issued, to search for leaks. Private keys come as lines.
    pub fn secrets(&self) -> Vec<String> {
        self.google().secrets()
    }

    /// The grant that a consent to `scopes` would give to the installed client.
    ///
    /// # Panics
    /// If a scope is unknown.
    pub fn grant(&self, scopes: &[&str]) -> Grant {
        sure(self.google().grant(&owned(scopes)))
    }

    /// A valid access token of a user.
    ///
    /// # Panics
    /// If a scope is unknown.
    pub fn access_token(&self, scopes: &[&str]) -> String {
        sure(self.google().access_token(&owned(scopes)))
    }

    /// Ends all grants and tokens.
    pub fn revoke_all(&self) {
        self.google().grants().revoke_all();
    }

    /// Ends all access tokens, but no refresh token.
    pub fn expire_access_tokens(&self) {
        self.google().grants().expire_access_tokens();
    }

    /// The lifetime of later tokens, as in their `expires_in`.
    pub fn set_token_lifetime(&self, seconds: u64) {
        self.google().grants().token_lifetime = seconds;
    }

    /// How often an audience export must be looked at before it is made; 2 at first.
    pub fn set_audience_looks(&self, looks: u32) {
        self.served.analytics.exports.looks.store(looks, Ordering::Relaxed);
    }

    /// The seconds by which the server's clock is ahead, in `Date` and when assertions are checked.
    pub fn set_clock_skew(&self, seconds: i64) {
        self.google().skew.store(seconds, Ordering::Relaxed);
    }

    pub(crate) fn google(&self) -> &Google {
        &self.served.google
    }

    fn write_json(&self, name: &str, content: &Value) -> io::Result<PathBuf> {
        let path = self.dir.join(name);
        write(&path, &format!("{content:#}\n"))?;
        Ok(path)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Google {
    pub(crate) fn grant(&self, scopes: &[String]) -> Result<Grant, String> {
        let scopes = scopes::parse(&scopes.join(" "))?;
        let client = &self.installed;
        let mut grants = self.grants();
        grants.consent(client.id, DEFAULT_ACCOUNT);
        let holder = grants.holder(DEFAULT_ACCOUNT, client.id, scopes, Kind::Offline);
        Ok(Grant {
            account: DEFAULT_ACCOUNT.to_owned(),
            client_id: client.id.to_owned(),
            client_secret: client.secret.clone(),
            refresh_token: grants.issue_refresh_token(holder),
        })
    }

    pub(crate) fn access_token(&self, scopes: &[String]) -> Result<String, String> {
        let scopes = scopes::parse(&scopes.join(" "))?;
        let mut grants = self.grants();
        let holder = grants.holder(DEFAULT_ACCOUNT, self.installed.id, scopes, Kind::Offline);
        Ok(grants.issue_access_token(holder, now()))
    }

    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.grants().issued.clone();
        secrets.extend(lock(&self.id_tokens).iter().cloned());
        secrets.push(self.installed.secret.clone());
        secrets.push(lock(&self.web).secret.clone());
        secrets.push(self.workforce_secret.clone());
        secrets.push(self.outside.saml_response.clone());
        let aws = &self.outside.aws;
        secrets.extend([&aws.secret_key, &aws.session_token, &aws.metadata_token].map(Clone::clone));
        secrets.extend(service_accounts::key_lines());
        secrets
    }
}

const CLIENT_SECRETS: &str = "client_secrets.json";
const KEY: &str = "service_account.json";

/// Panics with the error: what a test requests must be valid.
#[track_caller]
pub(crate) fn sure<T>(result: Result<T, String>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|&scope| scope.to_owned()).collect()
}

/// Writes a file that only its owner can read.
fn write(path: &Path, content: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(content.as_bytes())
}
