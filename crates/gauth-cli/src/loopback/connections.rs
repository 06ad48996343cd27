//! The open connections, a bounded number. Browsers open some in advance and say nothing on them, and so may anybody
//! else; therefore one that has its answer, else the oldest that has not sent its request, makes room for a new one.

use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The connections of a server.
pub struct Connections(Mutex<Open>);

struct Open {
    most: usize,
    /// In the order of their arrival.
    connections: Vec<Connection>,
    next_id: u64,
}

struct Connection {
    id: u64,
    stream: Arc<TcpStream>,
    phase: Phase,
}

/// How far a connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its request is not whole yet.
    Receiving,
    /// Its request is being judged; it is never dropped.
    Judging,
    /// Its answer is sent, and there may be no further request.
    Answered,
}

impl Connections {
    /// At most this many at a time.
    pub fn new(most: usize) -> Self {
        Self(Mutex::new(Open { most, connections: Vec::new(), next_id: 0 }))
    }

    /// Takes a connection in and gives it a number; `None` if the requests of all that are there are being judged.
    pub fn add(&self, stream: &Arc<TcpStream>) -> Option<u64> {
        let mut open = self.lock();
        if open.connections.len() >= open.most && !open.make_room() {
            return None;
        }
        let id = open.next_id;
        open.next_id += 1;
        open.connections.push(Connection { id, stream: Arc::clone(stream), phase: Phase::Receiving });
        Some(id)
    }

    /// How far the connection of this number is now.
    pub fn enter(&self, id: u64, phase: Phase) {
        let mut open = self.lock();
        if let Some(connection) = open.connections.iter_mut().find(|one| one.id == id) {
            connection.phase = phase;
        }
    }

    /// Forgets the connection of this number.
    pub fn remove(&self, id: u64) {
        self.lock().connections.retain(|one| one.id != id);
    }

    /// Closes the connection that is of least use.
    pub fn make_room(&self) {
        self.lock().make_room();
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn make_room(&mut self) -> bool {
        let oldest = |phase| self.connections.iter().position(|one| one.phase == phase);
        let Some(at) = oldest(Phase::Answered).or_else(|| oldest(Phase::Receiving)) else {
            return false;
        };
        // Its thread then reads the end and lets go of it too.
        let _ = self.connections.remove(at).stream.shutdown(Shutdown::Both);
        true
    }
}
