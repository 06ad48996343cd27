//! A JSON array (RFC 8259) of one object for each row.
//!
//! Dimensions are strings; a metric is a number in the server's own digits where those are a JSON number,
//! else a string, so nothing is rounded. The closing bracket comes with the last row and not before.

use ga_core::block::append;

use super::{Column, Format, Layout, RowWriter};
use gauth_cli::exit::Failure;

pub(super) const FORMAT: Format = Format {
    extensions: &["json"],
    several: ["[\n", ",\n", "]\n"],
    is_compressible: true,
    ..Format::new("json", begin)
};

fn begin(layout: Layout, out: &mut Vec<u8>) -> Box<dyn RowWriter> {
    out.push(b'[');
    Box::new(Json { objects: Objects::new(&layout), is_empty: true })
}

struct Json {
    objects: Objects,
    is_empty: bool,
}

impl RowWriter for Json {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        out.extend_from_slice(if self.is_empty { b"\n" } else { b",\n" });
        self.is_empty = false;
        self.objects.write(cells, out);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        out.extend_from_slice(if self.is_empty { b"]\n" } else { b"\n]\n" });
        Ok(())
    }
}

/// Writes a row as an object.
pub(super) struct Objects {
    /// What comes before each value: brace or comma, key, colon.
    keys: Vec<Vec<u8>>,
    columns: Vec<Column>,
}

impl Objects {
    pub(super) fn new(layout: &Layout) -> Self {
        let keys = layout.columns.iter().enumerate().map(|(place, column)| {
            let mut key = vec![if place == 0 { b'{' } else { b',' }];
            string(column.name.as_bytes(), &mut key);
            key.push(b':');
            key
        });
        Self { keys: keys.collect(), columns: layout.columns.clone() }
    }

    pub(super) fn write(&self, cells: &[&[u8]], out: &mut Vec<u8>) {
        for ((key, column), cell) in self.keys.iter().zip(&self.columns).zip(cells) {
            append(out, key);
            if column.is_metric && is_number(cell) {
                append(out, cell);
            } else {
                string(cell, out);
            }
        }
        out.push(b'}');
    }
}

fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut plain = 0;
    for (place, &byte) in text.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text[plain..place]);
        plain = place + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    append(out, &text[plain..]);
    out.push(b'"');
}

/// Whether the text is a number of RFC 8259 §6: no leading zeros or plus, no bare point.
pub fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, rest) = digits(text);
    if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
        return false;
    }
    let rest = match rest.split_first() {
        Some((b'.', after)) => match digits(after) {
            ([], _) => return false,
            (_, rest) => rest,
        },
        _ => rest,
    };
    match rest.split_first() {
        None => true,
        Some((b'e' | b'E', after)) => {
            let after = after.strip_prefix(b"+").or_else(|| after.strip_prefix(b"-")).unwrap_or(after);
            matches!(digits(after), ([_, ..], []))
        }
        Some(_) => false,
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::super::{two_columns, written};
    use super::*;

    #[test]
    fn g10_metrics_keep_their_digits_and_dimensions_are_strings() {
        for number in ["0", "-0", "12345678901234567890", "0.10", "1e400", "1E-5", "1.5e+3", "-2"] {
            let text = written(&FORMAT, two_columns(), &[&["5", number]]);
            assert_eq!(text, format!("[\n{{\"d\":\"5\",\"m\":{number}}}\n]\n"));
        }
        for other in ["", "NaN", "Infinity", "01", "+1", ".5", "1.", "1e", "0x1", " 1", "1 ", "--1"] {
            let text = written(&FORMAT, two_columns(), &[&["5", other]]);
            assert_eq!(text, format!("[\n{{\"d\":\"5\",\"m\":\"{other}\"}}\n]\n"));
        }
    }

    #[test]
    fn every_text_comes_back_from_a_json_parser() {
        let texts = ["", "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}", "é日本😀\u{2028}", "a\"b"];
        let rows: Vec<Vec<&str>> = texts.iter().map(|text| vec![*text, "1"]).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        let parsed: serde_json::Value = serde_json::from_str(&written(&FORMAT, two_columns(), &rows)).unwrap();
        for (place, text) in texts.iter().enumerate() {
            assert_eq!(parsed[place]["d"], **text);
        }
    }

    #[test]
    fn no_rows_are_an_empty_array() {
        assert_eq!(written(&FORMAT, two_columns(), &[]), "[]\n");
    }
}
