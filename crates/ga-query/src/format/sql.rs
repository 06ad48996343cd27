//! SQL that both sqlite3 and psql accept: one transaction that creates the table if it does not exist and inserts or
//! replaces every row, so that a report can be loaded any number of times.
//!
//! The key is the property, the dimensions and, unless each row belongs to one day, the date range. Dimensions are text as
//! sent, except for NUL characters, which no database accepts. Metrics are BIGINT if Analytics declares them integers, and
//! otherwise DOUBLE PRECISION, as at Google (DuckDB cuts NUMERIC to three places).

use ga_client::rows::{is_number, misfit, nul_loss};
use ga_core::paging::DATE_RANGE;
use ga_core::report::{DateRange, RunReportRequest};
use gauth_cli::Failure;
use gauth_text::Typed;

use super::{Column, Content, Format, Layout, RowWriter, Start};
use crate::arguments::Arguments;
use crate::property::Property;
use crate::query::Query;
use crate::report::Report;

pub(super) const FORMAT: Format = Format {
    extensions: &["sql"],
    is_compressible: true,
    has_totals: false,
    has_property_column: true,
    check,
    check_properties,
    ..Format::new("sql", Content::Report(begin))
};

/// Dimensions that assign a row to one day.
const DAYS: [&str; 3] = ["date", "dateHour", "dateHourMinute"];
const PROPERTY: &str = "property";
const START: &str = "start_date";
const END: &str = "end_date";
/// PostgreSQL cuts longer names (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>).
const LONGEST_NAME: usize = 63;
/// The rows of one INSERT; fewer if they are long.
const BATCH_ROWS: usize = 500;
const BATCH_BYTES: usize = 1 << 20;

fn check(arguments: &Arguments, query: &Query) -> Result<(), Failure> {
    table_name(arguments)?;
    if arguments.compare.is_some() {
        return Err(Failure::usage("-f sql: cannot hold a comparison, whose values change with its days"));
    }
    for Report { request, .. } in &query.reports {
        check_columns(request, has_ranges_in_key(request)?)?;
    }
    Ok(())
}

/// Properties in one table must mean the same days by the same words.
fn check_properties(report: &Report, first: &Property, other: &Property) -> Result<(), Failure> {
    if first.span() == other.span() || names_days(&report.request) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "-f sql: the date range is part of the key, and today is another day at property {} than at property {}",
        other.number, first.number
    ))
    .hint("request each property by itself, or add -d date"))
}

fn begin(layout: Layout, start: &Start<'_>, out: &mut Vec<u8>) -> Result<Box<dyn RowWriter>, Failure> {
    let ranges = if has_ranges_in_key(start.request)? { &start.request.date_ranges[..] } else { &[] };
    let (sql, head) = Sql::new(&table_name(start.arguments)?, ranges, &layout);
    out.extend_from_slice(head.as_bytes());
    Ok(Box::new(sql))
}

/// `NAME` or `SCHEMA.NAME`, quoted.
fn table_name(arguments: &Arguments) -> Result<String, Failure> {
    let Some(text) = &arguments.table else {
        return Err(Failure::usage("-f sql: no table was named").hint("add --table NAME"));
    };
    let parts: Vec<&str> = text.split('.').collect();
    let is_name = |part: &&str| !part.is_empty() && part.len() <= LONGEST_NAME && !part.contains(char::is_control);
    if parts.len() > 2 || !parts.iter().all(is_name) {
        return Err(Failure::usage(format!(
            "--table: {text:?} is neither NAME nor SCHEMA.NAME, of at most {LONGEST_NAME} bytes each"
        )));
    }
    let quoted: Vec<_> = parts.into_iter().map(identifier).collect();
    Ok(quoted.join("."))
}

/// Whether each row names its day and there is one range, so that the key needs no range.
fn names_days(request: &RunReportRequest) -> bool {
    request.date_ranges.len() == 1 && request.dimensions.iter().any(|dimension| DAYS.contains(&&*dimension.name))
}

/// Whether the date ranges belong to the key.
fn has_ranges_in_key(request: &RunReportRequest) -> Result<bool, Failure> {
    let ranges = &request.date_ranges;
    if names_days(request) {
        return Ok(false);
    }
    let hint = "name the days as YYYY-MM-DD, or add -d date";
    if ranges.is_empty() {
        let why = "-f sql: a report without dates has no key: its rows would replace those of another run";
        return Err(Failure::usage(why));
    }
    for day in ranges.iter().flat_map(|r| [&r.start_date, &r.end_date]) {
        // Dates have been checked; the words for days contain no dash.
        if !day.contains('-') {
            return Err(Failure::usage(format!(
                "-f sql: the date range is part of the key here, and {day} will be another day tomorrow"
            ))
            .hint(hint));
        }
    }
    Ok(true)
}

