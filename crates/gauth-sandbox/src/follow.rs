//! The browser of a sandbox that consents by itself: opens a URL over plain HTTP on loopback and goes where it is
//! redirected, to the program that waits for the code. The sandbox is linked under [`NAME`] for it, since many programs take
//! the whole of BROWSER for the name of one executable.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub(crate) const NAME: &str = "gauth-sandbox-browser";

const MOST_REDIRECTS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn follow(url: &str) -> io::Result<()> {
    let mut url = url.to_owned();
    for _ in 0..MOST_REDIRECTS {
        match get(&url)? {
            Some(location) => url = location,
            None => return Ok(()),
        }
    }
    Err(io::Error::other("too many redirects"))
}

/// Where a GET is redirected to.
fn get(url: &str) -> io::Result<Option<String>> {
    let refused = || io::Error::other("only http on loopback is opened");
    let rest = url.strip_prefix("http://").ok_or_else(refused)?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let slash = if path.starts_with('/') { "" } else { "/" };
    let address = authority.replace("localhost", "127.0.0.1");
    let address: SocketAddr = if address.contains("]:") || address.rfind(':') > address.rfind(']') {
        address.parse().map_err(|_| refused())?
    } else {
        format!("{address}:80").parse().map_err(|_| refused())?
    };
    if !address.ip().is_loopback() {
        return Err(refused());
    }
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {slash}{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")?;
    let mut reader = BufReader::new(stream);
    let mut location = None;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("location")
        {
            location = Some(value.trim().to_owned());
        }
        line.clear();
    }
    // The page is read to its end, as a browser does: the program may write it before it goes on.
    io::copy(&mut reader.take(1 << 20), &mut io::sink())?;
    Ok(location)
}
