//! The server: connections on the loopback interface, one thread each, kept open between requests. Those of other users get a
//! refusal and nothing else; they are counted separately, so that they cannot keep out this user.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use gauth_cli::exit::no_thread;
use gauth_cli::loopback::connections::{Connections, Phase};
use gauth_cli::loopback::head::{self, Head};
use gauth_cli::loopback::peer::{self, Peer};
use gauth_cli::loopback::{bind, cannot_listen, drain, read_until};
use gauth_cli::{Failure, Terminal};
use http::StatusCode;

use crate::answer::Answer;
use crate::metadata::Metadata;
use crate::request::{Asked, Refusal};

/// The most connections at a time, of this user and of all others.
const MOST: usize = 250;
const MOST_FOREIGN: usize = 10;
/// How long a client may take to send a request, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection may be idle after an answer.
const IDLE: Duration = Duration::from_secs(300);
/// How long a connection is read on before it is closed, so that the answer is not lost.
const LINGER: Duration = Duration::from_secs(1);

/// A server that runs until the process ends.
pub(crate) struct Server {
    /// Its host and port.
    pub(crate) address: String,
}

struct Shared {
    hosts: Vec<String>,
    metadata: Metadata,
    own: Connections,
    foreign: Connections,
    terminal: Terminal,
}

impl Server {
    /// Listens on a port of 127.0.0.1, on any free one for 0.
    ///
    /// # Errors
    /// If the port is taken, and where the system does not show who connects.
    pub(crate) fn start(port: u16, metadata: Metadata, terminal: Terminal) -> anyhow::Result<Self> {
        let listener = bind(Ipv4Addr::LOCALHOST.into(), port).map_err(|error| cannot_listen(port, &error))?;
        if !peer::tables_show(&listener) {
            return Err(Failure::usage(
                "this system does not show which user holds a connection (/proc/net/tcp), so other users could get tokens",
            )
            .into());
        }
        let address = listener.local_addr()?;
        let mut hosts = vec![address.to_string()];
        if address.port() == 80 {
            hosts.push(address.ip().to_string());
        }
        let shared = Arc::new(Shared {
            hosts,
            metadata,
            own: Connections::new(MOST),
            foreign: Connections::new(MOST_FOREIGN),
            terminal,
        });
        let acceptor = thread::Builder::new().name("acceptor".to_owned());
        acceptor.spawn(move || accept(&listener, &shared)).map_err(no_thread)?;
        Ok(Self { address: address.to_string() })
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => admit(stream, shared),
            Err(_) => {
                // Most likely there is no file descriptor left.
                shared.own.make_room();
                shared.foreign.make_room();
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

fn admit(stream: TcpStream, shared: &Arc<Shared>) {
    let is_own = is_own(Peer::of(&stream));
    let stream = Arc::new(stream);
    let connections = if is_own { &shared.own } else { &shared.foreign };
    let Some(id) = connections.add(&stream) else {
        return;
    };
    let served = Arc::clone(shared);
    let server = thread::Builder::new().spawn(move || {
        let connections = if is_own { &served.own } else { &served.foreign };
        // A closed connection is not an error.
        let _ = Connection { stream: &stream, id, is_own, connections, shared: &served }.serve();
        connections.remove(id);
    });
    if server.is_err() {
        // A connection that gets no thread is closed.
        connections.remove(id);
    }
}

/// Whether the other end is of the user of this process. An end that has gone, or is not shown, may be anybody's.
#[cfg(unix)]
fn is_own(peer: Peer) -> bool {
    peer == Peer::User(rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn is_own(_peer: Peer) -> bool {
    false
}

struct Connection<'a> {
    stream: &'a TcpStream,
    id: u64,
    is_own: bool,
    /// All of this kind.
    connections: &'a Connections,
    shared: &'a Shared,
}

impl Connection<'_> {
    /// Answers requests until one of the two ends it.
    fn serve(&self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        self.stream.set_write_timeout(Some(PATIENCE))?;
        let mut received = Vec::new();
        let mut patience = PATIENCE;
        loop {
            let begun = read_until(self.stream, &mut received, patience, |bytes| (!bytes.is_empty()).then_some(()))?;
            if begun.is_none() {
                return Ok(());
            }
            let head = match read_until(self.stream, &mut received, PATIENCE, |bytes| head::read(bytes).transpose()) {
                Ok(Some(head)) => head.map_err(Refusal::from),
                Ok(None) => return Ok(()),
                Err(error) if [io::ErrorKind::TimedOut, io::ErrorKind::WouldBlock].contains(&error.kind()) => {
                    Err(Refusal(StatusCode::REQUEST_TIMEOUT, "request too slow"))
                }
                Err(error) => return Err(error),
            };
            self.connections.enter(self.id, Phase::Judging);
            let closes = self.answer(&head)?;
            self.connections.enter(self.id, Phase::Answered);
            let Ok(head) = head else { return self.close() };
            if closes {
                return self.close();
            }
            received.drain(..head.length);
            patience = IDLE;
        }
    }

    /// Answers one request, and returns whether it was the last of its connection.
    fn answer(&self, head: &Result<Head, Refusal>) -> io::Result<bool> {
        let (answer, closes, with_body) = match head {
            Ok(head) => {
                let answer = self.respond(head);
                self.log(head, answer.status);
                (answer, is_last(head) || !self.is_own, head.method != "HEAD")
            }
            Err(refusal) => (Answer::refusal(refusal.0, refusal.1), true, true),
        };
        let mut stream = self.stream;
        stream.write_all(&answer.to_bytes(with_body, closes))?;
        Ok(closes)
    }

    fn respond(&self, head: &Head) -> Answer {
        if !self.is_own {
            return Refusal(StatusCode::FORBIDDEN, "this server is another user's").into();
        }
        match Asked::read(head, &self.shared.hosts) {
            Ok(asked) => self.shared.metadata.answer(&asked),
            Err(refusal) => refusal.into(),
        }
    }

    /// Method, path and status, and nothing else: a query or a header may hold anything.
    fn log(&self, head: &Head, status: StatusCode) {
        let path = head.target.split('?').next().unwrap_or_default();
        self.shared.terminal.verbose(&format!("{} {path} {}", head.method, status.as_u16()));
    }

    fn close(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        drain(self.stream, LINGER);
        Ok(())
    }
}

/// Whether the client expects nothing more on this connection, or sends a body, which is not read.
fn is_last(head: &Head) -> bool {
    let closes = |value: &&[u8]| value.to_ascii_lowercase().windows(5).any(|word| word == b"close");
    head.minor_version == 0 || head.has_body() || head.header("connection").iter().any(closes)
}
