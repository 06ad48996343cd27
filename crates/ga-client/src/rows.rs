//! Rows of text in the formats that every ga-* program writes: each is one file and one constant
//! here.
//!
//! A [`RowWriter`] fills a buffer and knows nothing of where that goes; [`listing`] is for programs whose rows
//! are few and known before the first is written.

pub mod listing;

mod csv;
mod json;
mod ndjson;
mod people;
mod table;
mod tsv;

use std::path::Path;

use gauth_cli::exit::Failure;

pub use json::is_number;
pub use people::{Detail, Measure, grouped, moment};
pub use table::cut;

/// Comma-separated values.
pub const CSV: Format = csv::FORMAT;
/// Tab-separated values.
pub const TSV: Format = tsv::FORMAT;
/// An array of objects.
pub const JSON: Format = json::FORMAT;
/// An object on each line.
pub const NDJSON: Format = ndjson::FORMAT;
/// Aligned columns for eyes.
pub const TABLE: Format = table::FORMAT;
/// Every format.
pub const FORMATS: [Format; 5] = [CSV, TSV, JSON, NDJSON, TABLE];

/// One format.
#[derive(Clone, Copy)]
pub struct Format {
    /// What `-f` calls it.
    pub name: &'static str,
    /// Endings of files that are written in it unless `-f` says otherwise.
    pub extensions: &'static [&'static str],
    /// Makes its writer.
    pub writer: fn(Layout) -> Box<dyn RowWriter>,
}

/// The name of the format for a file: `named` by `-f`, else what its ending says in any case of letters, else csv. Only
/// the name of a regular file says anything. `formats` are names and their endings.
///
/// # Errors
/// An ending that says something else, as a usage error: a spreadsheet's file with csv in it opens nowhere.
pub fn format_of_file<'a>(
    path: &Path,
    named: Option<&'a str>,
    formats: impl Iterator<Item = (&'static str, &'static [&'static str])>,
) -> Result<&'a str, Failure> {
    let is_regular = std::fs::metadata(path).map_or(true, |file| file.is_file()) && path != Path::new("-");
    let ending = path.extension().filter(|_| is_regular).map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    if ending.as_deref() == Some("gz") {
        return Err(Failure::usage("-o: compressed files (.gz) are not supported yet")
            .hint("pipe the rows through gzip > FILE"));
    }
    let (Some(ending), None) = (ending, named) else {
        return Ok(named.unwrap_or("csv"));
    };
    let mut known = Vec::new();
    for (name, endings) in formats {
        if endings.contains(&&*ending) {
            return Ok(name);
        }
        known.extend(endings.iter().map(|ending| format!(".{ending}")));
    }
    // The ending is not repeated: the word may be a token that lost its option.
    let message = format!("-o: unknown ending of a file; expected one of {}", known.join(", "));
    Err(Failure::usage(message).hint("name the format with -f"))
}

/// What a writer must know before the first row.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The columns, from the left.
    pub columns: Vec<Column>,
    /// Whether the names of the columns come first.
    pub header: bool,
    /// Whether csv is meant for spreadsheets: with a byte-order mark, and no cell that would run as a formula.
    pub excel: bool,
    /// The width of the terminal that the output goes to, if it goes to one.
    pub terminal_width: Option<usize>,
    /// Whether drawings for people must do with ASCII.
    pub is_ascii: bool,
}

/// One column of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What programs call it.
    pub name: String,
    /// What its first line says, for people.
    pub heading: String,
    /// Whether its cells are numbers.
    pub is_metric: bool,
    /// Whether those numbers are declared to be whole.
    pub is_integer: bool,
    /// What those numbers measure, for people.
    pub measure: Measure,
}

/// Writes rows in one format. What was written before an error is never a complete document.
pub trait RowWriter {
    /// Before the first row.
    fn begin(&mut self, out: &mut Vec<u8>);
    /// One row, a cell for each column; cells are UTF-8.
    ///
    /// # Errors
    /// A cell that the format has no form for.
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure>;
    /// A row of totals, or of the smallest or largest numbers; all of them follow the last row.
    ///
    /// # Errors
    /// As [`RowWriter::row`].
    fn aggregate(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.row(cells, out)
    }
    /// After the last row.
    fn end(&mut self, out: &mut Vec<u8>);
    /// Whether a NUL character, for which the format has no form, became U+FFFD in a row so far.
    fn replaced_nul(&self) -> bool {
        false
    }
}

/// What is said once when [`RowWriter::replaced_nul`].
pub fn replaced_nul_note(format: &str) -> String {
    format!("a NUL character in a cell became U+FFFD: {format} has no form for it")
}

/// Writes `rows` in `format`, for the formats' own tests.
#[cfg(test)]
fn written(format: &Format, layout: Layout, rows: &[&[&str]]) -> String {
    let mut writer = (format.writer)(layout);
    let mut out = Vec::new();
    writer.begin(&mut out);
    for row in rows {
        let cells: Vec<&[u8]> = row.iter().map(|cell| cell.as_bytes()).collect();
        writer.row(&cells, &mut out).unwrap();
    }
    writer.end(&mut out);
    String::from_utf8(out).unwrap()
}

/// A dimension `d` and a metric `m`, for the formats' own tests.
#[cfg(test)]
fn two_columns() -> Layout {
    let column = |name: &str, is_metric| Column {
        name: name.to_owned(),
        heading: name.to_owned(),
        is_metric,
        is_integer: is_metric,
        measure: Measure::Number,
    };
    Layout {
        columns: vec![column("d", false), column("m", true)],
        header: true,
        excel: false,
        terminal_width: None,
        is_ascii: false,
    }
}
