//! Tab-separated values as PostgreSQL's COPY reads and writes them in its text format: one line for each row, with
//! backslash, tab, line feed and carriage return escaped. COPY takes no NUL character; it becomes U+FFFD.
//! <https://www.postgresql.org/docs/current/sql-copy.html>

use super::{Format, Layout, RowWriter, nul_loss};
use gauth_cli::exit::Failure;

pub(super) const FORMAT: Format = Format {
    extensions: &["tsv"],
    has_header_line: true,
    is_open_ended: true,
    is_compressible: true,
    ..Format::new("tsv", begin)
};

fn begin(layout: Layout, out: &mut Vec<u8>) -> Box<dyn RowWriter> {
    if layout.header {
        line(layout.columns.iter().map(|column| column.heading.as_bytes()), out);
    }
    Box::new(Tsv { replaced_nul: false })
}

struct Tsv {
    replaced_nul: bool,
}

impl RowWriter for Tsv {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.replaced_nul |= line(cells.iter().copied(), out);
        Ok(())
    }

    fn loss(&self) -> Option<String> {
        self.replaced_nul.then(|| nul_loss(FORMAT.name))
    }
}

/// Writes a line; whether a NUL was replaced.
fn line<'a>(cells: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) -> bool {
    let mut has_nul = false;
    for (place, text) in cells.enumerate() {
        if place > 0 {
            out.push(b'\t');
        }
        for &byte in text {
            match byte {
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'\t' => out.extend_from_slice(b"\\t"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                0 => {
                    has_nul = true;
                    out.extend_from_slice("\u{fffd}".as_bytes());
                }
                _ => out.push(byte),
            }
        }
    }
    out.push(b'\n');
    has_nul
}

#[cfg(test)]
mod tests {
    use super::super::{two_columns, written};
    use super::*;

    #[test]
    fn a_row_is_one_line_with_any_content() {
        assert_eq!(
            written(&FORMAT, two_columns(), &[&["a\tb\nc\r\\d", "1"], &["", "é"], &["\0x\0", "1"]]),
            "d\tm\na\\tb\\nc\\r\\\\d\t1\n\té\n\u{fffd}x\u{fffd}\t1\n"
        );
    }
}
