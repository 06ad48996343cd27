//! The redirect of a native app (RFC 8252 §7.3): a listener on the loopback interface that lets one request through,
//! the browser's return to the redirect URI, and answers everything else with a short static page while it keeps
//! waiting. It checks form, host and path; the receiver of the [`Callback`] checks the parameters.

mod request;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use gauth_cli::Failure;
use gauth_cli::exit::no_thread;
use gauth_cli::loopback::connections::{Connections, Phase};
use gauth_cli::loopback::peer::Peer;
use gauth_cli::loopback::{bind, cannot_listen, drain, may_have_more, read_until, receive_at_once};
use gauth_core::Secret;
use gauth_core::client_secrets::Redirect;

use crate::consent::Event;
use crate::page::Page;
use request::Expected;

/// The most connections at a time.
const MOST: usize = 60;
/// How long a connection may take to send its request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a finished connection is read on, so that the page is not lost with what the client still sends.
const LINGER: Duration = Duration::from_secs(1);

/// A request that may be the browser's return. It waits for a page.
pub(crate) struct Callback {
    query: String,
    connection: Arc<TcpStream>,
    page: Sender<Page>,
    /// Disconnected once the page is sent.
    shown: Receiver<()>,
}

impl Callback {
    /// The part of the address after the question mark.
    pub(crate) fn query(&self) -> &str {
        &self.query
    }

    /// Who sent the request and waits for the page.
    pub(crate) fn peer(&self) -> Peer {
        Peer::of(&self.connection)
    }

    /// Responds to a request that changes nothing.
    pub(crate) fn go_on_with(self, page: Page) {
        // The browser may have gone away.
        let _ = self.page.send(page);
    }

    /// Responds to the request that ends the login, and waits until the page is sent.
    pub(crate) fn end_with(self, page: Page) {
        let _ = self.page.send(page);
        let _ = self.shown.recv_timeout(LINGER);
    }
}

/// The listener. It accepts connections from its creation on.
pub(crate) struct Loopback {
    redirect_uri: String,
    shared: Arc<Shared>,
    acceptors: Vec<(SocketAddr, JoinHandle<()>)>,
}

struct Shared {
    expected: Expected,
    events: Sender<Event>,
    connections: Connections,
    closed: AtomicBool,
}

impl Loopback {
    /// Listens where the client may be redirected to; `port` is the user's choice.
    pub(crate) fn listen(
        redirect: &Redirect,
        port: Option<u16>,
        state: &Secret,
        events: Sender<Event>,
    ) -> anyhow::Result<Self> {
        let (listeners, redirect_uri) = match redirect {
            Redirect::AnyPort { path } => {
                let listener = bind_either(port.unwrap_or(0))?;
                let uri = format!("http://{}{path}", listener.local_addr()?);
                (vec![listener], uri)
            }
            Redirect::Exactly(uri) => (bind_registered(uri, port)?, uri.clone()),
        };
        let shared = Arc::new(Shared {
            expected: Expected::of(&redirect_uri, state.clone())?,
            events,
            connections: Connections::new(MOST),
            closed: AtomicBool::new(false),
        });
        let acceptors = listeners
            .into_iter()
            .map(|listener| {
                let address = listener.local_addr()?;
                let shared = Arc::clone(&shared);
                let thread = thread::Builder::new().spawn(move || accept(&listener, &shared)).map_err(no_thread)?;
                Ok((address, thread))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self { redirect_uri, shared, acceptors })
    }

    pub(crate) fn redirect_uri(&self) -> String {
        self.redirect_uri.clone()
    }

    /// Closes the port. Connections that were accepted stay open.
    pub(crate) fn close(self) {
        self.shared.closed.store(true, Ordering::Release);
        for (address, thread) in self.acceptors {
            // Wakes the acceptor, which then sees that it is closed.
            if TcpStream::connect_timeout(&address, LINGER).is_ok() {
                let _ = thread.join();
            }
        }
    }
}

/// RFC 8252 §7.3: either family; IPv4 first, since browsers and firewalls support it best.
fn bind_either(port: u16) -> Result<TcpListener, Failure> {
    match bind(IpAddr::V4(Ipv4Addr::LOCALHOST), port) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) => {
            bind(IpAddr::V6(Ipv6Addr::LOCALHOST), port)
        }
        bound => bound,
    }
    .map_err(|error| cannot_listen(port, &error))
}

