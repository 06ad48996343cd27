//! gauth-login as its users see it: the real binary, with a home of its own, a browser that is scripted or real, and
//! the sandbox or a scripted server for Google. The ids in the names of tests are those of the security requirements.

#[path = "login/browser.rs"]
mod browser;
#[path = "login/client_files.rs"]
mod client_files;
#[path = "login/consent.rs"]
mod consent;
#[path = "login/crashes.rs"]
mod crashes;
#[path = "login/credentials_file.rs"]
mod credentials_file;
#[path = "login/dpop.rs"]
mod dpop;
#[path = "login/exchange.rs"]
mod exchange;
#[path = "login/loopback.rs"]
mod loopback;
#[path = "login/noise.rs"]
mod noise;
#[path = "login/other_users.rs"]
mod other_users;
#[path = "login/paste.rs"]
mod paste;
#[path = "login/profiles.rs"]
mod profiles;
#[path = "login/renewal.rs"]
mod renewal;
#[path = "login/secrets.rs"]
mod secrets;
#[path = "login/signals.rs"]
mod signals;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use gauth_sandbox::Options;
use testkit::{Run, Running, User};

const BIN: &str = env!("CARGO_BIN_EXE_gauth-login");
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";

/// What the page says at the end of a login that worked, and of one that did not.
const WORKED: &str = "You are logged in";
const FAILED: &str = "The login failed";

/// Somebody with the sandbox's client file, who has not logged in yet.
fn person(options: Options) -> User {
    let mut person = User::new(BIN, options);
    person.environment.push(("GAUTH_CLIENT_SECRETS", person.sandbox.client_secrets().into()));
    person
}

/// The same whose consent is given as soon as the page is visited.
fn consenting() -> User {
    person(Options { auto_consent: true, ..Options::default() })
}

/// Starts a login that waits for somebody to visit its URL.
#[track_caller]
fn start(person: &User, arguments: &[&str]) -> Login {
    let mut command = person.command(arguments);
    command.arg("--no-browser");
    Login::start(command)
}

/// Logs in to the end.
#[track_caller]
fn log_in(person: &User, arguments: &[&str]) -> Run {
    let login = start(person, arguments);
    testkit::visit(&login.url);
    person.check(login.running.finish()).expect(0)
}

/// Starts a login, visits its URL and expects it to fail.
#[track_caller]
fn fail(person: &User, arguments: &[&str], code: i32) -> Run {
    let login = start(person, arguments);
    assert!(testkit::visit(&login.url).body.contains(FAILED));
    person.check(login.running.finish()).expect_failure(code)
}

/// A login that waits.
struct Login {
    running: Running,
    url: String,
}

impl Login {
    #[track_caller]
    fn start(command: Command) -> Self {
        Self::start_on(command, Stdio::null())
    }

    fn start_on(command: Command, stdin: Stdio) -> Self {
        let running = Running::start_on(command, stdin);
        let url = running.stderr_line(|line| line.starts_with("http"));
        Self { running, url }
    }

    fn parameter(&self, name: &str) -> String {
        parameter(&self.url, name)
    }

    fn redirect_uri(&self) -> String {
        self.parameter("redirect_uri")
    }

    fn address(&self) -> SocketAddr {
        let uri = self.redirect_uri();
        let authority = uri.split('/').nth(2).expect("an authority");
        authority.parse().expect("an address and a port")
    }

    /// Where the consent page would send the browser: the redirect URI with a good code and state.
    fn callback(&self) -> String {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().max_redirects(0).max_redirects_will_error(false).proxy(None).build().into();
        let answer = agent.get(&self.url).call().expect("visit the consent page");
        let location = answer.headers().get("location").expect("a redirect");
        location.to_str().expect("an address").to_owned()
    }

    /// Path and query of [`Self::callback`].
    fn target(&self) -> String {
        target(&self.callback())
    }

    /// Sends a request and reads all of the answer.
    fn send(&self, request: &[u8]) -> String {
        send(self.address(), request)
    }

    /// GETs a target as a browser would.
    fn get(&self, target: &str) -> String {
        self.send(request(self.address(), target, "").as_bytes())
    }
}

fn request(host: SocketAddr, target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n")
}

/// What is answered until the connection ends; nothing if it is refused or reset.
fn send(address: SocketAddr, request: &[u8]) -> String {
    let mut answer = Vec::new();
    if let Ok(mut stream) = TcpStream::connect(address) {
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set a timeout");
        let _ = stream.write_all(request);
        let _ = stream.read_to_end(&mut answer);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("")
}

fn target(url: &str) -> String {
    let path = url.match_indices('/').nth(2).map(|(at, _)| &url[at..]);
    match (path, url.split_once('?')) {
        (Some(path), _) => path.to_owned(),
        (None, Some((_, query))) => format!("/?{query}"),
        (None, None) => "/".to_owned(),
    }
}

/// A parameter of a URL's query, decoded.
#[track_caller]
fn parameter(url: &str, name: &str) -> String {
    let (_, query) = url.split_once('?').expect("a query");
    let parameters = gauth_core::form::decode(query).expect("a well-formed query");
    let found = parameters.into_iter().find(|(key, _)| key == name);
    found.unwrap_or_else(|| panic!("no {name} in {url}")).1
}

#[test]
fn the_committed_man_page_is_the_one_it_prints() {
    let page = include_str!("../crates/gauth-login/gauth-login.1");
    testkit::assert_man_page_is_current(BIN, page);
}
