//! gauth-serve as its users see it: the real binary with a real command, against the sandbox or a scripted server, asked over
//! real sockets. The ids in the names of tests are those of the security requirements.

#[path = "serve/clients.rs"]
mod clients;
#[path = "serve/command.rs"]
mod command;
#[path = "serve/metadata.rs"]
mod metadata;
#[path = "serve/noise.rs"]
mod noise;
#[path = "serve/other_users.rs"]
mod other_users;
#[path = "serve/tokens.rs"]
mod tokens;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::Command;

use gauth_sandbox::Options;
use serde_json::Value;
use testkit::{Run, Running, Signal, User, assert_man_page_is_current};

const BIN: &str = env!("CARGO_BIN_EXE_gauth-serve");
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";
const EDIT: &str = "https://www.googleapis.com/auth/analytics.edit";
const TOKEN: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
const FLAVOR: &str = "Metadata-Flavor: Google\r\n";

/// A user of a machine on which gauth-login has run.
fn logged_in() -> User {
    User::logged_in(BIN, Options::default(), &[READONLY, EDIT])
}

/// A user with the key of a service account, and its path.
fn with_key() -> (User, String) {
    let user = User::new(BIN, Options::default());
    let key = user.file(&user.key());
    (user, key)
}

/// gauth-serve beside a command that waits to be ended.
struct Served<'a> {
    user: &'a User,
    running: Running,
    address: SocketAddr,
}

impl<'a> Served<'a> {
    #[track_caller]
    fn start(user: &'a User, options: &[&str]) -> Self {
        Self::of(user, user.command(options))
    }

    /// The program with all its options.
    #[track_caller]
    fn of(user: &'a User, mut program: Command) -> Self {
        program.args(["--", "sh", "-c", "echo \"at $GCE_METADATA_HOST\"; exec sleep 600"]);
        let running = Running::start(program);
        let line = running.stdout_line(|line| line.starts_with("at "));
        Self { user, running, address: line["at ".len()..].parse().expect("a host and a port") }
    }

    /// Sends a request and returns all that comes back until the server closes.
    #[track_caller]
    fn send(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(self.address).expect("connect");
        // A server that has heard enough may have closed.
        let _ = stream.write_all(request.as_ref());
        read_to_end(stream)
    }

    /// A GET with these headers and the right host.
    #[track_caller]
    fn get_with(&self, target: &str, headers: &str) -> Response {
        let host = self.address;
        let text = self.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n"));
        Response::read(&text)
    }

    /// A GET as Google's clients send it.
    #[track_caller]
    fn get(&self, target: &str) -> Response {
        self.get_with(target, FLAVOR)
    }

    /// The text of a value.
    #[track_caller]
    fn value(&self, path: &str) -> String {
        let response = self.get(&format!("/computeMetadata/v1/{path}"));
        assert_eq!(response.status, 200, "{path}: {}", response.text);
        response.body
    }

    /// An answer in JSON.
    #[track_caller]
    fn json(&self, target: &str) -> Value {
        let response = self.get(target);
        assert_eq!(response.status, 200, "{target}: {}", response.text);
        assert_eq!(response.header("content-type"), Some("application/json"));
        serde_json::from_str(&response.body).expect("JSON")
    }

    /// An access token, asked for with this query.
    #[track_caller]
    fn token(&self, query: &str) -> String {
        let answer = self.json(&format!("{TOKEN}{query}"));
        assert_eq!(answer["token_type"], "Bearer");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Ends it, and sweeps what was said for secrets.
    #[track_caller]
    fn end(self) -> Run {
        self.running.signal(Signal::TERM);
        self.user.check(self.running.finish()).expect(128 + 15)
    }
}

/// All that comes, until the server closes.
fn read_to_end(mut stream: TcpStream) -> String {
    let mut received = Vec::new();
    // A reset after the answer is an end as well.
    let _ = stream.read_to_end(&mut received);
    let _ = stream.shutdown(Shutdown::Both);
    String::from_utf8(received).expect("answers are UTF-8")
}

/// An HTTP response.
#[derive(Debug)]
struct Response {
    status: u16,
    text: String,
    body: String,
}

impl Response {
    #[track_caller]
    fn read(text: &str) -> Self {
        let status =
            text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|digits| digits.parse().ok());
        let (_, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {text:?}"));
        let response = Self { status: status.expect("a status"), text: text.to_owned(), body: body.to_owned() };
        assert_eq!(response.header("metadata-flavor"), Some("Google"), "{text}");
        response
    }

    fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        let mut headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

#[test]
fn the_committed_man_page_is_the_one_it_prints() {
    assert_man_page_is_current(BIN, include_str!("../crates/gauth-serve/gauth-serve.1"));
}
