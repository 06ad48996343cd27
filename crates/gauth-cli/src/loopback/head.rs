//! The head of a request (RFC 9112 §2 to §5): its first line and headers, read strictly and within limits of length.

/// The longest request line, and the longest headers after it, in bytes.
pub const LONGEST_LINE: usize = 8 << 10;
/// See [`LONGEST_LINE`].
pub const LONGEST_HEADERS: usize = 16 << 10;
const MOST_HEADERS: usize = 100;

/// No head is longer.
pub const LONGEST: usize = LONGEST_LINE + LONGEST_HEADERS;

/// A whole head.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// `GET`, in the letters of the client.
    pub method: String,
    /// The path and its query, or what else the client wrote there.
    pub target: String,
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub minor_version: u8,
    headers: Vec<(String, Vec<u8>)>,
    /// Where the body begins, or the next request.
    pub length: usize,
}

/// Why there will be no whole head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// The request line exceeds [`LONGEST_LINE`].
    LineTooLong,
    /// The headers exceed [`LONGEST_HEADERS`], or are more than a hundred.
    HeadersTooLong,
    /// This is not HTTP/1.
    Malformed,
}

impl Head {
    /// The values of all headers of this name.
    pub fn header(&self, name: &str) -> Vec<&[u8]> {
        let of_this_name = self.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        of_this_name.map(|(_, value)| value.as_slice()).collect()
    }

    /// The names of all headers.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(name, _)| name.as_str())
    }

    /// Whether a body follows, or may follow.
    pub fn has_body(&self) -> bool {
        !self.header("content-length").is_empty() || !self.header("transfer-encoding").is_empty()
    }
}

/// Reads the head at the beginning of what was received; `None` while it is not whole.
///
/// # Errors
/// As soon as it is too long, or cannot become a head.
pub fn read(received: &[u8]) -> Result<Option<Head>, HeadError> {
    let line = received.iter().position(|&byte| byte == b'\n');
    if line.unwrap_or(received.len()) > LONGEST_LINE {
        return Err(HeadError::LineTooLong);
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(received);
    let end = match parsed {
        Ok(httparse::Status::Complete(end)) => end,
        _ => received.len(),
    };
    if line.is_some_and(|line| end - line > LONGEST_HEADERS) {
        return Err(HeadError::HeadersTooLong);
    }
    match parsed {
        Ok(httparse::Status::Complete(length)) => Ok(Some(Head {
            method: request.method.unwrap_or_default().to_owned(),
            target: request.path.unwrap_or_default().to_owned(),
            minor_version: request.version.unwrap_or_default(),
            headers: request.headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec())).collect(),
            length,
        })),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(HeadError::HeadersTooLong),
        Err(_) => Err(HeadError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const PIECES: [&[u8]; 16] = [
        b"GET ",
        b"POST ",
        b"/",
        b"?a=%zz",
        b" HTTP/1.1",
        b" HTTP/1.0",
        b" HTTP/2.0",
        b"\r\n",
        b"\n",
        b"\r",
        b"Host: h",
        b"X",
        b": ",
        b" ",
        b"\0",
        b"\xff",
    ];

    proptest! {
        /// What is decided stays so, however the rest comes, and nothing panics.
        #[test]
        fn c19_i9_a_head_is_judged_the_same_whole_and_in_pieces(pieces in vec(select(&PIECES[..]), 0..24)) {
            let whole = pieces.concat();
            let judged = read(&whole);
            if let Ok(Some(head)) = &judged {
                prop_assert!(head.length <= whole.len());
            }
            for length in 0..whole.len() {
                let early = read(&whole[..length]);
                if early != Ok(None) {
                    prop_assert_eq!(&early, &judged);
                }
            }
        }
    }

    #[test]
    fn a_head_is_whole_at_its_last_byte_and_what_follows_is_left() {
        let text = "GET /a?b HTTP/1.1\r\nHost: h\r\nHOST: i\r\n\r\nGET";
        for length in 0..text.len() - 3 {
            assert_eq!(read(&text.as_bytes()[..length]), Ok(None), "{length}");
        }
        let head = read(text.as_bytes()).unwrap().unwrap();
        assert_eq!((head.method.as_str(), head.target.as_str(), head.minor_version), ("GET", "/a?b", 1));
        assert_eq!((head.header("host"), head.has_body(), head.length), (vec![&b"h"[..], b"i"], false, text.len() - 3));
    }

    #[test]
    fn what_is_not_http_1_is_refused() {
        for text in [
            "\x16\x03\x01\x02",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
            "GET / HTTP/1.1\r\nno header\r\n\r\n",
        ] {
            assert_eq!(read(text.as_bytes()), Err(HeadError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn line_and_headers_are_bounded() {
        let whole = |line: usize, headers: &str| {
            read(format!("GET /{} HTTP/1.1\r\n{headers}\r\n", "x".repeat(line)).as_bytes())
        };
        assert!(whole(LONGEST_LINE - 100, "").is_ok());
        assert_eq!(whole(LONGEST_LINE, ""), Err(HeadError::LineTooLong));
        assert_eq!(read("x".repeat(LONGEST_LINE + 1).as_bytes()), Err(HeadError::LineTooLong));
        let header = |length: usize| format!("X: {}\r\n", "x".repeat(length));
        assert!(whole(1, &header(LONGEST_HEADERS - 100)).is_ok());
        assert_eq!(whole(1, &header(LONGEST_HEADERS)), Err(HeadError::HeadersTooLong));
        assert!(whole(1, &"X: y\r\n".repeat(100)).is_ok());
        assert_eq!(whole(1, &"X: y\r\n".repeat(101)), Err(HeadError::HeadersTooLong));
    }
}
