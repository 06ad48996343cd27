//! Rows of text in the formats that every ga-* program writes: each is one file and one constant
//! here.
//!
//! A [`RowWriter`] fills a buffer and knows nothing of where that goes; [`listing`] is for programs whose rows
//! are few and known before the first is written.

pub mod listing;
pub mod target;

mod csv;
mod json;
mod markdown;
mod ndjson;
mod people;
mod table;
mod tsv;

use std::path::Path;

use gauth_cli::completions::Values;
use gauth_cli::exit::{Failure, Kind};
use gauth_cli::terminal::{draws_unicode, has_color};
use gauth_text::Typed;

pub use gauth_text::grouped;
pub use json::is_number;
pub(crate) use people::duration;
pub use people::{Detail, Measure, moment, worded};
pub use table::cut;

/// Comma-separated values.
pub const CSV: Format = csv::FORMAT;
/// Aligned columns for people.
pub const TABLE: Format = table::FORMAT;
/// Every format.
pub const FORMATS: &[Format] = &[CSV, tsv::FORMAT, json::FORMAT, ndjson::FORMAT, TABLE, markdown::FORMAT];

/// What `-f` takes in a program that has formats of its `own` as well.
pub fn names(own: &[Format]) -> Values {
    Values::OneOf(FORMATS.iter().chain(own).map(|format| format.name).collect())
}

/// One format.
#[derive(Clone, Copy)]
pub struct Format {
    /// What `-f` calls it.
    pub name: &'static str,
    /// Endings of files that are written in it unless `-f` says otherwise.
    pub extensions: &'static [&'static str],
    /// What comes before, between and after several reports in one document.
    pub several: [&'static str; 3],
    /// Whether the first line names the columns.
    pub has_header_line: bool,
    /// Whether the rows of another run may follow.
    pub is_open_ended: bool,
    /// Whether it has a form for spreadsheets.
    pub has_excel_form: bool,
    /// Whether `.gz` behind the ending of a file compresses it.
    pub is_compressible: bool,
    /// Whether it is drawn with a terminal's own sequences, around text that it makes harmless itself.
    pub is_drawing: bool,
    /// Writes what comes before the first row, and makes the writer of the rows.
    pub begin: fn(Layout, &mut Vec<u8>) -> Box<dyn RowWriter>,
}

impl Format {
    /// A format that can do nothing special, to take the rest of the fields from.
    pub const fn new(name: &'static str, begin: fn(Layout, &mut Vec<u8>) -> Box<dyn RowWriter>) -> Self {
        Self {
            name,
            extensions: &[],
            several: ["", "\n", ""],
            has_header_line: false,
            is_open_ended: false,
            has_excel_form: false,
            is_compressible: false,
            is_drawing: false,
            begin,
        }
    }
}

/// What a format is known by.
pub struct Key {
    /// What `-f` calls it.
    pub name: &'static str,
    /// Endings of files that are written in it unless `-f` says otherwise.
    pub extensions: &'static [&'static str],
    /// Whether `.gz` behind the ending of a file compresses it.
    pub is_compressible: bool,
}

impl Key {
    /// Of one of [`FORMATS`].
    pub fn of(format: &Format) -> Self {
        Self { name: format.name, extensions: format.extensions, is_compressible: format.is_compressible }
    }
}

/// The format for the output, and whether it is compressed: the one that is `named` by `-f`; else a table on a terminal, what
/// the ending of the file says in any case of letters, or csv. Only the name of a regular file says anything; it compresses
/// with `.gz` at its end. `key` gives what one of the `formats` is known by.
///
/// # Errors
/// An unknown name or ending, or `.gz` on a format that is not compressible, as a usage error: a spreadsheet's file with csv
/// in it opens nowhere.
pub fn choose<F>(
    named: Option<&str>,
    file: Option<&Path>,
    is_terminal: bool,
    formats: Vec<F>,
    key: fn(&F) -> Key,
) -> Result<(F, bool), Failure> {
    let (extension, is_compressed) = file.map_or((None, false), ending);
    let keys: Vec<_> = formats.iter().map(key).collect();
    let by_default = if is_terminal { TABLE.name } else { CSV.name };
    let place = match (named, &extension) {
        (None, Some(extension)) => keys.iter().position(|key| key.extensions.contains(&&**extension)),
        (named, _) => keys.iter().position(|key| key.name == named.unwrap_or(by_default)),
    };
    let place = place.ok_or_else(|| unknown(named, &keys))?;
    if is_compressed && !keys[place].is_compressible {
        let compressible = keys.iter().filter(|key| key.is_compressible).map(|key| key.name);
        return Err(Failure::usage(format!(
            "-o: {} cannot be compressed by .gz, only {}",
            keys[place].name,
            compressible.collect::<Vec<_>>().join(", ")
        ))
        .hint("name the file without .gz"));
    }
    let format = formats.into_iter().nth(place).ok_or_else(|| unknown(named, &keys))?;
    Ok((format, is_compressed))
}

