//! Sending the cores' requests, for programs that make a few calls: ureq with one deadline over everything, no
//! redirects (a secret would follow), limited responses, and a few retries with back-off where sending again is safe.
//! `--verbose` lines contain only the method, the URL without its query, the status, and harmless headers.

mod gathered;

use std::io::Read;
use std::time::{Duration, Instant, SystemTime};

use gauth_core::dpop::{self, Binding};
use gauth_core::error::says_temporary;
use gauth_core::{Request, Response, refusal};
use http::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error, http::Uri};

use crate::exit::{Failure, Kind, reason};
use crate::proxy::Proxy;
use crate::resolver::KnownFirst;
use crate::terminal::Terminal;
use crate::{back_off, random, tls};

/// No response of a token endpoint is longer.
const RESPONSE_LIMIT: usize = 4 << 20;
const HEADER_LIMIT: usize = 16 << 10;
/// Larger than the longest header, which would otherwise look like a truncated response.
const INPUT: usize = HEADER_LIMIT + (4 << 10);
/// For output; every byte of it is written before the first use. A line of the request's head has to fit.
const OUTPUT: usize = 4 << 10;
const CONNECT: Duration = Duration::from_secs(10);
/// A metadata server is nearby: one that does not exist or does not respond is given up soon.
const CONNECT_NEARBY: Duration = Duration::from_secs(1);
const RESPONSE_NEARBY: Duration = Duration::from_secs(5);
/// Headers whose values may be shown.
const LOGGED_HEADERS: [&str; 7] =
    ["accept", "content-length", "content-type", "date", "retry-after", "server", "user-agent"];

/// What to do if the sandbox has ended.
pub const SANDBOX_ENDED: &str = "run gauth-login --client-secrets FILE: a login made in a gauth-sandbox ends with it";

/// The user agent of every request.
pub const AGENT_NAME: &str = concat!("gauth/", env!("CARGO_PKG_VERSION"));

/// How often a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// An authorization code is used up by the first try.
    Once,
    /// All other requests to a token endpoint.
    UpToThree,
}

/// The proofs for the tries of one request (RFC 9449): each has an id and a time of its own.
struct Proofs {
    binding: Binding,
    /// The last that the server sent.
    nonce: Option<String>,
    /// A server may ask for its nonce once.
    has_repeated: bool,
}

impl Proofs {
    fn new(binding: Binding) -> Self {
        Self { binding, nonce: None, has_repeated: false }
    }

    fn next(&mut self, request: &Request) -> Result<HeaderValue, Failure> {
        let proof = self.binding.proof(request, SystemTime::now(), random::bytes()?, self.nonce.as_deref());
        proof.map_err(|error| Failure::of(&error.into()))
    }

    /// Whether the request is to be sent again for the nonce alone: it was not looked at, so that even an authorization code
    /// is still good.
    fn has_new_nonce(&mut self, response: &Response) -> bool {
        self.nonce = dpop::nonce(response).or_else(|| self.nonce.take());
        dpop::lacks_nonce(response) && !std::mem::replace(&mut self.has_repeated, true)
    }
}

/// Sends requests until a deadline.
pub struct HttpAgent {
    terminal: Terminal,
    deadline: Option<Instant>,
    response_limit: usize,
}

impl HttpAgent {
    /// An agent whose requests, including retries, end at `deadline`.
    pub fn new(terminal: Terminal, deadline: Option<Instant>) -> Self {
        Self { terminal, deadline, response_limit: RESPONSE_LIMIT }
    }

    /// The same agent for responses of up to this many bytes.
    pub fn with_response_limit(self, response_limit: usize) -> Self {
        Self { response_limit, ..self }
    }

