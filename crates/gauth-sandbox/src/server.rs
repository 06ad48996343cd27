//! The HTTP server: connections, the list of endpoints, the journal of requests, and what is added to every answer
//! (`Date`, compression, faults). One thread serves all sockets; reports are computed on blocking threads.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, DATE, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::analytics::{self, Analytics};
use crate::body::Outgoing;
use crate::fault::{FaultKind, Faults};
use crate::http::{Request, Response, not_found};
use crate::oauth::google::Google;
use crate::oauth::grants::AccessToken;
use crate::oauth::iam_credentials::{self, Caller};
use crate::oauth::{self, bearer};
use crate::rest::{Format, Method, Refusal};
use crate::sandbox::Recorded;
use crate::{control, lock};

/// Larger requests are refused. A real one has a few kilobytes.
const LARGEST_REQUEST: usize = 1 << 20;

/// The state of the server.
pub(crate) struct Served {
    pub(crate) google: Arc<Google>,
    pub(crate) analytics: Analytics,
    pub(crate) faults: Faults,
    pub(crate) journal: Mutex<Vec<Recorded>>,
}

impl Served {
    pub(crate) fn new(google: Google, rows: u64) -> Self {
        Self {
            google: Arc::new(google),
            analytics: Analytics::new(rows, OffsetDateTime::now_utc().date()),
            faults: Faults::default(),
            journal: Mutex::default(),
        }
    }
}

/// Serves until `stop` is dropped, then closes the listener and all connections.
pub(crate) fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    served: Arc<Served>,
    stop: oneshot::Receiver<Infallible>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tokio::select! {
            _ = stop => {}
            () = accept(listener, tls, served) => {}
        }
        Ok(())
    })
}

async fn accept(listener: tokio::net::TcpListener, tls: Option<TlsAcceptor>, served: Arc<Served>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: let some connections end.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let served = Arc::clone(&served);
        let tls = tls.clone();
        tokio::spawn(async move {
            let Some(tls) = tls else {
                return connection(stream, served).await;
            };
            if let Ok(stream) = tls.accept(stream).await {
                connection(stream, served).await;
            }
        });
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, served: Arc<Served>) {
    let service = service_fn(move |request| answer(Arc::clone(&served), request));
    let builder = auto::Builder::new(TokioExecutor::new());
    // Clients may disconnect at any time.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(served: Arc<Served>, request: hyper::Request<Incoming>) -> io::Result<hyper::Response<Outgoing>> {
    let (head, body) = request.into_parts();
    let Some(body) = read(body).await? else {
        let message = "Request payload size exceeds the limit: 1048576 bytes.";
        let refusal = Refusal::new(413, message).response(&Format { indented: true, ..Format::default() });
        return Ok(refusal.map(|body| Outgoing::new(body, false, None)));
    };
    let request = Request::from_parts(head, body);
    if request.uri().path().starts_with(control::PREFIX) {
        let answer = control::answer(&served, &request);
        return Ok(answer.map(|body| Outgoing::new(body, false, None)));
    }

    let entry = record(&served, &request);
    let fault = served.faults.strike(request.uri().path());
    match &fault {
        Some(FaultKind::HangUp) => return Err(io::Error::other("hung up on request")),
        Some(FaultKind::NeverAnswer) => std::future::pending().await,
        Some(FaultKind::Delay { millis }) => {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
        }
        Some(FaultKind::Hold) => served.faults.hold().await,
        _ => {}
    }
    let stand_in = fault.as_ref().map(FaultKind::answer);
    let gzip = accepts_gzip(&request) || matches!(fault, Some(FaultKind::Huge { gzip: true, .. }));
    let mut response = match stand_in {
        Some(Ok(Some(response))) => response,
        _ => route(Arc::clone(&served), request).await,
    };
    lock(&served.journal)[entry].status = Some(response.status().as_u16());

    let headers = response.headers_mut();
    if let Ok(date) = HeaderValue::try_from(served.google.date()) {
        headers.insert(DATE, date);
    }
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response.map(|body| Outgoing::new(body, gzip, fault.as_ref())))
}

/// The body, if it is not too large. It is always read to its end, or the client would not see the answer.
async fn read(mut body: Incoming) -> io::Result<Option<Bytes>> {
    let mut kept = Vec::new();
    let mut fits = true;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(io::Error::other)?.into_data() {
            fits &= kept.len() + data.len() <= LARGEST_REQUEST;
            if fits {
                kept.extend_from_slice(&data);
            }
        }
    }
    Ok(fits.then(|| kept.into()))
}

async fn route(served: Arc<Served>, request: Request) -> Response {
    match oauth::answer(&served.google, &request) {
        Some(response) => response,
        None => api(served, request).await,
    }
}

/// The APIs: checks the bearer token, then computes the answer on a blocking thread.
async fn api(served: Arc<Served>, request: Request) -> Response {
    let google = &served.google;
    let path = request.uri().path();
    if let Some((method, id)) = Method::find(&iam_credentials::METHODS, request.method().as_str(), path) {
        return match bearer::check(google, &request, method) {
            Ok(AccessToken { holder, .. }) => {
                let caller = Caller { google: Arc::clone(google), account: holder.account };
                method.answer(&caller, &request, id, &holder.scopes)
            }
            Err(refusal) => *refusal,
        };
    }
    let Some((method, id)) = Method::find(&analytics::METHODS, request.method().as_str(), path) else {
        return not_found(path);
    };
    let token = match bearer::check(google, &request, method) {
        Ok(token) => token,
        Err(refusal) => return *refusal,
    };
    let id = id.to_owned();
    let computed =
        tokio::task::spawn_blocking(move || method.answer(&served.analytics, &request, &id, &token.holder.scopes));
    computed.await.unwrap_or_else(|_| Refusal::new(500, "Internal error encountered.").response(&Format::default()))
}

/// Records the request and returns its place in the journal.
fn record(served: &Served, request: &Request) -> usize {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect();
    let mut journal = lock(&served.journal);
    journal.push(Recorded {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers,
        body: text(request.body()),
        status: None,
    });
    journal.len() - 1
}

fn accepts_gzip(request: &Request) -> bool {
    request
        .headers()
        .get_all("accept-encoding")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            parts.next() == Some("gzip") && parts.next() != Some("q=0")
        })
}
