//! Faults, the journal, the control path, TLS, and the end of a sandbox.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use gauth_sandbox::{Fault, FaultKind, Options, Quota, Sandbox};
use serde_json::{Value, json};

use crate::{READONLY, Visitor};

const INFO: &str = "/v1/userinfo";

/// A request written by hand; the head of the answer has been read.
fn raw(sandbox: &Sandbox, path: &str) -> (String, BufReader<TcpStream>) {
    let address = sandbox.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
    (head, reader)
}

#[test]
fn answers_can_be_replaced() {
    let visitor = Visitor::new(Options::default());
    let strike = |kind| {
        visitor.sandbox.fault(Fault::new("/v1", kind));
        visitor.get(INFO, &[])
    };
    let quota = strike(FaultKind::Quota(Quota::TokensPerDay));
    assert_eq!(quota.status, 429);
    assert_eq!(quota.json()["error"]["status"], "RESOURCE_EXHAUSTED");
    let unavailable = strike(FaultKind::Api { status: 503, message: "The service is currently unavailable.".into() });
    assert_eq!(unavailable.json()["error"]["status"], "UNAVAILABLE");
    strike(FaultKind::OAuth {
        status: 400,
        error: "invalid_grant".into(),
        description: Some("reauth related error (invalid_rapt)".into()),
        subtype: Some("invalid_rapt".into()),
    })
    .assert_error(400, "invalid_grant", "reauth");
    let html = strike(FaultKind::Html { status: 502 });
    assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
    let redirect = strike(FaultKind::Redirect { status: 307, location: "https://evil.test/".into() });
    assert_eq!(redirect.header("location"), Some("https://evil.test/"));
    let other = strike(FaultKind::Respond {
        status: 200,
        headers: vec![("retry-after".into(), "1e9".into())],
        body: "{".into(),
    });
    assert_eq!((other.header("retry-after"), other.body.as_str()), (Some("1e9"), "{"));
    assert_eq!(visitor.get(INFO, &[]).status, 401, "the faults are used up");
}

#[test]
fn faults_can_wait_and_repeat() {
    let visitor = Visitor::new(Options::default());
    let fault = Fault::new(INFO, FaultKind::Html { status: 500 });
    visitor.sandbox.fault(fault.after(1).times(2));
    let statuses: Vec<u16> = (0..4).map(|_| visitor.get(INFO, &[]).status).collect();
    assert_eq!(statuses, [401, 500, 500, 401]);
}

#[test]
fn an_answer_can_be_late_dripping_cut_off_or_missing() {
    let visitor = Visitor::new(Options::default());
    let sandbox = &visitor.sandbox;
    let whole = visitor.get(INFO, &[]).body;

    sandbox.fault(Fault::new(INFO, FaultKind::Delay { millis: 60 }));
    let start = Instant::now();
    assert_eq!(visitor.get(INFO, &[]).status, 401);
    assert!(start.elapsed() >= Duration::from_millis(60));

    sandbox.fault(Fault::new(INFO, FaultKind::CutOff { after: 7 }));
    let (head, mut rest) = raw(sandbox, INFO);
    let announced = format!("content-length: {}", whole.len());
    assert!(head.starts_with("HTTP/1.1 401") && head.contains(&announced), "{head}");
    let mut body = Vec::new();
    rest.read_to_end(&mut body).unwrap();
    assert_eq!(body, whole.as_bytes()[..7]);

    sandbox.fault(Fault::new(INFO, FaultKind::Drip));
    let (_, mut rest) = raw(sandbox, INFO);
    assert_eq!(rest.fill_buf().unwrap(), &whole.as_bytes()[..1]);

    sandbox.fault(Fault::new(INFO, FaultKind::HangUp));
    let (head, _) = raw(sandbox, INFO);
    assert_eq!(head, "");

    let statuses: Vec<_> = sandbox.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(401), Some(401), Some(401), Some(401), None]);
}

#[test]
fn a_huge_answer_is_small_on_the_wire_when_it_is_gzipped() {
    let visitor = Visitor::new(Options::default());
    let bytes = 20_000_000;
    visitor.sandbox.fault(Fault::new(INFO, FaultKind::Huge { bytes, gzip: false }));
    let (_, mut rest) = raw(&visitor.sandbox, INFO);
    let plain = std::io::copy(&mut rest, &mut std::io::sink()).unwrap();
    assert!(plain > bytes);
    visitor.sandbox.fault(Fault::new(INFO, FaultKind::Huge { bytes, gzip: true }));
    let (head, mut rest) = raw(&visitor.sandbox, INFO);
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let packed = std::io::copy(&mut rest, &mut std::io::sink()).unwrap();
    assert!(packed < bytes / 100, "{packed}");
}

