//! A server that sends exactly the bytes that a test specifies, and records the requests.
//!
//! For faults that no HTTP library would produce, and for servers that are not Google's. Plain HTTP/1.1 (RFC 9112) on
//! loopback; gauth-sandbox has HTTP/2 and TLS.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A request as received.
#[derive(Clone, Debug)]
pub struct Received {
    /// `GET`, `POST`, ….
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body, without the framing of a chunked one.
    pub body: Vec<u8>,
}

impl Received {
    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    /// The value of one field of a form body, decoded.
    pub fn field(&self, name: &str) -> Option<String> {
        let pairs = self.text().split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| decoded(key) == name).map(|(_, value)| decoded(value))
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, used) = match (first, tail) {
            (b'%', [high, low, ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("two hexadecimal digits after %");
                (u8::from_str_radix(digits, 16).expect("two hexadecimal digits after %"), 3)
            }
            (b'+', _) => (b' ', 1),
            (byte, _) => (*byte, 1),
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    String::from_utf8(bytes).expect("the form is UTF-8")
}

/// An answer, and how it is sent.
#[derive(Clone, Debug)]
pub struct Answer {
    bytes: Vec<u8>,
    held: bool,
    pause: Option<Duration>,
    then_silent: bool,
    close: bool,
}

impl Answer {
    /// These bytes exactly; then the connection is closed.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), held: false, pause: None, then_silent: false, close: true }
    }

    /// A whole answer with a length; the connection stays open. `headers` are whole lines, each ending in CR LF.
    pub fn new(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status} Scripted\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        let bytes = [head.as_bytes(), body].concat();
        Self { close: false, ..Self::raw(bytes) }
    }

    /// A JSON answer.
    pub fn json(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::new(status, "Content-Type: application/json; charset=utf-8\r\n", body)
    }

    /// Closes the connection without an answer.
    pub fn hang_up() -> Self {
        Self::raw("")
    }

    /// Sends nothing and keeps the connection open.
    pub fn silence() -> Self {
        Self { then_silent: true, ..Self::raw("") }
    }

    /// Sends only the first `count` bytes of the body and closes.
    pub fn cut_after(mut self, count: usize) -> Self {
        let body = self.bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(0, |head| head + 4);
        self.bytes.truncate(body + count);
        self.close = true;
        self
    }

    /// Sends only what [`Answer::cut_after`] leaves, and keeps the connection open.
    pub fn then_silent(mut self) -> Self {
        self.then_silent = true;
        self
    }

    /// Sends byte by byte with a pause after each.
    pub fn dripping(mut self, pause: Duration) -> Self {
        self.pause = Some(pause);
        self
    }

    /// Waits for [`ScriptedServer::release`] before the first byte.
    pub fn held(mut self) -> Self {
        self.held = true;
        self
    }
}

/// A server on a free port of 127.0.0.1, stopped when dropped.
pub struct ScriptedServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    answers: Answers,
    received: Vec<Received>,
    connections: Vec<TcpStream>,
    released: bool,
    stopped: bool,
}

enum Answers {
    Script(VecDeque<Answer>),
    Made(Arc<dyn Fn(&Received) -> Answer + Send + Sync>),
}

impl ScriptedServer {
    /// Gives these answers, one for each request in the order of arrival. Later requests are recorded and get no
    /// answer; unused answers fail the test when the server is dropped.
    pub fn start(script: impl IntoIterator<Item = Answer>) -> Self {
        Self::serve(Answers::Script(script.into_iter().collect()))
    }

    /// Makes each answer from its request.
    pub fn answering(answer: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        Self::serve(Answers::Made(Arc::new(answer)))
    }

    fn serve(answers: Answers) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listen on loopback");
        let address = listener.local_addr().expect("know the own address");
        let state = State { answers, received: Vec::new(), connections: Vec::new(), released: false, stopped: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let acceptor = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || accept(&listener, &shared))
        };
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// 127.0.0.1 and the port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.lock().received.clone()
    }

    /// Waits until `count` requests have arrived.
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) {
        let state = self.shared.lock();
        let patience = Duration::from_secs(30);
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, patience, |state| state.received.len() < count)
            .expect("no connection panics");
        let arrived = state.received.len();
        drop(state);
        assert!(arrived >= count, "{arrived} requests instead of {count}");
    }

    /// Releases all held answers, also those of later requests.
    pub fn release(&self) {
        self.shared.lock().released = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        for connection in &state.connections {
            // It may be closed already.
            let _ = connection.shutdown(Shutdown::Both);
        }
        let unused = match &state.answers {
            Answers::Script(answers) => answers.len(),
            Answers::Made(_) => 0,
        };
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        let ended = self.acceptor.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(!matches!(ended, Some(Err(_))), "the scripted server panicked");
            assert!(unused == 0, "{unused} scripted answers were never asked for");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no connection panics")
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut conversations = Vec::new();
    for connection in listener.incoming() {
        let mut state = shared.lock();
        if state.stopped {
            break;
        }
        let Ok(connection) = connection else { continue };
        state.connections.extend(connection.try_clone());
        drop(state);
        let shared = Arc::clone(shared);
        // A client that disconnects ends only its own connection.
        conversations.push(thread::spawn(move || drop(converse(&connection, &shared))));
    }
    for conversation in conversations {
        conversation.join().expect("no conversation panics");
    }
}