    /// Sends a request and reads the whole response, regardless of its status.
    ///
    /// # Errors
    /// [`Kind::Temporary`] if no response came, [`Kind::Failed`] for an invalid certificate or response.
    pub fn send(&self, request: &Request, tries: Tries) -> Result<Response, Failure> {
        let is_nearby = request.headers().contains_key("metadata-flavor");
        let proxy = Proxy::for_target(request.uri())?;
        let output = OUTPUT.max(2 * longest_line(request));
        let agent = agent(request.uri(), output, proxy.as_ref(), is_nearby, self.deadline)?;
        let started = Instant::now();
        let mut proofs = request.extensions().get().cloned().map(Proofs::new);
        let mut failed = 0;
        loop {
            let proof = proofs.as_mut().map(|proofs| proofs.next(request)).transpose()?;
            let result = self.send_once(&agent, proxy.as_ref(), request, proof);
            if let (Some(proofs), Ok(response)) = (&mut proofs, &result)
                && proofs.has_new_nonce(response)
            {
                continue;
            }
            failed += 1;
            let again = match &result {
                Ok(response) => tries_for(response) > failed,
                Err(_) if is_nearby && started.elapsed() >= CONNECT_NEARBY => false,
                Err(failure) => failure.kind() == Kind::Temporary && failed < 3,
            };
            let now = SystemTime::now();
            let retry_after = result.as_ref().ok().and_then(|response| back_off::retry_after(response.headers(), now));
            let pause = (again && tries == Tries::UpToThree)
                .then(|| back_off::pause(failed, random::fraction(), retry_after, self.left()))
                .flatten();
            let Some(pause) = pause else {
                if let Some(retry_after) = retry_after {
                    back_off::warn_of_long_wait(&self.terminal, retry_after, self.left());
                }
                return result;
            };
            self.terminal.verbose(&format!("retrying in {} ms", pause.as_millis()));
            std::thread::sleep(pause);
        }
    }

    /// The time until the deadline.
    pub fn left(&self) -> Duration {
        self.deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()))
    }

    fn send_once(
        &self,
        agent: &Agent,
        proxy: Option<&Proxy>,
        request: &Request,
        proof: Option<HeaderValue>,
    ) -> Result<Response, Failure> {
        let what = format!("{} {}", request.method(), without_query(request.uri()));
        self.terminal.verbose(&format!("> {what}{}", shown(request.headers())));
        let started = Instant::now();
        let left = self.left();
        if left.is_zero() {
            return Err(Failure::new(Kind::Temporary, format!("{what}: timed out")));
        }
        let mut ready = request.clone();
        let headers = ready.headers_mut();
        headers.extend(proof.map(|proof| (HeaderName::from_static(dpop::HEADER), proof)));
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT_NAME));
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        let ready = agent.configure_request(ready).timeout_global((left < Duration::MAX).then_some(left)).build();
        // Plain http is used on this machine only: by a metadata server or a sandbox.
        let is_sandbox =
            request.uri().scheme_str() == Some("http") && !request.headers().contains_key("metadata-flavor");
        let failed = |e: Error| match failure(&what, proxy, &e) {
            failure if is_sandbox && is_refused_connection(&e) => failure.hint(SANDBOX_ENDED),
            failure => failure,
        };
        let response = agent.run(ready).map_err(failed)?;
        let (head, mut body) = response.into_parts();
        let mut bytes = Vec::new();
        body.as_reader().take(self.response_limit as u64 + 1).read_to_end(&mut bytes).map_err(|e| failed(e.into()))?;
        if bytes.len() > self.response_limit {
            return Err(Failure::new(Kind::Failed, format!("{what}: the response is too long")));
        }
        if self.terminal.verbose {
            let headers = refusal::secrets_of(request).apply(&shown(&head.headers));
            let took = started.elapsed().as_millis();
            self.terminal.verbose(&format!("< {}{headers} in {took} ms", head.status));
        }
        Ok(refusal::quotable(Response::from_parts(head, bytes), request))
    }
}

fn agent(
    target: &Uri,
    output: usize,
    proxy: Option<&Proxy>,
    is_nearby: bool,
    deadline: Option<Instant>,
) -> Result<Agent, Failure> {
    let proxy = proxy
        .map(|proxy| ureq::Proxy::new(proxy.url()))
        .transpose()
        .map_err(|_| Failure::usage("the proxy variables contain no valid URL"))?;
    // Reading a system's roots takes as long as all the rest, so it is done only for https.
    let own_roots = match target.scheme_str() {
        Some("https") => tls::own_roots(deadline)?,
        _ => None,
    };
    let roots = match own_roots {
        Some(own) => own.iter().map(|c| Certificate::from_der(c)).map(|c| c.to_owned()).collect::<Vec<_>>().into(),
        None => RootCerts::WebPki,
    };
    let tls = TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(tls::provider()).build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(HEADER_LIMIT)
        .proxy(proxy)
        .tls_config(tls)
        .input_buffer_size(INPUT)
        .output_buffer_size(output)
        .timeout_connect(Some(if is_nearby { CONNECT_NEARBY } else { CONNECT }))
        .timeout_recv_response(is_nearby.then_some(RESPONSE_NEARBY))
        .build();
    Ok(Agent::with_parts(config, gathered::connector(), KnownFirst))
}

