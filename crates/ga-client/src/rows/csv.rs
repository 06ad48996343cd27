//! Comma-separated values, RFC 4180 with a line feed at the end of each line; values verbatim.
//!
//! `--excel` adds a byte-order mark and disarms dimension cells that a spreadsheet would run as formulas:
//! anyone who visits a site can put a formula into its data (OWASP, CSV injection).

use ga_core::block::append;

use super::{Format, Layout, RowWriter};
use gauth_cli::exit::Failure;

pub(super) const FORMAT: Format = Format {
    extensions: &["csv"],
    has_header_line: true,
    is_open_ended: true,
    has_excel_form: true,
    is_compressible: true,
    ..Format::new("csv", begin)
};

struct Csv(Layout);

fn begin(layout: Layout, out: &mut Vec<u8>) -> Box<dyn RowWriter> {
    if layout.excel {
        out.extend_from_slice("\u{feff}".as_bytes());
    }
    if layout.header {
        for (place, column) in layout.columns.iter().enumerate() {
            separate(place, out);
            cell(column.heading.as_bytes(), out);
        }
        out.push(b'\n');
    }
    Box::new(Csv(layout))
}

impl RowWriter for Csv {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        for (place, text) in cells.iter().enumerate() {
            separate(place, out);
            if self.0.excel && !self.0.columns[place].is_metric && is_formula(text) {
                cell(&[b"'", *text].concat(), out);
            } else {
                cell(text, out);
            }
        }
        // A line of its own must not look like no line at all.
        if let [b""] = cells {
            out.extend_from_slice(b"\"\"");
        }
        out.push(b'\n');
        Ok(())
    }
}

fn separate(place: usize, out: &mut Vec<u8>) {
    if place > 0 {
        out.push(b',');
    }
}

fn cell(text: &[u8], out: &mut Vec<u8>) {
    if !has_special(text) {
        append(out, text);
        return;
    }
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Whether a cell needs quotes. It tests eight bytes at a time, since every cell comes by.
fn has_special(text: &[u8]) -> bool {
    const SPECIAL: [u8; 4] = [b',', b'"', b'\n', b'\r'];
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let word_has = |chunk: &[u8; 8]| {
        let word = u64::from_ne_bytes(*chunk);
        let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
        SPECIAL.iter().fold(0, |found, byte| found | zeros(word ^ (ONES * u64::from(*byte)))) != 0
    };
    match text.last_chunk::<8>() {
        // The last bytes are tested twice rather than one by one.
        Some(last) => word_has(last) || text.as_chunks::<8>().0.iter().any(word_has),
        None => text.iter().any(|byte| SPECIAL.contains(byte)),
    }
}

fn is_formula(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\0'))
}

#[cfg(test)]
mod tests {
    use super::super::{two_columns, written};
    use super::*;

    #[test]
    fn only_what_needs_quotes_has_them() {
        let rows: &[&[&str]] = &[
            &["a", "1"],
            &["a,b", "0.10"],
            &["say \"hi\"", "-0"],
            &["two\nlines", "1e400"],
            &["\r", ""],
            &[" é ", "12345678901234567890"],
        ];
        assert_eq!(
            written(&FORMAT, two_columns(), rows),
            "d,m\na,1\n\"a,b\",0.10\n\"say \"\"hi\"\"\",-0\n\"two\nlines\",1e400\n\"\r\",\n é ,12345678901234567890\n"
        );
        let mut bare = two_columns();
        bare.header = false;
        assert_eq!(written(&FORMAT, bare.clone(), &[]), "");
        bare.columns.truncate(1);
        assert_eq!(written(&FORMAT, bare, &[&[""], &["x"]]), "\"\"\nx\n");
    }

    #[test]
    fn a_special_character_is_found_wherever_it_is() {
        for length in 0..40 {
            assert!(!has_special(&vec![b'+'; length]), "{length}");
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'x'; length];
                    text[place] = byte;
                    assert_eq!(has_special(&text), b",\"\n\r".contains(&byte), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn h8_a_formula_in_a_dimension_is_disarmed_and_a_metric_is_not_touched() {
        let mut layout = two_columns();
        layout.excel = true;
        layout.header = false;
        for first in ["=", "+", "-", "@", "\t", "\0"] {
            let text = format!("{first}1");
            let expected = format!("\u{feff}'{text},-5\n");
            assert_eq!(written(&FORMAT, layout.clone(), &[&[&text, "-5"]]), expected);
        }
        assert_eq!(
            written(&FORMAT, layout, &[&["=HYPERLINK(\"x\")", "-5"], &["\r", "1"]]),
            "\u{feff}\"'=HYPERLINK(\"\"x\"\")\",-5\n\"'\r\",1\n"
        );
    }
}
