//! HTTPS to the Data API: one client over HTTP/2, deadlines, and the few retries that the API's quotas allow.
//!
//! The token travels in the Authorization header (RFC 6750 §2.1) and nowhere else, so no redirect is followed. Which
//! failure is worth another try is decided by [`ga_core::retry`]; reading an answer is left to the caller, who passes one
//! try as a future.

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use ga_core::refusal::Quota;
use ga_core::{Refusal, retry};
use gauth_cli::exit::reason;
use gauth_cli::proxy::Proxy;
use gauth_cli::resolver::LOCALHOST;
use gauth_cli::{Failure, Kind, Terminal, back_off, http_agent, random, tls};
use gauth_core::{bearer, refusal};
use http::Uri;
use reqwest::Response;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use tokio::time::Instant;

use super::admission::Turn;
use crate::analytics::{Analytics, REQUEST};
use crate::token::Token;

const CONNECT: Duration = Duration::from_secs(20);
/// The body of a refusal is not read beyond this.
const REFUSAL_LIMIT: usize = 1 << 20;

/// Sends requests for one run of the program.
pub(super) struct Client {
    http: reqwest::Client,
    /// Where the Data API is, and the way there.
    base: String,
    target: Uri,
    proxy: Option<Proxy>,
    token: Arc<Token>,
    deadline: Option<Instant>,
    terminal: Terminal,
}

/// How one try failed.
pub(super) enum Error {
    /// No complete answer arrived.
    Connection(Failure),
    /// The server refused, with its `Retry-After` if it sent one.
    Refused(Refusal, Option<Duration>),
    /// The answer is malformed.
    Response(ga_core::Error),
    /// Anything on our side.
    Other(anyhow::Error),
}

impl Client {
    /// A client for the Data API with the token of `analytics`.
    ///
    /// # Errors
    /// Unusable proxy variables, as usage errors.
    pub(super) fn new(analytics: &Analytics) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(project) = analytics.service.quota_header()? {
            headers.insert("x-goog-user-project", project);
        }
        let base = analytics.service.data_api.clone();
        let target: Uri = base.parse().context("cannot read the address of the API")?;
        let mut builder = reqwest::Client::builder()
            .user_agent(http_agent::AGENT_NAME)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .tls_backend_preconfigured(tls_config(&target, analytics.deadline)?)
            // The port is that of the URL.
            .resolve_to_addrs("localhost", &LOCALHOST.map(|address| SocketAddr::new(address, 0)))
            .no_proxy();
        let proxy = Proxy::for_target(&target)?;
        if let Some(proxy) = &proxy {
            let proxy = reqwest::Proxy::all(proxy.url())
                .map_err(|_| Failure::usage("the proxy variables hold no usable URL"))?;
            builder = builder.proxy(proxy);
        }
        Ok(Self {
            http: builder.build().context("cannot set up HTTPS")?,
            base,
            target,
            proxy,
            token: Arc::clone(&analytics.token),
            deadline: analytics.deadline.map(Instant::from_std),
            terminal: analytics.terminal,
        })
    }

    /// Where the Data API is.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Tries until a try succeeds, the deadline passes, or another try is of no use. After the last the request still counts
    /// as in flight.
    pub(super) async fn retrying<T, F>(&self, turn: &mut Turn, attempt: impl Fn() -> F) -> anyhow::Result<T>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut deadline = Instant::now() + REQUEST;
        let mut failed = 0;
        let mut renewed = false;
        loop {
            let queued = Instant::now();
            turn.enter().await?;
            // Waiting for other requests is not part of this one's time.
            deadline += queued.elapsed();
            let deadline = self.deadline.map_or(deadline, |total| total.min(deadline));
            let stale = self.token.current().await;
            let Ok(result) = tokio::time::timeout_at(deadline, attempt()).await else {
                let message = format!("no whole answer from {} came in time", self.route());
                return Err(Failure::new(Kind::Temporary, message).into());
            };
            let error = match result {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let may_renew = self.token.can_renew() && !renewed;
            if may_renew && matches!(&error, Error::Refused(refusal, _) if refusal.status == 401) {
                self.token.renew(&stale, left(self.deadline)).await?;
                renewed = true;
                continue;
            }
            failed += 1;
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(pause) = pause(turn, &error, failed, left) else {
                if let Error::Refused(_, Some(retry_after)) = &error {
                    back_off::warn_of_long_wait(&self.terminal, *retry_after, left);
                }
                return Err(error.into());
            };
            self.terminal.verbose(&format!("{}; trying again in {} ms", error.text(), pause.as_millis()));
            turn.leave();
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends a request once. An answer other than 2xx is an error; the body of a 2xx is still to be read.
    pub(super) async fn send(&self, request: &http::Request<Vec<u8>>) -> Result<Response, Error> {
        let mut request = request.clone();
        request.headers_mut().insert(AUTHORIZATION, bearer(&self.token.current().await));
        let sent =
            reqwest::Request::try_from(request.clone()).map_err(|error| Error::Other(error.without_url().into()))?;
        let what = format!("{} {}", request.method(), http_agent::without_query(request.uri()));
        self.terminal.verbose(&format!("> {what}"));
        let response = match self.http.execute(sent).await {
            Ok(response) => response,
            Err(error) => return Err(self.no_response(&error).await),
        };
        let status = response.status();
        self.terminal.verbose(&format!("< {} {:?}", status.as_u16(), response.version()));
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = back_off::retry_after(response.headers(), SystemTime::now());
        let mut refused = gauth_core::Response::new(self.body_up_to(response, REFUSAL_LIMIT).await?);
        *refused.status_mut() = status;
        let refused = refusal::quotable(refused, &request);
        Err(Error::Refused(Refusal::parse(status.as_u16(), refused.body()), retry_after))
    }

    /// The body of an answer, cut at `limit`.
    async fn body_up_to(&self, mut response: Response, limit: usize) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            let room = limit - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() >= room {
                break;
            }
        }
        Ok(body)
    }

    /// Why no response arrived. A proxy that refuses the tunnel gets one more request, because reqwest hides its status.
    async fn no_response(&self, error: &reqwest::Error) -> Error {
        let tunnel =
            causes(error).find_map(|cause| cause.to_string().strip_prefix("tunnel error: ").map(str::to_owned));
        let (Some(proxy), Some(tunnel)) = (&self.proxy, tunnel) else {
            return self.broken(error);
        };
        let what = format!("cannot connect to {}", self.host());
        Error::Connection(match tunnel.as_str() {
            "proxy authorization required" => proxy.refused(&what, 407),
            "unexpected end of file" => proxy.closed(&what),
            "unsuccessful" => match self.tunnel_status(&what, proxy).await {
                Ok(Some(status)) => proxy.refused(&what, status),
                Ok(None) => proxy.gave_no_tunnel(&what),
                Err(failure) => failure,
            },
            _ => return self.broken(error),
        })
    }

    async fn tunnel_status(&self, what: &str, proxy: &Proxy) -> Result<Option<u16>, Failure> {
        let (what, target, proxy) = (what.to_owned(), self.target.clone(), proxy.clone());
        let left = left(self.deadline).map_or(CONNECT, |left| left.min(CONNECT));
        let asked = tokio::task::spawn_blocking(move || http_agent::tunnel_status(&what, &target, &proxy, left));
        asked.await.unwrap_or(Ok(None))
    }

    fn host(&self) -> &str {
        self.target.host().unwrap_or_default()
    }

    /// The host and the way to it, for messages.
    fn route(&self) -> String {
        let host = self.host();
        self.proxy.as_ref().map_or_else(|| host.to_owned(), |proxy| format!("{host} through {proxy}"))
    }

    /// What broke on the way, without the URL.
    pub(super) fn broken(&self, error: &reqwest::Error) -> Error {
        let host = self.route();
        let step = if error.is_connect() {
            format!("cannot connect to {host}")
        } else if error.is_body() || error.is_decode() {
            format!("cannot read the answer of {host}")
        } else {
            format!("no answer from {host}")
        };
        let mut last = error.to_string();
        for cause in causes(error) {
            if let Some(tls) = tls_error(cause) {
                let refused = Failure::new(Kind::Failed, format!("{step}: TLS failed: {tls}"));
                return Error::Connection(match tls {
                    rustls::Error::InvalidCertificate(_) => {
                        refused.hint("set SSL_CERT_FILE to a file with the certificate of your company's authority")
                    }
                    _ => refused,
                });
            }
            last = cause.downcast_ref().map_or_else(|| cause.to_string(), reason);
        }
        let text = if error.is_timeout() { "timed out" } else { &last };
        Error::Connection(Failure::new(Kind::Temporary, format!("{step}: {text}")))
    }
}

