//! Output formats: each is one file and one line in [`FORMATS`].

mod csv;
mod json;
mod ndjson;
mod raw;
mod table;
mod tsv;

use gauth_cli::Failure;

/// Every format, by the names that `-f` takes.
pub(crate) const FORMATS: &[Format] = &[
    csv::FORMAT,
    tsv::FORMAT,
    json::FORMAT,
    ndjson::FORMAT,
    table::FORMAT,
    raw::FORMAT,
];

/// One format.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    /// Endings of files that are written in it unless `-f` says otherwise.
    pub(crate) extensions: &'static [&'static str],
    pub(crate) content: Content,
}

/// What a format is made of.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// Rows, by a writer.
    Rows(fn(Layout) -> Box<dyn RowWriter>),
    /// The server's answers as they were sent.
    Answers,
}

/// What a writer must know before the first row.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) columns: Vec<Column>,
    /// Whether the names of the columns come first.
    pub(crate) header: bool,
    /// `--excel`.
    pub(crate) excel: bool,
    /// The width of the terminal that the output goes to, if it goes to one.
    pub(crate) terminal_width: Option<usize>,
}

/// One column of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) is_metric: bool,
}

/// Writes rows in one format. What was written before an error is never a complete document.
pub(crate) trait RowWriter {
    /// Before the first row.
    fn begin(&mut self, out: &mut Vec<u8>);
    /// One row, a cell for each column; cells are UTF-8.
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>);
    /// After the last row.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// The format of that name.
pub(crate) fn named(name: &str) -> Result<&'static Format, Failure> {
    FORMATS
        .iter()
        .find(|format| format.name == name)
        .ok_or_else(|| {
            let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
            Failure::usage(format!("--format: {name} is none of {}", names.join(", ")))
        })
}

/// The format that a file's ending asks for.
pub(crate) fn of_extension(extension: &str) -> Option<&'static Format> {
    FORMATS
        .iter()
        .find(|format| format.extensions.contains(&extension))
}

/// Writes `rows` in `format`, for the formats' own tests.
#[cfg(test)]
fn written(format: &Format, layout: Layout, rows: &[&[&str]]) -> String {
    let Content::Rows(writer) = format.content else {
        panic!("{} has no rows", format.name);
    };
    let mut writer = writer(layout);
    let mut out = Vec::new();
    writer.begin(&mut out);
    for row in rows {
        let cells: Vec<&[u8]> = row.iter().map(|cell| cell.as_bytes()).collect();
        writer.row(&cells, &mut out);
    }
    writer.end(&mut out);
    String::from_utf8(out).unwrap()
}

/// A dimension `d` and a metric `m`, for the formats' own tests.
#[cfg(test)]
fn two_columns() -> Layout {
    let column = |name: &str, is_metric| Column {
        name: name.to_owned(),
        is_metric,
    };
    Layout {
        columns: vec![column("d", false), column("m", true)],
        header: true,
        excel: false,
        terminal_width: None,
    }
}
