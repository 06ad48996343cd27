//! scanner COLUMNS [FILE.gz…]: reports in Google's compact form as CSV, by looking for the values' bytes and nothing else. Reads
//! standard input, or compressed pages one after the other.

use std::fs::File;
use std::io::{Read, Write};

use flate2::read::GzDecoder;
use memchr::memmem::Finder;
use memchr::{memchr, memchr2, memchr3};

const BEFORE: &[u8] = br#"{"value":""#;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let columns = arguments.next().and_then(|number| number.parse().ok()).expect("a number of columns");
    let mut scanner = Scanner { columns, column: 0, rest: Vec::new(), csv: Vec::with_capacity(1 << 17) };
    let files: Vec<String> = arguments.collect();
    if files.is_empty() {
        scanner.read(&mut std::io::stdin());
    }
    for file in files {
        scanner.read(&mut GzDecoder::new(File::open(file).expect("open a page")));
    }
    scanner.write();
}

struct Scanner {
    columns: usize,
    column: usize,
    /// What was read and not yet understood.
    rest: Vec<u8>,
    csv: Vec<u8>,
}

impl Scanner {
    fn read(&mut self, input: &mut impl Read) {
        let finder = Finder::new(BEFORE);
        let mut begun = 0;
        loop {
            self.rest.resize(begun + (64 << 10), 0);
            let length = input.read(&mut self.rest[begun..]).expect("read");
            if length == 0 {
                return;
            }
            self.rest.truncate(begun + length);
            let rest = std::mem::take(&mut self.rest);
            let used = self.scan(&finder, &rest);
            self.rest = rest;
            self.rest.drain(..used);
            begun = self.rest.len();
            if self.csv.len() > 64 << 10 {
                self.write();
            }
        }
    }

    /// Takes all whole values; returns how much was understood.
    fn scan(&mut self, finder: &Finder<'_>, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(found) = finder.find(&bytes[at..]) {
            let start = at + found + BEFORE.len();
            let mut end = start;
            loop {
                match memchr2(b'"', b'\\', &bytes[end..]) {
                    Some(next) if bytes[end + next] == b'"' => break end += next,
                    Some(next) if end + next + 2 < bytes.len() => end += next + 2,
                    _ => return start - BEFORE.len(),
                }
            }
            self.cell(&bytes[start..end]);
            at = end;
        }
        // The beginning of the next value may be there.
        bytes.len() - (bytes.len() - at).min(BEFORE.len() - 1)
    }

    fn cell(&mut self, text: &[u8]) {
        let unescaped;
        let text = match memchr(b'\\', text) {
            None => text,
            Some(_) => {
                let quoted = [b"\"", text, b"\""].concat();
                unescaped = serde_json::from_slice::<String>(&quoted).expect("a JSON string").into_bytes();
                &unescaped
            }
        };
        if memchr3(b'"', b',', b'\n', text).is_some() || memchr(b'\r', text).is_some() {
            self.csv.push(b'"');
            for part in text.split_inclusive(|byte| *byte == b'"') {
                self.csv.extend_from_slice(part);
                if part.ends_with(b"\"") {
                    self.csv.push(b'"');
                }
            }
            self.csv.push(b'"');
        } else {
            self.csv.extend_from_slice(text);
        }
        self.column += 1;
        self.csv.push(if self.column == self.columns { b'\n' } else { b',' });
        self.column %= self.columns;
    }

    fn write(&mut self) {
        std::io::stdout().write_all(&self.csv).expect("write");
        self.csv.clear();
    }
}
