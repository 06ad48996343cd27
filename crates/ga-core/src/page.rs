//! Reads one response of runReport, or a page of an audience export, while it arrives.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/RunReportResponse>
//!
//! The `rows`, or `audienceRows`, are lifted out of the stream one by one into [`Block`]s; what is left of the response is small
//! and becomes a [`ReportHead`]. Neither the order of keys nor white space matters. Storing full blocks is left to
//! the caller; [`crate::paging`] checks that the rows are those requested.

mod batch;
mod funnel;
mod json;
mod keys;
mod row;

use crate::block::{Block, BlockWriter};
use crate::error::Error;
use crate::paging::{COMPARISON, DATE_RANGE};
use crate::response::ReportHead;
use json::{Cursor, Stop};
use keys::KeyReader;
use row::RowCells;

pub use batch::{BatchDecoder, Piece};
pub use funnel::funnel_table;
pub use keys::{Keys, Repetitions, RowKey};

/// The largest size of one row, or of one member of the response other than the rows.
const TOKEN: usize = 16 * 1024 * 1024;
/// A token longer than this is read again only once the buffer has doubled, so that reading stays linear.
const PATIENCE: usize = 64 * 1024;

/// What a response contains besides the cells.
#[derive(Clone, Debug)]
pub struct Page {
    /// Everything but the rows.
    pub head: ReportHead,
    /// The number of rows.
    pub rows: u64,
    /// The number of different combinations of dimensions, which is what `limit`, `offset` and `rowCount` count.
    pub combinations: u64,
    /// What distinguishes the rows.
    pub keys: Keys,
}

/// Takes the bytes of a response in pieces of any size.
#[derive(Debug)]
pub struct PageDecoder {
    state: State,
    /// Bytes that have arrived but are not yet decoded.
    buffer: Vec<u8>,
    /// The buffer is not read again before it has this length.
    wait_for: usize,
    envelope: Vec<u8>,
    has_rows: bool,
    cells: RowCells,
    writer: BlockWriter,
    /// Cells of the first row: dimensions and metrics.
    shape: Option<(usize, usize)>,
    rows: u64,
    keys: KeyReader,
    /// The cells of one combination, until the next.
    combination: BlockWriter,
    /// Whether the report is part of a batch, so that more may follow.
    is_nested: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    FirstMember,
    Member,
    FirstRow,
    Row,
    AfterMember,
    End,
}

impl PageDecoder {
    /// For a report whose rows are distinguished by `key`; see [`crate::paging::row_key`].
    pub fn new(key: RowKey) -> Self {
        Self {
            state: State::Start,
            buffer: Vec::new(),
            wait_for: 0,
            envelope: Vec::new(),
            has_rows: false,
            cells: RowCells::default(),
            writer: BlockWriter::default(),
            shape: None,
            rows: 0,
            keys: KeyReader::new(key),
            combination: BlockWriter::default(),
            is_nested: false,
        }
    }

    /// Takes the next bytes; blocks of rows that are full are appended to `blocks`.
    pub fn feed(&mut self, chunk: &[u8], blocks: &mut Vec<Block>) -> Result<(), Error> {
        self.buffer.extend_from_slice(chunk);
        if self.buffer.len() < self.wait_for {
            return Ok(());
        }
        self.read(blocks)
    }

    /// The number of rows read so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// After the last bytes: appends the last block, and returns the page.
    pub fn finish(mut self, blocks: &mut Vec<Block>) -> Result<Page, Error> {
        self.read(blocks)?;
        if self.state != State::End {
            return Err(Error::Truncated);
        }
        self.writer.finish(blocks);
        let head = ReportHead::parse(&self.envelope)?;
        let expected = (head.dimension_headers.len(), head.metric_headers.len());
        if let Some(shape) = self.shape.filter(|&shape| shape != expected) {
            return Err(Error::response(format!(
                "the response has rows of {} dimensions and {} metrics, but headers for {} and {}",
                shape.0, shape.1, expected.0, expected.1
            )));
        }
        if let Some(own) = self.keys.own_columns() {
            let slices = head.dimension_headers.iter().enumerate();
            let mut slices = slices.filter(|(place, _)| !own.contains(place));
            let is_slice = |name: &str| name == DATE_RANGE || name == COMPARISON;
            if self.rows > 0 && !slices.all(|(_, header)| is_slice(&header.name)) {
                return Err(Error::response("the response has other dimensions than requested"));
            }
        }
        let Some((keys, combinations)) = self.keys.finish(self.rows) else {
            return Err(Error::Incomplete("the server sent the same row twice".to_owned()));
        };
        Ok(Page { head, rows: self.rows, combinations, keys })
    }

