//! The HTTP server: connections, the list of endpoints, the journal of requests, and what every answer gets on its way
//! out (`Date`, compression, faults). One thread for all sockets; reports are computed on blocking threads.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, DATE, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::analytics;
use crate::body::Outgoing;
use crate::fault::FaultKind;
use crate::google::{Google, lock};
use crate::grants::AccessToken;
use crate::http::{Request, Response, json, not_found};
use crate::iam_credentials::{self, Caller};
use crate::rest::{Format, Method, Refusal};
use crate::sandbox::Recorded;
use crate::{authorize, aws, bearer, control, metadata_server, outside};
use crate::{revoke, security_token_service, token, tokeninfo, userinfo};

/// Larger requests are refused. A real one has a few kilobytes.
const LARGEST_REQUEST: usize = 1 << 20;

/// Serves until `stop` is dropped, then closes the listener and all connections.
pub(crate) fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    google: Arc<Google>,
    stop: oneshot::Receiver<Infallible>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tokio::select! {
            _ = stop => {}
            () = accept(listener, tls, google) => {}
        }
        Ok(())
    })
}

async fn accept(listener: tokio::net::TcpListener, tls: Option<TlsAcceptor>, google: Arc<Google>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: let some connections end.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let google = Arc::clone(&google);
        match tls.clone() {
            None => {
                tokio::spawn(connection(stream, google));
            }
            Some(tls) => {
                tokio::spawn(async move {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(stream, google).await;
                    }
                });
            }
        }
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, google: Arc<Google>) {
    let service = service_fn(move |request| answer(Arc::clone(&google), request));
    let builder = auto::Builder::new(TokioExecutor::new());
    // Clients go away as they please.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(google: Arc<Google>, request: hyper::Request<Incoming>) -> io::Result<hyper::Response<Outgoing>> {
    let (head, body) = request.into_parts();
    let Some(body) = read(body).await? else {
        let message = "Request payload size exceeds the limit: 1048576 bytes.";
        let refusal = Refusal::new(413, message).response(&Format { indented: true, ..Format::default() });
        return Ok(refusal.map(|body| Outgoing::new(body, false, None)));
    };
    let request = Request::from_parts(head, body);
    if request.uri().path().starts_with(control::PREFIX) {
        let answer = control::answer(&google, &request);
        return Ok(answer.map(|body| Outgoing::new(body, false, None)));
    }

    let entry = record(&google, &request);
    let fault = google.faults.strike(request.uri().path());
    match &fault {
        Some(FaultKind::HangUp) => return Err(io::Error::other("hung up on request")),
        Some(FaultKind::NeverAnswer) => std::future::pending().await,
        Some(FaultKind::Delay { millis }) => {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
        }
        Some(FaultKind::Hold) => google.faults.hold().await,
        _ => {}
    }
    let stand_in = fault.as_ref().map(FaultKind::answer);
    let gzip = accepts_gzip(&request) || matches!(fault, Some(FaultKind::Huge { gzip: true, .. }));
    let mut response = match stand_in {
        Some(Ok(Some(response))) => response,
        _ => route(&google, request).await,
    };
    lock(&google.journal)[entry].status = Some(response.status().as_u16());

    let headers = response.headers_mut();
    if let Ok(date) = HeaderValue::try_from(google.date()) {
        headers.insert(DATE, date);
    }
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response.map(|body| Outgoing::new(body, gzip, fault.as_ref())))
}

/// The body, if it is not too large. It is read to its end in any case, or the client would not see the answer.
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

/// The list of endpoints. Paths are Google's own.
async fn route(google: &Arc<Google>, request: Request) -> Response {
    match request.uri().path() {
        "/o/oauth2/v2/auth" | "/o/oauth2/auth" => authorize::answer(google, &request),
        "/token" => token::answer(google, &request),
        "/revoke" => revoke::answer(google, &request),
        "/tokeninfo" | "/oauth2/v3/tokeninfo" => tokeninfo::answer(google, &request),
        "/v1/userinfo" => userinfo::answer(google, &request),
        "/oauth2/v3/certs" => json(200, &json!({"keys": [google.id_token_key.public()]})),
        "/v1/token" => security_token_service::exchange(google, &request),
        "/v1/oauthtoken" => security_token_service::refresh(google, &request),
        "/outside/token" => outside::answer(google, &request),
        path if path.starts_with(metadata_server::PREFIX) => metadata_server::answer(google, &request),
        path if path.starts_with("/latest/") => aws::answer(google, &request),
        _ => api(Arc::clone(google), request).await,
    }
}

/// The APIs: checks the bearer, then lets a report be computed where that may take its time.
async fn api(google: Arc<Google>, request: Request) -> Response {
    let path = request.uri().path();
    if let Some((method, id)) = Method::find(iam_credentials::METHODS, request.method().as_str(), path) {
        return match bearer::check(&google, &request, method) {
            Ok(AccessToken { holder, .. }) => {
                method.answer(&Caller { google, account: holder.account }, &request, id, &holder.scopes)
            }
            Err(refusal) => *refusal,
        };
    }
    let Some((method, id)) = Method::find(analytics::METHODS, request.method().as_str(), path) else {
        return not_found(path);
    };
    let token = match bearer::check(&google, &request, method) {
        Ok(token) => token,
        Err(refusal) => return *refusal,
    };
    let id = id.to_owned();
    let computed =
        tokio::task::spawn_blocking(move || method.answer(&google.analytics, &request, &id, &token.holder.scopes));
    computed.await.unwrap_or_else(|_| Refusal::new(500, "Internal error encountered.").response(&Format::default()))
}

/// Notes the request and returns its place in the journal.
fn record(google: &Google, request: &Request) -> usize {
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let mut journal = lock(&google.journal);
    journal.push(Recorded {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers,
        body: String::from_utf8_lossy(request.body()).into_owned(),
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