/// The address that a registered URI names; for `localhost` both, since the browser may choose either.
fn bind_registered(uri: &str, port: Option<u16>) -> anyhow::Result<Vec<TcpListener>> {
    let parsed: http::Uri = uri.parse().context("cannot read the redirect URI")?;
    let registered = parsed.port_u16().unwrap_or(80);
    if port.is_some_and(|port| port != registered) {
        return Err(
            Failure::usage(format!("--port: the client's registered redirect URI names port {registered}")).into()
        );
    }
    let host = parsed.host().unwrap_or_default();
    let addresses: Vec<IpAddr> = match host.trim_matches(['[', ']']).parse() {
        Ok(address) => vec![address],
        Err(_) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
    };
    let (bound, failed): (Vec<_>, Vec<_>) =
        addresses.into_iter().map(|address| bind(address, registered)).partition(Result::is_ok);
    let in_the_way = failed
        .into_iter()
        .filter_map(Result::err)
        .find(|error| bound.is_empty() || error.kind() == io::ErrorKind::AddrInUse);
    match in_the_way {
        Some(error) => Err(cannot_listen(registered, &error).into()),
        None => Ok(bound.into_iter().flatten().collect()),
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.closed.load(Ordering::Acquire) {
            return;
        }
        match stream {
            Ok(stream) => admit(stream, shared),
            Err(_) => {
                // Most likely there is no file descriptor left.
                shared.connections.make_room();
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// Most requests are whole when their connection is accepted. Those that are refused get their page here and now, and
/// cost neither a place nor a thread.
fn admit(stream: TcpStream, shared: &Arc<Shared>) {
    let received = receive_at_once(&stream);
    // Closing a connection with something unread in it would take the page away.
    if !may_have_more(&received)
        && let Err(page) = shared.expected.judge(&received)
    {
        let _ = (&stream).write_all(page.response().as_bytes());
        return;
    }
    let stream = Arc::new(stream);
    let Some(id) = shared.connections.add(&stream) else {
        let _ = (&*stream).write_all(Page::Busy.response().as_bytes());
        return;
    };
    let served = Arc::clone(shared);
    let server = thread::Builder::new().spawn(move || {
        // A closed connection is not an error.
        let _ = serve(&stream, received, id, &served);
        served.connections.remove(id);
    });
    if server.is_err() {
        // A connection that gets no thread is closed.
        shared.connections.remove(id);
    }
}

fn serve(connection: &Arc<TcpStream>, mut received: Vec<u8>, id: u64, shared: &Shared) -> io::Result<()> {
    let mut stream: &TcpStream = connection;
    let judge = |head: &[u8]| shared.expected.judge(head).transpose();
    let Some(request) = read_until(stream, &mut received, PATIENCE, judge)? else {
        return Ok(());
    };
    stream.set_write_timeout(Some(PATIENCE))?;
    let (showing, shown) = mpsc::channel::<()>();
    let page = match request {
        Ok(query) => {
            shared.connections.enter(id, Phase::Judging);
            let (page, chosen) = mpsc::channel();
            let callback = Callback { query, connection: Arc::clone(connection), page, shown };
            // Once the login has its response, there is no receiver.
            match shared.events.send(Event::Redirected(callback)) {
                Ok(()) => chosen.recv().unwrap_or(Page::Over),
                Err(_) => Page::Over,
            }
        }
        Err(page) => page,
    };
    stream.write_all(page.response().as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    shared.connections.enter(id, Phase::Answered);
    drop(showing);
    drain(stream, LINGER);
    Ok(())
}
