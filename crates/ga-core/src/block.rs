//! Rows of a report as compact bytes: each cell is its length and its text, nothing else.
//!
//! Pages are kept as blocks between the network and the output, so that they need little more memory than their text,
//! and can be moved to a file block by block. The format is private to this module.

/// A block is closed when it reaches this many bytes.
const BLOCK: usize = 64 * 1024;

/// Whole rows, one after the other. The reader must know the number of cells in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block(Vec<u8>);

impl Block {
    /// The block as bytes, to be kept elsewhere.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Reads the rows of a [`Block`].
#[derive(Debug)]
pub struct Rows<'a> {
    rest: &'a [u8],
    columns: usize,
}

impl<'a> Rows<'a> {
    /// The rows in the bytes of a block, with `columns` cells each.
    pub fn new(bytes: &'a [u8], columns: usize) -> Self {
        Self { rest: bytes, columns }
    }

    /// Puts the next row's cells into `cells`; false when there is none.
    pub fn next_into(&mut self, cells: &mut Vec<&'a [u8]>) -> bool {
        cells.clear();
        if self.rest.is_empty() {
            return false;
        }
        for _ in 0..self.columns {
            let Some((cell, rest)) = read_cell(self.rest) else {
                self.rest = &[];
                return false;
            };
            cells.push(cell);
            self.rest = rest;
        }
        true
    }
}

/// Fills blocks.
#[derive(Debug, Default)]
pub(crate) struct BlockWriter {
    block: Vec<u8>,
}

impl BlockWriter {
    /// How long the open block is.
    pub(crate) fn len(&self) -> usize {
        self.block.len()
    }

    /// The cells that were appended between these lengths of the open block.
    pub(crate) fn between(&self, start: usize, end: usize) -> &[u8] {
        &self.block[start..end]
    }

    /// Takes back what was appended since the open block had this length.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.block.truncate(length);
    }

    /// Appends one cell.
    pub(crate) fn cell(&mut self, text: &[u8]) {
        push_cell(&mut self.block, text);
    }

    /// Ends a row; a full block is appended to `blocks`.
    pub(crate) fn end_row(&mut self, blocks: &mut Vec<Block>) {
        if self.block.len() >= BLOCK {
            blocks.push(Block(std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK + BLOCK / 8))));
        }
    }

    /// Appends the last block to `blocks`.
    pub(crate) fn finish(self, blocks: &mut Vec<Block>) {
        if !self.block.is_empty() {
            blocks.push(Block(self.block));
        }
    }
}

/// Appends a cell as [`read_cell`] reads it.
pub(crate) fn push_cell(out: &mut Vec<u8>, text: &[u8]) {
    let mut length = text.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    append(out, text);
}

/// Appends a text. Most are so short that a call of the C library's memcpy takes longer to begin than to copy (most of all
/// musl's, which was a fifth of the time of a report), so these are copied in two parts of a fixed size, which overlap.
#[inline]
pub fn append(out: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        0..4 => text.iter().for_each(|byte| out.push(*byte)),
        4..9 => append_parts::<4>(out, text),
        9..17 => append_parts::<8>(out, text),
        17..33 => append_parts::<16>(out, text),
        _ => out.extend_from_slice(text),
    }
}

/// Appends a text of `N` to `2 * N` bytes.
#[inline]
fn append_parts<const N: usize>(out: &mut Vec<u8>, text: &[u8]) {
    let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) else {
        return;
    };
    let end = out.len() + text.len();
    out.extend_from_slice(first);
    // As much again, of which the end is cut off.
    out.extend_from_slice(first);
    out[end - N..end].copy_from_slice(last);
    out.truncate(end);
}

/// The first cell, and the bytes behind it.
pub(crate) fn read_cell(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut length = usize::from(first & 0x7f);
    let mut more = first & 0x80 != 0;
    let mut shift = 7;
    while more {
        let (&next, after) = rest.split_first()?;
        length |= usize::from(next & 0x7f) << shift;
        shift += 7;
        more = next & 0x80 != 0;
        rest = after;
    }
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_appended() {
        let text: Vec<u8> = (1..100).collect();
        for length in 0..text.len() {
            let mut out = b"before".to_vec();
            append(&mut out, &text[..length]);
            assert_eq!(out, [b"before", &text[..length]].concat());
        }
    }

    #[test]
    fn cells_of_any_length_come_back_as_they_were() {
        let cells: Vec<Vec<u8>> = [0, 1, 127, 128, 16_383, 70_000, 16_384, 3_000_000, 5, 6]
            .iter()
            .map(|&length| vec![b'x'; length])
            .collect();
        let mut writer = BlockWriter::default();
        let mut blocks = Vec::new();
        for pair in cells.chunks(2) {
            for cell in pair {
                writer.cell(cell);
            }
            writer.end_row(&mut blocks);
        }
        writer.finish(&mut blocks);
        let mut seen = Vec::new();
        let is_closed_in_time = blocks.len() > 1;
        for block in blocks {
            let bytes = block.into_bytes();
            let mut rows = Rows::new(&bytes, 2);
            let mut row = Vec::new();
            while rows.next_into(&mut row) {
                assert_eq!(row.len(), 2);
                seen.extend(row.iter().map(|cell| cell.to_vec()));
            }
        }
        assert_eq!(seen, cells);
        assert!(is_closed_in_time, "a full block is given away");
    }
}
