//! token-server DIRECTORY: answers every POST at once with the same token, over http and over TLS with a private authority.
//! Writes user-http.json, key-http.json, user-tls.json, key-tls.json (credentials for it, from DIRECTORY/service_account.json)
//! and ca.pem, then prints a line.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use floors::certificates;
use rustls::{ServerConnection, StreamOwned};
use serde_json::{Value, json};

const TOKEN: &str = r#"{"access_token":"ya29.a0AfH6SMBx7Jk2mQ9vTzLr4wYcN8pEo5uGdSbXiFhKqRtVyWnZlMjCaPgOeDsUf3H1I0","expires_in":3599,"scope":"https://www.googleapis.com/auth/analytics.readonly","token_type":"Bearer"}"#;

fn main() {
    let directory = std::env::args().nth(1).expect("a directory");
    let directory = Path::new(&directory);
    let (config, authority) = certificates();
    std::fs::write(directory.join("ca.pem"), authority).expect("write the authority");

    let plain = TcpListener::bind("127.0.0.1:0").expect("listen");
    let tls = TcpListener::bind("127.0.0.1:0").expect("listen");
    for (name, scheme, listener) in [("http", "http", &plain), ("tls", "https", &tls)] {
        let address = listener.local_addr().expect("an address");
        write_credentials(directory, name, &format!("{scheme}://{address}/token"));
    }
    println!("listening");

    thread::spawn(move || {
        for socket in tls.incoming() {
            let config = Arc::clone(&config);
            thread::spawn(move || {
                let session = ServerConnection::new(config).expect("a session");
                let mut stream = StreamOwned::new(session, prepared(socket.expect("a caller")));
                answer(&mut stream);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            });
        }
    });
    for socket in plain.incoming() {
        thread::spawn(move || answer(&mut prepared(socket.expect("a caller"))));
    }
}

fn prepared(socket: TcpStream) -> TcpStream {
    socket.set_nodelay(true).expect("no delay");
    socket
}

/// One request of one caller; its body is read to the end, so that the socket closes in peace.
fn answer(stream: &mut (impl Read + Write)) {
    let mut request = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        match stream.read(&mut part) {
            Ok(length @ 1..) => request.extend_from_slice(&part[..length]),
            _ => return,
        }
        let Some(head) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|digits| digits.trim().parse().ok()).unwrap_or(0);
        if request.len() >= head + 4 + length {
            break;
        }
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ";
    let _ = stream.write_all(format!("{head}{}\r\n\r\n{TOKEN}", TOKEN.len()).as_bytes());
}

fn write_credentials(directory: &Path, name: &str, token_uri: &str) {
    let key = std::fs::read(directory.join("service_account.json")).expect("read the key");
    let mut key: Value = serde_json::from_slice(&key).expect("JSON");
    key["token_uri"] = token_uri.into();
    let user = json!({
        "type": "authorized_user",
        "client_id": "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com",
        "client_secret": "GOCSPX-0123456789abcdefghijklmnopqr",
        "refresh_token": "1//09qTzLr4wYcN8pEo5uGdSbXiFhKqRtVyWnZlMjCaPgOeDsUf3H1I0-L9Ir",
        "token_uri": token_uri,
    });
    for (kind, document) in [("key", key), ("user", user)] {
        let path = directory.join(format!("{kind}-{name}.json"));
        std::fs::write(path, document.to_string()).expect("write credentials");
    }
}