/// The ending of a regular file in lower case, and whether `.gz` follows it. `.gz` on its own is an ending like any other.
fn ending(file: &Path) -> (Option<String>, bool) {
    let is_regular = std::fs::metadata(file).map_or(true, |file| file.is_file()) && file != Path::new("-");
    let of = |file: &Path| file.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let last = of(file).filter(|_| is_regular);
    match (last.as_deref(), file.file_stem().and_then(|stem| of(Path::new(stem)))) {
        (Some("gz"), Some(before)) => (Some(before), true),
        (Some("gz"), None) => (last, true),
        _ => (last, false),
    }
}

fn unknown(named: Option<&str>, keys: &[Key]) -> Failure {
    if let Some(name) = named {
        let names: Vec<_> = keys.iter().map(|key| key.name).collect();
        return Failure::usage(format!(
            "--format: unknown format {}; expected one of {}",
            Typed(name),
            names.join(", ")
        ));
    }
    let known = keys.iter().flat_map(|key| key.extensions).map(|extension| format!(".{extension}"));
    let known: Vec<String> = known.collect();
    // The extension is not repeated: the word may be a token that lost its option.
    Failure::usage(format!("-o: unknown file extension; expected one of {}", known.join(", ")))
        .hint("name the format with -f")
}

/// What a writer must know before the first row.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The columns, from the left.
    pub columns: Vec<Column>,
    /// Whether the names of the columns come first.
    pub header: bool,
    /// Whether csv is meant for spreadsheets: with a byte-order mark, and no cell that would run as a formula.
    pub excel: bool,
    /// The width of the terminal that the output goes to, if it goes to one.
    pub terminal_width: Option<usize>,
    /// The most lines of a table, if the terminal's height is the limit; rows that do not fit are counted.
    pub height: Option<usize>,
    /// Whether drawings for people must do with ASCII.
    pub is_ascii: bool,
    /// Whether the terminal shows bold text and colors.
    pub has_color: bool,
}

impl Layout {
    /// With a header and without columns, for a terminal of this width or for none.
    pub fn of_terminal(terminal_width: Option<usize>) -> Self {
        Self {
            header: true,
            terminal_width,
            is_ascii: !draws_unicode(),
            has_color: terminal_width.is_some() && has_color(),
            ..Self::default()
        }
    }
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
    /// What a metric is to a comparison of two periods.
    pub role: Role,
}

impl Column {
    /// A column that people call by its name too, of any numbers if it is one of numbers.
    pub fn new(name: &str, is_metric: bool) -> Self {
        Self {
            name: name.to_owned(),
            heading: name.to_owned(),
            is_metric,
            is_integer: false,
            measure: Measure::Number,
            role: Role::Value,
        }
    }
}

/// What a metric is to a comparison of two periods. There the columns of a metric come in threes: its value, the value of the
/// other period, and the change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// The value of the report's own period, as in a report that compares nothing.
    #[default]
    Value,
    /// The value of the other period.
    Previous,
    /// The change from the other period, as a fraction of its value.
    Change,
}

/// Writes rows in one format. What was written before an error is never a complete document.
pub trait RowWriter {
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
    /// What is to be known about the rows, a line each, after the last of them. Formats for programs leave it to stderr.
    fn notes(&mut self, _notes: &[String]) {}
    /// After the last row.
    ///
    /// # Errors
    /// As [`RowWriter::row`].
    fn end(&mut self, _out: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }
    /// The note, printed once, about cells that were changed because the format cannot represent them.
    fn loss(&self) -> Option<String> {
        None
    }
}

/// The [`RowWriter::loss`] of a format that has no form for NUL characters.
pub fn nul_loss(format: &str) -> String {
    format!("a NUL character in a cell became U+FFFD: {format} has no form for it")
}

/// The error for a cell that `format` cannot hold; rows are counted from 1.
pub fn misfit(format: &str, row: u64, column: &str, expected: &str, cell: &[u8]) -> Failure {
    let found = String::from_utf8_lossy(cell);
    let (column, found) = (Typed(column), Typed(&found));
    let why = format!("cannot write {format}: row {row}, column {column}: expected {expected}, found {found:?}");
    Failure::new(Kind::Failed, why)
}

/// Writes `rows` in `format`, for the formats' own tests.
#[cfg(test)]
fn written(format: &Format, layout: Layout, rows: &[&[&str]]) -> String {
    let mut out = Vec::new();
    let mut writer = (format.begin)(layout, &mut out);
    for row in rows {
        let cells: Vec<&[u8]> = row.iter().map(|cell| cell.as_bytes()).collect();
        writer.row(&cells, &mut out).unwrap();
    }
    writer.end(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A dimension `d` and a metric `m`, for the formats' own tests.
#[cfg(test)]
fn two_columns() -> Layout {
    let columns = vec![Column::new("d", false), Column { is_integer: true, ..Column::new("m", true) }];
    Layout { columns, header: true, ..Layout::default() }
}
