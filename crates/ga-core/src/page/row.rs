//! One row of a report: `{"dimensionValues": [{"value": …}, …], "metricValues": […]}`.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/Row>
//!
//! The lists may come in any order, and either may be missing; a missing value is the empty text; unknown members are
//! ignored.

use std::borrow::Cow;

use super::json::{Cursor, Stop, Text, plain_end};
use crate::block::BlockWriter;

/// The numbers of cells of a row that [`copy_usual`] copied, and where things end.
pub(super) struct Copied {
    pub(super) dimensions: usize,
    pub(super) metrics: usize,
    /// In the open block.
    pub(super) dimensions_end: usize,
    /// In the bytes.
    pub(super) length: usize,
}

/// Copies the cells of a row that is written as Google writes most: compact, dimensions first, without escapes. `None` for any
/// other row, also one that has not arrived whole; then a part of it may be in the block.
pub(super) fn copy_usual(bytes: &[u8], writer: &mut BlockWriter) -> Option<Copied> {
    let rest = bytes.strip_prefix(br#"{"dimensionValues":["#)?;
    let (dimensions, rest) = copy_list(rest, writer)?;
    let dimensions_end = writer.len();
    let rest = rest.strip_prefix(br#","metricValues":["#)?;
    let (metrics, rest) = copy_list(rest, writer)?;
    let rest = rest.strip_prefix(b"}")?;
    Some(Copied { dimensions, metrics, dimensions_end, length: bytes.len() - rest.len() })
}

fn copy_list<'a>(mut rest: &'a [u8], writer: &mut BlockWriter) -> Option<(usize, &'a [u8])> {
    let mut cells = 0;
    loop {
        rest = rest.strip_prefix(br#"{"value":""#)?;
        let (text, after) = rest.split_at_checked(plain_end(rest, 0))?;
        rest = after.strip_prefix(br#""}"#)?;
        writer.cell(text);
        cells += 1;
        let next;
        (next, rest) = rest.split_first()?;
        match next {
            b',' => {}
            b']' => return Some((cells, rest)),
            _ => return None,
        }
    }
}

/// Where the cells of one row are in the bytes, dimensions first.
#[derive(Debug, Default)]
pub(super) struct RowCells {
    pub(super) dimensions: Vec<Cell>,
    pub(super) metrics: Vec<Cell>,
}

/// One cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell(Text);

impl Cell {
    const EMPTY: Self = Self(Text { start: 0, end: 0, escaped: false });

    /// Its text.
    pub(super) fn text<'a>(self, cursor: &Cursor<'a>) -> Result<Cow<'a, [u8]>, Stop> {
        cursor.decode(self.0)
    }
}

impl RowCells {
    /// Reads one row; the cursor does not move unless the whole row has arrived.
    pub(super) fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let start = cursor.at;
        let result = self.read_row(cursor);
        if result.is_err() {
            cursor.at = start;
        }
        result
    }

    fn read_row(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        self.dimensions.clear();
        self.metrics.clear();
        let (mut has_dimensions, mut has_metrics) = (false, false);
        cursor.expect(b'{', "expected a row")?;
        if cursor.take(b'}')? {
            return Ok(());
        }
        loop {
            let key = cursor.key()?;
            let (seen, cells) = match &*key {
                b"dimensionValues" => (&mut has_dimensions, &mut self.dimensions),
                b"metricValues" => (&mut has_metrics, &mut self.metrics),
                _ => {
                    cursor.value()?;
                    if end_of_member(cursor)? {
                        return Ok(());
                    }
                    continue;
                }
            };
            if std::mem::replace(seen, true) {
                return Err(Stop::Wrong("duplicate key in a row"));
            }
            read_list(cursor, cells)?;
            if end_of_member(cursor)? {
                return Ok(());
            }
        }
    }
}

fn read_list(cursor: &mut Cursor<'_>, cells: &mut Vec<Cell>) -> Result<(), Stop> {
    if cursor.peek()? == b'n' {
        return match cursor.value()? {
            b"null" => Ok(()),
            _ => Err(Stop::Wrong("expected a list of values")),
        };
    }
    cursor.expect(b'[', "expected a list of values")?;
    if cursor.take(b']')? {
        return Ok(());
    }
    loop {
        cells.push(read_cell(cursor)?);
        if cursor.take(b']')? {
            return Ok(());
        }
        cursor.expect(b',', "expected `,` between values")?;
    }
}

fn read_cell(cursor: &mut Cursor<'_>) -> Result<Cell, Stop> {
    // The usual spelling has a fast path.
    let start = cursor.at;
    if cursor.take_exactly(br#"{"value":""#) {
        let text = cursor.string_rest()?;
        if cursor.take_exactly(b"}") {
            return Ok(Cell(text));
        }
        cursor.at = start;
    }
    cursor.expect(b'{', "expected a value")?;
    if cursor.take(b'}')? {
        return Ok(Cell::EMPTY);
    }
    let mut cell = None;
    loop {
        if &*cursor.key()? == b"value" {
            if cell.is_some() {
                return Err(Stop::Wrong("duplicate key in a value"));
            }
            cell = Some(read_scalar(cursor)?);
        } else {
            cursor.value()?;
        }
        if end_of_member(cursor)? {
            return Ok(cell.unwrap_or(Cell::EMPTY));
        }
    }
}

/// A text, or a number kept as it is written.
fn read_scalar(cursor: &mut Cursor<'_>) -> Result<Cell, Stop> {
    if cursor.peek()? == b'"' {
        return cursor.string().map(Cell);
    }
    let start = cursor.at;
    match cursor.value()? {
        b"null" => Ok(Cell::EMPTY),
        [b'-' | b'0'..=b'9', ..] => Ok(Cell(Text { start, end: cursor.at, escaped: false })),
        _ => Err(Stop::Wrong("expected a string or a number as a value")),
    }
}

/// Whether an object ends after one of its members.
fn end_of_member(cursor: &mut Cursor<'_>) -> Result<bool, Stop> {
    if cursor.take(b'}')? {
        return Ok(true);
    }
    cursor.expect(b',', "expected `,`")?;
    Ok(false)
}