/// About the length of the longest line of the request's head.
fn longest_line(request: &Request) -> usize {
    let uri = request.uri();
    let path = uri.path().len() + uri.query().map_or(0, str::len);
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    headers.fold(path, usize::max)
}

/// How often a request is sent in total if this response repeats.
fn tries_for(response: &Response) -> u32 {
    match response.status().as_u16() {
        500 => 2,
        408 | 429 | 502 | 503 | 504 => 3,
        ..500 if says_temporary(response) => 3,
        _ => 1,
    }
}

/// Scheme, host, port and path: nothing that carries a secret.
pub fn without_query(uri: &Uri) -> String {
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default(), uri.path())
}

/// Names of all headers, values of those that are logged.
fn shown(headers: &HeaderMap) -> String {
    headers
        .iter()
        .map(|(name, value)| match value.to_str() {
            Ok(value) if LOGGED_HEADERS.contains(&name.as_str()) => format!("; {name}: {value}"),
            _ => format!("; {name}: …"),
        })
        .collect()
}

/// The status with which a proxy refuses a tunnel to `target`; `None` if it returns none, or opens the tunnel. For the HTTP
/// client that does not report the status; no token is sent. `what` was being done.
///
/// # Errors
/// As [`HttpAgent::send`], before anything is sent; what answers may not speak HTTP.
pub fn tunnel_status(what: &str, target: &Uri, proxy: &Proxy, left: Duration) -> Result<Option<u16>, Failure> {
    let agent = agent(target, OUTPUT, Some(proxy), false, Instant::now().checked_add(left))?;
    let response = agent.head(target).config().timeout_global((left < Duration::MAX).then_some(left)).build().call();
    match response {
        // What does not speak HTTP will not do so the next time.
        Err(error @ Error::Protocol(_)) => Err(failure(what, Some(proxy), &error)),
        response => Ok(response.err().and_then(|error| refused_with(&error))),
    }
}

/// The status in ureq's message about a CONNECT request that failed.
fn refused_with(error: &Error) -> Option<u16> {
    let Error::ConnectProxyFailed(reason) = error else {
        return None;
    };
    reason.split(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok())
}

fn is_refused_connection(error: &Error) -> bool {
    match error {
        Error::Io(e) => e.kind() == std::io::ErrorKind::ConnectionRefused,
        other => matches!(other, Error::ConnectionFailed),
    }
}

fn failure(what: &str, proxy: Option<&Proxy>, error: &Error) -> Failure {
    let what = match proxy {
        Some(proxy) if matches!(error, Error::ConnectProxyFailed(_)) => {
            return match refused_with(error) {
                Some(status) => proxy.refused(what, status),
                None => proxy.closed(what),
            };
        }
        Some(proxy) => &format!("{what} through {proxy}"),
        None => what,
    };
    let temporary = |text: &str| Failure::new(Kind::Temporary, format!("{what}: {text}"));
    if let Some(tls) = tls_error(error) {
        return match tls {
            rustls::Error::InvalidCertificate(_) => Failure::new(Kind::Failed, format!("{what}: {tls}"))
                .hint("set SSL_CERT_FILE to a file with the certificate authority of your company"),
            _ => Failure::new(Kind::Failed, format!("{what}: TLS failed: {tls}")),
        };
    }
    match error {
        Error::Timeout(_) => temporary("timed out"),
        Error::HostNotFound => temporary("host not found"),
        Error::ConnectionFailed => temporary("connection failed"),
        Error::Io(e) if e.kind() == std::io::ErrorKind::TimedOut => temporary("timed out"),
        Error::Io(e) => temporary(&reason(e)),
        other => Failure::new(Kind::Failed, format!("{what}: {other}")),
    }
}

fn tls_error(error: &Error) -> Option<&rustls::Error> {
    match error {
        Error::Rustls(e) => Some(e),
        Error::Io(e) => e.get_ref()?.downcast_ref(),
        _ => None,
    }
}
