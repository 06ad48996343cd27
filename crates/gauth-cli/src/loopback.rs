//! What the servers on the loopback interface share: they listen there and nowhere else, know who is connected, keep few
//! connections, and read no more of a request than they must, for no longer than they must.

pub mod connections;
pub mod head;
pub mod peer;

use std::io::{self, Read};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::exit::{Failure, Kind, reason};

/// The most that is read at a time, in bytes.
const AT_ONCE: usize = 4096;

/// Listens on this address. On Unix an existing listener can be neither replaced nor shared (no SO_REUSEPORT).
pub fn bind(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((address, port))?;
    // A longer queue than the standard library's, so that a flood does not keep the clients from connecting.
    #[cfg(unix)]
    rustix::net::listen(&listener, 4096)?;
    Ok(listener)
}

/// The failure of [`bind`].
pub fn cannot_listen(port: u16, error: &io::Error) -> Failure {
    let place = match port {
        0 => "the loopback interface".to_owned(),
        port => format!("port {port} of the loopback interface"),
    };
    let failure = Failure::new(Kind::Failed, format!("cannot listen on {place}: {}", reason(error)));
    match error.kind() {
        io::ErrorKind::AddrInUse => failure.hint("end the program that uses the port, or choose another with --port"),
        _ => failure,
    }
}

/// What is there without waiting. The error, or the end, is met again when the connection is read on.
pub fn receive_at_once(mut stream: &TcpStream) -> Vec<u8> {
    let mut received = vec![0; AT_ONCE];
    let read = stream.set_nonblocking(true).and_then(|()| stream.read(&mut received));
    let _ = stream.set_nonblocking(false);
    received.truncate(read.unwrap_or(0));
    received
}

/// Whether [`receive_at_once`] may have left something in the connection: closing that would take the answer away.
pub fn may_have_more(received: &[u8]) -> bool {
    received.len() == AT_ONCE
}

/// Reads on until `found` finds something in all that was received, the client ends, or time is up. Bounded by what
/// [`head::read`] accepts.
pub fn read_until<T>(
    mut stream: &TcpStream,
    received: &mut Vec<u8>,
    patience: Duration,
    found: impl Fn(&[u8]) -> Option<T>,
) -> io::Result<Option<T>> {
    let end = Instant::now() + patience;
    let mut buffer = [0; AT_ONCE];
    while received.len() <= head::LONGEST {
        if let Some(found) = found(received) {
            return Ok(Some(found));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            // A read with a time limit is not restarted after Ctrl-Z and fg (signal(7)).
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found(received))
}

/// Reads on and discards what comes, until the client ends or time is up: an answer would be lost if its connection was
/// closed with something unread in it.
pub fn drain(mut stream: &TcpStream, patience: Duration) {
    let end = Instant::now() + patience;
    let mut buffer = [0; AT_ONCE];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return;
        }
        match stream.read(&mut buffer) {
            Ok(1..) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return,
        }
    }
}