/// How long to wait before another try, if it is worth one.
fn pause(turn: &Turn, error: &Error, failed: u32, left: Duration) -> Option<Duration> {
    let (failure, retry_after) = match error {
        Error::Connection(failure) if failure.kind() == Kind::Temporary => (retry::Failure::Connection, None),
        Error::Response(ga_core::Error::Truncated) => (retry::Failure::Truncated, None),
        Error::Refused(refusal, retry_after) => (retry::Failure::Refused(refusal), *retry_after),
        _ => return None,
    };
    if let Error::Refused(refusal, _) = error {
        if refusal.quota() == Some(Quota::Concurrent) {
            turn.slow_down();
        }
        if refusal.status >= 500 && turn.server_failed() {
            return None;
        }
    }
    if !retry::is_worth_another_try(failure, failed, retry_after.is_some()) {
        return None;
    }
    back_off::pause(failed, random::fraction(), retry_after, left)
}

/// The time until a deadline.
fn left(deadline: Option<Instant>) -> Option<Duration> {
    deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
}

/// Ring, and Mozilla's roots or those of `SSL_CERT_FILE`.
fn tls_config(target: &Uri, deadline: Option<std::time::Instant>) -> anyhow::Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    // Plain http is used on this machine only, and needs none.
    if target.scheme_str() == Some("https") {
        match tls::own_roots(deadline)? {
            Some(own) => {
                roots.add_parsable_certificates(own);
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
    }
    let mut config = rustls::ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .context("cannot set up TLS")?
        .with_root_certificates(Arc::new(roots))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The messages of an error and its causes, outermost first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

/// The message of rustls, which may be nested in several I/O errors.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut inside = error;
    while let Some(inner) = inside.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()) {
        inside = inner;
    }
    inside.downcast_ref()
}

impl Error {
    fn text(&self) -> String {
        match self {
            Self::Connection(failure) => failure.to_string(),
            Self::Refused(refusal, _) => refusal.to_string(),
            Self::Response(error) => error.to_string(),
            Self::Other(error) => error.to_string(),
        }
    }
}

impl From<ga_core::Error> for Error {
    fn from(error: ga_core::Error) -> Self {
        Self::Response(error)
    }
}

impl From<Error> for anyhow::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Connection(failure) => failure.into(),
            Error::Refused(refusal, _) => ga_core::Error::Refusal(Box::new(refusal)).into(),
            Error::Response(error) => error.into(),
            Error::Other(error) => error,
        }
    }
}
