//! The browser of a sandbox that consents by itself: opens a URL over plain HTTP on loopback and follows its redirects
//! to the program that waits for the code. It is the sandbox's own executable, linked under [`NAME`], since many
//! programs take all of BROWSER as the name of one executable.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

pub(crate) const NAME: &str = "gauth-sandbox-browser";

const MOST_REDIRECTS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(30);
/// Marks the process in the background.
const BEHIND: &str = "--behind";

/// Does what the arguments say, if the program was called as a browser.
pub(crate) fn called() -> Option<ExitCode> {
    let mut words = std::env::args_os();
    let own = words.next()?;
    if Path::new(&own).file_name()? != NAME {
        return None;
    }
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let opened = match &words[..] {
        [behind, url] if behind == BEHIND => follow(url),
        [url] => open(&own, url),
        _ => Err(io::Error::other("expected a URL")),
    };
    Some(match opened {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{NAME}: cannot open the page: {error}");
            ExitCode::FAILURE
        }
    })
}

/// Leaves the redirects to a process in the background: many programs wait for their browser before they listen.
fn open(own: &OsStr, url: &str) -> io::Result<()> {
    address(url)?;
    Command::new(own).args([BEHIND, url]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().map(|_| ())
}

fn follow(url: &str) -> io::Result<()> {
    let mut url = url.to_owned();
    for _ in 0..MOST_REDIRECTS {
        match get(&url)? {
            Some(location) => url = location,
            None => return Ok(()),
        }
    }
    Err(io::Error::other("too many redirects"))
}

/// The address of a URL, its authority, and its path and query.
fn address(url: &str) -> io::Result<(SocketAddr, &str, &str)> {
    let refused = || io::Error::other("only http on loopback is opened");
    let rest = url.strip_prefix("http://").ok_or_else(refused)?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let numeric = authority.replace("localhost", "127.0.0.1");
    let with_port = numeric.parse().or_else(|_| format!("{numeric}:80").parse());
    let address: SocketAddr = with_port.map_err(|_| refused())?;
    if address.ip().is_loopback() { Ok((address, authority, path)) } else { Err(refused()) }
}

/// The target of the redirect that answers a GET.
fn get(url: &str) -> io::Result<Option<String>> {
    let (address, authority, path) = address(url)?;
    let slash = if path.starts_with('/') { "" } else { "/" };
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
    // Reads the page to its end, as a browser does.
    let _ = io::copy(&mut reader.take(1 << 20), &mut io::sink());
    Ok(location)
}