    /// Decodes as much of the buffer as is complete.
    fn read(&mut self, blocks: &mut Vec<Block>) -> Result<(), Error> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut cursor = Cursor { bytes: &buffer, at: 0 };
        while !(self.is_nested && self.state == State::End) {
            let start = cursor.at;
            match self.step(&mut cursor, blocks) {
                Ok(()) => {}
                Err(Stop::More) => {
                    cursor.at = start;
                    break;
                }
                Err(Stop::Wrong(why)) => return Err(self.wrong(why)),
            }
        }
        let done = cursor.at;
        // Tokens end between characters, so the decoded part holds whole characters.
        if std::str::from_utf8(&buffer[..done]).is_err() {
            return Err(self.wrong("not UTF-8"));
        }
        buffer.drain(..done);
        if buffer.len().max(self.envelope.len()) > TOKEN {
            return Err(self.wrong("a value of more than 16 MiB"));
        }
        self.wait_for = if buffer.len() > PATIENCE { buffer.len() * 2 } else { 0 };
        self.buffer = buffer;
        Ok(())
    }

    fn step(&mut self, cursor: &mut Cursor<'_>, blocks: &mut Vec<Block>) -> Result<(), Stop> {
        self.state = match self.state {
            State::Start => {
                cursor.expect(b'{', "not a JSON object")?;
                self.envelope.push(b'{');
                State::FirstMember
            }
            State::FirstMember if cursor.take(b'}')? => self.end_envelope(),
            State::FirstMember | State::Member => self.read_member(cursor)?,
            State::FirstRow if cursor.take(b']')? => State::AfterMember,
            State::FirstRow => self.read_row(cursor, blocks)?,
            State::Row if cursor.take(b']')? => State::AfterMember,
            State::Row => {
                cursor.expect(b',', "expected `,` between rows")?;
                self.read_row(cursor, blocks)?
            }
            State::AfterMember if cursor.take(b'}')? => self.end_envelope(),
            State::AfterMember => {
                cursor.expect(b',', "expected `,`")?;
                State::Member
            }
            State::End => {
                cursor.peek()?;
                return Err(Stop::Wrong("unexpected data after the end"));
            }
        };
        Ok(())
    }

    fn end_envelope(&mut self) -> State {
        self.envelope.push(b'}');
        State::End
    }

    fn read_member(&mut self, cursor: &mut Cursor<'_>) -> Result<State, Stop> {
        cursor.peek()?;
        let start = cursor.at;
        let is_rows = matches!(&*cursor.key()?, b"rows" | b"audienceRows");
        if is_rows && cursor.peek()? == b'[' {
            if std::mem::replace(&mut self.has_rows, true) {
                return Err(Stop::Wrong("duplicate key `rows`"));
            }
            cursor.at += 1;
            return Ok(State::FirstRow);
        }
        cursor.value()?;
        if self.envelope.len() > 1 {
            self.envelope.push(b',');
        }
        let member = &cursor.bytes[start..cursor.at];
        self.envelope.extend_from_slice(member);
        Ok(State::AfterMember)
    }

    fn read_row(&mut self, cursor: &mut Cursor<'_>, blocks: &mut Vec<Block>) -> Result<State, Stop> {
        let start = self.writer.len();
        // A combination needs its cells one by one.
        let copied = match self.keys.own_columns() {
            None => row::copy_usual(&cursor.bytes[cursor.at..], &mut self.writer),
            Some(_) => None,
        };
        match copied {
            Some(copied) => {
                self.check_shape((copied.dimensions, copied.metrics))?;
                self.keys.row(self.writer.between(start, copied.dimensions_end), None);
                cursor.at += copied.length;
            }
            None => {
                self.writer.truncate(start);
                self.read_any_row(cursor)?;
            }
        }
        self.writer.end_row(blocks);
        self.rows += 1;
        Ok(State::Row)
    }

    fn read_any_row(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        self.cells.read(cursor)?;
        self.check_shape((self.cells.dimensions.len(), self.cells.metrics.len()))?;
        let cells = &self.cells;
        let own = match self.keys.own_columns() {
            Some(own_columns) => {
                self.combination.truncate(0);
                for &column in own_columns {
                    let cell = cells.dimensions.get(column);
                    let cell = cell.ok_or(Stop::Wrong("the row has too few dimensions"))?;
                    self.combination.cell(&cell.text(cursor)?);
                }
                Some(self.combination.between(0, self.combination.len()))
            }
            None => None,
        };
        let start = self.writer.len();
        for cell in &cells.dimensions {
            self.writer.cell(&cell.text(cursor)?);
        }
        self.keys.row(self.writer.between(start, self.writer.len()), own);
        for cell in &cells.metrics {
            self.writer.cell(&cell.text(cursor)?);
        }
        Ok(())
    }

    /// All rows have as many cells as the first.
    fn check_shape(&mut self, shape: (usize, usize)) -> Result<(), Stop> {
        if *self.shape.get_or_insert(shape) != shape {
            return Err(Stop::Wrong("the row has more or fewer values than those before it"));
        }
        Ok(())
    }

    fn wrong(&self, why: &str) -> Error {
        match self.state {
            State::FirstRow | State::Row => {
                Error::response(format!("cannot read the response after row {}: {why}", self.rows))
            }
            _ => Error::response(format!("cannot read the response: {why}")),
        }
    }
}

#[cfg(test)]
mod tests;