#[test]
fn a_request_can_be_held_until_it_is_released() {
    let visitor = Visitor::new(Options::default());
    let grant = visitor.sandbox.grant(&[READONLY]);
    visitor.sandbox.fault(Fault::new("/token", FaultKind::Hold).times(2));
    std::thread::scope(|scope| {
        let refresh = || visitor.refresh(&grant.refresh_token, &[]).status;
        let both = [scope.spawn(refresh), scope.spawn(refresh)];
        assert!(visitor.sandbox.wait_for_held(2, Duration::from_secs(20)));
        let held = visitor.sandbox.requests();
        assert!(held.iter().all(|request| request.status.is_none()));
        visitor.sandbox.release();
        assert_eq!(both.map(|thread| thread.join().unwrap()), [200, 200]);
    });
    assert!(!visitor.sandbox.wait_for_held(1, Duration::ZERO));
}

#[test]
fn requests_are_recorded_whole_and_in_order() {
    let visitor = Visitor::new(Options::default());
    visitor.post_with("/token", &[("x-one", "1")], &[("a", "ä")]);
    visitor.get("/nowhere?x=%20", &[]);
    let [first, second] = &visitor.sandbox.requests()[..] else {
        panic!("two requests");
    };
    assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/token"));
    assert_eq!((first.header("x-one"), first.body.as_str()), (Some("1"), "a=%C3%A4"));
    assert_eq!((second.path.as_str(), second.query.as_str()), ("/nowhere", "x=%20"));
    assert_eq!((first.status, second.status), (Some(400), Some(404)));
}

#[test]
fn the_control_path_does_what_the_library_does() {
    let visitor = Visitor::new(Options::default());
    let control = |verb: &str, body: Value| visitor.post_body(&format!("/sandbox/{verb}"), &[], &body.to_string());
    let grant = control("grant", json!({"scopes": [READONLY]})).json();
    let refresh_token = grant["refresh_token"].as_str().unwrap();
    control("token-lifetime", json!({"seconds": 60}));
    assert_eq!(visitor.refresh(refresh_token, &[]).json()["expires_in"], 60);
    control("fault", json!({"path": "/token", "times": 1, "kind": {"html": {"status": 503}}}));
    assert_eq!(visitor.refresh(refresh_token, &[]).status, 503);
    control("revoke-all", json!({}));
    assert_eq!(visitor.refresh(refresh_token, &[]).status, 400);

    let bad = control("fault", json!({"path": "/", "kind": {"html": {"status": 99}}}));
    assert_eq!(bad.status, 400);
    assert_eq!(control("grant", json!({"scopes": ["nothing"]})).status, 400);
    assert_eq!(control("nonsense", json!({})).status, 404);

    let journal = visitor.get("/sandbox/requests", &[]).json();
    let statuses: Vec<_> = journal.as_array().unwrap().iter().map(|entry| &entry["status"]).collect();
    assert_eq!(statuses, [200, 503, 400]);
    let secrets = visitor.get("/sandbox/secrets", &[]).json();
    assert!(secrets.as_array().unwrap().contains(&json!(refresh_token)));
}

#[test]
fn tls_speaks_http_2_and_http_1_under_its_own_authority() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox = Sandbox::start(Options { tls: true, ..Options::default() }).unwrap();
    assert!(sandbox.url().starts_with("https://127.0.0.1:"));
    let pem = std::fs::read(sandbox.ca_certificate().unwrap()).unwrap();
    let authority = reqwest::Certificate::from_pem(&pem).unwrap();
    let builder = || reqwest::Client::builder().no_proxy();
    let trusting = || builder().tls_certs_only([authority.clone()]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = format!("{}{INFO}", sandbox.url());
        let fetch = |client: reqwest::ClientBuilder| client.build().unwrap().get(&url).send();
        let answer = fetch(trusting()).await.unwrap();
        assert_eq!((answer.status(), answer.version()), (401.try_into().unwrap(), reqwest::Version::HTTP_2));
        let answer = fetch(trusting().http1_only()).await.unwrap();
        assert_eq!(answer.version(), reqwest::Version::HTTP_11);
        assert!(fetch(builder().tls_certs_only([])).await.is_err());
    });
}

#[test]
fn a_dropped_sandbox_closes_its_port_and_connections_and_takes_its_files_along() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let address = sandbox.url().strip_prefix("http://").unwrap().to_owned();
    let dir = sandbox.dir().to_owned();
    sandbox.fault(Fault::new(INFO, FaultKind::NeverAnswer));
    let mut waiting = TcpStream::connect(&address).unwrap();
    write!(waiting, "GET {INFO} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    assert!(dir.join("client_secrets.json").exists());

    drop(sandbox);
    let mut rest = Vec::new();
    // Closed or reset, but not left open.
    let _ = waiting.read_to_end(&mut rest);
    assert_eq!(rest, b"");
    assert!(TcpStream::connect(&address).is_err());
    assert!(!dir.exists());
}

#[test]
fn files_in_a_named_folder_stay_and_are_private() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("new/folder");
    drop(Sandbox::start(Options { dir: Some(dir.clone()), ..Options::default() }));
    for name in ["client_secrets.json", "service_account.json"] {
        let metadata = std::fs::metadata(dir.join(name)).unwrap();
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777, 0o600);
        assert!(metadata.len() > 200);
    }
}
