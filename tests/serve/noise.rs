//! What comes to the port beside the requests of Google's clients.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

use testkit::run;

use crate::{FLAVOR, Response, Served, TOKEN, logged_in, read_to_end};

#[test]
fn i1_the_port_is_on_loopback_only_and_any_free_one() {
    let user = logged_in();
    let (one, other) = (Served::start(&user, &[]), Served::start(&user, &[]));
    assert_ne!(one.address.port(), other.address.port());
    assert_eq!(listening(one.address.port()), ["0100007F"]);
    // Where this machine has another address, it is not answered there.
    let outside = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    if let Ok(outside) = outside.map(|address| SocketAddr::new(address.ip(), one.address.port()))
        && !outside.ip().is_loopback()
    {
        assert!(TcpStream::connect(outside).is_err());
    }
    one.end();
    other.end();
}

/// The addresses, as Linux writes them, at which this port is open.
fn listening(port: u16) -> Vec<String> {
    let tables = ["tcp", "tcp6"].map(|name| std::fs::read_to_string(format!("/proc/net/{name}")).unwrap_or_default());
    let rows = tables.iter().flat_map(|table| table.lines());
    rows.filter_map(|row| {
        let mut fields = row.split_ascii_whitespace().skip(1);
        let (address, state) = (fields.next()?, fields.nth(1)?);
        let (host, found) = address.split_once(':')?;
        (state == "0A" && u16::from_str_radix(found, 16) == Ok(port)).then(|| host.to_owned())
    })
    .collect()
}

#[test]
fn i1_a_port_can_be_chosen_and_a_taken_one_is_an_error() {
    let user = logged_in();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = run(user.command(&["--port", &port, "--", "true"])).expect_failure(1);
    assert!(refused.stderr().contains("choose another with --port"), "{}", refused.stderr());
    drop(taken);
    let served = Served::start(&user, &["--port", &port]);
    assert_eq!(served.address.port().to_string(), port);
    served.end();
}

#[test]
fn i2_a_rebound_page_is_refused() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let port = served.address.port();
    for host in [format!("evil.test:{port}"), format!("localhost:{port}"), "127.0.0.1".to_owned(), String::new()] {
        let request = format!("GET {TOKEN} HTTP/1.1\r\nHost: {host}\r\n{FLAVOR}Connection: close\r\n\r\n");
        assert_eq!(Response::read(&served.send(request)).status, 403, "{host}");
    }
    let without = format!("GET {TOKEN} HTTP/1.0\r\n{FLAVOR}\r\n");
    assert_eq!(Response::read(&served.send(without)).status, 403);
    assert!(user.requests_to("/token").is_empty());
    served.end();
}

#[test]
fn i3_every_answer_is_marked_and_all_but_the_root_require_the_mark() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    assert_eq!(served.get_with("/", "").status, 200);
    assert_eq!(served.get_with(TOKEN, "").status, 403);
    assert_eq!(served.get_with("/nothing", "").status, 403);
    assert_eq!(served.get_with(TOKEN, "Metadata-Flavor: google\r\n").status, 403);
    // `Response::read` requires the mark of every answer in these tests.
    assert_eq!(served.get("/nothing").status, 404);
    assert!(user.requests_to("/token").is_empty());
    served.end();
}

#[test]
fn i4_headers_of_browsers_and_proxies_are_refused() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    for header in [
        "Origin: http://evil.test",
        "Referer: http://a/",
        "Sec-Fetch-Site: none",
        "X-Forwarded-For: 1.2.3.4",
        "Forwarded: for=x",
        "Via: 1.1 x",
    ] {
        let response = served.get_with(TOKEN, &format!("{FLAVOR}{header}\r\n"));
        assert_eq!(response.status, 403, "{header}");
        assert_eq!(response.header("access-control-allow-origin"), None);
    }
    let preflight = format!("OPTIONS {TOKEN} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", served.address);
    assert_eq!(Response::read(&served.send(preflight)).status, 403);
    assert!(user.requests_to("/token").is_empty());
    served.end();
}