fn converse(connection: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection);
    while let Some(request) = receive(&mut reader)? {
        let mut state = shared.lock();
        state.received.push(request.clone());
        let answer = match &mut state.answers {
            Answers::Script(script) => script.pop_front().unwrap_or_else(Answer::hang_up),
            Answers::Made(make) => {
                let make = Arc::clone(make);
                drop(state);
                let answer = make(&request);
                state = shared.lock();
                answer
            }
        };
        shared.changed.notify_all();
        if answer.held {
            let waiting = |state: &mut State| !state.released && !state.stopped;
            state = shared.changed.wait_while(state, waiting).expect("no connection panics");
        }
        drop(state);
        send(connection, &answer)?;
        if answer.then_silent {
            let waiting = |state: &mut State| !state.stopped;
            drop(shared.changed.wait_while(shared.lock(), waiting).expect("no connection panics"));
        }
        if answer.close {
            break;
        }
    }
    connection.shutdown(Shutdown::Both)
}

fn send(mut connection: &TcpStream, answer: &Answer) -> std::io::Result<()> {
    let Some(pause) = answer.pause else {
        return connection.write_all(&answer.bytes);
    };
    for byte in &answer.bytes {
        connection.write_all(&[*byte])?;
        thread::sleep(pause);
    }
    Ok(())
}

/// Reads one request; `None` when the client has closed the connection between two.
fn receive(reader: &mut impl BufRead) -> std::io::Result<Option<Received>> {
    let Some(first) = line(reader)? else {
        return Ok(None);
    };
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    while let Some(header) = line(reader)?.filter(|line| !line.is_empty()) {
        let (name, value) = header.split_once(':').unwrap_or((&header, ""));
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Received { method, target, headers, body: Vec::new() };
    if request.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        loop {
            let size = line(reader)?.unwrap_or_default();
            let size = usize::from_str_radix(size.trim(), 16).map_err(std::io::Error::other)?;
            let at = request.body.len();
            request.body.resize(at + size, 0);
            reader.read_exact(&mut request.body[at..])?;
            line(reader)?;
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = request.header("content-length") {
        request.body = vec![0; length.parse().map_err(std::io::Error::other)?];
        reader.read_exact(&mut request.body)?;
    }
    Ok(Some(request))
}

fn line(reader: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    reader.take(64 << 10).read_until(b'\n', &mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok((!bytes.is_empty()).then(|| text.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(server: &ScriptedServer, request: &str) -> String {
        let mut connection = TcpStream::connect(server.address()).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        connection.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn answers_come_in_order_and_requests_are_kept() {
        let server = ScriptedServer::start([Answer::json(200, "{}"), Answer::json(503, "no").cut_after(1)]);
        let first = ask(&server, "POST /token HTTP/1.1\r\nContent-Length: 11\r\n\r\na=1&b=%2B+c");
        assert!(first.starts_with("HTTP/1.1 200 ") && first.ends_with("\r\n\r\n{}"), "{first}");
        let second = ask(&server, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(second.ends_with("Content-Length: 2\r\n\r\nn"), "{second}");
        let requests = server.requests();
        assert_eq!(requests[0].field("b").as_deref(), Some("+ c"));
        assert_eq!((requests[1].method.as_str(), requests[1].target.as_str()), ("GET", "/x"));
        assert_eq!(requests[1].header("host"), Some("a"));
    }

    #[test]
    fn chunked_bodies_are_joined() {
        let server = ScriptedServer::answering(|request| Answer::json(200, request.body.clone()));
        let request = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert!(ask(&server, request).ends_with("abcde"));
    }

    #[test]
    fn a_held_answer_waits_for_its_release() {
        let server = ScriptedServer::start([Answer::json(200, "{}").held()]);
        let answer = thread::scope(|scope| {
            let answer = scope.spawn(|| ask(&server, "GET / HTTP/1.1\r\n\r\n"));
            server.wait_for_requests(1);
            assert!(!answer.is_finished());
            server.release();
            answer.join().unwrap()
        });
        assert!(answer.ends_with("{}"));
    }

    #[test]
    fn a_silent_connection_does_not_keep_the_server_from_stopping() {
        let server = ScriptedServer::start([Answer::silence()]);
        let mut connection = TcpStream::connect(server.address()).unwrap();
        connection.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        server.wait_for_requests(1);
        drop(server);
        assert_eq!(connection.read(&mut [0]).unwrap_or(0), 0);
    }

    #[test]
    #[should_panic(expected = "1 scripted answers were never asked for")]
    fn an_unused_answer_fails_the_test() {
        drop(ScriptedServer::start([Answer::hang_up()]));
    }
}
