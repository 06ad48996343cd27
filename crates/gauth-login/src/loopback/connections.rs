//! The open connections, a bounded number. Browsers open some in advance and say nothing on them, and so may anybody
//! else; therefore the oldest that has not sent its request makes room for a new one.

use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most connections at a time.
const MOST: usize = 60;

#[derive(Default)]
pub(super) struct Connections(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// In the order of their arrival.
    connections: Vec<Connection>,
    next_id: u64,
}

struct Connection {
    id: u64,
    stream: Arc<TcpStream>,
    kept: bool,
}

impl Connections {
    /// Takes a connection in and gives it a number; `None` if all that are there must be kept.
    pub(super) fn add(&self, stream: &Arc<TcpStream>) -> Option<u64> {
        let mut open = self.lock();
        if open.connections.len() >= MOST && !open.drop_oldest() {
            return None;
        }
        let id = open.next_id;
        open.next_id += 1;
        open.connections.push(Connection { id, stream: Arc::clone(stream), kept: false });
        Some(id)
    }

    /// Never drops this one: its request is whole.
    pub(super) fn keep(&self, id: u64) {
        let mut open = self.lock();
        if let Some(connection) = open.connections.iter_mut().find(|one| one.id == id) {
            connection.kept = true;
        }
    }

    pub(super) fn remove(&self, id: u64) {
        self.lock().connections.retain(|one| one.id != id);
    }

    /// Closes the connection that has been silent for longest.
    pub(super) fn drop_oldest(&self) {
        self.lock().drop_oldest();
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn drop_oldest(&mut self) -> bool {
        let Some(at) = self.connections.iter().position(|one| !one.kept) else {
            return false;
        };
        // Its thread then reads the end and lets go of it too.
        let _ = self.connections.remove(at).stream.shutdown(Shutdown::Both);
        true
    }
}