/// Two names may be the same to a database: SQLite ignores case, and PostgreSQL cuts long names.
fn check_columns(request: &RunReportRequest, has_ranges: bool) -> Result<(), Failure> {
    let mut known = vec![PROPERTY.to_owned()];
    if has_ranges {
        known.extend([START.to_owned(), END.to_owned()]);
    }
    let dimensions = request.dimensions.iter().map(|d| &d.name);
    for name in dimensions.chain(request.metrics.iter().map(|m| &m.name)) {
        if name.len() > LONGEST_NAME {
            return Err(Failure::usage(format!(
                "-f sql: the column {} has more than {LONGEST_NAME} bytes",
                Typed(name)
            )));
        }
        let lower = name.to_ascii_lowercase();
        if known.contains(&lower) {
            return Err(Failure::usage(format!(
                "-f sql: to a database {} is the same as another column of the table",
                Typed(name)
            )));
        }
        known.push(lower);
    }
    Ok(())
}

/// A column of the report, in the database.
#[derive(Clone, Copy)]
enum Cell {
    Text,
    Integer,
    Number,
}

struct Sql {
    columns: Vec<(Column, Cell)>,
    /// The beginning and the end of an INSERT.
    insert: String,
    upsert: String,
    ranges: Ranges,
    /// Rows and bytes of this INSERT.
    rows: usize,
    bytes: usize,
    /// Rows of the INSERTs before.
    written: usize,
    replaced_nul: bool,
}

/// The cells between the property and the dimensions.
enum Ranges {
    /// The same for all rows: none, or the only range.
    Same(String),
    /// The range named by the cell in this column.
    Named(usize, Vec<(Vec<u8>, String)>),
}

impl Sql {
    /// Makes the writer, and writes what comes before the rows.
    fn new(table: &str, ranges: &[DateRange], layout: &Layout) -> (Self, String) {
        let columns = layout.columns.iter().map(|column| {
            let cell = match column {
                column if !column.is_metric => Cell::Text,
                column if column.is_integer => Cell::Integer,
                _ => Cell::Number,
            };
            (column.clone(), cell)
        });
        let columns: Vec<_> = columns.collect();
        let mut declared = Vec::new();
        let (mut names, mut key, mut updates) = (Vec::new(), Vec::new(), Vec::new());
        let mut add = |name: &str, cell| {
            let name = identifier(name);
            declared.push(match cell {
                Cell::Text => format!("{name} TEXT NOT NULL"),
                Cell::Integer => format!("{name} BIGINT"),
                Cell::Number => format!("{name} DOUBLE PRECISION"),
            });
            match cell {
                Cell::Text => key.push(name.clone()),
                _ => updates.push(format!("{name} = excluded.{name}")),
            }
            names.push(name);
        };
        for (place, (column, cell)) in columns.iter().enumerate() {
            add(&column.name, *cell);
            if place == 0 && !ranges.is_empty() {
                add(START, Cell::Text);
                add(END, Cell::Text);
            }
        }
        let (names, key) = (names.join(", "), key.join(", "));
        let action =
            if updates.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", updates.join(", ")) };
        let head = format!(
            "BEGIN;\nCREATE TABLE IF NOT EXISTS {table} (\n  {},\n  PRIMARY KEY ({key})\n);\n{}",
            declared.join(",\n  "),
            backslash_guard(table),
        );
        let writer = Self {
            insert: format!("INSERT INTO {table} ({names}) VALUES\n"),
            upsert: format!("\nON CONFLICT ({key}) DO {action};\n"),
            ranges: Ranges::of(ranges, &layout.columns),
            columns,
            rows: 0,
            bytes: 0,
            written: 0,
            replaced_nul: false,
        };
        (writer, head)
    }
}

/// If `standard_conforming_strings` is off, a backslash in a visitor's text could end a literal. Then this divides by zero
/// and stops the transaction; otherwise it does nothing.
fn backslash_guard(table: &str) -> String {
    format!("INSERT INTO {table} SELECT * FROM {table} WHERE 1 / (length('\\\\') - 1) = 0;\n")
}

impl Ranges {
    fn of(ranges: &[DateRange], columns: &[Column]) -> Self {
        let days = |range: &DateRange| {
            let mut days = Vec::new();
            for day in [&range.start_date, &range.end_date] {
                days.push(b',');
                text(day.as_bytes(), &mut days);
            }
            String::from_utf8_lossy(&days).into_owned()
        };
        let column = columns.iter().position(|column| column.name == DATE_RANGE);
        match (ranges, column) {
            ([], _) => Self::Same(String::new()),
            ([range], _) => Self::Same(days(range)),
            (_, column) => {
                let ranges = ranges.iter().enumerate().map(|(place, range)| {
                    let name = range.name.clone();
                    let name = name.unwrap_or_else(|| format!("date_range_{place}"));
                    (name.into_bytes(), days(range))
                });
                // Without such a column no name is found and the row is refused.
                Self::Named(column.unwrap_or(0), ranges.collect())
            }
        }
    }

