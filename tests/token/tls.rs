//! TLS against servers with good and bad certificates, behind a proxy and without (F7, F8, F9).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gauth_sandbox::Options;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::PrivateKeyDer;
use testkit::{Home, Run, strace, token};

use crate::{BIN, canaries, canary_user, logged_in_to};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("make a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "a private authority");
        let pem = params.self_signed(&key).expect("sign").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A server's configuration with a certificate for `name`, good until the end of `until`.
    fn server(&self, name: &str, until: i32) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("make a key");
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 12, 31);
        let certificate = params.signed_by(&key, &self.issuer).expect("sign");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("usual versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.expect("a configuration"))
    }
}

/// Answers every connection with a token; one that begins with CONNECT is taken for a proxy's client first.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Its thread ends with the process of the tests.
    fn start(config: Arc<ServerConfig>, is_proxy: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listen");
        let address = listener.local_addr().expect("know the own address");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                // A client that refuses the certificate goes away.
                let _ = serve(connection, Arc::clone(&config), is_proxy);
            }
        });
        Self { address, connections }
    }
}

fn serve(mut connection: TcpStream, config: Arc<ServerConfig>, is_proxy: bool) -> std::io::Result<()> {
    if is_proxy {
        let mut lines = BufReader::new(&connection);
        loop {
            let mut line = String::new();
            lines.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
        }
        connection.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    }
    let session = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(session, connection);
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"grant_type=refresh_token") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let body = r#"{"access_token":"ya29.over-tls"}"#;
    let length = body.len();
    stream.write_all(
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").as_bytes(),
    )?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// A run against `token_uri` that trusts `authority`.
fn trusting(home: &Home, authority: &str, token_uri: &str) -> Command {
    let file = canary_user(token_uri).to_string();
    home.write(".config/gauth/credentials.json", 0o600, file);
    let roots = home.write("roots.pem", 0o644, authority);
    let mut command = home.command(BIN);
    command.env("SSL_CERT_FILE", roots);
    command
}

/// Runs against `token_uri`, trusting `authority`.
#[track_caller]
fn run_trusting(authority: &str, token_uri: &str, variables: &[(&str, &str)]) -> Run {
    let home = Home::new();
    let mut command = trusting(&home, authority, token_uri);
    command.envs(variables.iter().copied());
    let run = testkit::run(command);
    run.assert_no_secret(&canaries(), false);
    run
}

#[test]
fn a_refresh_over_tls_is_two_packets_without_a_thread() {
    let authority = Authority::new();
    let server = Server::start(authority.server("127.0.0.1", 2060), false);
    let home = Home::new();
    let command = trusting(&home, &authority.pem, &format!("https://{}/token", server.address));
    let Some(trace) = strace(&["-e", "trace=network,writev,clone,clone3"], command) else {
        return;
    };
    // The greeting; then the end of the handshake and the whole request.
    let sent = trace.calls.iter().filter(|call| ["sendto", "sendmsg", "writev"].contains(&call.name.as_str()));
    assert_eq!(sent.count(), 2);
    assert_eq!(trace.calls.iter().filter(|call| call.name.starts_with("clone")).count(), 0);
    assert_eq!(trace.run.expect(0).stdout(), "ya29.over-tls\n");
}

#[test]
fn f7_f8_only_a_chain_to_a_trusted_root_for_this_name_and_time_will_do() {
    let ours = Authority::new();
    let other = Authority::new();
    for (trusted, server, says) in [
        (&ours, ours.server("127.0.0.1", 2060), None),
        (&other, ours.server("127.0.0.1", 2060), Some("invalid peer certificate")),
        (&ours, ours.server("oauth2.googleapis.com", 2060), Some("invalid peer certificate")),
        (&ours, ours.server("127.0.0.2", 2060), Some("invalid peer certificate")),
        (&ours, ours.server("127.0.0.1", 2021), Some("invalid peer certificate")),
    ] {
        let server = Server::start(server, false);
        let url = format!("https://{}/token", server.address);
        let run = run_trusting(&trusted.pem, &url, &[]);
        match says {
            None => assert_eq!(run.expect(0).stdout(), "ya29.over-tls\n"),
            Some(says) => {
                let run = run.expect_failure(1);
                assert!(run.stderr().contains(says), "{}", run.stderr());
                assert!(run.stderr().contains("hint: "), "{}", run.stderr());
                // It is not temporary.
                assert_eq!(server.connections.load(Ordering::Relaxed), 1);
            }
        }
    }
}

#[test]
fn f8_the_sandbox_with_tls_is_trusted_only_by_its_authority() {
    let user = logged_in_to(Options { tls: true, ..Options::default() });
    let run = user.run(&[]).expect_failure(1);
    assert!(run.stderr().contains("SSL_CERT_FILE"), "{}", run.stderr());
    assert!(user.requests_to("/token").is_empty());
    let roots = user.sandbox.ca_certificate().expect("an authority");
    let mut command = user.command(&["--verbose"]);
    command.env("SSL_CERT_FILE", &roots);
    token(&user.run_command(command).expect(0));
    // From the cache it needs no roots.
    let mut command = user.command(&[]);
    command.env("SSL_CERT_FILE", "/nonexistent");
    token(&user.run_command(command).expect(0));
}

#[test]
fn f8_roots_that_cannot_be_read_are_an_error() {
    for roots in ["", "no PEM here", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let run = run_trusting(roots, "https://127.0.0.1:1/token", &[]).expect_failure(2);
        assert!(run.stderr().contains("SSL_CERT_FILE"), "{}", run.stderr());
    }
}

#[test]
fn f9_through_a_proxy_the_certificate_is_the_servers() {
    let authority = Authority::new();
    for (name, code) in [("auth.example.test", 0), ("proxy.example.test", 1)] {
        let server = Server::start(authority.server(name, 2060), true);
        let proxy = format!("http://{}", server.address);
        let variables = [("HTTPS_PROXY", proxy.as_str()), ("GAUTH_ALLOW_HOSTS", "auth.example.test")];
        let run = run_trusting(&authority.pem, "https://auth.example.test/token", &variables);
        run.expect(code);
    }
}

#[test]
fn f7_what_is_not_tls_is_an_error_and_no_fall_back() {
    let server = testkit::ScriptedServer::answering(|_| testkit::Answer::json(200, "{}"));
    let url = crate::token_at(&server).replace("http://", "https://");
    let run = crate::run_canary_user(&url, &["--timeout", "10"]);
    assert!([1, 5].contains(&run.code()), "{}", run.stderr());
    assert!(run.output.stdout.is_empty());
    assert!(server.requests().iter().all(|request| request.body.is_empty()));
}