#[test]
fn i9_other_methods_are_405_also_with_a_body() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let body = r#"{"certificate_chain": "-----BEGIN CERTIFICATE-----"}"#;
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let head = format!("{method} {TOKEN} HTTP/1.1\r\nHost: {}\r\n{FLAVOR}", served.address);
        let response = served.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()));
        let response = Response::read(&response);
        assert_eq!((response.status, response.header("allow")), (405, Some("GET, HEAD")));
        assert_eq!(response.header("connection"), Some("close"), "the body is not read as a request");
    }
    assert!(user.requests_to("/token").is_empty());
    served.end();
}

#[test]
fn i9_head_is_get_without_its_body() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let host = served.address;
    let head = served.send(format!("HEAD {TOKEN} HTTP/1.1\r\nHost: {host}\r\n{FLAVOR}Connection: close\r\n\r\n"));
    let head = Response::read(&head);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), Some(&*served.get(TOKEN).body.len().to_string()));
    served.end();
}

#[test]
fn i9_a_connection_is_kept_and_requests_sent_at_once_are_answered_in_order() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let host = served.address;
    let one = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{FLAVOR}{more}\r\n");
    let text = served.send(
        [
            one("/", ""),
            one("/nothing", ""),
            one("/computeMetadata/v1/universe/", "Connection: Close\r\n"),
            one("/", ""),
        ]
        .concat(),
    );
    let statuses: Vec<&str> = text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200"], "{text}");
    // HTTP/1.0 is answered once.
    let old = served.send(format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\nGET / HTTP/1.0\r\nHost: {host}\r\n\r\n"));
    assert_eq!(old.matches("HTTP/1.1 200 OK").count(), 1, "{old}");
    served.end();
}

#[test]
fn i9_what_is_too_long_or_not_http_is_refused() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let host = served.address;
    let long = "x".repeat(10 << 20);
    for (request, status) in [
        (format!("GET /{long} HTTP/1.1\r\nHost: {host}\r\n\r\n"), 414),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {long}\r\n\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\n{}\r\n", "X: y\r\n".repeat(101)), 431),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\n{FLAVOR} folded\r\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\nHost : {host}\r\n\r\n"), 400),
        ("\u{16}\u{3}\u{1}\u{2}\r\n\r\n".to_owned(), 400),
    ] {
        let shown = &request[..request.len().min(60)];
        assert_eq!(Response::read(&served.send(&request)).status, status, "{shown:?}");
    }
    assert_eq!(served.get_with("/", "").status, 200);
    served.end();
}

#[test]
fn i9_a_slow_request_ends_after_ten_seconds() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let mut slow = TcpStream::connect(served.address).unwrap();
    slow.write_all(b"GET / HT").unwrap();
    let silent = TcpStream::connect(served.address).unwrap();
    assert_eq!(Response::read(&read_to_end(slow)).status, 408);
    assert_eq!(read_to_end(silent), "");
    served.end();
}

#[test]
fn i9_silent_connections_do_not_keep_others_out() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let mut silent = Vec::new();
    for number in 0..270 {
        let mut stream = TcpStream::connect(served.address).unwrap();
        if number % 2 == 0 {
            stream.write_all(b"G").unwrap();
        }
        silent.push(stream);
    }
    assert!(served.token("").starts_with("ya29."));
    served.end();
}

#[test]
fn i13_the_log_has_method_path_and_status_and_no_more() {
    let user = logged_in();
    let served = Served::start(&user, &["--verbose"]);
    let query = format!("?scopes={}&secret=in-the-query", crate::READONLY);
    served.get_with(&format!("{TOKEN}{query}"), &format!("{FLAVOR}X-Header: in-a-header\r\n"));
    served.get("/in-the-path");
    let run = served.end();
    for line in [format!("gauth-serve: GET {TOKEN} 200"), "gauth-serve: GET /in-the-path 404".to_owned()] {
        assert!(run.stderr().lines().any(|found| found == line), "{}", run.stderr());
    }
    assert!(!run.stderr().contains("in-the-query") && !run.stderr().contains("in-a-header"), "{}", run.stderr());
    let quiet = Served::start(&user, &[]);
    quiet.token("");
    assert_eq!(quiet.end().stderr(), "");
}
