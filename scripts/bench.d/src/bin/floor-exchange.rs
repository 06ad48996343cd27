//! floor-exchange CREDENTIALS [CA.pem]: one exchange of a refresh token or a key for a token, over a bare socket with rustls
//! and ring. With the authority's certificate over TLS that trusts it, for a token_uri with https.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use serde_json::Value;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("a credentials file");
    let bytes = std::fs::read(file).expect("read the file");
    let credentials: Value = serde_json::from_slice(&bytes).expect("JSON");
    let body = match credentials["type"].as_str() {
        Some("service_account") => mint(&credentials),
        _ => refresh(&credentials),
    };
    let uri = field(&credentials, "token_uri");
    let (scheme, rest) = uri.split_once("://").expect("a URL");
    let (authority, path) = rest.split_once('/').expect("a path");
    let request = format!(
        "POST /{path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let socket = TcpStream::connect(authority).expect("connect");
    socket.set_nodelay(true).expect("no delay");
    let answer = match scheme {
        "http" => converse(socket, &request),
        _ => converse(tls(socket, authority, arguments.next()), &request),
    };
    let start = answer.find("\r\n\r\n").expect("a body") + 4;
    let answer: Value = serde_json::from_str(&answer[start..]).expect("JSON");
    let line = format!("{}\n", field(&answer, "access_token"));
    std::io::stdout().write_all(line.as_bytes()).expect("write it");
}

fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

fn refresh(credentials: &Value) -> String {
    let mut body = "grant_type=refresh_token".to_owned();
    for name in ["refresh_token", "client_id", "client_secret"] {
        // The one character of these that a form does not take as it is.
        let value = field(credentials, name).replace('/', "%2F");
        body.push_str(&format!("&{name}={value}"));
    }
    body
}

fn mint(credentials: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let header = format!(r#"{{"typ":"JWT","alg":"RS256","kid":"{}"}}"#, field(credentials, "private_key_id"));
    let claims = format!(
        r#"{{"iss":"{}","scope":"https://www.googleapis.com/auth/analytics.readonly","aud":"{}","iat":{now},"exp":{}}}"#,
        field(credentials, "client_email"),
        field(credentials, "token_uri"),
        now + 3600
    );
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let pem = field(credentials, "private_key").as_bytes();
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem).expect("a key");
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("an RSA key");
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).expect("sign");
    format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={signed}.{}",
        URL_SAFE_NO_PAD.encode(signature)
    )
}

fn tls(socket: TcpStream, authority: &str, roots: Option<String>) -> StreamOwned<ClientConnection, TcpStream> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(file) => {
            let pem = std::fs::read(file).expect("read the roots");
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                store.add(certificate.expect("PEM")).expect("a root");
            }
        }
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("usual versions")
        .with_root_certificates(store)
        .with_no_client_auth();
    let host = authority.split(':').next().expect("a host").to_owned();
    let name = ServerName::try_from(host).expect("a host's name");
    let session = ClientConnection::new(Arc::new(config), name).expect("a session");
    StreamOwned::new(session, socket)
}

fn converse(mut stream: impl Read + Write, request: &str) -> String {
    stream.write_all(request.as_bytes()).expect("send");
    let mut answer = String::new();
    // A server may leave out TLS's good-bye.
    let _ = stream.read_to_string(&mut answer);
    answer
}
