//! Who holds the other end of a loopback connection, from the socket tables of Linux (proc_pid_net(5)): any user of the
//! machine can connect. Without such tables the peer is unknown.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};

/// Both hold connections over IPv4: one from an IPv6 socket has mapped addresses (RFC 4291 §2.5.5.2).
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// How often the tables are read before a row counts as missing: they change while they are read.
const TRIES: usize = 3;

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A process of this user.
    User(u32),
    /// No process any more. Whose it was is not known: the kernel shows user 0 for such sockets.
    Gone,
    /// The system does not tell, or the other end is not on this system (WSL).
    Unknown,
}

impl Peer {
    /// Who it is now.
    pub fn of(connection: &TcpStream) -> Self {
        let (Ok(peer), Ok(own)) = (connection.peer_addr(), connection.local_addr()) else {
            return Self::Gone;
        };
        (0..TRIES).map(|_| Self::find(rows(), peer, own)).find(|peer| *peer != Self::Unknown).unwrap_or(Self::Unknown)
    }

    fn find(rows: impl Iterator<Item = Row>, peer: SocketAddr, own: SocketAddr) -> Self {
        let mut own_end = None;
        let mut listener = false;
        for row in rows {
            if (row.local, row.remote) == (peer, own) {
                return if row.inode == 0 { Self::Gone } else { Self::User(row.uid) };
            }
            if (row.local, row.remote) == (own, peer) {
                own_end = Some(row.state);
            }
            listener |= row.local == own && row.state == LISTENING;
        }
        match own_end {
            Some(ESTABLISHED) => Self::Unknown,
            // The other end has closed, and the kernel has forgotten it.
            Some(_) => Self::Gone,
            None if listener => Self::Gone,
            None => Self::Unknown,
        }
    }
}

/// Whether the tables show the sockets of this system: at least this one.
pub fn tables_show(listener: &TcpListener) -> bool {
    listener.local_addr().is_ok_and(|own| rows().any(|row| row.local == own && row.state == LISTENING))
}

const ESTABLISHED: u8 = 0x01;
const LISTENING: u8 = 0x0a;

/// Read only as far as needed: the kernel takes milliseconds for a whole table.
fn rows() -> impl Iterator<Item = Row> {
    let tables = TABLES.into_iter().filter_map(|table| File::open(table).ok());
    tables.flat_map(|table| BufReader::new(table).lines()).filter_map(|line| Row::read(&line.ok()?))
}

/// A socket.
struct Row {
    local: SocketAddr,
    remote: SocketAddr,
    state: u8,
    uid: u32,
    /// 0 if no process holds the socket.
    inode: u64,
}

impl Row {
    fn read(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        Some(Self {
            local: address(fields.get(1)?)?,
            remote: address(fields.get(2)?)?,
            state: u8::from_str_radix(fields.get(3)?, 16).ok()?,
            uid: fields.get(7)?.parse().ok()?,
            inode: fields.get(9)?.parse().ok()?,
        })
    }
}

/// `0100007F:1F90`, or four such words: each is a number of this machine whose bytes in memory are the address.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let word = |at: usize| Some(u32::from_str_radix(host.get(at * 8..at * 8 + 8)?, 16).ok()?.to_ne_bytes());
    let host: IpAddr = match host.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let bytes = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
            Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(host, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    /// The listener, its end of a connection and the peer's, as Linux writes them.
    const LISTENER: &str =
        "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11 1 0 100 0 0 10 0";
    const OWN: &str = "  1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 12 1 0 20 4 30 10 -1";
    const CLOSE_WAIT: &str = "  1: 0100007F:1F90 0100007F:D431 08 00000000:00000000 00:00000000 00000000  1000        0 12 1 0 20 4 30 10 -1";
    const PEER: &str = "  2: 0100007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 13 1 0 20 4 30 10 -1";
    const MAPPED: &str = "  0: 0000000000000000FFFF00000100007F:D431 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 14 1 0 20 4 30 10 -1";
    const ORPHAN: &str =
        "  2: 0100007F:D431 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1";
    const TIME_WAIT: &str =
        "  2: 0100007F:D431 0100007F:1F90 06 00000000:00000000 03:00000F2C 00000000     0        0 0 3 0";
    const ANOTHER: &str = "  3: 0100007F:D432 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 15 1 0 20 4 30 10 -1";

    #[test]
    fn c22_only_a_row_that_a_process_holds_says_whose_it_is() {
        let (peer, own) = ("127.0.0.1:54321".parse().unwrap(), "127.0.0.1:8080".parse().unwrap());
        let header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
        for (table, found) in [
            (&[LISTENER, OWN, PEER][..], Peer::User(1001)),
            (&[LISTENER, OWN, MAPPED], Peer::User(1001)),
            (&[LISTENER, CLOSE_WAIT, PEER], Peer::User(1001)),
            (&[LISTENER, OWN, ORPHAN], Peer::Gone),
            (&[LISTENER, OWN, TIME_WAIT], Peer::Gone),
            (&[LISTENER, CLOSE_WAIT, ANOTHER], Peer::Gone),
            (&[LISTENER, ANOTHER], Peer::Gone),
            // A relay of another system's loopback, and a system that shows no sockets.
            (&[LISTENER, OWN, ANOTHER], Peer::Unknown),
            (&[ANOTHER], Peer::Unknown),
            (&[], Peer::Unknown),
        ] {
            let rows = std::iter::once(&header).chain(table).filter_map(|line| Row::read(line));
            assert_eq!(Peer::find(rows, peer, own), found, "{table:?}");
        }
    }

    #[test]
    fn addresses_of_both_families_are_read() {
        for (text, expected) in [
            ("0100007F:1F90", Some("127.0.0.1:8080")),
            ("00000000000000000000000001000000:0050", Some("[::1]:80")),
            ("0000000000000000FFFF00000100007F:0001", Some("127.0.0.1:1")),
            ("0100007F", None),
            ("0100007:1F90", None),
            ("0100007G:1F90", None),
        ] {
            assert_eq!(address(text), expected.map(|address| address.parse().unwrap()), "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn c22_a_connection_of_this_process_is_its_users_while_it_is_held() {
        for host in ["127.0.0.1", "::1"] {
            let Ok(listener) = TcpListener::bind((host, 0)) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            assert_eq!(Peer::of(&accepted), Peer::User(rustix::process::getuid().as_raw()));
            assert!(tables_show(&listener));
            drop(client);
            assert_eq!(Peer::of(&accepted), Peer::Gone);
        }
    }
}