    /// The days of a row, or the cell that names no range.
    fn days<'a>(&self, cells: &[&'a [u8]]) -> Result<&str, &'a [u8]> {
        match self {
            Self::Same(days) => Ok(days),
            Self::Named(place, ranges) => {
                let cell = cells[*place];
                ranges.iter().find(|(name, _)| name == cell).map(|(_, days)| days.as_str()).ok_or(cell)
            }
        }
    }
}

impl RowWriter for Sql {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        let before = out.len();
        match self.rows {
            0 => out.extend_from_slice(self.insert.as_bytes()),
            _ => out.extend_from_slice(b",\n"),
        }
        for (place, (cell, (column, kind))) in cells.iter().zip(&self.columns).enumerate() {
            out.push(if place == 0 { b'(' } else { b',' });
            match kind {
                Cell::Text => self.replaced_nul |= text(cell, out),
                Cell::Integer if integer(cell, out) => {}
                Cell::Integer => return Err(self.refused(&column.name, "a whole number of 64 bits", cell)),
                Cell::Number => self.replaced_nul |= number(cell, out),
            }
            if place == 0 {
                match self.ranges.days(cells) {
                    Ok(days) => out.extend_from_slice(days.as_bytes()),
                    Err(cell) => return Err(self.refused(DATE_RANGE, "one of the requested ranges", cell)),
                }
            }
        }
        out.push(b')');
        self.rows += 1;
        self.bytes += out.len() - before;
        if self.rows == BATCH_ROWS || self.bytes >= BATCH_BYTES {
            self.end_batch(out);
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.rows > 0 {
            self.end_batch(out);
        }
        out.extend_from_slice(b"COMMIT;\n");
        Ok(())
    }

    fn loss(&self) -> Option<String> {
        self.replaced_nul.then(|| nul_loss(FORMAT.name))
    }
}

impl Sql {
    fn end_batch(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.upsert.as_bytes());
        self.written += self.rows;
        (self.rows, self.bytes) = (0, 0);
    }

    /// What is wrong with a cell of the next row.
    fn refused(&self, column: &str, expected: &str, cell: &[u8]) -> Failure {
        misfit("SQL", (self.written + self.rows + 1) as u64, column, expected, cell)
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A literal, with U+FFFD for each NUL character. Returns whether there was one.
fn text(cell: &[u8], out: &mut Vec<u8>) -> bool {
    out.push(b'\'');
    let mut has_nul = false;
    let mut plain = 0;
    for (place, &byte) in cell.iter().enumerate() {
        match byte {
            b'\'' => {
                out.extend_from_slice(&cell[plain..=place]);
                // Doubled: the second begins the next part.
                plain = place;
            }
            // The sqlite3 shell drops a CR at the end of a line.
            b'\r' if cell.get(place + 1) == Some(&b'\n') => {
                out.extend_from_slice(&cell[plain..=place]);
                out.extend_from_slice(b"' || '");
                plain = place + 1;
            }
            0 => {
                has_nul = true;
                out.extend_from_slice(&cell[plain..place]);
                out.extend_from_slice("\u{fffd}".as_bytes());
                plain = place + 1;
            }
            _ => {}
        }
    }
    out.extend_from_slice(&cell[plain..]);
    out.push(b'\'');
    has_nul
}

/// An integer of 64 bits, in the server's digits; NULL if empty.
fn integer(cell: &[u8], out: &mut Vec<u8>) -> bool {
    let is_short = cell.len() <= 18 && cell.iter().all(u8::is_ascii_digit);
    let is_integer = || {
        let text = std::str::from_utf8(cell).unwrap_or_default();
        text.parse::<i64>().is_ok() && !text.starts_with('+')
    };
    match cell {
        b"" => out.extend_from_slice(b"NULL"),
        _ if is_short || is_integer() => out.extend_from_slice(cell),
        _ => return false,
    }
    true
}

/// A number in the server's digits; NULL if empty. Anything else is written as text, of which PostgreSQL knows `NaN`.
/// Returns whether a NUL character in it was replaced.
fn number(cell: &[u8], out: &mut Vec<u8>) -> bool {
    match cell {
        b"" => out.extend_from_slice(b"NULL"),
        _ if is_number(cell) => out.extend_from_slice(cell),
        _ => return text(cell, out),
    }
    false
}
