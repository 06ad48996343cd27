//! Tab-separated values as PostgreSQL's COPY reads and writes them in its text format: one line for each row, with
//! backslash, tab, line feed and carriage return escaped.
//! <https://www.postgresql.org/docs/current/sql-copy.html>

use super::{Format, Layout, RowWriter};
use crate::exit::Failure;

pub(super) const FORMAT: Format = Format { name: "tsv", extensions: &["tsv"], writer: |layout| Box::new(Tsv(layout)) };

struct Tsv(Layout);

impl RowWriter for Tsv {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.0.header {
            let names = self.0.columns.iter().map(|column| column.heading.as_bytes());
            line(names, out);
        }
    }

    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        line(cells.iter().copied(), out);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

fn line<'a>(cells: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
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
                _ => out.push(byte),
            }
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::super::{two_columns, written};
    use super::*;

    #[test]
    fn a_row_is_one_line_whatever_is_in_it() {
        assert_eq!(
            written(&FORMAT, two_columns(), &[&["a\tb\nc\r\\d", "1"], &["", "é"]]),
            "d\tm\na\\tb\\nc\\r\\\\d\t1\n\té\n"
        );
    }
}
